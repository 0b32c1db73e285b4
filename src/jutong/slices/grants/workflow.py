"""Moves of a grant (W06 from `granted` on, W25): active, suspended, ended in one of three ways."""

from __future__ import annotations

from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role, Who
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Workflow
from jutong.slices.grants.models import Grant

PROVIDER_HEAD = Who(
    "provider_unit_head",
    N_("提供方共享工作机构负责人"),
    (Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY),
    of="provider_id",
)
AUTHORITY = Who("authority", N_("主管部门"), (Role.AUTHORITY_HEAD, Role.AUTHORITY_REVIEWER), of="authority_id")
CONSUMER_HEAD = Who(
    "consumer_unit_head",
    N_("使用方共享工作机构负责人"),
    (Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY),
    of="consumer_id",
)


def may_know(actor: Actor, grant: Grant) -> bool:
    """Tell whether an actor may know of a grant: both parties, the authority, auditors, the platform."""
    parties = {grant.provider_id, grant.consumer_id, grant.authority_id}
    return actor.account_id is None or bool(actor.serves & parties) or actor.holds(Role.AUDITOR)


GRANT = Workflow[Grant](
    "grant",
    N_("授权"),
    case="grants.Grant",
    start="granted",
    visible=may_know,
    states={
        "granted": N_("有效"),
        "suspended": N_("已暂停"),
        "revoked": N_("已撤销"),
        "expired": N_("已到期"),
        "terminated": N_("已终止"),
    },
    moves=[
        # verb         from                  to            who                          clocks  button
        ("open",       "-",                  "granted",    SYSTEM_ONLY | PROVIDER_HEAD, "",     N_("开通授权")),
        ("amend",      "granted",            "granted",    PROVIDER_HEAD,               "",     N_("调整授权")),
        ("suspend",    "granted",            "suspended",  PROVIDER_HEAD | AUTHORITY,   "",     N_("暂停授权")),
        ("restore",    "suspended",          "granted",    PROVIDER_HEAD | AUTHORITY,   "",     N_("恢复授权")),
        ("terminate",  "suspended",          "terminated", PROVIDER_HEAD | AUTHORITY,   "",     N_("终止共享")),
        ("revoke",     "granted suspended",  "revoked",    PROVIDER_HEAD | AUTHORITY,   "",     N_("撤销授权")),
        ("finish",     "granted suspended",  "expired",    CONSUMER_HEAD,               "",     N_("不再需要，结束使用")),
        ("expire",     "granted suspended",  "expired",    SYSTEM_ONLY,                 "",     N_("到期")),
    ],
)  # fmt: skip
