"""The slice's Django label, its place in the navigation and on the workbench."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from jutong.kernel.actors import Actor


class Agreements(AppConfig):
    """Label `agreements`."""

    name = "jutong.slices.agreements"
    label = "agreements"

    def ready(self) -> None:
        """Offer the list, what waits for a signature, and what ends soon."""
        from jutong.kernel.actors import ADMINISTRATORS
        from jutong.kernel.faces.navigation import Entry, Group, register
        from jutong.kernel.terms import N_
        from jutong.slices.agreements import reactions, workflow  # noqa: F401 - importing registers

        def does_business(actor: Actor) -> bool:
            return not actor.roles <= ADMINISTRATORS

        register(Entry(Group.SHARING, N_("共享协议"), "agreements", "contract", does_business, order=35))
        _offer_panels(does_business)
        _offer_chore()


def _offer_panels(allow: Callable[[Actor], bool]) -> None:
    from jutong.kernel.panels import Panel, register
    from jutong.kernel.terms import N_
    from jutong.slices.agreements import queries

    title = N_("共享协议")
    register("entry", Panel("agreements", title, 55, allow, queries.of_entry, "agreements/panel_entry.html"))
    register("grant", Panel("agreements", title, 30, allow, queries.of_grant, "agreements/panel_grant.html"))
    register(
        "workbench_side",
        Panel("ending_agreements", N_("即将到期的协议"), 22, allow, queries.ending_soon, "agreements/panel.html"),
    )


def _offer_chore() -> None:
    from django.db.models import Q

    from jutong.kernel import agenda
    from jutong.slices.agreements.pages import deciding

    agenda.register(
        agenda.Chore(
            "agreement",
            verbs=("sign", "attest"),
            page="agreement",
            title=lambda case: case.name,
            who=lambda case: f"{case.number} {case.drafted_by.short_name or case.drafted_by.name}",
            related=("drafted_by",),
            only={"attest": Q(joint=True)},
            overseer="authority_id",
            decision=deciding.AGREEMENT,
        )
    )
