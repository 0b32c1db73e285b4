"""Accounts as their owner and the administrators see them; API keys, identities, signatures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from jutong.crypto import sm2, sm3
from jutong.kernel.actors import ADMINISTRATORS, Actor, Role
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page, page
from jutong.kernel.settings import settings
from jutong.slices.parties.models import Account, ApiKey, Department, IdentityLink, PostHeld, SignedAct
from jutong.slices.parties.queries.deputies import duties_of
from jutong.slices.parties.queries.people import DelegationRow, PostRow, colleagues, delegations, posts
from jutong.slices.parties.rules import duties as rules


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account without its secrets."""

    id: int
    username: str
    person_id: int
    name: str
    department_id: int
    department_name: str
    active: bool
    locked: bool
    second_factor: bool
    must_change: bool
    password_changed_at: datetime | None
    last_login: datetime | None
    certificate_name: str
    roles: tuple[str, ...] = ()

    @property
    def role_labels(self) -> str:
        """Chinese names of the posts, translated, in one line."""
        return "、".join(_(Role(role).label) for role in self.roles)


def _row(a: Account, at: datetime, roles: tuple[str, ...] = ()) -> AccountRow:
    return AccountRow(
        a.pk,
        a.username,
        a.person_id,
        a.person.name,
        a.person.department_id,
        a.person.department.name,
        a.is_active,
        bool(a.locked_until and a.locked_until > at),
        a.totp_on,
        a.must_change,
        a.password_changed_at,
        a.last_login,
        a.certificate_name,
        roles,
    )


def account(account_id: int, at: datetime) -> AccountRow:
    """Return an account. NotThere for an unknown id."""
    found = Account.objects.select_related("person__department").filter(pk=account_id).first()
    if found is None:
        raise NotThere(_("没有找到该账号。"))
    return _row(found, at)


def account_of_person(person_id: int, at: datetime) -> AccountRow | None:
    """Return a person's account, if it was opened."""
    found = Account.objects.select_related("person__department").filter(person_id=person_id).first()
    return _row(found, at) if found else None


def administrators(
    at: datetime, *, everyone: bool = False, text: str = "", number: int = 1
) -> tuple[list[AccountRow], Page]:
    """Return one page of the administrators' accounts (or of all accounts) with their posts."""
    rows = Account.objects.select_related("person__department").prefetch_related("person__posts").order_by("username")
    if not everyone:
        held = PostHeld.objects.filter(person=OuterRef("person"), ended_at=None, role__in=ADMINISTRATORS)
        rows = rows.filter(Exists(held))
    if text:
        rows = rows.filter(username__icontains=text) | rows.filter(person__name__icontains=text)
    found, meta = page(rows, number, 50)
    return [_row(a, at, _roles(a)) for a in found], meta


def _roles(a: Account) -> tuple[str, ...]:
    return tuple(sorted(post.role for post in a.person.posts.all() if post.ended_at is None))


@dataclass(frozen=True, slots=True)
class ApiKeyRow:
    """A personal API key, recognised by its first signs."""

    id: int
    name: str
    prefix: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    state: str
    state_label: str


def api_keys(account_id: int, at: datetime) -> list[ApiKeyRow]:
    """Return an account's API keys, newest first."""
    rows = ApiKey.objects.filter(account_id=account_id).order_by("-pk")[:50]
    return [ApiKeyRow(k.pk, k.name, k.prefix, k.created_at, k.expires_at, k.last_used_at, *_state(k, at)) for k in rows]


def _state(key: ApiKey, at: datetime) -> tuple[str, str]:
    if key.revoked_at:
        return "revoked", _("已停用")
    return ("expired", _("已过期")) if key.expires_at <= at else ("active", _("有效"))


@dataclass(frozen=True, slots=True)
class LinkRow:
    """An identity of another trust service that is this account."""

    id: int
    kind: str
    issuer: str
    subject: str
    linked_at: datetime


