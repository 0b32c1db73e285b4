"""The slice's Django label."""

from django.apps import AppConfig


class Grants(AppConfig):
    """Label `grants`."""

    name = "jutong.slices.grants"
    label = "grants"

    def ready(self) -> None:
        """Listen to the slices below."""
        from jutong.slices.grants import reactions, workflow  # noqa: F401
