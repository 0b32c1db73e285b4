"""The slice's Django label."""

from __future__ import annotations

from django.apps import AppConfig


class Usage(AppConfig):
    """Label `usage`."""

    name = "jutong.slices.usage"
    label = "usage"
