"""The small forms of the moves of a case of misuse, and of opening one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms as django_forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from jutong.kernel.faces.forms import Day, Form, Line, Paragraph, Upload, Whole
from jutong.slices.usage import queries
from jutong.slices.usage.rules.misuse import LONGEST_LIMIT, LONGEST_TEXT
from jutong.slices.usage.rules.terms import Ground, MisuseKind, Source


def chosen(choices: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return choices with translated labels, behind an empty one."""
    return [("", _("请选择")), *((code, _(label)) for code, label in choices)]


class Numbers(django_forms.TypedMultipleChoiceField):
    """Several ids, ticked."""

    widget = django_forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=int, **kwargs)


class OpenForm(Form):
    """What was found, of which kind, from where, and who handled the data."""

    grant_ids = Numbers(label=_l("所涉授权"))
    category = django_forms.ChoiceField(label=_l("违规类别"), choices=lambda: chosen(MisuseKind.choices()))
    source = django_forms.ChoiceField(label=_l("线索来源"))
    source_ref = Line(label=_l("来源编号"), max_length=80, required=False, help_text=_l("检查、投诉举报等事项的编号。"))
    handler = Line(label=_l("经手人"), max_length=100, required=False, help_text=_l("使用方经手数据的人员。"))
    text = Paragraph(label=_l("情况说明"), max_length=LONGEST_TEXT)
    paper = Upload(label=_l("证据材料"), required=False)

    def __init__(self, subject: queries.Openable, *args: Any) -> None:
        start = Source.AUTHORITY if subject.authority else Source.PROVIDER
        super().__init__(*args, initial={"grant_ids": [subject.grants[0][0]], "source": start})
        self.fields["grant_ids"].choices = list(subject.grants)  # type: ignore[attr-defined]
        sources = [(code, label) for code, label in Source.choices() if code != Source.SYSTEM]
        self.fields["source"].choices = chosen(sources)  # type: ignore[attr-defined]

    def arguments(self) -> dict[str, Any]:
        """Return the action's arguments."""
        return with_papers(self.cleaned_data)


def with_papers(good: dict[str, Any]) -> dict[str, Any]:
    """Return cleaned data with the one uploaded file as the list that actions take."""
    words = {name: value for name, value in good.items() if name != "paper"}
    return words | {"uploads": [good["paper"]] if good.get("paper") else []} if "paper" in good else words


class DeedForm(Form):
    """A move's form; it is made with the case it is for."""

    def __init__(self, case: queries.MisuseDetail, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.case = case

    def arguments(self) -> dict[str, Any]:
        """Return the action's arguments."""
        return with_papers(self.cleaned_data)


class DismissForm(DeedForm):
    """Why there is no misuse."""

    reason = Paragraph(label=_l("不予认定的理由"), max_length=LONGEST_TEXT)


class SuspendForm(DeedForm):
    """What is confirmed, which grants, what has to be rectified until when."""

    category = django_forms.ChoiceField(label=_l("违规类别"), choices=lambda: chosen(MisuseKind.choices()))
    ground = django_forms.ChoiceField(label=_l("认定的情形"), choices=lambda: chosen(Ground.choices()))
    grant_ids = Numbers(label=_l("暂停的授权"))
    demand = Paragraph(label=_l("整改要求"), max_length=LONGEST_TEXT)
    days = Whole(label=_l("整改期限（工作日）"), min_value=1, max_value=LONGEST_LIMIT, required=False)
    limit_day = Day(label=_l("或者：整改截止日期"), required=False, help_text=_l("工作日数和截止日期填一项。"))

    def __init__(self, case: queries.MisuseDetail, *args: Any, **kwargs: Any) -> None:
        offered = [pk for pk, _label in case.offered]
        concerned = [one.id for one in case.grants if one.id in offered]
        kwargs.setdefault("initial", {"category": case.row.category, "grant_ids": concerned})
        super().__init__(case, *args, **kwargs)
        self.fields["grant_ids"].choices = list(case.offered)  # type: ignore[attr-defined]


class TextForm(DeedForm):
    """Words that say why."""

    text = Paragraph(label=_l("情况说明"), max_length=LONGEST_TEXT)


class PapersForm(TextForm):
    """Words with a file beside them."""

    paper = Upload(label=_l("证明材料"), required=False)


class DecisionForm(DeedForm):
    """A decision as it is recorded."""

    decision = Paragraph(label=_l("决定内容和文号"), max_length=LONGEST_TEXT)
