"""The organisation tree, a department's page, and what is registered about it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from jutong.kernel import clock, files
from jutong.kernel.faces import actor_of, page, posted
from jutong.kernel.faces.answers import posted_files
from jutong.kernel.faces.downloads import XLSX, attachment
from jutong.kernel.terms import N_
from jutong.slices.parties import actions, queries
from jutong.slices.parties.pages import forms
from jutong.slices.parties.pages.answering import Crumbs, crumbs, deed, filled, may, shown_to
from jutong.slices.parties.workflow import AUTHORITIES, KEEPERS, OPERATORS, OWN_KEEPERS, REGISTRARS


def _page_of(pk: int) -> str:
    return reverse("department", args=[pk])


def _way(pk: int) -> Crumbs:
    return ((queries.department(pk).shown, _page_of(pk)),)


@require_GET
def organisation(request: HttpRequest) -> HttpResponse:
    """Show the tree of a region, or what a search finds."""
    actor, wanted = actor_of(request), forms.Filter(request.GET).wanted()
    return page(
        request,
        "parties/organisation.html",
        title=_("组织机构"),
        found=queries.organisation(wanted["text"], wanted["region"], wanted["number"]),
        wanted=wanted,
        may_register=may(REGISTRARS, actor),
    )


@require_GET
def department(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a department: who holds which post, what is missing, units, rules, systems."""
    actor = actor_of(request)
    seen = queries.overview(pk, actor, clock.now())
    return page(
        request,
        "parties/department.html",
        title=seen.department.name,
        seen=seen,
        may_confirm=may(REGISTRARS | AUTHORITIES, actor),
        crumbs=crumbs(here=seen.department.shown),
    )


def department_new(request: HttpRequest) -> HttpResponse:
    """Register a department."""

    def act(given: dict[str, Any]) -> None:
        actions.register_department(**given, by=actor_of(request), at=clock.now())

    form = forms.Department(posted(request), posted_files(request))
    return filled(
        request,
        form,
        act,
        who=REGISTRARS,
        title=_("登记机构"),
        sentence=_("机构已登记。"),
        to=reverse("organisation"),
        button=_("登记"),
    )


def department_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a department's registration."""
    row = queries.department(pk)
    start = {
        "name": row.name,
        "short_name": row.short_name,
        "uscc": row.uscc,
        "org_type": row.org_type,
        "parent_id": row.parent_id,
        "signature_required": row.signature_required,
    }

    def act(given: dict[str, Any]) -> None:
        actions.change_department(pk, **given, by=actor_of(request), at=clock.now())

    form = forms.DepartmentChange(posted(request), posted_files(request), initial=start)
    return filled(
        request,
        form,
        act,
        who=REGISTRARS,
        title=_("修改登记信息"),
        sentence=_("登记信息已修改。"),
        to=_page_of(pk),
        path=_way(pk),
    )


def department_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm a department that an import had named."""
    return filled(
        request,
        forms.Uscc(posted(request)),
        lambda given: actions.confirm_department(pk, uscc=given["uscc"], by=actor_of(request), at=clock.now()),
        who=REGISTRARS | AUTHORITIES,
        title=_("确认机构"),
        sentence=_("机构已确认。"),
        to=_page_of(pk),
        path=_way(pk),
    )


def sharing_unit_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Register the sharing unit."""
    return filled(
        request,
        forms.SharingUnit(posted(request), initial={"name": _("政务数据共享工作机构")}),
        lambda given: actions.open_sharing_unit(pk, name=given["name"], by=actor_of(request), at=clock.now()),
        who=OWN_KEEPERS | REGISTRARS,
        place=pk,
        title=_("登记共享工作机构"),
        sentence=_("共享工作机构已登记，请由安全管理员授予其负责人岗位。"),
        to=_page_of(pk),
        path=_way(pk),
    )


def goals(request: HttpRequest, pk: int) -> HttpResponse:
    """Register goals and duties for sharing."""
    return filled(
        request,
        forms.Goals(posted(request), initial={"goals": queries.department(pk).goals}),
        lambda given: actions.set_goals(pk, goals=given["goals"], by=actor_of(request), at=clock.now()),
        who=OWN_KEEPERS | OPERATORS,
        place=pk,
        title=_("共享工作目标和职责"),
        sentence=_("目标和职责已登记。"),
        to=_page_of(pk),
        path=_way(pk),
    )


