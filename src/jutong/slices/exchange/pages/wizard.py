"""The wizard that sets up a task, one form over five steps; what was answered travels along, so it needs no script."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _

from jutong.kernel import clock, faces
from jutong.kernel.errors import RuleBroken
from jutong.kernel.faces import forms, pieces
from jutong.kernel.terms import N_
from jutong.slices.exchange import actions, queries
from jutong.slices.exchange.pages.forms import FileTargetForm, FolderTargetForm, GrantForm, PlanForm, TableTargetForm
from jutong.slices.exchange.rules import Format, Kind, Mode, Reading, in_words, next_times, table_name
from jutong.wire.transfers import OrderKind

STEPS: Final = ("grant", "target", "mapping", "plan", "summary")


def wizard(request: HttpRequest) -> HttpResponse:
    """Lead through grant, target, mapping, plan and summary; the last step sets the task up."""
    passage = Passage(request)
    step = passage.step_to_show()
    if step == "done":
        return passage.finish()
    return passage.page(step)


class Passage:
    """One request on the way through the wizard: the forms of the steps, filled with all that was answered so far."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.actor = faces.actor_of(request)
        self.given: Any = request.POST if request.method == "POST" else None
        self.offer = queries.offer(self.actor, at=clock.now())
        self.forms: dict[str, forms.Form] = {}
        self.refused: forms.Form | None = None

    def form(self, step: str, *, bound: bool) -> forms.Form | None:
        """Return the form of a step, bound to what was posted or showing it; None for steps that ask nothing."""
        data = self.given if bound else None
        initial = {} if self.given is None or bound else _initial(self.given)
        if step == "grant":
            wish = {"grant_id": self.request.GET.get("grant", "")[:18]} if self.given is None else {}
            return GrantForm(data, grants=self.offer.grant_choices, modes=self.offer.modes, initial=wish | initial)
        if step == "target":
            if self.kind is OrderKind.BATCH:
                return FileTargetForm(data, initial=initial)
            if self.kind is OrderKind.FILES:
                return FolderTargetForm(data, targets=self.offer.folder_choices, initial=initial)
            return TableTargetForm(data, targets=self.offer.target_choices, initial=initial)
        if step == "plan":
            choices = queries.plan_choices(self.actor, self.grant_id)
            return PlanForm(data, choices=choices, kind=self.kind, initial=initial)
        return None

    @property
    def kind(self) -> OrderKind:
        """Table, file or folder, as far as it was answered."""
        given = self.given.get("kind") if self.given else None
        return OrderKind(given) if given in set(OrderKind) else OrderKind.TABLE

    @property
    def grant_id(self) -> int:
        """The grant that was chosen in the first step."""
        form = self.forms.get("grant")
        return int(form.cleaned_data["grant_id"]) if form else 0

    def step_to_show(self) -> str:
        """Check every step up to the one that was sent and return the next, the first refused, or "done"."""
        if self.given is None:
            return "grant"
        sent = self.given.get("step", "grant")
        if sent not in STEPS:
            raise RuleBroken(N_("向导没有这一步，请从第一步“选择授权”重新开始。"))
        at = STEPS.index(sent)
        back = "back" in self.given
        for step in STEPS[: at if back else at + 1]:
            form = self.form(step, bound=True)
            if form is not None and not form.is_valid():
                self.refused = form
                return step
            if form is not None:
                self.forms[step] = form
        if back:
            return STEPS[max(0, at - 1)]
        return STEPS[at + 1] if at + 1 < len(STEPS) else "done"

    def wanted(self) -> actions.Wanted:
        """Return what is to be delivered where."""
        given = self.forms["target"].cleaned_data
        if self.kind is OrderKind.BATCH:
            return actions.Wanted(OrderKind.BATCH, format=given["file_format"], encoding=given["encoding"])
        if self.kind is OrderKind.FILES:
            return actions.Wanted(OrderKind.FILES, given["source_id"], given["folder"])
        return actions.Wanted(OrderKind.TABLE, given["source_id"], given["schema"], given["table"], given["mode"])

    def finish(self) -> HttpResponse:
        """Set the task up and, where wished, run it at once; a refusal is shown at the step it belongs to."""
        plan_form = self.forms["plan"]
        assert isinstance(plan_form, PlanForm)  # noqa: S101 - the step's own form
        with faces.told(plan_form):
            task = actions.create_task(
                by=self.actor, at=clock.now(), grant_id=self.grant_id, wanted=self.wanted(), plan=plan_form.plan(),
                at_once=bool(self.given.get("run_now")),
            )  # fmt: skip
            said = _("任务已设置。")
            return faces.done(self.request, said, to=reverse("exchange_task", args=[task.pk]))
        self.refused = plan_form
        target = self.forms["target"]
        refusal = plan_form.refusal
        if refusal is not None and getattr(refusal, "field", "") in target.fields:
            self.refused = target
            with faces.told(target):
                raise refusal
            return self.page("target")
        return self.page("plan")

    def page(self, step: str) -> HttpResponse:
        """Show a step; the answers of all others travel as hidden fields."""
        form = self.refused or self.form(step, bound=False)
        shown = set(form.fields) if form else set()
        carried = [
            (name, value)
            for name in (self.given or {})
            if name in _ALL_FIELDS - shown
            for value in self.given.getlist(name)
        ]
        context: dict[str, Any] = {
            "form": form, "step": step, "carried": carried, "offer": self.offer, "number": STEPS.index(step) + 1,
            "labels": [_("选择授权"), _("去向"), _("字段对应"), _("读取与计划"), _("确认")],
        }  # fmt: skip
        context |= self._beside(step)
        crumbs = [(_("任务计划"), reverse("exchange_tasks")), (_("新建任务"), "")]
        return faces.page(self.request, "exchange/wizard.html", title=_("新建任务"), crumbs=crumbs, **context)

    def _beside(self, step: str) -> dict[str, Any]:
        if step == "target" and self.kind is OrderKind.TABLE:
            return {"tables": queries.tables_of(self.actor, [key for key, _name in self.offer.target_choices])}
        if step == "mapping":
            sample = actions.preview(by=self.actor, at=clock.now(), grant_id=self.grant_id, kind=self.kind)
            return {"sample": sample}
        if step == "summary":
            return {"facts": self._summary()}
        return {}

    def _summary(self) -> list[pieces.Fact]:
        form = self.forms["plan"]
        assert isinstance(form, PlanForm)  # noqa: S101 - the step's own form
        plan, wanted = form.plan(), self.wanted()
        grant = dict(self.offer.grant_choices)[str(self.grant_id)]
        facts = [pieces.Fact(_("授权"), grant), pieces.Fact(_("提供方式"), _(Kind(wanted.kind).label))]
        if wanted.kind is OrderKind.TABLE:
            source = dict(self.offer.target_choices)[str(wanted.target_id)]
            place = f"{source} · {table_name(wanted.schema, wanted.table)}（{_(Mode(wanted.mode).label)}）"
        elif wanted.kind is OrderKind.FILES:
            store = dict(self.offer.folder_choices)[str(wanted.target_id)]
            place = " · ".join(filter(None, (store, wanted.schema)))
        else:
            place = f"{_(Format(wanted.format).label)} {wanted.encoding}"
        facts += [pieces.Fact(_("去向"), place), pieces.Fact(_("读取方式"), _(Reading(plan.terms.read).label))]
        if cron := plan.cron:
            facts.append(pieces.Fact(_("执行计划"), in_words(cron)))
            times = "、".join(f"{at.astimezone(clock.BEIJING):%m-%d %H:%M}" for at in next_times(cron, clock.now()))
            facts.append(pieces.Fact(_("接下来五次"), times))
        facts.append(pieces.Fact(_("优先级"), plan.terms.priority))
        return facts


def _initial(given: Any) -> dict[str, Any]:
    return {
        name: given.getlist(name) if name == "window_days" else given[name] for name in given if name in _ALL_FIELDS
    }


_ALL_FIELDS: Final = frozenset(
    {*GrantForm.base_fields, *TableTargetForm.base_fields, *FolderTargetForm.base_fields,
     *FileTargetForm.base_fields, *PlanForm.base_fields}
)  # fmt: skip

urlpatterns = [path("tasks/new/", wizard, name="exchange_task_new")]
