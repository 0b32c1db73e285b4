"""The slice's Django label, its place in the navigation and on the workbench."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.db.models import Q

if TYPE_CHECKING:
    from jutong.kernel.actors import Actor


class Grants(AppConfig):
    """Label `grants`."""

    name = "jutong.slices.grants"
    label = "grants"

    def ready(self) -> None:
        """Listen to the slices below; offer the list and what ends soon."""
        from jutong.kernel import guards, panels, subjects
        from jutong.kernel.actors import ADMINISTRATORS
        from jutong.kernel.faces.navigation import Entry, Group, register
        from jutong.kernel.terms import N_
        from jutong.slices.grants import actions, queries, reactions, workflow  # noqa: F401

        subjects.register({"grants.grant": N_("授权"), "grants.changeconsumer": N_("停止与变更服务")})
        guards.register("catalogue.take_out", "grants", actions.bar_secret)
        guards.register("datacentre.drop_items", "grants", queries.check_dropped)
        guards.register("datacentre.prepare_mount", "grants", queries.check_preparing)

        def does_business(actor: Actor) -> bool:
            return not actor.roles <= ADMINISTRATORS

        register(Entry(Group.SHARING, N_("授权"), "grants_list", "key", does_business, order=40))
        _offer_endings(does_business)
        panels.register(
            "workbench_side",
            panels.Panel(
                "ending_grants",
                N_("三十天内到期的授权"),
                20,
                does_business,
                queries.ending_soon,
                "grants/panel_ending.html",
            ),
        )


def _offer_endings(allow: Callable[[Actor], bool]) -> None:
    from jutong.kernel import agenda, panels
    from jutong.kernel.faces.navigation import Entry, Group, register
    from jutong.kernel.terms import N_
    from jutong.slices.grants import queries
    from jutong.slices.grants.pages import deciding

    register(Entry(Group.SHARING, N_("停止与变更服务"), "grants_endings", "plug-connected-x", allow, order=45))
    panels.register(
        "entry",
        panels.Panel("ending", N_("停止与变更服务"), 60, allow, queries.of_entry, "grants/panel_ending_service.html"),
    )
    agenda.register(
        agenda.Chore(
            "service_change",
            verbs=("file", "file_directly", "acknowledge"),
            page="grants_ending",
            title=lambda case: case.resource_title,
            who=lambda case: case.provider.name,
            related=("provider",),
            only={"acknowledge": Q(acknowledged_by="")},
            decision=deciding.ENDING,
        )
    )
