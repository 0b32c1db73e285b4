"""The small typed SDK for business systems: query, confirm, list grants and download under grants.

    from jutong.client import Client

    with Client("https://gateway.example", key_id="…", key=bytes.fromhex("…"), purpose="verification") as gateway:
        answer = gateway.query("grant-1", {"身份证号": "…"})

It signs each call with HMAC-SM3, proves nothing to nobody else, and imports only the wire and crypto.
"""

from __future__ import annotations

from jutong.client.aio import AsyncClient
from jutong.client.answers import Answer, Granted, Mark, Match, Page, Part, Refused
from jutong.client.blocking import Client

__all__ = ["Answer", "AsyncClient", "Client", "Granted", "Mark", "Match", "Page", "Part", "Refused"]
