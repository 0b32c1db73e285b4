"""The small forms of moves, and the fields that several pages share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django import forms as django_forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from jutong.kernel.faces.forms import Code, Form, Line, Paragraph, Suggesting, Uploads, Whole
from jutong.slices.correction import queries
from jutong.slices.correction.actions import LEADS, Corrected
from jutong.slices.correction.rules.papers import MOST_BYTES
from jutong.slices.correction.rules.terms import Decision, Doubt, Field, Finding, Ground, Link
from jutong.slices.correction.workflow import WORKFLOWS
from jutong.slices.parties import queries as parties

MOST_ITEMS: Final = 30


def chosen(choices: Sequence[tuple[str, str]], *, empty: bool = True) -> list[tuple[str, str]]:
    """Return choices with translated labels, behind an empty one."""
    return [*([("", _("请选择"))] if empty else []), *((code, _(label)) for code, label in choices)]


def papers_field() -> Uploads:
    """Return the field for papers handed in with an application."""
    words = _l("可选多个：PDF、图片、Word、Excel 或文本，每个不超过 10 MB。")
    return Uploads(label=_l("附件（可不填）"), required=False, most_bytes=MOST_BYTES, help_text=words)


class DepartmentField(Line):
    """A department by its name, chosen from a list while typing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=140, widget=Suggesting(parties.department_names), **kwargs)

    def clean(self, value: Any) -> Any:
        """Return the department's id."""
        text = super().clean(value)
        if not text:
            return None
        found = parties.departments_called(text)
        if len(found) != 1:
            raise ValidationError(_("没有找到部门“%s”，请从列表中选择。") % text[:40])
        return found[0]


class DeedForm(Form):
    """A move's form; it is made with the case it is for, and says what goes to the action."""

    def __init__(self, case: queries.CaseDetail, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.case = case


class Nothing(DeedForm):
    """A move that asks for nothing but the decision."""


class ReasonForm(DeedForm):
    """A finding with its reason."""

    reason = Paragraph(label=_l("核实情况"), max_length=2000)


class TextForm(DeedForm):
    """Words that may be left out."""

    text = Paragraph(label=_l("补充说明（可不填）"), max_length=1000, required=False)


class AskExtensionForm(DeedForm):
    """How much more time, and why."""

    days = Whole(label=_l("延长（工作日）"), min_value=1, max_value=60)
    reason = Paragraph(label=_l("延期原因"), max_length=1000)


class ExtendForm(DeedForm):
    """How much more time is given."""

    days = Whole(label=_l("同意延长（工作日）"), min_value=1, max_value=60)

    def __init__(self, case: queries.CaseDetail, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"days": case.extension_asked.get("days")})
        super().__init__(case, *args, **kwargs)


class CorrectForm(DeedForm):
    """Values before and after, item by item; those left empty are not corrected."""

    note = Paragraph(label=_l("更正说明"), max_length=2000, help_text=_l("写明何时、如何在源数据中更正。"))

    def __init__(self, case: queries.CaseDetail, *args: Any, **kwargs: Any) -> None:
        super().__init__(case, *args, **kwargs)
        self.named = (case.items or case.known_items)[:MOST_ITEMS]
        for place, item in enumerate(self.named):
            words = {"item": item}
            self.fields[f"old-{place}"] = Line(label=_("%(item)s（更正前）") % words, required=False, max_length=2000)
            self.fields[f"new-{place}"] = Line(label=_("%(item)s（更正后）") % words, required=False, max_length=2000)

    def arguments(self) -> dict[str, Any]:
        """Return the rows in which something was written."""
        good = self.cleaned_data
        rows = [
            Corrected(item, good.get(f"old-{place}", ""), good.get(f"new-{place}", ""))
            for place, item in enumerate(self.named)
        ]
        return {"rows": [row for row in rows if row.old or row.new], "note": good["note"]}


class TransferForm(DeedForm):
    """To which department."""

    department_id = DepartmentField(label=_l("转交部门"))


