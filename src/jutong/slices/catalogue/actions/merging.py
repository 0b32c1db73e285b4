"""Merging two entries into one: the one that stays takes the items over in a revision; the other's code then leads to it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from jutong.kernel.actions import action
from jutong.kernel.actors import SYSTEM_ONLY, Actor
from jutong.kernel.errors import Conflict, RuleBroken, WrongState
from jutong.kernel.terms import N_
from jutong.slices.catalogue.actions.drafting import edit_entry, withdraw
from jutong.slices.catalogue.actions.revising import revise
from jutong.slices.catalogue.models import Entry, Merger
from jutong.slices.catalogue.queries.contents import contents_of
from jutong.slices.catalogue.rules.merging import merged_content
from jutong.slices.catalogue.workflow import ENTRY, PROVIDER

_MOST_REASON = 500


@action("catalogue.merge_entries", label=N_("合并目录"), allow=PROVIDER, on=Entry, visible=ENTRY.visible)
def merge_entries(entry: Entry, *, by: Actor, at: datetime, code: str, reason: str) -> Entry:
    """Let another published entry of the department go into this one.

    This one gets a revision with the items it lacks of the other. The other stays in force until the revision is
    published; then it is withdrawn, its code is retired and leads here. code: the other's resource code. RuleBroken for
    a code that is not another published entry of the department, WrongState when this one is not published, Conflict
    when the other is being merged already.
    """
    reason = reason.strip()
    if not reason or len(reason) > _MOST_REASON:
        raise RuleBroken(_("请填写合并理由，不超过 500 字。"), field="reason")
    if entry.published_id is None or entry.state not in {"published", "revising"}:
        raise WrongState(_("只有已发布的目录可以合并其他目录；正在审核的请等审核结束。"))
    other = _other(entry, code.strip())
    Merger.objects.create(
        stays=entry, merged=other, reason=reason, account_id=by.account_id, account_name=by.name[:100], at=at
    )
    if entry.state == "published":
        revise(entry.pk, by=by, at=at, note=reason)
    contents = contents_of([entry.working_id, other.published_id])
    content = merged_content(contents[entry.working_id or 0], contents[other.published_id or 0])
    note = _("并入“%s”") % other.title[:80]
    return edit_entry(entry.pk, by=by, at=at, content=content, note=note)


def _other(entry: Entry, code: str) -> Entry:
    mine = Entry.objects.filter(provider=entry.provider_id, published__isnull=False).exclude(pk=entry.pk)
    other = mine.filter(code=code, state="published").first() if code else None
    if other is None:
        raise RuleBroken(_("本部门没有代码为 %s 的其他已发布目录，请核对要并入的目录代码。") % code[:64], field="code")
    Merger.objects.filter(merged=other, done_at=None, stays__state="withdrawn").delete()
    waiting = Merger.objects.filter(done_at=None)
    if waiting.filter(Q(merged=other) | Q(stays=other) | Q(merged=entry)).exists():
        raise Conflict(_("“%s”已在另一项合并中，请等那项合并完成。") % other.title)
    return other


@action("catalogue.complete_mergers", label=N_("完成目录合并"), allow=SYSTEM_ONLY, on=Entry)
def complete_mergers(entry: Entry, *, by: Actor, at: datetime) -> int:
    """Withdraw what was to go into a published entry, its code leading there; returns how many."""
    waiting = list(Merger.objects.filter(stays=entry, done_at=None, merged__published__isnull=False))
    for merger in waiting:
        withdraw(merger.merged_id, by=by, at=at, reason=merger.reason, successor=entry.code or "")
        merger.done_at = at
        merger.save(update_fields=["done_at"])
    return len(waiting)
