"""Duties of collection: whether a line is fulfilled, and what a registered collection must state."""

from __future__ import annotations

from datetime import date
from typing import Final

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_

FULFILMENT: Final = {"open": N_("待落实"), "fulfilled": N_("已落实"), "late": N_("逾期")}
"""States of a line (W05): no data yet and none due; data provided by the cycle; older than the cycle allows."""


def fulfilment(*, mounted: bool, refreshed_on: date | None, due_on: date | None, today: date) -> str:
    """Return the state of a line by the pulse of its entry; what is mounted is read at its source (W05)."""
    if mounted:
        return "fulfilled"
    if due_on is not None and due_on < today:
        return "late"
    return "open" if refreshed_on is None else "fulfilled"


def check_collection(purpose: str, basis: str) -> None:
    """Refuse a collection without purpose or legal basis (R-CEN-005)."""
    remarks: dict[str, str] = {}
    if not purpose.strip():
        remarks["purpose"] = N_("请写明采集目的。")
    if not basis.strip():
        remarks["basis"] = N_("请写明采集依据。")
    if remarks:
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks)
