"""A department's HTTP interface for tests: a real server that answers as told and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

PEOPLE = [
    {"idCard": f"11010519491231{n:04}", "xm": f"张{n}", "age": n, "income": 1.50 * n, "secret": "never"}
    for n in range(25)
]

Answer = Callable[[str, dict[str, str], dict[str, str]], tuple[int, Any]]


class Interface:
    """A department's server; `answer` decides, `asked` remembers."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.answer: Answer = self.found
        interface = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                """Say nothing."""

            def _do(self) -> None:
                parts = urlsplit(self.path)
                params = {name: told[0] for name, told in parse_qs(parts.query).items()}
                if self.command == "POST":
                    params |= json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                headers = {name.lower(): value for name, value in self.headers.items()}
                interface.asked.append((parts.path, params, headers))
                status, content = interface.answer(parts.path, params, headers)
                body = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = _do  # noqa: N815 - names the standard library calls

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def found(self, path: str, params: dict[str, str], _: dict[str, str]) -> tuple[int, Any]:
        """Answer like a usual interface: by key, by page or by cursor."""
        if path != "/api/people":
            return 404, {}
        if "id" in params:
            return 200, {"data": {"list": [each for each in PEOPLE if each["idCard"] == params["id"]]}}
        size = int(params.get("size", 1000))
        start = int(params["from"]) if "from" in params else (int(params.get("page", 1)) - 1) * size
        some = PEOPLE[start : start + size]
        following = start + size if start + size < len(PEOPLE) else None
        return 200, {"data": {"list": some, "next": following}}


@pytest.fixture
def interface(monkeypatch: pytest.MonkeyPatch) -> Iterator[Interface]:
    monkeypatch.setenv("JUTONG_SOURCE_ADDRESSES", '["127.0.0.0/8", "/tmp", "/var/run"]')
    made = Interface()
    threading.Thread(target=made.server.serve_forever, args=(0.05,), daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()
