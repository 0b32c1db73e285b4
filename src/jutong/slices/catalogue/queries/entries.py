"""One entry wholly, a department's own entries, and what waits for the authority."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import BigIntegerField, F, Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import NotAllowed, NotThere
from jutong.kernel.levels import label_of
from jutong.kernel.paging import Page, page
from jutong.kernel.panels import Light
from jutong.kernel.prepared import Hole, prepared
from jutong.kernel.queries import ClockRow, clocks
from jutong.kernel.terms import N_, DataType, OpenType, ShareType
from jutong.kernel.workflow import Button
from jutong.slices.catalogue.formats.wording import said
from jutong.slices.catalogue.models import Entry
from jutong.slices.catalogue.queries.assessments import Standing, standing_of
from jutong.slices.catalogue.queries.contents import contents_in
from jutong.slices.catalogue.queries.lights import lights_of
from jutong.slices.catalogue.queries.published import PublishedEntry, Returned, as_published, returned_of
from jutong.slices.catalogue.queries.specified import duties_at, duties_in, own_in_words
from jutong.slices.catalogue.queries.steps import NextStep, next_step
from jutong.slices.catalogue.queries.zones import here
from jutong.slices.catalogue.rules.content import Content, ItemContent
from jutong.slices.catalogue.rules.findings import Finding
from jutong.slices.catalogue.rules.obligations import doubtful, obligations, ready, stamped
from jutong.slices.catalogue.rules.text import title_key
from jutong.slices.catalogue.rules.zones import SEALED
from jutong.slices.catalogue.workflow import ENTRY
from jutong.slices.catalogue.workflow.referrals import offered
from jutong.slices.parties.queries import CorrectionChannel

OPINIONS = {
    "assessment": N_("评估"),
    "leader_approval": N_("部门负责人审核"),
    "return": N_("退回"),
    "determination": N_("核定"),
    "filing": N_("备案"),
    "review": N_("审核"),
    "publication": N_("发布"),
    "withdrawal": N_("撤销"),
    "secret_found": N_("涉密取下"),
    "referral": N_("属性定级确定"),
}
_DECISIONS = frozenset({"return", "review", "determination", "publication"})


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry in a list; labels are translated. limit: until when the authority has to decide, where a text says so."""

    id: int
    code: str
    title: str
    provider_id: int
    provider_name: str
    state: str
    state_label: str
    share_type: str
    share_label: str
    resource_class: str
    version: int
    changed_at: datetime
    published: bool
    warnings: int
    limit: ClockRow | None = None


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An information item as a page shows it."""

    position: int
    name: str
    column: str
    type_label: str
    length: int | None
    share_type: str
    share_label: str
    open_label: str
    level_label: str
    key: bool
    base_item: bool
    sensitive: bool
    description: str


@dataclass(frozen=True, slots=True)
class OpinionRow:
    """A dated act on an entry: who, for which department, with which number and text."""

    kind: str
    label: str
    passed: bool
    number: str
    text: str
    remarks: tuple[tuple[str, str], ...]
    detail: dict[str, Any]
    name: str
    version: int
    at: datetime
    acknowledged_at: datetime | None


@dataclass(frozen=True, slots=True)
class EntryDetail:
    """An entry as its page shows it, in the version its reader may see.

    content: working version for its provider and the authority, the published one for others. lacking: what keeps a
    working version from being submitted, as (element, sentence); doubts: what ought to be looked at. own: elements kept
    by name as (name, label, value). assessments: how those that are due before submission stand. next_step: what
    it waits for on its way to publication. in_force: what
    departments may rely on, None while it is not published. lights: how it stands since. channel: where
    corrections of its department's data are asked for.
    """

    row: EntryRow
    region: str
    version_id: int
    version_number: int
    content: Content
    items: tuple[ItemRow, ...]
    working: bool
    published_version: int | None
    opinions: tuple[OpinionRow, ...]
    clocks: tuple[ClockRow, ...]
    buttons: tuple[Button, ...]
    warnings: tuple[tuple[str, str], ...]
    lacking: tuple[tuple[str, str], ...]
    doubts: tuple[tuple[str, str], ...]
    profile: str
    needs_prohibition: bool
    may_refer: bool
    created_at: datetime
    started_on: date
    returned: Returned | None
    own: tuple[tuple[str, str, str], ...]
    assessments: tuple[Standing, ...]
    next_step: NextStep | None
    in_force: PublishedEntry | None
    lights: tuple[Light, ...]
    channel: CorrectionChannel

    @property
    def sent_back(self) -> OpinionRow | None:
        """The return that its provider has yet to answer: the last decision on the entry, until it is handed in again."""
        decided = [one for one in self.opinions if one.kind in _DECISIONS]
        mine = self.working and self.row.state in UNFINISHED | {"leader_approved"}
        return decided[-1] if mine and decided and decided[-1].kind == "return" else None


def entry(entry_id: int, *, actor: Actor, at: datetime) -> EntryDetail:
    """Return one entry with everything its page shows, in three statements. NotThere for what the actor may not know of."""
    case = _known(entry_id, actor)
    inside = sees_drafts(actor, case)
    version, *_others = [one for one in (case.working if inside else None, case.published) if one]
    contents = contents_in([version, case.published])
    content = contents[version.pk]
    checked = inside and case.state in UNFINISHED
    due = standing_of(case, content, at=at) if checked else ()
    duties = duties_at(case, at) if checked else None
    return EntryDetail(
        row=row_of(case),
        region=case.region,
        version_id=version.pk,
        version_number=version.number,
        content=content,
        items=tuple(item_row(place, item, content) for place, item in enumerate(content.items)),
        working=inside,
        published_version=case.published.number if case.published else None,
        opinions=opinions_of(case, inside=inside),
        clocks=tuple(clocks(ENTRY.name, [case.pk], at).get(case.pk, [])) if ENTRY.clocks else (),
        buttons=tuple(ENTRY.open_to(actor, case)),
        warnings=tuple((field, sentence) for field, sentence in case.warnings) if inside else (),
        lacking=_worded(ready(content, duties, provider=case.provider_name) if duties else ()),
        doubts=_worded(doubtful(content, duties) if duties else ()),
        profile=case.profile,
        needs_prohibition=case.share_type == "withheld" and obligations(case.policy).reason,
        may_refer=case.provider_id in actor.serves and case.state in UNFINISHED and offered(case.policy),
        created_at=case.created_at,
        started_on=case.started_on,
        returned=returned_of(case),
        own=own_in_words(case.region, content, at),
        assessments=due,
        next_step=next_step(case, due) if inside else None,
        in_force=as_published(case, contents[case.published.pk]) if case.published else None,
        lights=lights_of(case, at),
        channel=CorrectionChannel(case.provider.correction_channel, case.provider.correction_public),
    )


def _known(entry_id: int, actor: Actor) -> Entry:
    """Return an entry that the actor may know of. NotThere for others; NotAllowed for what belongs to the other network."""
    case = _whole().first(entry=entry_id)
    if case is None or (ENTRY.visible and not ENTRY.visible(actor, case)):
        raise NotThere(_("没有找到该目录条目，或您无权知悉。"))
    if case.zone == SEALED:
        raise NotAllowed(_("该目录因涉密已取下，只能按保密规定处置。"))
    if case.zone != here():
        raise NotAllowed(_("涉密目录只能在政务内网平台查询。"))
    return case


@prepared
def _whole() -> QuerySet[Entry]:
    near = ("provider", "working", "published", "pulse", "returned__source")
    return Entry.objects.filter(pk=Hole("entry", BigIntegerField())).select_related(*near)


UNFINISHED = frozenset({"draft", "revising", "assessed", "returned"})


def _worded(findings: Iterable[Finding]) -> tuple[tuple[str, str], ...]:
    return tuple((finding.field, said(finding)) for finding in findings)


def lacking(content: Content, *, actor: Actor, at: datetime) -> tuple[tuple[str, str], ...]:
    """Return what would keep a content from being submitted by the actor's department today, as (element, sentence)."""
    duties = duties_in(actor.region, at)
    return _worded(ready(stamped(content, duties), duties, provider=actor.department_name))


