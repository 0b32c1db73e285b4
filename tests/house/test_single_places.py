"""The single places: who writes a state, who asks for the time, who speaks SQL, who writes the audit."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import checkout

STATE_WRITERS = ("kernel/workflow",)
# tables of the kernel that have a state of their own, which is no workflow's
OWN_STATE = {
    "kernel/outbox": "the delivery state of an event",
    "kernel/jobs": "the progress of a piece of work",
    "kernel/archive": "how far the writing of a package is",
}
CLOCK_READERS = {
    "cli": "a command is an edge",
    "site": "pages and middleware are an edge",
    "kernel/faces": "what pages and API share: sessions, rate limits",
    "kernel/jobs": "the pumps wake by themselves",
    "kernel/clock": "the place itself",
    "kernel/keys": "the day on which the instance's key was made",
}
CLOCK_FILES = {"pages", "api", "reactions"}
SQL_FILES = {"queries", "search", "migrations"}
SQL_PLACES = {
    "kernel/queries": "a query",
    "kernel/agenda/queries": "queries",
    "kernel/agenda/tallies": "queries that count",
    "kernel/faces/queries": "a query: one counter for all processes",
    "kernel/jobs": "waits for PostgreSQL's notice between two rounds of the pumps",
    "dataplane/engines": "house rule 13",
    "dataplane/book": "house rule 13",
    "kernel/audit": "house rule 13",
    "kernel/outbox": "house rule 13",
    "kernel/workflow": "advance_many moves a set in one statement under the engine's guards",
    "cli/demo": "the demo's departments have databases of their own",
    "cli/roles": "roles and grants of the embedded database exist only in SQL",
}
SQL = re.compile(
    r"^\s*(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s|WITH\s+\w+\s+AS\s*\(|TRUNCATE\s"
    r"|(CREATE|ALTER|DROP)\s+(TABLE|ROLE|SCHEMA|INDEX|DATABASE|TYPE|FUNCTION|TRIGGER|UNIQUE|UNLOGGED|TEMP)\b"
    r"|GRANT\s|REVOKE\s|COPY\s|LOCK\s+TABLE\s)",
    re.IGNORECASE,
)
RAW_CALLS = {"RawSQL", "raw", "extra", "cursor"}


def control_plane() -> list[Path]:
    return [path for path in checkout.modules() if checkout.below(path, "kernel", "slices", "site", "cli")]


def test_only_the_workflow_engine_writes_a_state() -> None:
    writers = []
    for path in control_plane():
        if checkout.below(path, *STATE_WRITERS, *OWN_STATE):
            continue
        writers += [f"{checkout.name(path)}:{line}" for line in state_writes(checkout.tree(path))]
    assert not writers, "\n".join(writers)


def state_writes(tree: ast.AST) -> list[int]:
    """Return the lines that write an attribute or a column called `state`."""
    lines = []
    for node in ast.walk(tree):
        targets = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign) and node.value is not None:
            targets = [node.target]
        flat = [inner for target in targets for inner in ast.walk(target)]
        if any(
            isinstance(target, ast.Attribute) and target.attr == "state" and isinstance(target.ctx, ast.Store)
            for target in flat
        ):
            lines.append(node.lineno)
        if isinstance(node, ast.Call) and called(node) in {"update", "setattr", "bulk_update"}:
            keywords = called(node) == "update" and any(keyword.arg == "state" for keyword in node.keywords)
            constants = called(node) != "update" and any(
                isinstance(inner, ast.Constant) and inner.value == "state" for inner in ast.walk(node)
            )
            if keywords or constants:
                lines.append(node.lineno)
    return lines


def called(node: ast.Call) -> str:
    """Return the last name of what is called."""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_only_the_edges_ask_for_the_time() -> None:
    """`clock.now()` stands in pages, api, reactions, cli and the kernel's pumps; everywhere else time is an argument."""
    askers = []
    for path in control_plane():
        if checkout.below(path, *CLOCK_READERS) or checkout.inner(path) in CLOCK_FILES:
            continue
        askers += [
            f"{checkout.name(path)}:{node.lineno}"
            for node in ast.walk(checkout.tree(path))
            if isinstance(node, ast.Call) and reads_clock(node)
        ]
    assert not askers, "\n".join(askers)


def reads_clock(node: ast.Call) -> bool:
    """Say whether a call asks for the present time: our clock, Django's, datetime's or time's."""
    text = ast.unparse(node.func)
    return text in {"clock.now", "timezone.now", "datetime.now", "datetime.utcnow", "date.today", "time.time"}


def test_raw_sql_stands_only_where_it_may() -> None:
    found = []
    for path in checkout.modules():
        if checkout.below(path, *SQL_PLACES) or checkout.inner(path) in SQL_FILES:
            continue
        docstrings = {id(node.value) for node in ast.walk(checkout.tree(path)) if isinstance(node, ast.Expr)}
        for node in ast.walk(checkout.tree(path)):
            raw = (
                isinstance(node, ast.Call)
                and called(node) in RAW_CALLS
                and checkout.below(path, "kernel", "slices", "site")
            )
            text = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
            if raw or (text and SQL.match(node.value)):
                found.append(f"{checkout.name(path)}:{node.lineno}")
    assert not found, "\n".join(found)


def test_audit_entries_are_written_by_the_kernel_only() -> None:
    writers = [
        f"{checkout.name(path)}:{node.lineno}"
        for path in checkout.modules()
        if checkout.below(path, "slices", "site", "cli")
        for node in ast.walk(checkout.tree(path))
        if isinstance(node, ast.Call) and re.search(r"AuditEntry\b|audit\.record", ast.unparse(node.func))
    ]
    assert not writers, "\n".join(writers)


def test_the_state_detector_sees_what_it_must() -> None:
    for line in ("case.state = 'x'", "a, case.state = 1, 2", "q.update(state='x')", "setattr(case, 'state', 1)",
                 "q.bulk_update(rows, ['state'])", "case.state: str = 'x'"):  # fmt: skip
        assert state_writes(ast.parse(line)) == [1], line
    for line in ("x = case.state", "q.filter(state='x')", "app.state.book = 1", "state = 1"):
        assert state_writes(ast.parse(line)) == [], line
