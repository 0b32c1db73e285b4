"""Internal rules of departments, every version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from jutong.slices.parties.models import InternalRules
from jutong.slices.parties.rules.words import RulesKind


@dataclass(frozen=True, slots=True)
class RulesRow:
    """One version of a department's rules."""

    id: int
    kind: str
    kind_label: str
    version: int
    title: str
    file_id: int
    file_name: str
    filed_at: datetime


def internal_rules(department_id: int) -> list[RulesRow]:
    """Return a department's rules, newest version of each kind first (R-OVR-009)."""
    rows = InternalRules.objects.filter(department_id=department_id).select_related("file").order_by("kind", "-version")
    return [
        RulesRow(r.pk, r.kind, _(RulesKind(r.kind).label), r.version, r.title, r.file_id, r.file.name, r.filed_at)
        for r in rows[:200]
    ]
