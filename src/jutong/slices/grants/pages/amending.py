"""Changing a grant within what was agreed: fewer items, stricter masking, fewer rows, a shorter term, lower quotas."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.kernel import clock, faces
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import WrongState
from jutong.kernel.faces.conditions import ConditionsField
from jutong.kernel.faces.forms import Day, Form, Paragraph, Whole
from jutong.kernel.terms import MASKING_LABELS, MODE_LABELS, DeliveryMode
from jutong.slices.grants import actions, queries, rules
from jutong.slices.standards import queries as standards
from jutong.wire.grants import Masking, Quota

QUOTAS = tuple(Quota.__struct_fields__)


class AmendForm(Form):
    """New terms: choices offer only what was agreed."""

    items = django_forms.MultipleChoiceField(label=gettext_lazy("提供的信息项"))
    key_items = django_forms.MultipleChoiceField(label=gettext_lazy("查询条件项"), required=False)
    confirm_items = django_forms.MultipleChoiceField(
        label=gettext_lazy("仅供核对的信息项"), required=False, widget=django_forms.CheckboxSelectMultiple
    )
    modes = django_forms.MultipleChoiceField(label=gettext_lazy("共享方式"), widget=django_forms.CheckboxSelectMultiple)
    purposes = django_forms.MultipleChoiceField(
        label=gettext_lazy("准许的使用用途"), widget=django_forms.CheckboxSelectMultiple
    )
    use_until = Day(label=gettext_lazy("使用截止日期"))
    calls_per_day = Whole(label=gettext_lazy("每日调用次数上限"), min_value=0, max_value=100_000_000, required=False)
    rows_per_batch = Whole(label=gettext_lazy("每批行数上限"), min_value=0, max_value=10_000_000_000, required=False)
    batches_per_day = Whole(label=gettext_lazy("每日批次上限"), min_value=0, max_value=10_000, required=False)
    remarks = Paragraph(label=gettext_lazy("说明"), max_length=2000, required=False)
    reason = Paragraph(
        label=gettext_lazy("调整理由"), max_length=1000, help_text=gettext_lazy("使用方将收到通知并看到这段文字。")
    )

    def __init__(self, found: queries.Adjustable, data: QueryDict | None) -> None:
        row, agreed = found.row, found.agreed
        self.columns = {column.item: column for column in agreed.items}
        self.present = {one["item"]: Masking(one["masking"]) for one in row.items}
        super().__init__(data, initial=_initial(row))
        choices: dict[str, list[tuple[str, str]]] = {
            "items": [(item, item) for item in self.columns],
            "key_items": [(item, item) for item in agreed.key_items],
            "confirm_items": [(item, item) for item in agreed.confirm_items],
            "modes": [(mode, _(MODE_LABELS[DeliveryMode(mode)])) for mode in agreed.modes],
            "purposes": [(code, standards.purpose_label(code)) for code in agreed.purposes],
        }
        for field, values in choices.items():
            self.fields[field].choices = values  # type: ignore[attr-defined]
        if not agreed.confirm_items:
            del self.fields["confirm_items"]
        for name in QUOTAS:
            most = getattr(agreed.quota, name)
            self.fields[name].help_text = _("原同意 %d") % most if most else _("0 或不填为不限。")
        self.conditions = ConditionsField(found.items, data, row.conditions)

    def is_valid(self) -> bool:
        """Check the row conditions too."""
        valid = super().is_valid()
        if self.is_bound and not hasattr(self, "given_conditions"):
            self.given_conditions = self.conditions.conditions()
            for sentence in self.conditions.errors:
                self.add_error(None, sentence)
        return valid and not self.conditions.errors

    def lines(self) -> list[dict[str, Any]]:
        """Return one line per agreed item: whether it stays, its masking and those that are not wider."""
        chosen, keys = set(self["items"].value() or ()), set(self["key_items"].value() or ())
        return [
            {
                "name": item,
                "given": item in chosen,
                "can_key": item in {value for value, _label in self.fields["key_items"].choices},  # type: ignore[attr-defined]
                "key": item in keys,
                "field": f"masking-{place}",
                "masking": self.masking(place, item),
                "maskings": [(str(m), _(MASKING_LABELS[m])) for m in rules.maskings_within(column)],
            }
            for place, (item, column) in enumerate(self.columns.items())
        ]

    def masking(self, place: int, item: str) -> str:
        """Return the masking chosen for an item, or the present one."""
        if self.is_bound:
            return str(self.data.get(f"masking-{place}", ""))
        return str(self.present.get(item, self.columns[item].masking))

    def adjustment(self) -> actions.Adjustment:
        """Return the new terms; an item whose masking is not one of those offered keeps the agreed one."""
        good = self.cleaned_data
        places = {item: place for place, item in enumerate(self.columns)}
        return actions.Adjustment(
            items=tuple(actions.Kept(item, self._masking(places[item], item)) for item in good["items"]),
            modes=tuple(good["modes"]),
            purposes=tuple(good["purposes"]),
            use_until=good["use_until"],
            conditions=self.given_conditions,
            key_items=tuple(good["key_items"]),
            confirm_items=tuple(good.get("confirm_items", ())),
            quota=Quota(*(good[name] or 0 for name in QUOTAS)),
            remarks=good["remarks"],
        )

    def _masking(self, place: int, item: str) -> Masking:
        chosen = self.masking(place, item)
        return Masking(chosen) if chosen in set(Masking) else self.columns[item].masking


def _initial(row: queries.GrantRow) -> dict[str, Any]:
    return {
        "items": [one["item"] for one in row.items],
        "use_until": row.last_day,
        **{name: list(getattr(row, name)) for name in ("key_items", "confirm_items", "modes", "purposes")},
        **{name: row.quota.get(name) or None for name in QUOTAS},
        "remarks": row.remarks,
    }


def amend(request: HttpRequest, grant_id: int) -> HttpResponse:
    """Change a grant's terms within what was agreed; the consumer is told."""
    actor, now = faces.actor_of(request), clock.now()
    found = queries.adjustable(grant_id, actor)
    row = found.row
    if request.method == "GET" and "amend" not in {button.verb for button in row.buttons}:
        raise WrongState(_("当前不能调整授权：授权不在有效状态，或您不是提供方共享工作机构负责人。"))
    form = AmendForm(found, faces.posted(request))
    if form.is_valid():
        with faces.told(form):
            reason = form.cleaned_data["reason"]
            actions.amend_grant(grant_id, by=actor, at=now, adjustment=form.adjustment(), reason=reason)
            return faces.done(request, _("授权已调整，使用方已收到通知。"), to=reverse("grant", args=[grant_id]))
    title = _("调整授权：%s") % row.resource_title
    return faces.page(
        request,
        "grants/amend.html",
        title=title,
        lead=_("%(reference)s · %(consumer)s · 现为第 %(version)d 版，原同意用至 %(until)s")
        % {
            "reference": row.reference,
            "consumer": row.consumer_name,
            "version": row.version,
            "until": beijing_day(found.agreed.valid_until - rules.INSTANT),
        },
        crumbs=[
            (_("授权"), reverse("grants_list")),
            (row.reference, reverse("grant", args=[grant_id])),
            (_("调整授权"), ""),
        ],
        form=form,
        grant=row,
    )
