"""From an entry as found to a draft: every value cleaned and coded, every doubt a finding on its column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_, SHARE_MODE_CLASSES, SHARE_MODES
from jutong.slices.catalogue.formats.elements import PLAIN, UNKNOWN_ITEM, Cells, Manner, added_words, code_pattern
from jutong.slices.catalogue.formats.raw import RawEntry
from jutong.slices.catalogue.rules import values as words
from jutong.slices.catalogue.rules.codes import BASE_CATEGORIES, CLASS_DIGITS, SERIAL_DIGITS, THEMES, parse_code
from jutong.slices.catalogue.rules.content import Content, ItemContent
from jutong.slices.catalogue.rules.findings import Finding
from jutong.slices.catalogue.rules.obligations import LABELS, LENGTHS
from jutong.slices.catalogue.rules.repairs import Repair
from jutong.slices.catalogue.rules.shape import ITEM_LABELS, shape
from jutong.slices.catalogue.rules.specified import fitting, own_elements
from jutong.slices.catalogue.rules.text import clean, is_blank, listed
from jutong.slices.catalogue.rules.typical import format_fits, typical
from jutong.slices.catalogue.rules.zones import OPEN, OUTSIDE
from jutong.wire.specification import Element

_MODE_CLASS_WORDS: Final = {label: code for code, label in SHARE_MODE_CLASSES.items()} | {
    "平台": "platform", "共享平台": "platform", "邮件": "mail", "拷盘": "disk", "介质": "medium",
}  # fmt: skip
_MODE_WORDS: Final = {label: (family, code) for family, row in SHARE_MODES.items() for code, label in row.items()} | {
    "服务接口": ("platform", "interface"), "库表": ("platform", "database"),
}  # fmt: skip
_PLAIN: Final = (
    "provider_unit", "format_note", "open_conditions", "data_category", "matter", "system", "link",
    "domain", "industry", "basis_article",
)  # fmt: skip
_LINED: Final = ("abstract", "share_scope", "withheld_reason", "basis_wording")
LONGEST_PROVIDER: Final = 120
UNKNOWN_MODE: Final = N_("共享方式分类“%(value)s”不在可选范围内，请改为：共享平台方式、邮件方式、拷盘方式、介质方式")
_ITEM_TEXTS: Final = ("column", "standard", "code_table", "value_range", "refers")
_ITEM_FLAGS: Final = ("sensitive", "classified", "timestamp", "key", "base_item")
_ITEM_CODES: Final = ("type", "share_type", "open_type", "security_level", "source")
_CLASS_OF: Final = {digit: name for name, digit in CLASS_DIGITS.items()}
_EMPTY_DOMAINS: Final = frozenset({"默认主题", "默认行业", "其他主题"})
_CATEGORIES: Final = {label: code for table in (BASE_CATEGORIES, THEMES) for code, label in table.items()}
_CONSUMED: Final = frozenset({
    "provider", "provider_code", "code", "district", "format", "telephone", "email", "item_names", "orphan", "sequence",
    "class_kind", "class_group",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry as understood: who provides it, its code in the file if any, its content, and what was noticed.

    `content` is None when a grave finding stops it. repairs: what was changed in reading. stated: the elements that
    the file fills in, items' as ``item.<name>``.
    """

    raw: RawEntry
    provider: str
    provider_code: str
    code: str
    content: Content | None
    findings: tuple[Finding, ...]
    repairs: tuple[Repair, ...] = ()
    stated: frozenset[str] = frozenset()


