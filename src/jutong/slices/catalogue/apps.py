"""The slice's Django label, its place in the navigation and on the workbench."""

from __future__ import annotations

from django.apps import AppConfig


class Catalogue(AppConfig):
    """Label `catalogue`."""

    name = "jutong.slices.catalogue"
    label = "catalogue"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hear events, register long work, offer pages and chores."""
        from jutong.kernel import agenda
        from jutong.kernel.actors import ADMINISTRATORS, Actor, Role
        from jutong.kernel.faces.navigation import Entry, Group, register
        from jutong.kernel.faces.shell import search_at
        from jutong.kernel.terms import N_
        from jutong.slices.catalogue import reactions, workflow  # noqa: F401 - importing registers

        def does_business(actor: Actor) -> bool:
            return not actor.roles <= ADMINISTRATORS

        def compiles(actor: Actor) -> bool:
            return actor.holds(
                Role.DATA_OFFICER, Role.SECRECY_OFFICER, Role.DEPARTMENT_LEADER, Role.PRINCIPAL,
                Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY, Role.LIAISON,
            )  # fmt: skip

        def reviews(actor: Actor) -> bool:
            return actor.holds(Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD)

        def imports(actor: Actor) -> bool:
            return actor.holds(Role.DATA_OFFICER, Role.PLATFORM_OPERATOR)

        search_at("catalogue")
        register(
            Entry(Group.CATALOGUE, N_("目录检索"), "catalogue", "search", does_business, order=10),
            Entry(Group.CATALOGUE, N_("本部门目录"), "catalogue_own", "folder", compiles, order=20),
            Entry(Group.CATALOGUE, N_("目录审核发布"), "catalogue_review", "checklist", reviews, order=30),
            Entry(Group.CATALOGUE, N_("目录导入"), "catalogue_imports", "file-import", imports, order=40),
        )
        agenda.register(
            agenda.Chore(
                "catalog_entry",
                verbs=(
                    "assess",
                    "leader_approve",
                    "submit",
                    "amend",
                    "amend_revision",
                    "review",
                    "determine",
                    "publish",
                ),
                page="catalogue_entry",
                title=lambda entry: entry.title,
                who=lambda entry: entry.provider_name,
                only={"amend": _returned(), "amend_revision": _returned()},
            )
        )


def _returned() -> object:
    from django.db.models import Q

    return Q(state="returned")
