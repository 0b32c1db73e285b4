"""Changes of use and external provision: apply, consent, refuse, log a release, end (W08, R-SHR-018 to R-SHR-020, R-SHR-045)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import IO, Final, cast

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel import files, inbox, jurisdiction
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Who, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.policy import Policy
from jutong.kernel.terms import N_, ShareType
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.grants import actions as grants
from jutong.slices.grants import queries as held
from jutong.slices.parties import queries as parties
from jutong.slices.sharing.actions import opening
from jutong.slices.sharing.actions.disputing import Uploads
from jutong.slices.sharing.actions.numbering import next_number
from jutong.slices.sharing.actions.proposing import propose_finding
from jutong.slices.sharing.models import Release, UseChange
from jutong.slices.sharing.rules import changes as rules
from jutong.slices.sharing.rules.changes import Wanted
from jutong.slices.sharing.workflow import STAFF, USE_CHANGE
from jutong.slices.sharing.workflow.changes import admitted, may_know, parameter_of

PLATFORM: Final = system_actor("sharing")
USERS: Final = Who("consumer_staff", N_("使用方经办人"), STAFF)


def _commercial(policy: Policy) -> str:
    bans = policy.text("commercial_use_by_consumer") in {"forbidden", "own_duties_only"}
    return policy.explain("commercial_use_by_consumer") if bans else ""


@USE_CHANGE.opens("apply")
def apply_change(*, by: Actor, at: datetime, grant_id: int, wanted: Wanted, uploads: Uploads = ()) -> UseChange:
    """Apply to the provider for a wider scope, another purpose, or provision to a third party (national-2025#25).

    NotAllowed at once for what the profile forbids; RuleBroken with a remark for each thing that is missing or for a
    commercial purpose where it is forbidden (jiangxi-2017#17); WrongState for a grant that does not work.
    """
    grant = held.grant(grant_id, by)
    entry = catalogue.require_published(grant.resource_id)
    policy = jurisdiction.policy_for(entry.region, beijing_day(at))
    case = UseChange(kind=wanted.kind, share_type=entry.share_type)
    parameter, kind = parameter_of(wanted.kind, entry.share_type)
    rules.check_admitted(wanted.kind, admitted=admitted(policy, case), source=policy.explain(parameter, kind))
    if grant.state != "granted":
        raise WrongState(_("该授权当前不在有效状态，不能申请变更使用。"))
    rules.check_wanted(
        wanted,
        held=[column["item"] for column in grant.items],
        offered=[item.name for item in entry.items if item.share_type != ShareType.WITHHELD],
        today=beijing_day(at),
        written=policy.text(parameter, kind) == "written_consent",
        papers=len(uploads),
        commercial=_commercial(policy),
    )
    kept = [files.store(cast("IO[bytes]", file), file.name or "", by=by, at=at).id for file in uploads]
    return _filled(case, grant, entry, wanted, by, at, kept)


def _filled(
    case: UseChange,
    grant: held.GrantRow,
    entry: catalogue.PublishedEntry,
    wanted: Wanted,
    by: Actor,
    at: datetime,
    kept: list[int],
) -> UseChange:
    plain = msgspec.to_builtins(wanted)
    for name in ("items", "purposes", "scope", "recipient", "content", "why", "commercial"):
        setattr(case, name, plain[name])
    case.until = wanted.until
    case.number, case.region = next_number("UC", at), entry.region
    case.grant_id, case.grant_reference = grant.id, grant.reference
    case.resource_id, case.resource_title = grant.resource_id, grant.resource_title
    case.consumer_id, case.provider_id = grant.consumer_id, grant.provider_id
    case.authority_id = parties.authority_of(entry.region)
    case.attachments, case.created_by, case.created_at = kept, by.account_id or 0, at
    inbox.tell(
        department_id=grant.provider_id,
        title=_("收到变更使用申请 %(number)s：%(kind)s") % {"number": case.number, "kind": _(rules.KINDS[case.kind])},
        text=case.why,
        link="/sharing/changes/",
        at=at,
    )
    return case


@USE_CHANGE.action("consent")
def consent_change(case: UseChange, *, by: Actor, at: datetime, remark: str = "") -> None:
    """The provider consents: a new version of the grant at once, the old one readable; or a permit (R-SHR-019, R-SHR-045).

    WrongState when the grant works no more; RuleBroken for an item that has become withheld since it was applied for.
    """
    state = held.states_of([case.grant_id]).get(case.grant_id)
    if state != "granted":
        raise WrongState(_("该授权当前不在有效状态，不能同意变更使用。"))
    case.reply_reason, case.replied_by, case.replied_at = remark.strip(), by.name[:100], at
    if case.kind == "third_party":
        case.permit = next_number("WP", at)
    else:
        opening.check_kept_back(case.items, catalogue.require_published(case.resource_id), at)
        wider = grants.Wider(
            items=tuple(grants.Kept(item) for item in case.items), purposes=tuple(case.purposes), scope=case.scope
        )
        case.version = grants.widen_grant(case.grant_id, by=by, at=at, wider=wider, origin=case.number).version
    _tell_consumer(case, _("变更使用申请 %s 已获同意") % case.number, at, case.reply_reason)


@USE_CHANGE.action("refuse")
def refuse_change(case: UseChange, *, by: Actor, at: datetime, reason: str) -> None:
    """The provider does not consent, with a reason; the old limits stay."""
    if not reason.strip():
        raise RuleBroken(_("请说明不同意的理由。"), field="reason")
    case.reply_reason, case.replied_by, case.replied_at = reason.strip(), by.name[:100], at
    _tell_consumer(case, _("变更使用申请 %s 未获同意") % case.number, at, case.reply_reason)


@USE_CHANGE.action("take_effect")
def take_effect(case: UseChange, *, by: Actor, at: datetime) -> None:
    """The new version of the grant is in force."""


def put_in_force(change_id: int, *, at: datetime) -> None:
    """Put a change of the consumer's own use in force that was consented to; with a grant that is over, it is over too."""
    case = UseChange.objects.filter(pk=change_id, state="consented").exclude(kind="third_party").first()
    if case is None:
        return
    take_effect(case, by=PLATFORM, at=at)
    if held.states_of([case.grant_id]).get(case.grant_id) in {"revoked", "terminated", "expired"}:
        follow_ended_grants([case.grant_id], at=at)


@USE_CHANGE.action("close")
def close_change(case: UseChange, *, by: Actor, at: datetime) -> None:
    """The external provision is over: nothing more may be released under the permit."""


@USE_CHANGE.action("end")
def end_change(case: UseChange, *, by: Actor, at: datetime) -> None:
    """The change ends with its grant."""


def _tell_consumer(case: UseChange, title: str, at: datetime, text: str = "") -> None:
    link = f"/sharing/changes/{case.pk}/"
    inbox.tell(department_id=case.consumer_id, title=title, text=text, link=link, at=at)


@USE_CHANGE.action("release")
def _count_release(case: UseChange, *, by: Actor, at: datetime) -> None:
    """Count a release that lies within the permit."""
    case.releases += 1


@action("sharing.log_release", label=N_("登记对外提供"), allow=USERS)
def _log_release(
    *, by: Actor, at: datetime, grant_id: int, change_id: int | None, recipient: str, items: Sequence[str], rows: int,
    released_on: date,
) -> Release:  # fmt: skip
    """Keep a release; one outside every permit is kept with its fault and told as a finding (R-SHR-019)."""
    grant = held.grant(grant_id, by)
    if grant.consumer_id not in by.serves:
        raise NotThere(_("没有找到该授权，或您无权知悉。"))
    if not recipient.strip() or released_on > beijing_day(at):
        raise RuleBroken(_("请填写接收方和提供日期，日期不得晚于今天。"), field="released_on")
    case = _permit(grant_id, change_id, by)
    permitted = None
    if case is not None:
        permitted = (case.recipient, case.items, case.until, beijing_day(case.replied_at or at))
    fault = rules.fault_of(recipient, items, released_on, permitted=permitted)
    if case is not None and not fault:
        _count_release(case.pk, by=by, at=at)
    if fault:
        propose_finding(
            "third_party_without_consent",
            f"grant:{grant_id}",
            department_id=grant.consumer_id,
            authority_id=parties.authority_of(catalogue.require_published(grant.resource_id).region),
            words=_("%(recipient)s：%(fault)s") % {"recipient": recipient, "fault": _(fault)},
            source="national-2025#40(3)",
            at=at,
            by=by,
        )
    return Release.objects.create(
        change=case, grant_id=grant_id, recipient=recipient.strip()[:200], items=list(items), rows=rows,
        released_on=released_on, fault=fault, by_name=by.name[:100], at=at,
    )  # fmt: skip


def _permit(grant_id: int, change_id: int | None, by: Actor) -> UseChange | None:
    if change_id is None:
        return None
    found = UseChange.objects.filter(pk=change_id, grant_id=grant_id, kind="third_party").first()
    if found is None or not may_know(by, found):
        raise NotThere(_("没有找到该许可，或您无权知悉。"))
    return found if found.state in {"consented", "released"} else None


def release(
    *, by: Actor, at: datetime, grant_id: int, change_id: int | None, recipient: str, items: Sequence[str], rows: int,
    released_on: date,
) -> Release:  # fmt: skip
    """Log a provision to a third party against its permit. NotAllowed, with the attempt kept and told, where none covers it."""
    logged: Release = _log_release(
        by=by, at=at, grant_id=grant_id, change_id=change_id, recipient=recipient, items=items, rows=rows,
        released_on=released_on,
    )  # fmt: skip
    if logged.fault:
        raise NotAllowed(logged.fault)
    return logged


def follow_ended_grants(grant_ids: Collection[int], *, at: datetime) -> None:
    """End the changes and permits of grants that are over; what has ended already is not ended again."""
    for case in UseChange.objects.filter(grant_id__in=grant_ids, state="in_force").order_by("pk"):
        end_change(case, by=PLATFORM, at=at)
    permits = UseChange.objects.filter(grant_id__in=grant_ids, kind="third_party", state__in=("consented", "released"))
    for case in permits.order_by("pk"):
        close_change(case, by=PLATFORM, at=at)


def close_due(at: datetime, *, limit: int = 200) -> int:
    """Close permits whose last day is over; returns how many."""
    over = UseChange.objects.filter(kind="third_party", state__in=("consented", "released"), until__lt=beijing_day(at))
    ids = list(over.order_by("pk").values_list("pk", flat=True)[:limit])
    for pk in ids:
        close_change(pk, by=PLATFORM, at=at)
    return len(ids)
