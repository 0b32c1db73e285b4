"""Changes of published entries as cases of their own: the list, and one with what it changes and what was done for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import LARGEST, Page, every, page
from jutong.slices.catalogue.models import AffectedEntry, Revision
from jutong.slices.catalogue.queries.contents import contents_of
from jutong.slices.catalogue.queries.entries import OpinionRow, opinions_of
from jutong.slices.catalogue.queries.versions import DifferenceRow, in_words, label_of
from jutong.slices.catalogue.rules.differences import differences
from jutong.slices.catalogue.workflow import ENTRY


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """A change in a list: its entry with the state it is in, from which version to which; done_at: in force since."""

    id: int
    entry_id: int
    title: str
    code: str
    provider_name: str
    number: int
    reason: str
    state: str
    state_label: str
    old: int
    new: int
    begun_by: str
    begun_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class RevisionDetail:
    """A change as its page shows it. duties: update duties (id, occasion) that the entry's change meets."""

    row: RevisionRow
    changes: tuple[DifferenceRow, ...]
    opinions: tuple[OpinionRow, ...]
    duties: tuple[tuple[int, str], ...]


def _known_to(actor: Actor) -> QuerySet[Revision]:
    rows = Revision.objects.select_related("entry__working", "from_version", "to_version")
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return rows
    return rows.filter(Q(entry__provider__in=actor.serves) | Q(entry__authority__in=actor.serves))


def revisions(
    actor: Actor, *, open_only: bool = False, text: str = "", number: int = 1, size: int = 20
) -> tuple[list[RevisionRow], Page]:
    """Return the changes of the actor's departments and of those their authority reviews, newest first."""
    rows = _known_to(actor).order_by("-pk")
    if open_only:
        rows = rows.filter(done_at=None)
    if text:
        rows = rows.filter(Q(entry__title__icontains=text) | Q(reason__icontains=text))
    found, meta = page(rows, number, size)
    return [_row(case) for case in found], meta


def _row(case: Revision) -> RevisionRow:
    entry, new = case.entry, case.to_version or case.entry.working
    done = case.done_at is not None
    return RevisionRow(
        id=case.pk,
        entry_id=entry.pk,
        title=entry.title,
        code=entry.code or "",
        provider_name=entry.provider_name,
        number=case.number,
        reason=case.reason,
        state="published" if done else entry.state,
        state_label=_("已生效") if done else ENTRY.state_label(entry.state),
        old=case.from_version.number,
        new=new.number if new else case.from_version.number,
        begun_by=case.account_name,
        begun_at=case.begun_at,
        done_at=case.done_at,
    )


def revision_lines(actor: Actor, *, open_only: bool = False, text: str = "") -> Iterator[RevisionRow]:
    """Return every change of a list, page by page, for Excel."""
    return every(lambda number: revisions(actor, open_only=open_only, text=text, number=number, size=LARGEST))


def revision(revision_id: int, *, actor: Actor) -> RevisionDetail:
    """Return one change with its differences and acts. NotThere for one the actor may not know of."""
    case = _known_to(actor).filter(pk=revision_id).first()
    if case is None:
        raise NotThere(_("没有找到该变更，或您无权知悉。"))
    old, new = case.from_version_id, case.to_version_id or case.entry.working_id or case.from_version_id
    contents = contents_of([old, new])
    acts = [
        row for row in opinions_of(case.entry) if row.at >= case.begun_at and (not case.done_at or row.at <= case.done_at)
    ]  # fmt: skip
    named = AffectedEntry.objects.filter(entry=case.entry, update__at__lte=case.done_at or case.entry.changed_at)
    named = named.filter(Q(done_at=None) | Q(done_at__gte=case.begun_at)).select_related("update").order_by("pk")
    return RevisionDetail(
        row=_row(case),
        changes=tuple(
            DifferenceRow(d.element, label_of(d.element), in_words(d.element, d.old), in_words(d.element, d.new))
            for d in differences(contents[old], contents[new])
        ),
        opinions=tuple(acts),
        duties=tuple((line.update_id, line.update.occasion) for line in named[:20]),
    )
