"""What a head reads before answering a verification, giving more time or changing the open catalogue from the telephone."""

from __future__ import annotations

from typing import Any, Final

from jutong.kernel.actors import Actor
from jutong.kernel.agenda import Decision
from jutong.kernel.terms import N_


def _gist(case: Any) -> tuple[tuple[str, str], ...]:
    return (
        (N_("编号"), case.number),
        (N_("信息项"), "、".join(str(item) for item in case.items)),
        (N_("情况说明"), case.text),
        (N_("申请延长（工作日）"), str(case.extension_asked.get("days", ""))),
        (N_("延长的理由"), str(case.extension_asked.get("reason", ""))),
    )


def _days_asked(case: Any) -> int:
    return int(case.extension_asked.get("days", 0))


def _fits(_actor: Actor, case: Any, verb: str) -> bool:
    """Offer more time as long as it is asked for and was not given."""
    return verb != "extend" or (bool(case.extension_asked) and case.state != "extended")


_MORE_TIME: Final = {"extend": ("days", _days_asked)}
DECISIONS: Final = {
    "verification": Decision(
        agree=("extend", "confirm"),
        gist=_gist,
        back={"find_unfounded": "reason"},
        says={"confirm": "reason"},
        reads=_MORE_TIME,
        fits=_fits,
    ),
    "objection": Decision(agree=(), gist=_gist, opens=("decide", "decide_department")),
    "open_correction": Decision(
        agree=("extend", "change"),
        gist=_gist,
        back={"refuse": "reason"},
        reads=_MORE_TIME,
        opens=("agree",),
        fits=_fits,
    ),
    "complaint": Decision(agree=(), gist=_gist, opens=("resolve",)),
}
"""By kind of case: verification has two answers, each with its reason; decisions with more to say open the case's page."""
