"""A person of the demo city at the management API, with a personal API key, and how failures are told."""

from __future__ import annotations

import time
from typing import Any

import httpx

from jutong.client import Refused


class StepFailed(Exception):  # noqa: N818 - told to the person who watches
    """A step of the story did not come out as it must."""


class Person:
    """One person's calls; every answer outside 2xx is a failed step that shows the platform's own sentence."""

    def __init__(self, origin: str, key: str) -> None:
        self._http = httpx.Client(base_url=f"{origin}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=60)

    def get(self, path: str, **query: Any) -> Any:
        """Read."""
        return self._answer(self._http.get(path, params=query))

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Do."""
        return self._answer(self._http.post(path, json=body or {}))

    def put(self, path: str, body: dict[str, Any]) -> Any:
        """Set."""
        return self._answer(self._http.put(path, json=body))

    def upload(self, path: str, name: str, content: bytes, **fields: str) -> Any:
        """Send a file."""
        return self._answer(self._http.post(path, files={"file": (name, content)}, data=fields))

    def fetch(self, path: str) -> bytes:
        """Read a file."""
        answer = self._http.get(path)
        self._answer(answer, decode=False)
        return answer.content

    def refused(self, path: str, body: dict[str, Any] | None = None) -> str:
        """Do what must be refused, and return the sentence it was refused with."""
        answer = self._http.post(path, json=body or {})
        if answer.is_success:
            raise StepFailed(f"{path} 本应被拒绝，却成功了")
        return str(answer.json()["detail"])

    def _answer(self, answer: httpx.Response, *, decode: bool = True) -> Any:
        if not answer.is_success:
            detail = answer.json().get("detail", "") if "json" in answer.headers.get("content-type", "") else ""
            raise StepFailed(f"{answer.request.method} {answer.request.url.path} → {answer.status_code} {detail}")
        return answer.json() if decode and answer.content else None


def until(what: str, look: Any, *, seconds: float = 60) -> Any:
    """Look again and again until something true comes back; a refusal of the gateway counts as not yet."""
    end, said = time.monotonic() + seconds, ""
    while True:
        try:
            if found := look():
                return found
        except Refused as refused:
            said = str(refused)
        if time.monotonic() > end:
            raise StepFailed(f"等待超时：{what}。{said}")
        time.sleep(0.25)
