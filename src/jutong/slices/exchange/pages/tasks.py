"""Pages of standing tasks: the list with next run and last result, one task with its plan, figures of departments."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock, faces
from jutong.kernel.errors import NotThere
from jutong.kernel.faces import downloads, pieces
from jutong.kernel.terms import N_
from jutong.slices.exchange import actions, queries
from jutong.slices.exchange.pages.forms import PlanForm, plan_initial
from jutong.slices.exchange.pages.runs import number_of
from jutong.slices.exchange.queries import TaskDetail
from jutong.slices.exchange.rules import Checking, Reading, Splitting

MOVES = {"pause": actions.pause_task, "resume": actions.resume_task, "delete": actions.delete_task}


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """Show the tasks that concern the person's departments."""
    fold, text = (request.GET.get(name, "")[:100] for name in ("fold", "q"))
    rows, meta = queries.tasks(faces.actor_of(request), fold=fold, text=text, number=number_of(request))
    folds = {"": _("全部"), "planned": _("按计划"), "paused": _("已暂停")}
    tabs = [pieces.Tab(label, f"?fold={name}", current=name == fold) for name, label in folds.items()]
    context: dict[str, Any] = {"rows": rows, "meta": meta, "tabs": tabs, "text": text, "fold": fold}
    return faces.page(request, "exchange/tasks.html", title=_("任务计划"), **context)


@require_GET
def sheet(request: HttpRequest) -> HttpResponseBase:
    """Hand out the tasks as Excel."""
    headers = [_("编号"), _("资源"), _("目录代码"), _("提供部门"), _("使用部门"), _("去向"), _("读取方式"), _("何时执行"),
               _("下次执行"), _("上次结果"), _("上次发起"), _("成功率"), _("说明")]  # fmt: skip
    lines = (
        (r.number, r.title, r.entry_code, r.provider_name, r.consumer_name, r.place, r.reading, r.when, r.due_at,
         r.last_label, r.last_at, "" if r.success is None else f"{r.success}%", r.remark)
        for r in queries.all_tasks(faces.actor_of(request))
    )  # fmt: skip
    return downloads.xlsx("tasks.xlsx", headers, lines)


@require_GET
def shown(request: HttpRequest, task_id: int) -> HttpResponse:
    """Show one task: its plan, its next times, its runs."""
    found = queries.task(task_id, faces.actor_of(request), at=clock.now())
    row = found.row
    context: dict[str, Any] = {"task": found, "row": row, "facts": _facts(found), "plan": _plan_facts(found)}
    title = f"{row.number} {row.title}"
    return faces.page(request, "exchange/task.html", title=title, crumbs=_crumbs(found), **context)


def _crumbs(found: TaskDetail, last: str = "") -> list[tuple[str, str]]:
    here = reverse("exchange_task", args=[found.row.id]) if last else ""
    return [(_("任务计划"), reverse("exchange_tasks")), (found.row.number, here), *([(last, "")] if last else [])]


def _facts(found: TaskDetail) -> list[pieces.Fact]:
    row = found.row
    return [
        pieces.Fact(_("提供方式"), row.kind_label),
        pieces.Fact(_("去向"), row.place),
        pieces.Fact(_("授权"), f"G-{row.grant_id:06d}", url=reverse("grant", args=[row.grant_id])),
        pieces.Fact(_("提供部门"), row.provider_name),
        pieces.Fact(_("使用部门"), row.consumer_name),
        pieces.Fact(_("设置人"), found.created_by),
        pieces.Fact(_("成功率"), _("%(success)d%%（共 %(count)d 次）") % {"success": row.success, "count": row.ended})
        if row.success is not None
        else pieces.Fact(_("成功率"), _("尚未执行")),
    ]


def _plan_facts(found: TaskDetail) -> list[pieces.Fact]:
    terms = found.terms
    facts = [
        pieces.Fact(_("何时执行"), found.row.when),
        pieces.Fact(_("读取方式"), found.row.reading),
        pieces.Fact(_("核对方式"), _(Checking(terms.check).label)),
    ]
    if terms.watermark:
        said = _("%(item)s，回看 %(overlap)d") % {"item": terms.watermark.item, "overlap": terms.watermark.overlap}
        facts.append(pieces.Fact(_("增长字段"), said))
    if terms.split:
        facts.append(pieces.Fact(_("分区"), f"{terms.split.item}（{_(Splitting(terms.split.by).label)}）"))
    facts.append(pieces.Fact(_("允许的问题行数"), terms.most_dirty))
    facts.append(pieces.Fact(_("优先级"), terms.priority))
    facts.append(pieces.Fact(_("每秒行数上限"), terms.rows_per_second or _("不限")))
    facts.append(pieces.Fact(_("允许时段"), found.hours or _("不限")))
    if found.shape:
        facts.append(pieces.Fact(_("已接受的表结构"), found.shape[:16]))
    return facts


