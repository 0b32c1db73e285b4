"""Processes decide the same requests at once: every one is decided once, nothing is lost, and nothing is half done."""

from __future__ import annotations

import time
from copy import copy as copy_of

import pytest
from deciders import answers, decider, go
from django.db import connection, transaction
from test_requests import filed, reply

from jutong.kernel.models import AuditEntry, Clock, OutboxEvent
from jutong.slices.grants.models import BundleItem, BundleSerial, Grant, GrantVersion
from jutong.slices.sharing import actions
from jutong.slices.sharing.models import SharingRequest
from published import published
from world import World

REQUESTS = 200
PROCESSES = 4
SOME = 60
IN_A_SET = 20


@pytest.fixture(autouse=True)
def _node(world: World) -> None:
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=world.at)


@pytest.mark.slow(seconds=24)
@pytest.mark.django_db(transaction=True)
def test_two_hundred_requests_are_decided_two_hundred_times(world: World) -> None:
    resource = published(world)
    ids = []
    for _n in range(REQUESTS):
        request = filed(world, resource)
        actions.prepare_reply(request, by=world.actor("civil.officer"), at=world.at, reply=reply())
        ids.append(request.pk)
    before = AuditEntry.objects.filter(verb="sharing_request.agree").count()
    deciders = [decider(world.account("civil.head"), ids, seed=seed, together=1) for seed in range(PROCESSES)]
    go(*deciders)
    assert answers(*deciders) == {"agreed": REQUESTS, "409 invalid_state": REQUESTS * (PROCESSES - 1)}
    decided = AuditEntry.objects.filter(verb="sharing_request.agree")
    assert before == 0
    assert decided.filter(outcome="refused", code="invalid_state").count() == REQUESTS * (PROCESSES - 1)
    assert _once(ids)


def _once(ids: list[int]) -> bool:
    """Tell whether each request was agreed to once: its state, grant, trail, clocks and event."""
    many = len(ids)
    told = AuditEntry.objects.filter(outcome="success")
    assert SharingRequest.objects.filter(pk__in=ids, state="agreed").count() == many
    assert Grant.objects.count() == GrantVersion.objects.count() == many
    assert BundleItem.objects.filter(kind="grants").count() == many
    assert told.filter(verb="sharing_request.agree").count() == told.filter(verb="grant.open").count() == many
    assert Clock.objects.filter(case_id__in=ids, name="delivery", state="running").count() == many
    return OutboxEvent.objects.filter(name="sharing_request.agreed").count() == many


def _alike(world: World) -> list[int]:
    """Return like requests that wait for the head, each with its clock."""
    first = filed(world, published(world))
    actions.prepare_reply(first, by=world.actor("civil.officer"), at=world.at, reply=reply())
    first.refresh_from_db()
    runs = Clock.objects.get(case_kind="sharing_request", case_id=first.pk)
    rows, clocks = [copy_of(first) for _n in range(SOME - 1)], [copy_of(runs) for _n in range(SOME - 1)]
    for place, row in enumerate(rows):
        row.pk, row.number = None, f"SR-2026-9{place:05d}"
    for row, clock in zip(SharingRequest.objects.bulk_create(rows), clocks, strict=True):
        clock.pk, clock.case_id = None, row.pk
    Clock.objects.bulk_create(clocks)
    return [first.pk, *(row.pk for row in rows)]


@pytest.mark.slow(seconds=10)
@pytest.mark.django_db(transaction=True)
def test_sets_that_overlap_double_nothing_and_a_set_that_is_cut_off_leaves_nothing(world: World) -> None:
    ids = _alike(world)
    head = world.account("civil.head")
    cut = decider(head, ids, seed=0, together=SOME)
    with transaction.atomic():
        BundleSerial.objects.get_or_create(pk=1)
        BundleSerial.objects.select_for_update().get(pk=1)  # the grants are written by then, and the rest is not
        go(cut)
        _until_it_waits()
        cut.kill()
        cut.wait()
    deadline = time.monotonic() + 20
    while _backends() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Grant.objects.exists()
    assert not AuditEntry.objects.filter(verb__in=("sharing_request.agree", "grant.open")).exists()
    assert SharingRequest.objects.filter(pk__in=ids, state="reply_prepared", grant_id=None).count() == SOME
    assert Clock.objects.filter(case_id__in=ids, name="reply", state="running").count() == SOME
    two = [decider(head, ids, seed=seed, together=IN_A_SET) for seed in (1, 2)]
    go(*two)
    assert answers(*two) == {"agreed": SOME, "refused": SOME}
    assert _once(ids)


def _backends() -> list[tuple[str | None]]:
    """Return what the other connections to this database wait for."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select wait_event_type from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            " and backend_type = 'client backend'"
        )
        return cursor.fetchall()


def _until_it_waits() -> None:
    deadline = time.monotonic() + 60
    while ("Lock",) not in _backends():
        assert time.monotonic() < deadline
        time.sleep(0.05)
