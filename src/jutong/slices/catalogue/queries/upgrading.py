"""What a new version of the specification means for what is published: entries below it, and what would fail (R-CAT-027).

One statement looks at all of them; it says of the stored versions what `rules.specified` says of one in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.paging import Page
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.specified import ELSEWHERE, KNOWN, KNOWN_ITEM, is_own
from jutong.slices.standards import queries as standards
from jutong.wire.specification import Element, Specification

SIZE: Final = 50
_USUAL: Final[dict[str, Any]] = {
    name: value
    for name, value in zip(Content.__struct_fields__[1:], Content.__struct_defaults__, strict=True)
    if isinstance(value, str)
}
"""What an element holds that its stored form leaves out."""


@dataclass(frozen=True, slots=True)
class UpgradeRow:
    """A published entry below the version: which one it follows, and the labels of what would fail."""

    id: int
    code: str
    title: str
    provider_name: str
    state: str
    specification: str
    fails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UpgradeReport:
    """What a version means: how many published entries are below it, how many would fail, and by which element.

    choices: the versions one can look at, as (day, title), those to come included.
    """

    reference: str
    title: str
    day: date
    below: int
    failing: int
    elements: tuple[tuple[str, int], ...]
    rows: tuple[UpgradeRow, ...]
    page: Page
    choices: tuple[tuple[date, str], ...]


def upgrade_report(
    actor: Actor,
    at: datetime,
    *,
    day: date | None = None,
    only_failing: bool = False,
    number: int = 1,
    size: int = SIZE,
) -> UpgradeReport:
    """Return what the specification of a day (today) means for the published entries that the actor is concerned with.

    Departments see their own entries, the authority those of its region, auditors and operators all of theirs.
    """
    today = beijing_day(at)
    given = standards.specification_for(actor.region, day or today)
    conditions = _failures(given)
    with connection.cursor() as cursor:
        where, values = _whose(actor)
        below, failing, counts = _counted(cursor, conditions, given, where, values)
        total = failing if only_failing else below
        meta = Page(max(1, min(number, max(1, -(-total // size)))), size, total)
        rows = _rows(cursor, conditions, given, where, values, meta, only_failing=only_failing)
    labels = [_(element.label) for element, _sql, _values in conditions]
    elements = sorted(zip(labels, counts, strict=True), key=lambda pair: -pair[1])
    return UpgradeReport(
        given.reference, given.title, day or today, below, failing, tuple((n, c) for n, c in elements if c), rows, meta, _choices(actor, at)
    )  # fmt: skip


def _choices(actor: Actor, at: datetime) -> tuple[tuple[date, str], ...]:
    today = beijing_day(at)
    levels = {"", *(row.region for row in standards.specification_page(actor.region, at).rows)}
    coming = [
        r for r in standards.specifications(at) if r.region in levels and r.effective_from and r.effective_from > today
    ]
    return ((today, _("现行规范")), *sorted((r.effective_from, r.title) for r in coming if r.effective_from))


def _whose(actor: Actor) -> tuple[str, list[Any]]:
    if actor.account_id is None or actor.holds(Role.AUDITOR, Role.PLATFORM_OPERATOR):
        return "true", []
    if actor.holds(Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD):
        return "(e.provider_id = any(%s) or e.authority_id = any(%s))", [sorted(actor.serves)] * 2
    return "e.provider_id = any(%s)", [sorted(actor.serves)]


_Failure = tuple[Element, str, list[Any]]
_FROM: Final = "catalogue_entry e join catalogue_entryversion v on v.id = e.published_id"
_BELOW: Final = "coalesce(v.content ->> 'specification', 'national-guide-2017') <> %s"


def _failures(given: Specification) -> list[_Failure]:
    """Return (element, condition that is true where it fails, values) of everything the specification asks for."""
    found = []
    for element in given.elements:
        parts = _entry_failures(element) if element.of == "entry" else _item_failures(element)
        if parts:
            sql = " or ".join(f"({part})" for part, _values in parts)
            found.append((element, sql, [value for _part, values in parts for value in values]))
    return found


_Part = tuple[str, list[Any]]


def _text(name: str) -> _Part:
    if name in KNOWN:
        return "coalesce(v.content ->> %s, %s)", [name, _USUAL.get(name, "")]
    return "coalesce(v.content -> 'extra' ->> %s, '')", [name]


def _entry_failures(element: Element) -> list[_Part]:
    if element.name in ELSEWHERE:
        return []
    text, values = _text(element.name)
    parts: list[_Part] = []
    if missing := _missing(element, text, values):
        parts.append(missing)
    one = element.kind not in {"items", "codes"}
    if one and element.length is not None:
        parts.append((f"length({text}) > %s", [*values, element.length]))
    if one and element.values:
        parts.append((f"{text} <> '' and {text} <> all(%s)", [*values, *values, [v.code for v in element.values]]))
    if one and element.pattern:
        parts.append((f"{text} <> '' and {text} !~ %s", [*values, *values, rf"\A(?:{element.pattern})\Z"]))
    return parts


def _missing(element: Element, text: str, values: list[Any]) -> _Part | None:
    blank: _Part = (f"{text} = ''", list(values))
    if element.kind == "items":
        blank = ("not exists (select from catalogue_item i where i.version_id = v.id)", [])
    elif element.name == "share_mode":
        withheld, more = _text("share_type")
        blank = (f"{text} = '' and {withheld} <> 'withheld'", [*values, *more])
    if element.obligation == "M":
        return blank
    name, sign, codes = element.when.partition("=")
    if element.obligation != "C" or not sign:
        return None
    asked, more = _text(name)
    return f"{blank[0]} and {asked} = any(%s)", [*blank[1], *more, codes.split("|")]


def _item_failures(element: Element) -> list[_Part]:
    own = element.name not in KNOWN_ITEM
    text = "coalesce(i.detail -> 'extra' ->> %s, '')" if own else "coalesce(i.detail ->> %s, '')"
    parts: list[_Part] = []
    if element.obligation == "M" and element.name != "name":
        parts.append((f"{text} = ''", [element.name]))
    if element.length is not None:
        parts.append((f"length({text}) > %s", [element.name, element.length]))
    if element.values and is_own(element):
        parts.append(
            (f"{text} <> '' and {text} <> all(%s)", [element.name, element.name, [v.code for v in element.values]])
        )
    if element.pattern:
        parts.append((f"{text} <> '' and {text} !~ %s", [element.name, element.name, rf"\A(?:{element.pattern})\Z"]))
    if not parts:
        return []
    sql = " or ".join(part for part, _values in parts)
    return [
        (
            f"exists (select from catalogue_item i where i.version_id = v.id and ({sql}))",
            [v for _p, vs in parts for v in vs],
        )
    ]


def _counted(
    cursor: Any, conditions: Sequence[_Failure], given: Specification, where: str, values: list[Any]
) -> tuple[int, int, list[int]]:
    """Return how many are below, how many of those would fail, and how many by each condition."""
    counts = ", ".join(f"count(*) filter (where {sql})" for _element, sql, _values in conditions)
    every = " or ".join(f"({sql})" for _element, sql, _values in conditions)
    given_values = [value for _element, _sql, found in conditions for value in found]
    cursor.execute(
        f"select count(*), count(*) filter (where {every}), {counts} from {_FROM} where {_BELOW} and {where}",  # noqa: S608 - own text
        [*given_values, *given_values, given.reference, *values],
    )
    below, failing, *counted = cursor.fetchone()
    return below, failing, counted


def _rows(
    cursor: Any,
    conditions: Sequence[_Failure],
    given: Specification,
    where: str,
    values: list[Any],
    meta: Page,
    *,
    only_failing: bool,
) -> tuple[UpgradeRow, ...]:
    flags = ", ".join(f"({sql})" for _element, sql, _values in conditions)
    flag_values = [value for _element, _sql, found in conditions for value in found]
    failing = "where true = any(u.fails)" if only_failing else ""
    cursor.execute(
        f"""
        select id, code, title, provider_name, state, specification, fails from (
            select e.id, coalesce(e.code, '') as code, v.content ->> 'title' as title, e.provider_name, e.state,
                   coalesce(v.content ->> 'specification', 'national-guide-2017') as specification, array[{flags}] as fails
              from {_FROM} where {_BELOW} and {where}) u {failing}
         order by (true = any(fails)) desc, id limit %s offset %s""",  # noqa: S608 - own text
        [*flag_values, given.reference, *values, meta.size, meta.first],
    )
    labels = [_(element.label) for element, _sql, _values in conditions]
    return tuple(
        UpgradeRow(
            pk,
            code,
            title,
            provider,
            state,
            below,
            tuple(label for label, is_so in zip(labels, fails, strict=True) if is_so),
        )
        for pk, code, title, provider, state, below, fails in cursor.fetchall()
    )
