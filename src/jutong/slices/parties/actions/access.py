"""The register of access (W21): migrations, dedicated networks, support, violations, incidents and trainings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from jutong.kernel import inbox, jurisdiction
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import RuleBroken, WrongState
from jutong.kernel.terms import N_
from jutong.slices.parties.models import (
    DedicatedNetwork,
    Department,
    DirectExchange,
    LegacyExchange,
    Participation,
    SecurityIncident,
    Step,
    SupportRequest,
    Training,
)
from jutong.slices.parties.models.access import AccessCase
from jutong.slices.parties.rules import access, organisations
from jutong.slices.parties.workflow import (
    DEDICATED_NETWORK,
    DIRECT_EXCHANGE,
    LEGACY_EXCHANGE,
    OPERATORS,
    SECURITY_INCIDENT,
    SUPPORT_REQUEST,
)

LONGEST = 4000
MOST_STEPS = 100
MOST_PEOPLE = 10_000
A = TypeVar("A", bound=AccessCase)


def _department(department_id: int, field: str = "department_id") -> Department:
    found = Department.objects.filter(pk=department_id, active=True).first()
    if found is None:
        raise RuleBroken(N_("所选部门不存在或已撤销，请重新选择。"), field=field)
    return found


def _opened(model: type[A], by: Actor, at: datetime, department_id: int, title: str, text: str, **more: Any) -> A:
    """Return a new case of a department, with title and text checked."""
    return model(
        region=_department(department_id).region_id,
        department_id=department_id,
        title=organisations.check_name(title, most=200),
        text=organisations.check_text(text, most=LONGEST, field="text", needed=False),
        account_name=by.name[:100],
        opened_at=at,
        **more,
    )


def _plan(kind: str, case: AccessCase, title: str, due_on: date) -> None:
    """Add a step to a case."""
    if Step.objects.filter(kind=kind, case_id=case.pk).count() >= MOST_STEPS:
        raise RuleBroken(N_("计划事项已达上限，请合并后填写。"), field="title")
    Step.objects.create(kind=kind, case_id=case.pk, title=organisations.check_name(title, most=200), due_on=due_on)


def _reach(kind: str, case: AccessCase, step_id: int, at: datetime) -> None:
    """Mark a step as done today."""
    done = Step.objects.filter(pk=step_id, kind=kind, case_id=case.pk, done_on=None).update(done_on=beijing_day(at))
    if not done:
        raise RuleBroken(N_("所选事项不存在或已经完成，请刷新页面后重试。"), field="step_id")


def _check_steps_done(kind: str, case: AccessCase) -> None:
    if Step.objects.filter(kind=kind, case_id=case.pk, done_on=None).exists():
        raise WrongState(N_("还有未完成的事项，请先逐项完成。"))


# -- legacy exchange systems ------------------------------------------------------------------------------------------


@LEGACY_EXCHANGE.opens("list")
def list_legacy(
    *, department_id: int, title: str, text: str = "", counterpart_id: int | None = None, by: Actor, at: datetime
) -> LegacyExchange:
    """List an exchange system from before the platform; without milestones it is unplanned (R-EXC-013)."""
    if counterpart_id is not None:
        _department(counterpart_id, "counterpart_id")
    return _opened(LegacyExchange, by, at, department_id, title, text, counterpart_id=counterpart_id)


@LEGACY_EXCHANGE.action("plan")
def plan_legacy(case: LegacyExchange, *, title: str, due_on: date, by: Actor, at: datetime) -> None:
    """Add a milestone of the migration."""
    _plan(LEGACY_EXCHANGE.name, case, title, due_on)


@LEGACY_EXCHANGE.action("reach")
def reach_legacy(case: LegacyExchange, *, step_id: int, by: Actor, at: datetime) -> None:
    """Record that a milestone is reached."""
    _reach(LEGACY_EXCHANGE.name, case, step_id, at)


@LEGACY_EXCHANGE.action("start")
def start_legacy(case: LegacyExchange, *, by: Actor, at: datetime) -> None:
    """Begin the migration; it needs a plan."""
    if not Step.objects.filter(kind=LEGACY_EXCHANGE.name, case_id=case.pk).exists():
        raise WrongState(N_("还没有迁移计划，请先增加里程碑。"))


@LEGACY_EXCHANGE.action("finish")
def finish_legacy(case: LegacyExchange, *, by: Actor, at: datetime) -> None:
    """Record that the exchange runs over the platform; every milestone is reached."""
    _check_steps_done(LEGACY_EXCHANGE.name, case)


# -- dedicated networks -----------------------------------------------------------------------------------------------


@DEDICATED_NETWORK.opens("list")
def list_network(
    *, department_id: int, title: str, text: str = "", existing: bool = True, by: Actor, at: datetime
) -> DedicatedNetwork:
    """List a dedicated network; a new one is refused where the profile builds none in principle (R-EXC-015)."""
    case = _opened(DedicatedNetwork, by, at, department_id, title, text)
    if not existing:
        policy = jurisdiction.policy_for(case.region, beijing_day(at))
        access.check_dedicated(policy.text("new_dedicated_network"), "")
    return case


@DEDICATED_NETWORK.action("except")
def except_network(case: DedicatedNetwork, *, text: str, by: Actor, at: datetime) -> None:
    """Record what the State provides for this network: its department may go on using it (neijiang-2020#21)."""
    case.exception = organisations.check_text(text, most=300, field="text")


@DEDICATED_NETWORK.action("plan")
def plan_network(case: DedicatedNetwork, *, title: str, due_on: date, by: Actor, at: datetime) -> None:
    """Add a step of the plan by which it joins the outer network."""
    _plan(DEDICATED_NETWORK.name, case, title, due_on)


@DEDICATED_NETWORK.action("reach")
def reach_network(case: DedicatedNetwork, *, step_id: int, by: Actor, at: datetime) -> None:
    """Record that a step is done."""
    _reach(DEDICATED_NETWORK.name, case, step_id, at)


@DEDICATED_NETWORK.action("start")
def start_network(case: DedicatedNetwork, *, by: Actor, at: datetime) -> None:
    """Begin to connect it; it needs a plan."""
    if not Step.objects.filter(kind=DEDICATED_NETWORK.name, case_id=case.pk).exists():
        raise WrongState(N_("还没有接入计划，请先增加计划事项。"))


@DEDICATED_NETWORK.action("finish")
def finish_network(case: DedicatedNetwork, *, by: Actor, at: datetime) -> None:
    """Record that it is part of the outer network."""
    _check_steps_done(DEDICATED_NETWORK.name, case)


# -- support ----------------------------------------------------------------------------------------------------------


@SUPPORT_REQUEST.opens("ask")
def ask_support(
    *, department_id: int, kind: str, title: str, text: str = "", by: Actor, at: datetime
) -> SupportRequest:
    """Ask the technical support group (R-EXC-022); RuleBroken without a kind."""
    chosen = access.chosen(access.SupportKind, kind, field="kind", label=N_("支持类型"))
    case = _opened(SupportRequest, by, at, department_id, title, text, kind=chosen)
    inbox.tell(role=Role.PLATFORM_OPERATOR, department_id=None, title=case.title, text=case.text, at=at)
    return case


@SUPPORT_REQUEST.action("answer")
def answer_support(case: SupportRequest, *, text: str, by: Actor, at: datetime) -> None:
    """Answer; the department is told."""
    case.answer = organisations.check_text(text, most=LONGEST, field="text")
    case.answered_by, case.answered_at = by.name[:100], at
    inbox.tell(department_id=case.department_id, role=None, title=case.title, text=case.answer, at=at)


@SUPPORT_REQUEST.action("reask")
def reask_support(case: SupportRequest, *, text: str, by: Actor, at: datetime) -> None:
    """Ask on; what was asked and answered before stays readable."""
    more = organisations.check_text(text, most=LONGEST, field="text")
    case.text = f"{case.text}\n\n{case.answer}\n\n{more}".strip()
    case.answer, case.answered_by, case.answered_at = "", "", None


@SUPPORT_REQUEST.action("close")
def close_support(case: SupportRequest, *, by: Actor, at: datetime) -> None:
    """Close an answered request."""
    case.closed_at = at


@action("parties.record_training", label=N_("登记培训"), allow=OPERATORS)
def record_training(
    *, title: str, kind: str, held_on: date, people: Mapping[int, int], by: Actor, at: datetime
) -> Training:
    """Record a training. people: number of participants by department id, at least one."""
    if held_on > beijing_day(at):
        raise RuleBroken(N_("“培训日期”不能晚于今天，请在培训后登记。"), field="held_on")
    if not people or not all(0 < count <= MOST_PEOPLE for count in people.values()):
        raise RuleBroken(N_("请填写参加部门及人数（大于 0）。"), field="people")
    for department_id in people:
        _department(department_id, "people")
    training = Training.objects.create(
        title=organisations.check_name(title, most=200),
        kind=access.chosen(access.SupportKind, kind, field="kind", label=N_("支持类型")),
        held_on=held_on,
        account_name=by.name[:100],
    )
    Participation.objects.bulk_create(
        [Participation(training=training, department_id=d, people=count) for d, count in people.items()]
    )
    return training


# -- exchanges round the platform -------------------------------------------------------------------------------------


@DIRECT_EXCHANGE.opens("report")
def report_direct(
    *, department_id: int, receiver_id: int, title: str, text: str, by: Actor, at: datetime
) -> DirectExchange:
    """Report that a department hands data to another round the platform (R-EXC-002)."""
    if department_id == receiver_id:
        raise RuleBroken(N_("发送部门与接收部门不能相同，请重新选择。"), field="receiver_id")
    organisations.check_text(text, most=LONGEST, field="text")
    _department(receiver_id, "receiver_id")
    return _opened(DirectExchange, by, at, department_id, title, text, receiver_id=receiver_id)


@DIRECT_EXCHANGE.action("confirm")
def confirm_direct(case: DirectExchange, *, text: str, by: Actor, at: datetime) -> None:
    """Find that it is a violation; the event `direct_exchange.confirmed` carries it to whoever supervises."""
    case.decision = organisations.check_text(text, most=1000, field="text")


@DIRECT_EXCHANGE.action("dismiss")
def dismiss_direct(case: DirectExchange, *, text: str, by: Actor, at: datetime) -> None:
    """Find that it is none, with the reason."""
    case.decision = organisations.check_text(text, most=1000, field="text")


# -- security incidents -----------------------------------------------------------------------------------------------


@SECURITY_INCIDENT.opens("open")
def open_incident(*, department_id: int, title: str, text: str, by: Actor, at: datetime) -> SecurityIncident:
    """Open an incident at a department."""
    organisations.check_text(text, most=LONGEST, field="text")
    return _opened(SecurityIncident, by, at, department_id, title, text)


@SECURITY_INCIDENT.action("classify")
def classify_incident(case: SecurityIncident, *, side: str, by: Actor, at: datetime) -> None:
    """Say which one side answers for it: platform, provider or consumer (R-SEC-028)."""
    case.side = access.chosen(access.Side, side, field="side", label=N_("责任方"))


@SECURITY_INCIDENT.action("plan")
def plan_incident(case: SecurityIncident, *, title: str, due_on: date, by: Actor, at: datetime) -> None:
    """Give a security task, with its day."""
    _plan(SECURITY_INCIDENT.name, case, title, due_on)


@SECURITY_INCIDENT.action("reach")
def reach_incident(case: SecurityIncident, *, step_id: int, by: Actor, at: datetime) -> None:
    """Record that a task is done."""
    _reach(SECURITY_INCIDENT.name, case, step_id, at)


@SECURITY_INCIDENT.action("close")
def close_incident(case: SecurityIncident, *, text: str, by: Actor, at: datetime) -> None:
    """Close it with a conclusion; only with a side, and with every task done."""
    _check_steps_done(SECURITY_INCIDENT.name, case)
    case.conclusion = organisations.check_text(text, most=LONGEST, field="text")
