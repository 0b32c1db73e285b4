"""People, their posts and delegations, sharing units and unit roles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere, RuleBroken
from jutong.kernel.paging import Page, page
from jutong.kernel.workflow import workflows
from jutong.slices.parties.formats import sheets
from jutong.slices.parties.models import Delegation, Department, Person, PostHeld, SharingUnit, UnitRole
from jutong.slices.parties.rules.words import Duty, ManagerState, UnitKind
from jutong.slices.parties.workflow import MANAGER, PEOPLE_READERS, sees


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person of a department. roles: posts in force anywhere; account_id: None before the account was opened."""

    id: int
    name: str
    phone: str
    email: str
    title: str
    department_id: int
    department_name: str
    state: str
    state_label: str
    roles: tuple[str, ...]
    account_id: int | None
    username: str
    replaces: str

    @property
    def role_labels(self) -> str:
        """Chinese names of the posts, translated, in one line."""
        return "、".join(_(Role(role).label) for role in self.roles)


def _open_to(actor: Actor) -> QuerySet[Person]:
    """Return the people an actor may know of: all for overseeing posts, else those of the departments of the posts."""
    rows = Person.objects.select_related("department", "account", "replaces").prefetch_related("posts")
    if actor.account_id is None or actor.roles & PEOPLE_READERS:
        return rows
    own = {post.department_id for post in actor.posts} | {actor.department_id}
    return rows.filter(department_id__in=[pk for pk in own if pk is not None])


def _row(p: Person) -> PersonRow:
    account = getattr(p, "account", None)
    roles = tuple(sorted(post.role for post in p.posts.all() if post.ended_at is None))
    return PersonRow(
        p.pk,
        p.name,
        p.phone,
        p.email,
        p.title,
        p.department_id,
        p.department.short_name or p.department.name,
        p.state,
        MANAGER.state_label(p.state),
        roles,
        account.pk if account else None,
        account.username if account else "",
        p.replaces.name if p.replaces else "",
    )


def people_page(
    actor: Actor,
    *,
    text: str = "",
    department_id: int | None = None,
    state: str = "",
    role: str = "",
    number: int = 1,
    size: int = 20,
) -> tuple[list[PersonRow], Page]:
    """Return one page of the people the actor may see, by department and name."""
    rows = _open_to(actor).order_by("department__region_id", "department__name", "name", "pk")
    if text := " ".join(text.split())[:60]:
        rows = rows.filter(Q(name__icontains=text) | Q(account__username__icontains=text) | Q(phone__startswith=text))
    if department_id:
        rows = rows.filter(department_id=department_id)
    if state:
        rows = rows.filter(state=state)
    if role:
        rows = rows.filter(Q(pk__in=PostHeld.objects.filter(role=role, ended_at=None).values("person_id")))
    found, meta = page(rows, number, size)
    return [_row(p) for p in found], meta


def person(person_id: int, actor: Actor) -> PersonRow:
    """Return a person. NotThere for one whom the actor may not know of."""
    found = _open_to(actor).filter(pk=person_id).first()
    if found is None or not sees(actor, found):
        raise NotThere(_("没有找到该人员，或您无权知悉。"))
    return _row(found)


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post held now or earlier."""

    id: int
    person_id: int
    person_name: str
    account_id: int | None
    role: str
    role_label: str
    department_id: int
    department_name: str
    since: date
    until: date | None
    ended_at: datetime | None


def posts(
    *, department_id: int | None = None, person_id: int | None = None, history: bool = False, limit: int = 500
) -> list[PostRow]:
    """Return the posts of a department or of a person, those in force first; with `history` the ended ones too."""
    rows = PostHeld.objects.select_related("person__account", "department")
    if department_id is not None:
        rows = rows.filter(department_id=department_id)
    if person_id is not None:
        rows = rows.filter(person_id=person_id)
    if not history:
        rows = rows.filter(ended_at=None)
    order = {str(role): at for at, role in enumerate(Role)}
    found = list(rows.order_by(F("ended_at").desc(nulls_first=True), "pk")[:limit])
    return [_post(h) for h in sorted(found, key=lambda h: (h.ended_at is not None, order[h.role]))]


def _post(h: PostHeld) -> PostRow:
    account = getattr(h.person, "account", None)
    return PostRow(
        h.pk,
        h.person_id,
        h.person.name,
        account.pk if account else None,
        h.role,
        _(Role(h.role).label),
        h.department_id,
        h.department.short_name or h.department.name,
        h.since,
        h.until,
        h.ended_at,
    )


def holders(role: Role, department_id: int, at: datetime) -> list[PostRow]:
    """Return who holds a role in a department on the day of `at`."""
    today = beijing_day(at)
    rows = PostHeld.objects.filter(
        Q(until=None) | Q(until__gte=today), role=role, department_id=department_id, ended_at=None, since__lte=today
    )
    return [_post(h) for h in rows.select_related("person__account", "department").order_by("pk")]


def _name(department_id: int) -> str:
    return Department.objects.filter(pk=department_id).values_list("name", flat=True).first() or str(department_id)


def principal(department_id: int, at: datetime) -> PostRow:
    """Return the department's principal. RuleBroken naming the gap when none is registered (R-OVR-006)."""
    found = holders(Role.PRINCIPAL, department_id, at)
    if not found:
        raise RuleBroken(
            _("“%s”尚未登记主要负责人（第一责任人），不能办理须由其同意的事项；请先由安全管理员登记。")
            % _name(department_id),
            field="principal",
        )
    return found[0]


