"""Pages of ledgers and use records: the lists, a department's ledger, and one ledger with what can be entered."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_POST, require_safe

from jutong.kernel import clock, faces
from jutong.kernel.errors import Refusal
from jutong.kernel.faces import downloads
from jutong.kernel.faces.deeds import Deed, OpenDeed, deed_called, done_or_shown
from jutong.kernel.faces.forms import Form, Line, Whole
from jutong.kernel.faces.pieces import Fact, Tab
from jutong.kernel.faces.templatetags.jutong import moment
from jutong.kernel.terms import N_
from jutong.slices.usage import actions, queries
from jutong.slices.usage.pages import ledger_forms as forms

SIDES: Final = {"": N_("全部"), "consumer": N_("我方使用"), "provider": N_("我方提供"), "authority": N_("我方主管")}
FOLDS: Final = {
    "": N_("全部"), "incomplete": N_("记录不完整"), "undisposed": N_("副本待处置"), "kept": N_("已终结或保存中"),
}  # fmt: skip


class Filter(Form):
    """What is looked for."""

    side = django_forms.ChoiceField(
        required=False, choices=lambda: [(code, _(label)) for code, label in SIDES.items()],
        widget=django_forms.HiddenInput,
    )  # fmt: skip
    fold = django_forms.ChoiceField(
        label=_l("记录与副本"), required=False, choices=lambda: [(code, _(label)) for code, label in FOLDS.items()]
    )
    q = Line(label=_l("资源名称或授权编号"), max_length=100, required=False)
    page = Whole(label=_l("页码"), required=False, min_value=1, widget=django_forms.HiddenInput)

    def asked(self) -> dict[str, Any]:
        """Return the filters that are in order."""
        good = self.cleaned_data
        return {"side": good.get("side", ""), "fold": good.get("fold", ""), "text": good.get("q", "")}


DEEDS: Final[dict[str, Deed[forms.LedgerForm]]] = {
    "fill": Deed(forms.FillForm, actions.fill_record, N_("使用记录已保存，以前的版本仍可查看。"), label=N_("填写使用记录"),
                 hint=N_("平台已知的调用、交付、副本和处置不必重复填写。")),
    "place": Deed(forms.PlaceForm, actions.place_copy, N_("存放位置已登记。"), label=N_("登记存放位置")),
    "copy": Deed(forms.CopyForm, actions.add_copy, N_("副本已登记。"), label=N_("登记其他副本"),
                 hint=N_("由取得的数据另行形成的副本、备份、介质，逐份登记。")),
    "holder": Deed(forms.HolderForm, actions.add_holder, N_("使用者已登记。"), label=N_("登记使用系统和人员")),
    "end_holder": Deed(forms.EndHolderForm, actions.end_holder, N_("已登记停止使用。"), label=N_("登记停止使用")),
    "give_up": Deed(forms.GiveUpForm, actions.give_up, N_("所选副本转入处置，请按提供方要求办理。"), label=N_("提前处置副本"),
                    hint=N_("授权仍然有效，只处置不再需要的副本。")),
    "lengthen": Deed(forms.LengthenForm, actions.lengthen_retention, N_("更长的保存期限已登记。"), label=N_("登记更长的法定保存期限"),
                     hint=N_("使用记录至少保存三年；法律、行政法规规定更长的，从其规定。")),
    "say": Deed(forms.StandingForm, actions.say_in_advance, N_("处置要求已登记，使用结束时自动提出。"), label=N_("预先提出处置要求")),
}  # fmt: skip
OF_GRANTS: Final = {"give_up"}
"""What is entered by the grant; all else by its record."""


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """List the ledgers the actor may know."""
    form = Filter(request.GET)
    form.is_valid()
    asked = form.asked()
    rows, meta = queries.records(faces.actor_of(request), **asked, number=form.cleaned_data.get("page") or 1)
    return faces.page(
        request,
        "usage/ledgers.html",
        title=_("使用台账"),
        lead=_("每项授权一本台账：取得了什么、谁在使用、存放在哪里、如何处置，以及按期填报的使用记录。"),
        crumbs=[(_("共享"), ""), (_("使用台账"), "")],
        form=form,
        tabs=[Tab(_(label), f"?side={side}" if side else "?", asked["side"] == side) for side, label in SIDES.items()],
        rows=rows,
        meta=meta,
    )


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """Export the filtered ledgers as Excel (at most 10,000)."""
    form = Filter(request.GET)
    form.is_valid()
    headers = [
        _("授权"), _("资源"), _("目录编号"), _("使用方"), _("提供方"), _("记录状态"), _("缺少的内容"), _("现有副本"),
        _("未登记存放位置"), _("待处置"), _("结束时间"), _("结束情形"), _("保存至"),
    ]  # fmt: skip
    cells = (
        [
            row.reference, row.title, row.entry_code, row.consumer, row.provider, row.state_label, _("、").join(row.lacking),
            row.copies, row.unplaced, row.undisposed, row.ended_at, row.ground_label, row.kept_until,
        ]
        for row in queries.record_lines(faces.actor_of(request), **form.asked())
    )  # fmt: skip
    return downloads.xlsx(_("使用台账.xlsx"), headers, cells, sheet=_("使用台账"))


@require_safe
def department(request: HttpRequest, department_id: int) -> HttpResponse:
    """Show the ledger of one department, as far as the reader may know it."""
    form = Filter(request.GET)
    form.is_valid()
    fold, number = form.asked()["fold"], form.cleaned_data.get("page") or 1
    seen = queries.department_ledger(department_id, faces.actor_of(request), fold=fold, number=number)
    return faces.page(
        request,
        "usage/department.html",
        title=_("%s的使用台账") % seen.department,
        lead="" if seen.whole else _("这里只列出由本部门提供的数据。"),
        crumbs=[(_("使用台账"), reverse("usage_ledgers")), (seen.department, "")],
        tabs=[Tab(_(label), f"?fold={one}" if one else "?", fold == one) for one, label in FOLDS.items()],
        rows=seen.rows,
        meta=seen.meta,
    )


@require_safe
def record(request: HttpRequest, record_id: int) -> HttpResponse:
    """Lead to the ledger of a use record."""
    return redirect("usage_ledger", queries.grant_of_record(record_id, faces.actor_of(request)))


@require_safe
def ledger(request: HttpRequest, grant_id: int) -> HttpResponseBase:
    """Show a ledger; whoever is not of the consumer inspects it, which is logged. With `format=xlsx`: its provisions."""
    if request.GET.get("format") == "xlsx":
        return _provisions(request, grant_id)
    return show(request, grant_id)


@require_POST
def deed(request: HttpRequest, grant_id: int, verb: str) -> HttpResponse:
    """Enter something; a refusal is shown on the page, in place, with its status."""
    known = deed_called(verb, DEEDS)
    seen = queries.ledger(grant_id, faces.actor_of(request), clock.now())
    form = known.form(seen, faces.posted(request))
    concerned = grant_id if verb in OF_GRANTS else seen.row.id
    to, again = reverse("usage_ledger", args=[grant_id]), partial(show, request, grant_id)
    return done_or_shown(request, verb, known, form, pk=concerned, to=to, show=again)


def show(
    request: HttpRequest,
    grant_id: int,
    *,
    tried: tuple[str, forms.LedgerForm] | None = None,
    refusal: Refusal | None = None,
) -> HttpResponse:
    """Draw the page of a ledger, with what was just tried and refused."""
    actor, now = faces.actor_of(request), clock.now()
    actions.read_record(grant_id, by=actor, at=now)
    seen = queries.ledger(grant_id, actor, now)
    row = seen.row
    return faces.page(
        request,
        "usage/ledger.html",
        status=refusal.status if refusal else faces.answers.form_status(tried[1] if tried else None),
        title=row.title,
        lead=_("%(reference)s · %(consumer)s 使用 · %(provider)s 提供")
        % {"reference": row.reference, "consumer": row.consumer, "provider": row.provider},
        crumbs=[(_("使用台账"), reverse("usage_ledgers")), (row.reference, "")],
        ledger=seen,
        facts=_facts(seen),
        deeds=[_open(seen, verb, tried) for verb in open_deeds(seen)],
        refusal=refusal,
        inspecting=row.consumer_id not in actor.serves,
    )


def open_deeds(seen: queries.Ledger) -> list[str]:
    """Return what the actor can enter now, in the page's order."""
    held = [copy for copy in seen.copies if copy.open]
    wanted = {
        "fill": any(button.verb == "fill" for button in seen.row.buttons) and bool(seen.periods),
        "place": seen.writes and bool(held),
        "copy": seen.writes,
        "holder": seen.writes,
        "end_holder": seen.writes and any(one.until is None for one in seen.holders),
        "give_up": seen.writes and seen.row.ended_at is None and any(not copy.disposing for copy in held),
        "lengthen": any(button.verb == "lengthen" for button in seen.row.buttons),
        "say": seen.says,
    }
    return [verb for verb, there in wanted.items() if there]