class TransferObjectionForm(TransferForm):
    """To the department of the data, which is proposed."""

    def __init__(self, case: queries.CaseDetail, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"department_id": case.line.provider})
        super().__init__(case, *args, **kwargs)


class DecisionForm(DeedForm):
    """Correct or not correct, and why."""

    decision = django_forms.ChoiceField(label=_l("决定"), choices=lambda: chosen(Decision.choices()))
    reason = Paragraph(label=_l("决定理由"), max_length=2000)


class AgreeForm(DeedForm):
    """What the field is to read."""

    value = Paragraph(label=_l("更正后的内容"), max_length=2000)

    def __init__(self, case: queries.CaseDetail, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"value": case.details["proposed"]})
        super().__init__(case, *args, **kwargs)


class RefuseForm(DeedForm):
    """Why not, and on what basis."""

    reason = Paragraph(label=_l("不同意更正的理由"), max_length=2000)
    basis = Paragraph(label=_l("不同意更正的依据"), max_length=2000, required=False)


class ResolveForm(DeedForm):
    """What a complaint came to."""

    finding = django_forms.ChoiceField(label=_l("结论"), choices=lambda: chosen(Finding.choices()))
    examined = Paragraph(
        label=_l("日志与陈述核查情况"), max_length=2000, help_text=_l("写明查阅了哪些日志、听取了谁的陈述、查明什么。")
    )
    reason = Paragraph(label=_l("处理结论"), max_length=2000)
    misuse = django_forms.BooleanField(label=_l("事实表明存在滥用共享数据"), required=False)


class LinkForm(DeedForm):
    """What it is handed over to, or why not."""

    kind = django_forms.ChoiceField(label=_l("移交去向"), choices=lambda: chosen(Link.choices()), required=False)
    reference = Line(label=_l("移交事项编号"), max_length=100, required=False)
    grant = Code(
        label=_l("滥用所涉及的授权编号"),
        max_length=20,
        required=False,
        help_text=_l("认定存在滥用的，填写授权编号，如 G-000012：平台登记违规使用案件，并注明其编号。"),
    )
    no_link = Paragraph(label=_l("不移交的理由"), max_length=1000, required=False)

    def clean_grant(self) -> int | None:
        """Return the grant's id."""
        number = str(self.cleaned_data["grant"]).upper().removeprefix("G-")
        if number and not number.isdecimal():
            raise ValidationError(_("授权编号应如 G-000012，请核对。"))
        return int(number) if number else None

    def arguments(self) -> dict[str, Any]:
        """Return one link, or none."""
        good = self.cleaned_data
        links = [{"kind": good["kind"], "reference": good["reference"]}] if good["kind"] or good["reference"] else []
        return {"links": links, "no_link": good["no_link"], "grant_id": good["grant"]}


_DETAILS: Final[dict[str, type[Any]]] = {"verification": Doubt, "objection": Ground, "open_correction": Field}


class ConvertForm(DeedForm):
    """Into which procedure, and what that procedure asks for."""

    to = django_forms.ChoiceField(
        label=_l("转入程序和事由"), help_text=_l("受理时间不变，新程序的期限自原受理之日起算；两个编号互相注明。")
    )

    def __init__(self, case: queries.CaseDetail, *args: Any, **kwargs: Any) -> None:
        super().__init__(case, *args, **kwargs)
        choices = [
            (f"{kind}:{code}", f"{_(WORKFLOWS[kind].title)}：{_(label)}")
            for kind in LEADS[case.line.kind]
            for code, label in _DETAILS[kind].choices()
        ]
        self.fields["to"].choices = [("", _("请选择")), *choices]  # type: ignore[attr-defined]

    def arguments(self) -> dict[str, Any]:
        """Return the procedure, and ground, kind or field."""
        to, _colon, detail = self.cleaned_data["to"].partition(":")
        return {"to": to, "detail": detail}
