"""`decisions`, `workbench`, `clocks`: what sharing costs when a whole province is at it, events and audit drained in the same run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg

import report
from ground import TESTS, Ground
from jutong.cli import postgres, roles

if TYPE_CHECKING:
    from jutong.slices.sharing.models import SharingRequest

DECISIONS = 6_000
SINGLE_DECISIONS = 600
TOGETHER = 100
"""Like requests that a head decides in one act."""
PROCESSES = 4
GOAL_DECISIONS = 300.0
OPEN_CASES = 20_000
PAGES = 60
GOAL_PAGE_MS = 50.0
CLOCKS = 100_000
STRIKING = 20
"""One clock of so many strikes on the day that is measured: a limit of twenty working days ends on each of them."""
GOAL_CLOCK_SECONDS = 5.0
COPIED = """
    insert into sharing_sharingrequest ({columns}) select {values} from sharing_sharingrequest t, generate_series(1, %(many)s) n
     where t.id = %(template)s returning id
"""
CLOCKED = """
    insert into kernel_clock ({columns}) select {values} from kernel_clock t, unnest(%(ids)s::bigint[]) with ordinality as c(id, n)
     where t.case_kind = 'sharing_request' and t.case_id = %(template)s and t.state = 'running'
"""
BARE = (
    "select state from bench_bare where id = %(id)s for update",
    "insert into bench_trail (said) values (repeat('x', 400))",
    "insert into bench_trail (said) values (repeat('y', 900))",
    "update bench_bare set state = 'agreed' where id = %(id)s",
)


def run_decisions(ground: Ground) -> None:
    """Let four processes agree to requests, each opening its grant, while this one delivers events and seals the trail.

    Line `decisions`: like requests decided a hundred at a time, as a head decides them from the page of one. Line
    `decisions_single`: one by one, each its own act, as from the page of each.
    """
    rate, count = _decided(ground, ground.sized(DECISIONS, least=400), together=TOGETHER)
    bare = _bare(ground, count)
    report.line("decisions", rate, "decisions/s", ratio=rate / bare, against="bare_transactions")
    report.line("decisions", rate, "decisions/s", ratio=rate / GOAL_DECISIONS, against="goal_300_decisions_a_second")
    rate, _count = _decided(ground, ground.sized(SINGLE_DECISIONS, least=40), together=1)
    report.line("decisions_single", rate, "decisions/s", ratio=rate / bare, against="bare_transactions")


def _decided(ground: Ground, count: int, *, together: int) -> tuple[float, int]:
    """Return how many decisions a second came to their end: each with grant, trail, clocks and reactions; and how many there were."""
    template = _template(ground, prepared=True)
    from jutong.kernel import jobs
    from jutong.kernel.models import AuditEntry, Clock, OutboxEvent
    from jutong.slices.grants.models import Grant
    from jutong.slices.sharing.models import SharingRequest

    ids = _copies(ground, template, count, state="reply_prepared")
    _clocks(ground, template.pk, ids)
    jobs.drain(ground.city.at)
    before = Grant.objects.count()
    share = -(-count // PROCESSES)
    deciders = [_decider(ground, ids[start : start + share], together) for start in range(0, count, share)]
    began = time.perf_counter()
    _go(deciders)
    while any(decider.poll() is None for decider in deciders):
        jobs.pump(ground.city.at)
    jobs.drain(ground.city.at)
    took = time.perf_counter() - began
    answers: Counter[str] = Counter()
    for decider in deciders:
        out, _nothing = decider.communicate()
        answers.update(json.loads(out))
    report.same("decisions", count, answers["agreed"], Grant.objects.count() - before)
    subjects = [str(pk) for pk in ids]
    audited = AuditEntry.objects.filter(verb="sharing_request.agree", subject_id__in=subjects, outcome="success")
    report.same("audited decisions", count, audited.count())
    clocks = Clock.objects.filter(case_kind="sharing_request", case_id__in=ids)
    report.same(
        "clocks", count, clocks.filter(name="reply", state="stopped").count(), clocks.filter(name="delivery").count()
    )
    report.same("requests left as they were", 0, SharingRequest.objects.filter(pk__in=ids, state="agreed").count())
    report.same("events left", 0, OutboxEvent.objects.filter(done_at=None).count())
    how = f"{together} at a time" if together > 1 else "one by one"
    report.note(f"decisions: {count} by {PROCESSES} processes, {how}, in {took:.1f} s, reactions and seals included")
    return count / took, count


def run_workbench(ground: Ground) -> None:
    """Open the workbench of a department with very many cases that wait for it."""
    count = ground.sized(OPEN_CASES, least=50)
    template = _template(ground, prepared=False)
    ids = _copies(ground, template, count, state="received")
    _clocks(ground, template.pk, ids)
    client = ground.city.client("civil.officer")
    client.get("/")
    times = []
    for _turn in range(PAGES):
        began = time.perf_counter()
        answer = client.get("/")
        times.append(time.perf_counter() - began)
        report.same("status of the workbench", answer.status_code, 200)
    slow = report.middle(times, 0.95) * 1000
    report.note(f"workbench: {count} requests wait for one department, p50 {report.middle(times) * 1000:.1f} ms")
    report.line("workbench", slow, "ms_p95", ratio=GOAL_PAGE_MS / slow, against="goal_50_ms")


def run_clocks(ground: Ground) -> None:
    """Let very many clocks run, wait for a midnight, and tell how long after it the last limit's event is recorded."""
    template = _template(ground, prepared=False)
    from jutong.kernel import jobs
    from jutong.kernel.clock import beijing_day
    from jutong.kernel.models import Clock, OutboxEvent

    count = ground.sized(CLOCKS, least=200)
    ids = _copies(ground, template, count, state="received")
    _clocks(ground, template.pk, ids, spread=STRIKING)
    jobs.drain(ground.city.at)
    first = (
        Clock.objects.filter(case_id__in=ids[:STRIKING]).order_by("overdue_on").values_list("overdue_on", flat=True)[0]
    )
    midnight = ground.city.at + timedelta(days=(first - beijing_day(ground.city.at)).days)
    late = Clock.objects.filter(case_kind="sharing_request", overdue_on=first, state="running", overdue_at=None)
    striking, began = late.count(), time.perf_counter()
    while late.exists():
        jobs.pump(midnight)
    recorded = time.perf_counter() - began
    struck = OutboxEvent.objects.filter(name__startswith="clock.").count()
    while OutboxEvent.objects.filter(done_at=None).exists():
        jobs.pump(midnight)
    delivered = time.perf_counter() - began
    report.note(
        f"clocks: {count} ran, {striking} were overdue at one midnight and {struck - striking} due soon,"
        f" all told after {delivered:.1f} s"
    )
    report.line("clocks", recorded, "s_until_recorded", ratio=GOAL_CLOCK_SECONDS / recorded, against="goal_5_s")