def doubts(content: Content, *, actor: Actor, at: datetime) -> tuple[tuple[str, str], ...]:
    """Return what keeps no content back and yet ought to be looked at before it is submitted, as (element, sentence)."""
    return _worded(doubtful(content, duties_in(actor.region, at)))


def sees_drafts(actor: Actor, case: Entry) -> bool:
    """Tell whether the actor sees an entry's unpublished versions: its department, its authority, auditors."""
    return (
        bool(actor.serves & {case.provider_id, case.registrar_id, case.authority_id})
        or case.published_id is None
        or actor.holds(Role.AUDITOR)
    )


def row_of(case: Entry) -> EntryRow:
    """Return an entry as a list shows it."""
    return EntryRow(
        id=case.pk,
        code=case.code or "",
        title=case.title,
        provider_id=case.provider_id,
        provider_name=case.provider_name,
        state=case.state,
        state_label=ENTRY.state_label(case.state),
        share_type=case.share_type,
        share_label=_label(ShareType, case.share_type),
        resource_class=case.resource_class,
        version=case.version,
        changed_at=case.changed_at,
        published=case.published_id is not None,
        warnings=len(case.warnings),
    )


def _label(terms: type[Any], code: str) -> str:
    return _(terms(code).label) if code else ""


def item_row(place: int, item: ItemContent, content: Content) -> ItemRow:
    """Return an item as a page shows it; what it leaves open is its entry's."""
    share = item.share_type or content.share_type
    return ItemRow(
        position=place,
        name=item.name,
        column=item.column,
        type_label=_label(DataType, item.type),
        length=item.length,
        share_type=share,
        share_label=_label(ShareType, share),
        open_label=_label(OpenType, item.open_type or content.open_type),
        level_label=label_of(item.security_level or content.security_level),
        key=item.key,
        base_item=item.base_item,
        sensitive=item.sensitive,
        description=item.description,
    )


