"""Forms of the registers of access."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from jutong.kernel.faces.forms import Code, Day, Form, Line, Paragraph, Whole
from jutong.slices.parties.pages.picking import DepartmentField, found
from jutong.slices.parties.rules.access import Side, SupportKind


class Opening(Form):
    """What every case begins with."""

    department_id = DepartmentField(label=_l("部门"))
    title = Line(label=_l("名称或事项"), max_length=200)
    text = Paragraph(label=_l("说明"), max_length=4000, required=False)


class Legacy(Opening):
    """An exchange system from before the platform."""

    counterpart_id = DepartmentField(label=_l("交换的另一方"), required=False)


class Network(Opening):
    """A dedicated network."""

    existing = forms.BooleanField(
        label=_l("已经建成"), required=False, initial=True, help_text=_l("新建业务专网的，请取消勾选。")
    )


class Support(Opening):
    """A question to the support group."""

    kind = forms.ChoiceField(
        label=_l("支持类型"), choices=lambda: [("", "—"), *((k.value, _(k.label)) for k in SupportKind)]
    )


class Direct(Opening):
    """An exchange round the platform."""

    department_id = DepartmentField(label=_l("发送部门"))
    receiver_id = DepartmentField(label=_l("接收部门"))
    text = Paragraph(label=_l("情况与证据"), max_length=4000)


class Incident(Opening):
    """A security incident."""

    department_id = DepartmentField(label=_l("发生部门"))
    text = Paragraph(label=_l("经过"), max_length=4000)


class Step(Form):
    """A milestone or a task."""

    title = Line(label=_l("事项"), max_length=200)
    due_on = Day(label=_l("完成期限"))


class Reached(Form):
    """Which step is done."""

    step_id = Whole(label=_l("事项"), min_value=1)


class Words(Form):
    """Words that a move asks for."""

    text = Paragraph(label=_l("意见或内容"), max_length=4000)


class Responsible(Form):
    """The one side that answers for an incident."""

    side = forms.ChoiceField(label=_l("责任方"), choices=lambda: [(s.value, _(s.label)) for s in Side])


class Training(Form):
    """A training; participants one department a line: name, number of people."""

    title = Line(label=_l("培训名称"), max_length=200)
    kind = forms.ChoiceField(label=_l("培训类型"), choices=lambda: [(k.value, _(k.label)) for k in SupportKind])
    held_on = Day(label=_l("培训日期"))
    people = Paragraph(
        label=_l("参加部门与人数"), max_length=8000, help_text=_l("每行一个部门：部门名称，人数。例如：市民政局，3。")
    )

    def clean_people(self) -> dict[int, int]:
        """Return the number of people by department id."""
        people: dict[int, int] = {}
        for line in filter(None, map(str.strip, self.cleaned_data["people"].splitlines())):
            name, _comma, count = line.replace("，", ",").rpartition(",")
            number = Code().clean(count)
            if not name or not (number.isascii() and number.isdecimal() and len(number) < 6):  # noqa: PLR2004 - people
                raise forms.ValidationError(
                    _("“%(line)s”不能识别，请写成“部门名称，人数”，部门名称以登记的为准。") % {"line": line[:60]}
                )
            department_id = found(name.strip())
            people[department_id] = people.get(department_id, 0) + int(number)
        return people


class Filter(Form):
    """What a list is narrowed to; nonsense in an address is simply no filter."""

    q = Line(required=False, max_length=60)
    page = Whole(required=False, min_value=1, max_value=100_000)

    def wanted(self) -> dict[str, Any]:
        """Return the filters that make sense."""
        self.is_valid()
        return {"text": self.cleaned_data.get("q") or "", "number": self.cleaned_data.get("page") or 1}