def sharing_unit_head(department_id: int, at: datetime) -> PostRow:
    """Return the head of the department's sharing unit, else its deputy (R-OVR-042).

    RuleBroken naming the gap: no sharing unit, or neither head nor deputy.
    """
    require_sharing_unit(department_id)
    found = holders(Role.SHARING_UNIT_HEAD, department_id, at) or holders(Role.SHARING_UNIT_DEPUTY, department_id, at)
    if not found:
        raise RuleBroken(
            _("“%s”的共享工作机构尚未登记负责人，不能以其名义提出申请或答复；请先由安全管理员登记。")
            % _name(department_id),
            field="sharing_unit_head",
        )
    return found[0]


def sharing_unit_heads(department_ids: Iterable[int], day: date) -> dict[int, str]:
    """Return by department the name of its sharing unit's head on a day, else of the deputy; without either it is left out."""
    held = PostHeld.objects.filter(
        Q(until=None) | Q(until__gte=day), department_id__in=list(department_ids), ended_at=None, since__lte=day,
        role__in=[Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY],
    )  # fmt: skip
    rows = held.order_by("-pk").values_list("role", "department_id", "person__name")
    first = sorted(rows, key=lambda row: row[0] == Role.SHARING_UNIT_HEAD)
    return {department: name for _role, department, name in first}


@dataclass(frozen=True, slots=True)
class SharingUnitRow:
    """A department's sharing unit and its duties (Chinese, translated)."""

    id: int
    name: str
    duties: tuple[str, ...]
    since: date


def sharing_unit(department_id: int) -> SharingUnitRow | None:
    """Return the department's active sharing unit."""
    unit = SharingUnit.objects.filter(department_id=department_id, ended_at=None).first()
    if unit is None:
        return None
    return SharingUnitRow(unit.pk, unit.name, tuple(_(Duty(d).label) for d in unit.duties), unit.since)


def require_sharing_unit(department_id: int) -> SharingUnitRow:
    """Return the department's sharing unit. RuleBroken naming the gap when there is none (national-2025#11)."""
    unit = sharing_unit(department_id)
    if unit is None:
        raise RuleBroken(
            _("“%s”尚未登记政务数据共享工作机构，不能提出申请或作出答复；请先在机构页面登记。") % _name(department_id),
            field="sharing_unit",
        )
    return unit


@dataclass(frozen=True, slots=True)
class UnitRoleRow:
    """A unit of a department and its duties in sharing."""

    id: int
    kind: str
    kind_label: str
    name: str
    duties: str
    contact_id: int | None
    contact: str


def unit_roles(department_id: int, kind: str = "") -> list[UnitRoleRow]:
    """Return the units of a department (of one kind) with a part in sharing (R-OVR-010)."""
    rows = UnitRole.objects.filter(department_id=department_id, ended_at=None).select_related("contact").order_by("pk")
    if kind:
        rows = rows.filter(kind=kind)
    return [
        UnitRoleRow(
            u.pk, u.kind, _(UnitKind(u.kind).label), u.name, u.duties, u.contact_id, u.contact.name if u.contact else ""
        )
        for u in rows
    ]


@dataclass(frozen=True, slots=True)
class DelegationRow:
    """A delegation given or received."""

    id: int
    absent: str
    acting: str
    role_label: str
    department_name: str
    since: date
    until: date
    given: bool
    duties: tuple[str, ...] = ()
    reason: str = ""


def delegations(account_id: int, at: datetime) -> list[DelegationRow]:
    """Return the delegations an account gave or received that have not ended yet."""
    rows = (
        Delegation.objects.filter(ended_at=None, until__gte=beijing_day(at))
        .filter(Q(post__person__account__pk=account_id) | Q(to__account__pk=account_id))
        .select_related("post__person__account", "post__department", "to")
        .order_by("since", "pk")
    )
    return [
        DelegationRow(
            d.pk,
            d.post.person.name,
            d.to.name,
            _(Role(d.post.role).label),
            d.post.department.name,
            d.since,
            d.until,
            d.post.person.account.pk == account_id,
            tuple(_(workflows()[name].title) for name in d.duties if name in workflows()),
            d.reason,
        )
        for d in rows
    ]


def colleagues(department_id: int, but: int) -> list[tuple[int, str]]:
    """Return (id, name) of a department's active people except one: who may act for them."""
    rows = Person.objects.filter(department_id=department_id, state=ManagerState.ACTIVE).exclude(pk=but)
    return list(rows.order_by("name").values_list("pk", "name")[:300])


@dataclass(frozen=True, slots=True)
class PersonPage:
    """A person with posts now and before, and the moves open to the actor."""

    person: PersonRow
    posts: tuple[PostRow, ...]
    former: tuple[PostRow, ...]
    buttons: tuple[str, ...]


def person_page(person_id: int, actor: Actor) -> PersonPage:
    """Return everything a person's page shows. NotThere for one whom the actor may not know of."""
    row = person(person_id, actor)
    held = posts(person_id=person_id, history=True)
    buttons = MANAGER.open_to(actor, Person.objects.get(pk=person_id))
    return PersonPage(
        row,
        tuple(p for p in held if p.ended_at is None),
        tuple(p for p in held if p.ended_at is not None),
        tuple(button.verb for button in buttons),
    )


def people_sheet(actor: Actor, *, empty: bool) -> bytes:
    """Return the workbook in which people are reported: empty, or with those the actor may see (at most 5,000)."""
    rows = _open_to(actor).exclude(state=ManagerState.ENDED).order_by("department__name", "name")
    return sheets.template(
        sheets.PEOPLE,
        ((p.department.name, p.name, p.title, p.phone, p.email) for p in rows[: 0 if empty else sheets.MOST_ROWS]),
    )
