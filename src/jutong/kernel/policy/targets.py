"""Internal targets where a text says "promptly" without a number: shown as such, never a statutory limit (R-OVR-039)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from django.utils.translation import gettext as _

from jutong.kernel.policy.case import Policy
from jutong.kernel.policy.parameters import MOST_DAYS, ProfileInvalid, parameters
from jutong.kernel.terms import N_

_PROMPTLY = {
    "objection_notice": N_("告知异议提出人处理结果"),
    "complaint_handling": N_("投诉举报办理"),
    "backflow_answer": N_("安排回流需求"),
}
"""Duties without any parameter in days (neijiang-2020#41(2), national-2025#37, national-2025#24)."""


@cache
def points() -> Mapping[str, str]:
    """Return what can have a target, by code, with its Chinese name: every limit a text may leave open, and the duties."""
    limits = {name: one.zh for name, one in parameters().items() if one.type == "days" and one.absent}
    return MappingProxyType(limits | _PROMPTLY)


def check_targets(targets: Mapping[str, object]) -> dict[str, int]:
    """Return targets in working days by code; ProfileInvalid with a remark for each that cannot be used."""
    remarks = {}
    for code, days in targets.items():
        if code not in points():
            remarks[code] = _("“%(code)s”不是可以设内部目标的事项，请从列表中选择。") % {"code": code[:64]}
        elif not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= MOST_DAYS:
            words = {"label": _(points()[code]), "most": MOST_DAYS}
            remarks[code] = _("“%(label)s”的内部目标须为 1 至 %(most)d 的整数工作日，请修改。") % words
    if remarks:
        raise ProfileInvalid("".join(remarks.values()), remarks=remarks)
    return {code: days for code, days in targets.items() if isinstance(days, int)}


def target_in_words(days: int) -> str:
    """Word a target, so that nobody takes it for a limit."""
    return _("内部目标 %(days)d 个工作日（非法定期限）") % {"days": days}


def open_ended(rules: Policy, code: str) -> bool:
    """Tell whether the rules leave a duty without a number, so that it can have a target."""
    declared = parameters().get(code)
    if declared is None or declared.type != "days":
        return True
    return any(rules.days(code, kind) is None for kind in declared.kinds or [None])
