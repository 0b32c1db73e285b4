"""What may never stand in a log: planted numbers and secrets in messages, arguments, tracebacks and extra fields."""

from __future__ import annotations

import io
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jutong import logs

IDENTITY = st.from_regex(r"[1-9][0-9]{16}[0-9X]", fullmatch=True)
PHONE = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
CARD = st.from_regex(r"62[0-9]{14,17}", fullmatch=True)
AROUND = st.sampled_from(["", " ", "=", "：", "“", "”", "，", "(", ")", "\n", "/", "'", "号"])


def written(form: str, *arguments: object, error: Exception | None = None, **extra: str) -> str:
    """Return what a logger of that form writes."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logs.FORMATS[form]())
    log = logging.getLogger("jutong.proof")
    log.handlers, log.propagate = [handler], False
    log.error(*arguments, exc_info=error, extra=extra)
    return out.getvalue()


@pytest.mark.parametrize("form", ["text", "json"])
@given(marker=IDENTITY | PHONE | CARD, before=AROUND, after=AROUND)
def test_no_number_that_names_a_person_is_written(form: str, marker: str, before: str, after: str) -> None:
    planted = f"{before}{marker}{after}"
    text = written(form, "查询 %s 失败 " + planted, planted, error=ValueError(planted), detail=planted)
    assert marker not in text


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("connect postgresql://reader:p4ss-w0rd!@10.0.0.5:5432/people failed", "p4ss-w0rd!"),
        ("password=hunter2-hunter2", "hunter2-hunter2"),
        ("{'secret': 'a1b2c3d4'}", "a1b2c3d4"),
        ("X-Jutong-Signature: 0011aabb", "0011aabb"),
        ("数据源口令为 mima-2026", "mima-2026"),
        ("DETAIL:  Key (name, id)=(王芳, 7) already exists.", "王芳"),
        ("DETAIL:  Failing row contains (1, 李强, 内江).", "李强"),
        ("写信给 wang.fang@example.gov.cn", "wang.fang"),
    ],
)
def test_no_secret_and_no_row_is_written(form: str, line: str, secret: str) -> None:
    assert secret not in written(form, line)


def test_what_says_nothing_about_persons_stays_readable() -> None:
    line = "2026-03-02 run R17-1 rows=1234567 sm3=" + "ab" * 32 + " at 1764380000123 ms, serial 20"
    assert line in written("text", line)


def test_a_json_line_carries_level_logger_trace_and_message() -> None:
    token = logs.TRACE.set("abc123")
    try:
        said = json.loads(written("json", "第 %d 次", 3))
    finally:
        logs.TRACE.reset(token)
    assert (said["level"], said["logger"], said["trace"], said["message"]) == (
        "ERROR",
        "jutong.proof",
        "abc123",
        "第 3 次",
    )
    assert said["at"]
