"""W26: the end of a use, the provider's instruction, the proof copy by copy (national-2025#27, #29, #40(4))."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from jutong.crypto import sm3
from jutong.kernel import jurisdiction
from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role
from jutong.kernel.policy import article
from jutong.kernel.terms import N_
from jutong.kernel.workdays import workdays_between
from jutong.kernel.workflow import ClockRule, Workflow
from jutong.slices.usage.models.disposals import Disposal
from jutong.slices.usage.workflow.who import CONSUMER, PROVIDER

OPEN: Final = ("ended", "instructed", "reported")
"""States of a copy that is not yet proven disposed of."""


def may_know_disposal(actor: Actor, case: Disposal) -> bool:
    """Tell who knows of a disposal: both parties, the authority, auditors."""
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return True
    return bool(actor.serves & {case.consumer_id, case.provider_id, case.authority_id})


def _limit(case: Disposal) -> tuple[int, str] | None:
    """Return the provider's day in working days from the instruction; one that is no working day ends with the next."""
    if case.due_on is None or case.instructed_on is None:
        return None
    calendar = jurisdiction.calendar()
    days = workdays_between(case.instructed_on, case.due_on, calendar)
    if not calendar.is_workday(case.due_on):
        days += 1
    words = _("提供方要求的处置日期 %(day)s — %(article)s") % {
        "day": case.due_on,
        "article": article("national-2025#27"),
    }
    return max(0, days), words


def _reported(case: Disposal) -> str:
    """Return the digest of what is accepted: which copy was disposed of how, when and by whom."""
    said = (case.copy_id, case.instruction, case.method, case.executed_on, case.executor, case.proof_id)
    return sm3.hexdigest(repr(said).encode())


DISPOSAL: Final = Workflow[Disposal](
    "disposal",
    N_("数据处置"),
    case="usage.Disposal",
    start="ended",
    visible=may_know_disposal,
    signed={"accept": _reported},
    clocks=(
        ClockRule("disposal", N_("处置"), "", obliged="consumer_id", since="instructed_on", given=_limit),
    ),
    states={
        "ended": N_("待提供方提出要求"),
        "instructed": N_("待处置"),
        "reported": N_("待核验证明"),
        "accepted": N_("已认可"),
        "closed": N_("已办结"),
    },
    moves=[
        # verb         from               to            who                               clocks            button
        ("end",        "-",               "ended",      SYSTEM_ONLY | CONSUMER,            "",               N_("结束使用")),
        ("instruct",   "ended instructed", "instructed", PROVIDER | SYSTEM_ONLY,          "start disposal", N_("提出处置要求")),
        ("report",     "instructed",      "reported",   CONSUMER,                         "stop disposal",  N_("登记处置情况")),
        ("accept",     "reported",        "accepted",   PROVIDER,                         "",               N_("认可处置证明")),
        ("send_back",  "reported",        "instructed", PROVIDER,                         "start disposal", N_("退回处置证明")),
        ("close",      "accepted",        "closed",     SYSTEM_ONLY,                      "",               N_("办结")),
    ],
)  # fmt: skip
