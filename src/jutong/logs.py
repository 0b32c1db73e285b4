"""How every process writes its log: as text or one JSON object a line, and never a number that names a person."""

from __future__ import annotations

import logging
import re
from contextvars import ContextVar
from typing import Any, Final

from pythonjsonlogger.json import JsonFormatter

TRACE: Final[ContextVar[str]] = ContextVar("jutong_trace", default="")
"""The id of the request that is being answered (X-Request-Id), in every line that is written meanwhile."""

_HIDDEN: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"(://[^:/@\s]+):[^@\s]+@"), r"\1:***@"),
    (
        re.compile(r"(?i)\b(password|passwd|passphrase|secret|token|signature|authorization)(['\"]?\s*[=:]\s*)\S+"),
        r"\1\2***",
    ),
    (re.compile(r"(口令|密码|密钥)([为是:：=]\s*)\S+"), r"\1\2***"),
    (re.compile(r"\)=\([^)]*\)"), ")=(…)"),  # PostgreSQL's DETAIL: Key (column)=(value)
    (re.compile(r"Failing row contains \(.*"), "Failing row contains (…)"),
    (re.compile(r"(?<![0-9A-Za-z])\d{17}[0-9Xx](?![0-9A-Za-z])"), "[证件号]"),
    (re.compile(r"(?<![0-9A-Za-z])\d{16,19}(?![0-9A-Za-z])"), "[账号]"),
    (re.compile(r"(?<![0-9A-Za-z])1[3-9]\d{9}(?![0-9A-Za-z])"), "[电话]"),
    (re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(\.[\w-]+)+"), "[邮箱]"),
)


def redacted(text: str) -> str:
    """Return a text without passwords in addresses, named secrets, identity, card and telephone numbers, e-mail addresses."""
    for pattern, instead in _HIDDEN:
        text = pattern.sub(instead, text)
    return text


class Text(logging.Formatter):
    """Time, level, logger, trace and message, then the traceback; redacted as a whole."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name} {trace}{message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        """Format one record."""
        trace = TRACE.get()
        record.trace = f"[{trace}] " if trace else ""
        return redacted(super().format(record))


class Json(JsonFormatter):
    """One JSON object a line: at, level, logger, trace, message, and the traceback of an error; every text redacted."""

    def __init__(self) -> None:
        super().__init__(
            ["levelname", "name", "message"],
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "traceback"},
            timestamp="at",
            json_ensure_ascii=False,
        )

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Add the trace and hide what must not stand there."""
        if trace := TRACE.get():
            log_data["trace"] = trace
        found = super().process_log_record(log_data)
        return {key: redacted(value) if isinstance(value, str) else value for key, value in found.items()}


FORMATS: Final[dict[str, type[logging.Formatter]]] = {"text": Text, "json": Json}


def dictionary(form: str) -> dict[str, Any]:
    """Return the configuration for `logging.config.dictConfig`: everything to stderr in one form ("text" or "json")."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": FORMATS[form]}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "django.request": {"level": "ERROR"},
            "httpx": {"level": "WARNING"},  # one line per long poll says nothing
            "procrastinate": {"level": "WARNING"},
            "paramiko": {"level": "WARNING"},
        },
    }
