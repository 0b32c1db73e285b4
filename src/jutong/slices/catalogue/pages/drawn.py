"""Widgets drawn by hand: a table of 200 items holds 2,000 of them, and a template for each takes half a second."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe


class DrawnText(forms.TextInput):
    """A line of text."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:  # noqa: ARG002 - Django's signature
        """Draw the input."""
        shown = self.format_value(value)
        given = {"type": "text", "name": name, **({} if shown is None else {"value": shown})}
        return format_html("<input{}>", flatatt(given | self.build_attrs(self.attrs, attrs)))


class DrawnTick(forms.CheckboxInput):
    """A box to tick."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:  # noqa: ARG002 - Django's signature
        """Draw the box."""
        given = {"type": "checkbox", "name": name, "checked": self.check_test(value)}
        return format_html("<input{}>", flatatt(given | self.build_attrs(self.attrs, attrs)))


class DrawnSelect(forms.Select):
    """A list to choose one of; its choices stand in no groups."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:  # noqa: ARG002 - Django's signature
        """Draw the list."""
        chosen = set(self.format_value(value))
        options = "".join(
            f'<option value="{conditional_escape(code)}"{" selected" if str(code) in chosen else ""}>'
            f"{conditional_escape(str(label))}</option>"
            for code, label in self.choices
        )
        given = flatatt({"name": name} | self.build_attrs(self.attrs, attrs))
        return format_html("<select{}>{}</select>", given, mark_safe(options))  # noqa: S308 - every part was escaped
