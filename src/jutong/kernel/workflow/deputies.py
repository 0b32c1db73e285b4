"""Two persons stay two when a head is away: who prepared a case does not consent to it in the head's place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from jutong.kernel.actors import DECIDING, Actor, Post
from jutong.kernel.errors import NotAllowed
from jutong.kernel.models import AuditEntry


def named(post: Post) -> dict[str, Any]:
    """Return what the audit keeps of a delegated post: which one it was, and in whose place."""
    return {"post": str(post.role), "in_place_of": post.acting_for_name} if post.acting_for else {}


def prepared(kind: str, ids: Iterable[int], post: Post, by: Actor) -> frozenset[int]:
    """Return the cases that a deputy may not decide, having moved them before otherwise than as a head (national-2025#20).

    Empty for a post of one's own: the registered head answers for what he does himself.
    """
    if post.acting_for is None or post.role not in DECIDING:
        return frozenset()
    own = AuditEntry.objects.filter(
        subject_kind=kind, subject_id__in=[str(pk) for pk in ids], actor_id=by.account_id, outcome="success"
    ).values_list("subject_id", "acting_for", "detail")
    heads = {str(role) for role in DECIDING}
    return frozenset(int(pk) for pk, acting_for, detail in own if acting_for is None or detail.get("post") not in heads)


def sentence(post: Post) -> str:
    """Return the refusal: what the deputy did, and who decides instead."""
    return _("您已经办过本件，不能再代%(name)s以%(role)s身份作出决定；请由本人或其他代办人办理。") % {
        "name": post.acting_for_name,
        "role": _(post.role.label),
    }


def check_two_persons(kind: str, pk: int, post: Post, by: Actor) -> None:
    """Refuse a deputy's decision on a case that the deputy prepared (NotAllowed)."""
    if prepared(kind, [pk], post, by):
        raise NotAllowed(sentence(post))
