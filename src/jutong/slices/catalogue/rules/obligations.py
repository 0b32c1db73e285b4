"""What an entry must state before it is submitted, by the policy profile its case runs under."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from jutong.kernel.levels import rank
from jutong.kernel.policy import Policy
from jutong.kernel.terms import N_, SHARE_LIMITS, BasisRank
from jutong.slices.catalogue.rules.codes import BASE_CATEGORIES, THEMES
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.findings import Finding, grave
from jutong.slices.catalogue.rules.lengths import LENGTHS as LENGTHS  # noqa: PLC0414 - the elements' labels and lengths are asked for together
from jutong.slices.catalogue.rules.marking import NOTHING, Seen, handled, unmarked
from jutong.slices.catalogue.rules.specified import demanded, fitting, is_own, lacking_of_items, named_version
from jutong.wire.levels import Scheme
from jutong.wire.specification import Specification

NATIONAL_NINE: Final = frozenset(
    {"title", "items", "provider", "format_class", "update_cycle", "share_type", "share_mode", "use_conditions",
     "data_category", "security_level"}
)  # fmt: skip
"""The decree's elements (national-2025#13; category and level are one element there)."""
GUIDE: Final = frozenset(
    {"title", "abstract", "resource_class", "provider", "format_class", "share_type", "update_cycle"}
)
"""What the national guide makes mandatory whatever the profile (standards-facts section 1)."""
LABELS: Final[Mapping[str, str]] = {
    "title": N_("信息资源名称"),
    "abstract": N_("信息资源摘要"),
    "resource_class": N_("信息资源分类"),
    "category": N_("基础库类别或主题领域"),
    "class_code": N_("分类代码"),
    "code": N_("信息资源代码"),
    "provider": N_("信息资源提供方"),
    "provider_unit": N_("内设机构"),
    "format_class": N_("信息资源格式分类"),
    "format_types": N_("信息资源格式类型"),
    "format_note": N_("其他类型资源格式描述"),
    "share_type": N_("共享类型"),
    "share_confirmed": N_("共享类型确认"),
    "share_limit": N_("限制方式"),
    "share_scope": N_("共享范围"),
    "use_purposes": N_("使用用途"),
    "share_conditions": N_("其他使用条件"),
    "use_conditions": N_("使用条件"),
    "basis_rank": N_("依据的效力层级"),
    "basis_instrument": N_("依据文件名称"),
    "basis_article": N_("依据条款"),
    "basis_wording": N_("条款原文"),
    "withheld_reason": N_("不予共享理由"),
    "share_mode_class": N_("共享方式分类"),
    "share_mode": N_("共享方式类型"),
    "open_type": N_("开放属性"),
    "open_conditions": N_("开放条件"),
    "update_cycle": N_("更新周期"),
    "released_on": N_("发布日期"),
    "updated_on": N_("数据更新日期"),
    "data_category": N_("数据分类"),
    "security_level": N_("数据分级"),
    "personal": N_("含个人信息"),
    "secret": N_("涉密属性"),
    "matter": N_("关联业务事项"),
    "system": N_("所属信息系统"),
    "link": N_("在线资源链接地址"),
    "domain": N_("开放主题或领域"),
    "industry": N_("所属行业"),
    "keywords": N_("标签"),
    "related_codes": N_("关联资源代码"),
    "specification": N_("所循编制规范"),
    "catalogue_level": N_("目录层级"),
    "records": N_("数据量（条）"),
    "extra": N_("其他来源字段"),
    "items": N_("信息项"),
}
"""What each element is called on pages, in files and in remarks."""
MOST_ITEMS: Final = 2000
MOST_KEYWORDS: Final = 50
NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "category": {**BASE_CATEGORIES, **THEMES},
    "specification": {
        "national-guide-2017": N_("政务信息资源目录编制指南（2017）"),
        "national-decree-2025": N_("政务数据目录要素（2025）"),
    },
    "catalogue_level": {"department": N_("部门目录"), "region": N_("地区目录"), "national": N_("国家目录")},
}
"""What codes are called whose lists are open."""
_DECREE_RANKS: Final = frozenset(
    {BasisRank.LAW.value, BasisRank.ADMINISTRATIVE_REGULATION.value, BasisRank.STATE_COUNCIL_DECISION.value}
)


