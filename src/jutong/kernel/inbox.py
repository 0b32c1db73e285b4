"""Notices to people: who has to know, with a link to where it is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, Exists, OuterRef, Q, QuerySet

from jutong.kernel.actors import Actor, Role
from jutong.kernel.models import InboxItem, InboxRead
from jutong.kernel.prepared import Hole, prepared


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice as its reader sees it."""

    id: int
    title: str
    text: str
    link: str
    at: datetime
    read: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """One notice as it is sent: to one account, to a department (or a role in it), or to a role wherever it is held."""

    title: str
    department_id: int | None = None
    role: Role | None = None
    account_id: int | None = None
    text: str = ""
    link: str = ""


def tell_many(letters: Iterable[Letter], *, at: datetime) -> None:
    """Put many notices into inboxes, in the order they are given."""
    InboxItem.objects.bulk_create(
        [
            InboxItem(
                account_id=letter.account_id,
                department_id=letter.department_id,
                role=str(letter.role or ""),
                title=letter.title[:200],
                text=letter.text,
                link=letter.link[:300],
                at=at,
            )
            for letter in letters
        ],
        batch_size=1000,
    )


def tell(
    *,
    title: str,
    at: datetime,
    department_id: int | None = None,
    role: Role | None = None,
    account_id: int | None = None,
    text: str = "",
    link: str = "",
) -> None:
    """Put a notice into the inbox of one account, of a department (or a role in it), or of a role wherever it is held."""
    tell_many([Letter(title, department_id, role, account_id, text, link)], at=at)


Places = frozenset[tuple[int | None, str]]
"""Where an actor is told: a department and a role in it, a role wherever it is held, a department whatever the role."""


def _places(actor: Actor) -> Places:
    held = {(post.department_id, str(post.role)) for post in actor.posts}
    return frozenset(held | {(None, str(role)) for role in actor.roles} | {(served, "") for served in actor.serves})


def _meant_for(actor: Actor) -> Q:
    return _meant(_places(actor), actor.account_id or 0)


def _meant(places: Places, account: int | Hole) -> Q:
    meant = Q(account_id=account)
    for department, role in sorted(places, key=str):
        meant |= Q(account_id=None, department_id=department, role=role)
    return meant


def notices(actor: Actor, *, limit: int = 50) -> list[Notice]:
    """Return the newest notices of an actor."""
    rows = _newest(_places(actor), limit).ask(account=actor.account_id or 0)
    return [Notice(pk, title, text, link, at, read) for pk, title, text, link, at, read in rows]


@prepared
def _newest(places: Places, limit: int) -> QuerySet[InboxItem, tuple[Any, ...]]:
    account = Hole("account", BigIntegerField())
    read = Exists(InboxRead.objects.filter(item=OuterRef("pk"), account_id=account))
    rows = InboxItem.objects.filter(_meant(places, account)).order_by("-id")
    return rows.values_list("pk", "title", "text", "link", "at", read)[:limit]


def unread(actor: Actor) -> int:
    """Return how many notices the actor has not read (counted up to 100)."""
    return len(_unread(_places(actor)).ask(account=actor.account_id or 0))


@prepared
def _unread(places: Places) -> QuerySet[InboxItem, int]:
    account = Hole("account", BigIntegerField())
    read = InboxRead.objects.filter(item=OuterRef("pk"), account_id=account)
    return InboxItem.objects.filter(_meant(places, account)).exclude(Exists(read)).values_list("pk", flat=True)[:100]


def mark_read(actor: Actor, *, at: datetime) -> None:
    """Remember that the actor has read everything up to now."""
    read = InboxRead.objects.filter(item=OuterRef("pk"), account_id=actor.account_id or 0)
    InboxRead.objects.bulk_create(
        [
            InboxRead(item_id=pk, account_id=actor.account_id or 0, at=at)
            for pk in InboxItem.objects.filter(_meant_for(actor))
            .exclude(Exists(read))
            .values_list("pk", flat=True)[:1000]
        ],
        ignore_conflicts=True,
    )
