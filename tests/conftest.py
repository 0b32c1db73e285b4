"""What every test run shares: one PostgreSQL, no silent skips in CI, and the record of covered requirements."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator
from typing import Any

import pytest

import coverage_of_requirements
from jutong.cli import migrating
from jutong.crypto import keyfile
from postgres import migrated, server_url
from world import world  # noqa: F401 - the fixture `world`, for every test

keyfile._SCRYPT.update(n=1 << 10, p=1)  # quick; the product's cost is 1 << 15, and what a file says is what counts
REQUIRE_ALL = os.environ.get("JUTONG_REQUIRE_ALL") == "1"


def pytest_configure(config: pytest.Config) -> None:
    """Start the server before the workers of pytest-xdist, so that they share it; otherwise it starts on first use."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        os.environ["JUTONG_TEST_DATABASE_URL"] = server_url()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Take one worker more than there are cores: a good part of the time a test waits for a server or a process."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """What was imported stays: the garbage collector looks through it neither while tests are found nor while they run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests, `slow(seconds=…)` and `long(seconds=…)`: no worker is left alone with one at the end."""
    said = {
        item: [mark.kwargs["seconds"] for mark in item.iter_markers() if "seconds" in mark.kwargs] for item in items
    }
    items.sort(key=lambda item: -max(said[item], default=0))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: Any
) -> Iterator[None]:
    """Point Django at the tests' server, which starts here when it is the first to need it; its database is a copy."""
    from django.db import connections
    from psycopg.conninfo import conninfo_to_dict

    where = conninfo_to_dict(server_url())
    ours = {"HOST": where["host"], "PORT": where["port"], "USER": where["user"], "PASSWORD": where["password"]}
    settings = connections["default"].settings_dict
    settings.update(ours)
    with migrating.sparingly():
        with django_db_blocker.unblock():
            template = migrated(_migrate)
        if template:
            settings["TEST"].update(TEMPLATE=template, MIGRATE=False)
        yield


def _migrate(database: str) -> None:
    """Make every table in an empty database, as Django does for tests."""
    from django.core.management import call_command
    from django.db import connection

    name = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = database
    try:
        call_command("migrate", interactive=False, verbosity=0, run_syncdb=True)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Where everything is required (CI), a skipped test has failed; and note which requirements a test names."""
    report = yield
    if call.when == "setup":
        coverage_of_requirements.note(item)
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, but JUTONG_REQUIRE_ALL=1: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    """Where everything is required, a file of tests may not skip itself either."""
    report = yield
    if REQUIRE_ALL and report.outcome == "skipped":
        report.outcome = "failed"
        report.longrepr = f"skipped, but JUTONG_REQUIRE_ALL=1: {report.longrepr}"
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write what the tests of this run cover (in the one process that sees all reports)."""
    if not hasattr(session.config, "workerinput"):
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        coverage_of_requirements.write(session.config.rootpath, reporter.stats if reporter else {})


@pytest.fixture(scope="session", autouse=True)
def _append_only_tables_can_be_emptied_between_tests() -> None:
    """Let tests with real transactions flush the tables whose triggers refuse TRUNCATE (a superuser's right only)."""
    import django.db.models  # noqa: F401 - before its operations: they import each other
    from django.db.backends.postgresql.operations import DatabaseOperations

    flush = DatabaseOperations.execute_sql_flush

    def without_triggers(self: DatabaseOperations, sql_list: list[str]) -> None:
        flush(self, ["set session_replication_role = replica", *sql_list, "set session_replication_role = default"])

    DatabaseOperations.execute_sql_flush = without_triggers
