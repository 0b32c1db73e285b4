"""Prepared questions: compiled once, they answer as the queryset they were built from."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.db.models import BigIntegerField, CharField, Q, QuerySet
from django.db.models.sql.compiler import SQLCompiler

from jutong.kernel.models import InboxItem
from jutong.kernel.prepared import Hole, prepared

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)


@prepared
def told(role: str) -> QuerySet[InboxItem]:
    """Return what a department was told, in one role or to all of it."""
    return InboxItem.objects.filter(
        Q(role=role) | Q(role=""), department_id=Hole("department", BigIntegerField())
    ).order_by("-pk")[:3]


@prepared
def titles() -> QuerySet[InboxItem, str]:
    """Return titles of two departments, one after the other."""
    rows = InboxItem.objects.values_list("title", flat=True)
    one = rows.filter(department_id=Hole("one", BigIntegerField()))
    return one.union(rows.filter(department_id=Hole("other", BigIntegerField()), role=Hole("role", CharField())))


@pytest.fixture
def items(db: None) -> None:
    """Write notices to ten departments, every other one to its clerks."""
    del db
    InboxItem.objects.bulk_create(
        InboxItem(department_id=n % 10, role="clerk" if n % 2 else "", title=f"第{n}条", at=AT) for n in range(100)
    )


@pytest.mark.usefixtures("items")
def test_a_prepared_question_answers_as_its_queryset_for_every_value() -> None:
    for role in ("clerk", "data_officer"):
        for department in range(12):
            plain = InboxItem.objects.filter(Q(role=role) | Q(role=""), department_id=department).order_by("-pk")[:3]
            assert told(role).ask(department=department) == list(plain)
    found = told("clerk").ask(department=3)[0]
    assert (found.title, found.at, found.department_id) == ("第93条", AT, 3)


@pytest.mark.usefixtures("items")
def test_values_fill_the_holes_of_both_halves_of_a_union() -> None:
    assert sorted(titles().ask(one=2, other=3, role="clerk"))[:2] == ["第12条", "第13条"]
    assert len(titles().ask(one=2, other=3, role="nobody")) == 10
    assert titles().ask(one=11, other=12, role="'; drop table kernel_inboxitem; --") == []


@pytest.mark.usefixtures("items")
def test_what_can_mean_nothing_has_no_answer() -> None:
    @prepared
    def of(departments: frozenset[int]) -> QuerySet[InboxItem]:
        return InboxItem.objects.filter(department_id__in=departments)

    assert (len(of(frozenset({1, 2})).ask()), of(frozenset()).ask()) == (20, [])


@pytest.mark.usefixtures("items")
def test_a_question_is_compiled_once_and_needs_every_value(monkeypatch: pytest.MonkeyPatch) -> None:
    told("clerk").ask(department=1)

    def compiled(*_with: object) -> None:
        raise AssertionError

    monkeypatch.setattr(SQLCompiler, "as_sql", compiled)
    assert len(told("clerk").ask(department=2)) == 3
    with pytest.raises(KeyError):
        told("clerk").ask()


@pytest.mark.django_db(transaction=True)
def test_threads_ask_through_their_own_connections() -> None:
    InboxItem.objects.bulk_create(InboxItem(department_id=n, role="", title=f"{n}", at=AT) for n in range(8))

    def ask(department: int) -> list[str]:
        try:
            return [item.title for item in told("clerk").ask(department=department)]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(ask, range(8))) == [[f"{n}"] for n in range(8)]
