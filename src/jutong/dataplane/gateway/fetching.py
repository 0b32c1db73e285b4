"""Batch files under a grant: the manifest, the file itself, and the ticket with which a person fetches one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from jutong.dataplane.book import Artefact
from jutong.dataplane.errors import NotAllowed, TooMany, Unavailable
from jutong.dataplane.gateway import admission
from jutong.dataplane.gateway.answers import Answer, marked, raw_json
from jutong.dataplane.gateway.asking import shown_marks
from jutong.dataplane.gateway.calls import Call
from jutong.dataplane.gateway.desk import Desk
from jutong.dataplane.gateway.files import Files, manifest_of, read_ticket
from jutong.wire.grants import Grant, Mode
from jutong.wire.transfers import Manifest


class Fetching(Desk):
    """The deeds that hand over batch files."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._files = Files(self._settings.artefact_folder, self._identity.signer)
        self._fetching: Counter[str] = Counter()

    @contextmanager
    def _reserved(self, who: str) -> Iterator[Callable[[], None]]:
        """Take a place for a download, or refuse; what is lent gives it back, and so does an exception."""
        if self._fetching[who] >= self._settings.downloads_per_system:
            most = self._settings.downloads_per_system
            raise TooMany(f"同时进行的批量下载已达 {most} 个的上限，请待其中一个结束后再下载。")
        if self._fetching.total() >= self._settings.downloads_at_once:
            raise Unavailable("当前批量下载过多，请稍后重试。")
        self._fetching[who] += 1

        def release() -> None:
            self._fetching[who] -= 1
            if not self._fetching[who]:
                del self._fetching[who]

        try:
            yield release
        except BaseException:
            release()
            raise

    async def manifest(self, call: Call, artefact_id: str) -> Answer:
        """GET /v1/artefacts/{id}/manifest: count, digest, version and time of a batch file (R-EXC-007)."""
        call.act, call.mode = "manifest", Mode.BATCH_DOWNLOAD
        snapshot, caller = self.prove(call)
        artefact, _ = await self._artefact(call, artefact_id, caller.department_id)
        self._admit(call, snapshot, caller, artefact.grant_id, admission.DOWNLOAD)
        await self._claim(call)
        await self._write(call)
        return raw_json(artefact.manifest)

    async def download(self, call: Call, artefact_id: str) -> Answer:
        """GET /v1/artefacts/{id}: the file, whole or a byte range, decrypted on the fly."""
        call.act, call.mode = "download", Mode.BATCH_DOWNLOAD
        snapshot, caller = self.prove(call)
        artefact, manifest = await self._artefact(call, artefact_id, caller.department_id)
        grant = self._admit(call, snapshot, caller, artefact.grant_id, admission.DOWNLOAD)
        await self._claim(call)

        def allowed(at: datetime) -> None:
            self._fresh(at)
            admission.admitted(
                self._bundles.current(), caller, grant.id, purpose=call.purpose, modes=admission.DOWNLOAD, at=at
            )

        with self._reserved(call.who) as release:
            answer = await self._files.answer(artefact, manifest, headers=call.headers, allowed=allowed)
            await self._write(call, rows=manifest.rows, reason=call.text(b"range"))
        return replace(answer, headers=self._dressed(answer, call, grant, manifest), finished=release)

    async def ticket(self, call: Call) -> Answer:
        """POST /v1/tickets: a person fetches one file once, with a ticket of the control plane."""
        call.act, call.mode = "download", Mode.BATCH_DOWNLOAD
        snapshot = self._fresh(call.at)
        ticket = read_ticket(call.body, self._identity.control, at=call.at)
        call.who, call.department = f"person:{ticket.person}", ticket.department
        artefact, manifest = await self._artefact(call, ticket.artefact, ticket.department)

        def allowed(at: datetime) -> None:
            now = self._fresh(at).grants.get(artefact.grant_id)
            if now is None:
                raise NotAllowed("授权已终止，文件不再提供。")
            admission.check_in_force(now, purpose=ticket.purpose, modes=admission.DOWNLOAD, at=at)

        call.grant = snapshot.grants.get(artefact.grant_id)
        allowed(call.at)
        if not await self._book.use_ticket(ticket.nonce, at=call.at):
            raise NotAllowed("下载凭据已使用过，请在平台页面重新点击下载。")
        with self._reserved(call.who) as release:
            answer = await self._files.answer(artefact, manifest, headers={}, allowed=allowed)
            await self._write(call, rows=manifest.rows, purpose=ticket.purpose)
        return replace(answer, headers=self._dressed(answer, call, call.grant, manifest), finished=release)

    def _dressed(
        self, answer: Answer, call: Call, grant: Grant | None, manifest: Manifest
    ) -> list[tuple[bytes, bytes]]:
        """Return the headers of a file with every mark on its resource, and of a document with its proof.

        Which of a file's records are in doubt is known now only.
        """
        if grant is None:
            return answer.headers
        snapshot = self._bundles.current()
        marks = snapshot.marks.get(grant.resource_id, ()) if snapshot else ()
        prove = self._prover(call, grant)
        proven = [(b"x-jutong-proof", prove(file=manifest.sm3).encode())] if prove else []
        return [*answer.headers, *marked(shown_marks(marks)), *proven]

    async def _artefact(self, call: Call, artefact_id: str, department: str) -> tuple[Artefact, Manifest]:
        return manifest_of(await self._book.artefact(artefact_id), department=department, at=call.at)
