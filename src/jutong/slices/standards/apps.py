"""The slice's Django label; it has no tables of its own, calendar and assignments are the kernel's."""

from django.apps import AppConfig


class Standards(AppConfig):
    """Label `standards`."""

    name = "jutong.slices.standards"
    label = "standards"
    default_auto_field = "django.db.models.BigAutoField"
