"""The arithmetic of the chain: pure, so that an offline verifier needs nothing but an export and a public key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from jutong.crypto import sm2, sm3
from jutong.kernel.audit.entries import canonical

GENESIS: Final = "0" * 64
"""`prev` of the first seal."""

DIGEST_SIZE: Final = 32


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal as stored or exported; see `models.AuditSeal`."""

    number: int
    sealed_at: str
    entry_ids: Sequence[int]
    digests: bytes
    prev: str
    head: str
    key_id: str
    public: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """Something the verifier found: kind (changed, missing, inserted, reordered, seal, signature, segment), where, in words."""

    kind: str
    where: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Purge:
    """The signed statement that the entries of every seal up to a number were deleted after their export."""

    upto_seal: int
    statement: str
    signature: bytes


def link(prev: str, digests: Iterable[bytes]) -> str:
    """Return the chain value after these entries: h = SM3(h ‖ digest), hex."""
    value = bytes.fromhex(prev)
    for digest in digests:
        value = sm3.digest(value + digest)
    return value.hex()


def statement(seal: Seal) -> bytes:
    """Return the bytes a seal's signature covers."""
    return f"{seal.number}|{len(seal.entry_ids)}|{seal.prev}|{seal.head}|{seal.sealed_at}".encode()


def split(digests: bytes) -> list[bytes]:
    """Return the single digests of a seal."""
    return [digests[i : i + DIGEST_SIZE] for i in range(0, len(digests), DIGEST_SIZE)]


def check_purge(purge: Purge, public: str) -> Iterator[Fault]:
    """Yield the fault of a purge whose statement the instance's key did not sign, or that names another seal."""
    where = _("清除声明（封存 1 至 %d）") % purge.upto_seal
    genuine = sm2.verify(bytes.fromhex(public), purge.statement.encode(), purge.signature)
    if not genuine or purge.statement.split("|")[:2] != ["purge", str(purge.upto_seal)]:
        words = {"where": where}
        yield Fault("signature", where, _("%(where)s的签名无效：不是本平台密钥所签，或声明被改动。") % words)


def check_seal(
    seal: Seal,
    before: Seal | None,
    entries: Mapping[int, Mapping[str, Any]],
    public: str,
    *,
    purged: bool = False,
) -> Iterator[Fault]:
    """Yield every fault of one seal, given the seal before it, its entries by id and the instance's public key.

    purged: a genuine statement says that the entries of this seal were deleted, so they may be gone.
    """
    where = _("封存 %d") % seal.number
    words = {"where": where}
    if before and seal.number != before.number + 1:
        yield Fault("seal", where, _("封存 %(number)d 缺失：审计链在此中断。") % {"number": before.number + 1})
    if before and seal.prev != before.head:
        yield Fault("seal", where, _("%(where)s 与前一封存不相接：有封存被改动、删除或调换次序。") % words)
    if not sm2.verify(bytes.fromhex(public), statement(seal), seal.signature):
        yield Fault("signature", where, _("%(where)s 的签名无效：不是本平台密钥所签，或封存内容被改动。") % words)
    digests = split(seal.digests)
    if len(digests) != len(seal.entry_ids) or link(seal.prev, digests) != seal.head:
        yield Fault("seal", where, _("%(where)s 的链值不符：封存内的条目次序或摘要被改动。") % words)
    for entry_id, digest in zip(seal.entry_ids, digests, strict=False):
        entry = entries.get(entry_id)
        name = _("审计条目 %d") % entry_id
        if entry is None and not purged:
            yield Fault("missing", name, _("%(entry)s 缺失：封存之后被删除。") % {"entry": name})
        elif entry is not None and sm3.digest(canonical(entry)) != digest:
            yield Fault("changed", name, _("%(entry)s 与封存时不符：封存之后被改动。") % {"entry": name})
