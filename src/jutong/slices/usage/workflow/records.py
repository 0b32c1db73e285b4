"""W30: use records, from the grant's opening to their purge (national-2025#26, #29)."""

from __future__ import annotations

from typing import Final

from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Workflow
from jutong.slices.usage.models.records import UseRecord
from jutong.slices.usage.workflow.who import AUTHORITY, CONSUMER, CONSUMER_HEAD

RUNNING: Final = ("open", "complete", "incomplete")
"""States in which reporting periods run."""


def may_know_record(actor: Actor, record: UseRecord) -> bool:
    """Tell who knows of a use record: the consumer, the provider of its data, the authority, auditors."""
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return True
    return bool(actor.serves & {record.consumer_id, record.provider_id, record.authority_id})


USE_RECORD: Final = Workflow[UseRecord](
    "use_record",
    N_("使用记录"),
    case="usage.UseRecord",
    start="open",
    visible=may_know_record,
    states={
        "open": N_("记录中"),
        "complete": N_("完整"),
        "incomplete": N_("不完整"),
        "final": N_("已终结"),
        "retained": N_("保存中"),
        "purged": N_("已清除"),
    },
    moves=[
        # verb       from                            to            who                        clocks  button
        ("open",     "-",                            "open",       SYSTEM_ONLY,               "",     N_("开始记录")),
        ("fill",     "open complete incomplete final", "=",        CONSUMER,                  "",     N_("填写使用记录")),
        ("complete", "open complete incomplete",     "complete",   SYSTEM_ONLY,               "",     N_("记录完整")),
        ("lack",     "open complete incomplete",     "incomplete", SYSTEM_ONLY,               "",     N_("记录不完整")),
        ("finish",   "open complete incomplete",     "final",      SYSTEM_ONLY,               "",     N_("记录终结")),
        ("lengthen", "open complete incomplete final retained", "=", CONSUMER_HEAD | AUTHORITY, "",   N_("登记更长的法定保存期限")),
        ("retain",   "final",                        "retained",   SYSTEM_ONLY,               "",     N_("转入保存")),
        ("purge",    "retained",                     "purged",     SYSTEM_ONLY,               "",     N_("期满清除")),
    ],
)  # fmt: skip
