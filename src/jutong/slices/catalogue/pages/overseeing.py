"""Supervision per department: one table over all, one department with its months, the hand-ins behind the review times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from jutong.kernel import clock
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces import actor_of, page
from jutong.kernel.faces.downloads import xlsx
from jutong.kernel.faces.pieces import Chart, Figure, Series, Tone
from jutong.kernel.paging import Page
from jutong.slices.catalogue import queries
from jutong.slices.catalogue.pages.forms import asked_number, asked_text
from jutong.slices.catalogue.pages.narrowing import of_department
from jutong.slices.catalogue.pages.updating import period_of, supervision_tabs

MOST_DRAWN: Final = 15
"""Departments that a chart shows; the table has all."""
ON_PAGE: Final = 50


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Show every department in the actor's care with what is complete, timely, reviewed, changed and dead."""
    form, first, last = period_of(request)
    rows = queries.supervision(actor_of(request), queries.Period(first, last), at=clock.now())
    meta = Page(1, ON_PAGE, len(rows))
    meta = replace(meta, number=min(asked_number(request), meta.pages))
    return page(
        request,
        "catalogue/supervision.html",
        title=_("目录监督"),
        tabs=supervision_tabs("catalogue_supervision"),
        rows=rows[meta.first : meta.first + ON_PAGE],
        meta=meta,
        form=form,
        first=first,
        last=last,
        days=f"first={first}&last={last}",
        charts=_charts(rows) if len(rows) > 1 else [],
    )


def _charts(rows: list[queries.Supervised]) -> list[tuple[str, Chart]]:
    """Return the charts of the departments with the most stale or dead entries."""
    most = sorted(rows, key=lambda row: (-row.entries.stale - row.entries.zombie, row.department))[:MOST_DRAWN]
    names = [row.department for row in most]
    good = Chart(
        _("完整度与及时率"),
        names,
        [
            Series(_("完整度"), [row.entries.completeness for row in most]),
            Series(_("及时率"), [row.entries.timely for row in most]),
        ],
        kind="hbar",
        unit="%",
    )
    dead = Chart(
        _("未按周期更新和僵尸目录"),
        names,
        [
            Series(_("未按周期更新"), [row.entries.stale for row in most]),
            Series(_("僵尸目录"), [row.entries.zombie for row in most]),
        ],
        kind="hbar",
        unit=_("条"),
    )
    return [("supervision-good", good), ("supervision-dead", dead)]


