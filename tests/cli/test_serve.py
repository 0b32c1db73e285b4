"""The whole platform on one machine, started and stopped for real from an empty folder."""

from __future__ import annotations

import http.client
import json
import resource
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from served import empty_home, listens, prepared_home, run, serving, until

pytestmark = [pytest.mark.slow(seconds=50), pytest.mark.xdist_group("serve")]
CROWD = 1500
"""Connections; the server's own default lets in 1,024."""


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """Yield the environment of an instance that is set up, with a home and ports of its own."""
    with prepared_home() as environment:
        yield environment


def of_this_home(environment: dict[str, str]) -> list[int]:
    """Return the living processes that know our home: ours and the database's."""
    found = []
    for process in psutil.process_iter(["status"]):
        try:
            told = process.environ().get("JUTONG_HOME") == environment["JUTONG_HOME"]
            named = any(environment["JUTONG_HOME"] in part for part in process.cmdline())
        except psutil.Error:
            continue
        if (told or named) and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process.pid)
    return found


def test_setup_may_be_repeated() -> None:
    with empty_home() as environment:
        for _time in range(2):
            done = run(environment, "setup")
            assert done.returncode == 0, done.stderr
        home = Path(environment["JUTONG_HOME"])
        node = home / "nodes" / "local"
        assert sorted(path.name for path in node.iterdir()) == ["control.pub", "key.json", "passphrase", "secret"]
        for name in ("key.json", "passphrase", "secret"):
            assert (node / name).stat().st_mode & 0o777 == 0o600
        assert of_this_home(environment) == []


def test_it_starts_answers_names_itself_to_a_second_start_and_leaves_nobody_behind(environment: dict[str, str]) -> None:
    with serving(environment) as process:
        page = urllib.request.urlopen(f"http://{environment['JUTONG_WEB_BIND']}/", timeout=10)
        assert "聚通" in page.read().decode()
        assert run(environment, "status").returncode == 0
        done = run(environment, "serve")
        assert done.returncode == 1
        assert f"聚通已在运行（进程 {process.pid}）" in done.stderr
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=40) == 0
    assert of_this_home(environment) == []


def test_a_crowd_that_asks_nothing_leaves_the_gateway_room_and_nobody_behind(environment: dict[str, str]) -> None:
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    host, _colon, port = environment["JUTONG_GATEWAY_BIND"].partition(":")
    with serving(environment) as process, ExitStack() as crowd:
        for _one in range(CROWD):
            crowd.enter_context(socket.create_connection((host, int(port)), timeout=5))
        asked = http.client.HTTPConnection(host, int(port), timeout=5)
        asked.request("GET", "/v1/nothing-of-that-name")
        assert "title" in json.load(asked.getresponse())  # a refusal, but an answer
        asked.close()
        process.send_signal(signal.SIGTERM)
        crowd.close()
        assert process.wait(timeout=40) == 0
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, most))
    assert of_this_home(environment) == []


def test_after_being_killed_it_starts_again(environment: dict[str, str]) -> None:
    with serving(environment) as process:
        process.kill()
        process.wait()
    until(lambda: not listens(environment))  # the kernel tells them, and calls under way get their five seconds
    with serving(environment) as process:
        process.terminate()
        assert process.wait(timeout=40) == 0
    assert of_this_home(environment) == []


def test_a_busy_address_is_named_with_the_remedy(environment: dict[str, str]) -> None:
    host, _colon, port = environment["JUTONG_WEB_BIND"].partition(":")
    with socket.socket() as other:
        # an earlier test's connections may still linger there
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((host, int(port)))
        other.listen()
        done = run(environment, "serve")
    assert done.returncode == 1
    assert f"web 的监听地址 {host}:{port} 不可用" in done.stderr
    assert "JUTONG_WEB_BIND" in done.stderr
    assert of_this_home(environment) == []


SITE_COMMAND = """
from jutong.cli import instance
try:
    instance.with_site(lambda: print("went on"))()
except Exception as no:
    print(no)
"""


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("DELETE FROM django_migrations WHERE app = 'sessions'", "数据库结构不是最新的：有 1 个迁移没有执行"),
        (
            "INSERT INTO django_migrations (app, name, applied) VALUES ('kernel', '9999_of_tomorrow', now())",
            "数据库由更新版本的聚通建立（未知的迁移：kernel.9999_of_tomorrow）",
        ),
    ],
)
def test_an_old_or_new_schema_is_named_with_the_remedy(
    environment: dict[str, str], statement: str, sentence: str
) -> None:
    import psycopg

    from jutong.cli import home, postgres, roles

    ours = home.Home(Path(environment["JUTONG_HOME"]))
    with postgres.running(ours) as server, psycopg.connect(server.url(roles.OWNER), autocommit=True) as owner:
        kept = owner.execute("SELECT app, name, applied FROM django_migrations").fetchall()
        owner.execute(statement)
        done = subprocess.run(
            [sys.executable, "-c", SITE_COMMAND], env=environment, capture_output=True, text=True, check=False
        )
        owner.execute("DELETE FROM django_migrations")
        with owner.cursor() as cursor:
            cursor.executemany("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", kept)
    assert sentence in done.stdout, done.stderr
    assert "went on" not in done.stdout
