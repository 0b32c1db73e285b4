"""Who an account is: its posts and those it acts in for others, in two statements."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, CharField, DateField, F, Q, QuerySet, Value
from django.utils.translation import gettext as _

from jutong.crypto import sm3
from jutong.kernel.actors import Actor, Channel, Post, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Unauthenticated
from jutong.kernel.prepared import Hole, prepared
from jutong.kernel.settings import settings
from jutong.slices.parties.models import Account, ApiKey, Delegation, PostHeld
from jutong.slices.parties.rules import duties
from jutong.slices.parties.rules.words import ManagerState

DUTIES: Final = ArrayField(CharField(max_length=64))
_USED_EVERY = 60
"""Seconds between two notes of a key's last use."""


def actor_for(account_id: int, address: str, channel: Channel, *, at: datetime, trace: str = "") -> Actor:
    """Return the actor behind an account: posts held on the day of `at`, and delegated ones (代办).

    A principal is a department leader too (glossary: 部门负责人). Where the setting `second_factor` asks everybody for
    one, an account without it has no posts until it is set up.
    Unauthenticated for an unknown account or one that is switched off.
    """
    account = working_account(account_id)
    if account is None:
        raise Unauthenticated(_("账号已停用或不存在，请联系安全管理员。"))
    return actor_of_account(account, address, channel, at=at, trace=trace)


def working_account(account_id: int) -> Account | None:
    """Return an account that is not switched off, with its person and department, or None."""
    return _working().first(account=account_id)


@prepared
def _working() -> QuerySet[Account]:
    rows = Account.objects.select_related("person__department")
    return rows.filter(pk=Hole("account", BigIntegerField()), is_active=True)


def actor_of_account(account: Account, address: str, channel: Channel, *, at: datetime, trace: str = "") -> Actor:
    """Return the actor behind a working account that was read already, with its person and department."""
    person = account.person
    return Actor(
        account_id=account.pk,
        name=person.name,
        department_id=person.department_id,
        department_name=person.department.short_name or person.department.name,
        region=person.department.region_id,
        posts=frozenset() if settings().second_factor and not account.totp_on else _posts(person.pk, at),
        channel=channel,
        address=address,
        trace=trace,
    )


def _posts(person_id: int, at: datetime) -> frozenset[Post]:
    posts = {
        Post(Role(role), department, account, name, tuple(duties or ()))
        for role, department, account, name, duties in _held().ask(person=person_id, today=beijing_day(at))
    }
    posts = rightly_held(posts)
    leads = {
        Post(Role.DEPARTMENT_LEADER, p.department_id) for p in posts if p.role is Role.PRINCIPAL and not p.acting_for
    }
    return frozenset(posts | leads)


@prepared
def _held() -> QuerySet[Any, tuple[Any, ...]]:
    """Return the posts that a person holds on a day and those lent to it: asked at every request."""
    person, today = Hole("person", BigIntegerField()), Hole("today", DateField())
    in_force = Q(ended_at=None, since__lte=today) & (Q(until=None) | Q(until__gte=today))
    own = PostHeld.objects.filter(in_force, person_id=person).values_list(
        "role", "department_id", Value(None, BigIntegerField()), Value(""), Value(None, DUTIES)
    )
    lent = lent_on(today).filter(to_id=person)
    named = ("post__role", "post__department_id", "post__person__account__pk", "post__person__name", "duties")
    return own.union(lent.values_list(*named), all=True)


def lent_on(today: date | Hole) -> QuerySet[Delegation]:
    """Return the delegations in force on a day: while the post is held, and while both work in the post's department."""
    held = Q(post__ended_at=None, post__since__lte=today) & (Q(post__until=None) | Q(post__until__gte=today))
    there = Q(
        to__state=ManagerState.ACTIVE, to__department=F("post__department"), post__person__state=ManagerState.ACTIVE
    )
    return Delegation.objects.filter(held, there, ended_at=None, since__lte=today, until__gte=today)


def rightly_held(posts: set[Post]) -> set[Post]:
    """Return posts without the delegated ones that do not count: an administrator's or auditor's, or a head's where heads are not represented.

    Asked whenever an actor is made, so that a deputy who becomes an administrator acts for nobody from then on.
    """
    heads = settings().represented_heads
    may_act = duties.may_act(post.role for post in posts if post.acting_for is None)
    return {p for p in posts if p.acting_for is None or (may_act and duties.delegable(p.role, heads=heads))}


def actor_by_key(text: str, address: str, *, at: datetime, trace: str = "") -> Actor:
    """Return the actor of a personal API key. Unauthenticated: unknown, expired or revoked, with one sentence for all."""
    key = ApiKey.objects.filter(digest=sm3.hexdigest(text.encode()), revoked_at=None, expires_at__gt=at).first()
    if key is None:
        raise Unauthenticated(_("接口密钥无效、已过期或已停用，请在“我的账号”中重新申请。"))
    if key.last_used_at is None or (at - key.last_used_at).total_seconds() > _USED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=at)
    return actor_for(key.account_id, address, Channel.API, at=at, trace=trace)
