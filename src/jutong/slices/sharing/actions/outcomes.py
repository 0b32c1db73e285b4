"""Who coordinates a dispute, what its outcome may be, and carrying it out (R-SHR-013, R-SHR-014, R-SHR-052, R-SHR-053)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
from django.utils.translation import gettext as _

from jutong.crypto import sm3
from jutong.kernel import inbox, jurisdiction
from jutong.kernel.actors import Actor, Role, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import ShareType
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.grants import actions as grants
from jutong.slices.grants import queries as held
from jutong.slices.parties import queries as parties
from jutong.slices.sharing.actions import opening
from jutong.slices.sharing.models import AuthorityElsewhere, Dispute, DisputeBody
from jutong.slices.sharing.queries.travelling import elsewhere_between
from jutong.slices.sharing.rules import disputes as rules
from jutong.slices.sharing.rules import requests as asking
from jutong.slices.sharing.rules.disputes import Outcome
from jutong.slices.sharing.rules.requests import Reply

PLATFORM: Final = system_actor("sharing")
YEAR: Final = timedelta(days=365)


def body(region: str, sort: str) -> int:
    """Return the department that stands for the government or the leading group of a region, or of the nearest above.

    RuleBroken naming the region where none is registered.
    """
    wanted = [region, *parties.regions_above(region)]
    rows = DisputeBody.objects.filter(region__in=wanted, sort=sort, ended_at=None)
    found = dict(rows.values_list("region", "department_id"))
    for code in wanted:
        if code in found:
            return found[code]
    raise RuleBroken(
        _("%(region)s尚未登记%(body)s，争议无法流转；请主管部门先登记。")
        % {"region": parties.region_name(region), "body": _(rules.BODIES[sort])},
        field="region",
    )


@dataclass(frozen=True, slots=True)
class Route:
    """Who coordinates: an authority here with the one above it, or one elsewhere with the authority here that carries."""

    authority_id: int | None
    superior_id: int | None
    elsewhere: AuthorityElsewhere | None = None
    carrier_id: int | None = None


def coordinator(case: Dispute, at: datetime) -> Route:
    """Return who coordinates a dispute under its profile, and the authority above.

    Before the decree Liyang's leading group; since then the same-level authority, across levels and regions the common
    superior one (national-2025#28), which may work on another instance (R-SHR-052). RuleBroken naming both parties where
    none is registered.
    """
    policy = case.policy if case.profile else jurisdiction.policy_for(case.region, beijing_day(at))
    if policy.text("coordination_body") == "leading_group":
        group = body(case.region, "leading_group")
        return Route(group, group)
    here = parties.department(case.provider_id)
    there = parties.department(case.consumer_id)
    if here.region == there.region or not policy.text("dispute_cross_level_body"):
        return Route(parties.authority_of(here.region), parties.authority_above(here.region))
    common = parties.common_authority(there.region, here.region)
    far = elsewhere_between(there.region, here.region)
    if far and (common is None or parties.lies_within(far.region, common[1])):
        return Route(None, None, far, parties.authority_of(here.region))
    if common is None:
        raise RuleBroken(
            _("“%(one)s”与“%(other)s”没有登记共同的上级主管部门，争议无法流转；请平台管理员先登记。")
            % {"one": there.name, "other": here.name},
            field="region",
        )
    return Route(common[0], parties.authority_above(common[1]))


def check(case: Dispute, outcome: Outcome, at: datetime) -> None:
    """Refuse an outcome that is none, lacks conditions, or cannot be carried out; its terms are checked as a reply's."""
    offer = catalogue.published(case.resource_id)
    bound = case.policy.text("withheld_definition") == "express_prohibition"
    rules.check_outcome(
        outcome,
        withheld=bound and (offer is None or offer.share_type == ShareType.WITHHELD),
        held=_grant_state(case) in {"granted", "suspended"},
        asked=case.asked_id is not None,
        kind=case.kind,
    )
    if outcome.result in rules.SHARING:
        entry = catalogue.require_published(case.resource_id)
        reply = terms(case, outcome, at=at)
        if _working(case):
            opening.check_kept_back(asking.named_in(reply), entry, at)
            return
        known = [item.name for item in entry.items if not (bound and item.share_type == ShareType.WITHHELD)]
        asking.check_reply(
            reply, share_type=entry.share_type, asked_items=known, offered=[str(mode) for mode in entry.modes]
        )
        opening.terms_of(_origin(case, reply, at), reply, entry, at).check(at)


def terms(case: Dispute, outcome: Outcome, *, at: datetime) -> Reply:
    """Return what an outcome grants: its own terms, else all that the request asked for; conditions in words beside it."""
    reply = outcome.terms or (opening.whole_reply(case.asked, at=at) if case.asked else Reply(agree=True))
    own = (outcome.conditions.strip(),) if outcome.conditions.strip() else ()
    return msgspec.structs.replace(reply, agree=True, remarks="\n".join(filter(None, (*own, reply.remarks))))


def _grant_state(case: Dispute) -> str:
    return held.states_of([case.grant_id]).get(case.grant_id, "") if case.grant_id else ""


def _working(case: Dispute) -> bool:
    return _grant_state(case) == "granted"


def _origin(case: Dispute, reply: Reply, at: datetime) -> opening.Origin:
    asked = case.asked
    today = beijing_day(at)
    return opening.Origin(
        ref=f"dispute:{case.pk}",
        number=case.number,
        region=case.region,
        resource_id=case.resource_id,
        resource_title=case.resource_title,
        provider_id=case.provider_id,
        consumer_id=case.consumer_id,
        authority_id=case.authority_id or parties.authority_of(case.region),
        digest=asked.digest if asked else sm3.hexdigest(f"{case.number}|{case.duty}".encode()),
        use_from=today,
        use_until=reply.use_until or (max(asked.use_until, today) if asked else today + YEAR),
        basis=asked.use_basis or asked.duty if asked else case.duty,
        scope=asked.use_scope if asked else "",
    )


def carry_out(case: Dispute, outcome: Outcome, *, by: Actor, at: datetime) -> None:
    """Record an outcome and carry it out at once: open, widen, restore or end the grant, or put the catalogue in motion."""
    check(case, outcome, at)
    case.outcome = {**msgspec.to_builtins(outcome), "by": by.name, "at": at.isoformat()}
    case.closed_at = at
    if outcome.result in rules.SHARING:
        case.outcome_grant_id = _share(case, outcome, at)
    elif outcome.result == "restore" and case.grant_id and _grant_state(case) == "suspended":
        grants.restore_grant(case.grant_id, by=PLATFORM, at=at, reason=_why(case, outcome))
    elif outcome.result == "end" and case.grant_id:
        grants.revoke_grant(case.grant_id, by=PLATFORM, at=at, reason=_why(case, outcome))
    elif outcome.result == "change_type":
        inbox.tell(
            department_id=case.provider_id,
            role=Role.DATA_OFFICER,
            title=_("请按争议 %(number)s 的处理更改共享属性并更新目录：%(title)s")
            % {"number": case.number, "title": case.resource_title},
            text=outcome.text,
            link=f"/catalogue/{case.resource_id}/",
            at=at,
        )
    for department in (case.consumer_id, case.provider_id):
        inbox.tell(
            department_id=department,
            title=_("争议 %(number)s 已有处理结果：%(result)s")
            % {"number": case.number, "result": _(rules.RESULTS[outcome.result])},
            text=outcome.text,
            link=f"/sharing/disputes/{case.pk}/",
            at=at,
        )


def _why(case: Dispute, outcome: Outcome) -> str:
    return _("争议 %(number)s：%(words)s") % {"number": case.number, "words": outcome.text}


def _share(case: Dispute, outcome: Outcome, at: datetime) -> int:
    reply = terms(case, outcome, at=at)
    if case.grant_id and _working(case):
        wider = grants.Wider(
            items=tuple(grants.Kept(one.item, one.masking) for one in reply.items),
            purposes=reply.purposes,
            scope="\n".join(filter(None, (reply.scope, outcome.conditions.strip()))),
            conditions=reply.conditions if outcome.terms else None,
        )
        grants.widen_grant(case.grant_id, by=PLATFORM, at=at, wider=wider, origin=case.number)
        return case.grant_id
    return opening.grant_from(_origin(case, reply, at), reply, PLATFORM, at)
