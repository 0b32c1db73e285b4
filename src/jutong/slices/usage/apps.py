"""The slice's Django label, its place in the navigation, on the workbench and on a grant's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from jutong.kernel.actors import Actor


class Usage(AppConfig):
    """Label `usage`."""

    name = "jutong.slices.usage"
    label = "usage"

    def ready(self) -> None:
        """Listen to the slices below; offer pages, chores and panels."""
        from jutong.kernel import subjects
        from jutong.kernel.actors import ADMINISTRATORS
        from jutong.kernel.terms import N_
        from jutong.slices.usage import reactions, workflow  # noqa: F401 - importing registers

        def does_business(actor: Actor) -> bool:
            return not actor.roles <= ADMINISTRATORS

        subjects.register({"usage.userecord": N_("使用记录"), "usage.disposal": N_("数据处置")})
        _offer_ledgers(does_business)
        _offer_ledger_chores()


def _offer_ledgers(does_business: Callable[[Actor], bool]) -> None:
    """Offer ledgers, disposals and reports: navigation, the grant's page, the workbench."""
    from jutong.kernel.faces.navigation import Entry, Group
    from jutong.kernel.faces.navigation import register as navigate
    from jutong.kernel.panels import Panel, register
    from jutong.kernel.terms import N_
    from jutong.slices.usage import queries

    navigate(
        Entry(Group.SHARING, N_("使用台账"), "usage_ledgers", "book-2", does_business, order=46),
        Entry(Group.SHARING, N_("数据处置"), "usage_disposals", "trash-x", does_business, order=48),
        Entry(Group.GOVERNANCE, N_("利用情况"), "usage_utilisation", "chart-bar", does_business, order=44),
        Entry(Group.GOVERNANCE, N_("参与情况"), "usage_participation", "affiliate", does_business, order=46),
    )
    register(
        "grant", Panel("ledger", N_("使用台账"), 60, does_business, queries.grant_panel, "usage/panel_ledger.html")
    )
    incomplete = Panel(
        "use_records", N_("不完整的使用记录"), 30, does_business, queries.incomplete_panel, "usage/panel_records.html"
    )
    register("workbench_side", incomplete)


def _offer_ledger_chores() -> None:
    """Put disposals, one line a grant and state, and incomplete use records on workbenches."""
    from django.db.models import Q

    from jutong.kernel import agenda
    from jutong.slices.usage import queries

    agenda.register(
        agenda.Chore(
            "disposal",
            verbs=("instruct", "report", "accept"),
            page="usage_disposal_case",
            title=lambda case: case.resource_title,
            who=lambda case: case.consumer.short_name or case.consumer.name,
            related=("consumer",),
            only={
                "instruct": Q(state="ended") & queries.first_of_each_grant(),
                "report": queries.first_of_each_grant(),
                "accept": queries.first_of_each_grant(),
            },
            overseer="authority_id",
        )
    )
    agenda.register(
        agenda.Chore(
            "use_record",
            verbs=("fill",),
            page="usage_record",
            title=lambda record: record.resource_title,
            who=lambda record: record.reference,
            only={"fill": ~Q(lacking=[])},
        )
    )
