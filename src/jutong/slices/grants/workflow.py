"""Moves of a grant (W06 from `granted` on, W25), and of ending or changing a resource's service (W15)."""

from __future__ import annotations

from jutong.crypto import sm3
from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role, Who
from jutong.kernel.policy import Policy
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Workflow
from jutong.slices.grants.models import Grant, ServiceChange

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
        ("widen",      "granted",            "granted",    SYSTEM_ONLY | PROVIDER_HEAD, "",     N_("扩大授权")),
        ("restate",    "granted",            "granted",    SYSTEM_ONLY,                 "",     N_("按协议新版本调整")),
        ("fit",        "granted suspended",  "=",          SYSTEM_ONLY,                 "",     N_("按变更后的服务调整")),
        ("suspend",    "granted",            "suspended",  PROVIDER_HEAD | AUTHORITY | SYSTEM_ONLY, "",     N_("暂停授权")),
        ("restore",    "suspended",          "granted",    PROVIDER_HEAD | AUTHORITY | SYSTEM_ONLY, "",     N_("恢复授权")),
        ("terminate",  "suspended",          "terminated", PROVIDER_HEAD | AUTHORITY,   "",     N_("终止共享")),
        ("revoke",     "granted suspended",  "revoked",    PROVIDER_HEAD | AUTHORITY | SYSTEM_ONLY, "",     N_("撤销授权")),
        ("finish",     "granted suspended",  "expired",    CONSUMER_HEAD,               "",     N_("不再需要，结束使用")),
        ("expire",     "granted suspended",  "expired",    SYSTEM_ONLY,                 "",     N_("到期")),
    ],
)  # fmt: skip


_STAFF = (Role.DATA_OFFICER, Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY)
PROVIDER = Who("provider", N_("提供方数据专员或共享工作机构"), _STAFF, of="provider_id")
HEARD_BY = Who("consumer", N_("使用方数据专员或共享工作机构"), _STAFF, of="consumer_id") | PROVIDER
"""Who records the result of a negotiation: the consumer, or the provider with what the consumer said."""


def may_know_change(actor: Actor, case: ServiceChange) -> bool:
    """Tell who knows of the end or change of a service: provider, authority, its consumers, auditors."""
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return True
    if actor.serves & {case.provider_id, case.authority_id}:
        return True
    return case.consumers.filter(consumer__in=actor.serves).exists()


def negotiates(policy: Policy, _case: object = None) -> bool:
    """Tell whether every consumer is heard before the filing (national-2025#27)."""
    return "negotiation" in policy.list("service_change_control")


def _unheard(policy: Policy, _case: object) -> bool:
    return not negotiates(policy)


def _filed(case: ServiceChange) -> str:
    """Return the digest of what is filed: which resource ends or changes on which day, how, and why."""
    said = f"{case.entry_code}|{case.stop_on:%Y-%m-%d}|{case.successor}|{case.cause}"
    if case.kind == "change":
        said += f"|{case.case_ref}|{case.what}"
    return sm3.hexdigest(said.encode())


SERVICE_CHANGE = Workflow[ServiceChange](
    "service_change",
    N_("停止与变更服务"),
    case="grants.ServiceChange",
    start="justified",
    visible=may_know_change,
    signed=dict.fromkeys(("file", "file_directly"), _filed),
    states={
        "justified": N_("已说明理由"),
        "negotiated": N_("已与使用方协商"),
        "filed": N_("已备案"),
        "announced": N_("已通知使用方"),
        "stopped": N_("已停止"),
        "changed": N_("已变更"),
        "cancelled": N_("已取消"),
    },
    moves=[
        # verb            from                          to           who            clocks  button                 condition
        ("justify",       "-",                          "justified", PROVIDER,      "",     N_("提出停止提供")),
        ("justify_change", "-",                         "justified", PROVIDER,      "",     N_("提出变更服务")),
        ("conclude",      "justified",                  "negotiated", SYSTEM_ONLY,  "",     N_("协商完毕"),        negotiates),
        ("file",          "negotiated",                 "filed",     PROVIDER_HEAD, "",     N_("报主管部门备案")),
        ("file_directly", "justified",                  "filed",     PROVIDER_HEAD, "",     N_("报主管部门备案"),    _unheard),
        ("acknowledge",   "filed announced",            "=",         AUTHORITY,     "",     N_("确认收到备案")),
        ("announce",      "filed",                      "announced", SYSTEM_ONLY,   "",     N_("通知使用方")),
        ("cancel",        "justified negotiated filed announced", "cancelled", PROVIDER_HEAD, "", N_("取消停止或者变更")),
        ("stop",          "announced",                  "stopped",   SYSTEM_ONLY,   "",     N_("停止提供")),
        ("switch",        "announced",                  "changed",   SYSTEM_ONLY,   "",     N_("按变更后的形式提供")),
    ],
)  # fmt: skip
