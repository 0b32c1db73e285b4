"""Digests of records: SM3 over canonical JSON – keys sorted, no white space, UTF-8 –, and whether a content is what they name."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from jutong.crypto import sm3


def digest(record: Mapping[str, Any]) -> str:
    """Return the SM3 (hex) of a record in canonical JSON; "" for one that JSON cannot bear."""
    try:
        return sm3.hexdigest(msgspec.json.encode(record, order="sorted"))
    except (TypeError, ValueError, RecursionError):
        return ""


def told_by(content: bytes, *, file: str, records: Collection[str]) -> bool:
    """Tell whether a content is what digests name: a file, byte by byte, or every record of an answer as JSON.

    file: SM3 of the bytes; where it is empty, content is a record, a list of records, or an answer with its `rows`.
    """
    if file:
        return sm3.hexdigest(content) == file
    found = _records(content)
    return bool(found) and all(digest(record) in records for record in found)


def _records(content: bytes) -> Sequence[Any]:
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        return ()
    if isinstance(said, dict) and isinstance(said.get("rows"), list):
        said = said["rows"]
    found = said if isinstance(said, list) else [said]
    return found if all(isinstance(record, dict) for record in found) else ()
