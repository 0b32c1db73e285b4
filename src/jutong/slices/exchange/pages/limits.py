"""What the owner of a data source lets the exchange ask of it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.kernel import clock, faces
from jutong.kernel.errors import NotAllowed
from jutong.kernel.faces import forms, pieces
from jutong.slices.exchange import actions, queries
from jutong.slices.exchange.pages.forms import HoursForm, hours_initial
from jutong.slices.exchange.rules import SOURCE_OWNER, window_words


class LimitForm(HoursForm):
    """Runs at once, speed, hours."""

    most_runs = forms.Whole(
        label=gettext_lazy("同时执行的任务数"), min_value=0, max_value=100, help_text=gettext_lazy("0 为不限。")
    )
    rows_per_second = forms.Whole(
        label=gettext_lazy("每秒行数上限"), min_value=0, max_value=10_000_000, help_text=gettext_lazy("0 为不限。")
    )


def limits(request: HttpRequest, source_id: int) -> HttpResponse:
    """Show and set the limits of a data source."""
    actor = faces.actor_of(request)
    found = queries.source_limits(source_id, actor)
    if request.method == "POST" and not found.may_change:
        raise NotAllowed(_("您没有进行该操作的权限：需要%s。") % _(SOURCE_OWNER.label))
    initial: dict[str, Any] = {"most_runs": found.most_runs, "rows_per_second": found.rows_per_second}
    form = LimitForm(faces.posted(request), initial=initial | hours_initial(found.hours))
    if form.is_valid():
        with faces.told(form):
            actions.limit_source(
                by=actor,
                at=clock.now(),
                source_id=source_id,
                most_runs=form.cleaned_data["most_runs"],
                rows_per_second=form.cleaned_data["rows_per_second"],
                hours=form.window(),
            )
            here = reverse("exchange_source_limits", args=[source_id])
            return faces.done(request, _("接入限制已保存，对以后的任务有效。"), to=here)
    crumbs = [(_("数据源"), reverse("sources_list")), (found.title, reverse("sources_detail", args=[source_id])),
              (_("接入限制"), "")]  # fmt: skip
    facts = [
        pieces.Fact(_("正在执行"), found.running),
        pieces.Fact(_("排队等待"), found.waiting),
        pieces.Fact(_("同时执行的任务数"), found.most_runs or _("不限")),
        pieces.Fact(_("每秒行数上限"), found.rows_per_second or _("不限")),
        pieces.Fact(
            _("语句时限（秒）"), found.statement_seconds or _("不限"), url=reverse("sources_detail", args=[source_id])
        ),
        pieces.Fact(_("开放时段"), window_words(found.hours) if found.hours else _("不限")),
    ]
    return faces.page(
        request, "exchange/limits.html", title=_("接入限制"), crumbs=crumbs, form=form, limits=found, facts=facts
    )


urlpatterns = [path("sources/<int:source_id>/limits/", limits, name="exchange_source_limits")]
