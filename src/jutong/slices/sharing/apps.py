"""The slice's Django label, its place in the navigation and on the workbench."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from jutong.kernel.actors import Actor
    from jutong.kernel.agenda import Chore


class Sharing(AppConfig):
    """Label `sharing`."""

    name = "jutong.slices.sharing"
    label = "sharing"

    def ready(self) -> None:
        """Listen to the slices below; offer pages, chores and panels."""
        from jutong.kernel import agenda, subjects
        from jutong.kernel.actors import ADMINISTRATORS
        from jutong.kernel.terms import N_
        from jutong.slices.sharing import reactions, workflow  # noqa: F401

        def does_business(actor: Actor) -> bool:
            return not actor.roles <= ADMINISTRATORS

        for chore in (_chore(), _dispute_chore(), _change_chore()):
            agenda.register(chore)
        subjects.register(
            {
                "sharing": N_("共享管理"),
                "sharing.sharingrequest": N_("共享申请"),
                "sharing.standingconsent": N_("常设同意"),
                "sharing.dispute": N_("共享争议"),
                "sharing.disputetaken": N_("其他平台报来的争议"),
                "sharing.usechange": N_("变更使用"),
                "sharing.answertemplate": N_("答复范本"),
                "sharing.serviceitem": N_("事项材料清单"),
                "sharing.servicepaper": N_("事项材料"),
            }
        )
        _offer_pages(does_business)
        _offer_panels(does_business)


def _offer_pages(does_business: Callable[[Actor], bool]) -> None:
    """Offer the lists in the navigation."""
    from jutong.kernel.actors import Role
    from jutong.kernel.faces.navigation import Entry, Group, register
    from jutong.kernel.terms import N_

    register(
        Entry(Group.SHARING, N_("共享申请"), "sharing_list", "file-symlink", does_business, order=10),
        Entry(Group.SHARING, N_("变更使用"), "sharing_changes", "arrows-exchange", does_business, order=22),
        Entry(Group.SHARING, N_("共享争议"), "sharing_disputes", "scale", does_business, order=24),
        Entry(Group.SHARING, N_("答复范本"), "sharing_templates", "template", does_business, order=28),
        Entry(Group.SHARING, N_("申请材料核对"), "sharing_desk", "list-check", does_business, order=66),
        Entry(
            Group.SHARING,
            N_("常设同意"),
            "sharing_standing",
            "writing-sign",
            lambda actor: actor.holds(Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY, Role.DATA_OFFICER),
            order=30,
        ),
    )


def _offer_panels(does_business: Callable[[Actor], bool]) -> None:
    """Offer what is under way to the workbench, and asking to an entry's page."""
    from jutong.kernel.panels import Panel, register
    from jutong.kernel.terms import N_
    from jutong.slices.sharing import queries

    own = Panel("own_requests", N_("本部门申请进展"), 5, does_business, queries.own_open, "sharing/panel_open.html")
    ask = Panel("ask", N_("申请共享"), 0, does_business, queries.entry_panel, "sharing/panel_entry.html")
    register("workbench_side", own)
    after_request = Panel(
        "further", N_("争议与变更"), 90, does_business, queries.further_of_request, "sharing/panel_further.html"
    )
    after_grant = Panel(
        "further", N_("争议与变更"), 90, does_business, queries.further_of_grant, "sharing/panel_further.html"
    )
    register("sharing_request", after_request)
    register("grant", after_grant)
    about_backflow = Panel(
        "further", N_("争议与变更"), 90, does_business, queries.further_of_backflow, "sharing/panel_further.html"
    )
    register("backflow", about_backflow)
    register("entry", ask)


def _chore() -> Chore:
    """Return what of sharing requests belongs on a workbench."""
    from django.db.models import Q

    from jutong.kernel.agenda import Chore
    from jutong.kernel.policy import CEILING_FROM
    from jutong.slices.sharing.pages import deciding

    return Chore(
        "sharing_request",
        verbs=(
            "consent",
            "file",
            "file_directly",
            "supplement",
            "prepare_reply",
            "agree",
            "agree_directly",
            "refuse",
            "extend",
            "judge",
        ),
        page="sharing_case",
        title=lambda case: case.resource_title,
        who=lambda case: f"{case.number or ''} {case.consumer.short_name or case.consumer.name}".strip(),
        related=("consumer", "provider"),
        only={
            "extend": Q(extension_asked__has_key="days"),
            "judge": Q(verdict={}),
            "file_directly": Q(started_on__lt=CEILING_FROM),
        },
        overseer="authority_id",
        together=("consent", "file", "agree", "refuse"),
        decision=deciding.REQUEST,
    )


def _dispute_chore() -> Chore:
    """Return what of disputes belongs on a workbench."""
    from django.db.models import Q

    from jutong.kernel.agenda import Chore
    from jutong.slices.sharing.pages import deciding

    return Chore(
        "dispute",
        verbs=("settle", "escalate", "send_out", "receive_decision", "decide", "submit", "government_decide"),
        only={"send_out": Q(sent_digest=""), "receive_decision": ~Q(sent_digest="")},
        page="sharing_dispute",
        title=lambda case: case.resource_title,
        who=lambda case: f"{case.number} {case.consumer.short_name or case.consumer.name}",
        related=("consumer", "provider"),
        decision=deciding.DISPUTE,
        overseer="authority_id",
    )


def _change_chore() -> Chore:
    """Return what of changes of use belongs on a workbench."""
    from jutong.kernel.agenda import Chore
    from jutong.slices.sharing.pages import deciding

    return Chore(
        "use_change",
        verbs=("consent", "refuse"),
        page="sharing_change_of_use",
        title=lambda case: case.resource_title,
        who=lambda case: f"{case.number} {case.consumer.short_name or case.consumer.name}",
        related=("consumer",),
        overseer="authority_id",
        together=("consent",),
        decision=deciding.CHANGE,
    )
