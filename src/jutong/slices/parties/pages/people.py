"""People: the list, a person's page, reporting, confirming, accounts, posts, import and export."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from jutong.kernel import clock, files
from jutong.kernel.actors import Role
from jutong.kernel.faces import actor_of, page, posted, told
from jutong.kernel.faces.answers import posted_files
from jutong.kernel.faces.downloads import XLSX, attachment
from jutong.kernel.terms import N_
from jutong.slices.parties import actions, queries
from jutong.slices.parties.actions.sheets import Imported
from jutong.slices.parties.pages import forms
from jutong.slices.parties.pages.answering import Crumbs, crumbs, deed, filled, may, shown_to
from jutong.slices.parties.rules.words import ManagerState
from jutong.slices.parties.workflow import ACTIVATORS, KEEPERS, REGISTRARS, REPORTERS, SECURITY_ADMINS


def _page_of(pk: int) -> str:
    return reverse("person", args=[pk])


def _list(_pk: int = 0) -> str:
    return reverse("people")


def _way(name: str, pk: int) -> Crumbs:
    return ((_("人员"), _list()), (name, _page_of(pk)))


@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """Show the people the actor may see."""
    actor, wanted = actor_of(request), forms.Filter(request.GET).wanted()
    wanted.pop("region")
    rows, meta = queries.people_page(actor, **wanted)
    return page(
        request,
        "parties/people.html",
        title=_("人员"),
        rows=rows,
        meta=meta,
        wanted=wanted,
        states=[(str(state), _(state.label)) for state in ManagerState],
        roles=[(str(role), _(role.label)) for role in Role],
        may_import=may(REGISTRARS, actor),
        crumbs=crumbs(here=_("人员")),
    )


@require_GET
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a person."""
    actor = actor_of(request)
    seen = queries.person_page(pk, actor)
    return page(
        request,
        "parties/person.html",
        title=seen.person.name,
        seen=seen,
        may_appoint=may(SECURITY_ADMINS, actor),
        crumbs=crumbs((_("人员"), _list()), here=seen.person.name),
    )


def person_report(request: HttpRequest, pk: int) -> HttpResponse:
    """Report a person of the department `pk`."""
    to = reverse("department", args=[pk])
    return filled(
        request,
        forms.Person(posted(request)),
        lambda given: actions.report(department_id=pk, **given, by=actor_of(request), at=clock.now()),
        who=REPORTERS,
        place=pk,
        title=_("报送人员"),
        sentence=_("人员已报送，待平台管理员确认。"),
        to=to,
        button=_("报送"),
        path=((queries.department(pk).shown, to),),
    )


def person_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct a person's data."""
    row = queries.person(pk, actor_of(request))
    start = {"name": row.name, "title": row.title, "phone": row.phone, "email": row.email}
    return filled(
        request,
        forms.Person(posted(request), initial=start),
        lambda given: actions.change(pk, **given, by=actor_of(request), at=clock.now()),
        who=REPORTERS,
        place=row.department_id,
        title=_("修改人员信息"),
        sentence=_("人员信息已修改。"),
        to=_page_of(pk),
        path=_way(row.name, pk),
    )


def person_activate(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a person's account."""
    row = queries.person(pk, actor_of(request))
    return filled(
        request,
        forms.Activate(posted(request)),
        lambda given: actions.activate(pk, **given, by=actor_of(request), at=clock.now()),
        who=ACTIVATORS,
        title=_("开通账号"),
        sentence=_("账号已开通；岗位由安全管理员授予。"),
        to=_page_of(pk),
        button=_("开通"),
        path=_way(row.name, pk),
    )


def person_replace(request: HttpRequest, pk: int) -> HttpResponse:
    """Report that somebody else follows."""
    row = queries.person(pk, actor_of(request))
    return filled(
        request,
        forms.Person(posted(request)),
        lambda given: actions.replace(pk, **given, by=actor_of(request), at=clock.now()),
        who=REPORTERS,
        place=row.department_id,
        title=_("更换人员"),
        sentence=_("变动已报送：原人员账号已停用，接任人员待平台管理员确认。"),
        to=_list(),
        lead=_("提交后“%s”的账号立即停用，岗位立即解除。") % row.name,
        button=_("报送变动"),
        path=_way(row.name, pk),
    )


def appoint(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a person a post."""
    row = queries.person(pk, actor_of(request))
    return filled(
        request,
        forms.Appoint(posted(request)),
        lambda given: actions.appoint(pk, **given, by=actor_of(request), at=clock.now()),
        who=SECURITY_ADMINS,
        title=_("授予岗位"),
        sentence=_("岗位已授予。"),
        to=_page_of(pk),
        lead=_("授予主要负责人或共享工作机构负责人时，原任的岗位同时解除。"),
        button=_("授予"),
        path=_way(row.name, pk),
    )


def imported(
    request: HttpRequest, act: Callable[..., Imported], *, title: str, template: str, back: str, **more: int
) -> HttpResponse:
    """Import a workbook and say what was taken; refused rows can be downloaded with reasons."""
    form = forms.Workbook(posted(request), posted_files(request))
    result = None
    if form.is_bound and form.is_valid():
        with told(form):
            result = act(form.cleaned_data["file"], **more, by=actor_of(request), at=clock.now())
    return page(
        request,
        "parties/import.html",
        form=form,
        result=result,
        title=title,
        empty=reverse(template) + "?empty=1",
        back=reverse(back),
        crumbs=crumbs(here=title),
    )


def people_import(request: HttpRequest) -> HttpResponse:
    """Import people: registrars for all departments, a department's keeper for the own one."""
    actor = actor_of(request)
    shown_to(request, KEEPERS | REGISTRARS, actor.department_id)
    own = {} if may(REGISTRARS, actor) else {"department_id": actor.department_id or 0}
    return imported(request, actions.import_people, title=_("导入人员"), template="people_sheet", back="people", **own)


@require_GET
def people_sheet(request: HttpRequest) -> HttpResponseBase:
    """Export the people in the form in which they are reported; `?empty=1` gives the template."""
    content = queries.people_sheet(actor_of(request), empty=bool(request.GET.get("empty")))
    return attachment(iter([content]), _("人员.xlsx"), XLSX)


@require_GET
def import_errors(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Download the refused rows of one's own import."""
    row = queries.own_file(pk, actor_of(request))
    return attachment(files.chunks(row.id), row.name, XLSX)


urlpatterns: list[URLPattern] = [
    path("people", people, name="people"),
    path("people/sheet", people_sheet, name="people_sheet"),
    path("people/import", people_import, name="people_import"),
    path("imports/<int:pk>", import_errors, name="import_errors"),
    path("departments/<int:pk>/people/new", person_report, name="person_report"),
    path("people/<int:pk>", person, name="person"),
    path("people/<int:pk>/change", person_change, name="person_change"),
    path(
        "people/<int:pk>/confirm",
        deed("person_confirm", actions.confirm, N_("人员已确认。"), _page_of),
        name="person_confirm",
    ),
    path("people/<int:pk>/activate", person_activate, name="person_activate"),
    path(
        "people/<int:pk>/end",
        deed("person_end", actions.end, N_("已办理离岗，账号和岗位立即停止。"), _page_of),
        name="person_end",
    ),
    path("people/<int:pk>/replace", person_replace, name="person_replace"),
    path("people/<int:pk>/posts/new", appoint, name="appoint"),
    path("posts/<int:pk>/release", deed("release", actions.release, N_("岗位已解除。"), _list), name="release"),
]
