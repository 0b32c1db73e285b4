"""The slice's Django label; when it is ready, its workflow, reactions and pages' hooks are there."""

from django.apps import AppConfig


class Parties(AppConfig):
    """Label `parties`."""

    name = "jutong.slices.parties"
    label = "parties"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Load what registers itself."""
        from jutong.slices.parties import reactions  # noqa: F401
