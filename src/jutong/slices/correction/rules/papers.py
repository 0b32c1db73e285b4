"""Papers handed in with an application: what they may be."""

from __future__ import annotations

from typing import Final

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_

MOST_PAPERS: Final = 5
MOST_BYTES: Final = 10 * 1024 * 1024
"""Largest paper, in bytes: people without an account hand them in, too."""
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
TYPES: Final = frozenset(
    {
        "application/pdf",
        "image/jpeg",
        "image/png",
        "image/webp",
        "application/msword",
        "application/vnd.ms-excel",
        f"{_OFFICE}.wordprocessingml.document",
        f"{_OFFICE}.spreadsheetml.sheet",
        "text/plain",
    }
)
"""What the bytes of a paper may be, whatever its name says: nothing that runs, no archives."""


def check_number(papers: int) -> None:
    """Refuse more papers than a case takes."""
    if papers > MOST_PAPERS:
        raise RuleBroken(N_("附件最多 %(most)d 个，请合并后上传。"), field="uploads", most=MOST_PAPERS)


def check_paper(name: str, media_type: str) -> None:
    """Refuse a paper that is neither PDF, picture, Word, Excel nor text."""
    if media_type not in TYPES:
        raise RuleBroken(
            N_("附件“%(name)s”不是 PDF、图片、Word、Excel 或文本文件，请转换后上传。"), field="uploads", name=name[:60]
        )
