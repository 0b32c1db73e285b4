"""The slice's Django label, its place in the navigation and on the workbench."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from jutong.kernel.actors import Actor


class Correction(AppConfig):
    """Label `correction`."""

    name = "jutong.slices.correction"
    label = "correction"

    def ready(self) -> None:
        """Listen to the kernel's clocks; offer pages, chores and panels."""
        from jutong.kernel import subjects
        from jutong.kernel.actors import ADMINISTRATORS
        from jutong.kernel.terms import N_
        from jutong.slices.correction import reactions, workflow  # noqa: F401 - importing registers

        def does_business(actor: Actor) -> bool:
            return not actor.roles <= ADMINISTRATORS

        subjects.register({"correction": N_("校核与更正"), "correction.receiver": N_("更正通知")})
        _offer_pages(does_business)
        _offer_panels(does_business)
        _offer_chores()


def _offer_pages(does_business: Callable[[Actor], bool]) -> None:
    from jutong.kernel.actors import Role
    from jutong.kernel.faces.navigation import Entry, Group, register
    from jutong.kernel.terms import N_

    def watches(actor: Actor) -> bool:
        return actor.holds(Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD, Role.AUDITOR)

    register(
        Entry(Group.SHARING, N_("校核与异议"), "correction_list", "zoom-exclamation", does_business, order=60),
        Entry(Group.SHARING, N_("更正通知"), "correction_corrected", "file-diff", does_business, order=62),
        Entry(Group.SHARING, N_("照常办理查询"), "correction_desk", "certificate", does_business, order=64),
        Entry(Group.GOVERNANCE, N_("校核监督"), "correction_watch", "eye-check", watches, order=40),
        Entry(Group.GOVERNANCE, N_("拟提问题"), "correction_findings", "flag", watches, order=42),
    )


def _offer_panels(does_business: Callable[[Actor], bool]) -> None:
    from jutong.kernel.panels import Panel, register
    from jutong.kernel.terms import N_
    from jutong.slices.correction import queries

    marks = Panel("marks", N_("校核与异议"), 15, does_business, queries.entry_panel, "correction/panel_entry.html")
    register("entry", marks)
    held = Panel("marks", N_("数据标注"), 5, does_business, queries.marks_of_grant, "correction/panel_marks.html")
    register("grant", held)
    fetch = Panel("corrections", N_("待领取的更正"), 8, does_business, queries.to_fetch, "correction/panel_fetch.html")
    register("workbench_side", fetch)


def _offer_chores() -> None:
    from django.db.models import Q

    from jutong.kernel import agenda
    from jutong.slices.correction.pages import deciding
    from jutong.slices.correction.workflow import WORKFLOWS

    verbs = {
        "verification": ("confirm", "find_unfounded", "close", "extend"),
        "objection": ("mark", "take", "transfer", "decide_department", "decide", "record_result", "notify", "close"),
        "open_correction": ("agree", "refuse", "change", "extend"),
        "complaint": ("examine", "resolve", "notify", "close"),
    }
    for kind in WORKFLOWS:
        agenda.register(
            agenda.Chore(
                kind,
                verbs=verbs[kind],
                page=f"correction_{kind}",
                title=lambda case: case.title,
                who=lambda case: case.number,
                only={"extend": Q(extension_asked__has_key="days")},
                overseer="authority_id",
                decision=deciding.DECISIONS[kind],
            )
        )
