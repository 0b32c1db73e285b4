"""Rows of a batch that came back, in the format in which they were handed in: the items, and the reasons last."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import IO, Final

import orjson
from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from jutong.kernel.faces import downloads
from jutong.slices.exchange.formats import submitting
from jutong.slices.exchange.formats.submitting import Returned
from jutong.slices.exchange.rules.submissions import Expected

MEDIA_TYPES: Final = {"csv": downloads.CSV, "jsonl": "application/x-ndjson", "xlsx": downloads.XLSX}


def write(file: IO[bytes], kind: str, items: Sequence[Expected], returned: Iterable[Returned]) -> None:
    """Write the rows into a binary file of the format; the column of reasons is no item and is passed over when read."""
    if kind == "xlsx":
        submitting.write(file, items, returned)
        return
    names = [item.name for item in items]
    put = _csv if kind == "csv" else _jsonl
    put(file, [*names, _("退回原因")], ((*row, submitting.reasons(faults)) for row, faults in returned))


def _csv(file: IO[bytes], heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """UTF-8 with its mark, so that Excel shows Chinese; no cell is a formula there, `tables` reads it as it was."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    lines = csv.writer(text)
    for row in chain([heads], rows):
        lines.writerow([downloads.neutral(cell) for cell in row])
    text.detach()


def _jsonl(file: IO[bytes], heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    for row in rows:
        file.write(orjson.dumps({head: cell or None for head, cell in zip(heads, row, strict=True)}) + b"\n")


def handed_out(submission_id: int, give: Callable[[IO[bytes]], str]) -> HttpResponseBase:
    """Answer with the file of a batch's rows that `give` writes, and of which it returns the format."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    try:
        kind = give(file)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return downloads.attachment(file, f"B-{submission_id:06d}-returned.{kind}", MEDIA_TYPES[kind])