def understand(raw: RawEntry, manner: Manner = PLAIN) -> Draft:
    """Return the draft for an entry as found.

    An unknown word stops the row, since no value is ever given a default; a word that is known but fits no code
    (其他) warns and stays empty until somebody chooses.
    """
    reader = _Reader(raw.values, manner)
    reader.findings += raw.flaws
    for repair in raw.mended:
        reader.mended(repair.field, (repair.kind,), repair.before, repair.after, repair.item)
    fields = reader.elements()
    items = tuple(reader.item(place, item) for place, item in enumerate(raw.items)) + reader.named_items()
    content = Content(**fields, items=items)
    code = reader.code_of()
    findings = [*reader.findings, *shape(content, specification=manner.specification), *format_fits(content)]
    if manner.specification is not None:
        findings += [finding for finding in fitting(content, manner.specification) if finding.field not in _CONSUMED]
    if manner.strict:
        known = {(finding.field, finding.message) for finding in findings}
        findings += [
            Finding(f.field, f.message, f.params, grave=False)
            for f in typical(content)
            if (f.field, f.message) not in known
        ]
    provider = reader.provider() or manner.own
    findings += _provider_faults(provider)
    if "orphan" in raw.values:
        findings = [Finding("title", _ORPHAN, {"item": clean(raw.values["orphan"])})]
    stopped = any(finding.grave for finding in findings)
    return Draft(
        raw, provider, clean(raw.values.get("provider_code")), code, None if stopped else content,
        tuple({(f.field, f.item, f.text): f for f in findings}.values()), tuple(reader.repairs), frozenset(reader.stated),
    )  # fmt: skip


_ORPHAN: Final = N_("信息项“%(item)s”在目录表中没有对应的目录，请补上目录或改正名称")


def _provider_faults(provider: str) -> list[Finding]:
    if not provider:
        return [Finding("provider", N_("缺少信息资源提供方，请填写提供部门的全称"))]
    if len(provider) > LONGEST_PROVIDER or not provider.isprintable():
        return [Finding("provider", N_("信息资源提供方应为不超过 120 字的部门全称，请改正"))]
    return []


