"""Notices to people: who has to know, with a link to where it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from jutong.kernel.actors import Actor, Role
from jutong.kernel.models import InboxItem, InboxRead


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice as its reader sees it."""

    id: int
    title: str
    text: str
    link: str
    at: datetime
    read: bool


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
    InboxItem.objects.create(
        account_id=account_id,
        department_id=department_id,
        role=str(role or ""),
        title=title[:200],
        text=text,
        link=link[:300],
        at=at,
    )


def _meant_for(actor: Actor) -> Q:
    mine = Q(account_id=actor.account_id) if actor.account_id is not None else Q(pk__in=[])
    for post in actor.posts:
        if post.department_id is not None:
            mine |= Q(account_id=None, department_id=post.department_id, role=str(post.role))
    mine |= Q(account_id=None, department_id=None, role__in=[str(role) for role in actor.roles])
    return mine | Q(account_id=None, department_id__in=actor.serves, role="")


def notices(actor: Actor, *, limit: int = 50) -> list[Notice]:
    """Return the newest notices of an actor."""
    read = InboxRead.objects.filter(item=OuterRef("pk"), account_id=actor.account_id or 0)
    rows = InboxItem.objects.filter(_meant_for(actor)).annotate(seen=Exists(read)).order_by("-id")[:limit]
    return [Notice(r.pk, r.title, r.text, r.link, r.at, r.seen) for r in rows]


def unread(actor: Actor) -> int:
    """Return how many notices the actor has not read (counted up to 100)."""
    read = InboxRead.objects.filter(item=OuterRef("pk"), account_id=actor.account_id or 0)
    return InboxItem.objects.filter(_meant_for(actor)).exclude(Exists(read))[:100].count()


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