@dataclass(frozen=True, slots=True)
class Obligations:
    """The profile's demands on an entry, already effective for its case.

    `basis_required_for` holds sharing types, `basis_ranks` the accepted instruments per sharing type, `reason` tells
    whether a withheld entry needs its reason and the wording (national-2025#15), `conditions` whether a conditional
    one needs scope and purposes in the catalogue (R-CAT-044), `control` what the authority does with a restrictive
    type (determination, filing, review), `assessments` those that go before (secrecy_risk,
    personal_information_impact), `secrecy_check` whether nothing is provided without one (R-SEC-010), `categories` the profile's lists by class, `machine_readable_only` whether
    nothing else is a resource (R-CAT-005), `owner` who owns the data, empty where the profile is silent (R-CAT-042),
    `personal_law` the laws that shared personal information follows, empty where the profile is silent (R-SEC-011), `seen`
    what the values of columns were recognised as, `grades` and `specification` those in force, `platforms` the networks
    that have a platform, `zone` this platform's own (R-CAT-015).
    """

    required: frozenset[str] = NATIONAL_NINE | GUIDE
    basis_required_for: frozenset[str] = frozenset({"withheld"})
    basis_ranks: Mapping[str, frozenset[str]] = field(default_factory=lambda: {"withheld": _DECREE_RANKS})
    reason: bool = True
    conditions: bool = True
    base_items_unconditional: bool = True
    control: frozenset[str] = frozenset({"review"})
    assessments: frozenset[str] = frozenset({"secrecy_risk", "personal_information_impact"})
    secrecy_check: bool = True
    leader_approval: bool = True
    categories: Mapping[str, frozenset[str]] = field(default_factory=dict)
    machine_readable_only: bool = False
    owner: str = ""
    personal_law: str = ""
    seen: Seen = field(default_factory=lambda: NOTHING)
    grades: Scheme | None = None
    specification: Specification | None = None
    platforms: frozenset[str] = frozenset({"outer"})
    zone: str = "outer"


_ELEMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "title": ("title",),
    "items": ("items",),
    "provider": ("provider",),
    "format": ("format_class",),
    "update_frequency": ("update_cycle",),
    "share_type": ("share_type",),
    "share_mode": ("share_mode",),
    "use_conditions": ("use_conditions",),
    "classification_grade": ("data_category", "security_level"),
    "resource_class": ("resource_class",),
    "attributes": ("resource_class",),
    "guide_fields": tuple(sorted(GUIDE)),
    "metadata": ("abstract",),
    "open_type": ("open_type",),
}
"""The profile's names of required elements and ours; elements of project catalogues belong to the projects slice."""


def obligations(policy: Policy) -> Obligations:
    """Return what a case's effective policy demands of an entry (R-CAT-002, 003, 035, 036, 044, 051)."""
    required = {name for code in policy.list("catalog_required_fields") for name in _ELEMENTS.get(code, ())}
    if policy.flag("grading_in_catalog"):
        required |= {"data_category", "security_level"}
    asked = {kind: set(policy.list("basis_required_for", kind=kind)) for kind in ("conditional", "withheld")}
    checked = bool(policy.list("secrecy_check_before_providing"))
    return Obligations(
        required=frozenset(required) | GUIDE,
        basis_required_for=frozenset(kind for kind, what in asked.items() if "basis" in what),
        basis_ranks={kind: frozenset(policy.list("basis_ranks", kind=kind)) for kind in asked},
        reason="reason" in asked["withheld"],
        conditions="use_conditions" in asked["conditional"] or "entry" in policy.list("conditions_declared_at"),
        base_items_unconditional=policy.flag("base_items_unconditional"),
        control=frozenset(policy.list("restrictive_type_control")),
        assessments=frozenset(policy.list("catalog_assessments")) | ({"secrecy_risk"} if checked else set()),
        secrecy_check=checked,
        leader_approval=policy.flag("catalog_leader_approval"),
        categories={
            "base": frozenset(policy.list("base_categories")),
            "theme": frozenset(policy.list("theme_domains")),
        },
        machine_readable_only=policy.flag("resource_machine_readable_only"),
        owner=policy.text("data_owner"),
        personal_law=policy.text("personal_information_law"),
        platforms=frozenset(policy.list("network_zones")),
    )


def stamped(content: Content, duties: Obligations) -> Content:
    """Return a content that names the specification it is now compiled under, and the owner by law (R-CAT-050, 042)."""
    if duties.owner and not content.extra.get("data_owner"):
        content = msgspec.structs.replace(content, extra={**content.extra, "data_owner": duties.owner})
    if duties.specification is None:
        return content
    return msgspec.structs.replace(content, specification=duties.specification.reference)


def missing(content: Content, duties: Obligations, *, provider: str) -> Iterator[Finding]:
    """Yield one finding per mandatory element of profile and specification that is empty (R-CAT-002, 027, 051)."""
    given = duties.specification
    required = duties.required | (demanded(content, given) if given else frozenset())
    for name in LABELS:
        if name == "share_type" and name in required and content.share_type and not content.share_confirmed:
            yield Finding("share_type", N_("共享类型尚未确认，请核对后勾选“已核对并确认共享类型”"))
        elif name in required and not _present(name, content, provider):
            yield Finding(name, _MISSING, {"label": LABELS[name]})
    for one in given.elements if given else ():
        if one.of == "entry" and is_own(one) and one.name in required and not content.extra.get(one.name):
            yield Finding(one.name, _MISSING, {"label": one.label})


_MISSING: Final = N_("%(label)s为必填项，请填写后再提交")


def _present(name: str, content: Content, provider: str) -> bool:
    if name == "provider":
        return bool(provider)
    if name == "share_type":
        return bool(content.share_type)
    if name == "share_mode":
        return content.share_type == "withheld" or bool(content.share_mode_class and content.share_mode)
    if name == "use_conditions":
        return True  # a conditional or withheld entry's conditions have findings of their own
    return bool(getattr(content, name))


