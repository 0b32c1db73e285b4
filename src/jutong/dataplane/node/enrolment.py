"""Signing for a node: it makes its own key and secret here, proves both to the centre, and keeps what it gets back."""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

import httpx
import msgspec

from jutong.crypto import CryptoRefused, Signer, keyfile, sm2
from jutong.dataplane.envelopes import opened, seal
from jutong.dataplane.errors import Conflict, Refusal, RuleBroken, Unauthenticated, Unavailable
from jutong.dataplane.node import about
from jutong.wire.envelope import Envelope, Problem
from jutong.wire.nodes import Anchor, Certificate, Enrolled, Enrolment, NodeConfig, Opening

SECRET_BYTES: Final = 32
KEY_ID_LENGTH: Final = 16
DRAFT: Final = ".enrolling"
Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class Draft:
    """An enrolment on its way. control: the centre's public key, believed because the one-time code names it."""

    envelope: Envelope
    control: bytes
    signer: Signer
    secret: str = field(repr=False)


def prepare(home: Path, code: str, anchor: Anchor, *, at: datetime) -> Draft:
    """Make this node's key and secret in a folder of their own, and the signed request that brings them to the centre.

    Unauthenticated when the centre's key is not the one that the code names: somebody else answered. Asked again after
    a lost answer, the same key is used.
    """
    try:
        control = sm2.public_from_hex(anchor.public)
    except CryptoRefused as error:
        raise Unauthenticated("平台公钥无法解读，请检查 --centre 地址。") from error
    if sm2.key_id(control) != code.strip()[-KEY_ID_LENGTH:]:
        raise Unauthenticated("对方的公钥与签收码不符，可能连接到了冒充的平台，请核对 --centre 地址与签收码。")
    folder = home / "nodes" / DRAFT
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = _once(folder / "secret", secrets.token_hex(SECRET_BYTES))
    _once(folder / "passphrase", secrets.token_urlsafe(SECRET_BYTES))
    signer = keyfile.load_or_create(folder / "key.json", keyfile.read_passphrase(folder / "passphrase"), at=at)
    opening = msgspec.json.encode(Opening(code.strip(), secret))
    said = Enrolment(
        sealed=sm2.seal(control, opening),
        public=sm2.public_hex(signer.public),
        version=about.program(),
        encryption=about.ENCRYPTION,
        authentication=about.AUTHENTICATION,
        capabilities=about.CAPABILITIES,
        at=at,
    )
    return Draft(seal("enrolment", msgspec.json.encode(said), signer), control, signer, secret)


def _once(path: Path, text: str) -> str:
    """Write a file of mode 0600 unless it is there, and return what stands in it."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    return text


def settle(home: Path, draft: Draft, answer: Enrolled) -> Path:
    """Verify certificate and configuration, and give the folder its name; returns it.

    Unauthenticated for an answer that the centre did not sign, RuleBroken for a certificate of another key.
    """
    trusted = {sm2.key_id(draft.control): draft.control}
    certificate = msgspec.json.decode(opened(answer.certificate, "certificate", trusted), type=Certificate)
    config = msgspec.json.decode(opened(answer.config, "node_config", trusted), type=NodeConfig)
    if certificate.public != sm2.public_hex(draft.signer.public) or {certificate.node, config.node} != {answer.node}:
        raise RuleBroken("平台返回的证书不属于本机密钥，请重新执行签收。")
    folder = home / "nodes" / DRAFT
    (folder / "control.pub").write_text(draft.control.hex(), encoding="ascii")
    (folder / "certificate.json").write_bytes(msgspec.json.encode(answer.certificate))
    (folder / "config.json").write_bytes(msgspec.json.encode(answer.config))
    named = home / "nodes" / certificate.node
    if named.exists():
        raise Conflict(f"节点目录 {named} 已经存在，请核对后移走再重试。")
    return folder.rename(named)


def enrol(centre: str, code: str, home: Path, *, at: datetime, transport: httpx.BaseTransport | None = None) -> Path:
    """Sign for this node at the centre with a one-time code; returns the node's folder.

    Raises the centre's refusal as it said it, Unavailable when it is away.
    """
    base = centre.rstrip("/")
    with httpx.Client(base_url=base, timeout=30, trust_env=False, transport=transport) as client:
        anchor = _answer(client, client.build_request("GET", "/internal/anchor"), Anchor)
        draft = prepare(home, code, anchor, at=at)
        body = msgspec.json.encode(draft.envelope)
        headers = {"Content-Type": "application/json"}
        answer = _answer(
            client, client.build_request("POST", "/internal/enrol", content=body, headers=headers), Enrolled
        )
    folder = settle(home, draft, answer)
    (folder / "centre").write_text(base, encoding="utf-8")
    return folder


def forget_draft(home: Path) -> None:
    """Throw away a key whose enrolment was given up."""
    shutil.rmtree(home / "nodes" / DRAFT, ignore_errors=True)


def _answer(client: httpx.Client, request: httpx.Request, kind: type[Kind]) -> Kind:
    try:
        answer = client.send(request)
    except httpx.HTTPError as error:
        raise Unavailable(f"平台没有应答（{type(error).__name__}），请检查 --centre 地址与网络。") from error
    try:
        if answer.status_code == httpx.codes.OK:
            return msgspec.json.decode(answer.content, type=kind)
        problem = msgspec.json.decode(answer.content, type=Problem)
    except ValueError as error:
        raise Unavailable("平台的应答无法解读，请检查 --centre 地址与两端版本。") from error
    raise _refusal(answer.status_code)(problem.detail)


def _refusal(status: int) -> type[Refusal]:
    return next((kind for kind in Refusal.__subclasses__() if kind.status == status), Unavailable)
