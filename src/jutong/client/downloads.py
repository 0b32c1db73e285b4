"""A download that resumes: where it stands on disk, what to ask next, and whether the end is right."""

from __future__ import annotations

import os
from pathlib import Path

from jutong.client.answers import Refused
from jutong.crypto import CryptoRefused, Signer, sm3, sm4
from jutong.wire.envelope import Problem
from jutong.wire.transfers import Manifest

CHUNK = 1 << 20
ATTEMPTS = 8
"""Broken connections in a row, without one more byte, after which a download gives up."""


class Download:
    """One file on its way into `path`; until it is whole and its SM3 right, its bytes lie in `path.part`."""

    def __init__(self, manifest: Manifest, path: Path, receiver: Signer | None = None) -> None:
        self._manifest = manifest
        self._receiver = receiver
        self._path = path
        self._part = path.with_name(f"{path.name}.{manifest.artefact_id}.part")
        self._file = self._part.open("ab")

    @property
    def have(self) -> int:
        """Return the bytes on disk."""
        return self._file.tell()

    @property
    def missing(self) -> bool:
        """Tell whether bytes are still to come."""
        return self.have < self._manifest.bytes

    def headers(self) -> dict[str, str]:
        """Return the range to ask for next."""
        return {"Range": f"bytes={self.have}-", "If-Range": f'"{self._manifest.sm3}"'} if self.have else {}

    def begin(self, status: int) -> None:
        """Start over when the gateway sends the whole file although a range was asked for."""
        if status != 206:  # noqa: PLR2004 - partial content
            self._file.truncate(0)

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._file.write(chunk)

    def finish(self) -> Manifest:
        """Check length and SM3 against the manifest and put the file in its place; `Refused` where they differ."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        running = sm3.new()
        with self._part.open("rb") as file:
            while chunk := file.read(CHUNK):
                running.update(chunk)
        if running.hexdigest() != self._manifest.sm3:
            self._part.unlink()
            sentence = "下载文件的 SM3 与清单不符，已删除，请重新下载。"
            raise Refused(Problem(title="文件损坏", status=422, code="validation_error", detail=sentence))
        if self._manifest.envelope and self._receiver:
            self._open(self._receiver)
        self._part.replace(self._path)
        return self._manifest

    def _open(self, receiver: Signer) -> None:
        """Turn the container into its plain text, checked by its own SM3; the part is plain from then on."""
        plain = self._part.with_suffix(".plain")
        running = sm3.new()
        try:
            reader_key = receiver.unseal(self._manifest.envelope)
            with self._part.open("rb") as file, plain.open("wb") as out:
                reader = sm4.DecryptingReader(file, reader_key)
                while chunk := reader.read(CHUNK):
                    running.update(chunk)
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
        except CryptoRefused as error:
            plain.unlink(missing_ok=True)
            sentence = "下载文件不能用所给的私钥解开，请核对登记的接收公钥；密文已保留。"
            raise Refused(Problem(title="无法解密", status=422, code="validation_error", detail=sentence)) from error
        if running.hexdigest() != self._manifest.plain_sm3:
            plain.unlink()
            sentence = "解密后的 SM3 与清单不符，请联系数据提供部门。"
            raise Refused(Problem(title="文件损坏", status=422, code="validation_error", detail=sentence))
        plain.replace(self._part)

    def close(self) -> None:
        """Leave the part on disk for a later resumption."""
        self._file.close()
