"""Catalogues of grades: what is in force where, taking a workbook as the next draft, publishing it."""

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
from jutong.kernel.faces.forms import CodeFrom, Upload
from jutong.kernel.faces.navigation import Entry, Group, register
from jutong.kernel.faces.pieces import Change
from jutong.kernel.levels import label_of
from jutong.kernel.terms import N_
from jutong.slices.parties import queries as parties
from jutong.slices.standards import actions, queries
from jutong.slices.standards.formats import grades as sheets
from jutong.slices.standards.pages.policies import anyone
from jutong.slices.standards.pages.specifications import Publication, asked_region
from jutong.slices.standards.rules.grades import FLAGS, LABELS, LISTS
from jutong.slices.standards.workflow import AUTHORITY_HEADS
from jutong.wire.levels import Grade, Scheme


class GradesFile(Form):
    """A catalogue of grades as a workbook."""

    region = CodeFrom(parties.region_choices, label=_l("行政区划代码"))
    file = Upload(
        label=_l("分级目录文件"),
        most_bytes=sheets.MOST_BYTES,
        help_text=_l("先下载现行分级目录，修改级别和要求后上传"),
    )


def shown(one: Grade) -> dict[str, str]:
    """Return a grade as the pages show it, worded in the reader's language."""
    lists = {
        name: "、".join(_(known[code]) for code in getattr(one, name)) or _("不限") for name, known in LISTS.items()
    }
    demands = [_(LABELS[name]) for name in FLAGS if getattr(one, name)]
    if one.review_months:
        demands.append(_("保护措施每 %d 个月复核") % one.review_months)
    return {
        "code": one.code,
        "label": label_of(one.code),
        "meaning": _(one.meaning),
        "demands": "、".join(demands),
        **lists,
    }


@require_GET
def library(request: HttpRequest) -> HttpResponse:
    """Show the catalogue in force in a region today, and its versions."""
    actor = actor_of(request)
    region = asked_region(request) or ("" if "region" in request.GET else actor.region)
    seen = queries.grades_page(region, clock.now())
    return page(
        request,
        "standards/grades.html",
        title=_("数据分级目录"),
        seen=seen,
        in_force_title=_(seen.in_force.title),
        grades=[shown(one) for one in seen.in_force.grades],
        regions=[(row.code, row.name) for row in parties.regions()],
        may_draft=AUTHORITY_HEADS.permits(actor, None) is not None,
    )


@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """Answer with the catalogue in force in a region as a workbook."""
    actor_of(request)
    found = queries.grades_for(asked_region(request), beijing_day(clock.now()))
    file = tempfile.SpooledTemporaryFile(max_size=sheets.MOST_BYTES)  # noqa: SIM115 - the response closes it
    sheets.write(file, found)
    file.seek(0)
    return attachment(file, _("数据分级目录-%s.xlsx") % found.reference, XLSX)


def draft(request: HttpRequest) -> HttpResponse:
    """Take a workbook as the draft of the next version."""
    actor = actor_of(request)
    if request.method == "GET" and AUTHORITY_HEADS.permits(actor, None) is None:
        raise NotAllowed(_("您没有进行该操作的权限：需要%s。") % _(AUTHORITY_HEADS.label))
    start = {"region": asked_region(request) or actor.region}
    form = GradesFile(posted(request), posted_files(request), initial=start)
    if form.is_bound and form.is_valid():
        with told(form):
            given = form.cleaned_data
            made = actions.import_grades(given["file"], region=given["region"], by=actor, at=clock.now())
            return done(request, _("草稿已保存，请核对后发布。"), to=reverse("grade_scheme", args=[made.pk]))
    way = [(_("数据分级目录"), reverse("grades")), (_("起草分级目录"), "")]
    return page(request, "standards/grades_draft.html", title=_("起草分级目录"), form=form, crumbs=way)


def version(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one version beside what is in force before it; publish it when it is a draft."""
    actor, at = actor_of(request), clock.now()
    form = Publication(posted(request), initial={"effective_from": beijing_day(at) + timedelta(days=1)})
    if form.is_bound and form.is_valid():
        with told(form):
            made = actions.publish_grades(pk, effective_from=form.cleaned_data["effective_from"], by=actor, at=at)
            sentence = _("分级目录已发布，自生效日期起约束新提交的目录和新开通的授权。")
            return done(request, sentence, to=reverse("grade_scheme", args=[made.pk]))
    row, given = queries.grade_scheme(pk, at)
    before = queries.grades_for(row.region, beijing_day(at))
    return page(
        request,
        "standards/grade_scheme.html",
        title=row.title,
        row=row,
        grades=[shown(one) for one in given.grades],
        changes=_changes(before, given),
        form=form,
        may_publish=row.state == "draft" and AUTHORITY_HEADS.permits(actor, None) is not None,
        crumbs=[(_("数据分级目录"), reverse("grades")), (row.title, "")],
    )


def _changes(before: Scheme, after: Scheme) -> list[Change]:
    codes = dict.fromkeys(one.code for one in (*before.grades, *after.grades))
    found = [Change(label_of(code), _said(before.grade(code)), _said(after.grade(code))) for code in codes]
    return [change for change in found if change.changed]


def _said(one: Grade | None) -> str:
    if one is None:
        return ""
    words = shown(one)
    return "；".join(words[name] for name in ("meaning", *LISTS, "demands") if words[name])


@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a draft."""
    actions.discard_grades(pk, by=actor_of(request), at=clock.now())
    return done(request, _("分级目录草稿已删除。"), to=reverse("grades"))


register(Entry(Group.ADMIN, N_("数据分级目录"), "grades", "stairs", anyone, 96))

urlpatterns: list[URLPattern] = [
    path("grades", library, name="grades"),
    path("grades/export", export, name="grades_export"),
    path("grades/draft", draft, name="grades_draft"),
    path("grades/<int:pk>", version, name="grade_scheme"),
    path("grades/<int:pk>/discard", discard, name="grade_scheme_discard"),
]
