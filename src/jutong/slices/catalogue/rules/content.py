"""The content of one version of an entry: every metadata element of the national guide and the decree, and its items."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec


class ItemContent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One information item (信息项). `type` is a letter of `terms.DataType`, `length` counts characters or digits.

    source: "own" where the department provides it with authority, "reference" where it is another one's, whose entry's
    code `refers` then gives (R-CAT-046).
    not_personal: why the item is no personal information though it looks like it; empty where nobody said so.
    `extra`: elements that a local specification adds, by name.
    """

    name: str
    column: str = ""
    type: str = ""
    length: int | None = None
    share_type: str = ""
    open_type: str = ""
    base_item: bool = False
    sensitive: bool = False
    classified: bool = False
    key: bool = False
    timestamp: bool = False
    security_level: str = ""
    standard: str = ""
    code_table: str = ""
    value_range: str = ""
    description: str = ""
    source: str = ""
    refers: str = ""
    not_personal: str = ""
    extra: dict[str, str] = {}


class Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that a provider states about one resource (standards-facts section 1, national-2025#13).

    Codes are those of `kernel.terms`. `share_confirmed` is false while the type is only the proposal of a new draft
    (R-CAT-034). `specification` names the version it was compiled under. `extra` keeps the elements that a local
    specification adds, and source columns that have no element of their own.
    """

    title: str
    abstract: str = ""
    resource_class: str = "department"
    category: str = ""
    class_code: str = ""
    provider_unit: str = ""
    format_class: str = ""
    format_types: tuple[str, ...] = ()
    format_note: str = ""
    share_type: str = "unconditional"
    share_confirmed: bool = False
    share_limit: str = ""
    share_scope: str = ""
    use_purposes: tuple[str, ...] = ()
    share_conditions: str = ""
    basis_rank: str = ""
    basis_instrument: str = ""
    basis_article: str = ""
    basis_wording: str = ""
    withheld_reason: str = ""
    share_mode_class: str = ""
    share_mode: str = ""
    open_type: str = ""
    open_conditions: str = ""
    update_cycle: str = ""
    released_on: date | None = None
    updated_on: date | None = None
    data_category: str = ""
    security_level: str = ""
    personal: bool = False
    secret: str = ""
    matter: str = ""
    system: str = ""
    link: str = ""
    domain: str = ""
    industry: str = ""
    keywords: tuple[str, ...] = ()
    related_codes: tuple[str, ...] = ()
    specification: str = "national-guide-2017"
    catalogue_level: str = "department"
    records: int | None = None
    extra: dict[str, str] = {}
    items: tuple[ItemContent, ...] = ()


def from_json(stored: dict[str, Any]) -> Content:
    """Read a content back from the JSON it was stored as."""
    return msgspec.convert(stored, Content, strict=False)
