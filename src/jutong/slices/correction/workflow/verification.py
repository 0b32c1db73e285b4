"""W10: verification of data in doubt by its provider (national-2025#26 beside the local texts)."""

from __future__ import annotations

from typing import Any

from jutong.kernel.actors import SYSTEM_ONLY
from jutong.kernel.terms import N_
from jutong.kernel.workflow import ClockRule, Workflow
from jutong.slices.correction.models import Verification
from jutong.slices.correction.workflow.who import AUTHORITY, CONSUMER, PRINCIPAL, PROVIDER, PUBLIC, may_know


def side(case: Any) -> str:
    """Return the variant of the limit: of departments or of the public."""
    return str(case.side)


def handled(case: Any) -> str | None:
    """Return the limit where verifying alone keeps it."""
    return None if case.covered else "verification_handle_days"


def completed(case: Any) -> str | None:
    """Return the limit where correction and feedback lie inside it as well (national-2025#26)."""
    return "verification_handle_days" if case.covered else None


LONGER = "verification_extension_days"

VERIFICATION = Workflow[Verification](
    "verification",
    N_("校核"),
    case="correction.Verification",
    start="reported",
    visible=may_know,
    states={
        "reported": N_("已提出"),
        "in_verification": N_("校核中"),
        "extended": N_("已延期校核"),
        "confirmed": N_("确认有误"),
        "unfounded": N_("核实无误"),
        "closed": N_("已办结"),
        "converted": N_("已转其他程序"),
    },
    clocks=[
        ClockRule("handle", N_("校核处理"), handled, "provider_id", LONGER, kind=side, since="received_on"),
        ClockRule("complete", N_("核实、更正并反馈"), completed, "provider_id", LONGER, kind=side, since="received_on"),
    ],
    moves=[
        # verb             from                                            to                 who                clocks                            button
        ("report",         "-",                                            "reported",        CONSUMER | PUBLIC, "",                               N_("申请校核")),
        ("begin",          "reported",                                     "in_verification", SYSTEM_ONLY,       "start handle; start complete",   N_("送提供方校核")),
        ("ask_extension",  "in_verification extended",                     "=",               PROVIDER,          "",                               N_("申请延期")),
        ("extend",         "in_verification extended",                     "extended",        PRINCIPAL,         "extend handle; extend complete", N_("同意延期")),
        ("confirm",        "in_verification extended",                     "confirmed",       PROVIDER,          "stop handle",                    N_("确认有误")),
        ("find_unfounded", "in_verification extended",                     "unfounded",       PROVIDER,          "stop handle",                    N_("核实无误")),
        ("correct",        "confirmed",                                    "=",               PROVIDER,          "",                               N_("登记更正内容")),
        ("close",          "confirmed unfounded",                          "closed",          PROVIDER,          "stop complete",                  N_("反馈并办结")),
        ("urge",           "in_verification extended confirmed unfounded", "=",               AUTHORITY,         "",                               N_("催办")),
        ("convert",        "in_verification extended",                     "converted",       AUTHORITY,         "stop handle; stop complete",     N_("转其他程序")),
    ],
)  # fmt: skip
