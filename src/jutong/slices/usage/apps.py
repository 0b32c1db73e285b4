"""The slice's Django label, its place in the navigation, on the workbench and on a grant's page."""

from __future__ import annotations

from django.apps import AppConfig


class Usage(AppConfig):
    """Label `usage`."""

    name = "jutong.slices.usage"
    label = "usage"

    def ready(self) -> None:
        """Listen to the slices below."""
        from jutong.slices.usage import reactions, workflow  # noqa: F401 - importing registers
