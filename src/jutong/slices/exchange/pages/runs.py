"""Pages of runs: lists with live progress, one run with its receipts, ordering, batch files and their download."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
from django import forms as django_forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.defaultfilters import filesizeformat
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock, faces, nodes
from jutong.kernel.clock import BEIJING
from jutong.kernel.errors import NotThere
from jutong.kernel.faces import downloads, forms, pieces
from jutong.kernel.jobs import ProgressRow
from jutong.kernel.paging import LARGEST, every
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_
from jutong.slices.exchange import actions, queries
from jutong.slices.exchange.pages.forms import folder_choice, folder_field, worded
from jutong.slices.exchange.queries import Ordering, Point, RunDetail, Speed
from jutong.slices.exchange.rules import NAME_BYTES, Encoding, Format, Kind, Mode
from jutong.wire.transfers import OrderKind

TONES: dict[str, pieces.Tone] = {"released": "good", "quarantined": "bad"}
MOVES = {
    "cancel": actions.cancel,
    "retry": actions.retry,
    "repair": actions.repair,
    "accept_shape": actions.accept_shape,
}


class OrderForm(forms.Form):
    """The grant under which something is ordered."""

    grant_id = django_forms.TypedChoiceField(label=gettext_lazy("授权"), coerce=int)

    def __init__(self, data: Any, choices: Ordering, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        held = [(str(grant.id), f"{grant.reference} {grant.resource_title}") for grant in choices.grants]
        self.fields["grant_id"].choices = held  # type: ignore[attr-defined]


class TableForm(OrderForm):
    """Where the rows go."""

    source_id = django_forms.TypedChoiceField(
        label=gettext_lazy("目标库"), coerce=int, help_text=gettext_lazy("本部门登记的、可接收数据的数据源。")
    )
    schema = forms.Line(
        label=gettext_lazy("目标模式"),
        max_length=NAME_BYTES,
        required=False,
        help_text=gettext_lazy("留空即目标库的默认模式：PostgreSQL 为 public，MySQL 为登记的库；SQLite 没有模式。"),
    )
    table = forms.Line(
        label=gettext_lazy("目标表"),
        max_length=NAME_BYTES,
        help_text=gettext_lazy("表不存在时自动按授权的信息项建立。"),
    )
    mode = django_forms.ChoiceField(label=gettext_lazy("写入方式"), choices=worded(Mode))

    def __init__(self, data: Any, choices: Ordering, **kwargs: Any) -> None:
        super().__init__(data, choices, **kwargs)
        self.fields["source_id"].choices = [(str(t.id), t.title) for t in choices.targets]  # type: ignore[attr-defined]


class FilesForm(OrderForm):
    """Which folder the files go into."""

    source_id = folder_choice()
    folder = folder_field()

    def __init__(self, data: Any, choices: Ordering, **kwargs: Any) -> None:
        super().__init__(data, choices, **kwargs)
        self.fields["source_id"].choices = [(str(t.id), t.title) for t in choices.targets]  # type: ignore[attr-defined]


class BatchForm(OrderForm):
    """How the file is written."""

    file_format = django_forms.ChoiceField(label=gettext_lazy("文件格式"), choices=worded(Format))
    encoding = django_forms.ChoiceField(
        label=gettext_lazy("文件编码"),
        choices=worded(Encoding),
        help_text=gettext_lazy("只有 CSV 可以选择 GB18030。"),
    )


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """Show the runs that concern the person's departments."""
    fold, kind, text = (request.GET.get(name, "")[:100] for name in ("fold", "kind", "q"))
    rows, meta = queries.runs(faces.actor_of(request), fold=fold, kind=kind, text=text, number=number_of(request))
    folds = {"": _("全部"), "open": _("进行中"), "released": _("已放行"), "failed": _("未执行或隔离")}
    tabs = [pieces.Tab(label, f"?fold={name}", current=name == fold) for name, label in folds.items()]
    context: dict[str, Any] = {"rows": rows, "meta": meta, "tabs": tabs, "text": text, "fold": fold, "kind": kind}
    return faces.page(request, "exchange/list.html", title=_("交换任务"), kinds=Kind.choices(), **context)


def number_of(request: HttpRequest) -> int:
    """Return the page that was asked for."""
    given = request.GET.get("page", "1")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 7 else 1  # noqa: PLR2004 - pages