def identity_links(account_id: int) -> list[LinkRow]:
    """Return the identities linked to an account."""
    rows = IdentityLink.objects.filter(account_id=account_id).order_by("pk")
    return [LinkRow(link.pk, link.kind, link.issuer, link.subject, link.linked_at) for link in rows]


@dataclass(frozen=True, slots=True)
class SignatureRow:
    """A signature under an act: by whom, when, and whether it holds for the statement that was asked about."""

    name: str
    at: datetime
    holds: bool


def signature_demanded(department_id: int) -> bool:
    """Tell whether acts of legal effect in the name of a department need the person's signature (R-SEC-002)."""
    return Department.objects.filter(pk=department_id, signature_required=True).exists()


def certificate_name(account_id: int) -> str:
    """Return the name in a person's registered signing certificate, or nothing."""
    return Account.objects.filter(pk=account_id).values_list("certificate_name", flat=True).first() or ""


def signatures(subject: str, said: bytes) -> list[SignatureRow]:
    """Return the signatures under a case, each checked against the statement `said`: a changed record fails (R-SEC-002)."""
    rows = SignedAct.objects.filter(subject=subject).select_related("account__person").order_by("pk")
    return [
        SignatureRow(
            r.account.person.name,
            r.at,
            r.statement_digest == sm3.hexdigest(said)
            and sm2.verify(sm2.public_from_hex(r.public_key), said, bytes(r.signature)),
        )
        for r in rows
    ]


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """Everything the page "my account" shows."""

    account: AccountRow
    posts: tuple[PostRow, ...]
    keys: tuple[ApiKeyRow, ...]
    links: tuple[LinkRow, ...]
    delegations: tuple[DelegationRow, ...]


def own_account(actor: Actor, at: datetime) -> OwnAccount:
    """Return the actor's own account with posts, keys, identities and delegations."""
    own = account(actor.account_id or 0, at)
    return OwnAccount(
        own,
        tuple(posts(person_id=own.person_id)),
        tuple(api_keys(own.id, at)),
        tuple(identity_links(own.id)),
        tuple(delegations(own.id, at)),
    )


@dataclass(frozen=True, slots=True)
class AccountPage:
    """What an administrator sees of an account."""

    account: AccountRow
    posts: tuple[PostRow, ...]
    links: tuple[LinkRow, ...]


def account_page(account_id: int, at: datetime) -> AccountPage:
    """Return an account with posts and linked identities. NotThere for an unknown id."""
    row = account(account_id, at)
    return AccountPage(row, tuple(posts(person_id=row.person_id)), tuple(identity_links(row.id)))


@dataclass(frozen=True, slots=True)
class Delegable:
    """What the actor may delegate, and to whom: (id, label) pairs."""

    posts: list[tuple[int, str]]
    colleagues: list[tuple[int, str]]
    duties: list[tuple[str, str]]


def delegable(actor: Actor, at: datetime) -> Delegable:
    """Return the actor's own posts that others may act in, and the colleagues of the department."""
    own = account(actor.account_id or 0, at)
    heads = settings().represented_heads
    held = [row for row in posts(person_id=own.person_id) if rules.delegable(Role(row.role), heads=heads)]
    return Delegable(
        [(row.id, f"{row.role_label}（{row.department_name}）") for row in held],
        colleagues(own.department_id, own.person_id),
        sorted({duty for row in held for duty in duties_of(Role(row.role))}),
    )


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account offered on the sign-in page of the demo."""

    username: str
    name: str
    department: str
    roles: str


def demo_accounts() -> list[DemoAccount]:
    """Return accounts to try the demo with: the first holder of each post, administrators included."""
    held = (
        PostHeld.objects.filter(ended_at=None, person__account__is_active=True)
        .select_related("person__account", "department")
        .order_by("role", "pk")
        .distinct("role")
    )
    return [
        DemoAccount(
            h.person.account.username,
            h.person.name,
            h.department.short_name or h.department.name,
            _(Role(h.role).label),
        )
        for h in held
    ]
