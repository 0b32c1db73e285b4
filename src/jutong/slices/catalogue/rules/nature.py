"""What a resource is by nature: readable by machines or not, and whose; where the profile makes that a condition."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from jutong.kernel.terms import N_
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.findings import Finding

PICTURES: Final = frozenset({"jpg", "jpeg", "gif", "bmp", "png", "tif", "tiff"})
"""Scans and photographs: a machine shows them and cannot read what they say."""
RECORDINGS: Final = frozenset({"swf", "rm", "mpg", "mp4", "avi", "mp3", "wav"})
ON_PAPER: Final = frozenset({"paper", "纸质", "纸质文件", "纸介质", "纸张"})
_UNREADABLE: Final = PICTURES | RECORDINGS | ON_PAPER


def machine_readable(content: Content) -> Iterator[Finding]:
    """Yield the refusal of paper, scans and recordings; one readable format beside them is enough (neijiang-2020#2)."""
    if content.share_mode in ON_PAPER:
        yield Finding("share_mode", N_("当地政策只将可机器读取的数据列为政务数据资源，纸质资料不能编目，请先电子化"))
    kinds = {kind.casefold() for kind in content.format_types}
    if kinds and kinds <= _UNREADABLE:
        params = {"kinds": "、".join(content.format_types)}
        yield Finding("format_types", _NOT_READ, params)
    elif not kinds and content.format_note.strip() in ON_PAPER:
        yield Finding("format_note", _NOT_READ, {"kinds": content.format_note.strip()})


_NOT_READ: Final = N_(
    "当地政策只将可机器读取的数据列为政务数据资源，“%(kinds)s”不可机读，请提供结构化或文本格式后再提交"
)


def owned(content: Content, owner: str) -> Iterator[Finding]:
    """Yield the refusal of another owner than the one the profile names (neijiang-2020#4, #6)."""
    stated = content.extra.get("data_owner", "")
    if owner and stated and stated != owner:
        yield Finding(
            "data_owner", N_("数据所有者由当地政策规定为“%(owner)s”，不得登记为他人，请清空"), {"owner": owner}
        )
