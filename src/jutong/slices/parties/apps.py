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

        _name_subjects()


def _name_subjects() -> None:
    """Name what the audit writes of this slice."""
    from jutong.kernel import subjects
    from jutong.kernel.terms import N_

    subjects.register(
        {
            "parties": N_("机构人员"),
            "parties.account": N_("账号"),
            "parties.apikey": N_("接口密钥"),
            "parties.businesssystem": N_("业务系统接入"),
            "parties.delegation": N_("代办委托"),
            "parties.department": N_("部门"),
            "parties.identitylink": N_("外部身份"),
            "parties.person": N_("信息管理人员"),
            "parties.postheld": N_("岗位"),
            "parties.region": N_("行政区划"),
            "parties.sectorline": N_("行业条线"),
        }
    )
