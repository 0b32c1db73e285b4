"""Profiles as versioned data: one file per text, typed and validated when it is loaded."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from django.utils.translation import gettext as _

from jutong.kernel.policy.parameters import Parameter, ProfileInvalid, Value, parameters

DEFAULT = "national-2025"
SHIPPED = (
    "national-2025",
    "jiangxi-2017",
    "inner-mongolia-2018",
    "neijiang-2020",
    "liyang-2020",
    "national-project-opinion",
)
_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
_FIELDS = frozenset({"value", "articles", "note", "with_decree"})


@dataclass(frozen=True, slots=True)
class Cell:
    """What a text says on a point: `value` None where it is silent or gives no number (`note` then says how).

    `joint` is the stated reading beside the decree where no rule can compute it (policy-profiles 12).
    """

    value: Value | None = None
    articles: tuple[str, ...] = ()
    note: str = ""
    joint: Value | None = None


SILENT = Cell()


@dataclass(frozen=True)
class Profile:
    """A jurisdiction's profile in one version; `overrides` names what a region sets on top of the text `base`."""

    name: str
    version: int
    title: str
    base: str
    values: Mapping[str, Mapping[str | None, Cell]] = field(repr=False)
    overrides: frozenset[str] = frozenset()
    valid_from: date | None = None

    @property
    def reference(self) -> str:
        """Name and version as a case keeps them: national-2025@1."""
        return f"{self.name}@{self.version}"

    @property
    def effective_from(self) -> date | None:
        """The day from which the version applies: the region's, else the text's; None when the text names none."""
        if self.valid_from:
            return self.valid_from
        day = self.cell("effective_from").value
        return day if isinstance(day, date) else None

    def cell(self, parameter: str, kind: str | None = None) -> Cell:
        """Return what this profile itself says; SILENT where it says nothing. KeyError for an unknown parameter."""
        chosen = parameters()[parameter].kind(kind)
        by_kind = self.values.get(parameter, {})
        return by_kind.get(chosen) or by_kind.get(None) or SILENT


def cells(declared: Parameter, entry: Mapping[str, object]) -> dict[str | None, Cell]:
    """Turn one entry of a file (value, articles, note, with_decree) into typed cells by kind.

    ProfileInvalid names the parameter for a wrong value, kind or field.
    """
    unknown = set(entry) - _FIELDS
    if unknown:
        raise _invalid(declared.name, _("不认识的字段 %(fields)s") % {"fields": "、".join(sorted(unknown))})
    articles = entry.get("articles", [])
    if not isinstance(articles, list | tuple) or not all(isinstance(one, str) for one in articles):
        raise _invalid(declared.name, _("条文引用（articles）须为文字列表"))
    note = str(entry.get("note", ""))
    joint = entry.get("with_decree")
    return {
        kind: Cell(
            value=None if value is None else declared.checked(value),
            articles=tuple(articles),
            note=note,
            joint=None if joint is None else declared.checked(joint),
        )
        for kind, value in by_kind(declared, entry.get("value"))
    }


def by_kind(declared: Parameter, value: object) -> Iterator[tuple[str | None, object]]:
    """Yield (kind, value) pairs; a plain value stands for every kind. ProfileInvalid for an undeclared kind."""
    if not isinstance(value, Mapping):
        yield None, value
        return
    for kind, own in value.items():
        if kind not in declared.kinds:
            kinds = "、".join(declared.kinds) or _("无")
            raise _invalid(
                declared.name, _("不认识的类别 %(kind)s，可用类别：%(kinds)s") % {"kind": kind, "kinds": kinds}
            )
        yield kind, own


def _invalid(parameter: str, why: str) -> ProfileInvalid:
    sentence = _("政策参数 %(name)s 不正确：%(why)s。") % {"name": parameter, "why": why}
    return ProfileInvalid(sentence, field=parameter)


def read(text: str) -> Profile:
    """Read and validate a profile from TOML text.

    ProfileInvalid for an unknown parameter, a wrong value (a negative number of days), or a parameter that has
    neither value nor documented default (R-OVR-036, R-OVR-044).
    """
    data = tomllib.loads(text)
    silent, entries = data.get("silent", []), data.get("values", {})
    for name in (*silent, *entries):
        if name not in parameters():
            raise _invalid(name, _("参数表中没有这个参数，请改正或者删除"))
    for name, declared in parameters().items():
        if name in entries and name in silent:
            raise _invalid(name, _("既列为未作规定又给出了值，请保留其一"))
        if "value" not in entries.get(name, {}) and not declared.documented and not declared.fixed:
            raise _invalid(name, _("既没有值也没有默认值，请补充"))
        if name not in entries and name not in silent:
            raise _invalid(
                name, _("政策文件 %(profile)s 没有列出，请给出值或者列入 silent") % {"profile": data["name"]}
            )
    return Profile(
        name=data["name"],
        version=data["version"],
        title=data["title"],
        base=data["name"],
        values=MappingProxyType({name: cells(parameters()[name], entry) for name, entry in entries.items()}),
    )


@cache
def load(name: str, version: int | None = None) -> Profile:
    """Return a shipped profile by name, or by reference such as ``jiangxi-2017@1``; the newest without a version.

    Earlier versions stay beside the newest as ``NAME.vN.toml``, because a case keeps the version it started under
    (R-OVR-036). ProfileInvalid when there is no such profile or version.
    """
    plain, _at, wanted = name.partition("@")
    if wanted.isdecimal():
        return load(plain, int(wanted))
    if _NAME.fullmatch(name):
        folder = files(__package__).joinpath("profiles")
        for file in (f"{name}.toml", f"{name}.v{version}.toml"):
            if folder.joinpath(file).is_file():
                profile = read(folder.joinpath(file).read_text(encoding="utf-8"))
                if version in {None, profile.version}:
                    return profile
    asked = name if version is None else f"{name}@{version}"
    raise ProfileInvalid(
        _("没有政策文件“%(name)s”；可用的政策文件：%(known)s。") % {"name": asked[:80], "known": "、".join(SHIPPED)},
        field="profile",
    )
