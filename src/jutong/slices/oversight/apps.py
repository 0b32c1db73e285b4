"""The slice's Django label, and its place in the navigation."""

from __future__ import annotations

from django.apps import AppConfig


class Oversight(AppConfig):
    """Label `oversight`."""

    name = "jutong.slices.oversight"
    label = "oversight"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Offer the state of sharing to those who supervise it."""
        from jutong.kernel.faces.navigation import Entry, Group, register
        from jutong.kernel.terms import N_
        from jutong.slices.oversight import queries

        register(Entry(Group.GOVERNANCE, N_("共享态势"), "oversight_state", "dashboard", queries.supervises, order=5))
