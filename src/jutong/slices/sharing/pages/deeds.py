"""The moves of a request as its page offers them: a small form each, the call, and what is said."""

from __future__ import annotations

from typing import Any, Final

from django import forms as django_forms
from django.utils.translation import gettext_lazy

from jutong.kernel.actors import Actor
from jutong.kernel.faces.deeds import Deed
from jutong.kernel.faces.forms import Form, Paragraph, Uploads, Whole
from jutong.kernel.terms import N_
from jutong.slices.sharing import actions


class Nothing(Form):
    """A move that asks for nothing but the decision."""


class SupplementForm(Form):
    """What was handed in later."""

    text = Paragraph(label=gettext_lazy("补正说明"), max_length=2000, required=False)
    uploads = Uploads(label=gettext_lazy("补正材料"), required=False)


class AskSupplementForm(Form):
    """Everything that is missing, named once."""

    papers = Paragraph(
        label=gettext_lazy("需要补正的全部材料"),
        max_length=2000,
        help_text=gettext_lazy("每行一项。补正只能告知一次，请列全（条例第二十一条）。"),
    )
    days = Whole(label=gettext_lazy("补正期限（工作日）"), min_value=1, max_value=60, initial=10)


class AskExtensionForm(Form):
    """How much more time, and why."""

    days = Whole(label=gettext_lazy("延长（工作日）"), min_value=1, max_value=10)
    reason = Paragraph(label=gettext_lazy("特殊情况"), max_length=1000)


class ExtendForm(Form):
    """How much more time is given."""

    days = Whole(label=gettext_lazy("同意延长（工作日）"), min_value=1, max_value=10)


class ReasonForm(Form):
    """A reason on the substance."""

    reason = Paragraph(label=gettext_lazy("理由"), max_length=1000)


class OptionalReasonForm(Form):
    """A reason that may be left out."""

    reason = Paragraph(label=gettext_lazy("理由（可不填）"), max_length=1000, required=False)


class VerdictForm(Form):
    """Whether the reason of a non-acceptance holds."""

    justified = django_forms.TypedChoiceField(
        label=gettext_lazy("理由"),
        coerce=lambda value: value == "yes",
        choices=[("yes", gettext_lazy("成立")), ("no", gettext_lazy("不成立"))],
        widget=django_forms.RadioSelect,
    )
    words = Paragraph(label=gettext_lazy("审查意见"), max_length=1000)


class RemarkForm(Form):
    """Why a draft goes back."""

    remark = Paragraph(label=gettext_lazy("退回意见"), max_length=1000)


def _papers(request_id: int, *, by: Actor, at: Any, papers: str, days: int) -> None:
    actions.ask_supplement(request_id, by=by, at=at, papers=papers.splitlines(), days=days)


DEEDS: Final[dict[str, Deed[Form]]] = {
    "consent": Deed(
        Nothing,
        actions.consent,
        N_("已同意提出申请。"),
        "primary",
        N_("同意后由经办人提交给提供方；此后申请内容如有改动，须重新同意。"),
    ),
    "file": Deed(
        Nothing,
        actions.file_request,
        N_("申请已提交，答复期限开始计算。"),
        "primary",
        N_("提交后提供方开始受理，答复期限随即起算；内容不能再改。"),
    ),
    "file_directly": Deed(
        Nothing,
        actions.file_directly,
        N_("申请已提交，答复期限开始计算。"),
        "primary",
        N_("提交后提供方开始受理，答复期限随即起算；内容不能再改。"),
    ),
    "supplement": Deed(SupplementForm, actions.supplement, N_("补正材料已提交，答复期限继续计算。"), "primary"),
    "agree": Deed(
        Nothing,
        actions.agree,
        N_("已同意共享，授权随即开通。"),
        "primary",
        N_("同意后按拟定的答复开通授权，提供数据的期限开始计算。"),
    ),
    "refuse": Deed(
        Nothing,
        actions.refuse,
        N_("已答复不同意共享。"),
        "danger",
        N_("按拟定的理由答复申请方不同意共享。"),
    ),
    "withhold_consent": Deed(RemarkForm, actions.withhold_consent, N_("已退回重拟。"), ""),
    "ask_supplement": Deed(
        AskSupplementForm,
        _papers,
        N_("已一次性告知补正，答复期限暂停。"),
        "",
        N_("答复期限自告知起暂停，补正后继续计算。"),
    ),
    "ask_extension": Deed(
        AskExtensionForm,
        actions.ask_extension,
        N_("已向主管部门申请延期。"),
        "",
        N_("因特殊情况需要延长的，经同级主管部门同意，并告知申请方（条例第二十一条）。"),
    ),
    "extend": Deed(ExtendForm, actions.extend, N_("已同意延期，申请方已收到通知。"), "primary"),
    "decline": Deed(
        ReasonForm,
        actions.decline,
        N_("已答复不予受理。"),
        "danger",
        N_("材料不全不是不予受理的理由，请改用一次性告知补正。"),
    ),
    "judge": Deed(
        VerdictForm,
        actions.judge,
        N_("审查意见已告知双方。"),
        "",
        N_("理由不成立的，作为情形提出，由主管部门另行认定。"),
    ),
    "withdraw": Deed(OptionalReasonForm, actions.withdraw, N_("申请已撤回。"), "danger"),
}
PAGES: Final = {
    "change": "sharing_change",
    "prepare_reply": "sharing_reply",
    "agree_directly": "sharing_reply",
    "refuse_directly": "sharing_reply",
}
"""Moves that have a page of their own."""
