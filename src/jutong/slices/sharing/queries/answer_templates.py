"""The named templates of a department's answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotThere
from jutong.slices.sharing.models import AnswerTemplate
from jutong.slices.sharing.rules.answer_templates import TemplateKind


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """A template: for which answer, its name and words."""

    id: int
    kind: str
    label: str
    name: str
    words: Mapping[str, Any]
    changed_by: str
    changed_at: datetime


def answer_templates(actor: Actor, *kinds: str) -> list[TemplateRow]:
    """Return the templates of the actor's departments, by kind and name; kinds: only these."""
    rows = AnswerTemplate.objects.filter(department_id__in=actor.serves).order_by("kind", "name")
    return [_row(row) for row in (rows.filter(kind__in=kinds) if kinds else rows)]


def answer_template(template_id: int, actor: Actor) -> TemplateRow:
    """Return one template. NotThere for other departments'."""
    row = AnswerTemplate.objects.filter(pk=template_id, department_id__in=actor.serves).first()
    if row is None:
        raise NotThere(_("没有找到该范本，或不属于您的部门。"))
    return _row(row)


def _row(row: AnswerTemplate) -> TemplateRow:
    label = _(TemplateKind(row.kind).label)
    return TemplateRow(row.pk, row.kind, label, row.name, row.words, row.changed_by, row.changed_at)