def _template(ground: Ground, *, prepared: bool) -> SharingRequest:
    """Ask for a resource as a clerk does, and draft the reply where it is wanted."""
    sys.path[:0] = [str(TESTS / "sharing")] if str(TESTS / "sharing") not in sys.path else []
    city = ground.city
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=city.at)
    from test_requests import filed, reply

    from jutong.slices.sharing import actions
    from published import published

    request = filed(city, published(city, title=f"城乡居民最低生活保障对象信息{time.monotonic_ns()}"))
    if prepared:
        actions.prepare_reply(request, by=city.actor("civil.officer"), at=city.at, reply=reply())
    request.refresh_from_db()
    return request


def _copies(ground: Ground, template: SharingRequest, many: int, *, state: str) -> list[int]:
    """Write copies of a request in one statement, each with a number of its own; return their ids."""
    own = {"number": f"'BENCH-{template.pk}-' || n", "state": f"'{state}'"}
    with _admin(ground) as admin:
        columns, values = _columns(admin, "sharing_sharingrequest", own)
        rows = admin.execute(
            COPIED.format(columns=columns, values=values),
            {"many": many, "template": template.pk},  # type: ignore[call-overload]
        ).fetchall()
        admin.execute("analyze sharing_sharingrequest")
    return [row[0] for row in rows]


def _clocks(ground: Ground, template: int, ids: Sequence[int], *, spread: int = 1) -> None:
    """Give each copy the template's running clocks, ending on `spread` different days."""
    days = {name: f"t.{name} + (c.n %% {spread})::int" for name in ("due_day", "overdue_on", "warn_on")}
    own = {"case_id": "c.id", "due_at": f"t.due_at + make_interval(days => (c.n %% {spread})::int)", **days}
    with _admin(ground) as admin:
        columns, values = _columns(admin, "kernel_clock", own)
        admin.execute(
            CLOCKED.format(columns=columns, values=values),
            {"ids": list(ids), "template": template},  # type: ignore[call-overload]
        )
        admin.execute("analyze kernel_clock")


def _columns(admin: psycopg.Connection[Any], table: str, own: dict[str, str]) -> tuple[str, str]:
    rows = admin.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped"
        " and attname <> 'id' order by attnum",
        [table],
    ).fetchall()
    names = [row[0] for row in rows]
    return ", ".join(f'"{name}"' for name in names), ", ".join(own.get(name, f't."{name}"') for name in names)


def _admin(ground: Ground) -> psycopg.Connection[Any]:
    assert ground.ours.server is not None
    return psycopg.connect(ground.ours.server.url(postgres.SUPERUSER, roles.DATABASE), autocommit=True)


def _decider(ground: Ground, ids: Sequence[int], together: int) -> subprocess.Popen[str]:
    """Start a process that decides these requests, so many at a time, when it is told to; wait until it is ready."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "jutong.site.settings",
        "PYTHONPATH": f"{TESTS}:{TESTS.parent / 'src'}",
    }
    words = map(str, [ground.city.account("civil.head"), 0, together, *ids])
    command = [sys.executable, str(TESTS / "decider.py"), *words]
    decider = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert decider.stdout is not None
    report.same("a decider says", "ready", decider.stdout.readline().strip())
    return decider


def _go(deciders: Sequence[subprocess.Popen[str]]) -> None:
    for decider in deciders:
        assert decider.stdin is not None
        decider.stdin.write("go\n")
        decider.stdin.flush()


def _bare(ground: Ground, count: int) -> float:
    """Return how many transactions a second four connections make that lock a row, write two rows of a trail and change it."""
    with _admin(ground) as admin:
        admin.execute("create table bench_bare (id int primary key, state text)")
        admin.execute("create table bench_trail (said text)")
        admin.execute("insert into bench_bare select n, 'prepared' from generate_series(1, %s) n", [count])

    def decide(number: int) -> None:
        assert ground.ours.server is not None
        with psycopg.connect(ground.ours.server.url(postgres.SUPERUSER, roles.DATABASE)) as hand:
            for pk in range(number + 1, count + 1, PROCESSES):
                for statement in BARE:
                    hand.execute(statement, {"id": pk})  # type: ignore[arg-type]
                hand.commit()

    hands = [threading.Thread(target=decide, args=(number,)) for number in range(PROCESSES)]
    began = time.perf_counter()
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    return count / (time.perf_counter() - began)
