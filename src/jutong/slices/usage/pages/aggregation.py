"""Reviews of what several grants give together: the list, one with its parts, and its moves."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_POST, require_safe

from jutong.kernel import faces
from jutong.kernel.errors import Refusal
from jutong.kernel.faces.deeds import Deed, OpenDeed, deed_called, done_or_shown
from jutong.kernel.faces.forms import Form, Line, Paragraph, Whole
from jutong.kernel.faces.pieces import Fact, Happening
from jutong.kernel.faces.templatetags.jutong import moment
from jutong.kernel.terms import N_
from jutong.slices.usage import actions, queries
from jutong.slices.usage.workflow import AGGREGATION_REVIEW


class Filter(Form):
    """What is looked for."""

    q = Line(label=_l("资源、产品名称或编号"), max_length=100, required=False)
    state = django_forms.ChoiceField(label=_l("状态"), required=False)
    page = Whole(label=_l("页码"), required=False, min_value=1, widget=django_forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        states = [(name, _(label)) for name, label in AGGREGATION_REVIEW.states.items()]
        self.fields["state"].choices = [("", _("全部状态")), *states]  # type: ignore[attr-defined]


class RegisterForm(Form):
    """What is made of the data."""

    product = Line(label=_l("汇聚产品名称"), max_length=200)
    use = Paragraph(label=_l("内容和用途"), max_length=2000)
    safeguards = Paragraph(label=_l("存储位置和防护措施"), max_length=2000)


class OpinionForm(Form):
    """What the secrecy review came to."""

    opinion = Paragraph(label=_l("审查意见"), max_length=2000)


class Nothing(Form):
    """A move that asks for nothing but the decision."""


DEEDS: Final[dict[str, Deed[Form]]] = {
    "admit": Deed(OpinionForm, actions.admit_delivery, N_("已同意提供，授权随即恢复。"), "primary",
                  N_("只决定这项授权的数据能否提供给使用方；由其汇聚的产品另行登记、审查。")),
    "register": Deed(RegisterForm, actions.register_product, N_("汇聚产品已登记，审查通过前保持锁定。"), "primary",
                     N_("把这些数据汇聚成产品的，先登记；保密审查通过前不得存储或者发布。")),
    "clear": Deed(OpinionForm, actions.clear_product, N_("已登记审查通过。"), "primary"),
    "withhold": Deed(OpinionForm, actions.withhold_product, N_("已登记审查不通过。"), "danger"),
    "release": Deed(Nothing, actions.release_product, N_("汇聚产品已解锁。"), "primary"),
}  # fmt: skip


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """List the reviews of the actor's departments."""
    form = Filter(request.GET)
    form.is_valid()
    good = form.cleaned_data
    rows, meta = queries.reviews(
        faces.actor_of(request), state=good.get("state", ""), text=good.get("q", ""), number=good.get("page") or 1
    )
    return faces.page(
        request,
        "usage/aggregations.html",
        title=_("汇聚审查"),
        lead=_(
            "一个部门持有的多项个人信息可以互相关联时，平台作出提示；由此形成的产品先经保密审查，才能存储或者发布。"
        ),
        crumbs=[(_("共享"), ""), (_("汇聚审查"), "")],
        form=form,
        rows=rows,
        meta=meta,
    )


@require_safe
def review(request: HttpRequest, review_id: int) -> HttpResponse:
    """Show a review."""
    return _show(request, review_id)


@require_POST
def deed(request: HttpRequest, review_id: int, verb: str) -> HttpResponse:
    """Make a move; a refusal is shown in place, with its status."""
    known = deed_called(verb, DEEDS)
    form = known.form(faces.posted(request))
    to, show = reverse("usage_aggregation", args=[review_id]), partial(_show, request, review_id)
    return done_or_shown(request, verb, known, form, pk=review_id, to=to, show=show)


def _show(
    request: HttpRequest, review_id: int, *, tried: tuple[str, Form] | None = None, refusal: Refusal | None = None
) -> HttpResponse:
    found = queries.review(review_id, faces.actor_of(request))
    row = found.row
    status = refusal.status if refusal else faces.answers.form_status(tried[1]) if tried else None
    return faces.page(
        request,
        "usage/aggregation.html",
        status=status,
        title=row.product or row.title,
        lead=_("%(number)s · %(consumer)s · %(count)d 项授权可由%(joined)s关联")
        % {"number": row.number, "consumer": row.consumer_name, "count": row.parts, "joined": row.joined_by},
        crumbs=[(_("汇聚审查"), reverse("usage_aggregations")), (row.number, "")],
        review=found,
        facts=_facts(found),
        deeds=[_deed(row.id, button.verb, button.label, tried) for button in row.buttons],
        happenings=_happenings(found),
        refusal=refusal,
    )


def _deed(review_id: int, verb: str, label: str, tried: tuple[str, Form] | None) -> OpenDeed[Form]:
    known = DEEDS[verb]
    asked = tried is not None and tried[0] == verb
    form = tried[1] if tried and asked else known.form(auto_id=f"id_{verb}_%s")
    url = reverse("usage_aggregation_deed", args=[review_id, verb])
    return known.offered(verb, form, url=url, label=label, asked=asked)


def _happenings(found: queries.ReviewDetail) -> list[Happening]:
    labels = {move.verb: _(move.label) for move in AGGREGATION_REVIEW.moves}
    return [
        Happening(
            entry.at,
            labels.get(verb := entry.verb.rpartition(".")[2], verb),
            _("系统") if entry.channel == "system" else entry.actor_name,
            "",
            "bad" if verb == "withhold" else "info",
        )
        for entry in found.history
        if entry.outcome == "success"
    ]


def _facts(found: queries.ReviewDetail) -> list[Fact]:
    row = found.row
    told = [
        Fact(_("使用方"), row.consumer_name),
        Fact(_("触发提示的授权"), row.reference, url=reverse("grant", args=[row.grant_id])),
        Fact(_("可以关联的信息"), row.joined_by),
        Fact(_("最高数据级别"), row.level_label),
        Fact(_("数据提供"), _("已暂停，待保密审查同意"), badge="wait") if found.holding else None,
        Fact(_("同意提供的意见"), _("%(opinion)s（%(by)s）") % found.admitted) if found.admitted else None,
        Fact(_("汇聚产品"), row.product),
        Fact(_("内容和用途"), found.use),
        Fact(_("存储位置和防护措施"), found.safeguards),
        Fact(_("登记时间"), moment(found.registered_at)),
        Fact(_("审查意见"), found.opinion),
        Fact(_("审查人"), " ".join(filter(None, (found.reviewed_by, moment(found.reviewed_at))))),
        Fact(_("存储或发布时间"), moment(found.released_at)),
    ]
    return [fact for fact in told if fact is not None and fact.value not in ("", "—", None)]
