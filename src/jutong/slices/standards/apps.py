"""The slice's Django label; calendar and assignments are the kernel's tables, specifications and peers' codes its own."""

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

        subjects.register(
            {
                "standards": N_("政策规则与日历"),
                "standards.specificationversion": N_("目录编制规范"),
                "standards.gradescheme": N_("数据分级目录"),
                "standards.profiledraft": N_("本地规则草案"),
                "standards.purposecode": N_("使用用途"),
            }
        )
