"""Posts and delegations: who holds which role where, since when; history is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from jutong.kernel import inbox, outbox
from jutong.kernel.actions import action
from jutong.kernel.actors import ANYONE, SYSTEM_ONLY, Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_
from jutong.slices.parties import events
from jutong.slices.parties.models import Authority, Delegation, Department, Person, PostHeld
from jutong.slices.parties.queries.deputies import duties_of
from jutong.slices.parties.rules import duties as rules
from jutong.slices.parties.rules import organisations
from jutong.slices.parties.rules.words import ManagerState
from jutong.slices.parties.workflow import SECURITY_ADMINS


@action("parties.appoint", label=N_("任命岗位"), allow=SECURITY_ADMINS | SYSTEM_ONLY, on=Person)
def appoint(
    person: Person,
    *,
    role: str,
    department_id: int | None = None,
    since: date | None = None,
    until: date | None = None,
    by: Actor,
    at: datetime,
) -> PostHeld:
    """Give a person a post (security administrator only); a new principal or sharing-unit head ends the former's post.

    department_id: where the post is; by default the person's own department. RuleBroken: the three administrators are
    separated; an authority's post needs an authority. WrongState: a person who is not active.
    """
    post = _role(role)
    _check_person(person, post, by)
    place = department_id or person.department_id
    _check_place(post, place)
    first = since or beijing_day(at)
    if until is not None and until < first:
        raise RuleBroken(_("任职截止日期不能早于开始日期，请修改。"), field="until")
    if post in rules.SINGLE:
        PostHeld.objects.filter(department_id=place, role=post, ended_at=None).exclude(person=person).update(
            ended_at=at
        )
    row = PostHeld(
        person=person, role=post, department_id=place, since=first, until=until, granted_by=by.account_id, granted_at=at
    )
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Conflict(
            _("%(name)s已担任%(role)s，无需重复授予。") % {"name": person.name, "role": _(post.label)}
        ) from None
    _end_acting(person, post, at)
    _tell(person, row, events.APPOINTED, by, at)
    return row


def _check_person(person: Person, post: Role, by: Actor) -> None:
    if person.state != ManagerState.ACTIVE:
        raise WrongState(_("%s尚未开通账号或已离岗，不能授予岗位。") % person.name)
    if by.account_id is not None and person.account.pk == by.account_id:
        raise NotAllowed(_("不能给自己授予岗位，请由其他安全管理员办理。"))
    held = PostHeld.objects.filter(person=person, ended_at=None).values_list("role", flat=True)
    rules.check_together((Role(r) for r in held), post)


def _end_acting(person: Person, post: Role, at: datetime) -> None:
    """End what a person does for others once they hold a post in which nobody acts for others."""
    if not rules.may_act([post]):
        Delegation.objects.filter(to=person, ended_at=None).update(ended_at=at)


def _role(code: str) -> Role:
    try:
        return Role(code)
    except ValueError:
        raise RuleBroken(_("岗位“%s”不存在，请从列表中选择。") % code[:30], field="role") from None


def _check_place(role: Role, department_id: int) -> None:
    if not Department.objects.filter(pk=department_id, active=True).exists():
        raise RuleBroken(_("所选部门不存在或已撤销，请重新选择。"), field="department_id")
    if (
        role in rules.AUTHORITY_ROLES
        and not Authority.objects.filter(department_id=department_id, ended_at=None).exists()
    ):
        raise RuleBroken(
            _("%s只能设在共享主管部门，请先把该部门登记为所在区划的主管部门。") % _(role.label), field="department_id"
        )


def _tell(person: Person, post: PostHeld, name: str, by: Actor, at: datetime) -> None:
    payload = {"person_id": person.pk, "role": str(post.role), "department_id": post.department_id}
    outbox.publish(name, f"person:{person.pk}", payload, at=at, by=by)


@action("parties.release", label=N_("免去岗位"), allow=SECURITY_ADMINS | SYSTEM_ONLY, on=PostHeld)
def release(post: PostHeld, *, by: Actor, at: datetime) -> None:
    """Take a post back at once, with every delegation of it."""
    if post.ended_at:
        raise WrongState(_("该岗位已经解除。"))
    post.ended_at = at
    post.save(update_fields=["ended_at"])
    Delegation.objects.filter(post=post, ended_at=None).update(ended_at=at)
    _tell(post.person, post, events.RELEASED, by, at)


@action("parties.delegate", label=N_("委托代办"), allow=ANYONE, on=PostHeld)
def delegate(
    post: PostHeld,
    *,
    to_id: int,
    since: date,
    until: date,
    duties: Sequence[str] = (),
    reason: str = "",
    by: Actor,
    at: datetime,
) -> Delegation:
    """Let another person of the department act in one's own post for some days (代办), both days included.

    duties: the workflows it is limited to, all of the post's without any. The act then names both persons in the audit.
    NotThere for another's post; RuleBroken for administrators' posts, for a head where heads may not be represented, for
    a person outside the department, and where the other may not hold the role. Conflict where another deputy acts in the
    same business on some of the days: there is one at a time.
    """
    if post.ended_at or post.person.account.pk != by.account_id:
        raise NotThere(_("没有找到您的这一岗位。"))
    role = Role(post.role)
    rules.check_delegable(role, heads=settings().represented_heads)
    if until < since or until < beijing_day(at) or (until - since).days > 366:  # noqa: PLR2004 - one year
        raise RuleBroken(_("代办起止日期不正确：截止日期不得早于开始日期和今天，最长一年，请修改。"), field="until")
    to = Person.objects.filter(pk=to_id, department_id=post.department_id, state=ManagerState.ACTIVE).first()
    if to is None or to.pk == post.person_id:
        raise RuleBroken(_("代办人应为本部门其他在岗人员，请重新选择。"), field="to_id")
    held = [Role(r) for r in PostHeld.objects.filter(person=to, ended_at=None).values_list("role", flat=True)]
    rules.check_together(held, role)
    limited = rules.check_duties(duties, {name for name, _label in duties_of(role)})
    _check_alone(post, since, until, limited)
    _tell_deputy(to, post, since, until, at)
    return Delegation.objects.create(
        post=post,
        to=to,
        since=since,
        until=until,
        duties=limited,
        reason=organisations.check_text(reason, most=200, field="reason", needed=False),
        at=at,
    )


def _tell_deputy(to: Person, post: PostHeld, since: date, until: date, at: datetime) -> None:
    inbox.tell(
        account_id=to.account.pk,
        title=_("%(name)s委托您代办%(role)s的事项：%(since)s 至 %(until)s")
        % {"name": post.person.name, "role": _(Role(post.role).label), "since": since, "until": until},
        link="/parties/me",
        at=at,
    )


def _check_alone(post: PostHeld, since: date, until: date, duties: Sequence[str]) -> None:
    """Refuse a second deputy in the same business at the same time (Conflict): it must be plain who stands for the head."""
    others = Delegation.objects.filter(post=post, ended_at=None, since__lte=until, until__gte=since)
    for other in others.select_related("to"):
        if not duties or not other.duties or set(duties) & set(other.duties):
            raise Conflict(
                _(
                    "这段时间已委托%(name)s代办（%(since)s 至 %(until)s），同一事项同一时间只能有一名代办人；请先结束原代办。"
                )
                % {"name": other.to.name, "since": other.since, "until": other.until}
            )


@action("parties.end_delegation", label=N_("结束代办"), allow=ANYONE, on=Delegation)
def end_delegation(delegation: Delegation, *, by: Actor, at: datetime) -> None:
    """End a delegation before its day: by the one who gave it or the one who received it."""
    if by.account_id not in (delegation.post.person.account.pk, delegation.to.account.pk):
        raise NotThere(_("没有找到这项代办。"))
    if delegation.ended_at:
        raise WrongState(_("这项代办已经结束。"))
    delegation.ended_at = at
    delegation.save(update_fields=["ended_at"])
