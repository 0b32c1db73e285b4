"""Forms of back-flow: a need, an arrangement, where it runs into, its change or end, a further condition that was demanded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django import forms as django_forms
from django.utils.translation import gettext_lazy

from jutong.kernel.faces import forms
from jutong.slices.exchange import actions
from jutong.slices.exchange.rules import NAME_BYTES


class NeedForm(forms.Form):
    """Which items of an entry a lower department needs, and for which duty."""

    items = django_forms.MultipleChoiceField(label=gettext_lazy("信息项"), widget=django_forms.CheckboxSelectMultiple)
    division_item = django_forms.ChoiceField(
        label=gettext_lazy("行政区划信息项"), help_text=gettext_lazy("按它选取本行政区域的记录，须在所选信息项之内。")
    )
    duty = forms.Paragraph(
        label=gettext_lazy("履职依据"), max_length=1000, help_text=gettext_lazy("本部门据以使用该数据的职责。")
    )

    def __init__(self, data: Any, found: Any, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["items"].choices = [(item, item) for item in found.items]  # type: ignore[attr-defined]
        self.fields["division_item"].choices = [(item, item) for item in found.texts]  # type: ignore[attr-defined]


class ArrangeForm(forms.Form):
    """When it runs, kept how safe; nothing else can be demanded (national-2025#24)."""

    cron = forms.Line(
        label=gettext_lazy("回流计划"),
        max_length=60,
        help_text=gettext_lazy("五段：分 时 日 月 周（北京时间），如 30 2 * * *。"),
    )
    security = forms.Paragraph(label=gettext_lazy("安全措施"), max_length=1000)


class StartForm(forms.Form):
    """Into which table of the lower department."""

    source_id = django_forms.TypedChoiceField(label=gettext_lazy("目标库"), coerce=int)
    schema = forms.Line(label=gettext_lazy("目标模式"), max_length=NAME_BYTES, required=False)
    table = forms.Line(label=gettext_lazy("目标表"), max_length=NAME_BYTES)


class SourceForm(forms.Form):
    """Which of the own entries offers the returned data on."""

    entry_id = django_forms.TypedChoiceField(
        label=gettext_lazy("本部门目录"),
        coerce=int,
        help_text=gettext_lazy("登记后，目录写明来源部门；分级不得低于来源目录，只能用于履职依据所列职责。"),
    )


class ConditionForm(forms.Form):
    """A further condition that the upper department demands."""

    condition = forms.Paragraph(label=gettext_lazy("附加的限制条件"), max_length=1000)
    evidence = forms.Paragraph(label=gettext_lazy("依据材料"), max_length=1000)


class ProposeEndForm(forms.Form):
    """Why the upper department has to end it, and from which day on (W15)."""

    cause = forms.Paragraph(label=gettext_lazy("正当理由"), max_length=1000)
    stop_on = forms.Day(
        label=gettext_lazy("起始日期"), help_text=gettext_lazy("须先与下级部门协商并报主管部门备案，从这一天起生效。")
    )


class ProposeChangeForm(ProposeEndForm):
    """Schedule and security measures as they will be from that day on."""

    cron = forms.Line(label=gettext_lazy("变更后的回流计划"), max_length=60)
    security = forms.Paragraph(label=gettext_lazy("变更后的安全措施"), max_length=1000)


class EndForm(forms.Form):
    """Why it is needed no longer."""

    note = forms.Paragraph(label=gettext_lazy("说明"), max_length=1000, required=False)


DEEDS: Final[dict[str, tuple[Callable[..., Any], type[forms.Form]]]] = {
    "arrange": (actions.arrange_backflow, ArrangeForm),
    "start": (actions.start_backflow, StartForm),
    "register_source": (actions.register_source, SourceForm),
    "report_condition": (actions.report_condition, ConditionForm),
    "propose_change": (actions.propose_change, ProposeChangeForm),
    "propose_end": (actions.propose_end, ProposeEndForm),
    "end": (actions.end_backflow, EndForm),
}
"""What is done with each button of a back-flow, and what it asks for."""
