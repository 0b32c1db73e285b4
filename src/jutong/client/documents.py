"""Checking the proof of a document, licence or contract offline: nothing but SM2, SM3 and the nodes' public keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from jutong.crypto import CryptoRefused, compact, records
from jutong.wire.proofs import KIND, Proof


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a proof shows, and everything that is wrong with it; `proof` is None where it cannot be read at all."""

    proof: Proof | None = None
    faults: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the document is what was handed over."""
        return not self.faults


def verify(content: bytes, code: str, nodes: Mapping[str, bytes]) -> Verdict:
    """Check a file's bytes, or an answer, a record or records as JSON, against a proof code and the nodes' SM2 keys.

    Keys (64 bytes) by node name are those one trusts, never anything out of the proof. Faults are Chinese sentences; none
    means that a trusted node handed over exactly this at the time that the proof names.
    """
    try:
        signed = compact.unpacked(code)
        proof = msgspec.json.decode(signed.message, type=Proof)
    except (CryptoRefused, msgspec.MsgspecError):
        return Verdict(faults=("证明码不完整或不是电子凭证的证明码，请完整复制后再核验。",))
    faults = []
    key = nodes.get(proof.node)
    if key is None:
        faults.append(f"没有给出节点“{proof.node}”的公钥，无法核对签名。")
    elif not compact.signed_by(key, KIND, signed):
        faults.append(f"证明不是节点“{proof.node}”签发的，或证明内容被改动。")
    if not records.told_by(content, file=proof.file, records=proof.records):
        faults.append("数据与证明不符，内容被改动或不是同一份数据。")
    return Verdict(proof, tuple(faults))
