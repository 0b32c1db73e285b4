"""W25: suspension and termination of access after misuse, moved by recorded decisions alone (national-2025#27)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from jutong.crypto import sm3
from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role, Who
from jutong.kernel.policy import Policy
from jutong.kernel.terms import N_
from jutong.kernel.workflow import ClockRule, Workflow
from jutong.slices.usage.models import MisuseCase

HEADS = (Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY)
STAFF = (Role.DATA_OFFICER, *HEADS)

PROVIDER = Who("provider", N_("提供方数据专员或共享工作机构"), STAFF, of="provider_id")
PROVIDER_HEAD = Who("provider_unit_head", N_("提供方共享工作机构负责人"), HEADS, of="provider_id")
AUTHORITY = Who("authority", N_("主管部门"), (Role.AUTHORITY_HEAD, Role.AUTHORITY_REVIEWER), of="authority_id")
CONSUMER = Who("consumer", N_("使用方数据专员或共享工作机构"), STAFF, of="consumer_id")
CONSUMER_HEAD = Who("consumer_unit_head", N_("使用方共享工作机构负责人"), HEADS, of="consumer_id")
SUSPENDER = Who("suspending_body", N_("作出暂停决定的提供方负责人"), HEADS, of="keeper_id") | AUTHORITY
"""The body that suspended, or the authority: nobody else verifies, restores or terminates (W25)."""

HIDDEN = ("alerted", "dismissed")
"""States in which the consumer does not know of the case: nothing is confirmed, and nothing was done to it."""


def may_know(actor: Actor, case: MisuseCase) -> bool:
    """Tell who knows of a case: provider, authority, auditors, the platform; the consumer once misuse is confirmed."""
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return True
    if actor.serves & {case.provider_id, case.authority_id}:
        return True
    return case.consumer_id in actor.serves and case.state not in HIDDEN


def suspends(policy: Policy, _case: Any = None) -> bool:
    """Tell whether the profile knows suspension after misuse: everywhere since 2025-08-01, nowhere before."""
    return "suspension" in policy.list("misuse_suspension")


def terminates(policy: Policy, _case: Any = None) -> bool:
    """Tell whether the profile knows termination after a failed rectification."""
    return "termination" in policy.list("misuse_suspension")


def _limit(case: MisuseCase) -> tuple[int, str]:
    return case.limit_days, _("暂停共享权限时规定的整改期限（条例第二十七条）")


def _decided(case: MisuseCase) -> str:
    """Return the digest of what a decision is about: the case, its parties and the grants concerned."""
    grants = ",".join(str(pk) for pk in sorted(case.grants.values_list("grant_id", flat=True)))
    return sm3.hexdigest(f"{case.number}|{case.provider_id}|{case.consumer_id}|{grants}".encode())


MISUSE_CASE = Workflow[MisuseCase](
    "misuse_case",
    N_("违规使用"),
    case="usage.MisuseCase",
    start="alerted",
    visible=may_know,
    signed=dict.fromkeys(("suspend", "restore", "terminate"), _decided),
    states={
        "alerted": N_("疑似，待认定"),
        "dismissed": N_("不予认定"),
        "suspended": N_("已暂停，整改中"),
        "rectified": N_("整改到位"),
        "restored": N_("已恢复"),
        "insufficient": N_("整改不到位"),
        "terminated": N_("已终止共享"),
    },
    clocks=[ClockRule("rectify", N_("整改"), "", "consumer_id", given=_limit)],
    moves=[
        # verb               from                               to              who                                clocks           button
        ("alert",            "-",                               "alerted",      SYSTEM_ONLY | PROVIDER | AUTHORITY, "",             N_("登记违规使用")),
        ("dismiss",          "alerted",                         "dismissed",    PROVIDER_HEAD | AUTHORITY,         "",              N_("不予认定")),
        ("suspend",          "alerted",                         "suspended",    PROVIDER_HEAD | AUTHORITY,         "start rectify", N_("暂停共享并限期整改"), suspends),
        ("add",              "alerted suspended",               "=",            PROVIDER | AUTHORITY,              "",              N_("补充证据")),
        ("report",           "suspended",                       "=",            CONSUMER,                          "",              N_("报告整改情况")),
        ("send_back",        "suspended",                       "=",            SUSPENDER,                         "",              N_("退回继续整改")),
        ("refuse",           "suspended",                       "=",            CONSUMER_HEAD | SUSPENDER,         "",              N_("登记拒不整改")),
        ("verify",           "suspended",                       "rectified",    SUSPENDER,                         "stop rectify",  N_("核实整改到位")),
        ("restore",          "rectified",                       "restored",     SUSPENDER,                         "",              N_("决定恢复共享")),
        ("find_insufficient", "suspended",                      "insufficient", SUSPENDER,                         "stop rectify",  N_("认定整改不到位")),
        ("terminate",        "insufficient",                    "terminated",   SUSPENDER,                         "",              N_("决定终止共享"), terminates),
        ("follow",           "suspended rectified insufficient", "restored",    SYSTEM_ONLY,                       "stop rectify",  N_("按争议处理结果恢复")),
    ],
)  # fmt: skip
