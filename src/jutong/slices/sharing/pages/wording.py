"""Requests and replies in words: conditions, masking, share types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from jutong.kernel.faces.conditions import condition_in_words
from jutong.kernel.faces.pieces import Fact
from jutong.kernel.terms import MASKING_LABELS, MODE_LABELS, DeliveryMode, ShareType
from jutong.slices.sharing import queries
from jutong.slices.sharing.rules import Reply
from jutong.slices.standards import queries as standards


def share_type_label(code: str) -> str:
    """Return the translated name of a share type."""
    return _(ShareType(code).label) if code in set(ShareType) else code


def conditions_in_words(conditions: Iterable[Mapping[str, Any]]) -> str:
    """Return row conditions one a line: 状态 等于 在业."""
    return "\n".join(condition_in_words(one["item"], one["operator"], one.get("values", ())) for one in conditions)


def modes_in_words(modes: Iterable[str]) -> str:
    """Return delivery modes by name."""
    return _("、").join(_(MODE_LABELS[DeliveryMode(mode)]) for mode in modes)


def purposes_in_words(purposes: Iterable[str]) -> str:
    """Return purposes by name."""
    return standards.purposes_in_words(purposes)


def reply_items(reply: Reply) -> list[tuple[str, str, bool]]:
    """Return the items of a reply with their masking in words and whether one may ask by them."""
    return [(one.item, _(MASKING_LABELS[one.masking]), one.item in reply.key_items) for one in reply.items]


def reply_facts(found: queries.CaseView) -> list[Fact]:
    """Return the terms of a reply in words."""
    reply = found.reply
    if reply is None:
        return []
    if not reply.agree:
        return [Fact(_("不同意的理由"), reply.reason), Fact(_("不同意的依据"), reply.basis)]
    rows = [{"item": c.item, "operator": str(c.operator), "values": c.values} for c in reply.conditions]
    quota = [
        _("每日 %d 次调用") % reply.quota.calls_per_day if reply.quota.calls_per_day else "",
        _("每批 %d 行") % reply.quota.rows_per_batch if reply.quota.rows_per_batch else "",
        _("每日 %d 批") % reply.quota.batches_per_day if reply.quota.batches_per_day else "",
    ]
    return [
        Fact(_("查询条件项"), _("、").join(reply.key_items)),
        Fact(_("仅供核对的信息项"), _("、").join(reply.confirm_items)),
        Fact(_("行条件"), conditions_in_words(rows)),
        Fact(_("共享方式"), modes_in_words(reply.modes)),
        Fact(_("准许的使用用途"), purposes_in_words(reply.purposes)),
        Fact(_("准许的使用范围"), reply.scope or found.row.use_scope),
        Fact(_("使用截止日期"), str(reply.use_until or found.row.use_until)),
        Fact(_("额度"), "，".join(filter(None, quota)) or _("不限")),
        Fact(_("适用的共享条件"), "\n".join(reply.terms)),
        *([Fact(_("收费"), reply.fee), Fact(_("收费依据"), reply.fee_basis)] if reply.fee else []),
        Fact(_("给申请方的说明"), reply.remarks),
        Fact(_("拟定人"), found.row.reply.get("prepared_by", "")),
    ]


def essentials(found: queries.CaseView) -> list[Fact]:
    """Return what a head must know to decide, on a phone."""
    row = found.row
    return [
        Fact(_("申请编号"), row.line.number or _("草稿")),
        Fact(_("使用方"), row.line.consumer_name),
        Fact(_("提供方"), row.line.provider_name),
        Fact(_("共享类型"), share_type_label(row.line.share_type)),
        Fact(_("信息项"), _("、").join(row.items)),
        Fact(_("使用依据"), row.use_basis),
        Fact(_("使用场景"), row.use_scene),
        Fact(_("使用用途"), purposes_in_words(row.purposes)),
        Fact(_("共享方式"), modes_in_words(row.modes)),
        Fact(_("使用时限"), _("%(first)s 至 %(last)s") % {"first": row.use_from, "last": row.use_until}),
        *([Fact(_("用于有偿服务或者商业用途"), _("是"))] if row.commercial else []),
    ]
