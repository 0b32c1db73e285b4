"""Tasks by which a source department has others correct and supplement its data; left undone they become findings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from jutong.kernel import outbox
from jutong.kernel.actors import Actor, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere, RuleBroken, WrongState
from jutong.slices.catalogue.events import SOURCE_NOT_SUPPORTED
from jutong.slices.catalogue.models import Designation, SourceTask
from jutong.slices.catalogue.rules.sources import check_reason, check_task, item_names
from jutong.slices.catalogue.workflow import SOURCE_TASK
from jutong.slices.parties import queries as parties

PLATFORM: Final = system_actor("catalogue")


@SOURCE_TASK.opens("ask")
def ask_support(
    *, by: Actor, at: datetime, designation_id: int, holder_id: int, items: Sequence[str], text: str, due_on: date | None
) -> SourceTask:  # fmt: skip
    """Ask a department that holds parts of the source's data to correct or supplement them by a day (national-2025#39(3)).

    RuleBroken without items, text or date, for items of another source and for the source itself.
    """
    case = Designation.objects.filter(pk=designation_id).first()
    if case is None or case.source_id is None:
        raise NotThere(_("没有找到该数源认定，或您无权知悉。"))
    if case.state != "in_force":
        raise WrongState(_("数源认定尚未生效或已终止，不能据以提出更新任务。"))
    chosen = item_names(items)
    if strange := set(chosen) - set(case.items.values_list("name", flat=True)):
        raise RuleBroken(
            _("信息项“%s”不在这项数源认定之内，请从列表中选择。") % "、".join(sorted(strange)[:10]), field="items"
        )
    holder = parties.department(holder_id)
    if holder.id == case.source_id:
        raise RuleBroken(_("请选择数源部门以外的部门。"), field="holder_id")
    return SourceTask(
        region=case.region,
        designation=case,
        source_id=case.source_id,
        holder_id=holder.id,
        authority_id=case.authority_id,
        items=list(chosen),
        text=text.strip()[:1000],
        due_on=check_task(text, due_on, today=beijing_day(at)),
        at=at,
    )


@SOURCE_TASK.action("do")
def do_task(case: SourceTask, *, by: Actor, at: datetime, note: str) -> None:
    """The department says what it corrected or supplemented; after the day the task counts as late."""
    case.note = check_reason(note, field="note")[:1000]
    case.done_on = beijing_day(at)
    case.late = case.done_on > case.due_on


def lapse_tasks(*, at: datetime, limit: int = 500) -> int:
    """Record tasks whose day has passed, each as a proposed finding with the task as evidence (R-CEN-027)."""
    late = SourceTask.objects.filter(state="open", due_on__lt=beijing_day(at)).order_by("pk")
    with transaction.atomic():
        moved = SOURCE_TASK.advance_many("lapse", late.values_list("pk", flat=True)[:limit], by=PLATFORM, at=at)
        for case in SourceTask.objects.filter(pk__in=moved.done).order_by("pk"):
            evidence = {"items": case.items, "text": case.text, "due_on": case.due_on.isoformat()}
            payload = {"id": case.pk, "finding": "source_not_supported", "evidence": evidence, **case.event_payload()}
            outbox.publish(SOURCE_NOT_SUPPORTED, f"{SOURCE_TASK.name}:{case.pk}", payload, at=at, by=PLATFORM)
    return len(moved.done)
