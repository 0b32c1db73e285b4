"""Who compiles what: entries of base libraries and themes come from their lead department, themes name who builds them too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from jutong.kernel.errors import NotAllowed, Refusal, RuleBroken, WrongState
from jutong.kernel.policy import Policy, parameters
from jutong.kernel.terms import N_, Level
from jutong.slices.catalogue.rules.codes import BASE_CATEGORIES, THEMES
from jutong.slices.catalogue.rules.content import Content

LED: Final = {"base": "base_categories", "theme": "theme_domains"}
"""Classes of entries that have a lead department, and the profile's list of what can be led."""
OFFICE_LEVELS: Final = frozenset({Level.CITY.value, Level.COUNTY.value})
_SEPARATORS: Final = re.compile(r"[、,，;；\n]+")


def demands_lead(policy: Policy, resource_class: str) -> bool:
    """Tell whether the local text divides its catalogue into this class, whose lead then compiles it (R-CAT-013, R-CAT-014)."""
    found = policy.effective("catalog_classes")
    return found.origin == "local" and resource_class in LED and resource_class in policy.list("catalog_classes")


def has_offices(policy: Policy) -> bool:
    """Tell whether the profile has governments and departments designate one catalogue office (jiangxi-2017#11)."""
    return "designated_office" in policy.list("catalog_office_required")


def categories(policy: Policy, resource_class: str) -> dict[str, str]:
    """Return what can be led in a class, code to Chinese name: the profile's list, else the national guide's."""
    names = {**BASE_CATEGORIES, **THEMES, **dict(parameters()[LED[resource_class]].choices)}
    listed = policy.list(LED[resource_class]) or tuple(BASE_CATEGORIES if resource_class == "base" else THEMES)
    return {code: names.get(code, code) for code in listed}


def builders(content: Content) -> tuple[str, ...]:
    """Return the departments that an entry names as building it together."""
    named = _SEPARATORS.split(content.extra.get("co_builders", ""))
    return tuple(dict.fromkeys(name.strip() for name in named if name.strip()))


def unled(
    content: Content, *, provider_id: int, provider: str, lead: tuple[int, str] | None, demanded: bool, label: str
) -> Refusal | None:
    """Return why an entry cannot go into its base library or theme, None where it can.

    lead: id and name of the lead department, None while there is none. demanded: the local text wants one. label: the
    library's or theme's name.
    """
    if content.resource_class not in LED or not content.category or (lead is None and not demanded):
        return None
    words = {"name": label, "lead": lead[1] if lead else ""}
    if lead is None:
        return WrongState(N_("“%(name)s”尚未指定牵头部门，不能编入目录；请先由主管部门指定牵头部门。"), **words)
    if lead[0] != provider_id:
        return NotAllowed(N_("“%(name)s”的目录由牵头部门%(lead)s编制和维护，请将资源交其编入，或改选分类。"), **words)
    if content.resource_class == "theme" and not set(builders(content)) - {provider}:
        return RuleBroken(N_("主题目录须在“共建部门”中写明至少一个共同建设的其他部门。"), field="co_builders")
    return None


def check_category(chosen: Sequence[str], known: dict[str, str]) -> tuple[str, ...]:
    """Return the categories a lead is named for, each once; RuleBroken for none or one that the profile does not list."""
    found = tuple(dict.fromkeys(chosen))
    if not found:
        raise RuleBroken(N_("请至少选择一个基础库类别或主题领域。"), field="categories")
    if strange := [code for code in found if code not in known]:
        raise RuleBroken(N_("当前政策未列类别“%(code)s”，请从列表中选择。"), field="categories", code=strange[0][:60])
    return found


def check_document(document: str) -> str:
    """Return the number of a decision; RuleBroken for none."""
    if not document.strip():
        raise RuleBroken(N_("请填写文号。"), field="document")
    return document.strip()[:100]
