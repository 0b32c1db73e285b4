"""A catalogue of grades (数据分级目录) as instances hand it on: the levels a region uses, and what follows from each."""

from __future__ import annotations

from datetime import date

import msgspec


class Grade(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A level and what follows from it; an empty list allows everything.

    masked: its items are masked by default. head_review: the head of the authority reviews its entries, not a reviewer.
    review_months: how often the protection measures of important data are looked at again, 0 never.
    """

    code: str
    meaning: str = ""
    share_types: tuple[str, ...] = ()
    open_types: tuple[str, ...] = ()
    mode_classes: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    masked: bool = False
    head_review: bool = False
    review_months: int = 0

    def allows(self, name: str, code: str) -> bool:
        """Tell whether one of the lists allows a code; nothing stated is allowed."""
        allowed: tuple[str, ...] = getattr(self, name)
        return not code or not allowed or code in allowed


class Scheme(msgspec.Struct, frozen=True, kw_only=True):
    """A catalogue of grades in one version, the lowest grade first. reference: names the version; empty region: national."""

    reference: str
    title: str
    basis: str = ""
    region: str = ""
    effective_from: date | None = None
    grades: tuple[Grade, ...] = ()

    def grade(self, code: str) -> Grade | None:
        """Return a grade by its code."""
        return next((one for one in self.grades if one.code == code), None)
