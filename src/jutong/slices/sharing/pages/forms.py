"""The forms of asking: what a consumer asks for, row conditions, attachments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from django import forms as django_forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.kernel.faces.conditions import ConditionsField
from jutong.kernel.faces.forms import Day, Form, Line, Paragraph, Uploads, Whole
from jutong.kernel.terms import CLASS_OF, MODE_LABELS, DeliveryMode, ShareType
from jutong.kernel.workflow import Workflow
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.sharing.queries import FileLine
from jutong.slices.sharing.rules import LONGEST_TEXT, Asked
from jutong.slices.standards import queries as standards


class CaseFilter(Form):
    """Which cases of a workflow are looked for: on whose side, in which state, with which words."""

    workflow: ClassVar[Workflow[Any]]
    sides: ClassVar[Mapping[str, str]]
    side = django_forms.ChoiceField(required=False, widget=django_forms.HiddenInput)
    state = django_forms.ChoiceField(label=gettext_lazy("状态"), required=False)
    page = Whole(label=gettext_lazy("页码"), required=False, min_value=1, widget=django_forms.HiddenInput)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["side"].choices = list(self.sides.items())  # type: ignore[attr-defined]
        states = [(name, _(label)) for name, label in self.workflow.states.items()]
        self.fields["state"].choices = [("", _("全部状态")), *states]  # type: ignore[attr-defined]

    def asked(self) -> dict[str, Any]:
        """Return the filters that are in order."""
        good = self.cleaned_data
        return {"side": good.get("side", ""), "state": good.get("state", ""), "text": good.get("q", "")}


def mode_choices(modes: Sequence[str]) -> list[tuple[str, str]]:
    """Return delivery modes with their translated names, each with its class of national-2025#22."""
    return [(str(mode), mode_in_words(mode)) for mode in MODE_LABELS if mode in modes]


def mode_in_words(mode: DeliveryMode) -> str:
    """Return a delivery mode by its local name and its national class (R-EXC-024)."""
    return _("%(mode)s（%(kind)s）") % {"mode": _(MODE_LABELS[mode]), "kind": _(CLASS_OF[mode].label)}


def purpose_choices() -> list[tuple[str, str]]:
    """Return the purposes on the list with their names."""
    return list(standards.offered_purposes().items())


