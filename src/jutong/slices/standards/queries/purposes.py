"""The list of purposes of use as forms, requests, grants and calls know it (R-SHR-010)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from jutong.slices.standards.models import PurposeCode
from jutong.slices.standards.rules.purposes import MEANINGS, SHIPPED, check_listed

_names: Final[dict[str, str]] = dict(SHIPPED)
"""Names by code as far as they were asked for: they never change, so they are kept."""


@dataclass(frozen=True, slots=True)
class PurposeRow:
    """A purpose. shipped: one of the four of every profile, which cannot be retired."""

    id: int | None
    code: str
    name: str
    meaning: str
    shipped: bool
    added_by: str
    added_at: datetime | None
    retired_at: datetime | None


def purposes() -> list[PurposeRow]:
    """Return every purpose there ever was, the four first."""
    own = [
        PurposeRow(row.pk, row.code, row.name, row.meaning, False, row.added_by, row.added_at, row.retired_at)
        for row in PurposeCode.objects.order_by("pk")
    ]
    return [
        *(PurposeRow(None, code, _(name), _(MEANINGS[code]), True, "", None, None) for code, name in SHIPPED.items()),
        *own,
    ]


def listed_purposes() -> dict[str, str]:
    """Return code and Chinese name of the purposes that can be named in new entries, requests and grants."""
    own = PurposeCode.objects.filter(retired_at=None).order_by("pk").values_list("code", "name")
    return {**SHIPPED, **dict(own)}


def offered_purposes() -> dict[str, str]:
    """Return the same with the names as the reader's language has them."""
    return {code: _(name) for code, name in listed_purposes().items()}


def purpose_words() -> dict[str, str]:
    """Return {code or Chinese name: code} of every purpose there ever was: what files may call them."""
    names = {**SHIPPED, **dict(PurposeCode.objects.order_by("pk").values_list("code", "name"))}
    return {word: code for code, name in names.items() for word in (name, code)}


def purpose_label(code: str) -> str:
    """Return the name of a purpose, retired or not; the code itself where there never was one."""
    if code not in _names:
        _names.update(PurposeCode.objects.values_list("code", "name"))
    return _(_names[code]) if code in _names else code


def purposes_in_words(codes: Iterable[str]) -> str:
    """Return purposes by name."""
    return _("、").join(purpose_label(code) for code in codes)


def check_purposes(codes: Collection[str], *, held: Collection[str] = ()) -> None:
    """Refuse no purpose, and one outside the list; held: what was agreed before and may stay although retired since."""
    check_listed(codes, offered_purposes() | {code: purpose_label(code) for code in held})
