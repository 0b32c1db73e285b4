"""The receipt of a grant's disposals as a paper: which copy was disposed of how, when, by whom, and who accepted it."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel.faces.templatetags.jutong import moment
from jutong.kernel.papers import Facts, Paper, Table, Text
from jutong.slices.usage.queries import Disposing


def receipt_paper(seen: Disposing, at: datetime) -> Paper:
    """Return the paper; it says plainly when some copy is not yet proven disposed of (R-SHR-047)."""
    facts = (
        (_("授权"), seen.reference),
        (_("数据资源"), seen.title),
        (_("使用方"), seen.consumer),
        (_("提供方"), seen.provider),
        (_("结束时间"), moment(seen.ended_at) if seen.ended_at else "—"),
        (_("副本"), _("%(all)d 份，其中已认可 %(done)d 份") % {
            "all": len(seen.rows), "done": sum(row.accepted_at is not None for row in seen.rows),
        }),
    )  # fmt: skip
    head = (_("副本"), _("要求"), _("方式"), _("处置日期"), _("执行人"), _("认可"))
    rows = tuple(
        (
            row.copy, row.instruction_label, row.method_label or "—", str(row.executed_on or "—"), row.executor or "—",
            f"{row.accepted_by} {moment(row.accepted_at)}" if row.accepted_at else row.state_label,
        )
        for row in seen.rows
    )  # fmt: skip
    said = (
        _("上列副本的处置证明已由提供方认可。")
        if seen.done
        else _("仍有副本未处置或者证明未经认可，本回执不作为办结证明。")
    )
    return Paper(
        title=_("数据处置回执"),
        number=seen.reference,
        issuer=seen.provider,
        foot=_("依据《政务数据共享条例》第二十七条、第二十九条"),
        made_at=int(at.timestamp()),
        blocks=(Facts(facts), Table(head, rows, (6, 3, 3, 3, 3, 5)), Text(said)),
    )
