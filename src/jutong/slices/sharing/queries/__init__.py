"""Reads of this slice: requests as their parties see them, and what the workbench asks."""

from jutong.slices.sharing.queries.asking import (
    Asking,
    Consentable,
    Element,
    EntryPanel,
    asking,
    entry_panel,
    lacking,
    without_standing_consent,
)
from jutong.slices.sharing.queries.cases import CaseView, FileLine, Step, attachment, case, file_lines, reply_of
from jutong.slices.sharing.queries.requests import (
    RequestLine,
    RequestRow,
    StandingRow,
    due_lines,
    own_open,
    request,
    requests,
    standing_consents,
    waiting_for,
)

__all__ = [
    "Asking",
    "CaseView",
    "Consentable",
    "Element",
    "EntryPanel",
    "FileLine",
    "RequestLine",
    "RequestRow",
    "StandingRow",
    "Step",
    "asking",
    "attachment",
    "case",
    "due_lines",
    "entry_panel",
    "file_lines",
    "lacking",
    "own_open",
    "reply_of",
    "request",
    "requests",
    "standing_consents",
    "waiting_for",
    "without_standing_consent",
]
