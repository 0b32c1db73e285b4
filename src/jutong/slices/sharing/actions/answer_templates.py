"""A provider keeps the answers it gives again and again; choosing one fills a draft in, it never sends anything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Who
from jutong.kernel.errors import Conflict, NotAllowed
from jutong.kernel.terms import N_
from jutong.slices.sharing.models import AnswerTemplate
from jutong.slices.sharing.rules import answer_templates as rules
from jutong.slices.sharing.workflow import STAFF

ANY_KEEPER: Final = Who("provider", N_("提供方数据专员"), STAFF)
KEEPER: Final = Who("provider", N_("提供方数据专员"), STAFF, of="department_id")


def _knows(by: Actor, row: AnswerTemplate) -> bool:
    return row.department_id in by.serves


@action("sharing.keep_answer_template", label=N_("保存答复范本"), allow=ANY_KEEPER)
def keep_answer_template(*, by: Actor, at: datetime, kind: str, name: str, words: Mapping[str, Any]) -> AnswerTemplate:
    """Keep a template for one's own department. words: as its kind has them; RuleBroken for what no answer may say.

    Conflict for a name that the department has.
    """
    if by.department_id is None:
        raise NotAllowed(_("您没有所属部门，不能保存范本。"))
    row = AnswerTemplate(department_id=by.department_id)
    _fill(row, by, at, kind, name, words)
    return row


@action("sharing.change_answer_template", label=N_("修改答复范本"), allow=KEEPER, on=AnswerTemplate, visible=_knows)
def change_answer_template(
    row: AnswerTemplate, *, by: Actor, at: datetime, kind: str, name: str, words: Mapping[str, Any]
) -> None:
    """Change a template; answers given with it before stay as they were."""
    _fill(row, by, at, kind, name, words)


def _fill(row: AnswerTemplate, by: Actor, at: datetime, kind: str, name: str, words: Mapping[str, Any]) -> None:
    row.kind = rules.check_kind(kind)
    row.name, row.words = rules.check_name(name), rules.words_of(rules.check_kind(kind), words)
    same = AnswerTemplate.objects.filter(department_id=row.department_id, name=row.name).exclude(pk=row.pk)
    if same.exists():
        raise Conflict(_("本部门已有名为“%s”的范本，请改名或修改原有范本。") % row.name)
    row.changed_by, row.changed_at = by.name[:100], at
    row.save()


@action("sharing.drop_answer_template", label=N_("删除答复范本"), allow=KEEPER, on=AnswerTemplate, visible=_knows)
def drop_answer_template(row: AnswerTemplate, *, by: Actor, at: datetime) -> None:
    """Keep a template no longer; answers given with it stay."""
    AnswerTemplate.objects.filter(pk=row.pk).delete()
