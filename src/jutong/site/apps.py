"""The site's Django label, its own pages in the navigation and the workbench's own panels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from jutong.kernel.actors import Actor


class Site(AppConfig):
    """Label `site`."""

    name = "jutong.site"
    label = "site"

    def ready(self) -> None:
        """Register the joined pages."""
        from jutong.kernel import inbox
        from jutong.kernel.actors import Role
        from jutong.kernel.audit import reading
        from jutong.kernel.faces import shell
        from jutong.kernel.faces.navigation import Entry, Group, register
        from jutong.kernel.terms import N_
        from jutong.site.pages.workbench import register_panels

        _offer_workbench()
        register(
            Entry(Group.GOVERNANCE, N_("审计"), "audit", "shield-search", reading.may_read, order=80),
            Entry(
                Group.ADMIN,
                N_("运行状态"),
                "operations",
                "activity-heartbeat",
                lambda actor: actor.holds(Role.SYSTEM_ADMIN),
                order=80,
            ),
        )
        shell.inbox_at("inbox", inbox.unread)
        register_panels()


def _offer_workbench() -> None:
    """Offer the pages of the workbench."""
    from jutong.kernel.actors import ADMINISTRATORS, DECIDING
    from jutong.kernel.faces.navigation import Entry, Group, register
    from jutong.kernel.terms import N_
    from jutong.site.pages.load import may_see

    def does_business(actor: Actor) -> bool:
        return not actor.roles <= ADMINISTRATORS

    def decides(actor: Actor) -> bool:
        return bool(DECIDING & {post.role for post in actor.posts})

    register(
        Entry(Group.WORKBENCH, N_("工作台"), "workbench", "layout-dashboard", lambda _actor: True, order=0),
        Entry(Group.WORKBENCH, N_("待办事项"), "todo", "list-check", does_business, order=5),
        Entry(Group.WORKBENCH, N_("待我同意"), "approve", "thumb-up", decides, order=7),
        Entry(Group.WORKBENCH, N_("期限日历"), "calendar_due", "calendar-due", does_business, order=10),
        Entry(Group.WORKBENCH, N_("部门负荷"), "load", "chart-bar", may_see, order=20),
    )
