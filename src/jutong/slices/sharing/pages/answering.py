"""The provider's reply: items with masking, conditions, term and quota; and a look at what the consumer would receive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.kernel import clock, faces
from jutong.kernel.errors import Refusal, WrongState
from jutong.kernel.faces.conditions import ConditionsField
from jutong.kernel.faces.forms import Day, Form, Line, Paragraph, Whole
from jutong.kernel.terms import MASKING_LABELS, ShareType
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.pages import answer_templates
from jutong.slices.sharing.pages.cases import asked_facts
from jutong.slices.sharing.pages.forms import mode_choices, purpose_choices
from jutong.slices.sharing.rules import LONGEST_TEXT, GrantedItem, Reply
from jutong.slices.sharing.rules.answer_templates import TemplateKind
from jutong.slices.sharing.rules.requests import conditions_of
from jutong.wire.grants import Kind, Masking, Quota

DATED: Final = frozenset({Kind.DATE, Kind.TIMESTAMP})
FOR_DATES: Final = frozenset({Masking.NONE, Masking.YEAR, Masking.SUPPRESS, Masking.KEYED_HASH})


class ReplyForm(Form):
    """A drafted reply: agree with terms, or refuse with a reason."""

    decision = django_forms.ChoiceField(label=gettext_lazy("拟定答复"), widget=django_forms.RadioSelect)
    items = django_forms.MultipleChoiceField(label=gettext_lazy("提供的信息项"), required=False)
    key_items = django_forms.MultipleChoiceField(label=gettext_lazy("查询条件项"), required=False)
    confirm_items = django_forms.MultipleChoiceField(label=gettext_lazy("仅供核对的信息项"), required=False)
    modes = django_forms.MultipleChoiceField(
        label=gettext_lazy("共享方式"), required=False, widget=django_forms.CheckboxSelectMultiple
    )
    purposes = django_forms.MultipleChoiceField(
        label=gettext_lazy("准许的使用用途"), required=False, widget=django_forms.CheckboxSelectMultiple
    )
    use_until = Day(label=gettext_lazy("使用截止日期"), required=False)
    calls_per_day = Whole(
        label=gettext_lazy("每日调用次数上限"), min_value=0, max_value=100_000_000, required=False,
        help_text=gettext_lazy("0 或不填为不限。"),
    )  # fmt: skip
    rows_per_batch = Whole(label=gettext_lazy("每批行数上限"), min_value=0, max_value=10_000_000_000, required=False)
    batches_per_day = Whole(label=gettext_lazy("每日批次上限"), min_value=0, max_value=10_000, required=False)
    scope = Paragraph(label=gettext_lazy("准许的使用范围"), max_length=LONGEST_TEXT, required=False)
    remarks = Paragraph(label=gettext_lazy("给申请方的说明"), max_length=LONGEST_TEXT, required=False)
    terms = django_forms.MultipleChoiceField(
        label=gettext_lazy("适用的共享条件"), required=False, widget=django_forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("只能适用目录所列的条件（条例第十五条）。"),
    )  # fmt: skip
    fee = Line(label=gettext_lazy("收费"), max_length=200, required=False)
    fee_basis = Paragraph(
        label=gettext_lazy("收费依据"), max_length=LONGEST_TEXT, required=False,
        help_text=gettext_lazy("法律、法规、规章另有规定的方可收费，请用书名号写明名称和条款。"),
    )  # fmt: skip
    reason = Paragraph(
        label=gettext_lazy("不同意的理由"), max_length=LONGEST_TEXT, required=False,
        help_text=gettext_lazy("须为实质理由；材料不全请改用一次性告知补正（条例第二十一条）。"),
    )  # fmt: skip
    basis = Paragraph(label=gettext_lazy("不同意的依据"), max_length=LONGEST_TEXT, required=False)

    def __init__(
        self, found: queries.CaseView, data: QueryDict | None = None, template: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=_initial(found) | dict(template or {}))
        self.found = found
        names = [name for name, item in found.items if item is not None]
        entry_items = [item.name for item in found.entry.items] if found.entry else []
        decisions = [("agree", _("同意共享")), ("refuse", _("不同意共享"))]
        if found.row.line.share_type == ShareType.UNCONDITIONAL:
            decisions = decisions[:1]
        choices: dict[str, list[tuple[str, str]]] = {
            "decision": decisions,
            "items": [(name, name) for name in names],
            "key_items": [(name, name) for name in entry_items],
            "confirm_items": [(name, name) for name in entry_items],
            "modes": mode_choices(found.entry.modes if found.entry else ()),
            "purposes": purpose_choices(),
            "terms": [(term, term) for term in conditions_of(found.entry.share_conditions if found.entry else "")],
        }
        if not found.row.fees:
            del self.fields["fee"], self.fields["fee_basis"]
        if not choices["terms"]:
            del choices["terms"], self.fields["terms"]
        for field, values in choices.items():
            self.fields[field].choices = values  # type: ignore[attr-defined]
        given = self.initial.get("conditions", ())
        self.conditions = ConditionsField(entry_items, data, given)

    def is_valid(self) -> bool:
        """Check the row conditions too."""
        valid = super().is_valid()
        if self.is_bound and not hasattr(self, "given_conditions"):
            self.given_conditions = self.conditions.conditions()
            for sentence in self.conditions.errors:
                self.add_error(None, sentence)
        return valid and not self.conditions.errors

    def lines(self) -> list[dict[str, Any]]:
        """Return one line per asked item: what it is, whether it is given, its masking and the maskings that fit."""
        chosen = set(self["items"].value() or ())
        keys = set(self["key_items"].value() or ())
        confirms = set(self["confirm_items"].value() or ())
        return [
            {
                "name": name,
                "item": item,
                "given": name in chosen,
                "key": name in keys,
                "confirm": name in confirms,
                "masking": self.masking(place, name),
                "maskings": _maskings(item.kind),
                "field": f"masking-{place}",
            }
            for place, (name, item) in enumerate(self.found.items)
            if item is not None
        ]

    def masking(self, place: int, name: str) -> str:
        """Return the masking chosen for an item, or the one it starts with."""
        if self.is_bound:
            return str(self.data.get(f"masking-{place}", Masking.NONE))
        return str(self.initial["maskings"].get(name, Masking.NONE))

    def reply(self) -> Reply:
        """Return the reply that the form says; unknown maskings count as none."""
        good = self.cleaned_data
        if good["decision"] == "refuse":
            return Reply(agree=False, reason=good["reason"], basis=good["basis"])
        places = {name: place for place, (name, _item) in enumerate(self.found.items)}
        return Reply(
            agree=True,
            items=tuple(GrantedItem(name, _masking(self.masking(places[name], name))) for name in good["items"]),
            conditions=self.given_conditions,
            key_items=tuple(good["key_items"]),
            confirm_items=tuple(good["confirm_items"]),
            modes=tuple(good["modes"]),
            purposes=tuple(good["purposes"]),
            use_until=good["use_until"],
            scope=good["scope"],
            remarks=good["remarks"],
            terms=tuple(good.get("terms", ())),
            fee=good.get("fee", ""),
            fee_basis=good.get("fee_basis", ""),
            quota=Quota(good["calls_per_day"] or 0, good["rows_per_batch"] or 0, good["batches_per_day"] or 0),
        )


def _masking(code: str) -> Masking:
    return Masking(code) if code in set(Masking) else Masking.NONE


def _maskings(kind: Kind) -> list[tuple[str, str]]:
    dated = kind in DATED
    fitting = [m for m in Masking if (m in FOR_DATES if dated else m is not Masking.YEAR)]
    return [(str(masking), _(MASKING_LABELS[masking])) for masking in fitting]


def _initial(found: queries.CaseView) -> dict[str, Any]:
    row = found.row
    if found.reply is not None:
        return _drafted(found.reply, row.use_until)
    keys = row.key_items or tuple(name for name, item in found.items if item is not None and item.key)
    return {
        "decision": "agree",
        "items": [name for name, item in found.items if item is not None],
        "maskings": {name: str(masking) for name, masking in found.maskings.items()},
        "key_items": list(keys),
        "confirm_items": [],
        "modes": list(row.modes),
        "purposes": list(row.purposes),
        "use_until": row.use_until,
        "scope": row.use_scope,
        "terms": list(conditions_of(found.entry.share_conditions)) if found.entry else [],
        "conditions": row.conditions,
    }


def _drafted(reply: Reply, until: Any) -> dict[str, Any]:
    return {
        "decision": "agree" if reply.agree else "refuse",
        "items": [given.item for given in reply.items],
        "maskings": {given.item: str(given.masking) for given in reply.items},
        "key_items": list(reply.key_items),
        "confirm_items": list(reply.confirm_items),
        "modes": list(reply.modes),
        "purposes": list(reply.purposes),
        "use_until": reply.use_until or until,
        "calls_per_day": reply.quota.calls_per_day,
        "rows_per_batch": reply.quota.rows_per_batch,
        "batches_per_day": reply.quota.batches_per_day,
        "scope": reply.scope,
        "remarks": reply.remarks,
        "terms": list(reply.terms),
        "fee": reply.fee,
        "fee_basis": reply.fee_basis,
        "reason": reply.reason,
        "basis": reply.basis,
        "conditions": [
            {"item": one.item, "operator": str(one.operator), "values": list(one.values)} for one in reply.conditions
        ],
    }


def reply(request: HttpRequest, request_id: int) -> HttpResponse:
    """Draft the reply; the button “预览” shows masked rows and writes nothing but its audit entry."""
    actor, now = faces.actor_of(request), clock.now()
    found = queries.case(request_id, actor, now)
    verbs = {button.verb for button in found.row.line.buttons}
    alone = "agree_directly" in verbs
    if request.method == "GET" and not alone and "prepare_reply" not in verbs:
        raise WrongState(_("当前不能拟定答复：申请不在受理中，或您不是提供方的经办人。"))
    form = ReplyForm(
        found, faces.posted(request), answer_templates.chosen(request, TemplateKind.AGREE, TemplateKind.REFUSE)
    )
    sample: actions.Sample | None = None
    refusal: Refusal | None = None
    if form.is_valid():
        if "preview" in request.POST:
            sample, refusal = _sample(form, request_id, request)
        else:
            with faces.told(form):
                said = (_answer_alone if alone else _prepare)(form.reply(), request_id, request)
                return faces.done(request, said, to=reverse("sharing_case", args=[request_id]))
    return faces.page(
        request,
        "sharing/reply.html",
        status=refusal.status if refusal else None,
        title=_("拟定答复：%s") % found.row.line.title,
        lead=_("%(number)s · %(consumer)s")
        % {"number": found.row.line.number, "consumer": found.row.line.consumer_name},
        crumbs=[
            (_("共享申请"), reverse("sharing_list")),
            (found.row.line.number, reverse("sharing_case", args=[request_id])),
            (_("拟定答复"), ""),
        ],
        case=found,
        asked=asked_facts(found),
        form=form,
        alone=alone,
        templates=queries.answer_templates(actor, TemplateKind.AGREE, TemplateKind.REFUSE),
        sample=sample,
        refusal=refusal,
    )


def _prepare(reply: Reply, request_id: int, request: HttpRequest) -> str:
    """Draft the reply for the head's decision; returns what is said."""
    actions.prepare_reply(request_id, by=faces.actor_of(request), at=clock.now(), reply=reply)
    return _("答复已拟定，请共享工作机构负责人同意。")


def _answer_alone(reply: Reply, request_id: int, request: HttpRequest) -> str:
    """Answer without a head's consent, where the profile of the case has it so; returns what is said."""
    answer = actions.agree_directly if reply.agree else actions.refuse_directly
    answer(request_id, by=faces.signed(request), at=clock.now(), reply=reply)
    return _("已答复申请方。")


def _sample(form: ReplyForm, request_id: int, request: HttpRequest) -> tuple[actions.Sample | None, Refusal | None]:
    try:
        drafted = form.reply()
        return actions.preview_reply(request_id, by=faces.actor_of(request), at=clock.now(), reply=drafted), None
    except Refusal as refusal:
        return None, refusal