@require_GET
def shown(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show one run: how far and how fast it is, both ends' figures, partitions, rows set aside, receipts, what happened."""
    actor = faces.actor_of(request)
    found = queries.run(run_id, actor)
    row = found.row
    crumbs = [(_("交换任务"), reverse("exchange_runs")), (row.number, "")]
    parts = queries.parts(run_id, actor)
    files = row.kind == OrderKind.FILES
    context: dict[str, Any] = {
        "sent_label": _("发送文件数") if files else _("发送行数"),
        "arrived_label": _("接收文件数") if files else _("接收行数"),
        "run": found,
        "row": row,
        "facts": _facts(found),
        "happenings": _timeline(found),
        "parts": parts[: queries.MOST_SHOWN],
        "parts_count": len(parts),
        "parts_red": sum(not part.agrees for part in parts),
        "aside": list(queries.set_aside(run_id, actor, most=queries.MOST_SHOWN)),
        "resubmission": queries.resubmission(run_id, actor, clock.now()),
        "charts": _charts(queries.points(run_id, actor), captures=found.captures),
    }
    return faces.page(request, "exchange/run.html", title=f"{row.number} {row.title}", crumbs=crumbs, **context)


def _charts(points: list[Point], *, captures: bool) -> list[tuple[str, pieces.Chart]]:
    """Return the lines of throughput, and of lag for change capture; none before there are two points."""
    if not points:
        return []
    labels = [f"{point.at.astimezone(BEIJING):%H:%M:%S}" for point in points]
    rows = pieces.Series(_("行/秒"), [round(point.rows_per_second) for point in points])
    volume = pieces.Series(_("KB/秒"), [round(point.bytes_per_second / 1024) for point in points])
    lines = (("rows", _("每秒行数"), rows, _("行/秒")), ("bytes", _("每秒字节"), volume, _("KB/秒")))
    drawn = [
        (name, pieces.Chart(title, labels, [line], "line", unit=unit))
        for name, title, line, unit in lines
        if any(line.values)  # nothing moved, or is not counted
    ]
    if captures:
        lag = pieces.Series(_("滞后"), [round(point.lag_seconds, 1) for point in points])
        drawn.append(("lag", pieces.Chart(_("变更捕获滞后"), labels, [lag], "line", unit=_("秒"))))
    return drawn


def _facts(found: RunDetail) -> list[pieces.Fact]:
    row = found.row
    return [
        pieces.Fact(_("提供方式"), row.kind_label),
        pieces.Fact(_("去向"), row.place),
        pieces.Fact(
            _("授权"), _("G-%(grant)06d（第 %(version)d 版）") % {"grant": row.grant_id, "version": row.grant_version}
        ),
        pieces.Fact(_("提供部门"), row.provider_name),
        pieces.Fact(_("使用部门"), row.consumer_name),
        pieces.Fact(_("发起人"), row.ordered_by),
        pieces.Fact(_("所属任务"), f"J-{found.task_id:06d}", url=reverse("exchange_task", args=[found.task_id])),
        pieces.Fact(_("起因"), found.trigger),
        pieces.Fact(_("第几次执行"), found.round),
        *_corrects(found),
        *_limits(found),
        pieces.Fact(_("执行节点"), _node(found.node)),
        pieces.Fact(_("请求摘要（SM3）"), found.digest),
    ]


def _corrects(found: RunDetail) -> list[pieces.Fact]:
    if not found.corrects:
        return []
    origin = reverse("exchange_run", args=[found.corrects])
    return [pieces.Fact(_("补送更正后的行，原任务"), f"T-{found.corrects:06d}", url=origin)]


def _limits(found: RunDetail) -> list[pieces.Fact]:
    facts = []
    if found.not_before and found.not_after:
        between = [f"{at.astimezone(BEIJING):%m-%d %H:%M}" for at in (found.not_before, found.not_after)]
        facts.append(pieces.Fact(_("允许时段"), " – ".join(between)))
    if found.bytes_done:
        facts.append(pieces.Fact(_("已传输"), filesizeformat(found.bytes_done)))
    if found.folder_manifest:
        facts.append(pieces.Fact(_("随附清单"), found.folder_manifest))
    if found.repair:
        facts.append(pieces.Fact(_("只修复的分区"), "、".join(found.repair[:20])))
    return facts


def _timeline(found: RunDetail) -> list[pieces.Happening]:
    labels = {
        "order": _("发起交换"),
        "resubmit": _("补送更正后的行"),
        "cancel": _("申请取消"),
        "retry": _("重新执行"),
        "repair": _("修复不一致的分区"),
        "accept_shape": _("接受新的表结构"),
    }
    happenings = []
    for entry, state, label in found.steps:
        tone = TONES.get(state, pieces.tone_of(state)) if entry.outcome == "success" else "bad"
        what = labels.get(entry.verb.rpartition(".")[2]) or label
        happenings.append(pieces.Happening(entry.at, what, _who(entry.actor_name), entry.reason, tone))
    return happenings


def _who(actor_name: str) -> str:
    node = actor_name.removeprefix("node:")
    return actor_name if node == actor_name else f"{_('执行节点')} {_node(node)}"


def _node(name: str) -> str:
    """Return the name of a node; the data plane beside us has none that people know."""
    return _("平台") if name == nodes.LOCAL else name


@require_GET
def live(request: HttpRequest, run_id: int) -> HttpResponse:
    """Answer how far and how fast a run is; asked every second while it is open."""
    actor = faces.actor_of(request)
    return faces.progressed(request, replace_message(queries.live(run_id, actor), queries.speed(run_id, actor)))


def replace_message(row: ProgressRow, speed: Speed | None) -> ProgressRow:
    """Return the progress with the present speed and the time that remains in its sentence."""
    if speed is None or row.state != "running":
        return row
    said = _("%(rows)s 行/秒，%(volume)s/秒") % {
        "rows": f"{speed.rows_per_second:,.0f}",
        "volume": filesizeformat(speed.bytes_per_second),
    }
    if speed.remaining is not None:
        minutes, seconds = divmod(round(speed.remaining), 60)
        said += _("，约剩 %(minutes)d 分 %(seconds)d 秒") % {"minutes": minutes, "seconds": seconds}
    return replace(row, message=f"{row.message} · {said}")


@require_POST
def move(request: HttpRequest, run_id: int, verb: str) -> HttpResponse:
    """Cancel a run, or have it run again."""
    verb = verb.replace("-", "_")
    if verb not in MOVES:
        raise NotThere(N_("没有这项操作，请刷新页面后重试。"))
    note = request.POST.get("note", "")[:1000]
    MOVES[verb](run_id, by=faces.actor_of(request), at=clock.now(), note=note)
    said = _("已申请取消，等待停止。") if verb == "cancel" else _("已重新排队。")
    return faces.done(request, said, to=reverse("exchange_run", args=[run_id]))


def new_table(request: HttpRequest) -> HttpResponse:
    """Order the granted rows into a table of the own department."""
    said = _("任务已发起，正在排队。")
    return _order(request, OrderKind.TABLE, TableForm, actions.order_table_transfer, _("新建库表传输"), said)


def new_batch(request: HttpRequest) -> HttpResponse:
    """Order the granted rows as a file."""
    said = _("任务已发起，文件生成后可以下载。")
    return _order(request, OrderKind.BATCH, BatchForm, actions.order_batch, _("新建批量下载"), said)


def new_files(request: HttpRequest) -> HttpResponse:
    """Order the files of a resource into a folder of the own department."""
    said = _("任务已发起，正在排队。")
    return _order(request, OrderKind.FILES, FilesForm, actions.order_files, _("新建文件夹交换"), said)


def _order(
    request: HttpRequest, kind: OrderKind, shape: type[OrderForm], deed: Callable[..., Any], title: str, said: str
) -> HttpResponse:
    """Show the form of an order; placed, it leads to its run with what is `said`."""
    actor = faces.actor_of(request)
    form = shape(faces.posted(request), queries.ordering(actor, kind, at=clock.now()), initial=_wish(request))
    if form.is_valid():
        with faces.told(form):
            run = deed(by=actor, at=clock.now(), **form.cleaned_data)
            return faces.done(request, said, to=reverse("exchange_run", args=[run.pk]))
    crumbs = [(_("交换任务"), reverse("exchange_runs")), (title, "")]
    return faces.page(request, "exchange/order.html", title=title, crumbs=crumbs, form=form)


def _wish(request: HttpRequest) -> dict[str, str]:
    return {"grant_id": request.GET.get("grant", "")[:18]}


@require_GET
def batches(request: HttpRequest) -> HttpResponseBase:
    """Show the batch files that the person's departments can fetch; with `format=xlsx` as Excel."""
    actor, at = faces.actor_of(request), clock.now()
    if request.GET.get("format") == "xlsx":
        found = every(lambda one: queries.batches(actor, at=at, number=one, size=LARGEST))
        headers = [_("任务"), _("文件"), _("提供部门"), _("格式"), _("行数"), _("有效至")]
        lines = ((r.number, r.title, r.provider_name, r.place, r.rows_done, r.expires_at) for r in found)
        return downloads.xlsx("batches.xlsx", headers, lines)
    rows, meta = queries.batches(actor, at=at, number=number_of(request))
    return faces.page(request, "exchange/batches.html", title=_("批量下载"), rows=rows, meta=meta)


@require_POST
def ticket(request: HttpRequest, run_id: int) -> HttpResponse:
    """Give a one-time ticket, in a form that posts it to the gateway."""
    purpose = request.POST.get("purpose", "")[:64]
    text = actions.issue_ticket(run_id, by=faces.actor_of(request), at=clock.now(), purpose=purpose)
    crumbs = [(_("批量下载"), reverse("exchange_batches")), (_("下载"), "")]
    address = f"{settings().gateway_origin.rstrip('/')}/v1/tickets"
    return faces.page(
        request, "exchange/ticket.html", title=_("下载批量文件"), crumbs=crumbs, ticket=text, address=address
    )


@require_GET
def manifest(request: HttpRequest, run_id: int) -> HttpResponseBase:
    """Hand out the manifest of a batch file as JSON."""
    found = queries.manifest(run_id, faces.actor_of(request))
    body = msgspec.json.format(msgspec.json.encode(found))
    return downloads.attachment([body], f"T-{run_id:06d}-manifest.json", "application/json")


@require_GET
def proof(request: HttpRequest, run_id: int) -> HttpResponseBase:
    """Hand out the signed proof of a delivery as JSON."""
    body = queries.proof(run_id, faces.actor_of(request))
    return downloads.attachment([body], f"T-{run_id:06d}-proof.json", "application/json")


@require_GET
def parts_sheet(request: HttpRequest, run_id: int) -> HttpResponseBase:
    """Hand out both ends of every partition as Excel."""
    rows = queries.parts(run_id, faces.actor_of(request))
    headers = [_("分区"), _("发送行数"), _("接收行数"), _("发送校验和"), _("接收校验和"), _("核对")]
    lines = (
        (
            part.name or _("（空）"),
            part.source.rows,
            part.target.rows,
            part.source.checksum,
            part.target.checksum,
            _("一致") if part.agrees else _("不一致"),
        )
        for part in rows
    )
    return downloads.xlsx(f"T-{run_id:06d}-parts.xlsx", headers, lines)


@require_GET
def sheet(request: HttpRequest) -> HttpResponseBase:
    """Hand out the runs that concern the person's departments as Excel."""
    headers = [_("任务"), _("资源"), _("目录代码"), _("提供部门"), _("使用部门"), _("去向"), _("状态"), _("行数"),
               _("发起"), _("结束"), _("说明")]  # fmt: skip
    lines = (
        (r.number, r.title, r.entry_code, r.provider_name, r.consumer_name, r.place, r.state_label, r.rows_done,
         r.ordered_at, r.settled_at, r.message)
        for r in queries.all_runs(faces.actor_of(request))
    )  # fmt: skip
    return downloads.xlsx("runs.xlsx", headers, lines)


urlpatterns = [
    path("runs/", listed, name="exchange_runs"),
    path("runs/sheet/", sheet, name="exchange_runs_sheet"),
    path("runs/<int:run_id>/parts/", parts_sheet, name="exchange_parts"),
    path("runs/<int:run_id>/", shown, name="exchange_run"),
    path("runs/<int:run_id>/live/", live, name="exchange_live"),
    path("runs/<int:run_id>/manifest/", manifest, name="exchange_manifest"),
    path("runs/<int:run_id>/proof/", proof, name="exchange_proof"),
    path("runs/<int:run_id>/ticket/", ticket, name="exchange_ticket"),
    path("runs/<int:run_id>/<slug:verb>/", move, name="exchange_move"),
    path("new/table/", new_table, name="exchange_new_table"),
    path("new/files/", new_files, name="exchange_new_files"),
    path("new/batch/", new_batch, name="exchange_new_batch"),
    path("batches/", batches, name="exchange_batches"),
]
