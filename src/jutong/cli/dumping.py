"""pg_dump and pg_restore: the database as one file of PostgreSQL's custom format, streamed, whoever uses it meanwhile."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import BinaryIO

from psycopg.conninfo import conninfo_to_dict

from jutong.cli import binaries, instance, postgres, roles
from jutong.cli.words import Stopped
from jutong.cli.words import gettext as _


def dump(ours: instance.Instance, target: BinaryIO) -> None:
    """Write the database into an open file, as of one moment (one snapshot for all tables)."""
    _run(ours, "pg_dump", ["--format=custom", "--no-password"], stdout=target)


def load(ours: instance.Instance, source: BinaryIO) -> None:
    """Fill the database from a dump; whatever stands in it is replaced."""
    _run(ours, "pg_restore", ["--clean", "--if-exists", "--exit-on-error", "--no-password"], stdin=source)


def _run(
    ours: instance.Instance,
    program: str,
    options: list[str],
    *,
    stdin: BinaryIO | None = None,
    stdout: BinaryIO | None = None,
) -> None:
    """Run one of PostgreSQL's programs on our database as its administrator; the password goes by the environment."""
    where = conninfo_to_dict(ours.server.url(postgres.SUPERUSER) if ours.server else ours.database(roles.OWNER))
    named = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    environment = {variable: str(where[name]) for name, variable in named.items() if where.get(name)}
    if program == "pg_restore":
        options = [*options, f"--dbname={where['dbname']}"]
    done = subprocess.run(  # noqa: S603 - our own program with our own options
        [_program(ours, program), *options],
        env={**os.environ, "LC_ALL": "C", **environment},
        stdin=stdin or subprocess.DEVNULL,
        stdout=stdout or subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode("utf-8", errors="replace").strip().splitlines()
        raise Stopped(
            _("{program} 没有成功：{reason}。").format(program=program, reason=said[-1] if said else done.returncode),
            _("请检查磁盘空间、数据库是否可以访问，以及账号是否有权读取全部表。"),
        )


def _program(ours: instance.Instance, name: str) -> str:
    """Return the program: for a server of one's own the one in PATH, which fits it, else the wheel's."""
    if ours.server is None and (found := shutil.which(name)):
        return found
    return str(_programs(ours) / name)


def _programs(ours: instance.Instance) -> Path:
    return binaries.runner(ours.home.root / "postgres-programs").folder / "bin"
