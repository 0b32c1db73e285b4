"""The proof that goes with a document, licence or contract obtained through the sharing system (neijiang-2020#28)."""

from __future__ import annotations

from datetime import datetime

import msgspec

KIND = "document"
"""Under which kind a proof is signed, as an envelope's would be."""


class Proof(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was handed over, by whom to whom, when: JSON, signed with the SM2 key of the node that handed it over.

    document: document, licence or contract. records: SM3 (hex) of each record in canonical JSON – keys sorted, no white
    space, UTF-8. file: SM3 of the file's bytes instead, as they were handed over. trace: the call's name in the audit.
    """

    node: str
    trace: str
    grant: str
    version: int
    code: str
    title: str
    document: str
    provider: str
    consumer: str
    at: datetime
    records: tuple[str, ...] = ()
    file: str = ""
