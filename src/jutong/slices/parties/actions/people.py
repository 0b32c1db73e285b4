"""Information managers (W23): reporting, confirming, opening the account, replacing, leaving."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Final

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from jutong.kernel import inbox
from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import Conflict, RuleBroken
from jutong.slices.parties.models import Account, Delegation, Department, Person, PostHeld
from jutong.slices.parties.rules import organisations
from jutong.slices.parties.workflow import MANAGER

_PHONE: Final = re.compile(r"[0-9+][0-9 \-]{4,19}")
_EMAIL: Final = re.compile(r"[\w.+\-]{1,64}@[\w.\-]{1,50}\.[A-Za-z]{2,5}")
_USERNAME: Final = re.compile(r"[a-z][a-z0-9_.\-]{2,39}")


def _checked(name: str, phone: str, email: str, title: str) -> dict[str, str]:
    phone = unicodedata.normalize("NFKC", phone).strip()
    if phone and not _PHONE.fullmatch(phone):
        raise RuleBroken(_("电话“%s”应为 5 至 20 位数字，可含区号和短横线，请修改。") % phone[:30], field="phone")
    if email and not _EMAIL.fullmatch(email):
        raise RuleBroken(_("电子邮箱“%s”格式不正确，请按 name@example.gov.cn 的样式填写。") % email[:60], field="email")
    title = organisations.check_name(title, most=60) if title else ""
    return {"name": organisations.check_name(name, most=60), "phone": phone, "email": email, "title": title}


@MANAGER.opens("report")
def report(
    *,
    department_id: int,
    name: str,
    phone: str = "",
    email: str = "",
    title: str = "",
    replaces_id: int | None = None,
    by: Actor,
    at: datetime,
) -> Person:
    """A department reports a person to the platform's operator (R-OVR-008, inner-mongolia-2018#27)."""
    department = Department.objects.filter(pk=department_id, active=True).first()
    if department is None:
        raise RuleBroken(_("所选部门不存在或已撤销，请重新选择。"), field="department_id")
    return Person(
        department=department,
        region=department.region_id,
        replaces_id=replaces_id,
        reported_at=at,
        **_checked(name, phone, email, title),
    )


@MANAGER.action("change")
def change(person: Person, *, name: str, phone: str, email: str, title: str, by: Actor, at: datetime) -> None:
    """Correct what is known of a person; the earlier values stay in the audit trail's digests."""
    for field, value in _checked(name, phone, email, title).items():
        setattr(person, field, value)


@MANAGER.action("confirm")
def confirm(person: Person, *, by: Actor, at: datetime) -> None:
    """The platform's operator confirms a reported person."""


@MANAGER.action("activate")
def activate(person: Person, *, username: str, password: str = "", by: Actor, at: datetime) -> None:
    """Open the account of a confirmed person; the first sign-in must change the password.

    username: 3 to 40 signs, begins with a letter. password: the first one, handed over by the administrator; without one
    the person can only come in by another trust service. Conflict when the name is taken.
    """
    username = unicodedata.normalize("NFKC", username).strip().lower()
    if not _USERNAME.fullmatch(username):
        raise RuleBroken(
            _("用户名“%s”应以字母开头，由 3 至 40 位小写字母、数字、点、下划线或短横线组成，请修改。") % username[:50],
            field="username",
        )
    account = Account(username=username, person=person, password=make_password(password or None), created_at=at)
    try:
        with transaction.atomic():
            account.save()
    except IntegrityError:
        raise Conflict(_("用户名“%s”已被使用，请换一个。") % username) from None


@MANAGER.action("end")
def end(person: Person, *, note: str = "", by: Actor, at: datetime) -> None:
    """A person leaves: account, posts and delegations end at once (R-OVR-008)."""
    person.ended_at = at
    Account.objects.filter(person=person).update(is_active=False)
    Delegation.objects.filter(post__person=person, ended_at=None).update(ended_at=at)
    Delegation.objects.filter(to=person, ended_at=None).update(ended_at=at)
    PostHeld.objects.filter(person=person, ended_at=None).update(ended_at=at)


def replace(
    person_id: int,
    *,
    name: str,
    phone: str = "",
    email: str = "",
    title: str = "",
    by: Actor,
    at: datetime,
) -> Person:
    """Report that another person follows: the former's access ends at once, the new one waits for confirmation."""
    with transaction.atomic():
        department_id = end(person_id, note=_("由他人接任"), by=by, at=at).department_id
        follower: Person = report(
            department_id=department_id,
            name=name,
            phone=phone,
            email=email,
            title=title,
            replaces_id=person_id,
            by=by,
            at=at,
        )
        inbox.tell(
            title=_("人员变动待确认：%s") % follower.name,
            department_id=None,
            role=Role.PLATFORM_OPERATOR,
            at=at,
        )
    return follower
