"""W22: an exchange task, from the order to released, rejected or quarantined; W27: back-flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role
from jutong.kernel.terms import N_
from jutong.kernel.workflow import ClockRule, Workflow
from jutong.slices.exchange.rules import CONSUMER
from jutong.slices.exchange.rules.backflow import LOWER, LOWER_OFFICER, UPPER_HEAD
from jutong.slices.exchange.rules.corrections import PROVIDER

if TYPE_CHECKING:
    from jutong.slices.exchange.models import Backflow, Run, TransferTask

STATES: Final = {
    "queued": N_("排队中"),
    "sent": N_("发送中"),
    "received": N_("已接收"),
    "validated": N_("核对一致"),
    "released": N_("已放行"),
    "rejected": N_("未执行"),
    "quarantined": N_("已隔离"),
}
OVERSEERS: Final = (Role.PLATFORM_OPERATOR, Role.AUDITOR)


def may_know(actor: Actor, run: Run | TransferTask | Backflow) -> bool:
    """Tell whether an actor may know of a run, task or back-flow: people of both departments, and those who oversee all."""
    if actor.account_id is None or actor.holds(*OVERSEERS):
        return True
    return not actor.serves.isdisjoint({run.provider_id, run.consumer_id})


EXCHANGE_TASK: Final = Workflow["Run"](
    "exchange_task",
    N_("交换任务"),
    case="exchange.Run",
    start="queued",
    states=STATES,
    visible=may_know,
    moves=[
        # verb         from                             to             who          clocks  button
        ("order",      "-",                             "queued",      CONSUMER | SYSTEM_ONLY, "", N_("发起交换")),
        ("resubmit",   "-",                             "queued",      PROVIDER,    "",     N_("补送更正后的行")),
        ("send",       "queued",                        "sent",        SYSTEM_ONLY, "",     N_("开始发送")),
        ("receive",    "sent",                          "received",    SYSTEM_ONLY, "",     N_("接收并核对摘要")),
        ("validate",   "received",                      "validated",   SYSTEM_ONLY, "",     N_("两端核对一致")),
        ("release",    "validated",                     "released",    SYSTEM_ONLY, "",     N_("放行")),
        ("reject",     "queued sent received validated", "rejected",   SYSTEM_ONLY, "",     N_("停止执行")),
        ("quarantine", "queued sent received validated", "quarantined", SYSTEM_ONLY, "",    N_("隔离")),
        ("cancel",     "queued sent received validated", "=",          CONSUMER,    "",     N_("取消任务")),
        ("retry",      "rejected quarantined",          "queued",      CONSUMER,    "",     N_("重新执行")),
        ("repair",     "quarantined",                   "queued",      CONSUMER | SYSTEM_ONLY, "",  N_("只修复不一致的分区")),
        ("accept_shape", "rejected quarantined",        "queued",      CONSUMER,    "",     N_("接受新的表结构")),
    ],
)  # fmt: skip


def may_know_backflow(actor: Actor, case: Backflow) -> bool:
    """Tell whether an actor may know of a back-flow: both departments, the authority above them, and who oversees all."""
    return may_know(actor, case) or case.authority_id in actor.serves


BACKFLOW: Final = Workflow["Backflow"](
    "backflow",
    N_("数据回流"),
    case="exchange.Backflow",
    start="needed",
    states={
        "needed": N_("待安排"),
        "arranged": N_("已安排"),
        "running": N_("回流中"),
        "changed": N_("已按变更回流"),
        "ended": N_("已结束"),
    },
    visible=may_know_backflow,
    clocks=[ClockRule("answer", N_("安排回流"), "", "provider_id", wish="backflow_answer")],
    moves=[
        # verb               from                              to          who                 clocks          button
        ("need",             "-",                              "needed",   LOWER,              "start answer", N_("提出回流需求")),
        ("arrange",          "needed",                         "arranged", UPPER_HEAD,         "stop answer",  N_("安排回流")),
        ("start",            "arranged",                       "running",  CONSUMER,           "",             N_("开始回流")),
        ("register_source",  "running changed",                "=",        LOWER_OFFICER,      "",             N_("登记回流数据目录")),
        ("report_condition", "needed arranged running changed", "=",       LOWER,              "",             N_("报告附加限制条件")),
        ("propose_change",   "running changed",                "=",        UPPER_HEAD,         "",             N_("提出变更回流安排")),
        ("propose_end",      "arranged running changed",       "=",        UPPER_HEAD,         "",             N_("提出停止回流")),
        ("change",           "running changed",                "changed",  SYSTEM_ONLY,        "",             N_("按备案的变更回流")),
        ("end",              "needed arranged running changed", "ended",   LOWER,              "stop answer",  N_("不再需要，结束回流")),
        ("cease",            "arranged running changed",       "ended",    SYSTEM_ONLY,        "",             N_("授权终止，回流结束")),
    ],
)  # fmt: skip
