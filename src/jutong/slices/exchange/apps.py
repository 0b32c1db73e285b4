"""The slice's Django label, its places in navigation and on joined pages."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models import Q


class Exchange(AppConfig):
    """Label `exchange`."""

    name = "jutong.slices.exchange"
    label = "exchange"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Load the workflow and reactions; offer pages, chores and panels."""
        from jutong.kernel import panels
        from jutong.kernel.faces import navigation
        from jutong.kernel.terms import N_
        from jutong.slices.exchange import queries, reactions  # noqa: F401 - importing registers

        _name_subjects()

        def allow(actor: object) -> bool:
            return bool(getattr(actor, "posts", ()))

        exchange = navigation.Group.EXCHANGE
        navigation.register(
            navigation.Entry(exchange, N_("交换任务"), "exchange_runs", "transfer", allow=allow, order=10),
            navigation.Entry(exchange, N_("任务计划"), "exchange_tasks", "calendar-time", allow=allow, order=5),
            navigation.Entry(exchange, N_("数据报送"), "exchange_submissions", "upload", allow=allow, order=30),
            navigation.Entry(exchange, N_("数据回流"), "exchange_backflows", "arrow-back-up", allow=allow, order=35),
            navigation.Entry(exchange, N_("平台外提供"), "exchange_off_platform", "unlink", allow=allow, order=37),
            navigation.Entry(exchange, N_("批量下载"), "exchange_batches", "file-download", allow=allow, order=20),
        )
        _offer_chores()
        panels.register(
            "grant",
            panels.Panel("deliveries", N_("交换任务与批量文件"), 40, allow, queries.deliveries, "exchange/panel.html"),
        )
        panels.register("entry", panels.Panel("deliveries", N_("交付"), 70, allow, queries.entry_figures, ""))


def _offer_chores() -> None:
    """Offer what waits for somebody to workbenches."""
    from jutong.kernel import agenda
    from jutong.slices.exchange.workflow import BACKFLOW, EXCHANGE_TASK

    agenda.register(
        agenda.Chore(
            EXCHANGE_TASK.name,
            verbs=("retry",),
            page="exchange_run",
            title=lambda case: case.title,
            who=lambda case: case.provider.name,
            related=("provider",),
            only={"retry": Q(state="quarantined") | Q(dirty__gt=0) | ~Q(drift="")},
        )
    )
    agenda.register(
        agenda.Chore(
            BACKFLOW.name,
            verbs=("arrange", "start"),
            page="exchange_backflow",
            title=lambda case: case.title,
            who=lambda case: case.consumer.name,
            related=("consumer",),
        )
    )


def _name_subjects() -> None:
    """Name what the audit writes of this slice."""
    from jutong.kernel import subjects
    from jutong.kernel.terms import N_

    subjects.register(
        {
            "exchange": N_("数据交换"),
            "exchange.backflow": N_("数据回流"),
            "exchange.parcel": N_("前置机包裹"),
            "exchange.run": N_("交换任务"),
            "exchange.submission": N_("数据报送"),
            "exchange.transfertask": N_("任务计划"),
        }
    )
