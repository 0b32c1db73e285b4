"""The slice's Django label, its place in the navigation, on the workbench and on a grant's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from jutong.kernel.actors import Actor
    from jutong.kernel.agenda import Chore


class Usage(AppConfig):
    """Label `usage`."""

    name = "jutong.slices.usage"
    label = "usage"

    def ready(self) -> None:
        """Listen to the slices below; offer pages, chores and panels."""
        from jutong.kernel import guards, subjects
        from jutong.kernel.actors import ADMINISTRATORS
        from jutong.kernel.terms import N_
        from jutong.slices.usage import actions, reactions, workflow  # noqa: F401 - importing registers

        def does_business(actor: Actor) -> bool:
            return not actor.roles <= ADMINISTRATORS

        subjects.register(
            {
                "usage.userecord": N_("使用记录"),
                "usage.disposal": N_("数据处置"),
                "usage.misusecase": N_("违规使用"),
                "usage.aggregationreview": N_("汇聚审查"),
            }
        )
        guards.register("grants.open", "usage", actions.mark_combinations)
        guards.register("grants.restore", "usage", actions.check_admitted)
        _offer_ledgers(does_business)
        _offer_ledger_chores()
        _offer_misuse(does_business)
        _offer_aggregation(does_business)


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
    from jutong.slices.usage.pages import deciding

    agenda.register(
        agenda.Chore(
            "disposal",
            verbs=("instruct", "report", "accept"),
            page="usage_disposal_case",
            title=lambda case: case.resource_title,
            who=lambda case: case.consumer.short_name or case.consumer.name,
            related=("consumer", "proof"),
            only={
                "instruct": Q(state="ended") & queries.first_of_each_grant(),
                "report": queries.first_of_each_grant(),
                "accept": queries.first_of_each_grant(),
            },
            overseer="authority_id",
            decision=deciding.DISPOSAL,
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


def _offer_misuse(does_business: Callable[[Actor], bool]) -> None:
    from jutong.kernel import agenda, panels
    from jutong.kernel.actors import Role
    from jutong.kernel.faces.navigation import Entry, Group, register
    from jutong.kernel.terms import N_
    from jutong.slices.usage import queries

    def traces(actor: Actor) -> bool:
        return actor.holds(
            Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD, Role.AUDITOR, Role.DATA_OFFICER, Role.SHARING_UNIT_HEAD,
            Role.SHARING_UNIT_DEPUTY,
        )  # fmt: skip

    register(
        Entry(Group.SHARING, N_("违规使用"), "usage_misuses", "alert-octagon", does_business, order=50),
        Entry(Group.SHARING, N_("使用追溯"), "usage_trace", "route", traces, order=52),
    )
    panels.register(
        "grant", panels.Panel("misuse", N_("违规使用"), 10, does_business, queries.of_grant, "usage/panel_misuse.html")
    )
    agenda.register(_misuse_chore())


def _misuse_chore() -> Chore:
    """Return what of misuse belongs on a workbench."""
    from django.db.models import Q

    from jutong.kernel.agenda import Chore
    from jutong.slices.usage.pages import deciding

    return Chore(
        "misuse_case",
        verbs=("dismiss", "suspend", "report", "verify", "restore", "find_insufficient", "terminate"),
        page="usage_misuse",
        title=lambda case: case.title,
        who=lambda case: f"{case.number} {case.consumer.short_name or case.consumer.name}",
        related=("consumer",),
        only={
            "report": Q(reported_at=None),
            "verify": Q(reported_at__isnull=False),
            "find_insufficient": Q(refused_at__isnull=False),
        },
        overseer="authority_id",
        decision=deciding.MISUSE,
    )


def _offer_aggregation(does_business: Callable[[Actor], bool]) -> None:
    from django.db.models import Q

    from jutong.kernel import agenda
    from jutong.kernel.faces.navigation import Entry, Group, register
    from jutong.kernel.panels import Panel
    from jutong.kernel.panels import register as offer
    from jutong.kernel.terms import N_
    from jutong.slices.usage import queries

    register(Entry(Group.SHARING, N_("汇聚审查"), "usage_aggregations", "affiliate", does_business, order=54))
    panel = Panel(
        "aggregation", N_("汇聚审查"), 12, does_business, queries.marks_of_grant, "usage/panel_aggregation.html"
    )
    offer("grant", panel)
    agenda.register(
        agenda.Chore(
            "aggregation_review",
            verbs=("admit", "clear", "withhold"),
            only={"admit": Q(holding=True)},
            page="usage_aggregation",
            title=lambda case: case.product or case.title,
            who=lambda case: f"{case.number} {case.consumer.short_name or case.consumer.name}",
            related=("consumer",),
            overseer="authority_id",
        )
    )
