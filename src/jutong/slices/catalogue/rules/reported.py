"""What a government below may report of its own platform's catalogue: complete, open and each entry once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from jutong.kernel.errors import NotAllowed, RuleBroken
from jutong.kernel.terms import N_, Zone
from jutong.wire.catalogue import Entry

MOST_REPORTED: Final = 50_000
"""Entries in one report."""
_LONGEST: Final = {"code": 64, "title": 200, "provider": 200, "catalogue_class": 12, "share_type": 16}


def check_report(entries: Sequence[Entry], *, here: str) -> None:
    """Refuse a report as a whole: empty, too large, an entry without code, title or provider, or the same one twice.

    here: the network of this platform. RuleBroken naming the entry; NotAllowed for one that belongs into the other
    network: marked as a secret outside the inner one, or not marked inside it (R-CAT-015).
    """
    if not 1 <= len(entries) <= MOST_REPORTED:
        raise RuleBroken(N_("一次报送 1 至 50000 条目录，请检查文件内容。"), field="file")
    seen: set[tuple[str, str]] = set()
    for place, entry in enumerate(entries, 1):
        if bool(entry.own.get("secret")) != (here == Zone.INNER):
            raise NotAllowed(_OPEN if here == Zone.INNER else _SECRET, place=place)
        for name, most in _LONGEST.items():
            if not 1 <= len(getattr(entry, name)) <= most:
                raise RuleBroken(
                    N_("第 %(place)d 条的%(label)s为空或过长，请补正后重新报送。"),
                    field="file", place=place, label=_LABELS[name],
                )  # fmt: skip
        if (key := (entry.provider, entry.code)) in seen:
            raise RuleBroken(
                N_("第 %(place)d 条与前面的条目重复（%(code)s），请去重后重新报送。"),
                field="file",
                place=place,
                code=entry.code,
            )
        seen.add(key)


_SECRET: Final = N_("第 %(place)d 条标为涉密，涉密目录不得在本平台报送。")
_OPEN: Final = N_("第 %(place)d 条没有标为涉密，非涉密目录请在政务外网平台报送。")
_LABELS: Final = {
    "code": "代码",
    "title": "名称",
    "provider": "提供部门",
    "catalogue_class": "分类",
    "share_type": "共享类型",
}
