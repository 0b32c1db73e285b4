"""Reads of this slice: requests as their parties see them, and what the workbench asks."""

from jutong.slices.sharing.queries.requests import (
    RequestLine,
    RequestRow,
    StandingRow,
    due_lines,
    request,
    requests,
    standing_consents,
    waiting_for,
)

__all__ = [
    "RequestLine",
    "RequestRow",
    "StandingRow",
    "due_lines",
    "request",
    "requests",
    "standing_consents",
    "waiting_for",
]
