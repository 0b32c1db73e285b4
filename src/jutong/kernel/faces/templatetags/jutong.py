"""Template pieces: badges, tables, pagers, forms, timelines and charts; each draws one file of templates/pieces/."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField
from django.template.context import Context
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext as _

from jutong.kernel.clock import BEIJING
from jutong.kernel.errors import Refusal
from jutong.kernel.faces import once, pieces
from jutong.kernel.paging import Page

register = template.Library()

KIB = 1024
TEN_THOUSAND = 10_000


# ---- words and numbers ----


@register.filter
def words(label: object) -> str:
    """Translate a Chinese label that was marked with N_, or the `.label` of a term."""
    return gettext(str(getattr(label, "label", label) or ""))


@register.filter
def number(value: object) -> str:
    """Write a number with thousands separated: 43000 gives 43,000; nothing stays a dash."""
    if value is None or value == "":
        return "—"
    return f"{value:,}" if isinstance(value, (int, float, Decimal)) else str(value)


@register.filter
def money(value: object) -> str:
    """Write an amount in yuan with two decimals, in 万元 from ten thousand on."""
    if value is None or value == "":
        return "—"
    amount = Decimal(str(value))
    if abs(amount) >= TEN_THOUSAND:
        return _("%(amount)s 万元") % {"amount": f"{amount / TEN_THOUSAND:,.2f}"}
    return _("%(amount)s 元") % {"amount": f"{amount:,.2f}"}


@register.filter
def size(value: float | None) -> str:
    """Write a number of bytes: B, KB, MB, GB of 1024."""
    if value is None:
        return "—"
    amount = float(value)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < KIB or unit == "GB":
            return f"{amount:,.0f} {unit}" if unit == "B" else f"{amount:,.1f} {unit}"
        amount /= KIB
    return ""


@register.filter
def day(value: date | datetime | None) -> str:
    """Write a Beijing day: 2026-09-30."""
    if value is None:
        return "—"
    local = value.astimezone(BEIJING).date() if isinstance(value, datetime) else value
    return local.isoformat()


@register.filter
def moment(value: datetime | None) -> str:
    """Write an instant in Beijing time: 2026-09-30 01:30."""
    return value.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M") if value else "—"


@register.filter
def long_day(value: date | datetime | None) -> str:
    """Write a Beijing day in words of the reader's language: 2026年9月30日 星期三."""
    if value is None:
        return "—"
    local = value.astimezone(BEIJING).date() if isinstance(value, datetime) else value
    return date_format(local, "Y年n月j日 l" if (get_language() or "").startswith("zh") else "l j F Y")


# ---- small pieces ----


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw a Tabler icon, hidden from screen readers: words stand beside it."""
    return format_html('<span class="ti ti-{}" aria-hidden="true"></span>', name)


@register.simple_tag
def badge(label: object, tone: str = "neutral") -> SafeString:
    """Draw words on the colour of a tone: neutral, info, wait, good, bad."""
    return format_html('<span class="jt-badge jt-badge-{}">{}</span>', tone, words(label))


@register.simple_tag
def state_badge(state: str, label: object = "") -> SafeString:
    """Draw a state: its words, in the colour family of its identifier."""
    return badge(label or state, pieces.tone_of(str(state)))


@register.inclusion_tag("pieces/clock.html")
def clock_badge(clock: Any, *, brief: bool = False) -> dict[str, Any]:
    """Draw a clock row (kernel.queries.ClockRow): days left in colour and words, the due day, the article under it.

    brief: for lists; the article stands in the tooltip only.
    """
    return {"clock": clock, "brief": brief, "tone": pieces.CLOCK_TONES.get(getattr(clock, "tone", ""), "neutral")}


@register.inclusion_tag("pieces/governing.html")
def governing(rows: Any) -> dict[str, Any]:
    """Draw which profile governs each step of a case (kernel.jurisdiction.Governed rows)."""
    return {"rows": rows}


@register.inclusion_tag("pieces/empty.html")
def empty(title: str, hint: str = "", *, url: str = "", label: str = "", icon_name: str = "inbox") -> dict[str, Any]:
    """Draw an empty list: what is missing, what one can do, and a button."""
    return {"title": title, "hint": hint, "url": url, "label": label, "icon_name": icon_name}


@register.inclusion_tag("pieces/loading.html")
def loading(name: str = "") -> dict[str, Any]:
    """Draw the waiting sign that HTMX shows while it asks (hx-indicator="#name")."""
    return {"name": name}


@register.simple_block_tag
def notice(content: str, tone: str = "info") -> SafeString:
    """Draw a notice around its content: info, wait, good, bad."""
    shown = {"info": "info-circle", "wait": "alert-triangle", "good": "circle-check", "bad": "alert-circle"}
    role = "alert" if tone == "bad" else "note"
    return format_html(
        '<div class="jt-notice jt-notice-{}" role="{}">{}<div>{}</div></div>', tone, role, icon(shown[tone]), content
    )


@register.inclusion_tag("pieces/progress.html")
def progress(row: Any, url: str) -> dict[str, Any]:
    """Draw work in progress (kernel.jobs.ProgressRow); asks `url` for itself every second until it is done.

    `url` answers with `{% progress row url %}` rendered alone; `request.path` is the usual value there.
    """
    over = row.state in {"done", "failed"}
    tone = {"done": "good", "failed": "bad"}.get(row.state, "")
    return {"row": row, "url": url, "over": over, "tone": tone}


# ---- tables ----


@register.simple_block_tag
def td(content: str, label: str = "", css: str = "") -> SafeString:
    """Draw a table cell that carries its column's label, so that narrow screens can show rows as cards."""
    return format_html('<td data-label="{}" class="{}"><div>{}</div></td>', label, css, content)