def opinions_of(case: Entry, *, inside: bool = True) -> tuple[OpinionRow, ...]:
    """Return the dated acts on an entry, oldest first; without `inside` those that departments may read."""
    found: QuerySet[Any] = case.opinions.annotate(of_version=F("version__number")).order_by("at", "pk")
    if not inside:
        found = found.filter(kind__in=["review", "publication", "determination"])
    return tuple(
        OpinionRow(
            kind=opinion.kind,
            label=_(OPINIONS.get(opinion.kind, opinion.kind)),
            passed=opinion.passed,
            number=opinion.number,
            text=opinion.text,
            remarks=tuple(opinion.detail.get("remarks", {}).items()),
            detail=opinion.detail,
            name=opinion.account_name,
            version=opinion.of_version,
            at=opinion.at,
            acknowledged_at=opinion.acknowledged_at,
        )
        for opinion in found
    )


def entries_of(
    actor: Actor, *, state: str = "", text: str = "", number: int = 1, size: int = 20
) -> tuple[list[EntryRow], Page]:
    """Return the entries of the actor's departments, last changed first; filtered by state and words of the title."""
    rows = Entry.objects.filter(provider__in=actor.serves, zone=here()).order_by("-changed_at", "-pk")
    return _page(rows, state, text, number, size)


def waiting(actor: Actor, *, department: int = 0) -> QuerySet[Entry]:
    """Return the entries that wait for the actor as authority, of one department or all."""
    rows = Entry.objects.filter(ENTRY.waiting_for(actor, "review", "determine", "publish", "return_entry"))
    return rows.filter(provider=department) if department else rows


def narrowed(rows: QuerySet[Entry], state: str, text: str) -> QuerySet[Entry]:
    """Narrow entries to a state and to words of the title or the beginning of the code."""
    if state:
        rows = rows.filter(state=state)
    if text:
        rows = rows.filter(Q(title_key__contains=title_key(text)) | Q(code__startswith=text))
    return rows


def _page(rows: QuerySet[Entry], state: str, text: str, number: int, size: int) -> tuple[list[EntryRow], Page]:
    rows = narrowed(rows, state, text)
    found, meta = page(rows.defer("working", "published"), number, size)
    return [row_of(case) for case in found], meta
