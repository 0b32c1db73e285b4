"""The parties' side of a dispute: raising it, statements, proposals, settling, failing, escalating (W07)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import IO, TypeAlias, cast

import msgspec
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from jutong.kernel import files, inbox, jurisdiction
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotThere, RuleBroken, WrongState
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.grants import queries as grants
from jutong.slices.parties import queries as parties
from jutong.slices.sharing.actions import outcomes
from jutong.slices.sharing.actions.numbering import next_number
from jutong.slices.sharing.models import Dispute, DisputeNote, SharingRequest
from jutong.slices.sharing.rules import disputes as rules
from jutong.slices.sharing.rules.disputes import Outcome
from jutong.slices.sharing.workflow import DISPUTE
from jutong.slices.sharing.workflow.requests import may_know as may_know_request

Uploads: TypeAlias = "Sequence[UploadedFile[bytes]]"


def tell(case: Dispute, title: str, at: datetime, *, to: Sequence[int | None] = (), text: str = "") -> None:
    """Put a notice about a dispute into the inbox of departments: both parties where none is named."""
    for department in dict.fromkeys(to or (case.consumer_id, case.provider_id)):
        if department is not None:
            inbox.tell(department_id=department, title=title, text=text, link=f"/sharing/disputes/{case.pk}/", at=at)


def note(
    case: Dispute,
    sort: str,
    text: str,
    *,
    by: Actor,
    at: datetime,
    side: str = "",
    source: str = "",
    uploads: Uploads = (),
) -> None:
    """Write down what was said or recorded, with the files handed in beside it."""
    kept = [files.store(cast("IO[bytes]", file), file.name or "", by=by, at=at).id for file in uploads]
    DisputeNote.objects.create(
        dispute=case,
        sort=sort,
        side=side,
        source=source.strip(),
        text=text.strip(),
        attachments=kept,
        at=at,
        by_name=by.name[:100],
        department_name=by.department_name[:120],
    )


def side_of(case: Dispute, by: Actor) -> str:
    """Return for which party an actor speaks."""
    return "consumer" if case.consumer_id in by.serves else "provider"


def heard(case: Dispute) -> set[str]:
    """Return the sides that made a statement, or whose absence is recorded."""
    return set(case.notes.filter(sort__in=("statement", "absence")).values_list("side", flat=True))


def _then_state(case: Dispute, *, by: Actor, at: datetime) -> None:
    """Keep the opening statement among the statements and tell the other side."""
    note(case, "statement", case.statement, by=by, at=at, side=side_of(case, by))
    title = _("%(title)s的共享争议 %(number)s 已提出") % {"title": case.resource_title, "number": case.number}
    tell(case, title, at, to=(case.consumer_id, case.provider_id, case.authority_id), text=case.statement)


@DISPUTE.opens("open", then=_then_state)
def open_dispute(
    *,
    by: Actor,
    at: datetime,
    kind: str,
    duty: str,
    statement: str,
    resource_id: int = 0,
    request_id: int | None = None,
    grant_id: int | None = None,
) -> Dispute:
    """Raise a dispute with the other party: it is negotiated first (national-2025#28, R-SHR-011, R-SHR-051).

    One of resource, request or grant says what it is about. WrongState for what is not disputed yet, RuleBroken without
    kind, duty or statement, Conflict for one that is open already.
    """
    return _raised(by, at, kind=kind, duty=duty, statement=statement, about=(resource_id, request_id, grant_id))


@DISPUTE.opens("object", then=_then_state)
def object_sharing(
    *,
    by: Actor,
    at: datetime,
    duty: str,
    statement: str,
    resource_id: int = 0,
    request_id: int | None = None,
) -> Dispute:
    """Bring an objection about sharing straight to the authority, as Neijiang has it before the decree (neijiang-2020#25).

    WrongState where negotiation comes first (R-SHR-015, R-SHR-051).
    """
    case = _raised(
        by,
        at,
        kind=rules.LOCAL_KIND,
        duty=duty,
        statement=statement,
        about=(resource_id, request_id, None),
        direct=True,
    )
    _routed(case, at)
    return case


def _routed(case: Dispute, at: datetime) -> None:
    """Name who coordinates: an authority here, or one elsewhere with the authority that carries the file."""
    route = outcomes.coordinator(case, at)
    case.authority_id, case.superior_id = route.authority_id, route.superior_id
    case.elsewhere, case.carrier_id = route.elsewhere, route.carrier_id
    case.acted_on = beijing_day(at)


def _raised(
    by: Actor,
    at: datetime,
    *,
    kind: str,
    duty: str,
    statement: str,
    about: tuple[int, int | None, int | None],
    direct: bool = False,
) -> Dispute:
    asked = _request(about[1], by)
    grant = grants.grant(about[2], by) if about[2] else None
    entry = catalogue.require_published(asked.resource_id if asked else grant.resource_id if grant else about[0])
    policy = jurisdiction.policy_for(entry.region, beijing_day(at))
    if direct and policy.flag("negotiation_step"):
        raise WrongState(_("发生共享争议须先协商：没有协商不成的记录，不能直接申请协调（条例第二十八条）。"))
    rules.check_opening(
        kind,
        duty,
        statement,
        decreed=policy.text("dispute_final_body") == "authority_government",
        share_type=entry.share_type,
        request_state=asked.state if asked else "",
        grant_state=grant.state if grant else "",
    )
    consumer_id = asked.consumer_id if asked else grant.consumer_id if grant else by.department_id
    case = _between(consumer_id, entry, kind, by, at)
    case.asked = asked
    case.grant_id = grant.id if grant else asked.grant_id if asked else None
    case.duty, case.statement = duty.strip(), statement.strip()
    return case


def _between(consumer_id: int | None, entry: catalogue.PublishedEntry, kind: str, by: Actor, at: datetime) -> Dispute:
    """Return a dispute between the two parties; RuleBroken without another party, Conflict for one open already."""
    if consumer_id is None or consumer_id == entry.provider_id or by.account_id is None:
        raise RuleBroken(_("这是本部门自己的资源，没有争议的对方。"), field="resource_id")
    if Dispute.objects.filter(consumer_id=consumer_id, resource_id=entry.id, kind=kind, closed_at=None).exists():
        raise Conflict(_("双方就该资源的同种争议正在办理，请勿重复提出。"))
    return Dispute(
        number=next_number("DI", at),
        kind=kind,
        region=entry.region,
        consumer_id=consumer_id,
        provider_id=entry.provider_id,
        applicant_id=_party(by, {consumer_id, entry.provider_id}),
        resource_id=entry.id,
        resource_title=entry.title,
        created_by=by.account_id,
        created_at=at,
    )


def _party(by: Actor, sides: set[int]) -> int:
    """Return the party for which an actor acts, the own department first; of a stranger his own, which is refused."""
    own = by.department_id or 0
    return own if own in sides else next(iter(by.serves & sides), own)


def _request(request_id: int | None, by: Actor) -> SharingRequest | None:
    if not request_id:
        return None
    found = SharingRequest.objects.filter(pk=request_id).first()
    if found is None or not may_know_request(by, found):
        raise NotThere(_("没有找到该申请，或您无权知悉。"))
    return found


@DISPUTE.action("state")
def state_opinion(case: Dispute, *, by: Actor, at: datetime, text: str, uploads: Uploads = ()) -> None:
    """Make a statement for one's side; every statement stays."""
    if not text.strip():
        raise RuleBroken(_("请填写意见。"), field="text")
    side = side_of(case, by)
    note(case, "statement", text, by=by, at=at, side=side, uploads=uploads)
    others = [case.provider_id if side == "consumer" else case.consumer_id, case.authority_id]
    tell(case, _("争议 %s 有新的意见陈述") % case.number, at, to=others, text=text.strip()[:200])


@DISPUTE.action("propose")
def propose(case: Dispute, *, by: Actor, at: datetime, outcome: Outcome) -> None:
    """Put an outcome forward; the other party settles on it or not (R-SHR-014)."""
    outcomes.check(case, outcome, at)
    side = side_of(case, by)
    case.proposal = {"outcome": msgspec.to_builtins(outcome), "side": side, "by": by.name, "at": at.isoformat()}
    other = case.provider_id if side == "consumer" else case.consumer_id
    tell(case, _("争议 %s 的对方提出了处理方案") % case.number, at, to=[other], text=outcome.text)


@DISPUTE.action("settle")
def settle(case: Dispute, *, by: Actor, at: datetime) -> None:
    """Agree to what the other party proposed: the outcome is recorded by both and carried out at once (national-2025#28)."""
    if not case.proposal:
        raise WrongState(_("还没有处理方案，请先由一方提出。"))
    if case.proposal["side"] == side_of(case, by) and not {case.consumer_id, case.provider_id} <= by.serves:
        raise WrongState(_("处理方案是本方提出的，须由对方同意。"))
    outcomes.carry_out(case, msgspec.convert(case.proposal["outcome"], Outcome), by=by, at=at)


@DISPUTE.action("fail")
def fail(case: Dispute, *, by: Actor, at: datetime, reason: str) -> None:
    """Declare that the negotiation came to no result; either party may."""
    if not reason.strip():
        raise RuleBroken(_("请说明协商不成的情况。"), field="reason")
    case.failure = reason.strip()
    tell(case, _("争议 %s 协商不成，任何一方可以申请协调") % case.number, at, text=case.failure)


@DISPUTE.action("run_out")
def run_out(case: Dispute, *, by: Actor, at: datetime) -> None:
    """The limit of the negotiation is over without a result: it has failed, and decides nothing (inner-mongolia-2018#19)."""
    case.failure = _("协商期限届满，没有登记结果。")
    tell(case, _("争议 %s 协商期满未果，任何一方可以申请协调") % case.number, at)


@DISPUTE.action("escalate")
def escalate(case: Dispute, *, by: Actor, at: datetime, absence: str = "", body_id: int | None = None) -> None:
    """Apply for coordination to the body of the profile (R-SHR-013, R-SHR-052).

    absence: what is recorded of a side that made no statement. body_id: names the coordinating body; another than the
    profile's is RuleBroken, as is a dispute across regions without a common superior authority.
    """
    sides = heard(case)
    rules.check_heard(sides, last=absence)
    for side in rules.SIDES:
        if side not in sides:
            note(case, "absence", absence, by=by, at=at, side=side)
    _routed(case, at)
    if body_id not in {None, case.authority_id}:
        known = parties.department(case.authority_id).name if case.authority_id else ""
        body = case.elsewhere.name if case.elsewhere else known
        raise RuleBroken(_("该争议由%(body)s协调，不能交其他部门办理。") % {"body": body}, field="body_id")
    title = _("收到争议协调申请 %s") % case.number
    if case.elsewhere:
        words = {"number": case.number, "body": case.elsewhere.name}
        title = _("争议 %(number)s 须由其他平台上的“%(body)s”协调，请主管部门导出签名文件报送") % words
    tell(case, title, at, to=(case.authority_id, case.carrier_id, case.consumer_id, case.provider_id))
