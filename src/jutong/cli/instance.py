"""One instance of Jutong on this machine: its home, its database, and what each of its processes is told."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

from jutong.cli import home, postgres, roles
from jutong.cli.words import Stopped
from jutong.cli.words import gettext as _

P = ParamSpec("P")
R = TypeVar("R")
NODE = "local"
DATABASE_SETTING = "JUTONG_DATABASE_URL"
OWNER_SETTING = "JUTONG_OWNER_DATABASE_URL"


@dataclass(frozen=True, slots=True)
class Instance:
    """A home and its database; `server` is None when JUTONG_DATABASE_URL names a server of one's own."""

    home: home.Home
    server: postgres.Server | None

    def database(self, role: str) -> str:
        """Return the address of the database for a role; a server of one's own may name the owner apart."""
        if self.server:
            return self.server.url(role)
        given = os.environ[DATABASE_SETTING]
        return os.environ.get(OWNER_SETTING, given) if role == roles.OWNER else given

    def environment(self, role: str) -> dict[str, str]:
        """Return what a process of the control plane needs to know."""
        return {
            "JUTONG_HOME": str(self.home.root),
            DATABASE_SETTING: self.database(role),
            "DJANGO_SETTINGS_MODULE": "jutong.site.settings",
        }

    def node_environment(self) -> dict[str, str]:
        """Return what a process of the data plane beside us needs to know."""
        folder = self.home.nodes / NODE
        return {
            "JUTONG_HOME": str(self.home.root),
            "JUTONG_NODE": os.environ.get("JUTONG_NODE", NODE),
            "JUTONG_BOOK_URL": os.environ.get("JUTONG_BOOK_URL") or self.database(roles.GATEWAY),
            DATABASE_SETTING: "",
            "JUTONG_KEY_PASSPHRASE_FILE": str(folder / "passphrase"),
        }


@contextmanager
def opened(*, durable: bool = True) -> Iterator[Instance]:
    """Yield the instance that the environment names, its database running."""
    at = home.find()
    if os.environ.get(DATABASE_SETTING):
        yield Instance(at.create(), None)
        return
    with postgres.running(at, durable=durable) as server:
        yield Instance(at, server)


def load_django(instance: Instance, role: str) -> None:
    """Set Django up in this process for that role."""
    os.environ.update(instance.environment(role))
    set_up()


def set_up() -> None:
    """Set Django up in this process."""
    import django

    from jutong.site.loading import for_good

    with for_good():
        django.setup()


@contextmanager
def without_home() -> Iterator[None]:
    """Load Django for work that needs neither our database nor our keys: its data folder is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update({"JUTONG_HOME": folder, "DJANGO_SETTINGS_MODULE": "jutong.site.settings"})
        import django

        django.setup()
        yield


def with_site(command: Callable[P, R]) -> Callable[P, R]:
    """Dress a command that works on the control plane: database running, Django loaded, schema up to date."""

    @wraps(command)
    def dressed(*args: P.args, **kwargs: P.kwargs) -> R:
        with opened() as instance:
            load_django(instance, roles.WORKER)
            check_schema()
            return command(*args, **kwargs)

    return dressed


def migrations() -> tuple[list[str], int]:
    """Return the migrations of our apps that only the database knows, and how many only this program knows."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(connection)
    here, applied = set(loader.graph.nodes), set(loader.applied_migrations)
    ours = {app for app, _name in here}
    return sorted(f"{app}.{name}" for app, name in applied - here if app in ours), len(here - applied)


def check_schema() -> None:
    """Refuse a database whose tables are older or newer than this program."""
    unknown, missing = migrations()
    if unknown:
        raise Stopped(
            _("数据库由更新版本的聚通建立（未知的迁移：{names}）。").format(names="、".join(unknown[:3])),
            _("请升级本程序后重试。"),
        )
    if missing:
        raise Stopped(
            _("数据库结构不是最新的：有 {count} 个迁移没有执行。").format(count=missing),
            _("请执行 jutong setup 后重试。"),
        )
