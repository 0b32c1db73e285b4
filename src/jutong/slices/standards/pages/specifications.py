"""The library of compilation specifications: what is in force where, drafts from a workbook, publication, comparison."""

from __future__ import annotations

import tempfile
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed
from jutong.kernel.faces import Form, actor_of, done, page, posted, told
from jutong.kernel.faces.answers import posted_files
from jutong.kernel.faces.downloads import XLSX, attachment
from jutong.kernel.faces.forms import CodeFrom, Day, Upload
from jutong.kernel.faces.navigation import Entry, Group, register
from jutong.kernel.faces.pieces import Change
from jutong.kernel.terms import N_
from jutong.slices.parties import queries as parties
from jutong.slices.standards import actions, queries
from jutong.slices.standards.formats import specifications as sheets
from jutong.slices.standards.pages.policies import anyone
from jutong.slices.standards.rules.specifications import KINDS, LEVELS, OBLIGATIONS
from jutong.slices.standards.workflow import SPECIFIERS
from jutong.wire.specification import Element, Specification


class SpecificationFile(Form):
    """A specification as a workbook."""

    region = CodeFrom(
        parties.region_choices,
        label=_l("行政区划代码"),
        required=False,
        help_text=_l("地方规范填写所在区划；留空表示国家规范，仅平台管理员可以导入"),
    )
    file = Upload(
        label=_l("编制规范文件"),
        most_bytes=sheets.MOST_BYTES,
        help_text=_l("先下载现行规范，在其上增加要素或代码后上传"),
    )


class Publication(Form):
    """From when a specification is in force."""

    effective_from = Day(label=_l("生效日期"))


def asked_region(request: HttpRequest) -> str:
    """Return the division code asked for, empty for none."""
    text = request.GET.get("region", "")
    return text if text.isascii() and text.isdigit() and len(text) <= 12 else ""  # noqa: PLR2004 - the longest division code


def shown(element: Element) -> dict[str, str]:
    """Return an element as the pages show it, worded in the reader's language."""
    values = "、".join(_(value.label) for value in element.values)
    return {
        "name": element.name,
        "label": _(element.label),
        "of": _(LEVELS[element.of]),
        "kind": _(KINDS[element.kind]),
        "obligation": _(OBLIGATIONS[element.obligation]),
        "code": element.obligation,
        "when": element.when,
        "length": str(element.length or ""),
        "values": values,
        "pattern": element.pattern,
        "rule": element.rule,
        "example": element.example,
    }


@require_GET
def library(request: HttpRequest) -> HttpResponse:
    """Show what is in force in a region today, and every version of it and of the levels above."""
    actor = actor_of(request)
    region = asked_region(request) or ("" if "region" in request.GET else actor.region)
    seen = queries.specification_page(region, clock.now())
    return page(
        request,
        "standards/specifications.html",
        title=_("目录编制规范"),
        seen=seen,
        elements=[shown(one) | {"own": one.name in seen.in_force.own} for one in seen.in_force.elements],
        may_draft=SPECIFIERS.permits(actor, None) is not None,
    )


@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """Answer with the specification in force in a region, or one version (`?version=`), as a workbook."""
    actor_of(request)
    number = request.GET.get("version", "")
    if number.isascii() and number.isdigit() and len(number) < 10:  # noqa: PLR2004 - an id
        found: Specification = queries.version(int(number), clock.now())[1]
    else:
        found = queries.specification_for(asked_region(request), beijing_day(clock.now()))
    file = tempfile.SpooledTemporaryFile(max_size=sheets.MOST_BYTES)  # noqa: SIM115 - the response closes it
    sheets.write(file, found)
    file.seek(0)
    return attachment(file, _("目录编制规范-%s.xlsx") % found.reference, XLSX)


def draft(request: HttpRequest) -> HttpResponse:
    """Take a workbook as the draft of the next version."""
    actor = actor_of(request)
    if request.method == "GET" and SPECIFIERS.permits(actor, None) is None:
        raise NotAllowed(_("您没有进行该操作的权限：需要%s。") % _(SPECIFIERS.label))
    form = SpecificationFile(posted(request), posted_files(request), initial={"region": asked_region(request)})
    if form.is_bound and form.is_valid():
        with told(form):
            given = form.cleaned_data
            made = actions.import_specification(given["file"], region=given["region"], by=actor, at=clock.now())
            return done(request, _("草稿已保存，请核对后发布。"), to=reverse("specification", args=[made.pk]))
    return page(
        request,
        "standards/specification_draft.html",
        title=_("起草编制规范"),
        form=form,
        crumbs=_home(_("起草编制规范")),
    )


def _home(here: str) -> list[tuple[str, str]]:
    return [(_("目录编制规范"), reverse("specifications")), (here, "")]


def version(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one version beside what is in force before it; publish it when it is a draft."""
    actor, at = actor_of(request), clock.now()
    form = Publication(posted(request), initial={"effective_from": beijing_day(at) + timedelta(days=1)})
    if form.is_bound and form.is_valid():
        with told(form):
            made = actions.publish_specification(
                pk, effective_from=form.cleaned_data["effective_from"], by=actor, at=at
            )
            return done(
                request,
                _("编制规范已发布，自生效日期起约束新提交的目录。"),
                to=reverse("specification", args=[made.pk]),
            )
    row, given = queries.version(pk, at)
    before = queries.specification_for(row.region, beijing_day(at))
    return page(
        request,
        "standards/specification.html",
        title=row.title,
        row=row,
        elements=[shown(one) for one in given.elements],
        changes=_changes(before, given),
        before=before,
        form=form,
        may_publish=row.state == "draft" and SPECIFIERS.permits(actor, None) is not None,
        crumbs=_home(row.title),
    )


def _changes(before: Specification, after: Specification) -> list[Change]:
    old = {(one.of, one.name): one for one in before.elements}
    new = {(one.of, one.name): one for one in after.elements}
    found = [
        Change(_((new.get(key) or old[key]).label), _said(old.get(key)), _said(new.get(key)))
        for key in dict.fromkeys([*old, *new])
    ]
    return [change for change in found if change.changed]


def _said(element: Element | None) -> str:
    if element is None:
        return ""
    words = shown(element)
    return "；".join(words[name] for name in ("obligation", "when", "length", "values", "pattern") if words[name])


@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a draft."""
    actions.discard_specification(pk, by=actor_of(request), at=clock.now())
    return done(request, _("规范草稿已删除。"), to=reverse("specifications"))


register(Entry(Group.ADMIN, N_("目录编制规范"), "specifications", "clipboard-list", anyone, 95))

urlpatterns: list[URLPattern] = [
    path("specifications", library, name="specifications"),
    path("specifications/export", export, name="specification_export"),
    path("specifications/draft", draft, name="specification_draft"),
    path("specifications/<int:pk>", version, name="specification"),
    path("specifications/<int:pk>/discard", discard, name="specification_discard"),
]
