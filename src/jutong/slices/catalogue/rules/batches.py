"""Sets of entries that are decided together: what can be done with a set, and what has to be said with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jutong.kernel.errors import NotThere, RuleBroken
from jutong.kernel.terms import N_

BATCH_VERBS: Final[Mapping[str, str]] = {
    "review": N_("审核通过"),
    "determine": N_("核定并审核通过"),
    "return_entry": N_("退回"),
    "publish": N_("发布"),
}
MOST: Final = 5_000
"""Entries of one set."""


def check_batch(verb: str, entries: int, *, note: str, number: str, remarks: int) -> None:
    """Refuse a set without entries or with too many, a return without any reason, a determination without number."""
    if verb not in BATCH_VERBS:
        raise NotThere(N_("没有这项批量操作，请刷新页面后重试。"))
    if not entries:
        raise RuleBroken(N_("请先勾选要办理的目录。"), field="ids")
    if entries > MOST:
        raise RuleBroken(N_("一次最多办理 5000 条，请按部门或名称筛选后分批办理。"), field="ids")
    if verb == "return_entry" and not note.strip() and not remarks:
        raise RuleBroken(N_("退回须说明理由，请填写总体意见或逐项意见。"), field="reason")
    if verb == "determine" and not number.strip():
        raise RuleBroken(N_("核定须填写文号。"), field="number")
