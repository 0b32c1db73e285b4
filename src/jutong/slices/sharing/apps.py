"""The slice's Django label."""

from django.apps import AppConfig


class Sharing(AppConfig):
    """Label `sharing`."""

    name = "jutong.slices.sharing"
    label = "sharing"

    def ready(self) -> None:
        """Listen to the slices below."""
        from jutong.slices.sharing import reactions, workflow  # noqa: F401
