"""Business systems: registering, keys shown once, connection, switching off."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock
from jutong.kernel.faces import actor_of, page, posted, told
from jutong.kernel.terms import N_
from jutong.slices.parties import actions, queries
from jutong.slices.parties.actions.systems import CallKey
from jutong.slices.parties.pages import forms
from jutong.slices.parties.pages.answering import crumbs, deed, filled, may, shown_to
from jutong.slices.parties.workflow import KEY_HOLDERS, REGISTRARS


def _page_of(pk: int) -> str:
    return reverse("system", args=[pk])


def _shown(request: HttpRequest, key: CallKey) -> HttpResponse:
    return page(
        request,
        "parties/once.html",
        title=_("调用密钥已生成"),
        secrets=[(_("密钥标识"), key.key_id), (_("调用密钥（HMAC-SM3，十六进制）"), key.secret)],
        back=_page_of(key.system_id),
        hint=_("业务系统用该密钥对每次网关调用签名；平台只保存封装给数据面的密文，遗失后只能重新生成。"),
    )


@require_GET
def systems(request: HttpRequest) -> HttpResponse:
    """Show the business systems the actor may see."""
    actor, wanted = actor_of(request), forms.Filter(request.GET).wanted()
    rows, meta = queries.systems_page(
        actor, text=wanted["text"], department_id=wanted["department_id"], number=wanted["number"]
    )
    return page(
        request,
        "parties/systems.html",
        title=_("业务系统"),
        rows=rows,
        meta=meta,
        wanted=wanted,
        own=actor.department_id,
        may_register=may(KEY_HOLDERS, actor, actor),
        crumbs=crumbs(here=_("业务系统")),
    )


@require_GET
def system(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a business system."""
    actor = actor_of(request)
    row = queries.system(pk, actor)
    return page(
        request,
        "parties/system.html",
        title=row.name,
        row=row,
        may_keep=may(KEY_HOLDERS, actor, row),
        may_register=may(REGISTRARS, actor),
        crumbs=crumbs((_("业务系统"), reverse("systems")), here=row.name),
    )


def system_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Register a business system of the department `pk` and show its key once."""
    shown_to(request, KEY_HOLDERS, pk)
    form = forms.System(posted(request))
    if form.is_bound and form.is_valid():
        with told(form):
            made = actions.register_system(department_id=pk, **form.cleaned_data, by=actor_of(request), at=clock.now())
            return _shown(request, made)
    return page(
        request,
        "parties/form.html",
        form=form,
        title=_("登记业务系统"),
        back=reverse("systems"),
        button=_("登记并生成密钥"),
        crumbs=crumbs((_("业务系统"), reverse("systems")), here=_("登记业务系统")),
    )


def system_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change purpose, zone and addresses."""
    row = queries.system(pk, actor_of(request))
    start = {"purpose": row.purpose, "zone": row.zone, "addresses": "\n".join(row.addresses)}
    return filled(
        request,
        forms.SystemChange(posted(request), initial=start),
        lambda given: actions.change_system(pk, **given, by=actor_of(request), at=clock.now()),
        who=KEY_HOLDERS,
        place=row.department_id,
        title=_("修改业务系统"),
        sentence=_("业务系统已修改。"),
        to=_page_of(pk),
    )


@require_POST
def system_rotate(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a new key and show it once."""
    return _shown(request, actions.rotate_key(pk, by=actor_of(request), at=clock.now()))


def system_connection(request: HttpRequest, pk: int) -> HttpResponse:
    """Record a connection test."""
    return filled(
        request,
        forms.Connection(posted(request)),
        lambda given: actions.note_connection(pk, **given, by=actor_of(request), at=clock.now()),
        who=REGISTRARS,
        title=_("记录连通测试"),
        sentence=_("连通测试已记录。"),
        to=_page_of(pk),
    )


urlpatterns: list[URLPattern] = [
    path("systems", systems, name="systems"),
    path("departments/<int:pk>/systems/new", system_new, name="system_new"),
    path("systems/<int:pk>", system, name="system"),
    path("systems/<int:pk>/change", system_change, name="system_change"),
    path("systems/<int:pk>/key", system_rotate, name="system_rotate"),
    path("systems/<int:pk>/connection", system_connection, name="system_connection"),
    path(
        "systems/<int:pk>/disable",
        deed("system_disable", actions.disable_system, N_("业务系统已停用。"), _page_of),
        name="system_disable",
    ),
    path(
        "systems/<int:pk>/enable",
        deed("system_enable", actions.enable_system, N_("业务系统已启用。"), _page_of),
        name="system_enable",
    ),
]
