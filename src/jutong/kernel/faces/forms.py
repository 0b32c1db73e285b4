"""Forms: fields that clean what people really type, sentences that name the field, and refusals shown beside it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.kernel.errors import Conflict, Refusal, RuleBroken
from jutong.kernel.settings import settings

LINE_BREAKS: Final = frozenset("\t\n\r")
MOST_FILES: Final = 5
"""Files that one field of attachments takes at a time."""


def half_width(text: str) -> str:
    """Turn full-width letters, digits and punctuation into their half-width forms (NFKC), for codes and numbers."""
    return unicodedata.normalize("NFKC", text)


def invisible(text: str, *, allowed: frozenset[str] = frozenset()) -> str:
    """Return the first control, formatting or unassigned character that no person types, or nothing."""
    return next((c for c in text if c not in allowed and unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn"}), "")


class Text(forms.CharField):
    """Text whose length is judged here and never cut: a browser shortens what is pasted without a word."""

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Return the attributes of the widget, without its `maxlength`."""
        return {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}


class Line(Text):
    """One line of text: trimmed, inner white space joined, without control characters."""

    def to_python(self, value: Any) -> str:
        """Return the cleaned line; ValidationError for control characters."""
        text = super().to_python(value) or ""
        _refuse_invisible(self, text, LINE_BREAKS)
        return " ".join(text.split())


class Paragraph(Text):
    """Several lines of text; line ends become one line feed each."""

    widget = forms.Textarea(attrs={"rows": 4})

    def to_python(self, value: Any) -> str:
        """Return the cleaned text; ValidationError for control characters."""
        text = (super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n")
        _refuse_invisible(self, text, LINE_BREAKS)
        return text


class Code(Line):
    """A code, number or address typed by a person: full-width characters become half-width, inner blanks go."""

    def to_python(self, value: Any) -> str:
        """Return the cleaned code."""
        return half_width(super().to_python(value)).replace(" ", "")


class Suggesting(forms.TextInput):
    """A line of text with a list to choose from while typing (datalist): works without JavaScript and with long lists.

    names: called when the form is drawn; what may be chosen.
    """

    def __init__(self, names: Callable[[], Iterable[str]], attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.names = names

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """Draw the input and its list."""
        held = f"{(attrs or {}).get('id', name)}_names"
        shown = super().render(name, value, {**(attrs or {}), "list": held, "autocomplete": "off"}, renderer)
        options = format_html_join("", '<option value="{}"></option>', ((one,) for one in self.names()))
        return format_html('{}<datalist id="{}">{}</datalist>', shown, held, options)


class CodeFrom(Code):
    """A code chosen from a list of "code name", or typed.

    names: called when the form is drawn. max_length: of the code with the name behind it.
    """

    def __init__(self, names: Callable[[], Iterable[str]], *, max_length: int = 100, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, widget=Suggesting(names), **kwargs)

    def to_python(self, value: Any) -> str:
        """Return the code, without the name that stands behind it in the list."""
        code, _blank, _name = super(Code, self).to_python(value).partition(" ")
        return super().to_python(code)


class Whole(forms.IntegerField):
    """A whole number; full-width digits are read, which a number input of the browser would throw away."""

    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})

    def to_python(self, value: Any) -> int | None:
        """Return the number or None."""
        return super().to_python(half_width(value).strip() if isinstance(value, str) else value)


