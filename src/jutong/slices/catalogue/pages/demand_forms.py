"""Forms of demands: what is wanted, what is to meet it, who is to answer it, and the procedure's steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.kernel.errors import NotThere
from jutong.kernel.faces import Form
from jutong.kernel.faces.forms import Code, Line, Paragraph, Suggesting, Upload, Whole
from jutong.slices.catalogue import queries
from jutong.slices.catalogue.actions import Step, Wanted
from jutong.slices.catalogue.formats.demands import MOST_BYTES
from jutong.slices.catalogue.rules.demands import LENGTHS, MOST_DAYS, MOST_STEPS, SCOPES
from jutong.slices.parties import queries as parties

GAP: Final = "gap"
"""What is chosen where no entry meets a demand."""
_BLANK_STEPS: Final = 3
"""Lines for further steps."""


class Provider(Line):
    """A department by the name the list shows; the number is returned, None for nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=140, widget=Suggesting(parties.department_names), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Show a department's name where its number is known."""
        return parties.department_shown(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        """Return the department's number."""
        text = super().clean(value)
        if not text:
            return None
        found = parties.departments_called(text)
        if len(found) != 1:
            raise ValidationError(_("没有名为“%s”的部门，或者重名，请从下拉列表中选择。") % text[:60], code="unknown")
        return found[0]


class WantedForm(Form):
    """What a department wants, and for which duty."""

    consumer_id = forms.TypedChoiceField(label=gettext_lazy("需求部门"), coerce=int)
    wanted = Line(
        label=gettext_lazy("需要的数据"),
        max_length=LENGTHS["wanted"],
        help_text=gettext_lazy("数据的名称，如“不动产登记信息”"),
    )
    contents = Paragraph(
        label=gettext_lazy("基本内容"),
        max_length=LENGTHS["contents"],
        help_text=gettext_lazy("要用到哪些内容，什么范围、多久更新"),
    )
    items = Paragraph(label=gettext_lazy("信息项"), max_length=8000, required=False, help_text=gettext_lazy("每行一个"))
    scope = forms.ChoiceField(
        label=gettext_lazy("需求范围"), choices=[(code, gettext_lazy(label)) for code, label in SCOPES.items()]
    )
    provider_id = Provider(
        label=gettext_lazy("可能的提供部门"), required=False, help_text=gettext_lazy("选填；不清楚的，由主管部门分派")
    )
    duty = Paragraph(label=gettext_lazy("履行的职责"), max_length=LENGTHS["duty"])
    basis = Line(
        label=gettext_lazy("职责依据"),
        max_length=LENGTHS["basis"],
        help_text=gettext_lazy("法律、法规、规章、“三定”规定或者文件的名称和条款"),
    )

    def __init__(self, departments: Sequence[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["consumer_id"].choices = list(departments)  # type: ignore[attr-defined]

    def clean_items(self) -> tuple[str, ...]:
        """Return one name per line."""
        return tuple(line for line in self.cleaned_data["items"].split("\n") if line.strip())

    @property
    def given(self) -> Wanted:
        """Return what was filled in."""
        return Wanted(**{name: value for name, value in self.cleaned_data.items() if name != "consumer_id"})


class DemandFile(Form):
    """A workbook of demands."""

    consumer_id = forms.TypedChoiceField(label=gettext_lazy("需求部门"), coerce=int)
    file = Upload(
        label=gettext_lazy("需求文件"), most_bytes=MOST_BYTES, help_text=gettext_lazy("按模板填写的 Excel（.xlsx）")
    )

    def __init__(self, departments: Sequence[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["consumer_id"].choices = list(departments)  # type: ignore[attr-defined]


class EntryChoice(Form):
    """Which entry meets a demand: one of those offered, or another one by its code."""

    entry_id = forms.ChoiceField(label=gettext_lazy("建议的目录"), widget=forms.RadioSelect, required=False)
    code = Code(
        label=gettext_lazy("其他目录的代码"),
        max_length=64,
        required=False,
        help_text=gettext_lazy("建议中没有的，填写信息资源代码"),
    )

    def __init__(self, offered: Sequence[tuple[object, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entry_id"].choices = list(offered)  # type: ignore[attr-defined]
        if not offered:
            del self.fields["entry_id"]

    def clean(self) -> dict[str, Any]:
        """Resolve the code; a code given beside a choice is the one that counts."""
        given = super().clean() or self.cleaned_data
        if code := given.get("code"):
            try:
                given["entry_id"] = queries.at_code(code)
            except NotThere as unknown:
                self.add_error("code", unknown.sentence)
        chosen = str(given.get("entry_id") or "")
        given["entry_id"] = int(chosen) if chosen.isdigit() else None
        if given["entry_id"] is None and not self.errors and chosen != GAP:
            self.add_error(None, _("请选择建议的目录，或者填写其他目录的代码。"))
        return given


class AcceptForm(EntryChoice):
    """Link a demand to an entry, or make it a gap of a department."""

    provider_id = Provider(
        label=gettext_lazy("缺口的提供部门"),
        required=False,
        help_text=gettext_lazy("仅在没有目录可以满足时填写；不填的，稍后分派"),
    )


class AssignForm(Form):
    """Which department is to answer a demand."""

    provider_id = Provider(label=gettext_lazy("提供部门"))


class IssueForm(Form):
    """By which document a list is issued."""

    document = Line(label=gettext_lazy("文号"), max_length=100)


class ProcedureForm(Form):
    """Steps with owners, limits and forms, and the limit of an answer."""

    answer_days = Whole(
        label=gettext_lazy("提供部门研究答复时限（工作日）"),
        min_value=1,
        max_value=MOST_DAYS,
        required=False,
        help_text=gettext_lazy("自分派之日起计算；不设时限的留空"),
    )
    note = Paragraph(label=gettext_lazy("说明"), max_length=1000, required=False)

    def __init__(self, steps: Sequence[Step], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {"name": _("步骤"), "owner": _("责任方"), "limit": _("时限"), "form": _("表单")}
        most = {"name": 200, "owner": 100, "limit": 100, "form": 200}
        self.places = range(min(MOST_STEPS, len(steps) + _BLANK_STEPS))
        for place in self.places:
            step = steps[place] if place < len(steps) else None
            for part, label in labels.items():
                self.fields[f"{part}_{place}"] = Line(
                    label=_("第 %(step)d 步：%(part)s") % {"step": place + 1, "part": label},
                    max_length=most[part],
                    required=False,
                    initial=getattr(step, part) if step else "",
                )

    @property
    def rows(self) -> list[list[Any]]:
        """Return the fields of each step."""
        return [[self[f"{part}_{place}"] for part in ("name", "owner", "limit", "form")] for place in self.places]

    @property
    def steps(self) -> list[Step]:
        """Return the steps as filled in."""
        given = self.cleaned_data
        return [
            Step(*(given[f"{part}_{place}"] for part in ("name", "owner", "limit", "form"))) for place in self.places
        ]
