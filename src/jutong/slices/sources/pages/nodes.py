"""Pages of front-end nodes: the table of their health, one node with its limits and log, applying, signing, configuring."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.defaultfilters import filesizeformat
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock, faces
from jutong.kernel.errors import NotAllowed, NotThere
from jutong.kernel.faces import downloads, forms, pieces
from jutong.kernel.faces.templatetags.jutong import moment
from jutong.kernel.paging import LARGEST, every
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_, Zone
from jutong.slices.sources import actions, queries
from jutong.slices.sources.pages.sources import worded
from jutong.slices.sources.queries import NodeRow
from jutong.slices.sources.rules import LONGEST_TITLE, NODE_KEEPERS, NodeLimits, NodeWish

MOVES = {
    "withdraw": actions.withdraw,
    "decline": actions.decline,
    "allocate": actions.allocate,
    "suspend": actions.suspend,
    "resume": actions.resume,
    "revoke": actions.revoke,
    "retire": actions.retire,
}
TONES = {"online": "good", "offline": "bad"}
"""Tone of a node on the map by its presence; the others wait."""


class WishForm(forms.Form):
    """What a department asks for."""

    title = forms.Line(label=gettext_lazy("名称"), max_length=LONGEST_TITLE)
    zone = django_forms.ChoiceField(label=gettext_lazy("网络区域"), choices=worded(Zone))
    address_note = forms.Line(
        label=gettext_lazy("部署位置"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("机房、机柜与网段的说明，便于运维联系。"),
    )
    purpose = forms.Paragraph(label=gettext_lazy("用途说明"), max_length=500, required=False)

    def wish(self) -> NodeWish:
        """Return what was filled in."""
        return NodeWish(**self.cleaned_data)


class LimitsForm(forms.Form):
    """What a node keeps to."""

    bytes_per_second = forms.Whole(
        label=gettext_lazy("带宽上限（字节每秒）"), min_value=0, initial=0, help_text=gettext_lazy("0 为不限。")
    )
    window_from = forms.Line(label=gettext_lazy("传输时段起"), max_length=5, required=False)
    window_to = forms.Line(
        label=gettext_lazy("传输时段止"),
        max_length=5,
        required=False,
        help_text=gettext_lazy("北京时间，如 22:00 至 06:00；留空为全天。"),
    )
    heartbeat_seconds = forms.Whole(label=gettext_lazy("心跳间隔（秒）"), min_value=1, initial=20)
    silent_seconds = forms.Whole(label=gettext_lazy("离线判定（秒）"), min_value=2, initial=90)
    queue_gigabytes = forms.Whole(label=gettext_lazy("待发队列上限（GB）"), min_value=1, initial=50)

    tunnel = django_forms.BooleanField(
        label=gettext_lazy("保持联机通道"),
        required=False,
        initial=True,
        help_text=gettext_lazy("取消后，其后的数据源不能提供联机查询。"),
    )

    def limits(self) -> NodeLimits:
        """Return what was filled in."""
        return NodeLimits(**self.cleaned_data)


@require_GET
def listed(request: HttpRequest) -> HttpResponseBase:
    """Show the nodes with their heartbeats and versions; with `format=xlsx` as Excel."""
    actor, at = faces.actor_of(request), clock.now()
    fold, text = (request.GET.get(name, "")[:100] for name in ("fold", "q"))
    if request.GET.get("format") == "xlsx":
        return _sheet(every(lambda one: queries.nodes(actor, at, fold=fold, text=text, number=one, size=LARGEST)))
    rows, meta = queries.nodes(actor, at, fold=fold, text=text, number=_number(request))
    folds = {"": _("全部"), "offline": _("离线"), "ended": _("已停用")}
    tabs = [pieces.Tab(label, f"?fold={name}", current=name == fold) for name, label in folds.items()]
    return faces.page(
        request,
        "sources/nodes.html",
        title=_("前置机"),
        rows=rows,
        meta=meta,
        tabs=tabs,
        text=text,
        fold=fold,
        drawn=_map(queries.nodes(actor, at, size=LARGEST)[0]) if rows and not fold else None,
        may_apply=_keeps(request),
    )


def _map(rows: list[NodeRow]) -> pieces.Map:
    """Return the nodes around the platform: the outer zone's to the right, the inner zone's to the left."""
    words = {"online": _("在线"), "offline": _("离线"), "": _("未签收或停用")}
    return pieces.Map(
        _("节点图"),
        _("平台"),
        [
            pieces.Point(
                row.title, f"{row.department_name} · {row.zone_label}", words[row.presence],
                TONES.get(row.presence, "wait"), left=row.zone == Zone.INNER,
            )
            for row in rows
        ],
    )  # fmt: skip


def _sheet(rows: Iterable[NodeRow]) -> HttpResponseBase:
    headers = [
        _("名称"), _("节点标识"), _("所属部门"), _("网络区域"), _("状态"), _("在线"), _("最近心跳"), _("版本"), _("证书有效期"),
        _("待发包裹（个）"), _("待发字节"), _("磁盘剩余（字节）"), _("最近提示"),
    ]  # fmt: skip
    words = {"online": _("在线"), "offline": _("离线"), "": "—"}
    cells = (
        (
            row.title, row.name, row.department_name, row.zone_label, row.state_label, words[row.presence],
            row.last_seen_at, row.version, row.certificate_until, row.health.get("queued"), row.health.get("queued_bytes"),
            row.health.get("disk_free"), row.health.get("message", ""),
        )
        for row in rows
    )  # fmt: skip
    return downloads.xlsx("front-end-nodes.xlsx", headers, cells)


def _number(request: HttpRequest) -> int:
    given = request.GET.get("page", "1")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 7 else 1  # noqa: PLR2004 - pages


def _keeps(request: HttpRequest) -> bool:
    actor = faces.actor_of(request)
    return actor.holds(*NODE_KEEPERS.roles, department_id=actor.department_id)


@require_GET
def shown(request: HttpRequest, node_id: int) -> HttpResponse:
    """Show one node: its life, health, limits, sources and newest log lines."""
    row = queries.node(node_id, faces.actor_of(request), clock.now())
    buttons = [button for button in row.buttons if button.verb in MOVES]
    verbs = {button.verb for button in row.buttons}
    return faces.page(
        request,
        "sources/node.html",
        title=row.title,
        crumbs=_crumbs(row),
        node=row,
        facts=_facts(row),
        health=_health(row),
        limits=_limits(row),
        behind=queries.placed(node_id),
        buttons=buttons,
        may_issue="issue_code" in verbs,
        may_configure="configure" in verbs,
    )


def _crumbs(row: NodeRow, last: str = "") -> list[tuple[str, str]]:
    here = reverse("sources_node", args=[row.id])
    return [(_("前置机"), reverse("sources_nodes")), (row.title, here if last else ""), *([(last, "")] if last else [])]


def _facts(row: NodeRow) -> list[pieces.Fact]:
    return [
        pieces.Fact(_("节点标识"), row.name or "—"),
        pieces.Fact(_("所属部门"), row.department_name),
        pieces.Fact(_("网络区域"), row.zone_label),
        pieces.Fact(_("部署位置"), row.address_note or "—"),
        pieces.Fact(_("用途说明"), row.purpose or "—"),
        pieces.Fact(_("密码算法"), "、".join(dict.fromkeys((*row.encryption, *row.authentication))) or "—"),
        pieces.Fact(_("公钥标识"), row.key_id or "—"),
        pieces.Fact(_("证书"), _("第 %d 号") % row.serial if row.serial else "—"),
        pieces.Fact(_("证书有效期"), _moment(row.certificate_until)),
        pieces.Fact(_("办理说明"), row.remark or "—"),
    ]


def _moment(value: datetime | None) -> str:
    """Return a moment as pages show it, or a dash."""
    return moment(value) if value else "—"


def _health(row: NodeRow) -> list[pieces.Fact]:
    said = row.health
    if not said:
        return []
    return [
        pieces.Fact(_("最近心跳"), _moment(row.last_seen_at)),
        pieces.Fact(_("程序版本"), row.version),
        pieces.Fact(_("联机通道"), _("已连接") if said.get("tunnel") else _("未连接")),
        pieces.Fact(_("待发包裹"), _("%(count)d 个，共 %(size)s") % _queue(said)),
        pieces.Fact(_("磁盘剩余"), filesizeformat(said.get("disk_free", 0))),
        pieces.Fact(_("时钟偏差（秒）"), said.get("drift_seconds", 0)),
        pieces.Fact(_("已采用与最新的配置版本"), f"{said.get('config_revision', 0)} / {row.config_revision}"),
        pieces.Fact(_("最近提示"), said.get("message") or "—"),
    ]


def _queue(said: dict[str, Any]) -> dict[str, Any]:
    return {"count": int(said.get("queued", 0)), "size": filesizeformat(said.get("queued_bytes", 0))}


def _bandwidth(bytes_per_second: int) -> str:
    return _("每秒 %s") % filesizeformat(bytes_per_second) if bytes_per_second else _("不限")


def _limits(row: NodeRow) -> list[pieces.Fact]:
    kept = row.config
    if not kept:
        return []
    hours = f"{kept['window_from']}–{kept['window_to']}" if kept.get("window_from") else _("全天")
    return [
        pieces.Fact(_("带宽上限"), _bandwidth(kept.get("bytes_per_second") or 0)),
        pieces.Fact(_("传输时段"), hours),
        pieces.Fact(_("心跳间隔（秒）"), kept.get("heartbeat_seconds", "")),
        pieces.Fact(_("离线判定（秒）"), kept.get("silent_seconds", "")),
        pieces.Fact(_("待发队列上限（GB）"), kept.get("queue_gigabytes", "")),
        pieces.Fact(_("保持联机通道"), _("是") if kept.get("tunnel", True) else _("否")),
    ]


def apply_for(request: HttpRequest) -> HttpResponse:
    """Apply for a node of the person's own department."""
    actor = faces.actor_of(request)
    if request.method == "GET" and not _keeps(request):
        raise NotAllowed(_("您没有进行该操作的权限：需要%s。") % _(NODE_KEEPERS.label))
    form = WishForm(faces.posted(request))
    if form.is_valid():
        with faces.told(form):
            node = actions.apply_for(by=actor, at=clock.now(), department_id=actor.department_id or 0, wish=form.wish())
            return faces.done(request, _("申请已提交，等待平台分配。"), to=reverse("sources_node", args=[node.pk]))
    crumbs = [(_("前置机"), reverse("sources_nodes")), (_("申请前置机"), "")]
    back = reverse("sources_nodes")
    return faces.page(request, "sources/node_form.html", title=_("申请前置机"), crumbs=crumbs, form=form, back=back)


