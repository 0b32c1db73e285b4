"""The kernel's Django label."""

from django.apps import AppConfig


class Kernel(AppConfig):
    """Label `kernel`."""

    name = "jutong.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"
