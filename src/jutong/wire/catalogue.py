"""A catalogue entry as other instances and machines read it."""

from __future__ import annotations

from datetime import date

import msgspec


class Item(msgspec.Struct, frozen=True):
    """One information item (信息项)."""

    name: str
    column: str
    type: str
    length: int
    share_type: str
    key: bool = False
    sensitive: bool = False
    description: str = ""


class Entry(msgspec.Struct, frozen=True):
    """The core metadata of one published entry (standards-facts section 1).

    specification, level: the version it was compiled under and the catalogue it belongs to (national-2025#12). own: what
    it states for elements of a local specification, by name.
    """

    code: str
    version: int
    title: str
    abstract: str
    provider: str
    provider_uscc: str
    catalogue_class: str
    format_class: str
    format_type: str
    share_type: str
    share_conditions: str
    share_mode: str
    open_type: str
    open_conditions: str
    update_cycle: str
    published_on: date | None
    data_category: str
    security_level: str
    items: tuple[Item, ...] = ()
    related_codes: tuple[str, ...] = ()
    specification: str = ""
    level: str = ""
    own: dict[str, str] = {}
