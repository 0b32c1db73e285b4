"""Back-flows as people see them, and what each run accounts for, division by division."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel import queries as kernel
from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page, page
from jutong.kernel.queries import AuditRow, ClockRow
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Button
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.exchange.models import Backflow, Run
from jutong.slices.exchange.queries.ordering import targets_of
from jutong.slices.exchange.queries.returns import ReturnRow, receipt_of, returns_of
from jutong.slices.exchange.rules import in_words
from jutong.slices.exchange.rules.backflow import LISTERS, numbered
from jutong.slices.exchange.workflow import BACKFLOW, EXCHANGE_TASK, OVERSEERS, may_know, may_know_backflow
from jutong.slices.parties import queries as parties
from jutong.wire.grants import Kind


@dataclass(frozen=True, slots=True)
class BackflowRow:
    """A back-flow in a list. when: its schedule in words; area: the division codes it selects by.

    unanswered_since: the internal target's day, once the need was shown to the authority above both departments.
    change_id: the filed change or end of service that concerns it. clocks: the answer's internal target.
    """

    id: int
    number: str
    state: str
    state_label: str
    resource_id: int
    title: str
    entry_code: str
    provider_name: str
    consumer_id: int
    consumer_name: str
    duty: str
    items: tuple[str, ...]
    division_item: str
    area: tuple[str, ...]
    moved_away: tuple[str, ...]
    when: str
    cron: str
    security: str
    grant_id: int | None
    task_id: int | None
    condition: str
    evidence: str
    late_since: datetime | None
    needed_at: datetime
    unanswered_since: date | None
    change_id: int | None
    clocks: tuple[ClockRow, ...] = ()

    @property
    def unanswered(self) -> bool:
        """Whether nobody has arranged it yet, beyond the internal target."""
        return self.state == "needed" and self.unanswered_since is not None


@dataclass(frozen=True, slots=True)
class DivisionRow:
    """Both ends of one division in a run: counted at the source, counted at the target, their checksums."""

    code: str
    name: str
    sent: int
    arrived: int
    sent_checksum: str
    arrived_checksum: str

    @property
    def agrees(self) -> bool:
        """Tell whether both ends hold the same."""
        return (self.sent, self.sent_checksum) == (self.arrived, self.arrived_checksum)


@dataclass(frozen=True, slots=True)
class Account:
    """What the newest run with a receipt accounts for. unassigned: source rows without a division, which went nowhere."""

    run_id: int
    state: str
    state_label: str
    at: datetime
    divisions: tuple[DivisionRow, ...]
    unassigned: int

    @property
    def rows(self) -> tuple[int, int]:
        """Rows of all divisions, sent and arrived."""
        return sum(row.sent for row in self.divisions), sum(row.arrived for row in self.divisions)


@dataclass(frozen=True, slots=True)
class BackflowDetail:
    """A back-flow with its newest account, history, open moves, where it can run into, and the entries that offer it on.

    returns: its newest runs by period. entries: of the lower department, to choose from; registered: those that name it as
    their source. party: whether the actor belongs to one of the two departments; lists: may see the rows without a division.
    """

    row: BackflowRow
    account: Account | None
    returns: tuple[ReturnRow, ...]
    party: bool
    lists: bool
    history: tuple[AuditRow, ...]
    buttons: tuple[Button, ...]
    targets: tuple[tuple[str, str], ...]
    entries: tuple[tuple[str, str], ...]
    registered: tuple[tuple[int, str], ...]


def _all() -> QuerySet[Backflow]:
    return Backflow.objects.select_related("provider", "consumer").order_by("-id")


def _mine(actor: Actor) -> Q:
    if actor.account_id is None or actor.holds(*OVERSEERS):
        return Q()
    return Q(provider_id__in=actor.serves) | Q(consumer_id__in=actor.serves) | Q(authority_id__in=actor.serves)


def backflows(
    actor: Actor, at: datetime, *, fold: str = "", number: int = 1, size: int = 20
) -> tuple[list[BackflowRow], Page]:
    """Return the back-flows that the actor may know of, newest first. fold: late, unanswered, or a state."""
    rows = _all().filter(_mine(actor))
    if fold == "late":
        rows = rows.exclude(late_since=None)
    elif fold == "unanswered":
        rows = rows.filter(state="needed").exclude(unanswered_since=None)
    elif fold in BACKFLOW.states:
        rows = rows.filter(state=fold)
    found, meta = page(rows, number, size)
    clocks = kernel.clocks(BACKFLOW.name, [each.pk for each in found], at)
    return [_row(each, clocks.get(each.pk, ())) for each in found], meta


def all_backflows(actor: Actor) -> Iterator[BackflowRow]:
    """Yield every back-flow that the actor may know of, for a sheet."""
    for each in _all().filter(_mine(actor)).iterator(chunk_size=500):
        yield _row(each)


def backflow(backflow_id: int, actor: Actor, at: datetime) -> BackflowDetail:
    """Return one back-flow. NotThere where the actor may not know of it."""
    found = _all().filter(pk=backflow_id).first()
    if found is None or not may_know_backflow(actor, found):
        raise NotThere(N_("没有找到该数据回流，或您无权知悉。"))
    starts = found.state == "arranged" and actor.department_id == found.consumer_id
    taken = {"propose_change", "propose_end"} if found.change_id else set()
    buttons = tuple(button for button in BACKFLOW.open_to(actor, found) if button.verb not in taken)
    offers = any(button.verb == "register_source" for button in buttons)
    return BackflowDetail(
        row=_row(found, kernel.clocks(BACKFLOW.name, [found.pk], at).get(found.pk, ())),
        account=_account(found),
        returns=returns_of(found),
        party=may_know(actor, found),
        lists=found.grant_id is not None and LISTERS.permits(actor, found) is not None,
        history=tuple(kernel.history(BACKFLOW.name, found.pk)),
        buttons=buttons,
        targets=targets_of(actor) if starts else (),
        entries=_own_entries(actor) if offers else (),
        registered=tuple(catalogue.returned_from(numbered(found.pk))),
    )


@dataclass(frozen=True, slots=True)
class Needable:
    """An upper department's entry that a lower one can ask back. texts: the items that can hold a division."""

    id: int
    title: str
    provider_name: str
    items: tuple[str, ...]
    texts: tuple[str, ...]


