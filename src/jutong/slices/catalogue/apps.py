"""The slice's Django label."""

from __future__ import annotations

from django.apps import AppConfig


class Catalogue(AppConfig):
    """Label `catalogue`."""

    name = "jutong.slices.catalogue"
    label = "catalogue"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let the slice hear events and register its long work."""
        from jutong.slices.catalogue import reactions  # noqa: F401 - importing registers
