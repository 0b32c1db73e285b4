"""Pages of interfaces: what can be called, how, how much it was, and the console."""

from __future__ import annotations

from django.urls import URLPattern, path

from jutong.slices.services.pages import calling, stopping, watching

urlpatterns: list[URLPattern] = [
    path("traffic/", watching.traffic, name="services_traffic"),
    path("stops/", stopping.stops, name="services_stops"),
    path("alerts/", watching.alerts, name="services_alerts"),
    path("<int:grant_id>/rules/", calling.interface, name="services_interface"),
    path("", watching.services, name="services_list"),
    path("console/", calling.console, name="services_console"),
    path("<int:grant_id>/", watching.service, name="service"),
    path("<int:grant_id>/openapi.json", watching.openapi, name="service_openapi"),
]
