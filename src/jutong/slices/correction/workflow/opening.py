"""W12: correction of the open-data catalogue by its provider through the authority (neijiang-2020#31)."""

from __future__ import annotations

from typing import Any

from jutong.kernel.actors import SYSTEM_ONLY
from jutong.kernel.policy import Policy
from jutong.kernel.terms import N_
from jutong.kernel.workflow import ClockRule, Workflow
from jutong.slices.correction.models import OpenCorrection
from jutong.slices.correction.workflow.who import AUTHORITY, PRINCIPAL, PROVIDER, PUBLIC, may_know


def offered(policy: Policy, _case: Any) -> bool:
    """Offer the procedure where the profile has a limit for its answer."""
    return policy.days("open_correction_days") is not None


OPEN_CORRECTION = Workflow[OpenCorrection](
    "open_correction",
    N_("开放目录更正"),
    case="correction.OpenCorrection",
    start="received",
    visible=may_know,
    states={
        "received": N_("已收到更正申请"),
        "extended": N_("已延期答复"),
        "agreed": N_("同意更正"),
        "refused": N_("不同意更正"),
        "change_requested": N_("已提请变更目录"),
        "changed": N_("开放目录已变更"),
        "converted": N_("已转其他程序"),
    },
    clocks=[
        ClockRule(
            "answer",
            N_("更正答复"),
            "open_correction_days",
            "provider_id",
            "open_correction_extension_days",
            since="received_on",
        )
    ],
    moves=[
        # verb             from                to                  who                   clocks           button
        ("apply",          "-",                "received",         PUBLIC,               "start answer",  N_("申请更正开放目录"), offered),
        ("ask_extension",  "received extended", "=",               PROVIDER,             "",              N_("申请延期")),
        ("extend",         "received extended", "extended",        PRINCIPAL,            "extend answer", N_("同意延期")),
        ("agree",          "received extended", "agreed",          PROVIDER,             "stop answer",   N_("同意更正")),
        ("refuse",         "received extended", "refused",         PROVIDER,             "stop answer",   N_("不同意更正")),
        ("request_change", "agreed",           "change_requested", PROVIDER | SYSTEM_ONLY, "",            N_("提请变更开放目录")),
        ("change",         "change_requested", "changed",          AUTHORITY,            "",              N_("变更开放目录")),
        ("urge",           "received extended", "=",               AUTHORITY,            "",              N_("催办")),
        ("convert",        "received extended", "converted",       PROVIDER | AUTHORITY, "stop answer",   N_("转其他程序")),
    ],
)  # fmt: skip
