"""What is effective: the decree is the ceiling of every local profile since 2025-08-01 (R-OVR-043)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, cast

from jutong.kernel.policy.parameters import Parameter, Value, parameters
from jutong.kernel.policy.profiles import DEFAULT, SILENT, Cell, Profile, load

CEILING_FROM = date(2025, 8, 1)
"""Cases that start on or after this day are under the decree (national-2025#44)."""

Origin = Literal["local", "national", "stricter", "default"]
"""Whose value it is: the local text's, the decree's, a region's own stricter one, or the platform's default."""


@dataclass(frozen=True, slots=True)
class Effective:
    """A value in force for a case: `value` None means what the parameter's `absent` says, or what `note` says."""

    parameter: str
    kind: str | None
    value: Value | None
    origin: Origin
    articles: tuple[str, ...]
    rule: str
    note: str = ""


def effective(profile: Profile, parameter: str, case_start: date, kind: str | None = None) -> Effective:
    """Return the effective value of `parameter` for a case that started on `case_start` (a Beijing day).

    Before 2025-08-01 the local value; then the local and the national one joined by the parameter's rule, where
    silence of either leaves the other. `kind` selects a variant (an update trigger, a sharing type, an applicant);
    without it the declared default kind is meant. KeyError for an unknown parameter, ValueError for an unknown kind.
    """
    declared = parameters()[parameter]
    chosen = declared.kind(kind)
    own = profile.cell(parameter, chosen)
    own_is_national = profile.base == DEFAULT and parameter not in profile.overrides
    if own_is_national or case_start < CEILING_FROM:
        origin: Origin = "national" if own_is_national else "local"
        cell = own
    else:
        cell, origin = _joined(declared, own, load(DEFAULT).cell(parameter, chosen))
    default = declared.default_of(chosen)
    if cell.value is None and default is not None:
        return Effective(parameter, chosen, default, "default", cell.articles, declared.rule, declared.default_note)
    if cell == SILENT:
        origin = "default"
    elif origin == "local" and parameter in profile.overrides:
        origin = "stricter"
    return Effective(parameter, chosen, cell.value, origin, cell.articles, declared.rule, cell.note)


def effective_all(profile: Profile, case_start: date) -> tuple[Effective, ...]:
    """Return the effective value of every parameter, one per kind where it has kinds."""
    return tuple(
        effective(profile, name, case_start, kind)
        for name, declared in parameters().items()
        for kind in (declared.kinds or [None])
    )


def _joined(declared: Parameter, local: Cell, national: Cell) -> tuple[Cell, Origin]:
    """Join what both texts say; where one is silent the other stands."""
    if local.value is None:
        return (national, "national") if national != SILENT else (local, "local")
    if national.value is None:
        return local, "local"
    value = local.joint if local.joint is not None else join(declared, local.value, national.value)
    if value == national.value:
        return national, "national"
    if value == local.value:
        return local, "local"
    return Cell(value, (*national.articles, *local.articles), local.note), "local"


def join(declared: Parameter, local: Value, national: Value) -> Value:
    """Apply the parameter's rule to two stated values (policy-profiles 12)."""
    match declared.rule:
        case "NATIONAL" | "FILL":
            return national
        case "LOCAL":
            return local
        case "INTERSECT":
            return tuple(code for code in _codes(national) if code in _codes(local))
        case "MIN" | "MAX" | "STRICT":
            return stricter(declared, local, national)
        case _:
            return _both(declared, local, national)


def stricter(declared: Parameter, one: Value, other: Value) -> Value:
    """Return the stricter of two values by the declared direction; `other` when they are equally strict."""
    return one if strictness(declared, one) > strictness(declared, other) else other


def strictness(declared: Parameter, value: Value) -> float:
    """Return how strict a value is; only values of one parameter with a declared direction compare."""
    match declared.stricter:
        case "less":
            return -cast("float", value)
        case "more":
            return cast("float", value)
        case "later":
            return list(declared.choices).index(cast("str", value))
        case direction:
            return float(value is (direction == "true"))


def _both(declared: Parameter, local: Value, national: Value) -> Value:
    """UNION, ADD, SCOPE: what both ask for, the local on top."""
    match declared.type:
        case "codes":
            return (*_codes(national), *(code for code in _codes(local) if code not in _codes(national)))
        case "count":
            return cast("int", local) + cast("int", national)
        case "text":
            return f"{national}；{local}" if local != national else national
        case _:
            return stricter(declared, local, national) if declared.stricter else local


def _codes(value: Value) -> tuple[str, ...]:
    return cast("tuple[str, ...]", value)