class AskForm(Form):
    """Everything a request says; `asked()` returns it for the action."""

    items = django_forms.MultipleChoiceField(label=gettext_lazy("信息项"))
    key_items = django_forms.MultipleChoiceField(label=gettext_lazy("查询条件项"), required=False)
    modes = django_forms.MultipleChoiceField(label=gettext_lazy("共享方式"), widget=django_forms.CheckboxSelectMultiple)
    purposes = django_forms.MultipleChoiceField(
        label=gettext_lazy("使用用途"), widget=django_forms.CheckboxSelectMultiple
    )
    duty = Paragraph(label=gettext_lazy("所履行的职责"), max_length=LONGEST_TEXT)
    use_basis = Paragraph(
        label=gettext_lazy("使用依据"),
        max_length=LONGEST_TEXT,
        help_text=gettext_lazy("写明法律、法规、规章或政策文件的名称和条款。"),
    )
    use_scene = Paragraph(
        label=gettext_lazy("使用场景"),
        max_length=LONGEST_TEXT,
        help_text=gettext_lazy("在哪项业务、哪个环节使用，由哪个业务系统使用。"),
    )
    use_scope = Paragraph(
        label=gettext_lazy("使用范围"),
        max_length=LONGEST_TEXT,
        help_text=gettext_lazy("使用的部门、岗位、区域；不得超出此范围或转给他人（条例第二十五条）。"),
    )
    use_from = Day(label=gettext_lazy("使用起始日期"))
    use_until = Day(label=gettext_lazy("使用截止日期"), help_text=gettext_lazy("最长五年，期满可重新申请。"))
    personal_basis = Line(
        label=gettext_lazy("处理个人信息的合法性基础"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("如：为履行法定职责所必需（个人信息保护法第十三条、第三十四条）。"),
    )
    kept = django_forms.TypedMultipleChoiceField(
        label=gettext_lazy("已上传的附件"), required=False, coerce=int, widget=django_forms.CheckboxSelectMultiple
    )
    uploads = Uploads(
        label=gettext_lazy("附件"), required=False, help_text=gettext_lazy("依据文件等，可选多个，每个不超过上限。")
    )
    others = Paragraph(
        label=gettext_lazy("同时申请的其他资源"),
        max_length=LONGEST_TEXT,
        required=False,
        help_text=gettext_lazy(
            "填目录编号，每行一个：按相同的依据、场景、范围各成一件，分别送提供方，信息项为全部可共享的项。"
        ),
    )
    commercial = django_forms.BooleanField(
        label=gettext_lazy("用于有偿服务或者商业用途"),
        required=False,
        help_text=gettext_lazy("如实勾选；现行规则禁止的，不能提交。"),
    )
    agreement = Line(max_length=40, required=False, widget=django_forms.HiddenInput)
    declared = django_forms.BooleanField(
        label=gettext_lazy(
            "承诺：本申请真实、合法、必要，共享数据不用于申请以外的目的（政务数据共享条例第二十条、第二十五条）"
        )
    )

    def __init__(
        self,
        entry: catalogue.PublishedEntry,
        data: QueryDict | None = None,
        uploaded: MultiValueDict[str, Any] | None = None,
        *,
        attached: Sequence[FileLine] = (),
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, uploaded, initial=initial)
        self.entry = entry
        open_items = [item for item in entry.items if item.share_type != ShareType.WITHHELD]
        choices: dict[str, list[tuple[Any, str]]] = {
            "items": [(item.name, item.name) for item in open_items],
            "key_items": [(item.name, item.name) for item in open_items],
            "modes": list(mode_choices(entry.modes)),
            "purposes": list(purpose_choices()),
            "kept": [(file.id, file.name) for file in attached],
        }
        for name, found in choices.items():
            self.fields[name].choices = found  # type: ignore[attr-defined]
        self.fields["personal_basis"].required = entry.personal
        names = [item.name for item in open_items]
        self.conditions = ConditionsField(names, data, (initial or {}).get("conditions", ()))

    def is_valid(self) -> bool:
        """Check the row conditions too."""
        valid = super().is_valid()
        if self.is_bound and not hasattr(self, "asked_conditions"):
            self.asked_conditions = self.conditions.conditions()
            for sentence in self.conditions.errors:
                self.add_error(None, sentence)
        return valid and not self.conditions.errors

    def asked(self) -> Asked:
        """Return what is asked for; the files uploaded just now go to the action beside it."""
        good = self.cleaned_data
        return Asked(
            resource_id=self.entry.id,
            items=tuple(good["items"]),
            conditions=self.asked_conditions,
            key_items=tuple(name for name in good["key_items"] if name in good["items"]),
            modes=tuple(good["modes"]),
            purposes=tuple(good["purposes"]),
            use_basis=good["use_basis"],
            use_scene=good["use_scene"],
            use_scope=good["use_scope"],
            duty=good["duty"],
            use_from=good["use_from"],
            use_until=good["use_until"],
            personal_basis=good["personal_basis"],
            declared=good["declared"],
            commercial=good["commercial"],
            attachments=tuple(good["kept"]),
            agreement=good["agreement"],
        )

    @property
    def chosen_items(self) -> list[str]:
        """Items that are ticked now."""
        return [str(value) for value in self["items"].value() or []]

    @property
    def chosen_keys(self) -> list[str]:
        """Key items that are ticked now."""
        return [str(value) for value in self["key_items"].value() or []]


def as_far(entry: catalogue.PublishedEntry, data: Mapping[str, Any], getlist: Any) -> Asked:
    """Return a request as far as it is filled in, without complaining: for the list of what is missing."""
    known = {item.name for item in entry.items}
    return Asked(
        resource_id=entry.id,
        items=tuple(name for name in getlist("items") if name in known),
        modes=tuple(getlist("modes")),
        purposes=tuple(getlist("purposes")),
        use_basis=str(data.get("use_basis", "")),
        use_scene=str(data.get("use_scene", "")),
        use_scope=str(data.get("use_scope", "")),
        duty=str(data.get("duty", "")),
        use_from=_day(data.get("use_from")),
        use_until=_day(data.get("use_until")),
        personal_basis=str(data.get("personal_basis", "")),
        declared=bool(data.get("declared")),
        commercial=data.get("commercial") == "on",
    )


def _day(text: Any) -> date:
    try:
        return Day().to_python(text) or date.min
    except ValidationError:
        return date.min
