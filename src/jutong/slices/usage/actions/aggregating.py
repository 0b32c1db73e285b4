"""What several grants give together is marked, a product made of it registered, reviewed for secrecy, and only then released."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Widened:
    """A grant of a resource that was opened (version 1) or changed."""

    grant_id: int
    version: int
    resource_id: int


def mark_combinations(widened: Iterable[Widened], *, at: datetime) -> list[AggregationReview]:
    """Mark grants just opened or widened that complete a sensitive combination with what their consumers hold (R-SEC-031).

    A new grant is looked at beside what was held before it. Returns the new reviews: none where there is nothing to review,
    the grant is marked already, or an earlier review covers the same resources.
    """
    told = {one.grant_id: one for one in widened}
    marked = set(AggregationReview.objects.filter(grant_id__in=told).values_list("grant_id", flat=True))
    entries = catalogue.published_by_ids({one.resource_id for one in told.values()})
    personal = {pk for pk, entry in entries.items() if entry.personal}
    fresh = grants.standing(pk for pk, one in told.items() if pk not in marked and one.resource_id in personal)
    if not fresh:
        return []
    holdings = grants.Holdings({one.consumer_id for one in fresh.values()}, since=min(fresh))
    held = {pk: holdings.of(one.consumer_id, before=pk if told[pk].version == 1 else None) for pk, one in fresh.items()}
    known = grants.standing({pk for ids in held.values() for pk in ids.values()} - fresh.keys()) | fresh
    entries |= catalogue.published_by_ids({one.resource_id for one in known.values()} - entries.keys())
    seen = catalogue.recognised_of(entries)
    parts = {
        pk: _part(one, entries[one.resource_id], seen.get(one.resource_id, {}))
        for pk, one in known.items()
        if one.resource_id in entries
    }
    reviews = []
    for pk, newest in sorted(fresh.items()):
        beside = [parts[one] for other, one in sorted(held[pk].items()) if one in parts and other != newest.resource_id]
        found = rules.combination(parts[pk], beside, least=settings().aggregation_resources)
        if found and not _covered(newest.consumer_id, {part.resource_id for part in found.parts}):
            listed = [_listed(part, known[part.grant_id]) for part in found.parts]
            holds = newest.state == "granted" and rules.holds_back(found, version=told[pk].version, modes=newest.modes)
            reviews.append(_mark(newest=newest, parts=listed, found=found, holds=holds, by=PLATFORM, at=at))
    return reviews


def _covered(consumer_id: int, wanted: set[int]) -> bool:
    """Tell whether an earlier review of the consumer has all these resources among its parts."""
    known = AggregationReview.objects.filter(consumer_id=consumer_id).values_list("parts", flat=True)
    return any(wanted <= {part["resource_id"] for part in parts} for parts in known)


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
