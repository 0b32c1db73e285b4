"""What several grants give together is marked, a product made of it registered, reviewed for secrecy, and only then released."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from jutong.kernel import inbox, levels
from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import WrongState
from jutong.kernel.settings import settings
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.grants import actions as granting
from jutong.slices.grants import queries as grants
from jutong.slices.parties import queries as parties
from jutong.slices.usage.actions.numbering import next_number
from jutong.slices.usage.actions.opening import PLATFORM
from jutong.slices.usage.models import AggregationReview
from jutong.slices.usage.rules import aggregation as rules
from jutong.slices.usage.rules.misuse import check_text
from jutong.slices.usage.workflow import AGGREGATION_REVIEW

GRAVE: Final = levels.rank("general-3")
"""From here on a grade is grave: the upper divisions of general data, important and core data."""


def _tell(case: AggregationReview, title: str, at: datetime, *, to: int, role: Role | None = None) -> None:
    inbox.tell(department_id=to, role=role, title=title, link=f"/usage/aggregations/{case.pk}/", at=at)


def mark_combinations(*, opened: Sequence[grants.Standing], at: datetime) -> None:
    """Mark grants being opened or widened that complete a sensitive combination with what their consumers hold (R-SEC-031).

    It is part of the opening: what waits for the secrecy review is suspended before a bundle carries it. Each is looked at
    beside what was held before it, those before it in the set included. Nothing is marked twice, nor again where an earlier
    review covers the same resources.
    """
    entries = catalogue.published_by_ids({one.resource_id for one in opened})
    personal = {pk for pk, entry in entries.items() if entry.personal}
    fresh = {one.id: one for one in opened if one.resource_id in personal}
    if not fresh:
        return
    held = grants.newest_of({one.consumer_id for one in fresh.values()}, without=fresh)
    known = grants.standing(pk for newest in held.values() for pk in newest.values()) | fresh
    entries |= catalogue.published_by_ids({one.resource_id for one in known.values()} - entries.keys())
    seen = catalogue.recognised_of(entries)
    parts = {
        pk: _part(one, entries[one.resource_id], seen.get(one.resource_id, {}))
        for pk, one in known.items()
        if one.resource_id in entries
    }
    found: dict[int, rules.Combination] = {}
    for pk, newest in sorted(fresh.items()):
        beside = held[newest.consumer_id]
        completed = rules.combination(
            parts[pk], [parts[one] for _resource, one in sorted(beside.items()) if one in parts],
            least=settings().aggregation_resources,
        )  # fmt: skip
        beside[newest.resource_id] = pk
        if completed:
            found[pk] = completed
    _mark_all(found, known, at)


def _mark_all(found: Mapping[int, rules.Combination], known: Mapping[int, grants.Standing], at: datetime) -> None:
    """Mark those of the combinations, by the grant that completes them, that no earlier review covers."""
    reviews = list(AggregationReview.objects.filter(consumer_id__in={known[pk].consumer_id for pk in found}))
    for pk, completed in found.items():
        newest, resources = known[pk], {part.resource_id for part in completed.parts}
        holds = newest.state == "granted" and rules.holds_back(completed, newest.modes)
        if not any(one.grant_id == pk or _covers(one, newest.consumer_id, resources, holds) for one in reviews):
            listed = [_listed(part, known[part.grant_id]) for part in completed.parts]
            reviews.append(_mark(newest=newest, parts=listed, found=completed, holds=holds, by=PLATFORM, at=at))


def _covers(review: AggregationReview, consumer_id: int, wanted: Collection[int], holds: bool) -> bool:
    """Tell whether a review has all these resources among its parts; a delivery that is held back, whether it was admitted there."""
    known = {part["resource_id"] for part in review.parts}
    return review.consumer_id == consumer_id and known.issuperset(wanted) and (bool(review.admitted) or not holds)


def _part(held: grants.Standing, entry: catalogue.PublishedEntry, seen: Mapping[str, str]) -> rules.Part:
    rank = levels.rank(entry.security_level)
    known = {item.name: item for item in entry.items}
    items = tuple(
        rules.Named(name, known[name].standard, seen.get(known[name].column) or seen.get(name, ""))
        if name in known
        else rules.Named(name)
        for name in (item["item"] for item in held.items)
    )
    return rules.Part(held.id, held.resource_id, items, entry.personal, entry.security_level, rank, rank >= GRAVE)


def _listed(part: rules.Part, held: grants.Standing) -> dict[str, Any]:
    return {
        "grant_id": part.grant_id,
        "resource_id": part.resource_id,
        "provider_id": held.provider_id,
        "title": held.resource_title,
        "level": part.level,
        "items": [item.name for item in part.items],
    }


def _told(case: AggregationReview, *, by: Actor, at: datetime) -> None:
    words = {"number": case.number, "count": len(case.parts)}
    title = _("汇聚提示 %(number)s：%(count)d 项授权的个人信息可以互相关联，汇聚产品须先经保密审查") % words
    _tell(case, title, at, to=case.consumer_id)
    _tell(case, title, at, to=case.authority_id, role=Role.AUTHORITY_REVIEWER)
    if case.holding:
        why = _("汇聚提示 %s：数据含较高级别，经保密审查同意后提供。") % case.number
        granting.suspend_grant(case.grant_id, by=PLATFORM, at=at, reason=why, held_by=case.number)
        _tell(
            case,
            _("汇聚提示 %s 的数据待保密审查同意后提供") % case.number,
            at,
            to=case.authority_id,
            role=Role.SECRECY_OFFICER,
        )


@AGGREGATION_REVIEW.opens("mark", then=_told)
def _mark(
    *,
    by: Actor,
    at: datetime,
    newest: grants.Standing,
    parts: list[dict[str, Any]],
    found: rules.Combination,
    holds: bool,
) -> AggregationReview:
    return AggregationReview(
        region=newest.region,
        number=next_number("HJ", at),
        consumer_id=newest.consumer_id,
        authority_id=newest.authority_id or parties.authority_of(newest.region),
        grant_id=newest.id,
        title=newest.resource_title,
        parts=parts,
        joined_by=list(found.meanings),
        level=found.level,
        holding=holds,
        opened_at=at,
        started_on=beijing_day(at),
    )


@AGGREGATION_REVIEW.action("admit")
def admit_delivery(case: AggregationReview, *, by: Actor, at: datetime, opinion: str) -> None:
    """Find in the secrecy review that the data held back may be delivered beside what the consumer has; it goes on at once.

    WrongState where nothing is held back. What was ended or decided otherwise meanwhile stays so; a product made of the
    data is still reviewed for itself.
    """
    if not case.holding:
        raise WrongState(_("该授权的数据没有暂停提供，无需同意。"))
    said = check_text(opinion, field="opinion", label=_("审查意见"))
    held = grants.standing([case.grant_id])[case.grant_id]
    if held.state == "suspended" and held.held_by == case.number:
        granting.restore_grant(case.grant_id, by=PLATFORM, at=at, reason=said, held_by=case.number)
    case.holding, case.admitted = False, {"opinion": said, "by": by.name, "at": at.isoformat()}
    _tell(case, _("汇聚提示 %s 的数据经保密审查同意提供") % case.number, at, to=case.consumer_id)


def check_admitted(*, grant_id: int, held_by: str) -> None:
    """Refuse to let a grant work again that waits for the secrecy review, unless that itself says so (held_by): WrongState.

    What two departments settle between them admits nothing.
    """
    waiting = AggregationReview.objects.filter(grant_id=grant_id, holding=True).exclude(number=held_by)
    for number in waiting.values_list("number", flat=True):
        raise WrongState(
            _("该授权的数据待保密审查（汇聚提示 %s），不能恢复提供；请先由主管部门或其保密审查员同意提供。") % number
        )


@AGGREGATION_REVIEW.action("register")
def register_product(
    case: AggregationReview, *, by: Actor, at: datetime, product: str, use: str, safeguards: str
) -> None:
    """Register what is made of the data, what for and how it is protected; it stays locked until the review passes.

    RuleBroken without any of the three.
    """
    rules.check_product(product, use, safeguards)
    case.product, case.use, case.safeguards = product.strip()[:200], use.strip(), safeguards.strip()
    case.registered_at, case.verdict, case.opinion, case.reviewed_by, case.reviewed_at = at, "", "", "", None
    _tell(case, _("汇聚产品待保密审查：%s") % case.product, at, to=case.authority_id, role=Role.SECRECY_OFFICER)
    _tell(case, _("汇聚产品待保密审查：%s") % case.product, at, to=case.authority_id, role=Role.AUTHORITY_REVIEWER)


@AGGREGATION_REVIEW.action("clear")
def clear_product(case: AggregationReview, *, by: Actor, at: datetime, opinion: str) -> None:
    """Find in the secrecy review that the product holds no secret and nothing important and sensitive."""
    _review(case, "passed", opinion, by, at)
    _tell(case, _("汇聚产品已通过保密审查：%s") % case.product, at, to=case.consumer_id)


@AGGREGATION_REVIEW.action("withhold")
def withhold_product(case: AggregationReview, *, by: Actor, at: datetime, opinion: str) -> None:
    """Find that it must not be stored or released as it is; the consumer may register it changed."""
    _review(case, "refused", opinion, by, at)
    _tell(case, _("汇聚产品未通过保密审查：%s") % case.product, at, to=case.consumer_id)


def _review(case: AggregationReview, verdict: str, opinion: str, by: Actor, at: datetime) -> None:
    case.opinion = check_text(opinion, field="opinion", label=_("审查意见"))
    case.verdict, case.reviewed_by, case.reviewed_at = verdict, by.name[:100], at


@AGGREGATION_REVIEW.action("release")
def release_product(case: AggregationReview, *, by: Actor, at: datetime) -> None:
    """Store or release the product; NotAllowed before its secrecy review passed (R-SEC-031)."""
    rules.check_release(case.verdict)
    case.released_at = at
    _tell(case, _("汇聚产品已存储或发布：%s") % case.product, at, to=case.authority_id, role=Role.AUTHORITY_REVIEWER)
