"""The slice's Django label; it has no tables of its own, calendar and assignments are the kernel's."""

from django.apps import AppConfig


class Standards(AppConfig):
    """Label `standards`."""

    name = "jutong.slices.standards"
    label = "standards"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Name what the audit writes of this slice."""
        from jutong.kernel import subjects
        from jutong.kernel.terms import N_

        subjects.register({"standards": N_("政策规则与日历")})
