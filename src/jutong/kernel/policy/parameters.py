"""The 199 parameters of a policy profile, each declared once in parameters.toml, and the check of a value."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from django.utils.translation import gettext as _

from jutong.kernel.errors import RuleBroken

Scalar = int | float | bool | str | date
Value = Scalar | tuple[str, ...]
"""One typed value: working days, years (halves allowed), count, bool, code, codes as a tuple, text, date, MM-DD."""

MOST_DAYS = 366
MOST_TEXT = 500
MONTHS_A_YEAR = 12
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_MONTH_DAY = re.compile(r"(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")


class ProfileInvalid(RuleBroken):
    """A profile that cannot be used; the sentence names profile, parameter, rule and remedy (R-OVR-036)."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A declared parameter.

    `rule` joins the local and the national value since 2025-08-01; `stricter` says which direction is stricter
    (less, more, true, false, or later in `choices`); `absent` says what no value means (no_limit, not_offered,
    not_regulated); `default` is used where every text is silent. `kinds` are the variants a value may differ by.
    `extension` names the parameter that says how far this limit can be extended.
    """

    name: str
    section: int
    type: str
    zh: str
    en: str
    rule: str
    stricter: str = ""
    default: object = None
    default_note: str = ""
    absent: str = ""
    zero: str = ""
    minimum: float = 0
    open: bool = False
    fixed: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    default_kind: str = ""
    extension: str = ""

    def kind(self, kind: str | None) -> str | None:
        """Return the variant meant by `kind`; ValueError for one that is not declared (a bug of the caller)."""
        if not self.kinds and kind is None:
            return None
        chosen = str(kind) if kind else self.default_kind
        if chosen not in self.kinds:
            raise ValueError(f"{self.name} has the kinds {', '.join(self.kinds) or 'none'}, not {kind!r}")
        return chosen

    def default_of(self, kind: str | None) -> Value | None:
        """Return the documented default, or None where no value is the default."""
        found = self.default.get(kind) if isinstance(self.default, Mapping) else self.default
        return None if found is None else self.checked(found)

    @property
    def documented(self) -> bool:
        """Whether silence has a documented meaning (R-OVR-044)."""
        return self.default is not None or bool(self.absent)

    def checked(self, value: object) -> Value:
        """Return `value` in its type; ProfileInvalid with a sentence naming parameter, rule and remedy."""
        problem = _PROBLEMS[self.type](self, value)
        if problem:
            raise ProfileInvalid(
                _("政策参数“%(zh)s”（%(name)s）的值 %(value)s 不正确：%(why)s。")
                % {"zh": self.zh, "name": self.name, "value": str(value)[:60], "why": problem},
                field=self.name,
            )
        return tuple(value) if isinstance(value, list) else value  # type: ignore[return-value]


def _days(_parameter: Parameter, value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_DAYS:
        return ""
    return _("须为 0 至 %(most)d 的整数工作日") % {"most": MOST_DAYS}


def _years(parameter: Parameter, value: object) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 < value <= 100 or (value * MONTHS_A_YEAR) % 1:  # type: ignore[operator]  # noqa: PLR2004
        return _("须为正数年，可以精确到月，如 0.5 表示 6 个月")
    if value < parameter.minimum:  # type: ignore[operator]
        return _("不得少于 %(least)d 个月") % {"least": round(parameter.minimum * MONTHS_A_YEAR)}
    return ""


def _count(_parameter: Parameter, value: object) -> str:
    return "" if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else _("须为不小于 0 的整数")


def _bool(_parameter: Parameter, value: object) -> str:
    return "" if isinstance(value, bool) else _("须为是（true）或否（false）")


def _code(parameter: Parameter, value: object) -> str:
    return "" if value in parameter.choices else _("可选值为 %(codes)s") % {"codes": "、".join(parameter.choices)}


def _codes(parameter: Parameter, value: object) -> str:
    if not isinstance(value, list | tuple) or not all(isinstance(code, str) for code in value):
        return _("须为代码列表")
    if len(set(value)) != len(value):
        return _("代码不得重复")
    if parameter.open:
        return "" if all(_CODE.fullmatch(code) for code in value) else _("代码只能由小写字母、数字和下划线组成")
    return "" if set(value) <= set(parameter.choices) else _code(parameter, None)


def _text(_parameter: Parameter, value: object) -> str:
    fits = isinstance(value, str) and 0 < len(value.strip()) <= MOST_TEXT and value.isprintable()
    return "" if fits else _("须为 1 至 %(most)d 个字的文字") % {"most": MOST_TEXT}


def _date(_parameter: Parameter, value: object) -> str:
    return "" if isinstance(value, date) and not isinstance(value, datetime) else _("须为日期，如 2025-08-01")


def _day(_parameter: Parameter, value: object) -> str:
    return "" if isinstance(value, str) and _MONTH_DAY.fullmatch(value) else _("须为月日，如 01-31")


_PROBLEMS = {
    "days": _days,
    "years": _years,
    "count": _count,
    "bool": _bool,
    "code": _code,
    "codes": _codes,
    "text": _text,
    "date": _date,
    "day": _day,
}


@cache
def parameters() -> Mapping[str, Parameter]:
    """Return every declared parameter by name, in the order of policy-profiles."""
    declared = tomllib.loads(files(__package__).joinpath("parameters.toml").read_text(encoding="utf-8"))
    return MappingProxyType({name: Parameter(name=name, **fields) for name, fields in declared.items()})
