"""What helps people through a day in the demo city: a deputy for a head on leave, reminders, a desk's list of papers, a certificate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jutong.cli.demo.city import City

ITEM: Final = "城乡居民基本养老保险待遇申领"
PAPERS: Final = ("人口基本信息", "本人银行账户", "户口簿复印件", "村（居）委会证明")
LEAVE_DAYS: Final = 5
DUTIES: Final = ("sharing_request", "use_change", "agreement")
PROOF: Final = "居民身份证、居民户口簿原件"


def leave(city: City, at: datetime, say: Callable[[str], None]) -> None:
    """Leave each of them once, through the product's own actions."""
    if not _listed(city, at):
        return  # from an earlier, interrupted telling
    _represented(city, at)
    _reminded(city, at)
    _handled(city, at)
    say("办事：代办 1 项，提醒设置 2 人，事项材料清单 1 份，照常办理登记 1 件")


def _listed(city: City, at: datetime) -> bool:
    """List the papers of a service item; whoever asks for one that the platform has must say why (R-SHR-023)."""
    from jutong.slices.sharing import actions, queries

    clerk = city.actor("hr.clerk", at)
    if queries.service_items(clerk, text=ITEM)[0]:
        return False
    actions.list_service_item(by=clerk, at=at, name=ITEM, papers=[actions.Listed(name) for name in PAPERS])
    return True


def _represented(city: City, at: datetime) -> None:
    """Let the market department's head be on leave, with a deputy for chosen business."""
    from jutong.kernel.clock import beijing_day
    from jutong.slices.parties import actions, queries

    head, today = city.actor("market.head", at), beijing_day(at)
    officer = queries.own_account(city.actor("market.officer", at), at).account
    post = next(one for one in queries.own_account(head, at).posts if one.role == "sharing_unit_head")
    actions.delegate(
        post.id, to_id=officer.person_id, since=today, until=today + timedelta(days=LEAVE_DAYS), duties=DUTIES,
        reason="外出参加培训", by=head, at=at,
    )  # fmt: skip


def _reminded(city: City, at: datetime) -> None:
    """Let two people choose what they are reminded of outside the platform."""
    from jutong.slices.parties import actions

    for key, kinds in {
        "police.officer": ("new", "due_soon", "overdue"),
        "police.head": ("due_soon", "overdue"),
    }.items():
        by = city.actor(key, at)
        actions.set_reminders(city.accounts[key], kinds=kinds, daily=True, quiet_from=22, quiet_until=7, by=by, at=at)


def _handled(city: City, at: datetime) -> None:
    """Handle business as usual while the data is being verified; the desk can print the certificate (R-COR-007)."""
    from jutong.slices.correction import actions, queries

    clerk = city.actor("hr.clerk", at)
    open_ones, _page = queries.cases("verification", clerk, at, side="consumer", fold="open")
    if open_ones:
        actions.record_handling(
            open_ones[0].id, by=clerk, at=at, outcome="as_usual", proof=PROOF, text="已核对原件，当场办结"
        )
