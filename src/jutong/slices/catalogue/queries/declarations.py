"""A department's declaration in a census: its lines with what the catalogue gave, and the gaps that censuses found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import NotThere
from jutong.kernel.faces.pieces import Happening, happenings
from jutong.kernel.paging import LARGEST, Page, every, page
from jutong.kernel.queries import history
from jutong.kernel.workflow import Button
from jutong.slices.catalogue.models import CensusGap, CensusLine, Declaration
from jutong.slices.catalogue.queries.census import Sums, corrected
from jutong.slices.catalogue.rules.census import KINDS, QUANTITIES, plain
from jutong.slices.catalogue.rules.text import title_key
from jutong.slices.catalogue.workflow import CENSUS_GAP, DECLARATION
from jutong.slices.catalogue.workflow.census import DECLARER


@dataclass(frozen=True, slots=True)
class LineRow:
    """A resource of a declaration. given: the quantities as the catalogue had them; corrected: stated otherwise."""

    id: int
    entry_id: int
    title: str
    code: str
    kind: str
    kind_label: str
    sums: Sums
    given: Sums
    corrected: bool


@dataclass(frozen=True, slots=True)
class DeclarationDetail:
    """A declaration as its page shows it. kinds: how many lines are of each kind; fills: the actor may change lines.

    refused: rows of the last sheet that came back, as (row, name, [(column, sentence)]).
    """

    id: int
    census_id: int
    census_title: str
    department_id: int
    department: str
    state: str
    state_label: str
    counted_on: date
    due_on: date
    lines: int
    kinds: dict[str, int]
    sums: Sums
    sent_back: str
    refused: tuple[tuple[int, str, tuple[tuple[str, str], ...]], ...]
    fills: bool
    filled: bool
    declared_at: datetime | None
    declared_by: str
    buttons: tuple[Button, ...]
    happenings: tuple[Happening, ...]


@dataclass(frozen=True, slots=True)
class GapRow:
    """A resource that the catalogue lacks: whose, in which census, what became of it."""

    id: int
    census_id: int
    census_title: str
    department_id: int
    department: str
    title: str
    state: str
    state_label: str
    entry_id: int
    reason: str
    at: datetime
    ended_on: date | None
    waivable: bool


def _known(rows: QuerySet[Declaration], actor: Actor) -> QuerySet[Declaration]:
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return rows
    return rows.filter(Q(department__in=actor.serves) | Q(authority__in=actor.serves))


def _case(declaration_id: int, actor: Actor) -> Declaration:
    rows = Declaration.objects.select_related("census", "department")
    case = _known(rows, actor).filter(pk=declaration_id).first()
    if case is None:
        raise NotThere(_("没有找到该普查填报，或您无权知悉。"))
    return case


def declaration(declaration_id: int, *, actor: Actor) -> DeclarationDetail:
    """Return one declaration without its lines. NotThere for one the actor may not know of."""
    case = _case(declaration_id, actor)
    kinds = dict(case.resources.values_list("kind").annotate(many=Count("pk")).order_by("kind"))
    return DeclarationDetail(
        id=case.pk,
        census_id=case.census_id,
        census_title=case.census.title,
        department_id=case.department_id,
        department=case.department.name,
        state=case.state,
        state_label=DECLARATION.state_label(case.state),
        counted_on=case.census.counted_on,
        due_on=case.census.due_on,
        lines=sum(kinds.values()),
        kinds=kinds,
        sums=case.quantities(),
        sent_back=case.sent_back,
        refused=tuple(
            (number, title, tuple((_label(name), sentence) for name, sentence in remarks.items()))
            for number, title, remarks in case.refused
        ),
        fills=case.state == "assigned"
        and case.census.filled_at is not None
        and DECLARER.permits(actor, case) is not None,
        filled=case.census.filled_at is not None,
        declared_at=case.declared_at,
        declared_by=case.declared_by,
        buttons=tuple(button for button in DECLARATION.open_to(actor, case) if _makes_sense(button.verb, case)),
        happenings=tuple(happenings(history(DECLARATION.name, case.pk), DECLARATION)),
    )


def _label(name: str) -> str:
    return _(QUANTITIES[name]) if name in QUANTITIES else ""


def _makes_sense(verb: str, case: Declaration) -> bool:
    return verb != "send_back" or case.census.state == "open"


def census_lines(
    declaration_id: int, *, actor: Actor, kind: str = "", text: str = "", number: int = 1, size: int = 50
) -> tuple[list[LineRow], Page]:
    """Return the resources of a declaration by name: of one kind, or with words of the name or the code."""
    rows: QuerySet[CensusLine] = _case(declaration_id, actor).resources.order_by("title_key", "pk")
    if kind in KINDS:
        rows = rows.filter(kind=kind)
    if text:
        rows = rows.filter(Q(title_key__contains=title_key(text)) | Q(code__startswith=text))
    found, meta = page(rows, number, size)
    return [_line(line) for line in found], meta


def _line(line: CensusLine) -> LineRow:
    return LineRow(
        id=line.pk,
        entry_id=line.entry_id or 0,
        title=line.title,
        code=line.code,
        kind=line.kind,
        kind_label=_(KINDS[line.kind]),
        sums=line.quantities(),
        given={name: _given(line, name) for name in QUANTITIES},
        corrected=line.kind == "confirmed" and corrected(line),
    )


def _given(line: CensusLine, name: str) -> Decimal | None:
    return Decimal(plain(Decimal(line.computed[name]))) if name in line.computed else None


def census_line(declaration_id: int, line_id: int, *, actor: Actor) -> LineRow:
    """Return one resource of a declaration. NotThere for one that is not of it, or that the actor may not know of."""
    line = _case(declaration_id, actor).resources.filter(pk=line_id).first()
    if line is None:
        raise NotThere(_("没有找到该资源，请刷新页面。"))
    return _line(line)


def every_census_line(declaration_id: int, *, actor: Actor, kind: str = "") -> Iterator[LineRow]:
    """Return every resource of a declaration, for the sheet."""
    return every(lambda number: census_lines(declaration_id, actor=actor, kind=kind, number=number, size=LARGEST))


def census_gaps(
    actor: Actor, *, census: int = 0, state: str = "", text: str = "", number: int = 1, size: int = 20
) -> tuple[list[GapRow], Page]:
    """Return the gaps the actor may know of, newest first: of a census, in a state, with words of the name."""
    rows = _gaps(actor).order_by("-pk")
    if census:
        rows = rows.filter(census=census)
    if state:
        rows = rows.filter(state=state)
    if text:
        rows = rows.filter(Q(title_key__contains=title_key(text)) | Q(department__name__icontains=text))
    found, meta = page(rows, number, size)
    return [_gap(case, actor) for case in found], meta


def _gaps(actor: Actor) -> QuerySet[CensusGap]:
    rows = CensusGap.objects.select_related("census", "department")
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return rows
    return rows.filter(Q(department__in=actor.serves) | Q(authority__in=actor.serves))


def census_gap(gap_id: int, *, actor: Actor) -> GapRow:
    """Return one gap. NotThere for one the actor may not know of."""
    case = _gaps(actor).filter(pk=gap_id).first()
    if case is None:
        raise NotThere(_("没有找到该补编任务，或您无权知悉。"))
    return _gap(case, actor)


def _gap(case: CensusGap, actor: Actor) -> GapRow:
    return GapRow(
        id=case.pk,
        census_id=case.census_id,
        census_title=case.census.title,
        department_id=case.department_id,
        department=case.department.name,
        title=case.title,
        state=case.state,
        state_label=CENSUS_GAP.state_label(case.state),
        entry_id=case.entry_id or 0,
        reason=case.reason,
        at=case.at,
        ended_on=case.ended_on,
        waivable=any(button.verb == "waive" for button in CENSUS_GAP.open_to(actor, case)),
    )


def every_census_gap(actor: Actor, *, census: int = 0, state: str = "", text: str = "") -> Iterator[GapRow]:
    """Return every gap of a list, for Excel."""
    return every(lambda number: census_gaps(actor, census=census, state=state, text=text, number=number, size=LARGEST))
