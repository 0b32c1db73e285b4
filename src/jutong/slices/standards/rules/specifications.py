"""What a specification may say, how levels are laid over each other, and that none loosens the one above (R-CAT-050)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_
from jutong.wire.specification import Element, Specification, Value

KINDS: Final = {
    "text": N_("文字"),
    "lines": N_("多行文字"),
    "code": N_("单选"),
    "codes": N_("多选"),
    "date": N_("日期"),
    "number": N_("数字"),
    "flag": N_("是否"),
    "items": N_("信息项列表"),
}
OBLIGATIONS: Final = {"M": N_("必填"), "C": N_("条件必填"), "O": N_("选填")}
LEVELS: Final = {"entry": N_("目录"), "item": N_("信息项")}
OPEN_LISTS: Final = frozenset({"category", "update_cycle", "format_types", "data_category"})
"""National lists that a local specification may add codes to; the others carry duties of the law."""
PURPOSES: Final = "use_purposes"
"""The element whose list is that of purposes of use (`rules.purposes`)."""
LISTED_ELSEWHERE: Final = frozenset({"security_level", PURPOSES})
"""Elements whose lists stand for themselves, whatever a specification repeats of them: grades (`rules.grades`) and purposes."""
MOST_ELEMENTS: Final = 200
MOST_VALUES: Final = 500
LONGEST: Final = 2000
LONGEST_CODE: Final = 16
LONGEST_LABEL: Final = 40
LONGEST_RULE: Final = 300
LONGEST_PATTERN: Final = 200
SERIALS: Final = range(1, 13)
_STRENGTH: Final = {"O": 0, "C": 1, "M": 2}
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_WHEN: Final = re.compile(r"([a-z][a-z0-9_]*)=([^=|]+(?:\|[^=|]+)*)")
_QUANTIFIED_GROUP: Final = re.compile(r"[)][*+{]")


def condition(when: str) -> tuple[str, tuple[str, ...]] | None:
    """Return (element, codes) of a condition such as ``share_type=conditional|withheld``, None for none."""
    found = _WHEN.fullmatch(when)
    return (found[1], tuple(found[2].split("|"))) if found else None


def check_specification(given: Specification) -> None:
    """Refuse a specification that cannot be used; every remark names element, rule and remedy (RuleBroken)."""
    remarks: dict[str, str] = {}
    if not given.elements or len(given.elements) > MOST_ELEMENTS:
        raise RuleBroken(N_("编制规范须有 1 至 200 个要素，请核对后重新提交。"), field="elements")
    if given.serial_digits not in SERIALS:
        remarks["serial_digits"] = N_("顺序码位数应为 1 至 12，请改正。")
    for (_of, name), times in Counter((one.of, one.name) for one in given.elements).items():
        if times > 1:
            remarks[name] = _say(name, N_("重复出现，请合并为一行"))
    labels = Counter((one.of, one.label) for one in given.elements)
    names = {one.name: one for one in given.elements if one.of == "entry"}
    for one in given.elements:
        if labels[one.of, one.label] > 1:
            remarks[one.name] = _say(one.label, N_("名称与另一要素相同，表头无法区分，请改名"))
        elif why := next(_faults(one, names), ""):
            remarks[one.name] = _say(one.label or one.name, why)
    if remarks:
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks)


def _say(label: str, why: str) -> str:
    return _("“%(label)s”%(why)s。") % {"label": label[:LONGEST_LABEL], "why": _(why)}


def _faults(one: Element, names: dict[str, Element]) -> Iterator[str]:
    if not _NAME.fullmatch(one.name):
        yield N_("的标识应以小写字母开头，只含小写字母、数字和下划线，不超过 40 个字符")
    if not 1 <= len(one.label) <= LONGEST_LABEL or not one.label.isprintable():
        yield N_("的名称应为 1 至 40 个字")
    if one.of not in LEVELS or one.kind not in KINDS or one.obligation not in OBLIGATIONS:
        yield N_("的层次、类型或必填性不在可选范围内，请按模板的下拉列表填写")
    if one.length is not None and not 1 <= one.length <= LONGEST:
        yield N_("的长度应为 1 至 2000")
    if max(len(one.rule), len(one.example)) > LONGEST_RULE:
        yield N_("的规则说明和示例各不超过 300 字")
    yield from _value_faults(one)
    yield from _pattern_faults(one)
    if one.when:
        found = condition(one.when)
        if one.obligation != "C" or found is None or found[0] not in names:
            yield N_("的条件应写作“要素标识=代码|代码”，要素须在本规范内，且必填性为条件必填")


def _value_faults(one: Element) -> Iterator[str]:
    codes = [value.code for value in one.values]
    if len(codes) > MOST_VALUES or len(set(codes)) != len(codes):
        yield N_("的可选值不能重复，且不超过 500 个")
    if len({value.label for value in one.values}) != len(codes):
        yield N_("的可选值名称重复，填表时无法区分")
    for value in one.values:
        long = len(value.code) > max(LONGEST_CODE, len(value.code) if value.code.isascii() else 0)
        if not value.code or long or not value.label or len(value.label) > LONGEST_LABEL or "|" in value.code:
            yield N_("的可选值应写作“代码=名称”，汉字代码不超过 16 字，名称不超过 40 字")


def _pattern_faults(one: Element) -> Iterator[str]:
    if not one.pattern:
        return
    if len(one.pattern) > LONGEST_PATTERN or _QUANTIFIED_GROUP.search(one.pattern):
        yield N_("的格式过长或含重复的括号组，可能使检查很慢，请改用更简单的写法")
    try:
        re.compile(one.pattern, re.ASCII)
    except re.error:
        yield N_("的格式不是有效的正则表达式")


def loosened(local: Specification, above: Specification) -> dict[str, str]:
    """Return {element: sentence} for everything in which a local specification drops or loosens the one above it.

    It may add elements and, to open lists, code values; obligation, length, list and pattern may be stricter only.
    """
    own = {(one.of, one.name): one for one in local.elements}
    remarks: dict[str, str] = {}
    for upper in above.elements:
        found = own.get((upper.of, upper.name))
        why = N_("是上级规范的要素，地方规范只能增加，不能减少") if found is None else _looser(found, upper)
        if why:
            remarks[upper.name] = _say(upper.label, why)
    return remarks


def _looser(one: Element, upper: Element) -> str:
    codes = {value.code: value.label for value in one.values}
    listed = upper.name not in LISTED_ELSEWHERE
    conditions = one.obligation == upper.obligation == "C" and upper.when and one.when != upper.when
    longer = upper.length is not None and (one.length is None or one.length > upper.length)
    reasons = (
        (one.kind != upper.kind or one.label != upper.label, N_("的名称和类型由上级规范规定，不能更改")),
        (_STRENGTH[one.obligation] < _STRENGTH[upper.obligation], N_("的必填性不得低于上级规范，请恢复或改得更严")),
        (conditions, N_("的必填条件由上级规范规定，请恢复或改为必填")),
        (longer, N_("的长度不得超过上级规范，请改短")),
        (listed and any(codes.get(v.code) != v.label for v in upper.values), N_("的可选值只能增加，不能减少或改名")),
        (
            listed and len(codes) > len(upper.values) and upper.name not in OPEN_LISTS,
            N_("的可选值关系到法定职责，地方规范不能增加"),
        ),
    )
    return next((why for broken, why in reasons if broken), "")


def merged(levels: Sequence[Specification]) -> Specification:
    """Return levels laid over each other, the national one first: every addition counts, the strictest demand wins."""
    national, *below = levels
    elements = {(one.of, one.name): one for one in national.elements}
    own: list[str] = []
    for level in below:
        for one in level.elements:
            upper = elements.get((one.of, one.name))
            if upper is None or (len(one.values) > len(upper.values) and one.name in OPEN_LISTS):
                own.append(one.name)
            elements[one.of, one.name] = one if upper is None else _stricter(upper, one)
    nearest = levels[-1]
    return Specification(
        reference="+".join(level.reference for level in reversed(levels)),
        title=nearest.title,
        basis=nearest.basis,
        region=nearest.region,
        effective_from=max((level.effective_from for level in levels if level.effective_from), default=None),
        serial_digits=nearest.serial_digits,
        elements=tuple(sorted(elements.values(), key=lambda one: one.of == "item")),
        own=tuple(dict.fromkeys(own)),
    )


def _stricter(upper: Element, one: Element) -> Element:
    tighter = _STRENGTH[one.obligation] > _STRENGTH[upper.obligation]
    known = {value.code for value in upper.values}
    added: tuple[Value, ...] = ()
    if upper.name in OPEN_LISTS:
        added = tuple(value for value in one.values if value.code not in known)
    lengths = [length for length in (upper.length, one.length) if length is not None]
    return msgspec.structs.replace(
        upper,
        obligation=one.obligation if tighter else upper.obligation,
        when=one.when if tighter else upper.when or (one.when if one.obligation == upper.obligation else ""),
        length=min(lengths) if lengths else None,
        values=(*upper.values, *added),
        pattern=both(upper.pattern, one.pattern),
        rule=one.rule or upper.rule,
        example=one.example or upper.example,
    )


def both(first: str, second: str) -> str:
    r"""Return a pattern that holds where both hold.

    >>> both("a+", ""), both("a+", "a{3}")
    ('a+', '(?=(?:a+)\\Z)(?:a{3})')
    """
    if not first or not second or first == second:
        return first or second
    return rf"(?=(?:{first})\Z)(?:{second})"