def needable_entries(actor: Actor, text: str = "") -> list[tuple[int, str]]:
    """Return the published entries of departments above the actor's own whose title holds `text`, at most 50."""
    if actor.department_id is None:
        return []
    above = parties.regions_above(parties.department(actor.department_id).region)
    return [(each.id, f"{each.title}（{each.provider_name}）") for each in catalogue.published_of(above, text=text)]


def needable(resource_id: int) -> Needable:
    """Return what a need can name of an entry. NotThere where it is not published."""
    entry = catalogue.require_published(resource_id)
    items = tuple(item.name for item in entry.items)
    texts = tuple(item.name for item in entry.items if item.kind is Kind.TEXT)
    return Needable(entry.id, entry.title, entry.provider_name, items, texts)


def _own_entries(actor: Actor) -> tuple[tuple[str, str], ...]:
    rows, _meta = catalogue.entries_of(actor, size=200)
    return tuple((str(row.id), f"{row.code or _('未编码')} {row.title}") for row in rows if row.state != "withdrawn")


def _account(found: Backflow) -> Account | None:
    rows = Run.objects.filter(task_id=found.task_id or 0).order_by("-id")[:5]
    for run in rows:
        if (read := receipt_of(run)) is None:
            continue
        kept, receipt = read
        names = parties.region_names(part.name for part in receipt.parts)
        divisions = tuple(
            DivisionRow(
                part.name, names.get(part.name, ""), part.source.rows, part.target.rows, part.source.checksum,
                part.target.checksum,
            )
            for part in receipt.parts
        )  # fmt: skip
        label = EXCHANGE_TASK.state_label(run.state)
        return Account(run.pk, run.state, label, kept.at, divisions, receipt.unassigned)
    return None


def _row(found: Backflow, clocks: Sequence[ClockRow] = ()) -> BackflowRow:
    return BackflowRow(
        id=found.pk,
        number=numbered(found.pk),
        state=found.state,
        state_label=BACKFLOW.state_label(found.state),
        resource_id=found.resource_id,
        title=found.title,
        entry_code=found.entry_code,
        provider_name=found.provider.name,
        consumer_id=found.consumer_id,
        consumer_name=found.consumer.name,
        duty=found.duty,
        items=tuple(found.items),
        division_item=found.division_item,
        area=tuple(found.prefixes),
        moved_away=tuple(found.moved_away),
        when=in_words(found.cron) if found.cron else _("待安排"),
        cron=found.cron,
        security=found.security,
        grant_id=found.grant_id,
        task_id=found.task_id,
        condition=found.condition,
        evidence=found.evidence,
        late_since=found.late_since,
        needed_at=found.needed_at,
        unanswered_since=found.unanswered_since,
        change_id=found.change_id,
        clocks=tuple(clocks),
    )