def correction_channel(request: HttpRequest, pk: int) -> HttpResponse:
    """Register where corrections of the department's data are asked for."""
    now = queries.correction_channel(pk)
    initial = {"channel": now.text, "open_to_public": now.open_to_public}
    return filled(
        request,
        forms.CorrectionChannel(posted(request), initial=initial),
        lambda given: actions.set_correction_channel(pk, **given, by=actor_of(request), at=clock.now()),
        who=OWN_KEEPERS | REGISTRARS,
        place=pk,
        title=_("登记纠错渠道"),
        sentence=_("纠错渠道已登记。"),
        to=_page_of(pk),
        path=_way(pk),
    )


def unit_role(request: HttpRequest, pk: int) -> HttpResponse:
    """Register a unit and its duties."""
    return filled(
        request,
        forms.UnitRole(posted(request), initial={"kind": request.GET.get("kind", "")}),
        lambda given: actions.set_unit_role(department_id=pk, **given, by=actor_of(request), at=clock.now()),
        who=KEEPERS | REGISTRARS,
        place=pk,
        title=_("登记相关单位职责"),
        sentence=_("相关单位职责已登记。"),
        to=_page_of(pk),
        path=_way(pk),
    )


def rules_file(request: HttpRequest, pk: int) -> HttpResponse:
    """File internal rules as a new version."""

    def act(given: dict[str, Any]) -> None:
        actions.file_rules(department_id=pk, **given, by=actor_of(request), at=clock.now())

    return filled(
        request,
        forms.Rules(posted(request), posted_files(request)),
        act,
        who=KEEPERS | REGISTRARS,
        place=pk,
        title=_("备案内部制度"),
        sentence=_("制度已备案为新版本，原版本保留。"),
        to=_page_of(pk),
        button=_("备案"),
        path=_way(pk),
    )


@require_GET
def rules_download(request: HttpRequest, pk: int, rules: int) -> HttpResponseBase:
    """Download one version of a department's rules."""
    row = queries.rules_version(pk, rules, actor_of(request))
    return attachment(files.chunks(row.file_id), row.file_name, "application/octet-stream")


@require_GET
def departments_sheet(request: HttpRequest) -> HttpResponseBase:
    """Export the departments in the form in which they are imported; `?empty=1` gives the template."""
    actor_of(request)
    return attachment(iter([queries.departments_sheet(empty=bool(request.GET.get("empty")))]), _("组织机构.xlsx"), XLSX)


def departments_import(request: HttpRequest) -> HttpResponse:
    """Import departments from a workbook."""
    from jutong.slices.parties.pages.people import imported

    shown_to(request, REGISTRARS)
    return imported(
        request, actions.import_departments, title=_("导入机构"), template="departments_sheet", back="organisation"
    )


urlpatterns: list[URLPattern] = [
    path("", organisation, name="organisation"),
    path("departments/sheet", departments_sheet, name="departments_sheet"),
    path("departments/import", departments_import, name="departments_import"),
    path("departments/new", department_new, name="department_new"),
    path("departments/<int:pk>", department, name="department"),
    path("departments/<int:pk>/change", department_change, name="department_change"),
    path("departments/<int:pk>/confirm", department_confirm, name="department_confirm"),
    path(
        "departments/<int:pk>/close",
        deed("department_close", actions.close_department, N_("机构已撤销，历史记录保留。"), _page_of),
        name="department_close",
    ),
    path("departments/<int:pk>/sharing-unit", sharing_unit_open, name="sharing_unit_open"),
    path(
        "departments/<int:pk>/sharing-unit/close",
        deed("sharing_unit_close", actions.close_sharing_unit, N_("共享工作机构已停用。"), _page_of),
        name="sharing_unit_close",
    ),
    path("departments/<int:pk>/goals", goals, name="goals"),
    path("departments/<int:pk>/correction-channel", correction_channel, name="correction_channel"),
    path("departments/<int:pk>/units", unit_role, name="unit_role"),
    path("departments/<int:pk>/rules", rules_file, name="rules_file"),
    path("departments/<int:pk>/rules/<int:rules>", rules_download, name="rules_download"),
]