def change(request: HttpRequest, task_id: int) -> HttpResponse:
    """Change how and when a task runs."""
    actor = faces.actor_of(request)
    found = queries.task(task_id, actor, at=clock.now())
    choices = queries.plan_choices(actor, found.row.grant_id, but=task_id)
    form = PlanForm(faces.posted(request), choices=choices, kind=found.row.kind, initial=plan_initial(found))
    if form.is_valid():
        with faces.told(form):
            actions.change_task(task_id, by=actor, at=clock.now(), plan=form.plan())
            return faces.done(request, _("任务计划已保存。"), to=reverse("exchange_task", args=[task_id]))
    title = _("修改任务计划")
    return faces.page(
        request,
        "exchange/plan.html",
        title=title,
        crumbs=_crumbs(found, title),
        form=form,
        task=found,
        readings=Reading,
    )


@require_POST
def move(request: HttpRequest, task_id: int, verb: str) -> HttpResponse:
    """Pause, resume, delete a task, or run it now."""
    actor, here = faces.actor_of(request), reverse("exchange_task", args=[task_id])
    if verb == "run":
        run = actions.run_now(task_id, by=actor, at=clock.now())
        return faces.done(request, _("任务已发起，正在排队。"), to=reverse("exchange_run", args=[run.pk]))
    if verb not in MOVES:
        raise NotThere(N_("没有这项操作，请刷新页面后重试。"))
    MOVES[verb](task_id, by=actor, at=clock.now(), note=request.POST.get("note", "")[:1000])
    said = {"pause": _("任务已暂停。"), "resume": _("任务已恢复。"), "delete": _("任务已删除，执行记录保留。")}
    return faces.done(request, said[verb], to=reverse("exchange_tasks") if verb == "delete" else here)


@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    """Show what each department provided or received."""
    side = request.GET.get("side", "consumer")[:10]
    rows = queries.figures(faces.actor_of(request), side=side)
    sides = {"consumer": _("按使用部门"), "provider": _("按提供部门")}
    tabs = [pieces.Tab(label, f"?side={name}", current=name == side) for name, label in sides.items()]
    top = rows[:12]
    series = [pieces.Series(_("已放行行数"), [row.rows for row in top])]
    drawn = pieces.Chart(_("已放行行数"), [row.department for row in top], series, "hbar", unit=_("行"))
    context: dict[str, Any] = {
        "rows": rows,
        "tabs": tabs,
        "drawn": drawn if any(row.rows for row in top) else None,
        "side": side,
    }
    crumbs = [(_("任务计划"), reverse("exchange_tasks")), (_("交换统计"), "")]
    return faces.page(request, "exchange/figures.html", title=_("交换统计"), crumbs=crumbs, **context)


@require_GET
def figures_sheet(request: HttpRequest) -> HttpResponseBase:
    """Hand out the figures of departments as Excel."""
    rows = queries.figures(faces.actor_of(request), side=request.GET.get("side", "consumer")[:10])
    headers = [_("部门"), _("执行次数"), _("已放行"), _("未执行或隔离"), _("已放行行数"), _("字节数")]
    lines = ((r.department, r.runs, r.released, r.failed, r.rows, r.bytes) for r in rows)
    return downloads.xlsx("figures.xlsx", headers, lines)


urlpatterns = [
    path("tasks/", listed, name="exchange_tasks"),
    path("tasks/sheet/", sheet, name="exchange_tasks_sheet"),
    path("tasks/<int:task_id>/", shown, name="exchange_task"),
    path("tasks/<int:task_id>/change/", change, name="exchange_task_change"),
    path("tasks/<int:task_id>/<slug:verb>/", move, name="exchange_task_move"),
    path("figures/", figures, name="exchange_figures"),
    path("figures/sheet/", figures_sheet, name="exchange_figures_sheet"),
]
