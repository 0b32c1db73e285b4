"""The editor of a region's rules: stricter values and internal targets, proposed, compared, issued from a coming day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_POST

from jutong.kernel import clock
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed
from jutong.kernel.faces import Form, actor_of, done, page, posted, told
from jutong.kernel.faces.forms import Day, Line, Paragraph, Whole
from jutong.slices.standards import actions, queries
from jutong.slices.standards.pages.policies import overrides_in
from jutong.slices.standards.workflow import PROFILE_DRAFTERS, PROFILE_KEEPERS

OWN, TARGET = "own-", "target-"


class Rules(Form):
    """A region's own values: a field per parameter and per target, empty for none."""

    basis = Line(
        label=_l("本地规定的名称或文号"),
        required=False,
        max_length=200,
        help_text=_l("作为更严取值的依据，显示在每个期限旁"),
    )
    others = Paragraph(
        label=_l("其他参数"),
        required=False,
        max_length=4000,
        help_text=_l("上面没有列出的参数，每行一项，写作“参数名=值”；只能比所选规则和条例更严。"),
    )

    def __init__(self, seen: queries.Editor, data: QueryDict | None) -> None:
        self.seen = seen
        lines = "\n".join(f"{name}={_typed(value)}" for name, value in seen.others.items())
        super().__init__(data, initial={"basis": seen.basis, "others": lines})
        for row in seen.rows:
            self.fields[OWN + row.key] = _field(row)
        for target in seen.targets:
            self.fields[TARGET + target.code] = Whole(label=target.label, required=False, initial=target.days)

    def clean_others(self) -> dict[str, Any]:
        """Return {parameter: value}."""
        return overrides_in(self.cleaned_data["others"])

    @property
    def overrides(self) -> dict[str, Any]:
        """What was given, as profiles have it: {parameter: value}, or {parameter: {kind: value}}."""
        found: dict[str, Any] = dict(self.cleaned_data["others"])
        for row in self.seen.rows:
            value = self.cleaned_data[OWN + row.key]
            if value in (None, ""):
                continue
            name, _colon, kind = row.key.partition(":")
            plain = {"true": True, "false": False}.get(value, value) if row.type == "bool" else value
            if kind:
                found.setdefault(name, {})[kind] = plain
            else:
                found[name] = plain
        return found

    @property
    def targets(self) -> dict[str, int]:
        """Targets in working days by code."""
        given = {target.code: self.cleaned_data[TARGET + target.code] for target in self.seen.targets}
        return {code: days for code, days in given.items() if days is not None}

    @property
    def sections(self) -> list[tuple[str, int, list[tuple[queries.AdjustableRow, forms.BoundField]]]]:
        """Rows with their fields under their headings, and how many are set."""
        return [
            (title, sum(row.own is not None for row in rows), [(row, self[OWN + row.key]) for row in rows])
            for title, rows in self.seen.sections
        ]

    @property
    def wished(self) -> list[forms.BoundField]:
        """The fields of the targets."""
        return [self[TARGET + target.code] for target in self.seen.targets]


def _typed(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _field(row: queries.AdjustableRow) -> forms.Field:
    field = _plain(row)
    field.widget.attrs["class"] = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
    return field


def _plain(row: queries.AdjustableRow) -> forms.Field:
    none = ("", _("不另作规定"))
    if row.type == "bool":
        choices = [none, ("true", _("是")), ("false", _("否"))]
        own = "" if row.own is None else str(row.own).lower()
        return forms.ChoiceField(label=row.label, required=False, choices=choices, initial=own)
    if row.type == "code":
        return forms.ChoiceField(label=row.label, required=False, choices=[none, *row.choices], initial=row.own or "")
    if row.type == "years":
        return forms.FloatField(label=row.label, required=False, initial=row.own)
    return Whole(label=row.label, required=False, initial=row.own)


class Issue(Form):
    """From when on."""

    effective_from = Day(label=_l("生效日期"), help_text=_l("今天之后；此前开始的事项按原规则办理"))


def edit(request: HttpRequest) -> HttpResponse:
    """Propose a region's own rules."""
    actor, at = actor_of(request), clock.now()
    if request.method == "GET" and PROFILE_DRAFTERS.permits(actor, None) is None:
        raise NotAllowed(_("您没有进行该操作的权限：需要%s。") % _(PROFILE_DRAFTERS.label))
    region = request.GET.get("region") or actor.region
    seen = queries.profile_editor(region[:12], at)
    form = Rules(seen, posted(request))
    if form.is_bound and form.is_valid():
        with told(form):
            made = actions.draft_profile(
                region=seen.region,
                profile=seen.profile,
                overrides=form.overrides,
                targets=form.targets,
                basis=form.cleaned_data["basis"],
                by=actor,
                at=at,
            )
            return done(request, _("草案已保存，请核对后发布。"), to=reverse("policy_draft", args=[made.pk]))
    title = _("%s的本地规则") % seen.region_name
    crumbs = [(_("政策规则"), reverse("policy")), (title, "")]
    return page(request, "standards/policy_edit.html", title=title, form=form, seen=seen, crumbs=crumbs)


def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what proposed rules would change; issue them."""
    actor, at = actor_of(request), clock.now()
    form = Issue(posted(request), initial={"effective_from": beijing_day(at) + timedelta(days=1)})
    if form.is_bound and form.is_valid():
        with told(form):
            row = actions.issue_profile(pk, effective_from=form.cleaned_data["effective_from"], by=actor, at=at)
            sentence = _("本地规则已发布，自 %s 起适用于新发生的事项；在办事项按原规则办理。") % row.effective_from
            return done(request, sentence, to=reverse("policy") + f"?region={row.region}")
    seen, changes = queries.profile_draft(pk, at)
    title = _("%s的本地规则草案") % seen.region_name
    return page(
        request,
        "standards/policy_draft.html",
        title=title,
        seen=seen,
        changes=changes,
        form=form,
        may_draft=PROFILE_DRAFTERS.permits(actor, None) is not None,
        may_issue=PROFILE_KEEPERS.permits(actor, None) is not None,
        crumbs=[(_("政策规则"), reverse("policy")), (title, "")],
    )


@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Drop proposed rules."""
    actions.discard_profile(pk, by=actor_of(request), at=clock.now())
    return done(request, _("草案已删除，现行规则不变。"), to=reverse("policy"))


urlpatterns: list[URLPattern] = [
    path("policy-edit", edit, name="policy_edit"),
    path("policy-drafts/<int:pk>", draft, name="policy_draft"),
    path("policy-drafts/<int:pk>/discard", discard, name="policy_draft_discard"),
]
