"""Pages of mounted resources: list, what is missing, one resource with a masked look at it, and mounting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms as django_forms
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock, faces
from jutong.kernel.faces import downloads, forms, pieces
from jutong.kernel.paging import LARGEST, every
from jutong.kernel.terms import MASKING_LABELS
from jutong.slices.datacentre import actions, queries
from jutong.slices.datacentre.pages.asked import number
from jutong.slices.datacentre.queries import Draft, MountRow
from jutong.slices.datacentre.rules import Mapped, Proposal

LEFT_OUT = "-"
"""What the form says for an item that the table does not provide."""


@dataclass(frozen=True, slots=True)
class FormLine:
    """One line of the mapping form: the item with its declared type, why a column is proposed, its three fields, a sample."""

    item: str
    kind: str
    why: str
    column: BoundField
    key: BoundField
    masking: BoundField
    values: tuple[str, ...] = ()


class MappingForm(forms.Form):
    """The column of every item of an entry, whether it identifies a record, and how it is shown by default.

    The field of an item's column bears the item's name, so that a remark on the item stands beside it.
    """

    def __init__(self, data: Any, draft: Draft) -> None:
        self._lines = draft.lines
        self._kinds = draft.kinds
        self.samples: dict[str, tuple[str, ...]] = {}
        self.base_fields = dict(_fields(draft))  # type: ignore[misc]
        super().__init__(data)

    def lines(self) -> Iterator[FormLine]:
        """Yield the lines as the page draws them."""
        for line in self._lines:
            fields = (self[line.item], self[f"key:{line.item}"], self[f"masking:{line.item}"])
            yield FormLine(
                line.item, self._kinds.get(line.item, ""), _said(line), *fields, self.samples.get(line.item, ())
            )

    def mapping(self) -> list[Mapped]:
        """Return what was chosen; an item without any choice is left to the rule that asks for one."""
        given = self.cleaned_data
        return [
            Mapped(
                item=line.item,
                column="" if given[line.item] == LEFT_OUT else given[line.item],
                key=given[f"key:{line.item}"],
                masking=given[f"masking:{line.item}"],
            )
            for line in self._lines
            if given[line.item]
        ]


def _fields(draft: Draft) -> Iterator[tuple[str, django_forms.Field]]:
    columns = [
        (c.name, "  ".join(filter(None, (c.name, c.native, c.comment)))[:80])
        for c in (draft.found.columns if draft.found else ())
    ]
    choices = [("", _("请选择")), (LEFT_OUT, _("不提供")), *columns]
    maskings = [(str(masking), _(label)) for masking, label in MASKING_LABELS.items()]
    for line in draft.lines:
        chosen = line.column or (LEFT_OUT if line.likeness else "")
        yield line.item, _select(line.item, choices, chosen, required=False)
        yield f"key:{line.item}", django_forms.BooleanField(label=_("主键"), initial=line.key, required=False)
        yield f"masking:{line.item}", _select(_("默认脱敏"), maskings, str(line.masking))


def _select(
    label: str, choices: list[tuple[str, str]], initial: str, *, required: bool = True
) -> django_forms.ChoiceField:
    widget = django_forms.Select(attrs={"class": "form-select"})
    return django_forms.ChoiceField(label=label, choices=choices, initial=initial, required=required, widget=widget)


def _said(line: Proposal) -> str:
    return _(line.why) if line.why else ""


@require_GET
def listed(request: HttpRequest) -> HttpResponseBase:
    """Show the mounted resources of the person's departments; with `format=xlsx` as Excel."""
    actor, text = faces.actor_of(request), request.GET.get("q", "")[:100]
    if request.GET.get("format") == "xlsx":
        found = every(lambda one: queries.mounts(actor, text=text, number=one, size=LARGEST))
        headers = [
            _("资源"),
            _("目录代码"),
            _("提供部门"),
            _("数据源"),
            _("表"),
            _("主键项"),
            _("状态"),
            _("最近变更"),
            _("变更人"),
        ]
        lines = (
            (r.title, r.code, r.provider_name, r.source_title, r.place, "、".join(r.key_items),
             _("已挂接") if r.active else _("已取消挂接"), r.changed_at, r.changed_by)
            for r in found
        )  # fmt: skip
        return downloads.xlsx("mounted-resources.xlsx", headers, lines)
    rows, meta = queries.mounts(actor, text=text, number=number(request))
    return faces.page(
        request,
        "datacentre/list.html",
        title=_("资源挂接"),
        rows=rows,
        meta=meta,
        text=text,
        tabs=tabs("datacentre_list"),
    )


