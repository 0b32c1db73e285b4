"""The slice's Django label, its place in the navigation and on a grant's page."""

from __future__ import annotations

from django.apps import AppConfig


class Services(AppConfig):
    """Label `services`."""

    name = "jutong.slices.services"
    label = "services"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Offer the list, the console and the figures of use."""
        from jutong.kernel import panels, subjects
        from jutong.kernel.actors import ADMINISTRATORS, Actor
        from jutong.kernel.faces.navigation import Entry, Group, register
        from jutong.kernel.terms import N_
        from jutong.slices.services import queries
        from jutong.slices.services.actions import CALLERS
        from jutong.slices.services.pages.entries import use_panel

        subjects.register({"services": N_("接口服务")})

        def calls(actor: Actor) -> bool:
            return actor.holds(*CALLERS.roles)

        def does_business(actor: Actor) -> bool:
            return not actor.roles <= ADMINISTRATORS

        register(
            Entry(Group.EXCHANGE, N_("接口服务"), "services_list", "api", does_business, order=10),
            Entry(Group.EXCHANGE, N_("接口调试台"), "services_console", "terminal-2", calls, order=15),
            Entry(Group.EXCHANGE, N_("网关运行"), "services_traffic", "activity", does_business, order=16),
            Entry(Group.EXCHANGE, N_("服务中断"), "services_stops", "plug-connected-x", does_business, order=18),
            Entry(Group.EXCHANGE, N_("疑似违规使用"), "services_alerts", "alert-triangle", does_business, order=17),
        )
        panels.register(
            "workbench_side",
            panels.Panel(
                "stops", N_("本部门中断的服务"), 15, does_business, queries.open_stops, "services/panel_stops.html"
            ),
        )
        panels.register(
            "grant",
            panels.Panel("use", N_("近三十天使用"), 20, does_business, queries.panel, "services/panel_use.html"),
        )
        called = panels.Panel("calls", N_("接口使用"), 60, does_business, use_panel, "services/panel_calls.html")
        panels.register("entry", called)
