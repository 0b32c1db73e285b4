"""How values and articles read in Chinese: 10 个工作日 — 政务数据共享条例第二十一条."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.utils.translation import gettext as _

from jutong.kernel.policy.parameters import MONTHS_A_YEAR, Parameter, Value, parameters
from jutong.kernel.policy.precedence import Effective, effective_all
from jutong.kernel.policy.profiles import SHIPPED, Profile, load
from jutong.kernel.terms import N_

_DIGITS = "零一二三四五六七八九"
_ABSENT = {"no_limit": N_("无法定期限"), "not_offered": N_("不适用"), "not_regulated": N_("未作规定")}
_ORIGINS = {
    "local": N_("地方规定"),
    "national": N_("国家规定"),
    "stricter": N_("本地更严的规定"),
    "default": N_("系统默认"),
}
_ARTICLE = re.compile(r"(?P<slug>[a-z][a-z0-9-]*)#(?P<number>\d+|preamble|background)(?:\((?P<item>\d+)\))?")
_UNNUMBERED = {"preamble": N_("引言"), "background": N_("背景介绍")}
_OPINION = "national-project-opinion"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a profile shown to a person; every field but `parameter` and `kind` is worded."""

    parameter: str
    kind: str
    label: str
    value: str
    origin: str
    articles: str


def numeral(number: int) -> str:
    """Return a Chinese numeral below one hundred: 21 is 二十一."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else ("" if tens == 1 else _DIGITS[tens]) + "十"
    return head + (_DIGITS[ones] if ones or not tens else "")


def article(reference: str) -> str:
    """Word a reference such as national-2025#14(3); one that is no reference is returned as it stands."""
    found = _ARTICLE.fullmatch(reference)
    if not found or found["slug"] not in SHIPPED:
        return reference
    title = load(found["slug"]).title
    if found["number"] in _UNNUMBERED:
        return title + _(_UNNUMBERED[found["number"]])
    place = ("第{}部分" if found["slug"] == _OPINION else "第{}条").format(numeral(int(found["number"])))
    return f"{title}{place}" + (f"第（{numeral(int(found['item']))}）项" if found["item"] else "")


def sources(references: Sequence[str]) -> str:
    """Word several references, each text's title once: 某办法第八条、第二十七条."""
    words: list[str] = []
    title = ""
    for reference in references:
        whole = article(reference)
        words.append(whole.removeprefix(title) if title else whole)
        slug = reference.partition("#")[0]
        title = load(slug).title if slug in SHIPPED else ""
    return "、".join(words)


def worded(declared: Parameter, value: Value | None) -> str:
    """Word a value of a parameter; None as what its absence means."""
    if value is None:
        return _(_ABSENT[declared.absent or "not_regulated"])
    if declared.type == "days":
        return declared.zero if value == 0 and declared.zero else _("%(days)d 个工作日") % {"days": value}
    if declared.type == "years":
        return _period(float(value))  # type: ignore[arg-type]
    if declared.type == "bool":
        return _("是") if value else _("否")
    codes = value if isinstance(value, tuple) else (str(value),)
    return "、".join(declared.choices.get(code, code) for code in codes) or _("无")


def _period(years: float) -> str:
    whole, rest = divmod(round(years * MONTHS_A_YEAR), MONTHS_A_YEAR)
    if rest:
        return _("%(months)d 个月") % {"months": whole * MONTHS_A_YEAR + rest}
    return _("%(years)d 年") % {"years": whole}


def origin_in_words(found: Effective) -> str:
    """Say whose rule a value is."""
    return _(_ORIGINS[found.origin])


def explained(found: Effective) -> str:
    """Word an effective value with its source and whose rule it is, as it stands beside every limit.

    10 个工作日 — 政务数据共享条例第二十一条（国家规定）.
    """
    declared = parameters()[found.parameter]
    value = found.note if found.value is None and found.note else worded(declared, found.value)
    whose = _(_ORIGINS[found.origin])
    source = f"{named}（{whose}）" if (named := sources(found.articles)) else whose
    if found.origin == "default" and found.note:
        source = _("系统默认（%(why)s）") % {"why": found.note}
    return f"{value} — {source}"


def with_doubt(rule: str, years: Sequence[int]) -> str:
    """Add to a rule in words why the day counted by it is provisional; years: those without an official calendar yet."""
    if not years:
        return rule
    words = {"rule": rule, "years": "、".join(map(str, years))}
    return _("%(rule)s；暂定：%(years)s 年的工作日历尚未发布") % words


def table(name: str | Profile, effective: bool, day: date) -> list[Row]:
    """Return a profile as rows for page and command line, in the order of the parameters.

    With `effective` what is in force for a case that starts on `day`, else what the text itself says. Kinds with
    one and the same answer share a row. ProfileInvalid for an unknown profile name.
    """
    profile = load(name) if isinstance(name, str) else name
    found = effective_all(profile, day) if effective else _stated(profile)
    rows = []
    for _same, group in groupby(found, key=lambda one: (one.parameter, one.value, one.origin, one.articles)):
        rows.append(_row(list(group)))
    return rows


def _stated(profile: Profile) -> tuple[Effective, ...]:
    return tuple(
        Effective(name, kind, cell.value, "local", cell.articles, declared.rule, cell.note)
        for name, declared in parameters().items()
        for kind in (declared.kinds or [None])
        for cell in [profile.cell(name, kind)]
    )


def _row(group: list[Effective]) -> Row:
    first = group[0]
    declared = parameters()[first.parameter]
    kinds = [one.kind for one in group if one.kind]
    some = "" if len(kinds) == len(declared.kinds) else "、".join(declared.kinds[kind] for kind in kinds)
    value = worded(declared, first.value)
    if first.note:
        value = first.note if first.value is None else f"{value}（{first.note}）"
    return Row(
        parameter=first.parameter,
        kind=",".join(kinds) if some else "",
        label=f"{declared.zh}（{some}）" if some else declared.zh,
        value=value,
        origin=_(_ORIGINS[first.origin]),
        articles=sources(first.articles),
    )
