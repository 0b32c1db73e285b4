"""Requests, grants, deliveries and revocations in any order, beside a model on paper: no interleaving opens or shuts a door."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

import pytest
from agreement_world import active
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from model_place import City
from model_watching import Sharing

from covers import covers
from jutong.slices.catalogue.models import Item
from sourceworld import mounted, register
from world import World

BASIS: dict[str, Any] = {
    "basis_rank": "administrative_regulation", "basis_instrument": "社会救助暂行办法", "basis_article": "第十一条",
}  # fmt: skip


@pytest.fixture
def city(world: World, probe: Any, civil_db: str) -> City:
    """Two mounted resources, one of them marked secret, and a system that calls."""
    source = register(world, "civil", civil_db)
    plain, secret = mounted(world, source), mounted(world, source, title="低保家庭经济状况信息", **BASIS)
    for item in Item.objects.filter(version__entry=secret, name="收入"):
        item.detail = {**item.detail, "classified": True}
        item.save()
    key = world.system("hr")
    world.drain()

    def secrecy(at: datetime) -> int:
        world.at = at  # the people of the helpers are those of now
        return int(active(world, kind="confidentiality", at=at).pk)

    return City(world, source.pk, {"plain": plain, "secret": secret}, key.key_id, secrecy)


def lived(city: City, histories: int, steps: int, *, derandomize: bool = True) -> None:
    """Let so many histories happen; one that fails is made shorter by `make model` only, which takes its time."""
    run_state_machine_as_test(
        lambda: Sharing(city),
        settings=settings(
            max_examples=histories, stateful_step_count=steps, derandomize=derandomize, deadline=None, database=None,
            suppress_health_check=list(HealthCheck), phases=[Phase.generate] if derandomize else list(Phase),
        ),
    )  # fmt: skip


@covers(partly=["R-SHR-032", "R-SHR-044", "R-SHR-048", "R-SHR-049"])
def test_no_interleaving_leaves_access_without_a_live_grant_or_a_live_grant_without_access(city: City) -> None:
    lived(city, 8, 24)


@pytest.mark.slow(seconds=25)
def test_nor_do_longer_histories(city: City) -> None:
    """`make model` lets HISTORIES of them happen, each time others."""
    wanted = int(os.environ.get("JUTONG_MODEL_HISTORIES", "0"))
    lived(city, wanted or 16, 50, derandomize=not wanted)
