"""Published entries for higher slices: only what is in force can be mounted, requested or delivered (R-CAT-001)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.errors import NotThere, WrongState
from jutong.kernel.terms import DataType, Zone
from jutong.slices.catalogue.models import Entry, ReturnedData
from jutong.slices.catalogue.queries.contents import contents_in
from jutong.slices.catalogue.queries.zones import here
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.documents import document_kind
from jutong.slices.catalogue.rules.returned import check_use
from jutong.slices.catalogue.workflow import ENTRY
from jutong.slices.standards import queries as standards
from jutong.wire.grants import Kind, Mode

KINDS: Final[dict[str, Kind]] = {
    DataType.NUMERIC: Kind.NUMBER,
    DataType.MONEY: Kind.NUMBER,
    DataType.DOUBLE: Kind.NUMBER,
    DataType.FLOAT: Kind.NUMBER,
    DataType.INTEGER: Kind.INTEGER,
    DataType.DATE: Kind.DATE,
    DataType.TIMESTAMP: Kind.TIMESTAMP,
    DataType.LOGICAL: Kind.BOOLEAN,
}
"""The wire's kinds of the national data types (standards-facts 2.4)."""

MODES: Final[dict[str, tuple[Mode, ...]]] = {
    "interface": (Mode.SYSTEM_DOCKING, Mode.ONLINE_QUERY),
    "file": (Mode.BATCH_DOWNLOAD,),
}
"""What 接口 and 文件 open; a database opens all four."""


@dataclass(frozen=True, slots=True)
class PublishedItem:
    """An item in force; `share_type` is its own or its entry's, `level` likewise."""

    name: str
    column: str
    type: str
    length: int | None
    share_type: str
    key: bool
    sensitive: bool
    base_item: bool
    description: str
    standard: str = ""
    code_table: str = ""
    value_range: str = ""

    @property
    def kind(self) -> Kind:
        """The item's type in the words of the wire; what has no type of its own there is text."""
        return KINDS.get(self.type, Kind.TEXT)

    @property
    def type_label(self) -> str:
        """The item's national data type in the reader's language; empty when the entry does not state it."""
        return _(DataType(self.type).label) if self.type else ""


@dataclass(frozen=True, slots=True)
class Returned:
    """Where an entry's data came from, when an upper department returned them, and what they may be used for (R-CAS-017)."""

    source_id: int
    source_title: str
    source_provider: str
    reference: str
    duty: str
    purposes: tuple[str, ...]

    def check_use(self, asked: Iterable[str]) -> None:
        """Refuse use outside the registered duty: NotAllowed."""
        check_use(tuple(asked), self.purposes, self.duty, standards.purpose_label)


def returned_of(case: Entry) -> Returned | None:
    """Return where the data of an entry were returned from, if they were."""
    row: ReturnedData | None = getattr(case, "returned", None)
    if row is None:
        return None
    source = row.source
    return Returned(source.pk, source.title, source.provider_name, row.reference, row.duty, tuple(row.purposes))


@dataclass(frozen=True, slots=True)
class PublishedEntry:
    """What departments may rely on: the version in force with its conditions and items.

    share_conditions: the conditions the catalogue lists; a reply can apply no others (R-CAT-055).
    document_kind: document, licence or contract, whose data carries a proof; "" for all other data.
    info_kind: the kind of information of a national project (R-CAT-045).
    """

    id: int
    code: str
    title: str
    abstract: str
    provider_id: int
    provider_name: str
    region: str
    version_id: int
    version: int
    share_type: str
    share_limit: str
    share_scope: str
    use_purposes: tuple[str, ...]
    share_conditions: str
    share_mode_class: str
    share_mode: str
    format_class: str
    update_cycle: str
    security_level: str
    data_category: str
    personal: bool
    items: tuple[PublishedItem, ...]
    format_types: tuple[str, ...] = ()
    released_on: date | None = None
    returned: Returned | None = None
    document_kind: str = ""
    resource_class: str = "department"
    info_kind: str = ""

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The delivery modes that the entry's sharing mode opens (R-EXC-024); all where it names none on the platform."""
        return MODES.get(self.share_mode, tuple(Mode))


def published(entry_id: int) -> PublishedEntry | None:
    """Return the published entry, or None when it is not in force."""
    return published_by_ids([entry_id]).get(entry_id)


