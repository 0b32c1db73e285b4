"""W08: change of use and external provision, as one table (national-2025#25; jiangxi-2017#17 and the local bans)."""

from __future__ import annotations

from typing import Any

from jutong.crypto import sm3
from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role
from jutong.kernel.policy import Policy
from jutong.kernel.terms import N_, ShareType
from jutong.kernel.workflow import Workflow
from jutong.slices.sharing.models.changes import UseChange
from jutong.slices.sharing.workflow.requests import CONSUMER, PROVIDER_UNIT_HEAD


def parameter_of(kind: str, share_type: str) -> tuple[str, str]:
    """Return the profile's parameter, with its variant, that rules a kind of change of data of a sharing type."""
    open_data = share_type == ShareType.UNCONDITIONAL
    if kind == "third_party":
        return "third_party_provision", "unconditional" if open_data else "conditional"
    return "use_change_consent", "scope" if kind == "scope" else "purpose_unconditional" if open_data else "purpose"


def admitted(policy: Policy, case: Any) -> bool:
    """Tell whether the profile lets a consumer apply at all: some forbid third parties, some another purpose."""
    return policy.text(*parameter_of(case.kind, case.share_type)) != "forbidden"


def own_use(_policy: Policy, case: Any) -> bool:
    """Offer the move for changes of the consumer's own use."""
    return bool(case.kind != "third_party")


def external(_policy: Policy, case: Any) -> bool:
    """Offer the move for external provision."""
    return bool(case.kind == "third_party")


def may_know(actor: Actor, case: UseChange) -> bool:
    """Tell who knows of a change: both parties, the authority, auditors."""
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return True
    return bool(actor.serves & {case.consumer_id, case.provider_id, case.authority_id})


def _asked(case: UseChange) -> str:
    """Return the digest of what is asked for."""
    said = (case.number, case.kind, case.grant_id, case.items, case.purposes, case.scope, case.recipient, case.content)
    return sm3.hexdigest(repr(said).encode())


USE_CHANGE = Workflow[UseChange](
    "use_change",
    N_("变更使用"),
    case="sharing.UseChange",
    start="applied",
    visible=may_know,
    signed=dict.fromkeys(("consent", "refuse"), _asked),
    states={
        "applied": N_("已申请"),
        "consented": N_("已同意"),
        "refused": N_("不同意"),
        "in_force": N_("已生效"),
        "ended": N_("已随授权终止"),
        "released": N_("已对外提供"),
        "closed": N_("已结束"),
    },
    moves=[
        # verb           from                  to           who                 clocks  button                  condition
        ("apply",        "-",                  "applied",   CONSUMER,           "",     N_("申请变更使用"),       admitted),
        ("consent",      "applied",            "consented", PROVIDER_UNIT_HEAD, "",     N_("同意变更")),
        ("refuse",       "applied",            "refused",   PROVIDER_UNIT_HEAD, "",     N_("不同意变更")),
        ("take_effect",  "consented",          "in_force",  SYSTEM_ONLY,        "",     N_("变更生效"),          own_use),
        ("release",      "consented released", "released",  CONSUMER,           "",     N_("登记对外提供"),       external),
        ("close",        "consented released", "closed",    CONSUMER | SYSTEM_ONLY, "", N_("结束对外提供"),       external),
        ("end",          "in_force",           "ended",     SYSTEM_ONLY,        "",     N_("随授权终止"),         own_use),
    ],
)  # fmt: skip
