"""Choosing departments by name: a list to pick from while typing, and the name checked."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from jutong.kernel.faces.forms import Line, Paragraph, Suggesting
from jutong.slices.parties import queries


class DepartmentField(Line):
    """A department, named as the list shows it, by its full or its short name; its number is understood too."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=140, widget=Suggesting(queries.department_names), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Show a department's name where its number is known."""
        return queries.department_shown(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        """Return the department's number, None for nothing."""
        text = super().clean(value)
        return found(text) if text else None


class DepartmentsField(Paragraph):
    """Several departments, one a line, each as in `DepartmentField`."""

    def clean(self, value: Any) -> Any:
        """Return the departments' numbers."""
        text = super().clean(value)
        for sign in "，,、；;":
            text = text.replace(sign, "\n")
        return list(dict.fromkeys(found(line.strip()) for line in text.splitlines() if line.strip()))


def found(text: str) -> int:
    """Return the number of the one active department that is called so; ValidationError for none and for several."""
    numbers = queries.departments_called(text)
    if not numbers:
        raise ValidationError(_("没有名为“%s”的部门，请从列表中选择。") % text[:60], code="unknown")
    if len(numbers) > 1:
        raise ValidationError(
            _("有 %(count)d 个部门叫“%(name)s”，请从列表中选择带区划代码的一项。")
            % {"count": len(numbers), "name": text[:60]},
            code="several",
        )
    return numbers[0]
