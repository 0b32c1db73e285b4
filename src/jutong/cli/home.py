"""The data folder of one instance (JUTONG_HOME): its tree, its modes and its secrets."""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from jutong.cli.words import Stopped
from jutong.cli.words import gettext as _

MARK = "jutong.home"
LEAST_FREE_BYTES = 300 * 1024 * 1024
PRIVATE = 0o700
ROOT_HOME = 0o711  # as root the database's own user passes through, but reads nothing


@dataclass(frozen=True, slots=True)
class Home:
    """The folders below JUTONG_HOME; `create` makes them, nothing above is ever touched."""

    root: Path

    @property
    def secrets(self) -> Path:
        """Return the folder of passwords and passphrases (0700)."""
        return self.root / "secrets"

    @property
    def logs(self) -> Path:
        """Return the folder of the processes' logs."""
        return self.root / "logs"

    @property
    def postgres(self) -> Path:
        """Return the folder of the embedded database."""
        return self.root / "postgres"

    @property
    def nodes(self) -> Path:
        """Return the folder of the data plane's nodes on this machine."""
        return self.root / "nodes"

    def create(self) -> Home:
        """Make the tree where it is missing; refuse a folder that holds something else, or a full disk."""
        if self.root.exists() and not (self.root / MARK).exists() and self._foreign():
            raise Stopped(
                _("数据目录 {path} 里有别的文件，聚通不使用它。").format(path=self.root),
                _("请把 JUTONG_HOME 设为一个空目录或新目录。"),
            )
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self.root.chmod(ROOT_HOME if os.geteuid() == 0 else PRIVATE)
            (self.root / MARK).touch()
            for folder in (self.secrets, self.logs, self.nodes, self.root / "artefacts", self.root / "files"):
                folder.mkdir(mode=PRIVATE, exist_ok=True)
        except PermissionError as error:
            raise Stopped(
                _("没有权限写入数据目录 {path}。").format(path=self.root),
                _("请用目录的所有者运行，或把 JUTONG_HOME 设为自己的目录。"),
            ) from error
        self.check_space()
        return self

    def _foreign(self) -> bool:
        """Tell whether the folder holds anything but our keys, which reading the site's settings may have made."""
        return any(path.name != "keys" for path in self.root.iterdir())

    def check_space(self) -> None:
        """Refuse when less than 300 MB are free: a database that fills its disk in the middle stops everything."""
        free = shutil.disk_usage(self.root).free
        if free < LEAST_FREE_BYTES:
            raise disk_full(self.root, free)

    def secret(self, name: str) -> str:
        """Return the secret of that name, a random one made on first use."""
        return keep(self.secrets / name, random_words())


def random_words() -> str:
    """Return 43 random signs that need no quoting in an address."""
    return secrets.token_urlsafe(32)


def random_hex() -> str:
    """Return 32 random bytes as 64 hexadecimal signs."""
    return secrets.token_hex(32)


def keep(path: Path, value: str) -> str:
    """Return what the file holds; where there is none, it is made with `value` and mode 0600."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(value)
    return value


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read (0600), there to the last byte when this returns."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def disk_full(path: Path, free: int) -> Stopped:
    """Return the refusal for a disk that is (nearly) full; `free` in bytes."""
    return Stopped(
        _("磁盘空间不足：{path} 所在磁盘只剩 {free} MB，至少需要 {least} MB。").format(
            path=path, free=free // 1024**2, least=LEAST_FREE_BYTES // 1024**2
        ),
        _("请清理磁盘，或把 JUTONG_HOME 设到空间充足的磁盘。"),
    )


def find() -> Home:
    """Return the home that the environment names; it need not exist yet."""
    from jutong.dataplane.settings import default_home

    given = os.environ.get("JUTONG_HOME")
    return Home(Path(given).expanduser().absolute() if given else default_home())
