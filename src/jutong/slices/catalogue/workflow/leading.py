"""Who decides which department leads a library or theme, and which unit is a catalogue office."""

from __future__ import annotations

from typing import Final

from jutong.kernel.actors import Role, Who
from jutong.kernel.terms import N_
from jutong.slices.catalogue.workflow.entries import AUTHORITY

HEADS: Final = (Role.PRINCIPAL, Role.DEPARTMENT_LEADER, Role.SHARING_UNIT_HEAD)
NAMERS: Final = Who("namers", AUTHORITY.label, AUTHORITY.roles, of="named_by_id") | Who(
    "department_heads", N_("省级部门的负责人"), HEADS, of="named_by_id"
)
"""A government's office is named and ended by its authority, a provincial department's by its own heads."""