def published_by_ids(ids: Iterable[int]) -> dict[int, PublishedEntry]:
    """Return published entries by id, in two statements; those not in force are left out."""
    cases = list(
        Entry.objects.filter(pk__in=list(ids), published__isnull=False, zone=here()).select_related(
            "published", "returned__source"
        )
    )
    contents = contents_in(case.published for case in cases)
    return {case.pk: as_published(case, contents[case.published_id or 0]) for case in cases}


def published_of(regions: Iterable[str], *, text: str = "", most: int = 50) -> list[PublishedEntry]:
    """Return published entries of departments of these regions whose title holds `text`, by title, at most `most`."""
    rows = Entry.objects.filter(region__in=list(regions), published__isnull=False, zone=here())
    rows = rows.filter(title__icontains=text.replace("\x00", "").strip()).order_by("title", "pk")
    found = published_by_ids(rows.values_list("pk", flat=True)[:most])
    return sorted(found.values(), key=lambda each: (each.title, each.id))


def require_published(entry_id: int) -> PublishedEntry:
    """Return the published entry. NotThere for an unknown id; WrongState naming an entry that is not in force."""
    if found := published(entry_id):
        return found
    case = Entry.objects.filter(pk=entry_id, zone=here()).first()
    if case is None:
        raise NotThere(_("没有找到该目录条目，或您无权知悉。"))
    raise WrongState(
        _("目录“%(title)s”当前状态为“%(state)s”，尚未发布，不能据以共享。")
        % {"title": case.title, "state": ENTRY.state_label(case.state)}
    )


def as_published(case: Entry, content: Content) -> PublishedEntry:
    """Return an entry that was read with its published version, which states `content`."""
    return PublishedEntry(
        id=case.pk,
        code=case.code or "",
        title=content.title,
        abstract=content.abstract,
        provider_id=case.provider_id,
        provider_name=case.provider_name,
        region=case.region,
        version_id=case.published_id or 0,
        version=case.published.number if case.published else 0,
        share_type=content.share_type,
        share_limit=content.share_limit,
        share_scope=content.share_scope,
        use_purposes=content.use_purposes,
        share_conditions=content.share_conditions,
        share_mode_class=content.share_mode_class,
        share_mode=content.share_mode,
        format_class=content.format_class,
        update_cycle=content.update_cycle,
        security_level=content.security_level,
        data_category=content.data_category,
        personal=content.personal,
        items=_items(content),
        format_types=content.format_types,
        released_on=content.released_on,
        returned=returned_of(case),
        document_kind=document_kind(content),
        resource_class=content.resource_class,
        info_kind=content.extra.get("info_kind", ""),
    )


def _items(content: Content) -> tuple[PublishedItem, ...]:
    return tuple(
        PublishedItem(
            name=item.name,
            column=item.column,
            type=item.type,
            length=item.length,
            share_type=item.share_type or content.share_type,
            key=item.key,
            sensitive=item.sensitive,
            base_item=item.base_item,
            description=item.description,
            standard=item.standard,
            code_table=item.code_table,
            value_range=item.value_range,
        )
        for item in content.items
    )


def returned_from(reference: str) -> list[tuple[int, str]]:
    """Return the entries registered as obtained by one back-flow, as (id, title)."""
    rows = ReturnedData.objects.filter(reference=reference).order_by("entry_id")
    return list(rows.values_list("entry_id", "entry__title"))


def at_code(code: str) -> int:
    """Return the id of the published entry that a resource code leads to, through all mergers.

    NotThere for a code that was never given out, is not published yet, or was retired without a successor.
    """
    entry = Entry.objects.filter(code=code, zone=here()).select_related("successor").first()
    while entry and entry.published_id is None and entry.successor:
        entry = Entry.objects.select_related("successor").get(pk=entry.successor.pk)
    if entry and entry.published_id:
        return entry.pk
    if entry and entry.state == "withdrawn":
        raise NotThere(_("信息资源代码 %s 已停用，没有并入其他目录；代码不会再次使用。") % code[:64])
    raise NotThere(_("没有信息资源代码为 %s 的已发布目录，请核对代码。") % code[:64])


def marked_secret(entry_id: int) -> bool:
    """Tell whether what is in force of an entry is secret: of the classified catalogue, or marked so, whole or in an item."""
    case = Entry.objects.filter(pk=entry_id).select_related("published").first()
    if case is None or case.zone != Zone.OUTER:
        return case is not None
    content = contents_in([case.published]).get(case.published_id or 0)
    return content is not None and (bool(content.secret) or any(item.classified for item in content.items))
