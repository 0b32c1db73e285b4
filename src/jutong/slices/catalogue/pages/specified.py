"""The entry form as the specification in force wants it: local elements, added codes, what must be filled in and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _

from jutong.kernel.faces.forms import Day, Line, Paragraph
from jutong.slices.catalogue.rules.specified import own_elements
from jutong.wire.specification import Element, Specification

OWN = "own_"
"""Fields of local elements stand apart from the others by this beginning of their name."""
_LONGEST = 2000


class Several(forms.MultipleChoiceField):
    """Several codes of a list, kept as one text."""

    def prepare_value(self, value: Any) -> Any:
        """Return the codes of a kept text."""
        return value.split("、") if isinstance(value, str) else value


def specify(form: forms.Form, specification: Specification, of: str = "entry") -> None:
    """Give a form the specification's local elements and codes, and say at each field what it asks for."""
    for element in specification.elements:
        if element.of == of and element.name in form.fields:
            _explain(form.fields[element.name], element)
    for element in own_elements(specification, of):
        form.fields[OWN + element.name] = _field(element)


def own_values(form: forms.Form) -> dict[str, str]:
    """Return what was filled in for local elements, as an entry keeps it; empty where nothing was."""
    given = {name.removeprefix(OWN): value for name, value in form.cleaned_data.items() if name.startswith(OWN)}
    return {name: _kept(value) for name, value in given.items()}


def own_start(extra: Mapping[str, str]) -> dict[str, Any]:
    """Return what a form shows of kept values; those of several codes are ticked one by one."""
    return {OWN + name: text for name, text in extra.items()}


def _kept(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return "、".join(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _explain(field: forms.Field, element: Element) -> None:
    words = [_said(element)] if element.obligation != "O" else []
    words += [str(text) for text in (field.help_text, element.rule) if text]
    field.help_text = "；".join(words)
    if isinstance(field, forms.ChoiceField) and element.values:
        choices: list[tuple[str, Any]] = list(cast("Iterable[tuple[str, Any]]", field.choices))
        known = {code for code, _label in choices}
        added = [(v.code, v.label) for v in element.values if v.code not in known]
        listed = {v.code for v in element.values}
        if element.name == "security_level":  # the catalogue of grades in force lists all that may be chosen
            choices = [(code, label) for code, label in choices if not code or code in listed]
        field.choices = [*choices, *added]


def _said(element: Element) -> str:
    return _("提交前必填") if element.obligation == "M" else _("符合条件时必填")


def _field(element: Element) -> forms.Field:
    most = element.length or _LONGEST
    given: dict[str, Any] = {"label": _(element.label), "required": False}
    choices = [(value.code, _(value.label)) for value in element.values]
    field: forms.Field
    if element.kind == "code" and choices:
        field = forms.ChoiceField(choices=[("", "—"), *choices], **given)
    elif element.kind == "codes" and choices:
        field = Several(choices=choices, widget=forms.CheckboxSelectMultiple, **given)
    elif element.kind == "flag":
        field = forms.ChoiceField(choices=[("", "—"), ("是", _("是")), ("否", _("否"))], **given)
    elif element.kind == "date":
        field = Day(**given)
    elif element.kind == "lines":
        field = Paragraph(max_length=most, **given)
    else:
        field = Line(max_length=most, **given)
    _explain(field, element)
    return field
