"""Proposing which column holds which element: by the words of the header, weighed by what the cells look like."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from jutong.kernel.terms import N_
from jutong.slices.catalogue.formats.headings import header_name
from jutong.slices.catalogue.rules.days import day
from jutong.slices.catalogue.rules.obligations import LABELS
from jutong.slices.catalogue.rules.text import clean, is_blank
from jutong.slices.catalogue.rules.values import CYCLE_WORDS, OPEN_WORDS, SHARE_WORDS, coded, formats, whole

TARGETS: Final[Mapping[str, str]] = {
    name: LABELS[name]
    for name in (
        "title", "abstract", "provider", "provider_unit", "resource_class", "category", "format_class", "format_types",
        "format_note", "share_type", "share_scope", "use_purposes", "share_conditions", "share_mode_class", "share_mode",
        "open_type", "open_conditions", "update_cycle", "released_on", "updated_on", "data_category", "security_level", "matter",
        "system", "link", "domain", "industry", "keywords", "related_codes", "records", "secret",
    )
} | {
    "code": N_("信息资源代码"),
    "provider_code": N_("信息资源提供方代码"),
    "district": N_("所属区县"),
    "format": N_("资源格式（混合）"),
    "telephone": N_("联系电话"),
    "email": N_("电子邮箱"),
    "version": N_("版本号"),
    "item_names": N_("信息项（名称列表）"),
}  # fmt: skip
"""What a column can be mapped to."""

_WORDS: Final[Sequence[tuple[str, float, str]]] = (
    ("title", 1.0, r"(数据集|目录|资源|信息资源|资源信息|数据目录|数据资源|数据资源目录|信息资源目录|资产)?(名称|标题)|title|resourcename|datasetname|restitle|subjectbasename|name"),
    ("code", 1.0, r"(信息)?(资源|目录)(代码|编码|编号|标识符?)|rescode|code|identifier|数据编码|统一标识"),
    ("provider_code", 1.0, r".*(提供方|提供单位|提供部门)(代码|编码)|统一社会信用代码|providercode"),
    ("provider", 1.0, r"(信息|数据|政务)?(资源|目录)?(提供|来源|发布|所属|数源|责任|所有权|权属)(方|单位|部门|机构|方单位|方名称|单位名称|单位信息|部门名称)(/.*)?|(数据|资源)来源|部门名称|(数据)?提供方单位|目录提供方|publisher(\.name)?|orgname|rporgname|provider|department|datasource"),
    ("provider_unit", 1.0, r"(内设|下设)机构|(所属)?处室|.*内部部门"),
    ("abstract", 1.0, r"(信息|数据|资源|目录|信息资源|数据资源目录)?(摘要|简介|描述|说明)(信息|描述)?|内容简介|(table)?remark|description|abstract|resabstract"),
    ("update_cycle", 1.0, r"(数据|资源|信息资源)?更新(周期|频率|频度|时限)|accrualperiodicity|frequency|updatefrequency|updatecycle|dataupdateperiod"),
    ("updated_on", 1.0, r"(资源|数据|目录|信息)?(最后|最近)?更新(日期|时间)?|(最后|最近)更新|modified|updatetime|dateupdated|资源发布/更新时间"),
    ("released_on", 1.0, r"(资源|目录|数据|信息)?(首次)?(发布|上架|上线|上传|创建|出版)(日期|时间)|issued|publishtime|releasetime|pubdate"),
    ("open_type", 1.0, r"(是否向社会|社会)?开放|是否(向社会)?开放|(开放|公开)(属性|类型|方式|状态|等级|级别)|条件开放|opentype(name)?|isopen|accesslevel"),
    ("open_conditions", 0.9, r"开放条件|opencondition"),
    ("share_type", 1.0, r"共享(类型|属性|级别)|sharetype"),
    ("share_conditions", 1.0, r"共享条件(/不予共享依据)?|不予共享依据|使用(条件|要求)|sharecondition"),
    ("share_scope", 1.0, r"共享范围"),
    ("use_purposes", 1.0, r"(使用|共享)用途|usepurposes?"),
    ("share_mode_class", 0.9, r"共享方式(分类)?"),
    ("share_mode", 0.9, r"共享方式类型|sharemethod"),
    ("format_class", 0.8, r"(信息资源|资源)?格式(分类|大类)"),
    ("format", 1.0, r"(数据|资源|文件|信息资源)?格式(类型)?|(文件|资源)类型|数据类型|数据下载|data_?formats?|format|resourcetype|distribution\.(format|mediatype)"),
    ("domain", 1.0, r"(所属|重点|数据|资源|开放)?(领域|主题)(分类|名称|领域|标签)?|主题(分类|名称|领域|标签)|专题|服务分类|资源分类|category|theme|fieldname|tpcat"),
    ("industry", 1.0, r"(所属|数据)?行业(分类|名称|类型)?|国家主题分类|industry(category|field)?"),
    ("keywords", 1.0, r"(数据|资源)?(标签|关键字|关键词)|keywords?|tags?|label"),
    ("records", 1.0, r"(数据|资源)?(记录数|条数|容量|总量|量)|数据量.*|datavolume|datanumsum"),
    ("link", 1.0, r"(详情页?)?(网址|链接|地址|url)|详情页网址|在线资源链接地址|url|landingpage|onlinesrc"),
    ("telephone", 1.0, r"联系(方式|电话)|(部门|技术支持|提供方)?(电话|联系方式)|(org|department)?.*(phone|tel)|contactpoint\.hastelephone"),
    ("email", 1.0, r"(电子|联系|部门|技术支持)?邮箱(地址)?|(org)?email|contactpoint\.hasemail"),
    ("district", 1.0, r"所属(区县|区域|地区|行政区划?)"),
    ("resource_class", 1.0, r"(信息)?资源(属性)?分类类?|资源类别"),
    ("security_level", 1.0, r"(数据|安全)(分级|级别|等级)|securitylevel"),
    ("data_category", 1.0, r"数据分类|datacategory"),
    ("system", 1.0, r"(所属|来源)?(信息|业务)?系统(名称)?"),
    ("matter", 1.0, r"(关联|所属|数据所属)?(业务)?事项(名称)?"),
    ("version", 1.0, r"版本(号)?|version"),
    ("secret", 1.0, r"涉密(属性)?|是否涉密"),
    ("related_codes", 1.0, r"关联(信息)?资源代码|reldatasetcode"),
    ("item_names", 1.0, r"信息项(名称|列表)?|数据项|字段(列表)?"),
)  # fmt: skip
_PATTERNS: Final = [(target, weight, re.compile(pattern)) for target, weight, pattern in _WORDS]
_PARTS: Final = (
    ("provider", re.compile(r"单位|机构|部门|提供方")),
    ("title", re.compile(r"名称|标题")),
    ("abstract", re.compile(r"摘要|描述|简介|说明")),
    ("update_cycle", re.compile(r"周期|频率|频度")),
    ("updated_on", re.compile(r"更新.*(日期|时间)")),
    ("released_on", re.compile(r"发布|上架|上线|创建")),
    ("open_type", re.compile(r"开放")),
    ("share_type", re.compile(r"共享")),
    ("format", re.compile(r"格式")),
    ("industry", re.compile(r"行业")),
    ("domain", re.compile(r"领域|主题")),
)
_PART_WEIGHT: Final = 0.55
_LEAST: Final = 0.3
_CLOSE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed place of one element: its header and a confidence between 0 and 1."""

    target: str
    source: str
    confidence: float


