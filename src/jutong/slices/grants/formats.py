"""Proofs of documents as people bring them: the code, the file or record it speaks of, and the cover sheet to print."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from django.utils.translation import gettext as _

from jutong.crypto import CryptoRefused, compact, records
from jutong.kernel import papers
from jutong.kernel.errors import RuleBroken
from jutong.wire.proofs import Proof

MOST_BYTES: Final = 32 * 1024 * 1024
"""Largest file whose bytes are looked at here; of a larger one its SM3 is given."""


def read_proof(code: str) -> tuple[compact.Signed, Proof]:
    """Return what a proof code says and how it is signed. RuleBroken for what is no proof code."""
    try:
        signed = compact.unpacked(code)
        return signed, msgspec.json.decode(signed.message, type=Proof)
    except (CryptoRefused, msgspec.MsgspecError) as error:
        raise RuleBroken(_("证明码不完整或不是电子凭证的证明码，请完整复制后再核验。"), field="code") from error


def speaks_of(proof: Proof, content: bytes) -> bool:
    """Tell whether a proof speaks of exactly this: the file, byte by byte, or the records of an answer as JSON."""
    return records.told_by(content, file=proof.file, records=proof.records)


def cover(
    *, title: str, facts: Sequence[tuple[str, str]], effect: str, code: str, address: str, at: datetime
) -> papers.Paper:
    """Return the cover sheet of a document: what its proof says, and the QR code that leads to its verification."""
    words = _("扫描二维码或打开 %(address)s 粘贴证明码核验；附件被改动的，核验不能通过。") % {"address": address}
    blocks: tuple[papers.Block, ...] = (
        papers.Facts(tuple(facts)),
        papers.Text(effect),
        papers.Code(f"{address}#{code}", words),
        papers.Text(code, small=True),
    )
    return papers.Paper(
        title=_("电子凭证来源证明"),
        number=title,
        blocks=blocks,
        foot=_("本页由政务数据共享平台生成，以在线核验结果为准。"),
        made_at=int(at.timestamp()),
    )
