"""What is over is forgotten in time, what is not stays: rows by their settings, files that no row speaks of."""

from __future__ import annotations

import io
import os
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session

from jutong.kernel import files, inbox, retention
from jutong.kernel.actors import system_actor
from jutong.kernel.models import InboxItem, OutboxEvent, Progress, StoredFile
from world import World


def days(number: int) -> timedelta:
    return timedelta(days=number)


@pytest.mark.parametrize(("age", "left"), [(29, 1), (31, 0)])
def test_finished_work_goes_after_thirty_days(world: World, age: int, left: int) -> None:
    ended = world.at - days(age)
    Progress.objects.create(task="t", title="导出", at=ended, finished_at=ended)
    Progress.objects.create(task="t", title="还在进行", at=world.at - days(400))
    retention.forget(world.at)
    assert Progress.objects.count() == left + 1


def test_settled_events_notices_and_sessions_go_and_open_ones_stay(world: World) -> None:
    old = world.at - days(366)
    for state in ("done", "skipped", "held", "pending"):
        OutboxEvent.objects.create(name="x", subject=state, payload={}, at=old, next_try=old, done_at=old, state=state)
    inbox.tell(title="去年的通知", role=None, account_id=1, at=old)
    inbox.tell(title="昨天的通知", role=None, account_id=1, at=world.at - days(1))
    for key, until in (("old", old), ("new", world.at + days(1))):
        Session.objects.create(session_key=key, session_data="", expire_date=until)
    retention.forget(world.at)
    assert set(OutboxEvent.objects.values_list("state", flat=True)) == {"held", "pending"}
    assert InboxItem.objects.get().title == "昨天的通知"
    assert Session.objects.get().session_key == "new"


def test_a_file_without_a_row_goes_when_it_is_old_and_only_then(world: World) -> None:
    by = system_actor("test")
    kept = files.store(io.BytesIO(b"kept"), "a.txt", by=by, at=world.at)
    orphan = files.store(io.BytesIO(b"orphan"), "b.txt", by=by, at=world.at)
    paths = {row.id: files.path(row.id) for row in (kept, orphan)}
    StoredFile.objects.filter(pk=orphan.id).delete()
    for path in paths.values():
        os.utime(path, ((world.at - days(6)).timestamp(),) * 2)
    for path in paths.values():
        retention.forget_orphans(path.parent, world.at)
    assert paths[orphan.id].exists()
    for path in paths.values():
        retention.forget_orphans(path.parent, world.at + days(2))
    assert not paths[orphan.id].exists()
    assert paths[kept.id].exists()
