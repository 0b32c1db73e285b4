"""The site's Django label, its own pages in the navigation and the workbench's own panels."""

from __future__ import annotations

from django.apps import AppConfig


class Site(AppConfig):
    """Label `site`."""

    name = "jutong.site"
    label = "site"

    def ready(self) -> None:
        """Register the joined pages."""
        from jutong.kernel import inbox
        from jutong.kernel.actors import ADMINISTRATORS, Role
        from jutong.kernel.audit import reading
        from jutong.kernel.faces import shell
        from jutong.kernel.faces.navigation import Entry, Group, register
        from jutong.kernel.terms import N_
        from jutong.site.pages.workbench import register_panels

        register(
            Entry(Group.WORKBENCH, N_("工作台"), "workbench", "layout-dashboard", lambda _actor: True, order=0),
            Entry(
                Group.WORKBENCH,
                N_("期限日历"),
                "calendar_due",
                "calendar-due",
                lambda actor: not actor.roles <= ADMINISTRATORS,
                order=10,
            ),
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
