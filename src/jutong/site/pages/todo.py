"""The to-do list by kind and urgency with moves for several cases at once, and the head's page for the telephone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from jutong.kernel import agenda, clock, faces
from jutong.kernel.errors import RuleBroken
from jutong.kernel.faces import downloads, pieces, sets
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Button

URGENCIES: Final[Mapping[str, str]] = {
    "": N_("全部"),
    "late": N_("已超期"),
    "today": N_("今日到期"),
    "soon": N_("两个工作日内到期"),
    "later": N_("尚不紧急"),
    "none": N_("无法定期限"),
}
LONGEST_REMARK: Final = 1000


def _narrowing(request: HttpRequest) -> dict[str, str]:
    """Return how the address narrows the list; RuleBroken for a kind or an urgency that is none."""
    kind, urgency = request.GET.get("kind", ""), request.GET.get("urgency", "")
    if kind and kind not in agenda.chores():
        raise RuleBroken(_("没有这类事项，请从列表中选择。"), field="kind")
    if urgency not in URGENCIES:
        raise RuleBroken(_("没有这种紧急程度，请从列表中选择。"), field="urgency")
    return {"kind": kind, "urgency": urgency}


@require_safe
def todo(request: HttpRequest) -> HttpResponse:
    """Show what waits by kind and urgency; one kind alone has the buttons that move several cases together."""
    narrowed = _narrowing(request)
    found = agenda.todo(faces.actor_of(request), clock.now(), **narrowed, limit=agenda.MOST)
    kind = narrowed["kind"]
    return faces.page(
        request,
        "joined/todo.html",
        title=_("待办事项"),
        lead=_("按期限紧急程度排列；选定一类事项后可以批量办理，逐件留痕。"),
        crumbs=[(_("工作台"), reverse("workbench")), (_("待办事项"), "")],
        found=found,
        rows=found.rows,
        more=_more(found, **narrowed),
        kind=kind,
        buttons=_together(kind, found.rows),
        groups=_groups(found, **narrowed),
    )


def _more(found: agenda.ToDo, kind: str, urgency: str) -> str:
    """Return the sentence that says how many there are where not all are listed; empty where they are."""
    name, n = urgency or "total", len(found.rows)
    if name not in agenda.COUNTS:
        return _("列出最紧急的 %d 件；办理后其余的会继续列出。") % n if n == agenda.MOST else ""
    counted = agenda.ToDo(found.rows, tuple(one for one in found.kinds if kind in {"", one.workflow}))
    if getattr(counted, name) <= n:
        return ""
    return _("共 %(total)s 件，列出最紧急的 %(n)d 件；办理后其余的会继续列出。") % {
        "total": agenda.count_in_words(counted, name), "n": n,
    }  # fmt: skip


def _together(kind: str, rows: Sequence[agenda.Waiting]) -> tuple[Button, ...]:
    """Return the moves that may be made on several of these cases at once, where one kind was chosen."""
    if not kind or not rows:
        return ()
    return agenda.together(kind, rows)


def _groups(found: agenda.ToDo, kind: str, urgency: str) -> list[pieces.Facet]:
    kinds = [
        pieces.FacetChoice(one.workflow, one.label, agenda.count_in_words(one, "total"), one.workflow == kind)
        for one in found.kinds
    ]
    urgencies = [pieces.FacetChoice(code, _(label), None, code == urgency) for code, label in URGENCIES.items() if code]
    return [pieces.Facet("kind", _("事项类别"), kinds), pieces.Facet("urgency", _("紧急程度"), urgencies)]


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """Give the list as it is narrowed as Excel, every line of it."""
    rows = agenda.whole_list(faces.actor_of(request), clock.now(), **_narrowing(request))
    headers = [_("事项类别"), _("事项"), _("对方"), _("状态"), _("可办理"), _("期限"), _("剩余工作日")]
    lines = (
        (
            row.kind, row.title, row.who, row.state_label, "、".join(row.verbs),
            row.clock.due_day if row.clock else None, row.clock.left if row.clock else None,
        )
        for row in rows
    )  # fmt: skip
    return downloads.xlsx(_("待办事项.xlsx"), headers, lines, sheet=_("待办事项"))


@require_POST
def move(request: HttpRequest, workflow: str, verb: str) -> HttpResponse:
    """Make one move on the chosen cases; what was refused is told case by case, on the page it came from."""
    remark = request.POST.get("remark", "")
    if len(remark) > LONGEST_REMARK:
        raise RuleBroken(_("意见最多 %d 个字，请精简后重新填写。") % LONGEST_REMARK, field="remark")
    decided = agenda.decide(
        workflow,
        verb,
        _ids(request),
        by=faces.signed(request),
        at=clock.now(),
        remark=remark.strip(),
        read=request.POST.get("read", ""),
    )
    back = reverse("approve") if request.POST.get("from") == "approve" else f"{reverse('todo')}?kind={workflow}"
    return faces.done(request, sets.told(decided), to=back)


def _ids(request: HttpRequest) -> list[int]:
    given = request.POST.getlist("ids")
    if not all(text.isascii() and text.isdigit() and len(text) < 19 for text in given):  # noqa: PLR2004 - bigint
        raise RuleBroken(_("所选事项不正确，请刷新页面后重新选择。"), field="ids")
    return [int(text) for text in given]


@require_safe
def approve(request: HttpRequest) -> HttpResponse:
    """Show what awaits the head's consent as one column for the telephone: the gist, agree, return with a remark."""
    gists = agenda.awaiting(faces.actor_of(request), clock.now())
    return faces.page(
        request,
        "joined/approve.html",
        title=_("待我同意"),
        lead=_("点“详情”查看全文；同意和退回均按本人岗位逐件留痕。"),
        crumbs=[(_("工作台"), reverse("workbench")), (_("待我同意"), "")],
        gists=gists,
        most=LONGEST_REMARK,
    )


urlpatterns: list[URLPattern] = [
    path("todo/", todo, name="todo"),
    path("todo/export/", export, name="todo_export"),
    path("todo/<slug:workflow>/<slug:verb>/", move, name="todo_move"),
    path("approve/", approve, name="approve"),
]