@require_GET
def department(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one department: figures that lead to the entries behind them, and its months."""
    form, first, last = period_of(request)
    period = queries.Period(first, last)
    row, months = queries.supervised(actor_of(request), period, at=clock.now(), department=pk)
    return page(
        request,
        "catalogue/supervised.html",
        title=row.department,
        row=row,
        form=form,
        first=first,
        last=last,
        blocks=_blocks(row, period),
        chart=_months(months) if months else None,
        crumbs=[(_("目录监督"), reverse("catalogue_supervision")), (row.department, "")],
    )


def _blocks(row: queries.Supervised, period: queries.Period) -> list[tuple[str, list[Figure]]]:
    """Return the figures of a department in groups, each leading to what it counts."""
    updates, reviews = row.updates, row.reviews

    def listed(name: str, outcome: str) -> str:
        days = f"first={period.first}&last={period.last}"
        return f"{reverse(name)}?department={row.department_id}&outcome={outcome}&{days}"

    changed = [
        Figure(_("变化次数"), updates.triggers, url=listed("catalogue_updates", "")),
        Figure(_("按期更新"), updates.on_time, url=listed("catalogue_updates", "on_time")),
        Figure(_("逾期更新"), updates.late, tone=_tone(updates.late), url=listed("catalogue_updates", "late")),
        Figure(_("逾期未更新"), updates.missed, tone=_tone(updates.missed), url=listed("catalogue_updates", "missed")),
        Figure(_("期限内待更新"), updates.open, url=listed("catalogue_updates", "open")),
    ]
    reviewed = [
        Figure(_("提交审核"), reviews.handed, url=listed("catalogue_turns", "")),
        Figure(_("一次通过率"), reviews.at_once, "%", url=listed("catalogue_turns", "reviewed")),
        Figure(_("退回"), reviews.returned, tone=_tone(reviews.returned), url=listed("catalogue_turns", "returned")),
        Figure(_("待审核"), reviews.waiting, url=listed("catalogue_turns", "waiting")),
        Figure(_("平均审核用时"), reviews.days, _("个工作日"), url=listed("catalogue_turns", "")),
        Figure(_("最长审核用时"), reviews.longest, _("个工作日"), url=listed("catalogue_turns", "")),
    ]
    return [*_entries(row), (_("变化与更新"), changed), (_("提交与审核"), reviewed)]


def _entries(row: queries.Supervised) -> list[tuple[str, list[Figure]]]:
    """Return the figures of a department's entries as they stand."""
    entries = row.entries

    def ailing(code: str) -> str:
        return f"{reverse('catalogue_ailing')}?department={row.department_id}&ailment={code}"

    published = [
        Figure(_("已发布目录"), entries.entries, url=f"{reverse('catalogue')}?provider_id={row.department_id}"),
        Figure(_("完整度"), entries.completeness, "%", url=ailing("thin")),
        Figure(_("要素不全"), entries.thin, url=ailing("thin")),
        Figure(_("及时率"), entries.timely, "%", url=ailing("stale")),
        Figure(_("未按周期更新"), entries.stale, tone=_tone(entries.stale), url=ailing("stale")),
    ]
    dead = [
        Figure(_("僵尸目录"), entries.zombie, tone=_tone(entries.zombie), url=ailing("zombie")),
        Figure(_("从未更新"), entries.never_refreshed, url=ailing("never_refreshed")),
        Figure(_("长期无人使用"), entries.unused, url=ailing("unused")),
        Figure(_("来源已失"), entries.source_gone, url=ailing("source_gone")),
    ]
    return [(_("已发布目录"), published), (_("僵尸目录"), dead)]


def _tone(many: int) -> Tone:
    return "bad" if many else "neutral"


def _months(months: list[queries.Month]) -> Chart:
    series = [
        Series(_("提交审核"), [month.handed for month in months]),
        Series(_("退回"), [month.returned for month in months]),
        Series(_("按期更新"), [month.on_time for month in months]),
        Series(_("逾期或未更新"), [month.late for month in months]),
    ]
    return Chart(_("逐月情况"), [f"{month.first:%Y-%m}" for month in months], series, kind="bar")


@require_GET
def turns(request: HttpRequest) -> HttpResponse:
    """List the hand-ins of a period with the working days each took."""
    form, first, last = period_of(request)
    chosen, outcome = asked_number(request, "department", 0), asked_text(request, "outcome")
    rows, meta = queries.review_turns(
        actor_of(request), queries.Period(first, last), department=chosen, outcome=outcome, number=asked_number(request)
    )
    return page(
        request,
        "catalogue/turns.html",
        title=_("审核用时"),
        tabs=supervision_tabs("catalogue_turns"),
        rows=rows,
        meta=meta,
        form=form,
        department=chosen,
        narrowed=of_department(chosen),
        outcome=outcome,
        outcomes=[(code, _(label)) for code, label in queries.TURNS.items()],
    )


@require_GET
def export(request: HttpRequest, what: str) -> HttpResponseBase:
    """Answer with the departments, or with the hand-ins of a period, as Excel."""
    actor, day = actor_of(request), f"{beijing_day(clock.now()):%Y%m%d}"
    _form, first, last = period_of(request)
    period = queries.Period(first, last)
    if what == "departments":
        rows = queries.supervision(actor, period, at=clock.now(), department=asked_number(request, "department", 0))
        return xlsx(_("目录监督-%s.xlsx") % day, _headings(), _cells(rows), sheet=_("目录监督"))
    if what == "reviews":
        headers = [
            _("代码"),
            _("名称"),
            _("提供部门"),
            _("提交时间"),
            _("审核时间"),
            _("审核用时（工作日）"),
            _("结果"),
            _("发布时间"),
        ]
        found = queries.every_turn(
            actor, period, department=asked_number(request, "department", 0), outcome=asked_text(request, "outcome")
        )
        lines = (
            [r.code, r.title, r.department, r.submitted_at, r.decided_at, r.days, r.outcome_label, r.published_at]
            for r in found
        )
        return xlsx(_("审核用时-%s.xlsx") % day, headers, lines, sheet=_("审核用时"))
    raise NotThere(_("没有这种导出格式，请从页面上的按钮导出。"))


def _headings() -> list[str]:
    return [
        _("部门"), _("已发布目录"), _("完整度（%）"), _("要素不全"), _("及时率（%）"), _("未按周期更新"), _("僵尸目录"),
        _("从未更新"), _("长期无人使用"), _("来源已失"), _("变化次数"), _("按期更新"), _("逾期更新"), _("逾期未更新"),
        _("期限内待更新"), _("提交审核"), _("审核通过"), _("退回"), _("待审核"), _("一次通过率（%）"),
        _("平均审核用时（工作日）"), _("最长审核用时（工作日）"),
    ]  # fmt: skip


def _cells(rows: Iterable[queries.Supervised]) -> Iterator[list[object]]:
    for row in rows:
        e, u, r = row.entries, row.updates, row.reviews
        yield [
            row.department, e.entries, e.completeness, e.thin, e.timely, e.stale, e.zombie, e.never_refreshed, e.unused,
            e.source_gone, u.triggers, u.on_time, u.late, u.missed, u.open, r.handed, r.passed, r.returned, r.waiting,
            r.at_once, r.days, r.longest,
        ]  # fmt: skip
