"""The kernel's Django label."""

from django.apps import AppConfig


class Kernel(AppConfig):
    """Label `kernel`."""

    name = "jutong.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let refusals speak the reader's language; set the timers."""
        from django.utils.translation import gettext

        from jutong.kernel import errors, timers  # noqa: F401 - importing sets them
        from jutong.kernel.audit import reading  # noqa: F401 - its task is known to the worker

        errors.translated_by(gettext)
