"""The slice's Django label, and its place in the navigation."""

from __future__ import annotations

from django.apps import AppConfig


class Datacentre(AppConfig):
    """Label `datacentre`."""

    name = "jutong.slices.datacentre"
    label = "datacentre"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to the catalogue below, and offer the list of mounted resources."""
        from jutong.kernel import subjects
        from jutong.kernel.faces import navigation
        from jutong.kernel.terms import N_
        from jutong.slices.datacentre import reactions  # noqa: F401 - importing registers

        subjects.register({"datacentre": N_("资源挂接")})
        navigation.register(
            navigation.Entry(
                navigation.Group.EXCHANGE,
                N_("资源挂接"),
                "datacentre_list",
                "link",
                allow=lambda actor: bool(actor.posts),
                order=30,
            )
        )
