"""The forms of disputes: raising one, statements, outcomes with the terms of what is shared, records, decisions."""

from __future__ import annotations

from typing import Any, Final

from django import forms as django_forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.kernel.faces.forms import Day, Form, Line, Paragraph, Upload, Uploads
from jutong.slices.parties import queries as parties
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.formats.travelling import MOST_BYTES
from jutong.slices.sharing.pages.forms import mode_choices, purpose_choices
from jutong.slices.sharing.rules import LONGEST_TEXT, GrantedItem, Reply
from jutong.slices.sharing.rules import disputes as rules

TERMS: Final = ("items", "key_items", "modes", "purposes", "use_until")


class Worded(Form):
    """A form of a move: `words` returns what the action takes. view: the dispute it is for."""

    def __init__(self, *args: Any, view: queries.DisputeView, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.view = view


class Nothing(Worded):
    """A move that asks for nothing but the decision."""

    def arguments(self) -> dict[str, Any]:
        """Return no argument."""
        return {}


class AnswerFile(Worded):
    """The signed answer of an authority elsewhere."""

    file = Upload(label=gettext_lazy("答复文件"), most_bytes=MOST_BYTES)

    def arguments(self) -> dict[str, Any]:
        """Return the file's content."""
        self.cleaned_data["file"].seek(0)
        return {"file": self.cleaned_data["file"].read()}


class StatementForm(Worded):
    """What a party says, with papers."""

    text = Paragraph(label=gettext_lazy("意见"), max_length=LONGEST_TEXT)
    uploads = Uploads(label=gettext_lazy("证明材料"), required=False)


class FailForm(Worded):
    """Why the negotiation came to nothing."""

    reason = Paragraph(label=gettext_lazy("协商不成的情况"), max_length=LONGEST_TEXT)


class EscalateForm(Worded):
    """What is recorded of a side that made no statement."""

    absence = Paragraph(
        label=gettext_lazy("一方未陈述意见的情况"),
        max_length=LONGEST_TEXT,
        required=False,
        help_text=gettext_lazy("双方都已陈述意见的，不填。"),
    )


class RecordForm(Worded):
    """Minutes, an opinion of an expert or another department, or that a side said nothing."""

    sort = django_forms.ChoiceField(label=gettext_lazy("记录种类"))
    side = django_forms.ChoiceField(label=gettext_lazy("未陈述意见的一方"), required=False)
    source = Line(label=gettext_lazy("专家或者部门"), max_length=120, required=False)
    text = Paragraph(label=gettext_lazy("内容"), max_length=LONGEST_TEXT)
    uploads = Uploads(label=gettext_lazy("附件"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sorts = [(code, _(label)) for code, label in rules.NOTES.items() if code != "statement"]
        sides = [(code, _(label)) for code, label in rules.SIDES.items()]
        self.fields["sort"].choices = sorts  # type: ignore[attr-defined]
        self.fields["side"].choices = [("", "—"), *sides]  # type: ignore[attr-defined]


class OpinionForm(Worded):
    """The authority's own opinion."""

    opinion = Paragraph(label=gettext_lazy("主管部门意见"), max_length=LONGEST_TEXT)


class OutcomeForm(Worded):
    """What is proposed or decided; where no request says it, also what is shared, how, for what and until when."""

    result = django_forms.ChoiceField(label=gettext_lazy("处理结果"), widget=django_forms.RadioSelect)
    text = Paragraph(label=gettext_lazy("处理意见"), max_length=LONGEST_TEXT)
    conditions = Paragraph(
        label=gettext_lazy("条件"),
        max_length=LONGEST_TEXT,
        required=False,
        help_text=gettext_lazy("附条件共享时填写。"),
    )
    items = django_forms.MultipleChoiceField(
        label=gettext_lazy("信息项"), required=False, widget=django_forms.CheckboxSelectMultiple
    )
    key_items = django_forms.MultipleChoiceField(
        label=gettext_lazy("查询条件项"), required=False, widget=django_forms.CheckboxSelectMultiple
    )
    modes = django_forms.MultipleChoiceField(
        label=gettext_lazy("共享方式"), required=False, widget=django_forms.CheckboxSelectMultiple
    )
    purposes = django_forms.MultipleChoiceField(
        label=gettext_lazy("使用用途"), required=False, widget=django_forms.CheckboxSelectMultiple
    )
    use_until = Day(label=gettext_lazy("使用截止日期"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row, entry = self.view.row, self.view.entry
        self.fields["result"].choices = [(code, _(rules.RESULTS[code])) for code in self._results()]  # type: ignore[attr-defined]
        if row.request_id or entry is None:
            for name in TERMS:
                del self.fields[name]
            return
        items = [(item.name, item.name) for item in entry.items]
        choices: dict[str, Any] = {
            "items": items,
            "key_items": items,
            "modes": mode_choices(entry.modes),
            "purposes": purpose_choices(),
        }
        for name, found in choices.items():
            self.fields[name].choices = found  # type: ignore[attr-defined]

    def _results(self) -> list[str]:
        row = self.view.row
        wanted = ["share", "share_with_conditions", "not_share"]
        wanted += ["change_type"] if row.kind == "sharing_type" else []
        wanted += ["restore", "end"] if row.grant_id else []
        return [*wanted, "other"]

    def arguments(self) -> dict[str, Any]:
        """Return the outcome."""
        good = self.cleaned_data
        terms = None
        if good.get("items"):
            terms = Reply(
                agree=True,
                items=tuple(GrantedItem(name) for name in good["items"]),
                key_items=tuple(good["key_items"]),
                modes=tuple(good["modes"]),
                purposes=tuple(good["purposes"]),
                use_until=good["use_until"],
            )
        outcome = actions.Outcome(result=good["result"], text=good["text"], conditions=good["conditions"], terms=terms)
        return {"outcome": outcome}


class GovernmentForm(OutcomeForm):
    """The government's decision."""

    number = Line(label=gettext_lazy("决定文号"), max_length=80)
    decided_on = Day(label=gettext_lazy("决定日期"))

    field_order = ("number", "decided_on", "result", "text", "conditions", *TERMS)

    def arguments(self) -> dict[str, Any]:
        """Return number, date and outcome."""
        good = self.cleaned_data
        return {"number": good["number"], "decided_on": good["decided_on"], **super().arguments()}


class DisputeForm(Form):
    """What a dispute is about and what one says."""

    kind = django_forms.ChoiceField(label=gettext_lazy("争议种类"))
    duty = Paragraph(
        label=gettext_lazy("需要该数据的职责"),
        max_length=LONGEST_TEXT,
        help_text=gettext_lazy("写明履行哪项职责、依据什么条款需要该数据。"),
    )
    statement = Paragraph(label=gettext_lazy("争议事项和意见"), max_length=LONGEST_TEXT)

    def __init__(self, subject: queries.DisputeSubject, *args: Any) -> None:
        super().__init__(*args, initial={"duty": subject.duty, "kind": subject.kinds[0]})
        self.fields["kind"].choices = [(code, _(rules.KINDS[code])) for code in subject.kinds]  # type: ignore[attr-defined]


class BodyForm(Form):
    """Which department stands for the government or the leading group of its region."""

    sort = django_forms.ChoiceField(label=gettext_lazy("机构"))
    department_id = django_forms.TypedChoiceField(label=gettext_lazy("代表部门"), coerce=int)

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.fields["sort"].choices = [(code, _(label)) for code, label in rules.BODIES.items()]  # type: ignore[attr-defined]
        found = [(one.id, one.name) for one in parties.search_departments(limit=500)]
        self.fields["department_id"].choices = [("", _("请选择")), *found]  # type: ignore[attr-defined]
