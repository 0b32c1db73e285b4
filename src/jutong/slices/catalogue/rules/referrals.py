"""Referral of an unclear sharing type or grade: what it asks, and what a decision must fix."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from jutong.kernel.errors import RuleBroken
from jutong.kernel.levels import LEVELS
from jutong.kernel.terms import N_, ShareType

ASKED: Final = {"share_type": N_("共享属性"), "security_level": N_("数据定级")}
"""What can be referred (neijiang-2020#25)."""


def check_referral(asked: Sequence[str], reason: str) -> None:
    """Refuse a referral that does not say what is unclear and why."""
    remarks: dict[str, str] = {}
    if not asked or set(asked) - ASKED.keys():
        remarks["asked"] = N_("请选择难以确定的事项：共享属性、数据定级，可以多选。")
    if not reason.strip():
        remarks["reason"] = N_("请说明难以确定的理由和本部门的倾向意见。")
    if remarks:
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks)


def check_decision(
    asked: Collection[str], share_type: str, security_level: str, document: str, *, opinions: int
) -> None:
    """Refuse a decision without number, without what was asked, or without a consulted department (R-CAT-040)."""
    if not opinions:
        raise RuleBroken(
            N_("属性和定级须会同有关部门确定：请先征求至少一个部门的意见并记录，再作决定。"), field="document"
        )
    remarks: dict[str, str] = {}
    if not document.strip():
        remarks["document"] = N_("请填写文号。")
    if "share_type" in asked and share_type not in set(ShareType):
        remarks["share_type"] = N_("请选择确定的共享类型。")
    if "security_level" in asked and security_level not in LEVELS:
        remarks["security_level"] = N_("请选择确定的数据分级。")
    if remarks:
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks)