def sharing(content: Content, duties: Obligations) -> Iterator[Finding]:
    """Yield what the sharing type lacks: limit, scope and purposes, reason, basis (R-CAT-033, 035, 036, 053, 054)."""
    if content.share_type == "conditional":
        yield from _conditional(content, duties)
    if content.share_type == "withheld" and duties.reason:
        for name, message in _WITHHELD:
            if not getattr(content, name):
                yield Finding(name, message)
    if content.share_type in duties.basis_required_for:
        yield from _basis(content, duties.basis_ranks.get(content.share_type, frozenset()))


def _conditional(content: Content, duties: Obligations) -> Iterator[Finding]:
    if content.share_limit not in SHARE_LIMITS:
        yield Finding("share_limit", N_("有条件共享须说明限制方式：限部分部门、限部分信息项或限规定条件"))
    if duties.conditions and not content.share_scope:
        yield Finding("share_scope", N_("有条件共享须在目录中列明共享范围"))
    if duties.conditions and not content.use_purposes:
        yield Finding("use_purposes", N_("有条件共享须在目录中列明使用用途"))
    if content.share_limit == "given_conditions" and not content.share_conditions:
        yield Finding("share_conditions", N_("限规定条件共享的，须逐条列明使用条件"))


_WITHHELD: Final = (
    ("withheld_reason", N_("不予共享须说明理由")),
    ("basis_article", N_("不予共享须写明依据的条款")),
    ("basis_wording", N_("不予共享须写明条款原文，以便审核是否属于明确禁止提供")),
)


def _basis(content: Content, ranks: frozenset[str]) -> Iterator[Finding]:
    if not content.basis_instrument:
        yield Finding("basis_instrument", N_("此共享类型须写明依据的文件名称"))
    if not content.basis_rank:
        yield Finding("basis_rank", N_("请选择依据的效力层级"))
    elif ranks and content.basis_rank not in ranks:
        accepted = "、".join(rank.label for rank in BasisRank if rank.value in ranks)
        yield Finding("basis_rank", N_("此共享类型的依据只接受：%(accepted)s"), {"accepted": accepted})


def items(content: Content, duties: Obligations) -> Iterator[Finding]:
    """Yield what is wrong with the items against the entry: base items, sharing, level, secrecy (R-CAT-038)."""
    for item in content.items:
        share = item.share_type or content.share_type
        place = {"item": item.name}
        if duties.base_items_unconditional and item.base_item and content.resource_class == "base":
            if share != "unconditional":
                yield Finding("items", N_("基础信息项“%(item)s”必须无条件共享，不因任何依据而例外"), place)
        elif share != "unconditional" and content.share_type == "unconditional":
            yield Finding("items", N_("信息项“%(item)s”限制共享，目录不能是无条件共享，请改为有条件共享"), place)
        if not item.type and content.format_class == "database":
            yield Finding("items", N_("信息项“%(item)s”缺少数据类型"), place)
        if rank(item.security_level) > rank(content.security_level):
            yield Finding("security_level", BELOW, place)


BELOW: Final = N_("目录分级不得低于信息项“%(item)s”的分级")


def ready(content: Content, duties: Obligations, *, provider: str) -> tuple[Finding, ...]:
    """Return everything that keeps an entry from being submitted, empty when it may go."""
    from jutong.slices.catalogue.rules.grading import graded
    from jutong.slices.catalogue.rules.nature import machine_readable, owned
    from jutong.slices.catalogue.rules.shape import shape
    from jutong.slices.catalogue.rules.typical import typical
    from jutong.slices.catalogue.rules.zones import misplaced

    given = duties.specification
    parts: tuple[Callable[[], Iterator[Finding]], ...] = (
        lambda: named_version(content),
        lambda: missing(content, duties, provider=provider),
        lambda: sharing(content, duties),
        lambda: items(content, duties),
        lambda: graded(content, duties.grades) if duties.grades else iter(()),
        lambda: misplaced(content, here=duties.zone, platforms=duties.platforms),
        lambda: owned(content, duties.owner),
        lambda: iter(grave(unmarked(content, duties.seen)) if duties.personal_law else ()),
        lambda: handled(content, duties.personal_law),
        lambda: machine_readable(content) if duties.machine_readable_only else iter(()),
        lambda: iter(shape(content, categories=duties.categories, specification=given)),
        lambda: fitting(content, given) if given else iter(()),
        lambda: lacking_of_items(content, given) if given else iter(()),
        lambda: typical(content),
    )
    found: dict[tuple[str, str], Finding] = {}
    for finding in (finding for part in parts for finding in part()):
        found.setdefault((finding.field, finding.text), finding)
    return tuple(found.values())


def doubtful(content: Content, duties: Obligations) -> tuple[Finding, ...]:
    """Return what keeps no entry back and yet ought to be looked at before it is submitted (R-SEC-011)."""
    found = unmarked(content, duties.seen) if duties.personal_law else ()
    return tuple(finding for finding in found if not finding.grave)