@register.inclusion_tag("pieces/th.html", takes_context=True)
def th(context: Context, key: str, label: str, *, css: str = "") -> dict[str, Any]:
    """Draw a heading that sorts by `key` (parameter `sort`; a leading minus turns the order round)."""
    current = context["request"].GET.get("sort", "")
    way = {"-" + key: "descending", key: "ascending"}.get(current, "none")
    return {
        "label": label,
        "css": css,
        "way": way,
        "url": changed_query(context, sort="-" + key if way == "ascending" else key, page=None),
    }


@register.simple_tag(takes_context=True, name="query")
def changed_query(context: Context, **changes: object) -> str:
    """Return the present query string with parameters changed; None removes one: `?{% query page=2 %}`."""
    asked = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None:
            asked.pop(name, None)
        else:
            asked[name] = str(value)
    return f"?{asked.urlencode()}"


@register.inclusion_tag("pieces/pager.html", takes_context=True)
def pager(context: Context, meta: Page) -> dict[str, Any]:
    """Draw total, present page and links to the pages around it (parameter `page`)."""
    near = sorted({1, meta.pages, *range(max(1, meta.number - 2), min(meta.pages, meta.number + 2) + 1)})
    links: list[tuple[int, str]] = []
    for at in near:
        if links and at - links[-1][0] > 1:
            links.append((0, ""))
        links.append((at, changed_query(context, page=at)))
    previous = changed_query(context, page=meta.number - 1) if meta.number > 1 else ""
    following = changed_query(context, page=meta.number + 1) if meta.number < meta.pages else ""
    return {"meta": meta, "links": links, "previous": previous, "following": following}


@register.inclusion_tag("pieces/facets.html", takes_context=True)
def facets(context: Context, groups: Sequence[pieces.Facet]) -> dict[str, Any]:
    """Draw filters as links; a chosen one is a link that takes it off again."""
    drawn = [(group, [(choice, _toggled(context, group, choice)) for choice in group.choices]) for group in groups]
    return {"groups": drawn}


@register.inclusion_tag("pieces/chosen.html", takes_context=True)
def chosen_facets(context: Context, groups: Sequence[pieces.Facet]) -> dict[str, Any]:
    """Draw the chosen filters in a row, each with a cross, and a link that takes all off."""
    chosen = [
        (group, choice, _toggled(context, group, choice))
        for group in groups
        for choice in group.choices
        if choice.chosen
    ]
    nothing: dict[str, None] = dict.fromkeys([group.name for group in groups])
    return {"chosen": chosen, "clear": changed_query(context, page=None, **nothing)}


def _toggled(context: Context, group: pieces.Facet, choice: pieces.FacetChoice) -> str:
    asked = context["request"].GET.copy()
    asked.pop("page", None)
    values = asked.getlist(group.name)
    asked.setlist(group.name, [v for v in values if v != choice.value] if choice.chosen else [*values, choice.value])
    return f"?{asked.urlencode()}"


# ---- forms ----


@register.inclusion_tag("pieces/field.html")
def field(bound: BoundField, css: str = "") -> dict[str, Any]:
    """Draw a form field: label with star, the input, help, and the sentences that refuse it, tied by aria-describedby."""
    widget = bound.field.widget
    many = isinstance(widget, (forms.RadioSelect, forms.CheckboxSelectMultiple))
    return {
        "field": bound,
        "css": css,
        "many": many,
        "tick": isinstance(widget, forms.CheckboxInput),
        "file": isinstance(widget, forms.FileInput),
        "hidden": bound.is_hidden,
        "most": getattr(bound.field, "most_bytes", None),
        "input": "" if many else bound.as_widget(attrs=_attributes(bound)),
    }


