"""One file of a declared format as columns of canonical texts, dirty rows between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.files import columnar, csvs, jsons, workbooks
from jutong.dataplane.files.encodings import HEAD, codec_of
from jutong.dataplane.files.rows import Batch, batches_of, guessed
from jutong.wire.grants import Column, Kind
from jutong.wire.probe import FoundColumn

ENDINGS = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "csv",
    ".xlsx": "xlsx",
    ".xls": "xlsx",
    ".xlsm": "xlsx",
    ".et": "xlsx",
    ".ods": "xlsx",
    ".parquet": "parquet",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
}
FORMATS = ("csv", "xlsx", "parquet", "json")
DELIMITERS = {"": "", ",": ",", ";": ";", "|": "|", "tab": "\t", "\t": "\t"}
SAMPLE_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Manner:
    """How the files of a source are written. Everything empty is found out from each file.

    format: one of `FORMATS`. encoding, delimiter: of text. sheet: of a workbook. header: its row from 1, 0 to find it,
    -1 when there is none (CSV only). missing: texts that mean no value.
    """

    format: str = ""
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header: int = 0
    missing: tuple[str, ...] = ()

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Manner:
        """Return the manner that an access states; RuleBroken for one that is not offered."""
        header, delimiter = options.get("header") or "0", options.get("delimiter", "")
        if options.get("format", "") not in ("", *FORMATS):
            raise RuleBroken(f"不支持的文件格式“{options['format']}”，支持：{'、'.join(FORMATS)}。")
        if header not in ("none", *map(str, range(101))):
            raise RuleBroken("表头行应为 0（自动识别）至 100 的整数，或 none（无表头），请修改。")
        if delimiter not in DELIMITERS:
            raise RuleBroken("分隔符应为 , ; | 或 tab，请修改；留空时自动识别。")
        return cls(
            format=options.get("format", ""),
            encoding=options.get("encoding", ""),
            delimiter=DELIMITERS[delimiter],
            sheet=options.get("sheet", ""),
            header=-1 if header == "none" else int(header),
            missing=tuple(filter(None, options.get("missing", "").split("|"))),
        )

    def format_of(self, name: str) -> str:
        """Return the format of a file by declaration, else by its name."""
        ending = "." + name.rpartition(".")[2].lower()
        if not self.format and ending not in ENDINGS:
            raise RuleBroken(f"无法从文件名判断“{name}”的格式，请在数据源中声明格式。")
        return self.format or ENDINGS[ending]


def _dialect(head: bytes, manner: Manner) -> csvs.Dialect:
    codec = codec_of(head, manner.encoding)
    return csvs.Dialect(codec, manner.delimiter, manner.header >= 0, manner.missing)


def batches(file: BinaryIO, name: str, size: int, wanted: Sequence[Column], manner: Manner) -> Iterator[Batch]:
    """Return the rows of one file (seekable, at its beginning) in the order of `wanted`; RuleBroken with the reason."""
    kind = manner.format_of(name)
    if kind == "parquet":
        yield from columnar.batches(file, wanted)
    elif kind == "xlsx":
        rows = workbooks.Sheet(file, size, manner.sheet).rows
        yield from batches_of(workbooks.table(rows, wanted, max(0, manner.header), manner.missing), wanted)
    else:
        head = file.read(HEAD)
        file.seek(0)
        if kind == "csv":
            yield from csvs.Reader(file, wanted, _dialect(head, manner)).batches()
        else:
            read = jsons.arrays if jsons.begins_as_array(head) else jsons.lines
            yield from batches_of(jsons.rows(read(file, codec_of(head, manner.encoding)), wanted), wanted)


def columns(file: BinaryIO, name: str, size: int, manner: Manner) -> tuple[FoundColumn, ...]:
    """Return the columns of one file, each with the kind that its first rows fit; for describing a source."""
    kind = manner.format_of(name)
    if kind == "parquet":
        schema = columnar.opened(file).schema_arrow
        return tuple(_found(each.name, columnar.kind_of(each.type), str(each.type)) for each in schema)
    if kind == "xlsx":
        rows = workbooks.Sheet(file, size, manner.sheet).rows
        at = max(0, manner.header - 1) if manner.header else workbooks.header_row(rows)
        names = [each for each in workbooks.names(rows, at) if each] if rows else []
    elif kind == "csv":
        head = file.read(HEAD)
        file.seek(0)
        names = csvs.Reader(file, (), _dialect(head, manner)).layout().names
        file.seek(0)
    else:
        names = _members(file, manner)
    if kind == "xlsx":
        file.seek(0)
    wanted = [Column(each, each) for each in dict.fromkeys(names) if names.count(each) == 1]
    sample = next(batches(file, name, size, wanted, manner), None) if wanted else None
    told = [column.slice(0, SAMPLE_ROWS).to_pylist() for column in sample.columns] if sample else [[]] * len(wanted)
    return tuple(_found(column.column, guessed(texts), kind) for column, texts in zip(wanted, told, strict=True))


def _members(file: BinaryIO, manner: Manner) -> list[str]:
    """Return the members of the first objects of a JSON file."""
    head = file.read(HEAD)
    file.seek(0)
    codec = codec_of(head, manner.encoding)
    seen: dict[str, None] = {}
    read = jsons.arrays if jsons.begins_as_array(head) else jsons.lines
    for _, found in islice(read(file, codec), SAMPLE_ROWS):
        if isinstance(found, dict):
            seen |= dict.fromkeys(found)
    file.seek(0)
    return list(seen)


def _found(name: str, kind: Kind, native: str) -> FoundColumn:
    return FoundColumn(name=name, kind=kind, native=native, comment="", nullable=True, primary_key=False)
