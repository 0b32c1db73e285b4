"""Keeping the tables of peers' codes: one table per peer, replaced as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import IO, Final

from django.utils.translation import gettext as _

from jutong.kernel.actions import action
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere, RuleBroken
from jutong.kernel.terms import N_
from jutong.slices.standards.formats import peers as sheets
from jutong.slices.standards.models import PeerCode
from jutong.slices.standards.queries.specifications import specification_for
from jutong.slices.standards.rules.peers import Row, checked_rows
from jutong.slices.standards.workflow import PEER_KEEPERS

_NAME: Final = re.compile(r"[\w（）()·-]{1,40}")


def import_peer_codes(source: IO[bytes], *, peer: str, by: Actor, at: datetime) -> int:
    """Keep a peer's table from a workbook; see `keep_peer_codes`."""
    return keep_peer_codes(peer=peer, rows=sheets.read(source), by=by, at=at)


@action("standards.keep_peer_codes", label=N_("维护代码对照表"), allow=PEER_KEEPERS)
def keep_peer_codes(*, peer: str, rows: Iterable[Row], by: Actor, at: datetime) -> int:
    """Replace a peer's table of codes; returns how many it has (standards-facts 2.1).

    rows: (direction, element, given, becomes) with directions "in" and "out". RuleBroken names the first bad row;
    all or nothing.
    """
    if not _NAME.fullmatch(peer):
        raise RuleBroken(_("请填写对方系统的名称，不超过 40 字，只含汉字、字母、数字和括号。"), field="peer")
    kept = checked_rows(rows, specification_for(by.region, beijing_day(at)))
    if not kept:
        raise RuleBroken(_("对照表是空的，请至少填写一条。"), field="rows")
    PeerCode.objects.filter(peer=peer).delete()
    PeerCode.objects.bulk_create(
        [PeerCode(peer=peer, direction=d, element=e, given=given, becomes=becomes) for d, e, given, becomes in kept]
    )
    return len(kept)


@action("standards.remove_peer", label=N_("删除代码对照表"), allow=PEER_KEEPERS)
def remove_peer(*, peer: str, by: Actor, at: datetime) -> None:
    """Delete a peer's table. NotThere when there is none."""
    if not PeerCode.objects.filter(peer=peer).delete()[0]:
        raise NotThere(_("没有“%s”的代码对照表。") % peer[:40])
