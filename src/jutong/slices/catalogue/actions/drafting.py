"""Compiling, editing, copying and withdrawing entries: the provider's own work."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import msgspec
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from jutong.kernel.actions import action
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.terms import N_
from jutong.slices.catalogue.actions.coding import check_title_free
from jutong.slices.catalogue.actions.following import follow_catalogue
from jutong.slices.catalogue.actions.observing import end_pulse
from jutong.slices.catalogue.actions.refusing import refuse
from jutong.slices.catalogue.actions.regrading import note_regraded, refuse_unreasoned
from jutong.slices.catalogue.actions.sourcing import end_claims
from jutong.slices.catalogue.actions.storing import add_version, describe, digest_of, unlist
from jutong.slices.catalogue.actions.turning import end_turns
from jutong.slices.catalogue.actions.updating import note_done
from jutong.slices.catalogue.formats.wording import said
from jutong.slices.catalogue.models import Entry
from jutong.slices.catalogue.queries.contents import content_of
from jutong.slices.catalogue.queries.leading import registrars
from jutong.slices.catalogue.queries.specified import duties_at, duties_in
from jutong.slices.catalogue.queries.zones import here
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.differences import lapses
from jutong.slices.catalogue.rules.obligations import Obligations, stamped
from jutong.slices.catalogue.rules.purposes import unlisted
from jutong.slices.catalogue.rules.shape import shape
from jutong.slices.catalogue.rules.text import clean_title
from jutong.slices.catalogue.rules.zones import misplaced
from jutong.slices.catalogue.workflow import ENTRY, PROVIDER
from jutong.slices.parties import queries as parties


@ENTRY.opens("compile")
def compile_entry(*, by: Actor, at: datetime, provider_id: int, content: Content, note: str = "") -> Entry:
    """Start an entry of a department as its draft (national-2025#12); the type is proposed, not confirmed (R-CAT-034).

    RuleBroken for what no draft may have, Conflict for a title the department already uses.
    """
    provider = parties.department(provider_id)
    entry = Entry(
        region=provider.region,
        provider_id=provider.id,
        provider_name=provider.name,
        registrar_id=registrars(provider.region, [provider.id])[provider.id],
        created_at=at,
        started_on=beijing_day(at),
        zone=here(),
    )
    content = _fit(content, duties_in(provider.region, at))
    describe(entry, content, at)
    check_title_free(entry)
    try:
        with transaction.atomic():
            entry.save()
    except IntegrityError as twice:
        raise Conflict(_("同名目录刚刚已由他人建立，请刷新后查看。")) from twice
    add_version(entry, content, by=by, at=at, note=note or _("新建"))
    return entry


def _fit(content: Content, duties: Obligations, *, held: Collection[str] = ()) -> Content:
    """Return the content as a draft may hold it, under the specification in force (R-CAT-050), or refuse it.

    held: purposes of use that it named before.
    """
    for finding in misplaced(content, here=duties.zone, platforms=duties.platforms):
        raise NotAllowed(said(finding))
    content = stamped(msgspec.structs.replace(content, title=clean_title(content.title)), duties)
    refuse(shape(content, categories=duties.categories, specification=duties.specification))
    refuse(unlisted(content, duties.specification, held=held))
    return content


def edit_entry(
    entry_id: int, *, by: Actor, at: datetime, content: Content, expected_version: int | None = None, note: str = ""
) -> Entry:
    """Store a new version of an entry by its provider (R-CAT-007).

    An edit that changes items, sharing, conditions or level makes assessment and approval lapse (W01); the entry then
    is a draft again. Conflict when somebody else edited since `expected_version`; the same content changes nothing.
    """
    entry = Entry.objects.filter(pk=entry_id).first()
    if entry is None:
        raise NotThere(_("没有找到该目录条目，或您无权知悉。"))
    verb = _verb_for(entry, content)
    body = {"edit": edit, "correct": correct, "amend": amend, "amend_revision": amend_revision}[verb]
    return body(entry_id, by=by, at=at, content=content, expected_version=expected_version, note=note)


def _verb_for(entry: Entry, content: Content) -> str:
    if entry.state in {"draft", "revising"}:
        return "edit"
    if entry.state in {"assessed", "leader_approved"} and not lapses(content_of(entry.working_id or 0), content):
        return "correct"
    return "amend" if entry.published_id is None else "amend_revision"


def _save_content(
    case: Entry, *, by: Actor, at: datetime, content: Content, expected_version: int | None, note: str
) -> None:
    if expected_version is not None and expected_version != case.version:
        raise Conflict(
            _("此目录已由他人保存为第 %(now)d 版，您编辑的是第 %(yours)d 版；请刷新页面，核对差异后重新填写。")
            % {"now": case.version, "yours": expected_version}
        )
    before = content_of(case.working_id or 0)
    content = _fit(content, duties_at(case, at), held=before.use_purposes)
    _check_prohibition(case, content)
    if case.working and digest_of(content) == case.working.digest:
        return
    refuse_unreasoned(case, content, note)
    describe(case, content, at)
    check_title_free(case)
    add_version(case, content, by=by, at=at, note=note)
    note_regraded([(case, before, content)], note, by=by, at=at)
    case.warnings = []


def _check_prohibition(case: Entry, content: Content) -> None:
    """After a review found no express prohibition, only conditional or unconditional can be chosen (R-CAT-053)."""
    last = case.opinions.filter(kind="return").order_by("-at").first()
    if content.share_type == "withheld" and last and last.detail.get("express_prohibition") is False:
        raise RuleBroken(_("审核认定所引条款不属于明确禁止提供，只能选择有条件共享或无条件共享。"), field="share_type")


@ENTRY.action("edit")
def edit(
    case: Entry, *, by: Actor, at: datetime, content: Content, expected_version: int | None = None, note: str = ""
) -> None:
    """Edit a draft or a revision; call `edit_entry`, which knows which edit it is."""
    _save_content(case, by=by, at=at, content=content, expected_version=expected_version, note=note)


@ENTRY.action("correct")
def correct(
    case: Entry, *, by: Actor, at: datetime, content: Content, expected_version: int | None = None, note: str = ""
) -> None:
    """Correct wording after assessment; anything that would make the approval lapse is refused (R-CAT-052)."""
    if lapses(content_of(case.working_id or 0), content):
        raise WrongState(_("修改了信息项、共享类型、使用条件或分级，须重新评估和审核，请刷新后重新保存。"))
    _save_content(case, by=by, at=at, content=content, expected_version=expected_version, note=note)


@ENTRY.action("amend")
def amend(
    case: Entry, *, by: Actor, at: datetime, content: Content, expected_version: int | None = None, note: str = ""
) -> None:
    """Amend an entry that was assessed, approved or returned; it is a draft again (W01)."""
    _save_content(case, by=by, at=at, content=content, expected_version=expected_version, note=note)


@ENTRY.action("amend_revision")
def amend_revision(
    case: Entry, *, by: Actor, at: datetime, content: Content, expected_version: int | None = None, note: str = ""
) -> None:
    """Amend a revision that was assessed, approved or returned; the published version stays in force."""
    _save_content(case, by=by, at=at, content=content, expected_version=expected_version, note=note)


def copy_entry(entry_id: int, *, by: Actor, at: datetime, provider_id: int) -> Entry:
    """Start a new draft from what another entry states; its title is marked, its code and history stay behind."""
    source = Entry.objects.filter(pk=entry_id).first()
    if source is None or (ENTRY.visible and not ENTRY.visible(by, source)):
        raise NotThere(_("没有找到该目录条目，或您无权知悉。"))
    content = content_of((source.working_id if source.provider_id == provider_id else source.published_id) or 0)
    title = _("%s（副本）") % content.title
    fresh = msgspec.structs.replace(content, title=title[:200], share_confirmed=False, class_code="", related_codes=())
    return compile_entry(by=by, at=at, provider_id=provider_id, content=fresh, note=_("复制自“%s”") % source.title[:80])


@ENTRY.action("withdraw")
def withdraw(case: Entry, *, by: Actor, at: datetime, reason: str = "", successor: str = "") -> None:
    """Withdraw an entry whose service was ended by W15: no longer offered, history kept (inner-mongolia-2018#18).

    reason: required. successor: code of the published entry it is merged into; its own code is retired and leads there.
    """
    if not reason.strip():
        raise RuleBroken(_("请填写撤销理由。"), field="reason")
    case.successor = _successor(case.pk, successor.strip())
    case.opinions.create(
        version_id=case.published_id or 0, kind="withdrawal", passed=True, text=reason.strip(), number=successor.strip(), account_id=by.account_id,
        account_name=by.name, department_id=by.department_id, at=at,
    )  # fmt: skip
    unlist([case.pk])
    note_done([case.pk], at=at, withdrawn=True)
    end_turns([case.pk], "withdrawn", at=at)
    end_pulse(case.pk)
    case.published = None
    Entry.objects.filter(pk=case.pk).update(published=None)  # what follows reads it from the table
    end_claims([case.pk], at=at)
    follow_catalogue([case], at=at)
    case.changed_at = at


def check_successor(entry_id: int, code: str) -> None:
    """Refuse a code that no other published entry has: RuleBroken."""
    _successor(entry_id, code.strip())


def _successor(entry_id: int, code: str) -> Entry | None:
    if not code:
        return None
    found = Entry.objects.filter(code=code, published__isnull=False).exclude(pk=entry_id).first()
    if found is None:
        raise RuleBroken(_("没有代码为 %s 的其他已发布目录，请核对要并入的目录代码。") % code[:64], field="successor")
    return found


@action("catalogue.discard_draft", label=N_("删除草稿"), allow=PROVIDER, on=Entry, visible=ENTRY.visible)
def discard_draft(entry: Entry, *, by: Actor, at: datetime) -> None:
    """Delete a draft that was never submitted, with its versions; anything that has a code, history or a referral stays."""
    kept = entry.opinions.exists() or entry.referrals.exists()
    if entry.state != "draft" or entry.code or entry.published_id or kept:
        raise WrongState(_("只有从未提交过的草稿可以删除；已提交或已发布的目录请走修订或撤销。"))
    mine = Entry.objects.filter(pk=entry.pk)
    mine.update(working=None)
    mine.delete()