def _open(seen: queries.Ledger, verb: str, tried: tuple[str, forms.LedgerForm] | None) -> OpenDeed[forms.LedgerForm]:
    known, asked = DEEDS[verb], tried is not None and tried[0] == verb
    form = tried[1] if tried and asked else known.form(seen, auto_id=f"id_{verb}_%s")
    return known.offered(verb, form, asked=asked)


def _facts(seen: queries.Ledger) -> list[Fact]:
    row = seen.row
    standing = ""
    if seen.standing:
        standing = _("%(what)s，使用结束后 %(days)s 天内") % {"what": seen.standing, "days": seen.standing_days}
    longer = ""
    if seen.legal_years:
        longer = _("%(years)d 年（%(basis)s）") % {"years": seen.legal_years, "basis": seen.legal_basis}
    facts = [
        Fact(_("授权"), row.reference, url=reverse("grant", args=[row.grant_id])),
        Fact(_("目录编号"), row.entry_code),
        Fact(_("信息项"), _("、").join(seen.items)),
        Fact(_("处理个人信息的合法性基础"), seen.personal_basis),
        Fact(_("起始时间"), moment(row.opened_at)),
        Fact(_("本期截至"), str(row.period_until or "")),
        Fact(_("结束时间"), moment(row.ended_at) if row.ended_at else ""),
        Fact(_("结束情形"), row.ground_label),
        Fact(_("预先提出的处置要求"), standing),
        Fact(_("更长的法定保存期限"), longer),
        Fact(_("使用记录保存至"), str(row.kept_until or "")),
    ]
    return [fact for fact in facts if fact.value not in ("", None)]


def _provisions(request: HttpRequest, grant_id: int) -> HttpResponseBase:
    record_id = actions.read_record(grant_id, by=faces.actor_of(request), at=clock.now())
    headers = [_("提供时间"), _("共享方式"), _("接收方"), _("信息项"), _("依据"), _("行数")]
    cells = (
        [one.at, one.mode, one.recipient, _("、").join(one.items), one.basis, one.rows]
        for one in queries.provisions(record_id)
    )
    return downloads.xlsx(_("提供记录-G-%06d.xlsx") % grant_id, headers, cells, sheet=_("提供记录"))
