"""What a department has to register for its sharing work, and what of it is missing."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils.translation import gettext as _

from jutong.slices.parties.rules.words import RulesKind, UnitKind

DECREE: Final = date(2025, 8, 1)
"""Since then every department needs a sharing unit with a head (national-2025#11, #44)."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What a department has: principal, goals, a person, a sharing unit, its head, unit kinds, kinds of rules, a correction channel."""

    principal: bool
    goals: bool
    person: bool
    unit: bool
    head: bool
    kinds: AbstractSet[str]
    rules: AbstractSet[str]
    channel: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What the profile asks beyond principal and person: a body, unit roles, liability rules, rules and channel of correction."""

    unit: bool
    unit_roles: bool
    liability: bool
    verification: bool = False
    channel: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """Something missing: code, sentence with remedy, the requirement's source."""

    code: str
    sentence: str
    source: str


def check(has: Registered, asked: Asked) -> tuple[Gap, ...]:
    """Return the gaps in the order a department would close them."""
    found = []
    if not has.principal:
        found.append(Gap("principal", _("未登记主要负责人（第一责任人）。"), "national-2025#10"))
    if not has.goals:
        found.append(Gap("goals", _("未登记共享工作的目标和职责。"), "jiangxi-2017#23"))
    if not has.person:
        found.append(Gap("person", _("未报送承担共享工作的专门人员。"), "inner-mongolia-2018#27"))
    if asked.unit and not has.unit:
        found.append(Gap("sharing_unit", _("未登记政务数据共享工作机构。"), "national-2025#11"))
    if asked.unit and not has.head:
        found.append(Gap("sharing_unit_head", _("共享工作机构未登记负责人。"), "national-2025#11"))
    if asked.unit_roles:
        missing = [kind for kind in UnitKind if kind not in has.kinds]
        found += [
            Gap(f"unit_{kind}", _("未登记%s及其职责。") % _(kind.label), "national-project-opinion#6")
            for kind in missing
        ]
    needed = [RulesKind.PROCEDURES, RulesKind.MANAGEMENT] + ([RulesKind.LIABILITY] if asked.liability else [])
    found += [
        Gap(f"rules_{kind}", _("未备案%s。") % _(kind.label), "national-2025#10")
        for kind in needed
        if kind not in has.rules
    ]
    if asked.verification and RulesKind.VERIFICATION not in has.rules:
        words = _("未备案%s。") % _(RulesKind.VERIFICATION.label)
        found.append(Gap(f"rules_{RulesKind.VERIFICATION}", words, "national-2025#26"))
    if asked.channel and not has.channel:
        found.append(Gap("correction_channel", _("未登记纠错渠道，其目录不能发布。"), "national-2025#26"))
    return tuple(found)
