"""Drafting and publishing a region's catalogue of grades: it may divide general data and ask more, never less (R-SEC-040)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import IO

import msgspec
from django.db.models import Max
from django.utils.translation import gettext as _

from jutong.kernel import outbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Channel
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, RuleBroken, WrongState
from jutong.kernel.terms import N_
from jutong.slices.standards import events
from jutong.slices.standards.actions.policies import check_place
from jutong.slices.standards.formats import grades as sheets
from jutong.slices.standards.models import GradeScheme
from jutong.slices.standards.queries.grades import grades_above, scheme_of
from jutong.slices.standards.rules.grades import check_scheme, in_order, loosened
from jutong.slices.standards.workflow import AUTHORITY_HEADS
from jutong.wire.levels import Grade


def import_grades(source: IO[bytes], *, region: str, by: Actor, at: datetime) -> GradeScheme:
    """Draft a catalogue of grades from a workbook as `formats.grades.write` makes it; see `draft_grades`."""
    given = sheets.read(source)
    return draft_grades(region=region, title=given.title, basis=given.basis, grades=given.grades, by=by, at=at)


@action("standards.draft_grades", label=N_("起草数据分级目录"), allow=AUTHORITY_HEADS)
def draft_grades(
    *, region: str, title: str, grades: Sequence[Grade], basis: str = "", by: Actor, at: datetime
) -> GradeScheme:
    """Keep the draft of a region's next catalogue of grades, in place of an earlier draft.

    RuleBroken names each grade that cannot be used; NotAllowed for a region of another authority.
    """
    check_place(region, by)
    title = title.strip()
    if not title or len(title) > 100 or len(basis) > 200:  # noqa: PLR2004 - the columns' widths
        raise RuleBroken(_("请填写分级目录的名称（不超过 100 字）和发布文号（不超过 200 字）。"), field="title")
    check_scheme(grades)
    latest = GradeScheme.objects.filter(region=region, published_at__isnull=False).aggregate(n=Max("number"))["n"]
    number = (latest or 0) + 1
    kept, _made = GradeScheme.objects.update_or_create(
        region=region,
        published_at=None,
        defaults={
            "number": number,
            "reference": f"grades-{region}@{number}",
            "title": title,
            "basis": basis.strip(),
            "grades": msgspec.to_builtins(in_order(grades)),
            "drafted_by": by.name[:100],
            "drafted_at": at,
        },
    )
    return kept


@action("standards.publish_grades", label=N_("发布数据分级目录"), allow=AUTHORITY_HEADS, on=GradeScheme)
def publish_grades(draft: GradeScheme, *, effective_from: date, by: Actor, at: datetime) -> GradeScheme:
    """Publish a draft; it is in force from `effective_from` on, for what is submitted, published and granted from then.

    RuleBroken names every grade of which it asks less than the level above. WrongState when it was published before,
    Conflict when a later one is already published.
    """
    check_place(draft.region, by)
    if draft.published_at is not None:
        raise WrongState(_("该分级目录已经发布，不能再改；如需调整请起草新版本。"))
    if effective_from < beijing_day(at) and by.channel is not Channel.SYSTEM:
        raise RuleBroken(_("生效日期不能早于今天，请修改。"), field="effective_from")
    later = GradeScheme.objects.filter(region=draft.region, effective_from__gte=effective_from).first()
    if later is not None:
        words = {"title": later.title, "day": later.effective_from}
        raise Conflict(_("“%(title)s”自 %(day)s 起生效，新版本的生效日期须晚于它，请修改。") % words)
    if remarks := loosened(scheme_of(draft.pk), grades_above(draft.region, effective_from)):
        raise RuleBroken("".join(remarks.values()), remarks=remarks)
    draft.effective_from, draft.published_at, draft.published_by = effective_from, at, by.name[:100]
    draft.save()
    payload = {"id": draft.pk, "reference": draft.reference, "region": draft.region}
    dated = {**payload, "effective_from": effective_from.isoformat()}
    outbox.publish(events.GRADES_PUBLISHED, f"grades:{draft.region}", dated, at=at, by=by)
    return draft


@action("standards.discard_grades", label=N_("删除分级目录草稿"), allow=AUTHORITY_HEADS, on=GradeScheme)
def discard_grades(draft: GradeScheme, *, by: Actor, at: datetime) -> None:
    """Delete a draft; what was published stays, because entries were graded under it (WrongState)."""
    check_place(draft.region, by)
    if draft.published_at is not None:
        raise WrongState(_("已发布的分级目录不能删除。"))
    GradeScheme.objects.filter(pk=draft.pk).delete()
