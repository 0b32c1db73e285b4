"""Asking for a resource: the request's form, the live list of what is missing, changing it before it is filed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from jutong.kernel import clock, faces
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import WrongState
from jutong.kernel.faces.answers import posted_files
from jutong.slices.agreements.queries import Frame
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.pages.forms import AskForm, as_far
from jutong.slices.sharing.pages.wording import share_type_label


def new(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Write a request for a published entry; without JavaScript the missing elements show when it is sent."""
    actor, now = faces.actor_of(request), clock.now()
    asking = queries.asking(entry_id, actor, now)
    today = beijing_day(now)
    initial = {"use_from": today, "use_until": today + timedelta(days=365), "items": []}
    earlier = queries.earlier(actor)
    if like := next((one for one in earlier if str(one.id) == request.GET.get("like", "")), None):
        initial |= like.words
    if frame := next((one for one in asking.frames if one.number == request.GET.get("agreement", "")), None):
        initial |= _framed(frame, today)
    form = AskForm(asking.entry, faces.posted(request), posted_files(request), initial=initial)
    if form.is_valid():
        with faces.told(form):
            uploads = form.cleaned_data["uploads"]
            if asking.direct:
                case = actions.obtain(by=actor, at=now, asked=form.asked(), uploads=uploads)
                return faces.done(request, _("数据已可获取。"), to=reverse("sharing_case", args=[case.pk]))
            codes = form.cleaned_data["others"].splitlines()
            cases = actions.write_several(by=actor, at=now, asked=form.asked(), codes=codes, uploads=uploads)
            said = _("申请已保存为草稿，请本部门共享工作机构负责人同意后提交。")
            if len(cases) > 1:
                said = _("已按资源分成 %d 件草稿，请本部门共享工作机构负责人同意后分别提交。") % len(cases)
                return faces.done(request, said, to=reverse("sharing_list") + "?side=consumer&state=draft")
            return faces.done(request, said, to=reverse("sharing_case", args=[cases[0].pk]))
    title = _("申请共享：%s") % asking.entry.title
    return _form_page(request, asking, form, title=title, earlier=earlier)


def _framed(frame: Frame, today: date) -> dict[str, Any]:
    """Return what a request under an agreement begins with: all that its line has, until the agreement ends."""
    line = frame.line
    return {
        "agreement": frame.number, "items": [given.item for given in line.items], "key_items": list(line.key_items),
        "modes": list(line.modes), "purposes": list(line.purposes), "conditions": msgspec.to_builtins(line.conditions),
        "use_basis": frame.basis, "use_scope": frame.scope, "use_until": max(today, frame.until),
    }  # fmt: skip


def change(request: HttpRequest, request_id: int) -> HttpResponse:
    """Change a request before it is filed; a consent given before lapses."""
    actor, now = faces.actor_of(request), clock.now()
    case = queries.case(request_id, actor, now)
    if request.method == "GET" and "change" not in {button.verb for button in case.row.line.buttons}:
        raise WrongState(_("申请提交后不能再修改；如需变更，请撤回后重新提出。"))
    asking = queries.asking(case.row.resource_id, actor, now)
    form = AskForm(
        asking.entry,
        faces.posted(request),
        posted_files(request),
        attached=case.files,
        initial=_initial(case),
    )
    if form.is_valid():
        with faces.told(form):
            uploads = form.cleaned_data["uploads"]
            actions.change_request(request_id, by=actor, at=now, asked=form.asked(), uploads=uploads)
            said = _("申请已修改；此前的负责人同意随之失效，请重新取得同意。")
            return faces.done(request, said, to=reverse("sharing_case", args=[request_id]))
    return _form_page(request, asking, form, title=_("修改申请：%s") % asking.entry.title, request_id=request_id)


def _initial(case: queries.CaseView) -> dict[str, Any]:
    row = case.row
    names = (
        "items", "key_items", "modes", "purposes", "duty", "use_basis", "use_scene", "use_scope", "use_from",
        "use_until", "personal_basis", "conditions", "commercial", "agreement",
    )  # fmt: skip
    return {
        **{name: getattr(row, name) for name in names},
        "kept": [file.id for file in case.files],
    }


def _form_page(
    request: HttpRequest,
    asking: queries.Asking,
    form: AskForm,
    *,
    title: str,
    request_id: int = 0,
    earlier: Sequence[queries.Earlier] = (),
) -> HttpResponse:
    actor, now = faces.actor_of(request), clock.now()
    data = faces.posted(request) or _as_data(dict(form.initial))
    asked = as_far(asking.entry, data, data.getlist)
    return faces.page(
        request,
        "sharing/ask.html",
        title=title,
        lead=_("%(provider)s · %(code)s · 第 %(version)d 版")
        % {"provider": asking.entry.provider_name, "code": asking.entry.code, "version": asking.entry.version},
        crumbs=[(_("共享申请"), reverse("sharing_list")), (title, "")],
        asking=asking,
        share_label=share_type_label(asking.entry.share_type),
        form=form,
        elements=queries.lacking(asked, asking.entry, actor, now),
        under=str(form["agreement"].value() or ""),
        request_id=request_id,
        earlier=earlier,
    )


def _as_data(initial: dict[str, Any]) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in initial.items():
        data.setlist(name, [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)])
    return data


@faces.rehearsal
def check(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Return the list of what a request still lacks (HTMX); nothing is written."""
    actor, now = faces.actor_of(request), clock.now()
    asking = queries.asking(entry_id, actor, now)
    data = faces.posted(request) or QueryDict()
    elements = queries.lacking(as_far(asking.entry, data, data.getlist), asking.entry, actor, now)
    return faces.partial(request, "sharing/missing.html", elements=elements)
