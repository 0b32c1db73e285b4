"""From an entry as found to a draft: every value cleaned and coded, every doubt a finding on its column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_
from jutong.slices.catalogue.formats.raw import RawEntry
from jutong.slices.catalogue.rules import values as words
from jutong.slices.catalogue.rules.codes import BASE_CATEGORIES, CLASS_DIGITS, THEMES, parse_code
from jutong.slices.catalogue.rules.content import Content, ItemContent
from jutong.slices.catalogue.rules.days import day
from jutong.slices.catalogue.rules.findings import Finding
from jutong.slices.catalogue.rules.obligations import LABELS, LENGTHS, SHARE_MODE_CLASSES, SHARE_MODES
from jutong.slices.catalogue.rules.shape import ITEM_LABELS, shape
from jutong.slices.catalogue.rules.text import clean, clean_title, is_blank, listed
from jutong.slices.catalogue.rules.typical import format_fits, typical

_CODED: Final[Mapping[str, tuple[Mapping[str, str], str]]] = {
    "resource_class": (words.CLASS_WORDS, "基础信息资源、主题信息资源、部门信息资源"),
    "share_type": (words.SHARE_WORDS, "无条件共享、有条件共享、不予共享"),
    "open_type": (words.OPEN_WORDS, "无条件开放、有条件开放、不予开放"),
    "update_cycle": (words.CYCLE_WORDS, "实时、每日、每周、每月、每季度、每半年、每年、不定期、不更新"),
    "security_level": (words.LEVEL_WORDS, "一般数据、重要数据、核心数据"),
    "format_class": (words.FORMAT_WORDS, "电子文件、电子表格、数据库、图形图像、流媒体、自描述格式、服务接口"),
}
_MODE_CLASS_WORDS: Final = {label: code for code, label in SHARE_MODE_CLASSES.items()} | {
    "平台": "platform", "共享平台": "platform", "邮件": "mail", "拷盘": "disk", "介质": "medium",
}  # fmt: skip
_MODE_WORDS: Final = {label: (family, code) for family, row in SHARE_MODES.items() for code, label in row.items()} | {
    "服务接口": ("platform", "interface"), "库表": ("platform", "database"),
}  # fmt: skip
_PLAIN: Final = (
    "provider_unit", "format_note", "share_scope", "open_conditions", "data_category", "matter", "system", "link",
    "domain", "industry",
)  # fmt: skip
LONGEST_PROVIDER: Final = 120
_ITEM_FLAGS: Final = ("sensitive", "classified", "timestamp", "key", "base_item")
_CLASS_OF: Final = {digit: name for name, digit in CLASS_DIGITS.items()}
_EMPTY_DOMAINS: Final = frozenset({"默认主题", "默认行业", "其他主题"})


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry as understood: who provides it, its code in the file if any, its content, and what was noticed.

    `content` is None when a grave finding stops it.
    """

    raw: RawEntry
    provider: str
    provider_code: str
    code: str
    content: Content | None
    findings: tuple[Finding, ...]


def understand(raw: RawEntry, *, guide: bool = False, strict: bool = False, own: str = "") -> Draft:
    """Return the draft for an entry as found.

    guide: digits are codes of the national guide (only in its own template). strict: the file is a template made for
    people, so what reviewers typically send back is noticed as a warning. own: the provider where the file names none.
    An unknown word stops the row, since no value is ever given a default; a word that is known but fits no code
    (其他) warns and stays empty until somebody chooses.
    """
    reader = _Reader(raw.values, guide=guide)
    fields = reader.elements()
    items = tuple(reader.item(item) for item in raw.items) + reader.named_items()
    content = Content(**fields, items=items)
    code = reader.code()
    findings = [*reader.findings, *(shape(content)), *format_fits(content)]
    if strict:
        findings += [Finding(f.field, f.message, f.params, grave=False) for f in typical(content) if f not in findings]
    provider = reader.provider() or own
    if not provider:
        findings.append(Finding("provider", N_("缺少信息资源提供方，请填写提供部门的全称")))
    elif len(provider) > LONGEST_PROVIDER or not provider.isprintable():
        findings.append(Finding("provider", N_("信息资源提供方应为不超过 120 字的部门全称，请改正")))
    if "orphan" in raw.values:
        findings = [
            Finding(
                "title",
                N_("信息项“%(item)s”在目录表中没有对应的目录，请补上目录或改正名称"),
                {"item": clean(raw.values["orphan"])},
            )
        ]
    stopped = any(finding.grave for finding in findings)
    return Draft(
        raw, provider, clean(raw.values.get("provider_code")), code, None if stopped else content, tuple(findings)
    )


