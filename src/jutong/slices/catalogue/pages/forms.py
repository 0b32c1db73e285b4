"""Forms of the catalogue: an entry with its items, the fields each decision asks for, and import."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec
from django import forms
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.kernel.faces.forms import Code, Day, Form, Line, Paragraph, Whole
from jutong.kernel.faces.ids import id_in
from jutong.kernel.levels import LEVELS
from jutong.kernel.terms import (
    ITEM_STANDS,
    SHARE_LIMITS,
    SHARE_MODE_CLASSES,
    SHARE_MODE_LABELS,
    BasisRank,
    CatalogueClass,
    DataType,
    FormatClass,
    OpenType,
    ShareType,
    Term,
    UpdateCycle,
    Zone,
)
from jutong.slices.catalogue.pages.drawn import DrawnSelect, DrawnText, DrawnTick
from jutong.slices.catalogue.pages.specified import OWN, own_start, own_values, specify
from jutong.slices.catalogue.queries.versions import in_words
from jutong.slices.catalogue.queries.zones import here
from jutong.slices.catalogue.rules.codes import BASE_CATEGORIES, THEMES
from jutong.slices.catalogue.rules.content import Content, ItemContent
from jutong.slices.catalogue.rules.obligations import LABELS, LENGTHS, MOST_ITEMS
from jutong.slices.catalogue.rules.shape import ITEM_LABELS
from jutong.slices.catalogue.rules.text import listed
from jutong.slices.catalogue.rules.zones import SECRETS
from jutong.slices.standards import queries as standards
from jutong.wire.specification import Specification

BLANK = ("", "—")
ITEMS_PLACE = "items"
"""Id of the table of items on the editing page."""
MOST_PAGE = 100_000


def line_of(given: str, most: int) -> str:
    """Return what somebody sent as one line: no NUL, blanks once."""
    return " ".join(given[:most].replace("\x00", "").split())


def asked_text(request: HttpRequest, name: str) -> str:
    """Return a query parameter as one short line."""
    return line_of(request.GET.get(name, ""), 200)


def asked_id(request: HttpRequest, name: str) -> int:
    """Return an id from a query parameter, 0 for none."""
    return id_in(request.GET.get(name, "")) or 0


def asked_number(request: HttpRequest, name: str = "page", default: int = 1) -> int:
    """Return a query parameter as a number from 1, the default for anything else."""
    text = request.GET.get(name, "")
    return min(max(1, int(text)), MOST_PAGE) if text.isascii() and text.isdigit() and len(text) < 9 else default  # noqa: PLR2004


def _choices(terms: type[Term]) -> list[tuple[str, Any]]:
    return _named(dict(terms.choices()))


def _named(words: dict[str, str]) -> list[tuple[str, Any]]:
    named: list[tuple[str, Any]] = [(code, gettext_lazy(label)) for code, label in words.items()]
    return [BLANK, *named]


def _line(name: str, **more: Any) -> Line:
    return Line(label=gettext_lazy(LABELS[name]), max_length=LENGTHS.get(name, 200), required=False, **more)


def _paragraph(name: str, rows: int = 3) -> Paragraph:
    widget = forms.Textarea(attrs={"rows": rows})
    return Paragraph(label=gettext_lazy(LABELS[name]), max_length=LENGTHS[name], required=False, widget=widget)


def _choice(name: str, choices: list[tuple[str, Any]], **more: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=gettext_lazy(LABELS[name]), choices=choices, required=False, **more)


def _purposes(held: Iterable[str]) -> list[tuple[str, str]]:
    """Return the purposes on the list, and those that the entry names by now although they were taken off it."""
    offered = standards.offered_purposes()
    retired = {code: _("%s（已停用）") % standards.purpose_label(code) for code in held if code not in offered}
    return [*offered.items(), *retired.items()]


SEPARATED = gettext_lazy("多个之间用顿号或分号隔开")


class EntryForm(Form):
    """Everything a provider states about a resource; only the title is needed for a draft."""

    title = Line(label=gettext_lazy(LABELS["title"]), max_length=LENGTHS["title"])
    abstract = _paragraph("abstract", 4)
    resource_class = forms.ChoiceField(
        label=gettext_lazy(LABELS["resource_class"]), choices=CatalogueClass.choices(), initial="department"
    )
    category = _choice("category", _named({**BASE_CATEGORIES, **THEMES}))
    provider_unit = _line("provider_unit")
    format_class = _choice("format_class", _choices(FormatClass))
    format_types = _line("format_types", help_text=SEPARATED)
    format_note = _line("format_note")
    update_cycle = _choice("update_cycle", _choices(UpdateCycle))
    released_on = Day(label=gettext_lazy(LABELS["released_on"]), required=False)
    data_category = _line("data_category")
    security_level = _choice("security_level", _named(dict(LEVELS)))
    personal = forms.BooleanField(label=gettext_lazy(LABELS["personal"]), required=False)
    secret = _choice("secret", _named(SECRETS))
    domain = _line("domain")
    industry = _line("industry")
    keywords = _line("keywords", help_text=SEPARATED)
    matter = _line("matter")
    system = _line("system")
    link = _line("link")
    related_codes = _line("related_codes", help_text=SEPARATED)
    share_type = forms.ChoiceField(
        label=gettext_lazy(LABELS["share_type"]), choices=ShareType.choices(), initial="unconditional"
    )
    share_confirmed = forms.BooleanField(label=gettext_lazy("已核对并确认共享类型"), required=False)
    share_limit = _choice("share_limit", _named(SHARE_LIMITS))
    share_scope = _paragraph("share_scope", 2)
    use_purposes = forms.MultipleChoiceField(
        label=gettext_lazy(LABELS["use_purposes"]),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    share_conditions = _paragraph("share_conditions")
    withheld_reason = _paragraph("withheld_reason")
    basis_rank = _choice("basis_rank", _choices(BasisRank))
    basis_instrument = _line("basis_instrument")
    basis_article = _line("basis_article")
    basis_wording = _paragraph("basis_wording")
    share_mode_class = _choice("share_mode_class", _named(SHARE_MODE_CLASSES))
    share_mode = _choice("share_mode", _named(SHARE_MODE_LABELS))
    open_type = _choice("open_type", _choices(OpenType))
    open_conditions = _line("open_conditions")
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    GROUPS = (
        (gettext_lazy("基本信息"), (
            "title", "abstract", "resource_class", "category", "provider_unit", "format_class", "format_types",
            "format_note", "update_cycle", "released_on", "data_category", "security_level", "personal", "secret",
        )),
        (gettext_lazy("共享"), (
            "share_type", "share_confirmed", "share_limit", "share_scope", "use_purposes", "share_conditions",
            "share_mode_class", "share_mode", "withheld_reason", "basis_rank", "basis_instrument", "basis_article",
            "basis_wording",
        )),
        (gettext_lazy("开放与其他"), (
            "open_type", "open_conditions", "domain", "industry", "keywords", "matter", "system", "link", "related_codes",
        )),
    )  # fmt: skip
    LISTS = ("format_types", "keywords", "related_codes")

    def __init__(self, *args: Any, specification: Specification | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["use_purposes"].choices = _purposes(self.initial.get("use_purposes", ()))  # type: ignore[attr-defined]
        if here() == Zone.OUTER:
            del self.fields["secret"]  # nothing that is marked is ever typed in here (R-CAT-015)
        if specification is not None:
            specify(self, specification)

    def remark(self, remarks: Iterable[tuple[str, str]]) -> None:
        """Show what a reviewer said of an element beside its field."""
        for element, text in remarks:
            name = place_of(element).removeprefix("id_")
            if name in self.fields:
                said = format_html('<strong class="jt-remark">{}</strong>', _("退回意见：%s") % text)
                self.fields[name].help_text = format_html("{}{}", said, self.fields[name].help_text)

    def grouped(self) -> list[tuple[str, list[Any]]]:
        """Return the fields under their headings; those of local elements come last."""
        groups = [
            (str(heading), [self[name] for name in names if name in self.fields]) for heading, names in self.GROUPS
        ]
        own = [self[name] for name in self.fields if name.startswith(OWN)]
        return [*groups, (_("补充要素"), own)] if own else groups

    @classmethod
    def start(cls, content: Content, version: int) -> dict[str, Any]:
        """Return what the form shows of a content."""
        shown = {name: getattr(content, name) for name in cls.base_fields if name != "version"}
        shown |= {name: "、".join(shown[name]) for name in cls.LISTS}
        shown |= own_start(content.extra)
        return shown | {"use_purposes": list(content.use_purposes), "version": version}

    def stated(self, present: Content) -> dict[str, Any]:
        """Return what was stated, as content takes it; what the form does not show of the extra elements is kept."""
        given = {n: v for n, v in self.cleaned_data.items() if n != "version" and not n.startswith(OWN)}
        given |= {name: listed(given[name]) for name in self.LISTS}
        given["format_types"] = tuple(kind.casefold() for kind in given["format_types"])
        extra = {name: text for name, text in {**present.extra, **own_values(self)}.items() if text}
        return given | {"use_purposes": tuple(given["use_purposes"]), "extra": extra}


def place_of(element: str) -> str:
    """Return the id of an element's place on the editing page, empty for what is not filled in there."""
    if element.startswith("item"):
        return ITEMS_PLACE
    name = {"use_conditions": "share_conditions"}.get(element, element)
    if name in EntryForm.base_fields:
        return f"id_{name}"
    return "" if name in LABELS else f"id_{OWN}{name}"


