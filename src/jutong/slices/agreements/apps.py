"""The slice's Django label."""

from __future__ import annotations

from django.apps import AppConfig


class Agreements(AppConfig):
    """Label `agreements`."""

    name = "jutong.slices.agreements"
    label = "agreements"
