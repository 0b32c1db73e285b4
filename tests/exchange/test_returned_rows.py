"""Rows of a batch stand alone in every format: the good ones go in, the bad ones come back in the format they came in."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import openpyxl
import orjson
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from batchworld import declared
from covers import covers
from jutong.kernel.models import AuditEntry, OutboxEvent
from jutong.slices.exchange.models import Submission
from jutong.slices.exchange.rules import submissions as rules
from world import World

HEADS = ["编号", "性别", "出生日期", "收入"]
ROWS = [
    ["000001", "1", "1990-01-01", "100.5"],
    ["000002", "7", "1991-02-03", "1"],  # outside the code list
    ["000003", "2", "昨天", "-很多"],  # no day, no number, and what a spreadsheet takes for a formula
    ["=0004", "2", "1992-05-06", ""],
]
API = "/api/v1/exchange/submissions"
Lines = list[list[Any]]


def as_csv(rows: Lines) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def as_json(rows: Lines) -> bytes:
    heads, *rest = rows
    return b"\n".join(orjson.dumps(dict(zip(heads, row, strict=True))) for row in rest)


def as_xlsx(rows: Lines) -> bytes:
    book, held = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.active["A5"].data_type = "s"
    book.save(held)
    return held.getvalue()


def of_csv(body: bytes) -> Lines:
    return [[cell.removeprefix("'") for cell in row] for row in csv.reader(body.decode("utf-8-sig").splitlines())]


def of_json(body: bytes) -> Lines:
    found = [orjson.loads(line) for line in body.splitlines()]
    return [list(found[0]), *(list(one.values()) for one in found)]


def of_xlsx(body: bytes) -> Lines:
    rows = openpyxl.load_workbook(io.BytesIO(body)).worksheets[0].iter_rows(values_only=True)
    return [[str(cell).removeprefix("'") for cell in row] for row in rows]


FORMATS: dict[str, tuple[Callable[[Lines], bytes], Callable[[bytes], Lines]]] = {
    "csv": (as_csv, of_csv), "jsonl": (as_json, of_json), "xlsx": (as_xlsx, of_xlsx),
}  # fmt: skip


@covers(partly=["R-EXC-010", "R-EXC-017"])
def test_good_rows_of_every_format_go_in_and_bad_ones_come_back_with_their_reasons(world: World) -> None:
    note = {"format_class": "self_described", "format_note": "CSV/JSON/Excel"}
    resource_id = declared(world, format_types=("csv", "json", "xlsx"), **note)
    officer = world.client("civil.officer")

    def sent(kind: str, body: bytes, to: str = API) -> Any:
        return officer.post(to, {"resource_id": resource_id, "file": SimpleUploadedFile(f"报送.{kind}", body)})

    for kind, (write, read) in FORMATS.items():
        made = sent(kind, write([HEADS, *ROWS])).json()
        assert (made["ok"], made["rows"], made["accepted"], made["refused"]) == (True, 4, 2, 2), kind
        by_page = officer.post(f"/exchange/submissions/{made['id']}/returned/")
        by_program = officer.post(f"{API}/{made['id']}/returned")
        assert by_program.headers["Content-Disposition"].endswith(f'returned.{kind}"')
        heads, *lines = read(by_program.getvalue())
        assert read(by_page.getvalue()) == [heads, *lines]
        assert heads == [*HEADS, "退回原因"]
        assert [line[:4] for line in lines] == ROWS[1:3], kind
        assert "GB/T 2261.1" in lines[0][4]
        assert "“出生日期”应为日期" in lines[1][4]
        # one row put right, the file goes in as it is, the other row comes back as it was
        lines[0][1] = "2"
        again = sent(kind, write([heads, *lines]), "/exchange/submissions/new/")
        assert again.status_code == 303, again.content.decode()
        batch = Submission.objects.latest("id")
        assert (batch.accepted, batch.refused) == (1, 1), kind
        assert read(officer.post(f"{again['Location']}returned/").getvalue())[1][:4] == ROWS[2]
    events = OutboxEvent.objects.filter(name="exchange.submission_accepted").order_by("id")
    assert [event.payload["rows"] for event in events] == [2, 1] * 3
    assert AuditEntry.objects.filter(verb="exchange.return_rows", outcome="success").count() == 9


def test_rows_beyond_the_report_come_back_as_well(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_FAULTS", 1)
    resource_id, officer = declared(world), world.client("civil.officer")
    file = SimpleUploadedFile("a.csv", as_csv([HEADS, *ROWS, ["000005", "8", "", ""]]))
    made = officer.post(API, {"resource_id": resource_id, "file": file}).json()
    assert len(officer.get(f"{API}/{made['id']}/faults").json()) == 1
    lines = of_csv(officer.post(f"{API}/{made['id']}/returned").getvalue())
    assert [line[0] for line in lines[1:]] == ["000002", "000003", "000005"]
