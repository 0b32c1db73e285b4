"""The slice's Django label, and its place in the navigation."""

from __future__ import annotations

from django.apps import AppConfig


class Sources(AppConfig):
    """Label `sources`."""

    name = "jutong.slices.sources"
    label = "sources"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let the kernel know the front-end nodes; offer lists and chores to those who may see them."""
        from jutong.kernel import agenda, nodes, subjects
        from jutong.kernel.faces import navigation
        from jutong.kernel.terms import N_
        from jutong.slices.sources import reactions  # noqa: F401 - importing registers
        from jutong.slices.sources.queries.nodes import Registered
        from jutong.slices.sources.rules import looks_after, looks_after_nodes
        from jutong.slices.sources.workflow import FRONT_END_NODE

        nodes.known_by(Registered())
        subjects.register({"sources": N_("数据源与前置机"), "sources.datasource": N_("数据源")})
        agenda.register(
            agenda.Chore(
                FRONT_END_NODE.name,
                verbs=("issue_code",),
                page="sources_node",
                title=lambda case: case.title,
                who=lambda case: case.department.name,
                related=("department",),
            )
        )

        navigation.register(
            navigation.Entry(
                navigation.Group.EXCHANGE, N_("数据源"), "sources_list", "database", allow=looks_after, order=40
            ),
            navigation.Entry(
                navigation.Group.EXCHANGE, N_("前置机"), "sources_nodes", "server-2", allow=looks_after_nodes, order=45
            ),
        )
