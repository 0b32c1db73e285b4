"""Internal rules of departments in every version, and the files an account may download."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel import files
from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotThere
from jutong.slices.parties.models import Department, InternalRules
from jutong.slices.parties.rules.words import RulesKind
from jutong.slices.parties.workflow import PEOPLE_READERS


@dataclass(frozen=True, slots=True)
class RulesRow:
    """One version of a department's rules; replaced_at: when the next one was filed, None for the one in force."""

    id: int
    kind: str
    kind_label: str
    version: int
    title: str
    file_id: int
    file_name: str
    filed_at: datetime
    replaced_at: datetime | None = None


def internal_rules(department_id: int) -> list[RulesRow]:
    """Return a department's rules, newest version of each kind first (R-OVR-009)."""
    rows = InternalRules.objects.filter(department_id=department_id).select_related("file").order_by("kind", "-version")
    found, newer = [], dict[str, datetime]()
    for r in rows[:200]:
        label, until = _(RulesKind(r.kind).label), newer.get(r.kind)
        found.append(RulesRow(r.pk, r.kind, label, r.version, r.title, r.file_id, r.file.name, r.filed_at, until))
        newer[r.kind] = r.filed_at
    return found


@dataclass(frozen=True, slots=True)
class CorrectionChannel:
    """Where corrections of a department's data are asked for; empty where none is registered."""

    text: str
    open_to_public: bool


def correction_channel(department_id: int) -> CorrectionChannel:
    """Return a department's correction channel (national-2025#26)."""
    row = Department.objects.filter(pk=department_id).values_list("correction_channel", "correction_public").first()
    return CorrectionChannel(*(row or ("", False)))


def without_channel(department_ids: Iterable[int]) -> dict[int, str]:
    """Return which of these departments have no correction channel, with their names."""
    rows = Department.objects.filter(pk__in=set(department_ids), correction_channel="")
    return dict(rows.values_list("pk", "name"))


def without_rules(kind: str, department_ids: Iterable[int]) -> set[int]:
    """Return which of these departments have filed no rules of a kind."""
    wanted = set(department_ids)
    filed = InternalRules.objects.filter(department_id__in=wanted, kind=kind).values_list("department_id", flat=True)
    return wanted - set(filed)


def rules_version(department_id: int, rules_id: int, actor: Actor) -> RulesRow:
    """Return one version to the department's own people and overseeing posts. NotThere for everybody else."""
    inside = actor.department_id == department_id or any(post.department_id == department_id for post in actor.posts)
    row = next((r for r in internal_rules(department_id) if r.id == rules_id), None)
    if row is None or not (inside or actor.roles & PEOPLE_READERS):
        raise NotThere(_("没有找到该制度文件，或您无权查阅。"))
    return row


def own_file(file_id: int, actor: Actor) -> files.FileRow:
    """Return a stored file to the account that made it, such as the refused rows of an import. NotThere otherwise."""
    row = files.row(file_id)
    if actor.account_id is None or row.account_id != actor.account_id:
        raise NotThere(_("没有找到该文件。"))
    return row
