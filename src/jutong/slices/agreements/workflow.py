"""W09: drafting, signing, amending and ending an agreement, as one table (national-project-opinion#3, #8)."""

from __future__ import annotations

from typing import Any, Final

from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role, Who
from jutong.kernel.policy import Policy
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Workflow
from jutong.slices.agreements.models import Agreement

HEADS: Final = (Role.PRINCIPAL, Role.DEPARTMENT_LEADER, Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY)
STAFF: Final = (Role.DATA_OFFICER, Role.CLERK, Role.LIAISON, *HEADS)
PARTY: Final = Who("party", N_("当事方的经办人或负责人"), STAFF, of="party_ids")
PARTY_HEAD: Final = Who("party_head", N_("当事方的负责人"), HEADS, of="party_ids")
SIGNATORY: Final = Who("signatory", N_("尚未签署一方的负责人"), HEADS, of="unsigned_ids")
AUTHORITY: Final = Who(
    "authority", N_("同级主管部门"), (Role.AUTHORITY_HEAD, Role.AUTHORITY_REVIEWER), of="authority_id"
)


def issued_jointly(_policy: Policy, case: Any) -> bool:
    """Offer the confirmation of a joint document (联合发文) only where one was handed in (national-project-opinion#8)."""
    return bool(case.joint)


def opens_grants(policy: Policy) -> bool:
    """Tell whether an agreement's lines become grants by themselves, as under the local texts.

    Since the decree data are had by a request that is decided within its limits (national-2025#20 to #22): an agreement
    adds to that, it does not replace it.
    """
    return not policy.flag("consumer_head_consent")


def may_know(actor: Actor, case: Agreement) -> bool:
    """Tell who knows of an agreement: its parties; once it is out for signature also the authority; auditors; the platform."""
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return True
    if actor.serves & set(case.party_ids):
        return True
    return case.state not in {"draft", "withdrawn"} and case.authority_id in actor.serves


def _pending(case: Agreement) -> str:
    """Return the digest of the version that waits for signatures."""
    return case.versions.values_list("digest", flat=True).get(number=case.pending)


AGREEMENT = Workflow[Agreement](
    "agreement",
    N_("共享协议"),
    case="agreements.Agreement",
    start="draft",
    visible=may_know,
    signed={"sign": _pending},
    states={
        "draft": N_("草案"),
        "signing": N_("待签署"),
        "active": N_("生效"),
        "amending": N_("修订中"),
        "expired": N_("已到期"),
        "suspended": N_("已暂停"),
        "terminated": N_("已终止"),
        "withdrawn": N_("已撤回"),
    },
    moves=[
        # verb        from                       to            who                             clocks  button
        ("draft",     "-",                       "draft",      PARTY,                          "",     N_("起草协议")),
        ("revise",    "draft amending",          "=",          PARTY,                          "",     N_("修改内容")),
        ("send",      "draft",                   "signing",    PARTY,                          "",     N_("交各方签署")),
        ("send_back", "signing",                 "draft",      PARTY,                          "",     N_("退回修改")),
        ("withdraw",  "draft signing",           "withdrawn",  PARTY_HEAD,                     "",     N_("撤回协议")),
        ("sign",      "signing amending",        "=",          SIGNATORY,                      "",     N_("签署")),
        ("attest",    "signing amending",        "active",     AUTHORITY,                      "",     N_("确认联合发文"), issued_jointly),
        ("conclude",  "signing amending",        "active",     SYSTEM_ONLY,                    "",     N_("各方签署完毕")),
        ("amend",     "active",                  "amending",   PARTY,                          "",     N_("修订或续签")),
        ("abandon",   "amending",                "active",     PARTY_HEAD,                     "",     N_("放弃修订")),
        ("suspend",   "active amending",         "suspended",  PARTY_HEAD | AUTHORITY,         "",     N_("暂停协议")),
        ("resume",    "suspended",               "active",     PARTY_HEAD | AUTHORITY,         "",     N_("恢复协议")),
        ("terminate", "active amending suspended", "terminated", PARTY_HEAD | AUTHORITY,       "",     N_("终止协议")),
        ("expire",    "active amending suspended", "expired",  SYSTEM_ONLY,                    "",     N_("到期")),
    ],
)  # fmt: skip
