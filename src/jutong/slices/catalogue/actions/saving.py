"""Searches that people keep, and telling them of what is published and matches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db.models import F
from django.utils.translation import gettext as _

from jutong.kernel import inbox
from jutong.kernel.actions import action
from jutong.kernel.actors import ADMINISTRATORS, Actor, Role, Who
from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_
from jutong.slices.catalogue.models import SavedSearch
from jutong.slices.catalogue.search import kept_of, query_of, subscriptions_met

MOST_SAVED: Final = 100
SEARCHERS: Final = Who("searcher", N_("业务人员"), tuple(role for role in Role if role not in ADMINISTRATORS))


def _own(by: Actor, row: SavedSearch) -> bool:
    return by.account_id is not None and row.account_id == by.account_id


@action("catalogue.save_search", label=N_("保存检索"), allow=SEARCHERS)
def save_search(
    *,
    by: Actor,
    at: datetime,
    name: str,
    text: str,
    chosen: Mapping[str, Sequence[str]],
    subscribed: bool = True,
) -> SavedSearch:
    """Keep a search under a name; whoever subscribes is told of new and changed entries that match.

    RuleBroken for a search that asks for nothing, without a name, or beyond 100 of one person.
    """
    kept = kept_of(chosen)
    query = query_of(text, kept)
    if not query:
        raise RuleBroken(_("请先输入关键词或选择条件，再保存检索。"), field="text")
    if not name.strip():
        raise RuleBroken(_("请填写检索的名称。"), field="name")
    if SavedSearch.objects.filter(account_id=by.account_id or 0).count() >= MOST_SAVED:
        raise RuleBroken(_("每人最多保存 %d 个检索，请先删除不用的。") % MOST_SAVED, field="name")
    return SavedSearch.objects.create(
        account_id=by.account_id or 0,
        name=name.strip()[:100],
        text=text[:200],
        chosen=kept,
        query=query,
        subscribed=subscribed,
        at=at,
    )


@action("catalogue.subscribe_search", label=N_("订阅或取消订阅检索"), allow=SEARCHERS, on=SavedSearch, visible=_own)
def subscribe(row: SavedSearch, *, by: Actor, at: datetime, subscribed: bool) -> None:
    """Begin or stop being told of what matches a kept search."""
    row.subscribed = subscribed
    row.save(update_fields=["subscribed"])


@action("catalogue.forget_search", label=N_("删除保存的检索"), allow=SEARCHERS, on=SavedSearch, visible=_own)
def forget_search(row: SavedSearch, *, by: Actor, at: datetime) -> None:
    """Keep a search no longer."""
    row.delete()


def note_looked_at(saved_id: int, *, by: Actor) -> None:
    """Note that a person looked at what a kept search finds: nothing of it is new to them any more."""
    SavedSearch.objects.filter(pk=saved_id, account_id=by.account_id or 0).update(fresh=0)


def tell_subscribers(notice_id: int, *, at: datetime) -> int:
    """Tell everybody whose kept search the entries of a notice meet; returns how many people's searches it was."""
    met = subscriptions_met(notice_id)
    for one in met:
        inbox.tell(
            account_id=one.account_id,
            title=_("订阅“%(name)s”有 %(count)d 条新发布或有变化的目录") % {"name": one.name, "count": one.entries},
            link=f"/catalogue/{one.entry_id}/" if one.entries == 1 else f"/catalogue/saved/{one.id}/",
            at=at,
        )
        SavedSearch.objects.filter(pk=one.id).update(fresh=F("fresh") + one.entries, told_at=at)
    return len(met)
