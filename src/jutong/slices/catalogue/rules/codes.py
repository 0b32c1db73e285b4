"""Resource codes: 类 项 目 细目, "/" and a serial number (standards-facts section 3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_

PATTERN: Final = r"[123]\d{2}\d{3}\d*/\d+"
"""The default shape of a code; a specification may set a narrower one."""
SERIAL_DIGITS: Final = 6
CLASS_DIGITS: Final = {"base": "1", "theme": "2", "department": "3"}
LOCAL_DEPARTMENTS: Final = "307"
"""类 3 and 项 07: departments of provinces and below (common practice, unconfirmed in the guide)."""

BASE_CATEGORIES: Final = {
    "population": N_("人口信息"),
    "legal_person": N_("法人单位信息"),
    "natural_resources_spatial": N_("自然资源和空间地理信息"),
    "social_credit": N_("社会信用信息"),
    "electronic_licence": N_("电子证照信息"),
}
"""项 of 类 1 in the guide's order."""
THEMES: Final = {
    "public_service": N_("公共服务"),
    "health": N_("健康保障"),
    "social_security": N_("社会保障"),
    "food_drug_safety": N_("食品药品安全"),
    "production_safety": N_("安全生产"),
    "price_supervision": N_("价格监管"),
    "energy_security": N_("能源安全"),
    "credit_system": N_("信用体系"),
    "urban_rural_construction": N_("城乡建设"),
    "community_governance": N_("社区治理"),
    "ecology": N_("生态环保"),
    "emergency_stability": N_("应急维稳"),
}
"""项 of 类 2 in the guide's order."""


@dataclass(frozen=True, slots=True)
class Code:
    """A resource code in its parts: 类 (1 digit), 项 (2), 目 (3), 细目 (any), serial."""

    kind: str
    group: str
    branch: str
    leaf: str
    serial: int
    digits: int = SERIAL_DIGITS

    @property
    def class_code(self) -> str:
        """The part before the stroke."""
        return f"{self.kind}{self.group}{self.branch}{self.leaf}"

    def __str__(self) -> str:
        return entry_code(self.class_code, self.serial, self.digits)


def entry_code(class_code: str, serial: int, digits: int = SERIAL_DIGITS) -> str:
    """Return the code of the serial-th entry of a class, such as ``3070010001/000001``; digits: at least so many."""
    return f"{class_code}/{serial:0{digits}d}"


def parse_code(text: str, pattern: str = PATTERN, digits: int = SERIAL_DIGITS) -> Code:
    """Return the parts of a code; RuleBroken for one that does not follow the pattern, nor the default one."""
    if len(text) > 64 or not (re.fullmatch(pattern, text, re.ASCII) and re.fullmatch(PATTERN, text, re.ASCII)):  # noqa: PLR2004 - the column's width
        raise RuleBroken(
            N_("信息资源代码应为“类1位、项2位、目3位、细目、/、顺序码”，例如 3070010001/000001"), field="code"
        )
    class_code, serial = text.split("/")
    return Code(class_code[0], class_code[1:3], class_code[3:6], class_code[6:], int(serial), digits)


def group_code(resource_class: str, category: str) -> str:
    """Return 类 and 项 of a class and category; "" when the category is not in the guide's list."""
    if resource_class == "department":
        return LOCAL_DEPARTMENTS
    names = list(BASE_CATEGORIES if resource_class == "base" else THEMES)
    if category not in names:
        return ""
    return f"{CLASS_DIGITS[resource_class]}{names.index(category) + 1:02d}"


def department_class(region_number: int, department_number: int) -> str:
    """Return the class code of a department: 目 numbers its region, 细目 the department within it."""
    return f"{LOCAL_DEPARTMENTS}{region_number:03d}{department_number:04d}"
