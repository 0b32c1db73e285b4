"""Lines into a MySQL table: streamed by LOAD DATA LOCAL, or as INSERTs of many rows where the server forbids that."""

# ruff: noqa: S608 - every name is quoted by `quoted`, every value written by `literal`
from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

from asyncmy import errors
from asyncmy.constants.COMMAND import COM_QUERY
from asyncmy.protocol import OKPacketWrapper

from jutong.dataplane.engines.mysql.connect import fetch, refused
from jutong.dataplane.engines.mysql.sql import literal, quoted
from jutong.dataplane.engines.types import Type
from jutong.wire.grants import Kind

FORBIDDEN = (1148, 3948, 4166)
PACKET = 1 << 20
INSERT_BYTES = 1 << 20
_STRANGE = re.compile(rb"\\([fv\\])")
_SIGNS = {b"f": b"\f", b"v": b"\v"}
_PLACE = re.compile(r"column (?:.*\.)?[`'](.+?)[`'](?: at row (\d+))?")
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_LETTERS = {b"b": b"\b", b"n": b"\n", b"r": b"\r", b"t": b"\t"} | _SIGNS


def assigned(place: str, wanted: Type) -> str:
    """Return the expression that makes a column's value of a canonical text; `place` holds the text."""
    if wanted.kind is Kind.BOOLEAN:
        return f"case {place} when 'true' then 1 when 'false' then 0 end"
    if wanted.kind is Kind.BINARY:
        return f"unhex({place})"
    if wanted.zoned:
        return f"if(right({place}, 3) = '+08', left({place}, char_length({place}) - 3), {place})"
    return place


def _is_plain(wanted: Type) -> bool:
    return wanted.kind not in (Kind.BOOLEAN, Kind.BINARY) and not wanted.zoned


def translated(chunk: bytes) -> bytes:
    """Return canonical lines with the escapes MySQL does not know as the signs they stand for."""
    if b"\\f" not in chunk and b"\\v" not in chunk:
        return chunk
    return _STRANGE.sub(lambda found: _SIGNS.get(found[1], found[0]), chunk)


async def _warned(session: Any, title: str) -> None:
    """Refuse rows that the server took with a warning only: a load from a client never fails for a bad value."""
    for level, code, message in await fetch(session, "show warnings limit 50"):
        if level != "Note":
            found = _PLACE.search(message)
            place = f"列 {found[1]}" + (f"，第 {found[2]} 行" if found[2] else "") if found else ""
            raise refused(code, title, place)


async def load(
    session: Any, title: str, table: str, columns: Sequence[tuple[str, Type]], chunks: AsyncIterator[bytes]
) -> None:
    """Stream canonical lines into a table. The server asks for a file's name; it is given the stream, no file."""
    places = ", ".join(quoted(name) if _is_plain(kind) else f"@v{n}" for n, (name, kind) in enumerate(columns))
    made = [
        f"{quoted(name)} = {assigned(f'@v{n}', kind)}" for n, (name, kind) in enumerate(columns) if not _is_plain(kind)
    ]
    statement = (
        f"load data local infile 'jutong' into table {table} character set utf8mb4 "
        f"fields terminated by '\\t' escaped by '\\\\' lines terminated by '\\n' ({places})"
        + (f" set {', '.join(made)}" if made else "")
    )
    try:
        await session._execute_command(COM_QUERY, statement)  # noqa: SLF001 - the driver itself would open a file
        answer = await session.read_packet()
    except errors.MySQLError as error:
        if error.args[0] not in FORBIDDEN:
            raise
        await _insert(session, table, columns, chunks)
        return
    if not answer.is_load_local_packet():
        raise errors.InternalError(2014, "no request for data")
    rest = b""
    try:
        async for chunk in chunks:
            whole, cut, rest = (rest + chunk).rpartition(b"\n")
            await _send(session, translated(whole + cut))
    except BaseException:
        session.close()
        raise
    session.write_packet(b"")
    done = OKPacketWrapper(await session.read_packet())
    if done.warning_count:
        await _warned(session, title)


async def _send(session: Any, data: bytes) -> None:
    """Send data in packets, waiting while the server is slow."""
    for start in range(0, len(data), PACKET):
        session.write_packet(data[start : start + PACKET])
        await session._proto.drain()  # noqa: SLF001 - the driver has no public way to wait


def _unescaped(cell: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: _LETTERS.get(found[1], found[1]), cell) if b"\\" in cell else cell


async def _insert(session: Any, table: str, columns: Sequence[tuple[str, Type]], chunks: AsyncIterator[bytes]) -> None:
    """Insert canonical lines, many rows at once, every value as a hexadecimal literal."""
    head = f"insert into {table} ({', '.join(quoted(name) for name, _ in columns)}) values "
    rows, size, rest = list[str](), 0, b""
    async for chunk in chunks:
        whole, _, rest = (rest + chunk).rpartition(b"\n")
        for line in whole.split(b"\n") if whole else ():
            cells = zip(line.split(b"\t"), columns, strict=True)
            row = ",".join(
                "null" if cell == b"\\N" else assigned(literal(_unescaped(cell).decode()), kind)
                for cell, (_, kind) in cells
            )
            rows.append(f"({row})")
            size += len(row)
            if size > INSERT_BYTES:
                await fetch(session, head + ",".join(rows))
                rows, size = [], 0
    if rows:
        await fetch(session, head + ",".join(rows))
