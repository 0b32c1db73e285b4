"""A folder of this machine as a store: below an allowed folder, through no symbolic link, whatever a name says."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from jutong.dataplane.errors import RuleBroken, Unavailable
from jutong.dataplane.files.stores import MOST_FILES, Entry, Names, check_name, depth, matcher, part_name, split

_LINKS = "文件夹中的符号链接不予跟随，请改用真实文件。"


def allowed_folder(path: str, allowed: tuple[str, ...]) -> Path:
    """Return the real folder, which must lie in or below one of the allowed ones, links resolved."""
    folder = Path(path)
    if not folder.is_absolute() or ".." in folder.parts:
        raise RuleBroken("文件数据源的目录应为不含 .. 的绝对路径，请修改。")
    real = Path(os.path.realpath(folder))
    if not any(real.is_relative_to(os.path.realpath(entry)) for entry in allowed if entry.startswith("/")):
        raise RuleBroken("不允许使用该本机目录，请更换目录，或由系统管理员在 JUTONG_FILE_FOLDERS 中登记。")
    if not real.is_dir():
        raise Unavailable("文件数据源的目录不存在，请检查路径与挂载。")
    return real


class LocalStore:
    """One folder. Every step into it is taken from the folder itself and follows no link."""

    resumes = True

    def __init__(self, folder: Path, names: Names) -> None:
        self._folder = folder
        self._names = names

    def describe(self) -> str:
        """See `Store.describe`."""
        with self._refusing():
            os.close(self._open_folder(""))
        return "本机目录"

    @staticmethod
    def _refusing() -> _Refusing:
        return _Refusing()

    def _open_folder(self, name: str, *, make: bool = False) -> int:
        """Return a handle of a folder below, made where it is missing."""
        handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        for part in filter(None, name.split("/")):
            raw = self._names.raw(part)
            try:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(raw, 0o750, dir_fd=handle)
                inner = os.open(raw, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=handle)
            finally:
                os.close(handle)
            handle = inner
        return handle

    def _open(self, name: str, flags: int, *, make: bool = False) -> int:
        folder, last = split(check_name(name))
        handle = self._open_folder(folder, make=make)
        try:
            found = os.open(self._names.raw(last), flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o640, dir_fd=handle)
        finally:
            os.close(handle)
        if not stat.S_ISREG(os.fstat(found).st_mode):
            os.close(found)
            raise RuleBroken("不是普通文件，不能交换。")
        return found

    def entries(self, pattern: str) -> Iterator[Entry]:
        """See `Store.entries`; links and special files are left out."""
        matches, count = matcher(pattern), 0
        with self._refusing():
            for entry in self._walk("", depth(pattern)):
                if matches(entry.name):
                    count += 1
                    if count > MOST_FILES:
                        raise RuleBroken(f"匹配的文件超过 {MOST_FILES} 个，请缩小文件名模式。")
                    yield entry

    def _walk(self, folder: str, deep: int) -> Iterator[Entry]:
        handle = self._open_folder(folder)
        try:
            with os.scandir(handle) as found:
                for each in found:
                    name = folder + ("/" if folder else "") + self._names.text(os.fsencode(each.name))
                    if each.is_file(follow_symlinks=False):
                        yield _entry(name, each.stat(follow_symlinks=False))
                    elif deep and each.is_dir(follow_symlinks=False):
                        yield from self._walk(name, deep - 1)
        finally:
            os.close(handle)

    def entry(self, name: str) -> Entry | None:
        """See `Store.entry`."""
        with self._refusing():
            try:
                found = self._open(name, os.O_RDONLY)
            except FileNotFoundError:
                return None
            try:
                return _entry(name, os.fstat(found))
            finally:
                os.close(found)

    def reader(self, name: str) -> BinaryIO:
        """See `Store.reader`."""
        with self._refusing():
            return os.fdopen(self._open(name, os.O_RDONLY), "rb")

    def started(self, name: str, tag: str) -> int:
        """See `Store.started`."""
        found = self.entry(part_name(name, tag))
        return found.size if found else 0

    def part_reader(self, name: str, tag: str) -> BinaryIO:
        """See `Store.part_reader`."""
        return self.reader(part_name(name, tag))

    def writer(self, name: str, tag: str, offset: int) -> BinaryIO:
        """See `Store.writer`."""
        with self._refusing():
            found = self._open(part_name(name, tag), os.O_RDWR | os.O_CREAT, make=True)
            os.ftruncate(found, offset)
            os.lseek(found, offset, os.SEEK_SET)
            return os.fdopen(found, "r+b", buffering=0)

    def publish(self, name: str, tag: str) -> None:
        """See `Store.publish`."""
        folder, last = split(name)
        _, part = split(part_name(name, tag))
        with self._refusing():
            handle = self._open_folder(folder)
            try:
                os.rename(self._names.raw(part), self._names.raw(last), src_dir_fd=handle, dst_dir_fd=handle)
                os.fsync(handle)
            finally:
                os.close(handle)

    def discard(self, name: str, tag: str) -> None:
        """See `Store.discard`."""
        folder, part = split(part_name(name, tag))
        with suppress(OSError):
            handle = self._open_folder(folder)
            try:
                os.unlink(self._names.raw(part), dir_fd=handle)
            finally:
                os.close(handle)

    def another(self) -> LocalStore:
        """See `Store.another`."""
        return LocalStore(self._folder, self._names)

    def close(self) -> None:
        """See `Store.close`: nothing is held."""


def _entry(name: str, found: os.stat_result) -> Entry:
    return Entry(name, found.st_size, f"{found.st_mtime_ns}-{found.st_ino}")


class _Refusing:
    """Turns errors of the file system into refusals, a missing file excepted."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise RuleBroken(_LINKS) from error
            raise Unavailable("文件读写失败，请检查目录权限与磁盘空间后重试。") from error
