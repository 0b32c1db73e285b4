"""The catalogue of grades: which levels of data a region uses and what follows from each; pure (GB/T 43697-2024, R-SEC-040)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.errors import RuleBroken
from jutong.kernel.levels import LEVELS, label_of, rank
from jutong.kernel.terms import MODE_LABELS, N_, SHARE_MODE_CLASSES, OpenType, ShareType
from jutong.wire.levels import Grade, Scheme

LISTS: Final[Mapping[str, Mapping[str, str]]] = {
    "share_types": dict(ShareType.choices()),
    "open_types": dict(OpenType.choices()),
    "mode_classes": SHARE_MODE_CLASSES,
    "modes": {str(mode): label for mode, label in MODE_LABELS.items()},
}
"""What a grade limits, with the codes that can be allowed."""
LABELS: Final = {
    "code": N_("数据分级"),
    "meaning": N_("含义"),
    "share_types": N_("允许的共享类型"),
    "open_types": N_("允许的开放属性"),
    "mode_classes": N_("允许的共享方式分类"),
    "modes": N_("允许的交换方式"),
    "masked": N_("默认脱敏"),
    "head_review": N_("由主管部门负责人审核"),
    "review_months": N_("保护措施复核间隔（月）"),
}
FLAGS: Final = ("masked", "head_review")
LONGEST_MEANING: Final = 200
MOST_MONTHS: Final = 120
_NEEDED: Final = ("important", "core")


NATIONAL: Final = Scheme(
    reference="national-grades-2024",
    title=N_("数据分级（核心、重要、一般）"),
    basis="GB/T 43697-2024；网络数据安全管理条例第二十九条至第三十三条",
    effective_from=date(2024, 10, 1),
    grades=(
        Grade(code="general", meaning=N_("一旦泄露、篡改、损毁，只影响组织自身或公民个体的数据")),
        Grade(
            code="important", meaning=N_("可能直接危害国家安全、经济运行、社会稳定、公共健康和安全的数据"),
            open_types=("conditional", "withheld"), review_months=12,
        ),
        Grade(
            code="core", meaning=N_("关系国家安全、国民经济命脉、重要民生、重大公共利益的数据"),
            share_types=("conditional", "withheld"), open_types=("withheld",), mode_classes=("platform", "medium"),
            modes=("system_docking", "front_end_node", "online_query"), masked=True, head_review=True, review_months=6,
        ),
    ),
)  # fmt: skip
"""The national classes; the limits are defaults of the platform that a region may tighten, no text names them."""


def check_scheme(grades: Sequence[Grade]) -> None:
    """Refuse a catalogue of grades that cannot be used; every remark names grade, rule and remedy (RuleBroken)."""
    remarks: dict[str, str] = {}
    codes = [one.code for one in grades]
    for code, times in Counter(codes).items():
        if code not in LEVELS:
            remarks[code or "code"] = _("数据分级“%s”不在可选范围内，请从模板的下拉列表中选择。") % code[:20]
        elif times > 1:
            remarks[code] = _("数据分级“%s”重复出现，请合并为一行。") % label_of(code)
    general = [code for code in codes if code.startswith("general")]
    if not general or ("general" in general and len(general) > 1):
        remarks["general"] = _("一般数据要么不细分，要么只列细分级别（1 级至 4 级），请改正。")
    if lacking := [label_of(code) for code in _NEEDED if code not in codes]:
        remarks["code"] = _("分级目录须有%s，请补上。") % "、".join(lacking)
    for one in grades:
        if why := next(_faults(one), ""):
            remarks[one.code] = _("“%(label)s”%(why)s。") % {"label": label_of(one.code), "why": _(why)}
    if remarks:
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks)


def _faults(one: Grade) -> Iterator[str]:
    for name, known in LISTS.items():
        if set(getattr(one, name)) - known.keys():
            yield N_("允许的取值不在可选范围内，请按模板的说明填写")
    if len(one.meaning) > LONGEST_MEANING:
        yield N_("的含义不能超过 200 字，请精简")
    if not 0 <= one.review_months <= MOST_MONTHS:
        yield N_("的复核间隔应为 0 至 120 个月，请改正")


def in_order(grades: Sequence[Grade]) -> tuple[Grade, ...]:
    """Return grades with the lowest first."""
    return tuple(sorted(grades, key=lambda one: rank(one.code)))


def loosened(local: Scheme, above: Scheme) -> dict[str, str]:
    """Return {grade: sentence} for every grade of which a local catalogue asks less than the one above it."""
    remarks = {}
    for upper in above.grades:
        one = local.grade(upper.code)
        if one is not None and (names := [LABELS[name] for name in _looser(one, upper)]):
            words = {"label": label_of(upper.code), "names": "、".join(_(name) for name in names)}
            remarks[upper.code] = _("“%(label)s”的%(names)s不得宽于上级分级目录，请恢复或改得更严。") % words
    return remarks


def _looser(one: Grade, upper: Grade) -> Iterator[str]:
    for name in LISTS:
        allowed, bound = set(getattr(one, name)), set(getattr(upper, name))
        if bound and (not allowed or allowed - bound):
            yield name
    yield from (name for name in FLAGS if getattr(upper, name) and not getattr(one, name))
    if upper.review_months and not 0 < one.review_months <= upper.review_months:
        yield "review_months"