@require_GET
def missing(request: HttpRequest) -> HttpResponse:
    """Show published entries that have no resource, of the person's departments and the area it watches (R-CAT-059)."""
    department = number(request, "department", 0)
    rows, meta = queries.without_resource(
        faces.actor_of(request), at=clock.now(), department=department, number=number(request)
    )
    return faces.page(
        request, "datacentre/missing.html", title=_("资源挂接"), rows=rows, meta=meta, department=department,
        tabs=tabs("datacentre_missing"),
    )  # fmt: skip


def tabs(here: str) -> list[pieces.Tab]:
    """Return the tabs that join what is mounted, what lacks a resource or an entry, and the comparison."""
    names = {
        "datacentre_list": _("已挂接"),
        "datacentre_missing": _("已发布未挂接"),
        "datacentre_loose": _("有资源而无目录"),
        "datacentre_comparison": _("按部门对照"),
    }
    return [pieces.Tab(label, reverse(name), current=name == here) for name, label in names.items()]


@require_GET
def shown(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Show a mounted resource with its items and columns."""
    return _detail(request, queries.mount(entry_id, faces.actor_of(request)))


def _detail(request: HttpRequest, row: MountRow, rows: tuple[tuple[str, ...], ...] | None = None) -> HttpResponse:
    facts = [
        pieces.Fact(_("目录代码"), row.code),
        pieces.Fact(_("提供部门"), row.provider_name),
        pieces.Fact(_("数据源"), row.source_title),
        pieces.Fact(_("表"), row.place),
        pieces.Fact(_("主键项"), "、".join(row.key_items)),
        pieces.Fact(_("目录版本"), row.entry_version),
        pieces.Fact(_("挂接版本"), row.version),
        pieces.Fact(_("最近变更"), f"{row.changed_by} {clock.beijing_day(row.changed_at)}"),
        *([pieces.Fact(_("变更后的挂接"), row.prepared)] if row.prepared else []),
    ]
    crumbs = [(_("资源挂接"), reverse("datacentre_list")), (row.title, "")]
    return faces.page(
        request, "datacentre/detail.html", title=row.title, crumbs=crumbs, mount=row, facts=facts, preview=rows
    )


@require_POST
def preview(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Show the first rows of a mounted resource, masked; the look is audited."""
    row, rows = actions.preview(entry_id, by=faces.actor_of(request), at=clock.now())
    return _detail(request, row, rows)


def mount(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Choose source and table, look at the proposed mapping, and mount."""
    actor = faces.actor_of(request)
    wanted = request.POST if request.method == "POST" else request.GET
    draft = queries.draft(
        entry_id, actor, at=clock.now(), source_id=_id(wanted.get("source_id", "")), place=wanted.get("place", "")[:200]
    )
    form = MappingForm(faces.posted(request), draft)
    if draft.found and form.is_valid():
        chosen: dict[str, Any] = {
            "resource_id": entry_id, "source_id": draft.source_id, "schema": draft.found.schema,
            "table": draft.found.name, "mapping": form.mapping(),
        }  # fmt: skip
        with faces.told(form):
            if "sample" in request.POST:
                form.samples = actions.sample(by=actor, at=clock.now(), **chosen)
                return _designer(request, draft, form)
            if "prepare" in request.POST:
                actions.prepare_mount(by=actor, at=clock.now(), **chosen)
                said = _("变更后的挂接已存好，服务变更到期时启用。")
                return faces.done(request, said, to=reverse("datacentre_detail", args=[entry_id]))
            actions.mount(by=actor, at=clock.now(), **chosen)
            return faces.done(request, _("资源已挂接。"), to=reverse("datacentre_detail", args=[entry_id]))
    return _designer(request, draft, form)


def _designer(request: HttpRequest, draft: Draft, form: MappingForm) -> HttpResponse:
    crumbs = [(_("资源挂接"), reverse("datacentre_list")), (draft.title, "")]
    return faces.page(request, "datacentre/mount.html", title=_("挂接资源"), crumbs=crumbs, draft=draft, form=form)


def _id(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0  # noqa: PLR2004 - fits a bigint


@require_POST
def unmount(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Take a resource off its table."""
    note = request.POST.get("note", "")[:1000]
    actions.unmount(by=faces.actor_of(request), at=clock.now(), resource_id=entry_id, note=note)
    return faces.done(request, _("已取消挂接。"), to=reverse("datacentre_detail", args=[entry_id]))
