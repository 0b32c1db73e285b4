"""Lineage kept as files of a day, and sent on to where an administrator wants it."""

from __future__ import annotations

import logging
import os
import threading
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
import orjson

from jutong.kernel.clock import beijing_day
from jutong.kernel.settings import settings
from jutong.slices.exchange import queries
from jutong.slices.exchange.formats import lineage

log = logging.getLogger(__name__)

SECONDS: Final = 5.0
MOST_AT_ONCE: Final = 50
_SENDER: Final = "lineage"


def folder() -> Path:
    """Return where the lineage files lie: one a Beijing day, named by it."""
    return settings().home / "lineage"


def record_lineage(run_id: int, order_id: str, state: str, *, at: datetime) -> bool:
    """Append the OpenLineage event of an order to the file of the day; returns False for states without event.

    An event that is delivered twice stands there twice, with the same run id: readers of OpenLineage count it once.
    """
    event = queries.happened(run_id, order_id, state, at=at)
    if event is None:
        return False
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder() / f"{beijing_day(at)}.jsonl"
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, lineage.line(event))
    finally:
        os.close(handle)
    return True


def send_lineage() -> int:
    """Post what was not sent yet to the configured address, oldest first, at most 50 at once; returns how many.

    Only hosts that the setting `outgoing_hosts` names are spoken to. The position is kept beside the files and moves on
    with each accepted event, so an address that is away gets everything later.
    """
    url = settings().lineage_url
    if not url or not folder().is_dir():
        return 0
    if urlsplit(url).hostname not in settings().outgoing_hosts:
        log.warning("lineage is not sent: the host of JUTONG_LINEAGE_URL is not among JUTONG_OUTGOING_HOSTS")
        return 0
    sent = 0
    with httpx.Client(timeout=SECONDS, follow_redirects=False) as client:
        for line, place in _unsent():
            try:
                answer = client.post(url, content=line, headers={"Content-Type": "application/json"})
                answer.raise_for_status()
            except httpx.HTTPError as error:
                log.warning("lineage could not be sent: %s", type(error).__name__)
                break
            _keep(place)
            sent += 1
    return sent


def send_lineage_aside() -> None:
    """Send in a thread of its own, unless one is still at it: a slow address must not hold up the pumps."""
    if settings().lineage_url and not any(thread.name == _SENDER for thread in threading.enumerate()):
        threading.Thread(target=send_lineage, name=_SENDER, daemon=True).start()


def _unsent() -> list[tuple[bytes, tuple[str, int]]]:
    """Return lines after the kept position, each with the position that follows it."""
    name, offset = _position()
    found: list[tuple[bytes, tuple[str, int]]] = []
    for path in sorted(folder().glob("*.jsonl")):
        if path.name < name:
            continue
        with path.open("rb") as file:
            place = offset if path.name == name else 0
            file.seek(place)
            for line in file:
                place += len(line)
                if line.endswith(b"\n"):
                    found.append((line, (path.name, place)))
                if len(found) == MOST_AT_ONCE:
                    return found
    return found


def _position() -> tuple[str, int]:
    path = folder() / "sent.json"
    if not path.exists():
        return "", 0
    kept = orjson.loads(path.read_bytes())
    return str(kept["file"]), int(kept["offset"])


def _keep(place: tuple[str, int]) -> None:
    path = folder() / "sent.json"
    fresh = path.with_suffix(".new")
    fresh.write_bytes(orjson.dumps({"file": place[0], "offset": place[1]}))
    fresh.replace(path)
