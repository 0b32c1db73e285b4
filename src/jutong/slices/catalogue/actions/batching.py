"""Deciding sets of entries: at once, or in the background with progress; who was overtaken is told by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel import jobs
from jutong.kernel.actions import action
from jutong.kernel.actors import SYSTEM_ONLY, Actor, Channel, Role, Who, system_actor
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Moved
from jutong.slices.catalogue.actions.approving import (
    determine_entries,
    publish_entries,
    review_entries,
)
from jutong.slices.catalogue.actions.sending_back import return_entries
from jutong.slices.catalogue.models import Entry, ReviewBatch
from jutong.slices.catalogue.rules.batches import BATCH_VERBS, check_batch
from jutong.slices.catalogue.workflow import may_know
from jutong.slices.parties import queries as parties

TASK: Final = "catalogue.decide_batch"
AT_ONCE: Final = 200
"""Entries that are decided while the person waits; larger sets are worked off in the background, so many at a time."""
REVIEWERS: Final = Who(
    "reviewer", N_("政务数据共享主管部门审核员或负责人"), (Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD)
)


@action("catalogue.decide_batch", label=N_("批量办理目录"), allow=REVIEWERS)
def decide_batch(
    verb: str,
    *,
    by: Actor,
    at: datetime,
    ids: Sequence[int],
    note: str = "",
    number: str = "",
    remarks: Mapping[int, str] | None = None,
) -> ReviewBatch:
    """Pass, determine, return or publish a set; each entry moves or stays by the rules for single ones.

    note: said of all; remarks: of single entries, in its place. number: of a determination. Up to `AT_ONCE` entries are
    decided before this returns, more of them by the worker, under the rights the person has then. RuleBroken for no
    entry, for too many, a return without any reason, a determination without number.
    """
    chosen = list(dict.fromkeys(ids))
    said = {pk: text.strip()[:1000] for pk, text in (remarks or {}).items() if text.strip() and pk in set(chosen)}
    check_batch(verb, len(chosen), note=note, number=number, remarks=len(said))
    batch = ReviewBatch.objects.create(
        verb=verb,
        note=note.strip()[:1000],
        number=number.strip()[:64],
        remarks={str(pk): text for pk, text in said.items()},
        chosen=chosen,
        total=len(chosen),
        account_id=by.account_id,
        account_name=by.name[:100],
        address=by.address[:64],
        channel=by.channel,
        at=at,
    )
    if len(chosen) <= AT_ONCE:
        _work_off(batch, chosen, by, at)
        _finish(batch, at)
    else:
        title = _("批量办理目录：%(verb)s %(total)d 条") % {"verb": _(BATCH_VERBS[verb]), "total": len(chosen)}
        batch.progress_id = jobs.start(TASK, title, by=by, at=at, batch_id=batch.pk, moment=at.isoformat())
        batch.save(update_fields=["progress_id"])
    return batch


@jobs.task(TASK)
def decide_in_background(running: jobs.Running, *, batch_id: int, moment: str) -> None:
    """Work off a large set, `AT_ONCE` at a time; each part stands by itself, so that a break loses none of what moved."""
    at = datetime.fromisoformat(moment)
    batch = ReviewBatch.objects.get(pk=batch_id)
    by = parties.actor_for(batch.account_id or 0, batch.address, Channel(batch.channel), at=at)
    while batch.chosen:
        _work_off(batch, batch.chosen[:AT_ONCE], by, at)
        batch.save()
        running.step(batch.total - len(batch.chosen), batch.total)
    finish_batch(batch_id, by=system_actor(_("批量办理 %d") % batch_id), at=at)
    running.result(link=f"/catalogue/review/batches/{batch_id}/", message=told(ReviewBatch.objects.get(pk=batch_id)))


def _work_off(batch: ReviewBatch, part: Sequence[int], by: Actor, at: datetime) -> None:
    """Move a part of a set and write down what stayed, by name."""
    moved, notice = _moved(batch, part, by, at)
    stayed = {row.pk: row for row in Entry.objects.filter(pk__in=moved.refused) if may_know(by, row)}
    for pk, sentence in sorted(moved.refused.items()):
        row = stayed.get(pk)
        batch.refused.append([pk, row.title if row else "", row.provider_name if row else "", sentence])
    batch.done += len(moved.done)
    batch.chosen = [pk for pk in batch.chosen if pk not in set(part)]
    batch.notices = "、".join(filter(None, (batch.notices, notice)))[:500]


def _moved(batch: ReviewBatch, part: Sequence[int], by: Actor, at: datetime) -> tuple[Moved, str]:
    remarks = {int(pk): text for pk, text in batch.remarks.items()}
    if batch.verb == "publish":
        return publish_entries(part, by=by, at=at)
    if batch.verb == "return_entry":
        return return_entries(part, by=by, at=at, reason=batch.note, remarks=remarks), ""
    if batch.verb == "determine":
        return determine_entries(part, by=by, at=at, number=batch.number, note=batch.note, remarks=remarks), ""
    return review_entries(part, by=by, at=at, note=batch.note, remarks=remarks), ""


@action("catalogue.finish_batch", label=N_("登记批量办理结果"), allow=SYSTEM_ONLY, on=ReviewBatch)
def finish_batch(batch: ReviewBatch, *, by: Actor, at: datetime) -> None:
    """Write down that a set was worked off."""
    _finish(batch, at)


def _finish(batch: ReviewBatch, at: datetime) -> None:
    batch.finished_at = at
    batch.save()


def told(batch: ReviewBatch) -> str:
    """Return what became of a set as one sentence; the first that stayed are named with the reason."""
    said = _("已办理 %(done)d 条。") % {"done": batch.done}
    if batch.notices:
        said += _("通告编号：%s。") % batch.notices
    if batch.refused:
        reasons: dict[str, list[str]] = {}
        for _pk, title, _provider, sentence in batch.refused:
            reasons.setdefault(sentence, []).append(title)
        parts = [
            "".join(f"《{title}》" for title in titles[:3] if title) + sentence for sentence, titles in reasons.items()
        ]
        words = {"refused": len(batch.refused), "reasons": "；".join(parts)[:500]}
        said += _("未办理 %(refused)d 条：%(reasons)s") % words
    return said
