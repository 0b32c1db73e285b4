"""Lists of cases by procedure, the authority's supervision, Excel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_safe

from jutong.kernel import clock, faces
from jutong.kernel.actors import Role
from jutong.kernel.clock import BEIJING
from jutong.kernel.errors import NotAllowed
from jutong.kernel.faces import downloads
from jutong.kernel.faces.forms import Form, Line, Whole
from jutong.kernel.faces.pieces import Tab
from jutong.kernel.terms import N_
from jutong.slices.correction import actions, queries
from jutong.slices.correction.rules.terms import ApplicantKind
from jutong.slices.correction.workflow import WORKFLOWS

SIDES: Final = {"": N_("全部"), "consumer": N_("我方提出"), "provider": N_("我方承办"), "authority": N_("我方主管")}
FOLDS: Final = {"": N_("全部状态"), "open": N_("办理中"), "over": N_("已结束")}
WATCHERS: Final = (Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD, Role.AUDITOR)
MOST_EXPORTED: Final = 10_000
EXPORT_PAGE: Final = 200


class Filter(Form):
    """What is looked for."""

    kind = django_forms.ChoiceField(
        required=False, choices=lambda: [(name, name) for name in WORKFLOWS], widget=django_forms.HiddenInput
    )
    side = django_forms.ChoiceField(
        label=_l("角色"), required=False, choices=lambda: [(code, _(label)) for code, label in SIDES.items()]
    )
    fold = django_forms.ChoiceField(
        label=_l("状态"), required=False, choices=lambda: [(code, _(label)) for code, label in FOLDS.items()]
    )
    q = Line(label=_l("资源名称或编号"), max_length=100, required=False)
    page = Whole(label=_l("页码"), required=False, min_value=1, widget=django_forms.HiddenInput)

    def asked(self) -> dict[str, Any]:
        """Return the filters that are in order."""
        good = self.cleaned_data
        return {"side": good.get("side", ""), "fold": good.get("fold", ""), "text": good.get("q", "")}

    @property
    def chosen_kind(self) -> str:
        """The procedure looked at; the first where none is named."""
        return self.cleaned_data.get("kind") or next(iter(WORKFLOWS))


def _tabs(kind: str) -> list[Tab]:
    return [Tab(_(flow.title), f"?kind={name}", current=name == kind) for name, flow in WORKFLOWS.items()]


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """List the cases of a procedure that the actor may know."""
    actor, now = faces.actor_of(request), clock.now()
    form = Filter(request.GET)
    form.is_valid()
    kind = form.chosen_kind
    rows, meta = queries.cases(kind, actor, now, **form.asked(), number=form.cleaned_data.get("page") or 1)
    return faces.page(
        request,
        "correction/list.html",
        title=_("校核与异议"),
        lead=_("校核、异议、开放目录更正和投诉举报各有受理部门和期限，互不混同。"),
        crumbs=[(_("共享"), ""), (_("校核与异议"), "")],
        form=form,
        tabs=_tabs(kind),
        kind=kind,
        rows=rows,
        meta=meta,
    )


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """Export the filtered cases as Excel (at most 10,000); applicants are not named."""
    form = Filter(request.GET)
    form.is_valid()
    headers = [_("编号"), _("事项"), _("状态"), _("提出方"), _("承办部门"), _("受理时间"), _("反馈逾期"), _("期限")]
    title = _(WORKFLOWS[form.chosen_kind].title)
    name = f"{title}-{clock.now().astimezone(BEIJING):%Y%m%d}.xlsx"
    return downloads.xlsx(name, headers, _sheet(request, form), sheet=title)


def _sheet(request: HttpRequest, form: Filter) -> Iterator[list[object]]:
    actor, now = faces.actor_of(request), clock.now()
    for number in range(1, MOST_EXPORTED // EXPORT_PAGE + 1):
        rows, meta = queries.cases(form.chosen_kind, actor, now, **form.asked(), number=number, size=EXPORT_PAGE)
        for row in rows:
            limits = "；".join(f"{_(one.label)} {one.text}（{one.due_day}）" for one in row.clocks)
            yield [
                row.number, row.title, row.state_label, row.asker, row.provider, row.received_at,
                _("是") if row.late else "", limits,
            ]  # fmt: skip
        if number >= meta.pages:
            return


@require_safe
def watch(request: HttpRequest) -> HttpResponse:
    """Show the authority what is pending, due soon and overdue, and the figures of each department (R-COR-008)."""
    actor, now = faces.actor_of(request), clock.now()
    if not actor.holds(*WATCHERS):
        raise NotAllowed(_("校核监督由主管部门查看。"))
    form = Filter(request.GET)
    form.is_valid()
    kind = form.chosen_kind
    return faces.page(
        request,
        "correction/watch.html",
        title=_("校核监督"),
        lead=_("指导、监督各部门在期限内办理；打开事项可以催办。"),
        crumbs=[(_("治理"), ""), (_("校核监督"), "")],
        tabs=_tabs(kind),
        kind=kind,
        seen=queries.watch(kind, actor, now),
    )


@require_safe
def export_applicants(request: HttpRequest) -> HttpResponseBase:
    """Export the list of applicants, masked: the security administrator alone (R-SEC-025)."""
    rows = actions.export_applicants(by=faces.actor_of(request), at=clock.now())
    headers = [_("申请人类型"), _("姓名或名称"), _("证件号码"), _("核验渠道"), _("核验时间")]
    sheet = ([_(ApplicantKind(kind).label), *rest] for kind, *rest in rows)
    return downloads.xlsx(_("申请人名单.xlsx"), headers, sheet, sheet=_("申请人"))