class ItemForm(Form):
    """One information item; a row without a name is left out."""

    name = Line(
        label=gettext_lazy(ITEM_LABELS["name"]), max_length=LENGTHS["item.name"], required=False, widget=DrawnText
    )
    column = Code(
        label=gettext_lazy(ITEM_LABELS["column"]), max_length=LENGTHS["item.column"], required=False, widget=DrawnText
    )
    type = forms.ChoiceField(
        label=gettext_lazy(ITEM_LABELS["type"]), choices=_choices(DataType), required=False, widget=DrawnSelect
    )
    length = Whole(
        label=gettext_lazy(ITEM_LABELS["length"]), min_value=0, max_value=65535, required=False, widget=DrawnText
    )
    share_type = forms.ChoiceField(
        label=gettext_lazy(ITEM_LABELS["share_type"]), choices=_choices(ShareType), required=False, widget=DrawnSelect
    )
    security_level = forms.ChoiceField(
        label=gettext_lazy(ITEM_LABELS["security_level"]),
        choices=_named(dict(LEVELS)),
        required=False,
        widget=DrawnSelect,
    )
    base_item = forms.BooleanField(label=gettext_lazy(ITEM_LABELS["base_item"]), required=False, widget=DrawnTick)
    sensitive = forms.BooleanField(label=gettext_lazy(ITEM_LABELS["sensitive"]), required=False, widget=DrawnTick)
    key = forms.BooleanField(label=gettext_lazy(ITEM_LABELS["key"]), required=False, widget=DrawnTick)
    source = forms.ChoiceField(
        label=gettext_lazy(ITEM_LABELS["source"]), choices=_named(ITEM_STANDS), required=False, widget=DrawnSelect
    )

    def __init__(self, *args: Any, specification: Specification | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if specification is not None:
            specify(self, specification, "item")
        for field in self.fields.values():
            kind = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
            kind = "form-check-input" if isinstance(field, forms.BooleanField) else kind
            field.widget.attrs |= {"class": kind, "aria-label": str(field.label)}

    def item(self) -> ItemContent | None:
        """Return the item, or None for an empty row."""
        if not self.cleaned_data.get("name"):
            return None
        given = {name: value for name, value in self.cleaned_data.items() if not name.startswith(OWN)}
        return ItemContent(**given, extra={name: text for name, text in own_values(self).items() if text})


if TYPE_CHECKING:
    _Set = forms.BaseFormSet[ItemForm]
else:
    _Set = forms.BaseFormSet


class ItemSet(_Set):
    """The items of an entry."""

    def wrong(self) -> list[tuple[str, str]]:
        """Return (id on the page, sentence) of everything refused, with the number of its row."""
        found = [(ITEMS_PLACE, str(error)) for error in self.non_form_errors()]
        for number, form in enumerate(self.forms, 1):
            refused = ((bound.auto_id, str(error)) for bound in form for error in bound.errors)
            found += [
                (place, _("信息项第 %(row)d 行：%(sentence)s") % {"row": number, "sentence": said})
                for place, said in refused
            ]
        return found

    def items(self, earlier: tuple[ItemContent, ...]) -> tuple[ItemContent, ...]:
        """Return the named items; what the form does not show is kept from the item of the same name."""
        before = {item.name: item for item in earlier}
        found = [item for form in self.forms if (item := form.item()) is not None]
        shown = list(ItemForm.base_fields)
        return tuple(
            msgspec.structs.replace(
                before[item.name],
                **{name: getattr(item, name) for name in shown},
                extra={**before[item.name].extra, **item.extra},
            )
            if item.name in before
            else item
            for item in found
        )


Items = forms.formset_factory(ItemForm, formset=ItemSet, extra=3, max_num=MOST_ITEMS, absolute_max=MOST_ITEMS)


class TakeOut(Form):
    """What an entry turned out to be, and by which decision; never its content."""

    kind = forms.ChoiceField(
        label=gettext_lazy("属于"), choices=[(code, gettext_lazy(label)) for code, label in SECRETS.items()]
    )
    document = Line(
        label=gettext_lazy("定密或处置文号"), max_length=64, help_text=gettext_lazy("只写文号，不要写涉密内容")
    )


class Note(Form):
    """An optional remark."""

    note = Paragraph(label=gettext_lazy("意见"), max_length=1000, required=False)


class Revise(Form):
    """Why a published entry is changed."""

    note = Paragraph(label=gettext_lazy("变更理由"), max_length=1000)


class Prohibition(Note):
    """A review that may have to confirm an express prohibition."""

    express_prohibition = forms.BooleanField(label=gettext_lazy("所引条款属于明确禁止提供"), required=False)


class Determine(Prohibition):
    """A determination with its number."""

    number = Line(label=gettext_lazy("核定文号"), max_length=64)
    field_order = ("number", "note", "express_prohibition")


class Return(Form):
    """A return with its reason and remarks per element."""

    reason = Paragraph(label=gettext_lazy("总体意见"), max_length=1000, required=False)
    not_prohibited = forms.BooleanField(
        label=gettext_lazy("所引条款不属于明确禁止提供，须改选共享类型"), required=False
    )
    REMARKED = (
        "title", "abstract", "resource_class", "category", "format_class", "items", "share_type", "share_scope",
        "use_purposes", "share_conditions", "withheld_reason", "basis_instrument", "basis_article", "share_mode",
        "open_type", "update_cycle", "data_category", "security_level",
    )  # fmt: skip
    SOMETIMES = frozenset({
        "category", "share_scope", "use_purposes", "share_conditions", "withheld_reason", "basis_instrument",
        "basis_article",
    })  # fmt: skip
    """Elements that only some entries state; the form leaves them out where they are empty."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.REMARKED:
            label = _("对“%s”的意见") % _(LABELS[name])
            self.fields[f"remark_{name}"] = Line(label=label, max_length=300, required=False)

    def beside(self, content: Content) -> None:
        """Show what the entry states beside each field for a remark on it."""
        for name in self.REMARKED:
            value = getattr(content, name)
            words = "、".join(item.name for item in content.items) if name == "items" else in_words(name, value)
            if words:
                self.fields[f"remark_{name}"].help_text = words[:120]
            elif name in self.SOMETIMES:
                del self.fields[f"remark_{name}"]

    def stated(self) -> dict[str, Any]:
        """Return what `return_entry` takes."""
        remarks = {name: self.cleaned_data[f"remark_{name}"] for name in self.REMARKED}
        wrong = False if self.cleaned_data["not_prohibited"] else None
        return {"reason": self.cleaned_data["reason"], "remarks": remarks, "express_prohibition": wrong}
