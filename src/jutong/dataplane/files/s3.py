"""A folder of an S3 bucket as a store; objects become visible whole by their nature."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from pyarrow import fs

from jutong.dataplane.errors import RuleBroken, Unavailable
from jutong.dataplane.files.stores import MOST_FILES, Entry, check_name, depth, matcher, part_name

SECONDS = 15
LARGEST_PUBLISHED = 5 << 30
"""Bytes that one server-side copy may have: what is written as a part is put in place by one."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """How to get there. endpoint: host:port. folder: bucket and prefix."""

    endpoint: str
    scheme: str
    folder: str
    key: str
    secret: str = field(repr=False)
    region: str = "us-east-1"


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn errors of the service into refusals, a missing object excepted; its texts may hold addresses and stay out."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unavailable("对象存储没有应答或拒绝了操作，请检查地址、桶、访问密钥与权限。") from error


class S3Store:
    """One prefix of a bucket. An unfinished object cannot be gone on with; it is begun anew."""

    resumes = False

    def __init__(self, bucket: Bucket, system: Any = None) -> None:
        self._bucket = bucket
        parts = [part for part in bucket.folder.strip("/").split("/") if part]
        if not parts:
            raise RuleBroken("对象存储的桶名为空，请填写“桶名/前缀”。")
        self._base = check_name("/".join(parts))
        with _refusing():
            self._system = system or fs.S3FileSystem(
                access_key=bucket.key,
                secret_key=bucket.secret,
                endpoint_override=bucket.endpoint,
                scheme=bucket.scheme,
                region=bucket.region,
                connect_timeout=SECONDS,
                request_timeout=4 * SECONDS,
                background_writes=False,
                allow_bucket_creation=False,
                retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=2),
            )

    def _path(self, name: str) -> str:
        return f"{self._base}/{check_name(name)}"

    def describe(self) -> str:
        """See `Store.describe`."""
        with _refusing():
            found = self._system.get_file_info(self._base.partition("/")[0])
        if found.type is not fs.FileType.Directory:
            raise Unavailable("对象存储中没有该桶，或密钥无权查看，请检查。")
        return "S3 对象存储"

    def entries(self, pattern: str) -> Iterator[Entry]:
        """See `Store.entries`."""
        matches, count = matcher(pattern), 0
        with _refusing():
            selector = fs.FileSelector(self._base, recursive=depth(pattern) > 0, allow_not_found=True)
            found = self._system.get_file_info(selector)
        for each in found:
            name = each.path[len(self._base) + 1 :]
            if each.type is fs.FileType.File and matches(name):
                count += 1
                if count > MOST_FILES:
                    raise RuleBroken(f"匹配的文件超过 {MOST_FILES} 个，请缩小文件名模式。")
                yield Entry(name, each.size, str(each.mtime_ns))

    def entry(self, name: str) -> Entry | None:
        """See `Store.entry`."""
        with _refusing():
            found = self._system.get_file_info(self._path(name))
        return Entry(name, found.size, str(found.mtime_ns)) if found.type is fs.FileType.File else None

    def reader(self, name: str) -> BinaryIO:
        """See `Store.reader`: ranged reads."""
        try:
            with _refusing():
                return io.BufferedReader(_Object(self._system.open_input_file(self._path(name))), 4 << 20)
        except FileNotFoundError as error:
            raise Unavailable("对象存储中没有该文件，请检查。") from error

    def started(self, name: str, tag: str) -> int:
        """See `Store.started`: never, whatever was begun."""
        del name, tag
        return 0

    def part_reader(self, name: str, tag: str) -> BinaryIO:
        """See `Store.part_reader`."""
        return self.reader(part_name(name, tag))

    def writer(self, name: str, tag: str, offset: int) -> BinaryIO:
        """See `Store.writer`; only from the beginning."""
        if offset:
            raise io.UnsupportedOperation("append")
        with _refusing():
            return _Upload(self._system.open_output_stream(self._path(part_name(name, tag))))  # type: ignore[return-value]

    def publish(self, name: str, tag: str) -> None:
        """See `Store.publish`: one server-side copy."""
        part = self.entry(part_name(name, tag))
        if part is not None and part.size > LARGEST_PUBLISHED:
            raise RuleBroken("写入对象存储的单个文件不能超过 5 GB，请改用 SFTP 或本机目录。")
        with _refusing():
            self._system.move(self._path(part_name(name, tag)), self._path(name))

    def discard(self, name: str, tag: str) -> None:
        """See `Store.discard`."""
        with suppress(OSError):
            self._system.delete_file(self._path(part_name(name, tag)))

    def another(self) -> S3Store:
        """See `Store.another`: the client is safe to share."""
        return S3Store(self._bucket, self._system)

    def close(self) -> None:
        """See `Store.close`: connections are the client's own."""


class _Object(io.RawIOBase):
    """An object for reading, its errors refusals."""

    def __init__(self, file: Any) -> None:
        super().__init__()
        self._file = file

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that places can be gone to."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer."""
        with _refusing():
            piece = self._file.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place."""
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        """Return the place."""
        return int(self._file.tell())


class _Upload(io.RawIOBase):
    """An object being written, its errors refusals."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self._stream = stream

    def writable(self) -> bool:
        """Tell that it can be written."""
        return True

    def write(self, piece: Any) -> int:
        """Write all of a piece."""
        with _refusing():
            self._stream.write(piece)
        return len(piece)

    def close(self) -> None:
        """Finish the upload."""
        if not self.closed:
            super().close()
            with _refusing():
                self._stream.close()