class _Reader:
    """Reads one entry's values, gathering findings as it goes."""

    def __init__(self, values: Mapping[str, object], *, guide: bool) -> None:
        self.values = values
        self.guide = guide
        self.findings: list[Finding] = []

    def elements(self) -> dict[str, Any]:
        """Return the content's fields, items left out."""
        fields: dict[str, Any] = {name: self._text(name) for name in _PLAIN}
        fields |= {
            "title": clean_title(self.values.get("title")),
            "abstract": self._text("abstract", lines=True),
            "keywords": self._keywords(),
            "related_codes": listed(self.values.get("related_codes")),
            "released_on": self._day("released_on"),
            "updated_on": self._day("updated_on"),
            "records": self._records(),
            "extra": self._extra(),
        }
        if fields["domain"] in _EMPTY_DOMAINS:
            fields["domain"] = ""
        fields |= {
            name: code for name in ("open_type", "update_cycle", "security_level") if (code := self._coded(name))
        }
        return fields | self._classes() | self._sharing() | self._formats() | self._secret()

    def provider(self) -> str:
        """Return the provider's name, with the district before it where the file keeps the two apart."""
        name, district = self._text("provider"), self._text("district")
        if not district or not name or district in name or name.startswith(district[:-1]):
            return name
        return district + name.removeprefix(district[-1])

    def code(self) -> str:
        """Return the file's resource code when it is one of ours; another identifier is kept as extra."""
        text = clean(self.values.get("code")).replace(" ", "")
        if not text:
            return ""
        try:
            return str(parse_code(text))
        except RuleBroken:
            return ""

    def item(self, raw: Mapping[str, object]) -> ItemContent:
        """Return one information item."""
        fields: dict[str, Any] = {
            "name": clean_title(raw.get("name")),
            "column": clean(raw.get("column")),
            "length": self._item_length(raw),
        }
        fields |= {n: clean(raw.get(n)) for n in ("standard", "code_table", "value_range", "description")}
        for name, table in (
            ("type", words.TYPE_WORDS),
            ("share_type", words.SHARE_WORDS),
            ("open_type", words.OPEN_WORDS),
        ):
            fields[name] = self._item_code(raw, name, table)
        for name in _ITEM_FLAGS:
            if (answer := words.flag(raw.get(name))) is None:
                self._item_fault(name, raw.get(name), fields["name"])
            fields[name] = bool(answer)
        return ItemContent(**fields)

    def named_items(self) -> tuple[ItemContent, ...]:
        """Return items of which only the names are listed."""
        return tuple(ItemContent(name=name[: LENGTHS["item.name"]]) for name in listed(self.values.get("item_names")))

    def _text(self, name: str, *, lines: bool = False) -> str:
        text = clean(self.values.get(name), lines=lines)
        return "" if is_blank(text) else text

    def _note(self, field: str, message: str, *, grave: bool, **params: object) -> None:
        self.findings.append(Finding(field, message, params, grave=grave))

    def _coded(self, name: str) -> str:
        raw = self.values.get(name)
        table, accepted = _CODED[name]
        dialect = words.GUIDE_DIALECT.get(name, {}) if self.guide else {}
        code = words.coded(raw, {**table, **dialect})
        params = {"label": LABELS[name], "value": clean(raw)[:50], "accepted": accepted}
        if code is None:
            self._note(name, N_("%(label)s“%(value)s”不在可选范围内，请改为：%(accepted)s"), grave=True, **params)
        elif code == words.UNDECIDED:
            self._note(
                name,
                N_("%(label)s“%(value)s”没有对应的选项，已留空，提交前请选择：%(accepted)s"),
                grave=False,
                **params,
            )
            return ""
        return code or ""

    def _classes(self) -> dict[str, str]:
        fields = {"resource_class": code} if (code := self._coded("resource_class")) else {}
        if (digit := self.code()[:1]) and digit != CLASS_DIGITS.get(
            fields.setdefault("resource_class", _CLASS_OF[digit])
        ):
            self._note("code", N_("信息资源代码与信息资源分类不一致，请核对代码的第一位"), grave=True)
        elif not digit and self.guide and clean(self.values.get("code")):
            self._note(
                "code",
                N_("信息资源代码应为“类、项、目、细目/顺序码”，例如 3070010001/000001；未编码的请留空"),
                grave=True,
            )
        if category := self._text("category"):
            known = {label: code for table in (BASE_CATEGORIES, THEMES) for code, label in table.items()}
            fields["category"] = known.get(category, category)
        return fields

    def _sharing(self) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if share := self._coded("share_type"):
            fields |= {"share_type": share, "share_confirmed": True}
        text = self._text("share_conditions")
        if share == "withheld":
            fields["basis_instrument"] = text[: LENGTHS["basis_instrument"]]
        else:
            fields["share_conditions"] = text
        family = _look_up(self._text("share_mode_class"), _MODE_CLASS_WORDS)
        mode = self._text("share_mode")
        if mode in _MODE_WORDS:
            fields |= dict(zip(("share_mode_class", "share_mode"), _MODE_WORDS[mode], strict=True))
        elif mode:
            self._note(
                "share_mode",
                N_("共享方式类型“%(value)s”不在可选范围内，请改为数据库、文件、接口等"),
                grave=True,
                value=mode[:50],
            )
        if family and fields.get("share_mode_class", family) == family:
            fields["share_mode_class"] = family
        elif family:
            self._note("share_mode", N_("共享方式类型与共享方式分类不符，请重新选择"), grave=True)
        elif family is None:
            self._note("share_mode_class", N_("共享方式分类应为共享平台方式、邮件方式、拷盘方式或介质方式"), grave=True)
        return fields

    def _formats(self) -> dict[str, Any]:
        family = self._coded("format_class")
        stated = tuple(words.format_type(kind) for kind in listed(self.values.get("format_types")))
        mixed, kinds = words.formats(self.values.get("format"))
        if family or stated:
            return {"format_class": family or words.formats(list(stated))[0], "format_types": stated}
        if not mixed and listed(self.values.get("format")):
            value = "、".join(listed(self.values.get("format")))[:50]
            self._note(
                "format", N_("资源格式“%(value)s”无法识别，已留空，提交前请选择格式分类"), grave=False, value=value
            )
        return {"format_class": mixed, "format_types": kinds}

    def _secret(self) -> dict[str, str]:
        answer = words.flag(self.values.get("secret"))
        if answer is None:
            self._note("secret", N_("涉密属性应为“涉密”或“非涉密”"), grave=True)
        elif answer:
            self._note("secret", N_("国家秘密、工作秘密不得在政务外网平台编目，请按保密规定处理"), grave=True)
        return {}

    def _day(self, name: str) -> Any:
        raw = self.values.get(name)
        if is_blank(clean(raw)):
            return None
        found = day(raw)
        if found is None:
            params = {"label": LABELS[name], "value": clean(raw)[:50]}
            needed = name == "released_on"
            self._note(name, N_("%(label)s“%(value)s”不是有效日期，请写成 2025-08-01 的形式"), grave=needed, **params)
        return found

    def _records(self) -> int | None:
        raw = self.values.get("records")
        if is_blank(clean(raw)):
            return None
        found = words.whole(raw)
        if found is None:
            self._note(
                "records", N_("数据量“%(value)s”应为纯数字，请去掉单位和文字"), grave=True, value=clean(raw)[:50]
            )
        return found

    def _keywords(self) -> tuple[str, ...]:
        return tuple(word[: LENGTHS["domain"]] for word in listed(self.values.get("keywords")))[:50]

    def _extra(self) -> dict[str, str]:
        known = set(Content.__struct_fields__) | _CONSUMED
        names = [name for name in self.values if name not in known and not name.startswith("item.")]
        spare = {name: clean(self.values[name])[:300] for name in names}
        if not self.code():
            spare["source_code"] = clean(self.values.get("code"))[:300]
        return {name: text for name, text in spare.items() if not is_blank(text)}

    def _item_code(self, raw: Mapping[str, object], name: str, table: Mapping[str, str]) -> str:
        dialect = words.GUIDE_DIALECT.get(name, {}) if self.guide else {}
        text = clean(raw.get(name))
        code = words.coded(text, {**table, **dialect})
        if code is None or code == words.UNDECIDED:
            self._item_fault(name, text, clean_title(raw.get("name")))
        return code if code and code != words.UNDECIDED else ""

    def _item_length(self, raw: Mapping[str, object]) -> int | None:
        text = clean(raw.get("length"))
        if is_blank(text):
            return None
        found = words.whole(text.split(",")[0])
        if found is None:
            self._item_fault("length", text, clean_title(raw.get("name")))
        return found

    def _item_fault(self, part: str, value: object, item: str) -> None:
        params = {"item": item[:50], "label": ITEM_LABELS[part], "value": clean(value)[:50]}
        self._note(
            f"item.{part}",
            N_("信息项“%(item)s”的%(label)s“%(value)s”不在可选范围内，请按填表说明改正"),
            grave=True,
            **params,
        )


_CONSUMED: Final = frozenset(
    {
        "provider",
        "provider_code",
        "code",
        "district",
        "format",
        "telephone",
        "email",
        "item_names",
        "orphan",
        "sequence",
    }
)


def _look_up(text: str, table: Mapping[str, str]) -> str | None:
    """Return the code of a word, "" for no word, None for an unknown one."""
    return table.get(text) if text else ""
