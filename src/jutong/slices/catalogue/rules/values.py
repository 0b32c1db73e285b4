"""Coded values as people and other systems write them, turned into our codes; an unknown word is never given a default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from jutong.kernel.levels import LEVELS
from jutong.kernel.terms import (
    ITEM_STANDS,
    BasisRank,
    CatalogueClass,
    DataType,
    FormatClass,
    OpenType,
    SecurityLevel,
    ShareType,
    Term,
    UpdateCycle,
)
from jutong.slices.catalogue.rules.text import clean, is_blank, listed

UNDECIDED: Final = "?"
"""A word that is understood but fits no code (其他, 自定义): the officer must choose before submission."""


def _words(members: type[Term], **spellings: str) -> dict[str, str]:
    """Return every label, code and further spelling of an enumeration (Chinese names apart by spaces) to its code."""
    words = {member.label: member.value for member in members} | {member.value: member.value for member in members}
    return words | {word: code for code, row in spellings.items() for word in row.split()}


SHARE_WORDS: Final = _words(
    ShareType,
    unconditional="无条件 无条件共享类 完全共享",
    conditional="有条件 有条件共享类 条件共享 依申请共享",
    withheld="不共享 不予共享类 不可共享",
)
OPEN_WORDS: Final = _words(
    OpenType,
    unconditional="无条件 完全开放 可开放 普遍开放 公开 无特殊条件 主动开放 是 public",
    conditional="有条件 依申请开放 申请开放 申请后开放 登录开放 半开放 条件开放 受限开放 限制开放 non-public restricted restricted_public",
    withheld="不开放 不可开放 非开放 否 private",
) | dict.fromkeys(("开放条件", "请补充开放条件"), UNDECIDED)
CYCLE_WORDS: Final = _words(
    UpdateCycle,
    real_time="即时 实时更新 动态更新 准实时 real-time realtime continuous r/pt1s",
    daily="日 天 每天 按日 按天 日更新 每日更新 每天更新 每工作日 day r/p1d",
    weekly="周 每星期 按周 周更新 每周更新 week r/p1w r/p7d",
    monthly="月 按月 月度 月更新 每月更新 month r/p1m",
    quarterly="季 季度 每季 按季 按季度 季度更新 每季度更新 quarter r/p3m",
    half_yearly="半年 每半年更新 半年更新 半年度 每六个月 semiannual semi-annual half-yearly r/p6m",
    yearly="年 每一年 按年 年度 年更新 每年更新 annual annually year r/p1y",
    irregular="不定时 不定期更新 非定期 按需 按需更新 随时 不固定 as-needed",
    none="静态数据 静态 一次性 不再更新 无更新 永久 completed never",
) | dict.fromkeys(
    (
        *(
            "其他",
            "其它",
            "自定义",
            "小时级",
            "分钟级",
            "每小时",
            "每分钟",
            "每半月",
            "半月",
            "每旬",
            "双周",
            "每两年",
            "other",
        ),
        *("r/p2w", "r/p0.5m", "r/pt1h", "r/p2y", "r/p3y", "r/p4y", "r/p5y", "r/p10y", "r/p4m", "r/p2m", "r/p0.33m"),
    ),
    UNDECIDED,
)
CLASS_WORDS: Final = _words(
    CatalogueClass,
    base="基础 基础类 基础信息资源类 基础数据 基础库",
    theme="主题 主题类 主题信息资源类 主题数据 主题库",
    department="部门 部门类 部门信息资源类 部门数据",
)
LEVEL_WORDS: Final = (
    _words(SecurityLevel, general="一般 一般级", important="重要 重要级", core="核心 核心级")
    | {label: code for code, label in LEVELS.items()}
    | {code: code for code in LEVELS}
    | {word: f"general-{n}" for n, han in zip("1234", "一二三四", strict=True)
       for word in (f"一般{n}级", f"一般数据{han}级", f"{n}级", f"{han}级", f"第{han}级", f"L{n}")}
)  # fmt: skip
SOURCE_WORDS: Final = {word: code for code, label in ITEM_STANDS.items() for word in (label, code)} | {
    "权威来源": "own", "本部门": "own", "引用": "reference",
}  # fmt: skip
BASIS_WORDS: Final = _words(
    BasisRank, rule="部门规章 地方政府规章 department_rule", central_policy="central_party_policy"
)
FORMAT_WORDS: Final = _words(
    FormatClass,
    document="文件 文档 file",
    spreadsheet="表格 电子表格文件 table excel",
    database="库表 数据表 database data",
    image="图片 图像 图形",
    stream="音视频 视频",
    self_described="其他 其它 自描述",
    service="接口 api 服务 接口服务",
)
TYPE_WORDS: Final = (
    _words(
        DataType,
        C="字符 字符串 文本 文本型 string varchar char",
        N="数值 数字 数字型 小数型 高精度型 number numeric decimal",
        Y="货币 金额",
        D="日期 date",
        T="日期时间 时间 时间型 时间戳 时间戳型 datetime timestamp",
        L="布尔 布尔型 逻辑 boolean bool",
        M="备注 长文本 text clob",
        G="通用 二进制 其他 binary blob",
        B="双精度 double",
        I="整数 整数型 int integer bigint",
        F="浮点 float",
    )
    | {f"{member.label}{member.value}": member.value for member in DataType}
    | {f"{member.value}{member.label}": member.value for member in DataType}
)
_YES: Final = frozenset({"是", "1", "true", "y", "yes", "√", "敏感", "涉密", "有"})
_NO: Final = frozenset({"否", "0", "false", "n", "no", "×", "非敏感", "非涉密", "无", ""})

FORMAT_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "document": ("ofd", "wps", "xml", "txt", "doc", "docx", "html", "pdf", "ppt", "pptx", "zip", "rar", "json", "rdf"),
    "spreadsheet": ("et", "xls", "xlsx", "csv"),
    "database": (
        "dm", "kingbasees", "access", "dbf", "dbase", "sysbase", "oracle", "sql server", "db2", "mysql", "postgresql",
        "opengauss", "gbase", "oceanbase", "tidb", "highgo",
    ),
    "image": ("jpg", "jpeg", "gif", "bmp", "png", "tif", "tiff", "shp", "svg"),
    "stream": ("swf", "rm", "mpg", "mp4", "avi", "mp3", "wav"),
    "self_described": (),
    "service": ("http", "https", "rest", "webservice", "soap", "wms", "wfs", "wmts", "api"),
}  # fmt: skip
"""Format types of each class (standards-facts 2.3 with the types seen in running platforms); 自描述 takes any."""
_TYPE_CLASS: Final = {kind: family for family, kinds in FORMAT_TYPES.items() for kind in kinds}
_TYPE_SPELLINGS: Final = {"kingbase": "kingbasees", "达梦": "dm", "人大金仓": "kingbasees", "sqlserver": "sql server",
                          "postgres": "postgresql", "mongodb": "", "excel": "xls", "word": "doc", "webservices": "webservice"}  # fmt: skip
GUIDE_DIALECT: Final[Mapping[str, Mapping[str, str]]] = {
    "share_type": {"1": "unconditional", "2": "conditional", "3": "withheld"},
    "update_cycle": {"1": "real_time", "2": "daily", "3": "weekly", "4": "monthly", "5": "quarterly", "6": "yearly"},
    "open_type": {"1": "unconditional", "0": "withheld"},
    "format_class": dict(zip("1234567", (member.value for member in FormatClass), strict=True)),
    "resource_class": {"1": "base", "2": "theme", "3": "department"},
}
"""Codes of the national guide, used only for files in its own template: elsewhere the same digit means another thing."""


def coded(raw: object, words: Mapping[str, str]) -> str | None:
    """Return our code for a word; "" for a blank, `UNDECIDED` for a word without a code, None for an unknown word."""
    text = clean(raw)
    if is_blank(text):
        return ""
    if (code := words.get(text)) is not None:
        return code
    return words.get(text.replace(" ", "_" if text.isascii() else "").casefold()) or words.get(
        text.rstrip("。.；;,，").strip()
    )


def flag(raw: object) -> bool | None:
    """Return a yes or no, or None for a word that is neither."""
    if isinstance(raw, bool):
        return raw
    text = clean(raw).casefold()
    return True if text in _YES else False if text in _NO else None


def whole(raw: object) -> int | None:
    """Return a non-negative whole number written with digits only (thousands commas allowed), else None."""
    text = clean(raw).replace(",", "")
    return int(text) if re.fullmatch(r"\d{1,15}", text) else None


def format_type(raw: str) -> str:
    """Return a format type in its usual spelling."""
    text = clean(raw).casefold().removeprefix(".")
    return _TYPE_SPELLINGS.get(text, text)


def formats(raw: object) -> tuple[str, tuple[str, ...]]:
    """Return (class, types) of a mixed list of formats such as ``['json', 'xls']``, ``api`` or ``file``.

    The class is that of the first type that has one; types of other classes stay out of the list, because a type
    must belong to its class. Nothing recognised gives ("", ()).
    """
    family, kinds = "", []
    for word in listed(raw):
        kind = format_type(word)
        found = _TYPE_CLASS.get(kind) or FORMAT_WORDS.get(word.casefold(), "")
        family = family or found
        if found == family and kind in FORMAT_TYPES.get(family, ()):
            kinds.append(kind)
    return family, tuple(dict.fromkeys(kinds))
