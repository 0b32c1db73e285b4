"""A region's own profile on top of a text: it may be stricter than the texts that bind it, never laxer (R-OVR-043)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from django.utils.translation import gettext as _

from jutong.kernel.policy.parameters import Parameter, ProfileInvalid, Value, parameters
from jutong.kernel.policy.precedence import CEILING_FROM, strictness
from jutong.kernel.policy.profiles import DEFAULT, Cell, Profile, cells, load
from jutong.kernel.policy.wording import sources, worded

_BINDING = {"NATIONAL", "FILL"}


def derive(
    base_name: str,
    overrides: Mapping[str, object],
    version: int,
    effective_from: date,
    *,
    name: str = "",
    title: str = "",
    articles: Sequence[str] = (),
) -> Profile:
    """Return a regional profile: the text `base_name` with `overrides` (parameter: value, or {kind: value}).

    `articles` names the region's own instrument, shown as the source. ProfileInvalid, with a remark per parameter,
    for an unknown or fixed parameter, a wrong value, or one laxer than the base text or, when `effective_from` is
    2025-08-01 or later, than the decree (R-OVR-043, R-SEC-008).
    """
    base = load(base_name)
    values = dict(base.values)
    remarks: dict[str, str] = {}
    for parameter, value in overrides.items():
        try:
            values[parameter] = _overridden(base, parameter, value, effective_from, articles)
        except ProfileInvalid as refused:
            remarks[parameter] = refused.sentence
    if version < 1:
        remarks["version"] = _("政策文件的版本号须为正整数。")
    if remarks:
        raise ProfileInvalid("".join(remarks.values()), remarks=remarks)
    return replace(
        base,
        name=name or base.name,
        title=title or base.title,
        version=version,
        values=MappingProxyType(values),
        overrides=frozenset(overrides),
        valid_from=effective_from,
    )


def adjustable(declared: Parameter) -> bool:
    """Tell whether a region can set a parameter more strictly by naming one value that compares with the texts'."""
    return bool(declared.stricter) and not declared.fixed and declared.rule not in _BINDING


def _overridden(
    base: Profile, parameter: str, value: object, effective_from: date, articles: Sequence[str]
) -> Mapping[str | None, Cell]:
    declared = parameters().get(parameter)
    if declared is None:
        raise ProfileInvalid(
            _("政策参数 %(name)s 不存在；请改正参数名或者删除。") % {"name": parameter[:64]}, field=parameter
        )
    if declared.fixed or value is None:
        why = _("不能由地区调整") if declared.fixed else _("没有给出值")
        raise ProfileInvalid(
            _("政策参数“%(zh)s”（%(name)s）%(why)s；请删除该项。") % {"zh": declared.zh, "name": parameter, "why": why},
            field=parameter,
        )
    own = cells(declared, {"value": value, "articles": tuple(articles)})
    merged = own if None in own else {**base.values.get(parameter, {}), **own}
    everywhere: list[str | None] = [*declared.kinds] or [None]
    for kind in everywhere if None in own else own:
        chosen = own.get(kind) or own[None]
        _check_not_laxer(declared, kind, chosen.value, base)
        if effective_from >= CEILING_FROM:
            _check_not_laxer(declared, kind, chosen.value, load(DEFAULT))
    return merged


def _check_not_laxer(declared: Parameter, kind: str | None, value: Value | None, text: Profile) -> None:
    bound = text.cell(declared.name, kind)
    if bound.value is None or value is None or not _laxer(declared, value, bound.value, text):
        return
    raise ProfileInvalid(
        _("政策参数“%(zh)s”（%(name)s）设为“%(value)s”，不符合%(source)s的“%(bound)s”；地区规定只能更严，请调整。")
        % {
            "zh": declared.zh + (f"（{declared.kinds[kind]}）" if kind else ""),
            "name": declared.name,
            "value": worded(declared, value),
            "source": sources(bound.articles) or text.title,
            "bound": worded(declared, bound.value),
        },
        field=declared.name,
    )


def _laxer(declared: Parameter, value: Value, bound: Value, text: Profile) -> bool:
    if declared.rule in _BINDING:
        return text.name == DEFAULT and value != bound
    if declared.rule == "INTERSECT" and isinstance(value, tuple) and isinstance(bound, tuple):
        return not set(value) <= set(bound)
    if declared.rule == "UNION" and isinstance(value, tuple) and isinstance(bound, tuple):
        return not set(bound) <= set(value)
    if declared.stricter:
        return strictness(declared, value) < strictness(declared, bound)
    return False
