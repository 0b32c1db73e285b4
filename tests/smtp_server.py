"""A real SMTP server for tests: what it took, how often it was called, whom it refuses, when it breaks off."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from free_ports import free_ports
from jutong.kernel.settings import settings


class Kept:
    """What the mail server took."""

    def __init__(self) -> None:
        self.letters: list[Any] = []
        self.sessions = 0
        self.refused: set[str] = set()
        self.ends_after = 0

    async def handle_EHLO(
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name, session.letters = hostname, 0
        self.sessions += 1
        return responses

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, _options: Any) -> str:
        if self.ends_after and session.letters >= self.ends_after:
            server.transport.close()
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address in self.refused:
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:
        self.letters.append((envelope.rcpt_tos, message_from_bytes(envelope.content)))
        session.letters += 1
        return "250 OK"


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    """Run a real SMTP server and point the platform at it."""
    kept = Kept()
    (port,) = free_ports(1)
    controller = Controller(kept, hostname="127.0.0.1", port=port)
    controller.start()
    monkeypatch.setattr(settings(), "smtp_url", f"smtp://127.0.0.1:{port}")
    yield kept
    controller.stop()
