"""The life of a front-end node (前置机, R-EXC-004): applied for, allocated, signed for, suspended, retired or revoked."""

from __future__ import annotations

from typing import Final

from jutong.kernel.actors import SYSTEM_ONLY, Actor
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Workflow
from jutong.slices.sources.models import FrontEndNode
from jutong.slices.sources.rules import NODE_KEEPERS, NODE_OPERATORS, NODE_REVOKERS, NODE_WATCHERS

WORKING: Final = ("signed_for",)
"""States in which a node may call, and sources may be placed behind it."""


def may_know(actor: Actor, node: FrontEndNode) -> bool:
    """Tell whether an actor may know of a node: its department's people, and those who look after all of them."""
    return actor.account_id is None or node.department_id in actor.serves or actor.holds(*NODE_WATCHERS)


FRONT_END_NODE: Final = Workflow[FrontEndNode](
    "front_end_node",
    N_("前置机"),
    case="sources.FrontEndNode",
    start="applied",
    visible=may_know,
    states={
        "applied": N_("已申请"),
        "declined": N_("未批准"),
        "allocated": N_("已分配"),
        "signed_for": N_("已签收"),
        "suspended": N_("已暂停"),
        "revoked": N_("证书已吊销"),
        "retired": N_("已退役"),
    },
    moves=[
        # verb          from                              to            who             clocks  button
        ("apply",       "-",                              "applied",    NODE_KEEPERS,   "",     N_("申请前置机")),
        ("withdraw",    "applied",                        "declined",   NODE_KEEPERS,   "",     N_("撤回申请")),
        ("decline",     "applied",                        "declined",   NODE_OPERATORS, "",     N_("不予分配")),
        ("allocate",    "applied",                        "allocated",  NODE_OPERATORS, "",     N_("分配")),
        ("issue_code",  "allocated",                      "=",          NODE_KEEPERS,   "",     N_("生成签收码")),
        ("sign_for",    "allocated",                      "signed_for", SYSTEM_ONLY,    "",     N_("签收")),
        ("configure",   "signed_for suspended",           "=",          NODE_OPERATORS, "",     N_("远程配置")),
        ("suspend",     "signed_for",                     "suspended",  NODE_OPERATORS, "",     N_("暂停")),
        ("resume",      "suspended",                      "signed_for", NODE_OPERATORS, "",     N_("恢复")),
        ("revoke",      "signed_for suspended",           "revoked",    NODE_REVOKERS,  "",     N_("吊销证书")),
        ("retire",      "allocated signed_for suspended", "retired",    NODE_OPERATORS, "",     N_("退役")),
    ],
)  # fmt: skip