class Day(forms.DateField):
    """A Beijing day: 2026-09-30, 2026/9/30, 2026.9.30 or 2026年9月30日."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("input_formats", ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"])
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        """Return the day or None."""
        return super().to_python(half_width(value).strip() if isinstance(value, str) else value)


class Upload(forms.FileField):
    """A file of at most `most_bytes` (shown beside the field, checked here and before by the browser)."""

    def __init__(self, *, most_bytes: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most_bytes = most_bytes or settings().upload_limit

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Return the uploaded file; ValidationError when it is too large."""
        file = super().clean(data, initial)
        if file and file.size > self.most_bytes:
            words = {"label": self.label, "most": self.most_bytes // 1024 // 1024}
            raise ValidationError(_("“%(label)s”超过 %(most)d MB，请拆分后上传。") % words, code="too_large")
        return file


class SeveralFiles(forms.FileInput):
    """A file input that takes several files."""

    allow_multiple_selected = True


class Uploads(Upload):
    """Up to five files, each within the upload limit."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", SeveralFiles())
        super().__init__(**kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Return the uploaded files."""
        given = data if isinstance(data, list | tuple) else [data] if data else []
        if len(given) > MOST_FILES:
            raise ValidationError(
                _("“%(label)s”一次最多 %(most)d 个文件，请合并后上传。") % {"label": self.label, "most": MOST_FILES}
            )
        return [super(Uploads, self).clean(file, initial) for file in given]


class Form(forms.Form):
    """The base of every form: sentences that name the field; `refusal` is what an action said no with."""

    refusal: Refusal | None = None
    required_css_class = "jt-required"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            _name_the_field(field, str(field.label or name))

    def arguments(self) -> dict[str, Any]:
        """Return what the action takes: what was filled in."""
        return dict(self.cleaned_data)


@contextmanager
def told(form: forms.BaseForm) -> Iterator[None]:
    """Show a rule broken or a conflict beside the fields of `form`, instead of on a page of its own.

    ::

        if form.is_valid():
            with told(form):
                entry = actions.compile_entry(by=actor, at=clock.now(), **form.cleaned_data)
                return done(request, _("已保存。"), to=...)
        return page(request, "catalogue/edit.html", form=form)
    """
    try:
        yield
    except (RuleBroken, Conflict) as refusal:
        form.refusal = refusal  # type: ignore[attr-defined]
        remarks = refusal.remarks if isinstance(refusal, RuleBroken) else {}
        placed = {field: sentence for field, sentence in remarks.items() if field in form.fields}
        for field, sentence in placed.items():
            form.add_error(field, sentence)
        others = [sentence for field, sentence in remarks.items() if field not in placed]
        for sentence in others or ([] if placed else [refusal.sentence]):
            form.add_error(None, sentence)


def _refuse_invisible(field: forms.Field, text: str, allowed: frozenset[str]) -> None:
    if found := invisible(text, allowed=allowed):
        name = f"U+{ord(found):04X}"
        raise ValidationError(
            _("“%(field)s”含有不可见的控制字符（%(name)s），请删除后重新填写。") % {"field": field.label, "name": name},
            code="invisible",
        )


def _name_the_field(field: forms.Field, label: str) -> None:
    said = field.error_messages
    words: dict[str, Any] = {"label": label}
    choice = isinstance(field, forms.ChoiceField)
    said["required"] = _("请选择“%(label)s”。") % words if choice else _("请填写“%(label)s”。") % words
    if isinstance(field, forms.FileField):
        said["required"] = _("请选择要上传的“%(label)s”。") % words
        said["empty"] = _("“%(label)s”是空文件，请重新选择。") % words
    elif choice:
        said["invalid_choice"] = _("“%(label)s”的取值不在可选范围内，请从列表中选择。") % words
    elif isinstance(field, forms.IntegerField):
        said["invalid"] = _("“%(label)s”应为整数，请只填写数字。") % words
    elif isinstance(field, forms.DateField):
        said["invalid"] = _("“%(label)s”应为日期，请按 2026-09-30 的样式填写。") % words
    _name_the_limits(field, label)


def _name_the_limits(field: forms.Field, label: str) -> None:
    """Let the validators of length and size name the field too."""
    sentences: dict[str, tuple[str, Any]] = {
        "max_length": (_("“%(label)s”最多 %(limit)s 个字，请精简后重新填写。"), getattr(field, "max_length", None)),
        "min_length": (_("“%(label)s”至少 %(limit)s 个字，请补充完整。"), getattr(field, "min_length", None)),
        "max_value": (_("“%(label)s”不能大于 %(limit)s，请改小。"), getattr(field, "max_value", None)),
        "min_value": (_("“%(label)s”不能小于 %(limit)s，请改大。"), getattr(field, "min_value", None)),
    }
    for code, (sentence, limit) in sentences.items():
        if limit is None:
            continue
        for validator in field.validators:
            if getattr(validator, "code", "") == code:
                validator.message = sentence % {"label": label, "limit": limit}  # type: ignore[attr-defined]
        if code == "max_length" and isinstance(field, forms.FileField):
            field.error_messages["max_length"] = _("“%(label)s”的文件名过长，请改短后再上传。") % {"label": label}


REASON: Final = gettext_lazy("理由")


class Reason(Form):
    """The reason a person gives with a decision."""

    note = Paragraph(label=REASON, max_length=1000)