def configure(request: HttpRequest, node_id: int) -> HttpResponse:
    """Change what a node keeps to."""
    actor = faces.actor_of(request)
    row = queries.node(node_id, actor, clock.now())
    if request.method == "GET" and "configure" not in {button.verb for button in row.buttons}:
        raise NotAllowed(_("您现在不能修改该前置机的配置。"))
    form = LimitsForm(faces.posted(request), initial=row.config)
    if form.is_valid():
        with faces.told(form):
            actions.configure(node_id, by=actor, at=clock.now(), limits=form.limits())
            return faces.done(
                request, _("配置已保存，前置机将在下一次心跳时生效。"), to=reverse("sources_node", args=[node_id])
            )
    title, back = _("远程配置"), reverse("sources_node", args=[node_id])
    return faces.page(request, "sources/node_form.html", title=title, crumbs=_crumbs(row, title), form=form, back=back)


@require_POST
def issue_code(request: HttpRequest, node_id: int) -> HttpResponse:
    """Show a new one-time code, once."""
    actor, at = faces.actor_of(request), clock.now()
    code = actions.issue_code(node_id, by=actor, at=at)
    row = queries.node(node_id, actor, at)
    title = _("签收码")
    command = f"jutong node enrol --centre {settings().web_origin.rstrip('/')} --code {code}"
    return faces.page(
        request, "sources/node_code.html", title=title, crumbs=_crumbs(row, title), node=row, command=command
    )


@require_POST
def move(request: HttpRequest, node_id: int, verb: str) -> HttpResponse:
    """Withdraw, decline, allocate, suspend, resume, revoke or retire."""
    if verb not in MOVES:
        raise NotThere(N_("没有这项操作，请刷新页面后重试。"))
    note = request.POST.get("note", "")[:500]
    MOVES[verb](node_id, by=faces.actor_of(request), at=clock.now(), note=note)
    return faces.done(request, _("已办理。"), to=reverse("sources_node", args=[node_id]))


urlpatterns = [
    path("nodes/", listed, name="sources_nodes"),
    path("nodes/new/", apply_for, name="sources_node_new"),
    path("nodes/<int:node_id>/", shown, name="sources_node"),
    path("nodes/<int:node_id>/configure/", configure, name="sources_node_configure"),
    path("nodes/<int:node_id>/code/", issue_code, name="sources_node_code"),
    path("nodes/<int:node_id>/<slug:verb>/", move, name="sources_node_move"),
]
