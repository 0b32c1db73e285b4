"""The forms of agreements: the text with its parties, one authorised entry, and the small forms of moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from django import forms as django_forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from jutong.kernel.faces.conditions import ConditionsField
from jutong.kernel.faces.forms import Day, Form, Line, Paragraph, Suggesting, Upload
from jutong.kernel.terms import MASKING_LABELS, MODE_LABELS
from jutong.slices.agreements import actions
from jutong.slices.agreements.rules import ELEMENTS, LONGEST_TEXT, NEEDED, Content, Given, Kind, Side, Stated
from jutong.slices.agreements.rules import Line as GrantLine
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.parties import queries as parties
from jutong.slices.standards import queries as standards
from jutong.wire.grants import Masking

ROWS: Final = 6
"""Parties that the page has room for; more go by the interface."""
TEXTS: Final = ("content", "quality", "quantity", "frequency", "scope", "manner", "basis", "schedule")
_SHORT: Final = {"quality", "quantity", "frequency", "schedule"}


class AgreementForm(Form):
    """An agreement's text: elements, parties with responsible persons and terms of secrecy, grants beside it, a joint document."""

    name = Line(label=_l("协议名称"), max_length=200)
    since = Day(label=_l("共享期限自"), required=False)
    until = Day(label=_l("共享期限至"), required=False, help_text=_l("期满次日起停止访问；期满前可以续签。"))
    grants = Line(
        label=_l("相关的现有授权"), max_length=200, required=False,
        help_text=_l("填授权编号（如 G-000012），多个用逗号分隔；只作关联，不因本协议改变。"),
    )  # fmt: skip
    joint_number = Line(label=_l("联合发文字号"), max_length=100, required=False)
    joint = Upload(
        label=_l("联合发文"), required=False,
        help_text=_l("以联合发文代替签署的，上传文件；由主管部门核对原件后生效。"),
    )  # fmt: skip

    def __init__(
        self, kind: str, *args: Any, amending: bool = False, parties_fixed: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.parties_fixed = kind, parties_fixed
        for name in TEXTS:
            if name in NEEDED[Kind(kind)]:
                rows = 2 if name in _SHORT else 3
                self.fields[name] = Paragraph(
                    label=_(ELEMENTS[name]), max_length=LONGEST_TEXT, required=False,
                    widget=django_forms.Textarea(attrs={"rows": rows}),
                )  # fmt: skip
        for place in range(self.room):
            self.fields[f"party-{place}"] = Line(
                label=_("当事方 %d") % (place + 1), max_length=140, required=False,
                widget=Suggesting(parties.department_names), disabled=parties_fixed,
            )  # fmt: skip
            self.fields[f"responsible-{place}"] = Line(label=_("责任人"), max_length=100, required=False)
            self.fields[f"secrecy-{place}"] = Paragraph(
                label=_("安全保密条款"), max_length=LONGEST_TEXT, required=False,
                widget=django_forms.Textarea(attrs={"rows": 2}),
            )  # fmt: skip
        if amending:
            self.fields["why"] = Paragraph(label=_("修订或续签的原因"), max_length=1000)

    @property
    def room(self) -> int:
        """How many parties the form has room for."""
        return 2 if self.kind == Kind.CONFIDENTIALITY else ROWS

    def texts(self) -> list[Any]:
        """Return the bound elements, in the order of the text."""
        return [self[name] for name in ELEMENTS if name in self.fields and name in TEXTS]

    def rows(self) -> list[tuple[Any, Any, Any]]:
        """Return the bound fields of each party."""
        return [(self[f"party-{n}"], self[f"responsible-{n}"], self[f"secrecy-{n}"]) for n in range(self.room)]

    def clean(self) -> dict[str, Any]:
        """Find the departments that were named."""
        good = dict(super().clean() or {})
        for place in range(self.room):
            text = good.get(f"party-{place}")
            if not text:
                continue
            found = parties.departments_called(text)
            if len(found) == 1:
                good[f"department-{place}"] = found[0]
            else:
                self.add_error(f"party-{place}", _("没有找到部门“%s”，请从列表中选择。") % text[:40])
        try:
            good["granted"] = _references(good.get("grants", ""))
        except ValueError:
            self.add_error("grants", _("授权编号应如 G-000012，多个用逗号分隔，请检查。"))
        return good

    def written(self, lines: Sequence[GrantLine] = ()) -> actions.Draft:
        """Return what was written."""
        good = self.cleaned_data
        sides = tuple(
            Side(
                good[f"department-{place}"],
                responsible=good.get(f"responsible-{place}", ""),
                confidentiality=good.get(f"secrecy-{place}", ""),
            )
            for place in range(self.room)
            if f"department-{place}" in good
        )
        texts = {name: good.get(name, "") for name in TEXTS if name in self.fields}
        return actions.Draft(
            stated=Stated(name=good["name"], since=good["since"], until=good["until"], **texts),
            sides=sides,
            lines=tuple(lines),
            grants=good["granted"],
            joint_number=good["joint_number"],
        )


def _references(text: str) -> tuple[int, ...]:
    """Return the ids of grants by their references; ValueError for anything else."""
    parts = [part for part in text.replace("，", ",").replace("、", ",").replace(" ", "").split(",") if part]
    return tuple(int(part.upper().removeprefix("G-")) for part in parts)


def start(content: Content) -> dict[str, Any]:
    """Return the form's initial values for a text that there is."""
    stated = content.stated
    given: dict[str, Any] = {name: getattr(stated, name) for name in ("name", "since", "until", *TEXTS)}
    given |= {
        "joint_number": content.joint_number,
        "grants": "，".join(f"G-{pk:06d}" for pk in content.grants),
    }
    for place, side in enumerate(content.sides):
        given |= {
            f"party-{place}": parties.department_shown(side.department_id),
            f"responsible-{place}": side.responsible,
            f"secrecy-{place}": side.confidentiality,
        }
    return given


class LineForm(Form):
    """What one party may have of an entry: every item with its masking or not at all, of which rows, modes and purposes."""

    key_items = django_forms.MultipleChoiceField(
        label=_l("查询条件项"), required=False, widget=django_forms.CheckboxSelectMultiple,
        help_text=_l("联机查询至少选一项。"),
    )  # fmt: skip
    modes = django_forms.MultipleChoiceField(label=_l("共享方式"), widget=django_forms.CheckboxSelectMultiple)
    purposes = django_forms.MultipleChoiceField(label=_l("使用用途"), widget=django_forms.CheckboxSelectMultiple)

    def __init__(self, offer: catalogue.PublishedEntry, *args: Any, line: GrantLine | None = None) -> None:
        chosen = {given.item: str(given.masking) for given in line.items} if line else {}
        super().__init__(
            *args,
            initial={"key_items": line.key_items, "modes": line.modes, "purposes": line.purposes} if line else None,
        )
        self.offer = offer
        rows = msgspec.to_builtins(line.conditions) if line else ()
        self.conditions = ConditionsField(
            [item.name for item in offer.items], self.data if self.is_bound else None, rows
        )
        maskings = [("", _("不授权")), *((str(one), _(MASKING_LABELS[one])) for one in Masking)]
        for place, item in enumerate(offer.items):
            self.fields[f"item-{place}"] = django_forms.ChoiceField(
                label=item.name, choices=maskings, required=False, initial=chosen.get(item.name, "")
            )
        choices = {
            "key_items": [(item.name, item.name) for item in offer.items],
            "modes": [(str(mode), _(MODE_LABELS[mode])) for mode in MODE_LABELS if mode in offer.modes],
            "purposes": list(standards.offered_purposes().items()),
        }
        for name, found in choices.items():
            self.fields[name].choices = found  # type: ignore[attr-defined]

    def items(self) -> list[Any]:
        """Return the bound fields of the items."""
        return [self[f"item-{place}"] for place in range(len(self.offer.items))]

    @property
    def filtered(self) -> bool:
        """Whether a row condition stands in the form."""
        return any(item for _row, item, _operator, _values in self.conditions.rows)

    def clean(self) -> dict[str, Any]:
        """Ask for one item at least, and for row conditions that are whole."""
        good = dict(super().clean() or {})
        self.stated_conditions = self.conditions.conditions()
        for sentence in self.conditions.errors:
            self.add_error(None, sentence)
        if not any(good.get(f"item-{place}") for place in range(len(self.offer.items))):
            raise ValidationError(_("请至少授权一个信息项。"))
        return good

    def line(self, consumer_id: int) -> GrantLine:
        """Return the line that was stated."""
        good = self.cleaned_data
        items = tuple(
            Given(item.name, Masking(good[f"item-{place}"]))
            for place, item in enumerate(self.offer.items)
            if good.get(f"item-{place}")
        )
        return GrantLine(
            resource_id=self.offer.id, consumer_id=consumer_id, items=items, key_items=tuple(good["key_items"]),
            modes=tuple(good["modes"]), purposes=tuple(good["purposes"]), conditions=self.stated_conditions,
        )  # fmt: skip


class Nothing(Form):
    """A move that asks for nothing but the decision."""


class ReasonForm(Form):
    """Why."""

    reason = Paragraph(label=_l("理由"), max_length=1000)


class OptionalReasonForm(Form):
    """Why, if there is something to say."""

    reason = Paragraph(label=_l("说明（可不填）"), max_length=1000, required=False)


class SignForm(Form):
    """The text that was read, by its digest."""

    digest = django_forms.CharField(max_length=64, widget=django_forms.HiddenInput)
