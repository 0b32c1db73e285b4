"""The forms of a disposal's moves; each names the copies it is for."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.utils.translation import gettext_lazy as _l

from jutong.kernel.faces.forms import Day, Form, Line, Paragraph, Upload
from jutong.slices.usage import queries
from jutong.slices.usage.actions import Report
from jutong.slices.usage.pages.ledger_forms import LONGEST, chosen
from jutong.slices.usage.rules.disposals import Instruction, Method


class CopiesForm(Form):
    """The copies that a move is for, all of them chosen at first."""

    verb = ""
    copies = django_forms.TypedMultipleChoiceField(
        label=_l("副本"), coerce=int, required=False, widget=django_forms.CheckboxSelectMultiple
    )

    def __init__(self, seen: queries.Disposing, *args: Any, **kwargs: Any) -> None:
        rows = seen.open_to(self.verb) or list(seen.rows)  # who may not is told so by the move, not by the field
        kwargs.setdefault("initial", {"copies": [str(row.copy_id) for row in rows]})
        super().__init__(*args, **kwargs)
        self.fields["copies"].choices = [  # type: ignore[attr-defined]
            (str(row.copy_id), row.copy) for row in rows
        ]


class InstructForm(CopiesForm):
    """What is to become of the copies."""

    verb = "instruct"
    instruction = django_forms.ChoiceField(label=_l("处置要求"), choices=lambda: chosen(Instruction.choices()))
    due_on = Day(label=_l("完成日期"))
    duty = Paragraph(label=_l("说明或者留存的职责"), max_length=LONGEST, required=False)


class ReportForm(CopiesForm):
    """How the copies were disposed of."""

    verb = "report"
    method = django_forms.ChoiceField(label=_l("处置方式"), choices=lambda: chosen(Method.choices()))
    executed_on = Day(label=_l("处置日期"))
    executor = Line(label=_l("执行人"), max_length=100)
    proof = Upload(label=_l("证明文件"), required=False, help_text=_l("销毁记录、退还清单、封存单等。"))
    note = Paragraph(label=_l("说明"), max_length=LONGEST, required=False)

    def arguments(self) -> dict[str, Any]:
        """Return the copies, the report and the proof."""
        good = self.cleaned_data
        said = Report(good["method"], good["executed_on"], good["executor"], good["note"])
        proof = (good["proof"], good["proof"].name) if good["proof"] else None
        return {"copies": good["copies"], "report": said, "proof": proof}


class AcceptForm(CopiesForm):
    """Whose proof is accepted."""

    verb = "accept"


class SendBackForm(CopiesForm):
    """Why a proof is not accepted, and until when."""

    verb = "send_back"
    reason = Paragraph(label=_l("退回理由"), max_length=LONGEST)
    due_on = Day(label=_l("重新完成日期"))
