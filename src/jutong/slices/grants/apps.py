"""The slice's Django label, its place in the navigation and on the workbench."""

from __future__ import annotations

from django.apps import AppConfig


class Grants(AppConfig):
    """Label `grants`."""

    name = "jutong.slices.grants"
    label = "grants"

    def ready(self) -> None:
        """Listen to the slices below; offer the list and what ends soon."""
        from jutong.kernel import panels, subjects
        from jutong.kernel.actors import ADMINISTRATORS, Actor
        from jutong.kernel.faces.navigation import Entry, Group, register
        from jutong.kernel.terms import N_
        from jutong.slices.grants import queries, reactions, workflow  # noqa: F401

        subjects.register({"grants.grant": N_("授权")})

        def does_business(actor: Actor) -> bool:
            return not actor.roles <= ADMINISTRATORS

        register(Entry(Group.SHARING, N_("授权"), "grants_list", "key", does_business, order=40))
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
        whither = panels.Panel("consumers", N_("使用部门"), 20, does_business, queries.lineage, "")
        panels.register("entry_lineage", whither)
        panels.register("entry_figures", panels.Panel("grants", N_("授权"), 10, does_business, queries.figures, ""))