class _Reader(Cells):
    """Reads one entry's values."""

    def __init__(self, values: Mapping[str, object], manner: Manner) -> None:
        super().__init__(manner)
        self.values = values

    def elements(self) -> dict[str, Any]:
        """Return the content's fields, items left out."""
        fields: dict[str, Any] = {name: self.text(name, self.values.get(name)) for name in _PLAIN}
        fields |= {name: self.text(name, self.values.get(name), lines=True) for name in _LINED}
        fields |= {
            "title": self.text("title", self.values.get("title"), title=True),
            "keywords": self._list("keywords", LENGTHS["domain"]),
            "related_codes": self._list("related_codes", LENGTHS["title"]),
            "released_on": self._day("released_on"),
            "updated_on": self._day("updated_on"),
            "records": self._records(),
            "personal": self._flag("personal"),
            "use_purposes": self._purposes(),
            "extra": self._extra(),
        }
        if fields["domain"] in _EMPTY_DOMAINS:
            fields["domain"] = ""
        for name in ("open_type", "update_cycle", "security_level", "share_limit", "basis_rank"):
            if code := self.code(name, self.values.get(name)):
                fields[name] = code
        return fields | self._classes() | self._sharing(fields) | self._formats() | self._secret()

    def provider(self) -> str:
        """Return the provider's name, with the district before it where the file keeps the two apart."""
        name = self.text("provider", self.values.get("provider"))
        district = self.text("district", self.values.get("district"))
        if not district or not name or district in name or name.startswith(district[:-1]):
            return self._undragged(name)
        return district + name.removeprefix(district[-1])

    def _undragged(self, name: str) -> str:
        """Return a provider without the number that drag-fill put behind the department's own name."""
        own = self.manner.own
        if own and name != own and name.startswith(own) and name.removeprefix(own).isdecimal():
            self.mended("provider", ("drag_fill",), name, own)
            return own
        return name

    def code_of(self) -> str:
        """Return the file's resource code when it is one of ours; another identifier is kept as extra."""
        text = clean(self.values.get("code")).replace(" ", "")
        if not text:
            return ""
        try:
            given = self.manner.specification
            return str(parse_code(text, code_pattern(given), given.serial_digits if given else SERIAL_DIGITS))
        except RuleBroken:
            return ""

    def item(self, place: int, raw: Mapping[str, object]) -> ItemContent:
        """Return one information item."""
        name = self.text("item.name", raw.get("name"), title=True, item=place)
        fields: dict[str, Any] = {"name": name, "length": self._item_length(place, raw, name)}
        fields |= {part: self.text(f"item.{part}", raw.get(part), item=place) for part in _ITEM_TEXTS}
        fields["description"] = self.text("item.description", raw.get("description"), lines=True, item=place)
        for part in _ITEM_CODES:
            fields[part] = self.code(part, raw.get(part), item=place, of=name)
        for part in _ITEM_FLAGS:
            answer = words.flag(raw.get(part))
            if answer is None:
                self._item_fault(place, part, raw.get(part), name)
            elif not is_blank(clean(raw.get(part))):
                self.stated.add(f"item.{part}")
            fields[part] = bool(answer)
        own = own_elements(self.manner.specification, "item")
        return ItemContent(**fields, extra=self._own_values(own, raw, place))

    def named_items(self) -> tuple[ItemContent, ...]:
        """Return items of which only the names are listed."""
        return tuple(ItemContent(name=name[: LENGTHS["item.name"]]) for name in listed(self.values.get("item_names")))

    def _list(self, name: str, longest: int) -> tuple[str, ...]:
        found = tuple(word[:longest] for word in listed(self.values.get(name)))[:50]
        if found:
            self.stated.add(name)
        return found

    def _purposes(self) -> tuple[str, ...]:
        found = self._list("use_purposes", LENGTHS["domain"])
        known = self.manner.purposes
        if unknown := [word for word in found if word not in known]:
            accepted = "、".join(word for word, code in known.items() if word != code)
            params: dict[str, Any] = {
                "label": LABELS["use_purposes"],
                "value": "、".join(unknown)[:50],
                "accepted": accepted,
            }
            self.note(
                "use_purposes", N_("%(label)s“%(value)s”不在可选范围内，请改为：%(accepted)s"), grave=True, **params
            )
        return tuple(dict.fromkeys(known[word] for word in found if word in known))

    def _flag(self, name: str) -> bool:
        answer = words.flag(self.values.get(name))
        if answer is None:
            self.note(name, N_("%(label)s应填“是”或“否”"), grave=True, label=LABELS[name])
        elif not is_blank(clean(self.values.get(name))):
            self.stated.add(name)
        return bool(answer)

    def _classes(self) -> dict[str, str]:
        fields = (
            {"resource_class": code} if (code := self.code("resource_class", self.values.get("resource_class"))) else {}
        )
        if kind := words.coded(self.values.get("class_kind"), words.CLASS_WORDS):
            fields.setdefault("resource_class", kind)
            self.stated.add("resource_class")
        if (digit := self.code_of()[:1]) and digit != CLASS_DIGITS.get(
            fields.setdefault("resource_class", _CLASS_OF[digit])
        ):
            self.note("code", N_("信息资源代码与信息资源分类不一致，请核对代码的第一位"), grave=True)
        elif not digit and self.manner.strict and clean(self.values.get("code")):
            self.note(
                "code",
                N_("信息资源代码应为“类、项、目、细目/顺序码”，例如 3070010001/000001；未编码的请留空"),
                grave=True,
            )
        category = self.text("category", self.values.get("category")) or self._group()
        code = _CATEGORIES.get(category) or added_words(self.manner.specification, "category").get(category, category)
        return fields | ({"category": code} if category else {})

    def _group(self) -> str:
        """Return 项分类 of the one-sheet template where it names a base category or a theme."""
        text = clean(self.values.get("class_group"))
        if text in _CATEGORIES:
            self.stated.add("category")
            return text
        return ""

    def _sharing(self, given: Mapping[str, Any]) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if share := self.code("share_type", self.values.get("share_type")):
            fields |= {"share_type": share, "share_confirmed": True}
        text = self.text("share_conditions", self.values.get("share_conditions"), lines=True)
        instrument = self.text("basis_instrument", self.values.get("basis_instrument"))
        if share == "withheld" and not instrument and not given["withheld_reason"]:
            fields["basis_instrument"] = text[: LENGTHS["basis_instrument"]]
        else:
            fields |= {"share_conditions": text, "basis_instrument": instrument}
        return fields | self._modes()

    def _modes(self) -> dict[str, str]:
        fields: dict[str, str] = {}
        stated = self.text("share_mode_class", self.values.get("share_mode_class"))
        mode = self.text("share_mode", self.values.get("share_mode"))
        if stated in _MODE_WORDS and not mode:  # one column for both: 接口 is a type of 共享平台方式
            stated, mode = "", stated
        family = _look_up(stated, _MODE_CLASS_WORDS)
        if mode in _MODE_WORDS:
            fields |= dict(zip(("share_mode_class", "share_mode"), _MODE_WORDS[mode], strict=True))
        elif mode:
            self.note(
                "share_mode",
                N_("共享方式类型“%(value)s”不在可选范围内，请改为数据库、文件、接口等"),
                grave=True,
                value=mode[:50],
            )
        if family and fields.get("share_mode_class", family) == family:
            fields["share_mode_class"] = family
        elif family:
            self.note("share_mode", N_("共享方式类型与共享方式分类不符，请重新选择"), grave=True)
        elif family is None:
            self.note("share_mode_class", UNKNOWN_MODE, grave=True, value=stated[:50])
        return fields

    def _formats(self) -> dict[str, Any]:
        family = self.code("format_class", self.values.get("format_class"))
        stated = tuple(words.format_type(kind) for kind in self._list("format_types", LENGTHS["domain"]))
        mixed, kinds = words.formats(self.values.get("format"))
        if family or stated:
            return {"format_class": family or words.formats(list(stated))[0], "format_types": stated}
        if not mixed and listed(self.values.get("format")):
            value = "、".join(listed(self.values.get("format")))[:50]
            self.note(
                "format", N_("资源格式“%(value)s”无法识别，已留空，提交前请选择格式分类"), grave=False, value=value
            )
        if mixed:
            self.stated |= {"format_class", "format_types"}
        return {"format_class": mixed, "format_types": kinds}

    def _secret(self) -> dict[str, str]:
        answer = words.flag(self.values.get("secret"))
        if answer is None:
            self.note("secret", N_("涉密属性应为“涉密”或“非涉密”"), grave=True)
        elif self.manner.inner and answer:
            return {"secret": "state_secret"}
        elif self.manner.inner or answer:
            self.note("secret", OPEN if self.manner.inner else OUTSIDE, grave=True)
        return {}

    def _day(self, name: str) -> Any:
        return self.day(name, self.values.get(name), label=LABELS[name], needed=name == "released_on")

    def _records(self) -> int | None:
        raw = self.values.get("records")
        found = self.number("records", raw)
        if found is None and not is_blank(clean(raw)):
            self.note("records", N_("数据量“%(value)s”应为纯数字，请去掉单位和文字"), grave=True, value=clean(raw)[:50])
        return found

    def _extra(self) -> dict[str, str]:
        known = set(Content.__struct_fields__) | _CONSUMED
        own = own_elements(self.manner.specification)
        found = self._own_values(own, self.values)
        taken = known | {element.name for element in own}
        spare = {
            name: clean(raw)[:300]
            for name, raw in self.values.items()
            if name not in taken and not name.startswith("item.")
        }
        if not self.code_of():
            spare["source_code"] = clean(self.values.get("code"))[:300]
        return {name: text for name, text in {**spare, **found}.items() if not is_blank(text)}

    def _own_values(self, own: tuple[Element, ...], raw: Mapping[str, object], place: int = -1) -> dict[str, str]:
        """Return what is filled in for local elements: codes for labels, dates as 2025-08-01."""
        found = {}
        for element in own:
            field = element.name if place < 0 else f"item.{element.name}"
            if element.kind == "date":
                day = self.day(field, raw.get(element.name), label=element.label, needed=True)
                text = day.isoformat() if day else ""
            else:
                text = self.text(field, raw.get(element.name), lines=element.kind == "lines", item=place)
            if text:
                codes = {value.label: value.code for value in element.values}
                parts = listed(text) if element.kind == "codes" else (text,)
                found[element.name] = "、".join(codes.get(part, part) for part in parts)
        return found

    def _item_length(self, place: int, raw: Mapping[str, object], name: str) -> int | None:
        given = raw.get("length")
        if isinstance(given, str) and "," in given:
            given = given.split(",")[0]
        found = self.number("item.length", given, item=place)
        if found is None and not is_blank(clean(given)):
            self._item_fault(place, "length", given, name)
        return found

    def _item_fault(self, place: int, part: str, value: object, name: str) -> None:
        params: dict[str, Any] = {"of": name[:50], "label": ITEM_LABELS[part], "value": clean(value)[:50]}
        self.note(f"item.{part}", UNKNOWN_ITEM, grave=True, item=place, **params)


def _look_up(text: str, table: Mapping[str, str]) -> str | None:
    """Return the code of a word, "" for no word, None for an unknown one."""
    return table.get(text) if text else ""
