"""Pages of organisations, people and accounts, and their lines in the navigation."""

from __future__ import annotations

from django.urls import URLPattern

from jutong.kernel.actors import ADMINISTRATORS, Actor, Role
from jutong.kernel.faces.navigation import Entry, Group, register
from jutong.kernel.terms import N_
from jutong.slices.parties.pages import (
    access,
    administration,
    door,
    organisation,
    own,
    people,
    places,
    reminders,
    systems,
)

urlpatterns: list[URLPattern] = [
    *door.urlpatterns,
    *own.urlpatterns,
    *reminders.urlpatterns,
    *organisation.urlpatterns,
    *people.urlpatterns,
    *places.urlpatterns,
    *systems.urlpatterns,
    *access.urlpatterns,
    *administration.urlpatterns,
]


def _anyone(_actor: Actor) -> bool:
    return True


def _administrators(actor: Actor) -> bool:
    return bool(actor.roles & ADMINISTRATORS)


def _overseers(actor: Actor) -> bool:
    return actor.holds(
        Role.PLATFORM_OPERATOR, Role.AUTHORITY_HEAD, Role.AUTHORITY_REVIEWER, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN
    )


register(
    Entry(Group.ADMIN, N_("组织机构"), "organisation", "building-community", _anyone, 10),
    Entry(Group.ADMIN, N_("人员"), "people", "users", _anyone, 20),
    Entry(Group.ADMIN, N_("业务系统"), "systems", "server", _anyone, 30),
    Entry(Group.ADMIN, N_("接入与迁移"), "access_home", "plug-connected", _anyone, 35),
    Entry(Group.ADMIN, N_("行业条线"), "sectors", "sitemap", _anyone, 40),
    Entry(Group.ADMIN, N_("区划与主管部门"), "regions", "map-2", _anyone, 50),
    Entry(Group.ADMIN, N_("登记完整性"), "completeness", "checklist", _overseers, 60),
    Entry(Group.ADMIN, N_("账号与管理员"), "accounts", "shield-lock", _administrators, 70),
)
