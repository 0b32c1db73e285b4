"""Business systems: registering, keys shown once, connection, switching off."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock
from jutong.kernel.errors import NotThere
from jutong.kernel.faces import Form, actor_of, downloads, page, posted, signed, told
from jutong.kernel.faces.pieces import happenings
from jutong.kernel.paging import LARGEST, every
from jutong.kernel.terms import N_
from jutong.slices.parties import actions, queries
from jutong.slices.parties.actions.systems import CallKey
from jutong.slices.parties.pages import forms
from jutong.slices.parties.pages.answering import crumbs, deed, filled, may, shown_to
from jutong.slices.parties.queries import SystemRow
from jutong.slices.parties.workflow import BUSINESS_SYSTEM, KEY_HOLDERS, REGISTRARS, SYSTEM_REGISTRARS


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
def systems(request: HttpRequest) -> HttpResponseBase:
    """Show the business systems the actor may see; with `format=xlsx` as Excel."""
    actor, wanted = actor_of(request), forms.Filter(request.GET).wanted()
    asked = {"text": wanted["text"], "department_id": wanted["department_id"]}
    if request.GET.get("format") == "xlsx":
        return _sheet(every(lambda one: queries.systems_page(actor, number=one, size=LARGEST, **asked)))
    rows, meta = queries.systems_page(actor, number=wanted["number"], **asked)
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


def _sheet(rows: Iterable[SystemRow]) -> HttpResponseBase:
    headers = [_("系统"), _("部门"), _("用途"), _("网络区域"), _("承载网络"), _("跨部门共享"), _("接入状态"), _("接入日期"),
               _("投入运行日期"), _("传输保护"), _("防护情况"), _("测试记录"), _("密钥标识"), _("状态")]  # fmt: skip
    lines = (
        (r.name, r.department_name, r.purpose, r.zone_label, r.network_label,
         _("需要") if r.cross_department else _("不需要"), r.state_label, r.connected_on, r.operating_since, r.transport_label,
         r.protection, r.connection_record, r.key_id, _("启用") if r.active else _("停用"))
        for r in rows
    )  # fmt: skip
    return downloads.xlsx("business-systems.xlsx", headers, lines)


@require_GET
def system(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a business system, what happened to it and the moves that are open."""
    actor = actor_of(request)
    seen = queries.system_detail(pk, actor)
    return page(
        request,
        "parties/system.html",
        title=seen.row.name,
        row=seen.row,
        moves=[{"label": b.label, "url": reverse("system_move", args=[pk, b.verb])} for b in seen.buttons],
        happenings=happenings(seen.history, BUSINESS_SYSTEM),
        may_keep=may(KEY_HOLDERS, actor, seen.row),
        may_register=may(REGISTRARS, actor),
        crumbs=crumbs((_("业务系统"), reverse("systems")), here=seen.row.name),
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
    """Change what is registered of it."""
    row = queries.system(pk, actor_of(request))
    names = ("purpose", "zone", "network", "network_exception", "hosting", "cross_department", "signing")
    start = {name: getattr(row, name) for name in names} | {"addresses": "\n".join(row.addresses)}
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


MOVES: Final[dict[str, tuple[Callable[..., object], type[Form], str]]] = {
    "test": (actions.note_test, forms.Tested, N_("联调情况已记录。")),
    "connect": (actions.connect_system, forms.Connected, N_("业务系统已接入平台。")),
    "operate": (actions.operate_system, Form, N_("业务系统已投入运行。")),
    "retire": (actions.retire_system, Form, N_("业务系统已退役，其调用随即停止。")),
}


def system_move(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Record a test, connect, put into operation or retire a system (W21)."""
    if verb not in MOVES:
        raise NotThere(_("没有这项操作，请从页面上的按钮进行。"))
    call, form, said = MOVES[verb]
    row = queries.system(pk, actor_of(request))
    return filled(
        request,
        form(posted(request)),
        lambda given: call(pk, **given, by=signed(request), at=clock.now()),
        signing=lambda words: BUSINESS_SYSTEM.signing(verb, pk, actor_of(request), words),
        who=REGISTRARS if verb == "connect" else SYSTEM_REGISTRARS,
        place=row.department_id,
        title=next(_(move.label) for move in BUSINESS_SYSTEM.moves if move.verb == verb),
        lead=row.name,
        sentence=_(said),
        to=_page_of(pk),
    )


urlpatterns: list[URLPattern] = [
    path("systems", systems, name="systems"),
    path("departments/<int:pk>/systems/new", system_new, name="system_new"),
    path("systems/<int:pk>", system, name="system"),
    path("systems/<int:pk>/change", system_change, name="system_change"),
    path("systems/<int:pk>/key", system_rotate, name="system_rotate"),
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
    path("systems/<int:pk>/<slug:verb>", system_move, name="system_move"),
]
