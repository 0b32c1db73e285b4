"""What a head reads before signing an agreement, or the authority before confirming a joint document, from the telephone."""

from __future__ import annotations

from typing import Final

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel.agenda import Decision
from jutong.kernel.terms import N_
from jutong.slices.agreements.models import Agreement, AgreementVersion
from jutong.slices.agreements.rules import Content, Kind

MOST_LINES: Final = 8


def _pending(case: Agreement) -> AgreementVersion:
    return case.versions.get(number=case.pending)


def _digest(case: Agreement) -> str:
    return _pending(case).digest


def _gist(case: Agreement) -> tuple[tuple[str, str], ...]:
    version = _pending(case)
    content = msgspec.convert(version.content, Content)
    stated = content.stated
    lines = [f"{line.provider} → {line.consumer}：{line.title}" for line in content.lines]
    shown = "；".join(lines[:MOST_LINES]) + (f" … ({len(lines)})" if len(lines) > MOST_LINES else "")
    return (
        (N_("协议编号"), case.number),
        (N_("协议类别"), _(Kind(case.kind).label)),
        (N_("起草方"), case.drafted_by.short_name or case.drafted_by.name),
        (N_("当事方"), "、".join(side.name for side in content.sides)),
        (N_("内容"), stated.content),
        (N_("授权使用范围"), stated.scope),
        (N_("共享的数据"), shown),
        (N_("共享期限"), f"{stated.since:%Y-%m-%d} – {stated.until:%Y-%m-%d}" if stated.since and stated.until else ""),
        (N_("修订原因"), version.why),
    )


AGREEMENT: Final = Decision(
    agree=("sign", "attest"),
    gist=_gist,
    back={"send_back": "reason"},
    reads={"sign": ("digest", _digest)},
)
"""What is signed is the text that was read: its digest goes with the signature."""
