"""Reminders for many people at once: the same few statements, one connection, everybody once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import Count
from django.test.utils import CaptureQueriesContext

from jutong.slices.parties.actions import reminding, sending
from jutong.slices.parties.models import Reminder, ReminderSetting
from smtp_server import Kept, mailbox
from world import World

__all__ = ["mailbox"]


def test_hundreds_of_digests_go_over_one_connection_in_the_same_few_statements(world: World, mailbox: Kept) -> None:
    """400 people with three reminders each, made by SQL; the server refuses one address and breaks off once."""
    _crowd(world, 400)
    morning = datetime(2026, 3, 3, 0, 30, tzinfo=UTC)
    mailbox.refused, mailbox.ends_after = {"p7@example.gov.cn"}, 150
    with CaptureQueriesContext(connection) as asked, sending.mail() as post:
        while reminding.send_due(morning, post):
            pass
    assert len(mailbox.letters) == 399
    assert len({to for (to,), _letter in mailbox.letters}) == 399
    assert len({letter["Message-ID"] for _to, letter in mailbox.letters}) == 399
    assert mailbox.sessions == 3  # two that the server ended, and the last
    assert len(asked) <= 3 * 14  # three batches, the last one empty
    assert dict(Reminder.objects.values_list("outcome").annotate(n=Count("pk"))) == {"sent": 1197, "waiting": 3}
    mailbox.refused = set()
    assert reminding.send_due(morning + timedelta(minutes=2)) == 3


def _crowd(world: World, many: int) -> None:
    """Give many people accounts, wishes and three reminders each, all in SQL."""
    with connection.cursor() as cursor:
        for table, changes in {
            "parties_person": {"name": "'p' || g", "email": "'p' || g || '@example.gov.cn'"},
            "parties_account": {"person_id": "1000000 + g", "username": "'p' || g"},
        }.items():
            cursor.execute("select column_name from information_schema.columns where table_name = %s", [table])
            columns = [name for (name,) in cursor.fetchall()]
            made = {"id": "1000000 + g", **changes}
            values = ", ".join(made.get(name, f"t.{name}") for name in columns)
            cursor.execute(
                f"insert into {table} ({', '.join(columns)})"  # noqa: S608 - our own tables
                f" select {values} from generate_series(1, %s) g, (select * from {table} where id = %s) t",
                [many, world.account("hr.head") if table.endswith("account") else world.person("hr.head")],
            )
    accounts = range(1_000_001, 1_000_001 + many)
    ReminderSetting.objects.bulk_create(
        [ReminderSetting(account_id=pk, kinds=["new"], email=True, daily=True) for pk in accounts]
    )
    Reminder.objects.bulk_create(
        [
            Reminder(
                account_id=pk, channel="email", key=f"new:{n}", kind="new", case_kind="sharing_request",
                number=f"GX-{n}", title="低保家庭信息", link="/x/", daily=True, made_at=world.at, send_at=world.at,
            )
            for pk in accounts
            for n in range(3)
        ]
    )  # fmt: skip