def _attributes(bound: BoundField) -> dict[str, Any]:
    widget = bound.field.widget
    given = widget.attrs.get("class", "")
    if isinstance(widget, (forms.CheckboxInput, forms.FileInput)) or bound.is_hidden:
        return {"class": given} if given else {}
    kind = "form-select" if isinstance(widget, forms.Select) else "form-control"
    return {"class": f"{kind} {given}".strip()}


@register.inclusion_tag("pieces/form_errors.html")
def form_errors(form: forms.BaseForm) -> dict[str, Any]:
    """Draw what is wrong with a form as a whole, and links to the fields that were refused."""
    wrong = [(bound, bound.errors) for bound in form if bound.errors]
    return {"form": form, "wrong": wrong}


@register.inclusion_tag("pieces/form_tokens.html", takes_context=True)
def form_tokens(context: Context) -> dict[str, Any]:
    """Draw the hidden fields that every posting form carries: CSRF token and once-token."""
    return {"csrf_token": context.get("csrf_token"), "name": once.FIELD, "token": once.fresh()}


@register.inclusion_tag("pieces/confirm.html", takes_context=True)
def confirm(
    context: Context,
    url: str,
    label: str,
    question: str = "",
    *,
    tone: str = "",
    reason: str = "",
    icon_name: str = "",
    left: bool = False,
) -> dict[str, Any]:
    """Draw a button that opens a small form in place (no script needed) and posts to `url`.

    tone: "primary" or "danger". reason: "required" or "optional" adds a text field `note`; left: opens to the right.
    """
    return {
        **form_tokens(context),
        "url": url,
        "label": words(label),
        "question": question,
        "tone": tone,
        "reason": reason,
        "icon_name": icon_name,
        "left": left,
    }


# ---- larger pieces ----


@register.inclusion_tag("pieces/timeline.html")
def timeline(happenings: Iterable[pieces.Happening]) -> dict[str, Any]:
    """Draw what happened, one point after the other."""
    return {"happenings": happenings}


@register.inclusion_tag("pieces/facts.html")
def facts(rows: Iterable[pieces.Fact] | Mapping[str, object]) -> dict[str, Any]:
    """Draw labels and values; a mapping or a sequence of Fact."""
    if isinstance(rows, Mapping):
        rows = [pieces.Fact(label, value) for label, value in rows.items()]
    return {"facts": rows}


@register.inclusion_tag("pieces/diff.html")
def diff(changes: Iterable[pieces.Change], old: str = "", new: str = "") -> dict[str, Any]:
    """Draw two versions side by side; `old` and `new` head the columns."""
    return {"changes": changes, "old": old or _("原值"), "new": new or _("新值")}


@register.inclusion_tag("pieces/tabs.html")
def tabs(items: Iterable[pieces.Tab]) -> dict[str, Any]:
    """Draw links as tabs."""
    return {"tabs": items}


@register.inclusion_tag("pieces/steps.html")
def steps(labels: Sequence[str], current: int) -> dict[str, Any]:
    """Draw the steps of a wizard; `current` counts from 1."""
    return {"steps": [(label, at < current, at == current) for at, label in enumerate(labels, start=1)]}


@register.inclusion_tag("pieces/figures.html")
def figures(items: Iterable[pieces.Figure]) -> dict[str, Any]:
    """Draw a row of numbers."""
    return {"figures": items}


@register.inclusion_tag("pieces/code.html")
def code(text: str, name: str, label: str = "") -> dict[str, Any]:
    """Draw text to be copied; `name` is unique on the page."""
    return {"text": text, "name": name, "label": label}


@register.inclusion_tag("pieces/chart.html")
def chart(drawn: pieces.Chart, name: str) -> dict[str, Any]:
    """Draw a chart with its figures as a table below; `name` is unique on the page."""
    return {"chart": drawn, "name": name, "data_name": f"{name}-data"}


@register.inclusion_tag("pieces/map.html")
def node_map(drawn: pieces.Map, name: str) -> dict[str, Any]:
    """Draw places around a middle one; the page lists them in a table of its own. `name` is unique on the page."""
    return {"map": drawn, "name": name, "data_name": f"{name}-data"}


@register.inclusion_tag("pieces/flow.html")
def flow_chart(drawn: pieces.FlowChart, name: str) -> dict[str, Any]:
    """Draw flows; `name` is unique on the page, which shows the figures as a table too."""
    return {"chart": drawn, "name": name, "data_name": f"{name}-data"}


@register.inclusion_tag("pieces/refusal.html")
def refusal_notice(refusal: Refusal | None) -> dict[str, Any]:
    """Draw a refusal in place."""
    return {"refusal": refusal}
