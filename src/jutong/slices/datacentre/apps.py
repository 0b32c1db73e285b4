"""The slice's Django label, and its place in the navigation."""

from __future__ import annotations

from django.apps import AppConfig


class Datacentre(AppConfig):
    """Label `datacentre`."""

    name = "jutong.slices.datacentre"
    label = "datacentre"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to the catalogue below; offer mounted resources, tables to compile from, and what an entry's page shows."""
        from jutong.kernel import subjects
        from jutong.kernel.faces import navigation
        from jutong.kernel.terms import N_
        from jutong.slices.datacentre import queries, reactions  # noqa: F401 - importing registers

        subjects.register({"datacentre": N_("资源挂接"), "datacentre.sourcetable": N_("数据源中的表")})
        navigation.register(
            navigation.Entry(
                navigation.Group.EXCHANGE,
                N_("资源挂接"),
                "datacentre_list",
                "link",
                allow=lambda actor: bool(actor.posts),
                order=30,
            ),
            navigation.Entry(
                navigation.Group.CATALOGUE,
                N_("从数据源编目"),
                "datacentre_tables",
                "database-import",
                allow=queries.may_compile,
                order=25,
            ),
        )
        _offer_panels()


def _offer_panels() -> None:
    """Offer to an entry's page what its data looks like, how its resource stands and where it comes from."""
    from jutong.kernel.actors import ADMINISTRATORS, Actor
    from jutong.kernel.panels import Panel, register
    from jutong.kernel.terms import N_
    from jutong.slices.datacentre import queries

    def does_business(actor: Actor) -> bool:
        return not actor.roles <= ADMINISTRATORS

    behind = Panel("profile", N_("样本概况"), 30, does_business, queries.behind_entry, "datacentre/profile.html")
    register("entry", behind)
