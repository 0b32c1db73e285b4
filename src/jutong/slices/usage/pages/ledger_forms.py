"""The small forms of a ledger's page; each is made with the ledger it is for and says what goes to the action."""

from __future__ import annotations

from typing import Any, Final

from django import forms as django_forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from jutong.kernel.faces.forms import Form, Line, Paragraph, Whole
from jutong.slices.usage import queries
from jutong.slices.usage.actions import Content
from jutong.slices.usage.rules.disposals import GROUNDS, OWN_GROUNDS, Instruction
from jutong.slices.usage.rules.ledger import HolderKind
from jutong.slices.usage.rules.records import FIELDS, UseStatus

LONGEST: Final = 2000


def chosen(choices: Any) -> list[tuple[str, str]]:
    """Return choices with translated labels, behind an empty one."""
    return [("", _("请选择")), *((code, _(label)) for code, label in choices)]


class LedgerForm(Form):
    """A form of a ledger's page."""

    def __init__(self, ledger: queries.Ledger, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ledger = ledger
        self.prepare()

    def prepare(self) -> None:
        """Fill in what depends on the ledger."""


class CopyForm(LedgerForm):
    """An own copy: what it is, where it lies, of which it was made."""

    title = Line(label=_l("副本名称"), max_length=200)
    storage = Line(label=_l("存放位置"), max_length=300, help_text=_l("写明机房、服务器、库名或者介质编号。"))
    of = django_forms.TypedChoiceField(label=_l("由哪一份副本形成"), required=False, coerce=int, empty_value=None)

    def prepare(self) -> None:
        """Offer the ledger's copies."""
        copies = [(str(copy.id), copy.title) for copy in self.ledger.copies if copy.open]
        self.fields["of"].choices = [("", _("不适用")), *copies]  # type: ignore[attr-defined]


class PlaceForm(LedgerForm):
    """Where a copy lies."""

    copy_id = django_forms.TypedChoiceField(label=_l("副本"), coerce=int)
    storage = Line(label=_l("存放位置"), max_length=300, help_text=_l("写明机房、服务器、库名或者介质编号。"))

    def prepare(self) -> None:
        """Offer the copies that are still there, those without a place first."""
        open_still = sorted((copy for copy in self.ledger.copies if copy.open), key=lambda copy: bool(copy.storage))
        self.fields["copy_id"].choices = [  # type: ignore[attr-defined]
            (str(copy.id), f"{copy.title}（{copy.storage or _('未登记')}）") for copy in open_still
        ]


class HolderForm(LedgerForm):
    """A system or person that uses the data."""

    kind = django_forms.ChoiceField(label=_l("类别"), choices=lambda: chosen(HolderKind.choices()))
    name = Line(label=_l("名称或者姓名"), max_length=200)
    duty = Line(label=_l("用于办理的事项"), max_length=300, required=False)


class EndHolderForm(LedgerForm):
    """Who uses the data no longer."""

    holder_id = django_forms.TypedChoiceField(label=_l("业务系统或者人员"), coerce=int)

    def prepare(self) -> None:
        """Offer who still uses it."""
        self.fields["holder_id"].choices = [  # type: ignore[attr-defined]
            (str(one.id), f"{one.kind_label} {one.name}") for one in self.ledger.holders if one.until is None
        ]


class FillForm(LedgerForm):
    """What the consumer says of one reporting period."""

    number = django_forms.TypedChoiceField(label=_l("填报期"), coerce=int)
    scene = Paragraph(
        label=_l("使用场景"), max_length=LONGEST, required=False, help_text=_l("办理什么事项、由谁使用。")
    )
    process = Paragraph(label=_l("使用过程"), max_length=LONGEST, required=False)
    effect = Paragraph(label=_l("应用成效"), max_length=LONGEST, required=False)
    storage = Paragraph(label=_l("存储情况"), max_length=LONGEST, required=False)
    destruction = Paragraph(label=_l("销毁情况"), max_length=LONGEST, required=False)
    status = django_forms.ChoiceField(label=_l("使用状态"), required=False, choices=lambda: chosen(UseStatus.choices()))

    def __init__(self, ledger: queries.Ledger, *args: Any, **kwargs: Any) -> None:
        first = next((one for one in ledger.periods if one.lacking), ledger.periods[0] if ledger.periods else None)
        kwargs.setdefault("initial", {"number": first.number, **first.raw} if first else {})
        super().__init__(ledger, *args, **kwargs)

    def prepare(self) -> None:
        """Offer the periods, those that lack something first."""
        rows = sorted(self.ledger.periods, key=lambda one: not one.lacking)
        self.fields["number"].choices = [  # type: ignore[attr-defined]
            (
                str(one.number),
                _("第 %(n)d 期 %(first)s 至 %(last)s")
                % {"n": one.number, "first": one.first_day, "last": one.last_day},
            )
            for one in rows
        ]

    def arguments(self) -> dict[str, Any]:
        """Return the period and what is said of it."""
        good = self.cleaned_data
        return {"number": good["number"], "content": Content(**{name: good[name] for name in FIELDS})}


class LengthenForm(LedgerForm):
    """A longer retention by law."""

    years = Whole(label=_l("保存年限"), min_value=1, max_value=100)
    basis = Line(label=_l("法律、行政法规及条款"), max_length=200)


class StandingForm(LedgerForm):
    """How copies are to be disposed of, said in advance."""

    instruction = django_forms.ChoiceField(label=_l("处置要求"), choices=lambda: chosen(Instruction.choices()))
    days = Whole(label=_l("使用结束后几天内完成"), min_value=1, max_value=366)
    duty = Paragraph(label=_l("说明或者留存的职责"), max_length=LONGEST, required=False)


class GiveUpForm(LedgerForm):
    """Copies whose use ends while the grant runs."""

    copies = django_forms.TypedMultipleChoiceField(
        label=_l("副本"), coerce=int, widget=django_forms.CheckboxSelectMultiple
    )
    ground = django_forms.ChoiceField(
        label=_l("情形"), choices=lambda: chosen((code, GROUNDS[code]) for code in OWN_GROUNDS)
    )

    def prepare(self) -> None:
        """Offer the copies that are there and not being disposed of."""
        self.fields["copies"].choices = [  # type: ignore[attr-defined]
            (str(copy.id), copy.title) for copy in self.ledger.copies if copy.open and not copy.disposing
        ]