def propose_mapping(headers: Sequence[str], sample: Sequence[Sequence[object]]) -> tuple[Proposal, ...]:
    """Return at most one header for each element and one element for each header, surest first.

    headers: the file's column names. sample: some lines of cells, to weigh a header's words against its content.
    """
    candidates = [
        Proposal(
            target, header, round(weight * _evidence(target, [row[place] for row in sample if place < len(row)]), 3)
        )
        for place, header in enumerate(headers)
        for target, weight in _by_words(header)
    ]
    order = {header: place for place, header in enumerate(headers)}
    candidates.sort(key=lambda found: (-found.confidence, order[found.source]))
    chosen: dict[str, Proposal] = {}
    taken: set[str] = set()
    for found in candidates:
        if found.target not in chosen and found.source not in taken and found.confidence >= _LEAST:
            chosen[found.target] = found
            taken.add(found.source)
    return tuple(chosen.values())


def as_mapping(proposals: Sequence[Proposal]) -> dict[str, str]:
    """Return proposals as the mapping {element: header} that an import takes."""
    return {found.target: found.source for found in proposals}


def _by_words(header: str) -> list[tuple[str, float]]:
    name = header_name(header).casefold()
    found = [(target, weight) for target, weight, pattern in _PATTERNS if pattern.fullmatch(name)]
    return found or [(target, _PART_WEIGHT) for target, pattern in _PARTS if pattern.search(name)][:1]


def _evidence(target: str, cells: Sequence[object]) -> float:
    """Return how far filled cells look like the element: 1 for all, `_CLOSE` for none; 0.9 when nothing is filled."""
    test = _LOOKS.get(target)
    filled = [cell for cell in cells if not is_blank(clean(cell))] if cells else []
    if not filled:
        return 0.9 if test is None or not cells else 0.6
    share = 1.0 if test is None else sum(test(cell) for cell in filled) / len(filled)
    return _CLOSE + (1 - _CLOSE) * share


def _is_url(cell: object) -> bool:
    return "://" in str(cell)


_LOOKS: Final[Mapping[str, Callable[[object], bool]]] = {
    "updated_on": lambda cell: day(cell) is not None,
    "released_on": lambda cell: day(cell) is not None,
    "update_cycle": lambda cell: coded(cell, CYCLE_WORDS) is not None,
    "open_type": lambda cell: coded(cell, OPEN_WORDS) is not None,
    "share_type": lambda cell: coded(cell, SHARE_WORDS) is not None,
    "format": lambda cell: bool(formats(cell)[0]) or cell == [],
    "records": lambda cell: whole(cell) is not None,
    "link": _is_url,
}
