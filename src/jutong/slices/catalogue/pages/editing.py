"""Writing an entry: new, edit, live checks while typing, another row of items, copy, discard."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock
from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import NotAllowed, RuleBroken
from jutong.kernel.faces import actor_of, done, page, partial, posted, rehearsal, told
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.pages.forms import EntryForm, Items, asked_id, asked_number, asked_text, place_of
from jutong.slices.catalogue.pages.specified import own_start
from jutong.slices.catalogue.queries.entries import OpinionRow
from jutong.slices.catalogue.queries.versions import label_of
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.obligations import MOST_ITEMS
from jutong.slices.catalogue.rules.specified import own_elements

_EMPTY = Content(title="")
EDITS = frozenset({"edit", "correct", "amend", "amend_revision"})
"""Moves that the editing page makes."""


def _own_department(actor: Actor) -> int:
    post = actor.post(Role.DATA_OFFICER, actor.department_id) or actor.post(Role.DATA_OFFICER)
    if post is None or post.department_id is None:
        raise NotAllowed(_("只有部门的数据专员可以编制目录。"))
    return post.department_id


def new(request: HttpRequest) -> HttpResponse:
    """Write a new entry of the actor's department, its name filled in where a link gives one."""
    actor = actor_of(request)
    department = _own_department(actor)

    def act(content: Content, _form: EntryForm) -> str:
        entry = actions.compile_entry(by=actor, at=clock.now(), provider_id=department, content=content)
        return reverse("catalogue_entry", args=[entry.pk])

    start = msgspec.structs.replace(_EMPTY, title=asked_text(request, "title"))
    return _written(request, start, 0, act, _("新建目录"), back=reverse("catalogue_own"))


def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Edit an entry; the version that was shown must still be the newest."""
    actor = actor_of(request)
    seen = queries.entry(pk, actor=actor, at=clock.now())
    if request.method == "GET" and not {button.verb for button in seen.buttons} & EDITS:
        raise NotAllowed(_("现在不能编辑该目录：须由提供部门的数据专员在草稿、修订或退回状态下编辑。"))

    def act(content: Content, form: EntryForm) -> str:
        actions.edit_entry(pk, by=actor, at=clock.now(), content=content, expected_version=form.cleaned_data["version"])
        return reverse("catalogue_entry", args=[pk])

    return _written(
        request,
        seen.content,
        seen.version_number,
        act,
        _("编辑目录"),
        back=reverse("catalogue_entry", args=[pk]),
        pk=pk,
        sent_back=seen.sent_back,
    )


def _written(
    request: HttpRequest,
    present: Content,
    version: int,
    act: Any,
    title: str,
    *,
    back: str,
    pk: int = 0,
    sent_back: OpinionRow | None = None,
) -> HttpResponse:
    given = queries.specification_of(actor_of(request), clock.now())
    form = EntryForm(posted(request), initial=EntryForm.start(present, version), specification=given)
    start = [
        {name: getattr(item, name) for name in Items.form.base_fields} | own_start(item.extra) for item in present.items
    ]
    items: Any = Items(posted(request), initial=start, prefix="items", form_kwargs={"specification": given})
    if form.is_bound and form.is_valid() and items.is_valid():
        with told(form):
            return done(request, _("已保存。"), to=act(_content(present, form, items), form))
    status = None if not form.is_bound or form.errors else 422 if not items.is_valid() else None
    form.remark(sent_back.remarks if sent_back else ())
    own = [_(element.label) for element in own_elements(given, "item")]
    return page(
        request, "catalogue/edit.html", title=title, form=form, items=items, own_items=own, back=back, pk=pk,
        status=status, wrong_items=items.wrong() if form.is_bound else (), sent_back=sent_back,
        remarks=remarked(sent_back), seen_as=actor_of(request).account_id,
    )  # fmt: skip


def remarked(sent_back: OpinionRow | None) -> list[tuple[str, str, str]]:
    """Return what a return says of single elements as (place on the editing page, element, text)."""
    return [(place_of(name), label_of(name), text) for name, text in sent_back.remarks] if sent_back else []


def _content(present: Content, form: EntryForm, items: Any) -> Content:
    return msgspec.structs.replace(present, **form.stated(present), items=items.items(present.items))


@require_POST
@rehearsal
def check(request: HttpRequest) -> HttpResponse:
    """Say what would keep the posted entry from being submitted; nothing is stored."""
    actor = actor_of(request)
    data: QueryDict = request.POST
    given = queries.specification_of(actor, clock.now())
    form = EntryForm(data, specification=given)
    items: Any = Items(data, prefix="items", form_kwargs={"specification": given})
    valid = form.is_valid() and items.is_valid()
    content = _content(_EMPTY, form, items) if valid else None
    lacking = queries.lacking(content, actor=actor, at=clock.now()) if content else ()
    doubts = queries.doubts(content, actor=actor, at=clock.now()) if content else ()
    sentences = [(place_of(name), sentence) for name, sentence in lacking] + items.wrong()
    sentences += [(form[name].auto_id, str(error)) for name, errors in form.errors.items() for error in errors]
    title = str(form.cleaned_data.get("title", ""))
    alike = queries.alike(title, actor=actor, entry_id=asked_id(request, "entry"))
    return partial(request, "catalogue/checks.html", sentences=sentences, doubts=doubts, alike=alike)


@require_GET
def row(request: HttpRequest) -> HttpResponse:
    """Answer with more empty rows of items, one or `more`; `n` is how many there are."""
    given = queries.specification_of(actor_of(request), clock.now())
    first, more = asked_number(request, "n", 0), asked_number(request, "more")
    if first + more > MOST_ITEMS:
        raise RuleBroken(_("一条目录最多 %d 个信息项，请分为几条目录编制。") % MOST_ITEMS, field="items")
    forms = [Items.form(prefix=f"items-{place}", specification=given) for place in range(first, first + more)]
    return partial(request, "catalogue/item_row.html", forms=forms, total=first + more, fresh=True)


@require_POST
def copy(request: HttpRequest, pk: int) -> HttpResponse:
    """Start a draft from another entry."""
    actor = actor_of(request)
    entry = actions.copy_entry(pk, by=actor, at=clock.now(), provider_id=_own_department(actor))
    return done(request, _("已复制为新的草稿。"), to=reverse("catalogue_edit", args=[entry.pk]))


@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a draft that was never submitted."""
    actions.discard_draft(pk, by=actor_of(request), at=clock.now())
    return done(request, _("草稿已删除。"), to=reverse("catalogue_own"))
