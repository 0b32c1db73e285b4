"""Pages of grants: the list as consumer and provider, one grant with its versions, and the moves that are open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from jutong.kernel import clock, faces, panels
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Refusal
from jutong.kernel.faces import downloads
from jutong.kernel.faces.conditions import condition_in_words
from jutong.kernel.faces.deeds import Deed, OpenDeed, deed_called, done_or_shown
from jutong.kernel.faces.forms import Form, Line, Paragraph, Whole
from jutong.kernel.faces.pieces import Change, Fact, Tab
from jutong.kernel.paging import LARGEST, every
from jutong.kernel.terms import MASKING_LABELS, MODE_LABELS, N_, DeliveryMode, Masking
from jutong.slices.grants import actions, queries
from jutong.slices.grants.rules import OWN_GROUNDS
from jutong.slices.grants.workflow import CONSUMER_HEAD, GRANT, PROVIDER_HEAD
from jutong.slices.standards import queries as standards

SIDES: Final = {"": N_("全部"), "consumer": N_("我方使用"), "provider": N_("我方提供")}
TERMS: Final = {
    "items": N_("信息项与脱敏"),
    "conditions": N_("行条件"),
    "key_items": N_("查询条件项"),
    "confirm_items": N_("仅供核对的信息项"),
    "modes": N_("共享方式"),
    "purposes": N_("准许的使用用途"),
    "quota": N_("额度"),
    "valid_from": N_("起始时间"),
    "valid_until": N_("截止时间"),
    "basis": N_("使用依据"),
    "scope": N_("使用范围"),
    "remarks": N_("说明"),
    "listing": N_("逐页列出"),
    "portal": N_("用于政务服务事项办理"),
    "endpoints": N_("可直通的接口"),
    "marked": N_("溯源水印"),
    "notice": N_("使用须知"),
    "receiver_key": N_("接收公钥"),
}
QUOTAS: Final = {
    "calls_per_day": N_("每日 %d 次调用"),
    "rows_per_batch": N_("每批 %d 行"),
    "batches_per_day": N_("每日 %d 批"),
}


class Filter(Form):
    """What is looked for."""

    side = django_forms.ChoiceField(required=False, choices=list(SIDES.items()), widget=django_forms.HiddenInput)
    q = Line(label=gettext_lazy("资源名称或目录编号"), max_length=100, required=False)
    state = django_forms.ChoiceField(label=gettext_lazy("状态"), required=False)
    page = Whole(label=gettext_lazy("页码"), required=False, min_value=1, widget=django_forms.HiddenInput)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        states = [(name, _(label)) for name, label in GRANT.states.items()]
        self.fields["state"].choices = [("", _("全部状态")), *states]  # type: ignore[attr-defined]


class ReasonForm(Form):
    """Why access stops, ends or comes back; the other side reads it."""

    reason = Paragraph(label=gettext_lazy("理由"), max_length=1000, help_text=gettext_lazy("对方将看到这段文字。"))


class FinishForm(ReasonForm):
    """Why the consumer ends its use."""

    ground = django_forms.ChoiceField(
        label=gettext_lazy("情形"),
        choices=lambda: [("", _("请选择")), *((code, _(label)) for code, label in OWN_GROUNDS.items())],
    )
    field_order = ("ground", "reason")


DEEDS: Final[dict[str, Deed[Form]]] = {
    "suspend": Deed(
        ReasonForm,
        actions.suspend_grant,
        N_("授权已暂停，两秒内停止全部调用、传输和下载。"),
        "",
        N_("因数据核查、系统检修等暂停提供；使用方违规使用的，请登记违规使用案件，认定后限期整改（条例第二十七条）。"),
    ),
    "restore": Deed(
        ReasonForm, actions.restore_grant, N_("授权已恢复。"), "primary", N_("恢复后按原期限继续，不顺延。")
    ),
    "revoke": Deed(
        ReasonForm,
        actions.revoke_grant,
        N_("授权已撤销，两秒内停止全部调用、传输和下载。"),
        "danger",
        N_("依据消失或服务终止的，撤销授权；撤销后不能恢复。"),
    ),
    "finish": Deed(
        FinishForm,
        actions.finish_grant,
        N_("已结束使用，请按规定处置已取得的数据。"),
        "danger",
        N_("用途已实现、无法实现或不再必要的，应当结束使用并处置数据（条例第二十七条）。"),
    ),
}


@require_safe
def grants(request: HttpRequest) -> HttpResponseBase:
    """List the grants the actor may know; with `format=xlsx` as Excel."""
    form = Filter(request.GET)
    form.is_valid()
    good, actor = form.cleaned_data, faces.actor_of(request)
    side = good.get("side", "")
    wanted = {"side": side, "state": good.get("state", ""), "text": good.get("q", "")}
    if request.GET.get("format") == "xlsx":
        return _sheet(every(lambda one: queries.grants(actor, number=one, size=LARGEST, **wanted)))
    rows, meta = queries.grants(actor, number=good.get("page") or 1, **wanted)
    return faces.page(
        request,
        "grants/list.html",
        title=_("授权"),
        lead=_("同意共享的申请即成授权：谁、能用哪些项、脱敏到什么程度、用到何时。"),
        crumbs=[(_("共享"), ""), (_("授权"), "")],
        form=form,
        tabs=[Tab(_(label), f"?side={name}" if name else "?", current=name == side) for name, label in SIDES.items()],
        rows=rows,
        meta=meta,
    )


def _sheet(rows: Iterable[queries.GrantRow]) -> HttpResponseBase:
    headers = [_("编号"), _("版本"), _("资源"), _("目录编号"), _("提供方"), _("使用方"), _("状态"), _("信息项"), _("共享方式"),
               _("准许的使用用途"), _("起始时间"), _("截止日期"), _("累计调用（次）"), _("累计行数")]  # fmt: skip
    lines = (
        (r.reference, r.version, r.resource_title, r.entry_code, r.provider_name, r.consumer_name, r.state_label,
         _("、").join(item["item"] for item in r.items),
         _("、").join(_(MODE_LABELS[DeliveryMode(mode)]) for mode in r.modes),
         standards.purposes_in_words(r.purposes), r.valid_from, r.last_day, r.calls, r.rows)
        for r in rows
    )  # fmt: skip
    return downloads.xlsx(_("授权.xlsx"), headers, lines, sheet=_("授权"))


@require_safe
def grant(request: HttpRequest, grant_id: int) -> HttpResponse:
    """Show a grant."""
    return _show(request, grant_id)


@require_POST
def deed(request: HttpRequest, grant_id: int, verb: str) -> HttpResponse:
    """Make a move with its reason; a refusal is shown in place, with its status."""
    known = deed_called(verb, DEEDS)
    form = known.form(faces.posted(request))
    to, show = reverse("grant", args=[grant_id]), partial(_show, request, grant_id)
    return done_or_shown(request, verb, known, form, pk=grant_id, to=to, show=show)


def _show(
    request: HttpRequest, grant_id: int, *, tried: tuple[str, Form] | None = None, refusal: Refusal | None = None
) -> HttpResponse:
    actor, now = faces.actor_of(request), clock.now()
    found = queries.detail(grant_id, actor)
    row = found.row
    status = refusal.status if refusal else faces.answers.form_status(tried[1]) if tried else None
    return faces.page(
        request,
        "grants/grant.html",
        status=status,
        title=row.resource_title,
        lead=_("%(reference)s · %(provider)s 授权 %(consumer)s · 第 %(version)d 版")
        % {
            "reference": row.reference,
            "provider": row.provider_name,
            "consumer": row.consumer_name,
            "version": row.version,
        },
        crumbs=[(_("授权"), reverse("grants_list")), (row.reference, "")],
        grant=row,
        side=found.side,
        items=[(one["item"], _masking(one["masking"]), one["item"] in row.key_items) for one in row.items],
        facts=_facts(row),
        figures=_use(row),
        versions=[_version(one) for one in found.history],
        deeds=[
            _open_deed(row, button.verb, button.label, tried) for button in row.buttons if _offered(row, button.verb)
        ],
        adjusts=any(button.verb == "amend" for button in row.buttons),
        marks=DeliveryMode.BATCH_DOWNLOAD in row.modes and PROVIDER_HEAD.permits(actor, row) is not None,
        receives=DeliveryMode.BATCH_DOWNLOAD in row.modes and CONSUMER_HEAD.permits(actor, row) is not None,
        refusal=refusal,
        panels=panels.filled("grant", actor, now, grant_id=grant_id),
    )


def _offered(row: queries.GrantRow, verb: str) -> bool:
    """Tell whether a move is made here: what a case keeps suspended is restored by that case alone."""
    return verb in DEEDS and not (verb == "restore" and row.held_by)


def _open_deed(row: queries.GrantRow, verb: str, label: str, tried: tuple[str, Form] | None) -> OpenDeed[Form]:
    asked = tried is not None and tried[0] == verb
    known = DEEDS[verb]
    form = tried[1] if tried and asked else known.form(auto_id=f"id_{verb}_%s")
    url = reverse("grant_deed", args=[row.id, verb])
    return known.offered(verb, form, url=url, label=label, asked=asked)


def _facts(row: queries.GrantRow) -> list[Fact]:
    kind, _colon, case = row.case_ref.partition(":")
    pages = {"sharing_request": "requests", "dispute": "disputes"}
    source = Fact(_("来源"), row.origin, url=f"/sharing/{pages[kind]}/{case}/" if kind in pages else "")
    facts = [
        Fact(_("目录编号"), row.entry_code),
        Fact(
            _("使用时限"),
            _("%(first)s 至 %(last)s") % {"first": beijing_day(row.valid_from), "last": row.last_day},
        ),
        Fact(_("共享方式"), _in_words("modes", row.modes)),
        Fact(_("准许的使用用途"), _in_words("purposes", row.purposes)),
        Fact(_("查询条件项"), _("、").join(row.key_items)),
        Fact(_("仅供核对的信息项"), _("、").join(row.confirm_items)),
        Fact(_("行条件"), _in_words("conditions", row.conditions)),
        Fact(_("额度"), _in_words("quota", row.quota)),
        Fact(_("使用依据"), row.basis),
        Fact(_("使用范围"), row.scope),
        Fact(_("说明"), row.remarks),
        Fact(_("可直通的接口"), _("、").join(row.endpoints)),
        Fact(_("溯源水印"), _("加") if row.marked else ""),
        Fact(_("使用须知"), row.notice),
        Fact(_("接收公钥"), _begun(row.receiver_key)),
    ]
    return [*facts, source]


def _moment(value: Any) -> str:
    from jutong.kernel.faces.templatetags.jutong import moment

    return moment(value)


def _use(row: queries.GrantRow) -> dict[str, object]:
    return {
        _("累计调用"): _("%s 次") % f"{row.calls:,}",
        _("累计行数"): _("%s 行") % f"{row.rows:,}",
        _("最近使用"): _moment(row.last_used_at),
    }


def _masking(code: str) -> str:
    return _(MASKING_LABELS[Masking(code)])


def _in_words(name: str, value: Any) -> str:
    """Return a term of a grant in words."""
    return _WORDS.get(name, _joined)(value)


def _quota(value: Mapping[str, int]) -> str:
    said = [_(words) % value[part] for part, words in QUOTAS.items() if value.get(part)]
    return "，".join(said) or _("不限")


def _stored_moment(value: Any) -> str:
    return _moment(datetime.fromisoformat(value) if isinstance(value, str) else value)


def _joined(value: Any) -> str:
    """Return a text, or texts joined; a version made before there was such a term has nothing."""
    return value if isinstance(value, str) else _("、").join(str(one) for one in value or ())


def _begun(value: str | None) -> str:
    """Return how a long key begins: enough to compare, and no wider than a telephone."""
    return f"{value[:16]}…" if value else ""


_WORDS: Final[dict[str, Callable[[Any], str]]] = {
    "items": lambda value: "\n".join(f"{one['item']}（{_masking(one['masking'])}）" for one in value),
    "conditions": lambda value: "\n".join(
        condition_in_words(one["item"], one["operator"], one.get("values", ())) for one in value
    ),
    "modes": lambda value: _("、").join(_(MODE_LABELS[DeliveryMode(mode)]) for mode in value),
    "purposes": standards.purposes_in_words,
    "quota": _quota,
    "receiver_key": _begun,
    "valid_from": _stored_moment,
    "valid_until": _stored_moment,
    **dict.fromkeys(("listing", "portal", "marked"), lambda value: _("是") if value else _("否")),
}


def _version(one: queries.Changed) -> tuple[queries.VersionRow, list[Change]]:
    return one.version, [
        Change(_(TERMS.get(name, name)), _in_words(name, old), _in_words(name, new)) for name, old, new in one.terms
    ]
