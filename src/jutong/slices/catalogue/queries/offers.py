"""What a published entry offers to departments that may ask for it: items, modes, conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.errors import NotThere
from jutong.kernel.terms import DataType
from jutong.slices.catalogue.models import Entry
from jutong.slices.catalogue.queries.contents import content_of
from jutong.slices.catalogue.rules.content import Content, ItemContent
from jutong.wire.grants import Kind, Mode

_KINDS: Final = {
    DataType.NUMERIC: Kind.NUMBER,
    DataType.MONEY: Kind.NUMBER,
    DataType.DOUBLE: Kind.NUMBER,
    DataType.FLOAT: Kind.NUMBER,
    DataType.INTEGER: Kind.INTEGER,
    DataType.DATE: Kind.DATE,
    DataType.TIMESTAMP: Kind.TIMESTAMP,
    DataType.LOGICAL: Kind.BOOLEAN,
}
"""The wire's kinds of the national data types; all others are text."""


@dataclass(frozen=True, slots=True)
class OfferedItem:
    """An item as it can be asked for."""

    name: str
    column: str
    kind: Kind
    share_type: str
    key: bool
    sensitive: bool
    description: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A published entry as a consumer asks for it; `modes` empty: the entry names none, all are open."""

    entry_id: int
    version: int
    code: str
    title: str
    provider_id: int
    region: str
    zone: str
    share_type: str
    share_scope: str
    share_conditions: str
    use_purposes: tuple[str, ...]
    personal: bool
    modes: tuple[Mode, ...]
    items: tuple[OfferedItem, ...]


def offer(entry_id: int) -> Offer:
    """Return what the published version offers. NotThere for an entry that is not published (R-CAT-001)."""
    entry = Entry.objects.select_related("published").filter(pk=entry_id).exclude(state="withdrawn").first()
    if entry is None or entry.published is None:
        raise NotThere(_("没有找到已发布的目录条目，只有已发布的目录可以申请共享。"))
    content = content_of(entry.published.pk)
    return Offer(
        entry_id=entry.pk,
        version=entry.published.number,
        code=entry.code or "",
        title=content.title,
        provider_id=entry.provider_id,
        region=entry.region,
        zone=entry.zone,
        share_type=content.share_type,
        share_scope=content.share_scope,
        share_conditions=content.share_conditions,
        use_purposes=content.use_purposes,
        personal=content.personal,
        modes=_modes(content),
        items=tuple(_item(item, content) for item in content.items),
    )


def _modes(content: Content) -> tuple[Mode, ...]:
    return (Mode(content.share_mode),) if content.share_mode in set(Mode) else ()


def _item(item: ItemContent, content: Content) -> OfferedItem:
    kind = _KINDS.get(DataType(item.type), Kind.TEXT) if item.type else Kind.TEXT
    return OfferedItem(
        name=item.name,
        column=item.column,
        kind=kind,
        share_type=item.share_type or content.share_type,
        key=item.key,
        sensitive=item.sensitive,
        description=item.description,
    )
