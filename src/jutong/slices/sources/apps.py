"""The slice's Django label, and its place in the navigation."""

from __future__ import annotations

from django.apps import AppConfig


class Sources(AppConfig):
    """Label `sources`."""

    name = "jutong.slices.sources"
    label = "sources"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Offer the list of data sources to those who may see one."""
        from jutong.kernel.faces import navigation
        from jutong.kernel.terms import N_
        from jutong.slices.sources.rules import looks_after

        navigation.register(
            navigation.Entry(
                navigation.Group.EXCHANGE, N_("数据源"), "sources_list", "database", allow=looks_after, order=40
            )
        )
