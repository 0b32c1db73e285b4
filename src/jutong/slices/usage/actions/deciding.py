"""W25's decisions: dismissing, suspending, verifying, restoring, finding insufficient, terminating; none by lapse of time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction, outbox
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import WrongState
from jutong.kernel.terms import N_
from jutong.slices.grants import actions as grant_actions
from jutong.slices.grants import queries as grants
from jutong.slices.usage import events
from jutong.slices.usage.actions.opening import Uploads, note, note_use, tell
from jutong.slices.usage.models import MisuseCase, MisuseGrant
from jutong.slices.usage.rules import misuse as rules
from jutong.slices.usage.rules.terms import Ground
from jutong.slices.usage.workflow import MISUSE_CASE

DECISION = N_("决定")


@MISUSE_CASE.action("dismiss")
def dismiss_misuse(case: MisuseCase, *, by: Actor, at: datetime, reason: str) -> None:
    """Find that there is no misuse, with the reason; nothing was stopped, so nothing starts again (W25)."""
    case.dismissed_for = rules.check_text(reason, field="reason", label=_("不予认定的理由"))
    case.ended_at = at
    note(case, "decision", case.dismissed_for, by=by, at=at)
    tell(case, _("违规线索 %s 不予认定") % case.number, at, to=[case.provider_id, case.authority_id])


@MISUSE_CASE.action("add")
def add_evidence(case: MisuseCase, *, by: Actor, at: datetime, text: str, uploads: Uploads = ()) -> None:
    """Add evidence; what was added stays."""
    said = rules.check_text(text, field="text", label=_("证据说明"))
    note(case, "evidence", said, by=by, at=at, uploads=uploads)


@MISUSE_CASE.action("suspend")
def suspend_misuse(
    case: MisuseCase,
    *,
    by: Actor,
    at: datetime,
    ground: str,
    demand: str,
    grant_ids: Sequence[int],
    category: str = "",
    days: int | None = None,
    limit_day: date | None = None,
) -> None:
    """Confirm misuse and suspend the sharing rights, with a limit for the rectification (national-2025#27, R-SHR-048).

    The next call under these grants is refused with the reason. days: of the limit, in working days; limit_day: or its last
    Beijing day; one of the two. demand: what has to be rectified. RuleBroken without category, ground, demand, grants or
    limit. A finding is proposed to the supervision (W16).
    """
    case.category = rules.check_category(category or case.category)
    case.ground = rules.check_ground(ground)
    case.demand = rules.check_text(demand, field="demand", label=_("整改要求"))
    today = beijing_day(at)
    case.limit_days, case.limit_day = rules.limit_of(days, limit_day, today=today, calendar=jurisdiction.calendar())
    offered = {one.id: one for one in grants.standing_between(case.provider_id, case.consumer_id)}
    rules.check_grants(grant_ids, {pk: one.state for pk, one in offered.items()})
    case.keeper_id = case.provider_id if case.provider_id in by.serves else None
    case.suspended_by_id = case.keeper_id or case.authority_id
    case.suspended_at = at
    words = {"number": case.number, "ground": _(Ground(case.ground).label), "day": case.limit_day}
    reason = _("违规使用案件 %(number)s：%(ground)s，暂停共享权限，整改期限至 %(day)s。") % words
    for pk in sorted(set(grant_ids)):
        grant_actions.suspend_grant(pk, by=by, at=at, reason=reason, held_by=case.number)
        MisuseGrant.objects.update_or_create(case=case, grant_id=pk, defaults={"suspended": True})
    note_use(case, by=by, at=at)
    note(case, "decision", f"{reason}\n{case.demand}", by=by, at=at)
    _propose(case, reason, by=by, at=at)
    title = _("共享权限已暂停，请限期整改：%(number)s，期限 %(day)s") % words
    tell(case, title, at, to=[case.consumer_id, case.provider_id, case.authority_id], text=case.demand)


def _propose(case: MisuseCase, words: str, *, by: Actor, at: datetime) -> None:
    """Tell the supervision that a confirmed case may have to be rectified; a person decides there (W16)."""
    payload = {
        "kind": rules.FINDINGS[case.ground],
        "department_id": case.consumer_id,
        "authority_id": case.authority_id,
        "subject": f"misuse_case:{case.pk}",
        "words": words,
        "source": case.number,
        "article": rules.ARTICLES[case.ground],
    }
    outbox.publish(events.FINDING_PROPOSED, f"misuse_case:{case.pk}", payload, at=at, by=by)


@MISUSE_CASE.action("report")
def report_rectified(case: MisuseCase, *, by: Actor, at: datetime, text: str, uploads: Uploads = ()) -> None:
    """Report with evidence what was rectified; the suspending body verifies it, and nothing starts by itself."""
    said = rules.check_text(text, field="text", label=_("整改情况"))
    case.reported_at = at
    note(case, "report", said, by=by, at=at, uploads=uploads)
    title = _("案件 %s 的使用方报告了整改情况，请核实") % case.number
    tell(case, title, at, to=[case.suspended_by_id, case.authority_id], text=said[:200])


@MISUSE_CASE.action("send_back")
def send_back_report(case: MisuseCase, *, by: Actor, at: datetime, text: str) -> None:
    """Say what is still missing in the rectification; the limit runs on. WrongState where nothing was reported."""
    if case.reported_at is None:
        raise WrongState(_("使用方还没有报告整改情况，无可退回。"))
    said = rules.check_text(text, field="text", label=_("尚须整改的内容"))
    case.reported_at = None
    note(case, "returned", said, by=by, at=at)
    tell(case, _("案件 %s 的整改情况被退回，请继续整改") % case.number, at, to=[case.consumer_id], text=said)


@MISUSE_CASE.action("refuse")
def record_refusal(case: MisuseCase, *, by: Actor, at: datetime, text: str) -> None:
    """Record that the consumer refuses to rectify, by its own head or by the suspending body (national-2025#27)."""
    case.refusal = rules.check_text(text, field="text", label=_("拒不整改的情况"))
    case.refused_at = at
    note(case, "refusal", case.refusal, by=by, at=at)
    title = _("案件 %s 登记了拒不整改") % case.number
    tell(case, title, at, to=[case.consumer_id, case.suspended_by_id, case.authority_id], text=case.refusal)


@MISUSE_CASE.action("verify")
def verify_rectified(case: MisuseCase, *, by: Actor, at: datetime, text: str) -> None:
    """Find the rectification sufficient on the evidence reported; WrongState where nothing was reported (W25)."""
    if case.reported_at is None:
        raise WrongState(_("使用方还没有报告整改情况，不能核实；请等待其报告并提交证明。"))
    said = rules.check_text(text, field="text", label=_("核实情况"))
    note(case, "decision", said, by=by, at=at)
    title = _("案件 %s 整改到位，待决定恢复共享") % case.number
    tell(case, title, at, to=[case.consumer_id, case.suspended_by_id, case.authority_id], text=said)


@MISUSE_CASE.action("restore")
def restore_access(case: MisuseCase, *, by: Actor, at: datetime, decision: str) -> None:
    """Decide that sharing goes on: the same grants work again until the day they had (R-SHR-049).

    A grant whose period ended meanwhile stays ended: a suspension lengthens nothing.
    """
    case.decision = rules.check_text(decision, field="decision", label=_(DECISION))
    case.ended_at = at
    for held in _held(case):
        grant_actions.restore_grant(held.grant_id, by=by, at=at, reason=case.decision, held_by=case.number)
        held.outcome = "restored"
        held.save(update_fields=["outcome"])
    note(case, "decision", case.decision, by=by, at=at)
    tell(case, _("案件 %s 已决定恢复共享") % case.number, at, to=_all(case), text=case.decision)


@MISUSE_CASE.action("find_insufficient")
def find_insufficient(case: MisuseCase, *, by: Actor, at: datetime, text: str) -> None:
    """Find the rectification insufficient: the limit passed, what was reported does not suffice, or a refusal is recorded."""
    rules.check_insufficient(
        passed=rules.limit_passed(case.limit_day, beijing_day(at)),
        refused=case.refused_at is not None,
        reported=case.reported_at is not None,
    )
    said = rules.check_text(text, field="text", label=_("认定理由"))
    note(case, "decision", said, by=by, at=at)
    tell(case, _("案件 %s 认定整改不到位，可以决定终止共享") % case.number, at, to=_all(case), text=said)


@MISUSE_CASE.action("terminate")
def terminate_access(case: MisuseCase, *, by: Actor, at: datetime, decision: str) -> None:
    """Decide that sharing ends; what was obtained has to be disposed of (national-2025#27, R-SHR-049; W26).

    WrongState before the limit is over, unless a refusal is recorded.
    """
    rules.check_termination(
        passed=rules.limit_passed(case.limit_day, beijing_day(at)), refused=case.refused_at is not None
    )
    case.decision = rules.check_text(decision, field="decision", label=_(DECISION))
    case.ended_at = at
    ended = []
    for held in _held(case):
        grant_actions.terminate_grant(held.grant_id, by=by, at=at, reason=case.decision, held_by=case.number)
        held.outcome = "terminated"
        held.save(update_fields=["outcome"])
        ended.append(held.grant_id)
    payload = {
        "case_id": case.pk,
        "number": case.number,
        "grant_ids": ended,
        "provider_id": case.provider_id,
        "consumer_id": case.consumer_id,
        "authority_id": case.authority_id,
    }
    outbox.publish(events.ACCESS_TERMINATED, f"misuse_case:{case.pk}", payload, at=at, by=by)
    note(case, "decision", case.decision, by=by, at=at)
    tell(case, _("案件 %s 已决定终止共享，请处置已取得的数据") % case.number, at, to=_all(case), text=case.decision)


@MISUSE_CASE.action("follow")
def follow_outcome(case: MisuseCase, *, by: Actor, at: datetime, grant_id: int) -> None:
    """A dispute about the suspension ended with its restoration, which the platform carried out (W07)."""
    case.ended_at = at
    case.decision = grants.standing([grant_id])[grant_id].reason
    note(case, "decision", case.decision, by=by, at=at)
    tell(case, _("案件 %s 按争议处理结果恢复共享") % case.number, at, to=_all(case), text=case.decision)


def _held(case: MisuseCase) -> list[MisuseGrant]:
    """Return the grants that this case still keeps suspended."""
    rows = list(case.grants.filter(suspended=True).order_by("grant_id"))
    now = grants.standing([row.grant_id for row in rows])
    return [row for row in rows if now[row.grant_id].state == "suspended" and now[row.grant_id].held_by == case.number]


def _all(case: MisuseCase) -> list[int]:
    return [case.consumer_id, case.provider_id, case.authority_id]
