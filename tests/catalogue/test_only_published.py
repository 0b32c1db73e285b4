"""The catalogue is the only basis of sharing: what has no entry in force can be neither asked for nor submitted."""

from __future__ import annotations

import io
from typing import Any

import pytest
from test_requests import asked

from batchworld import GOOD, ITEMS
from covers import covers
from jutong.kernel.errors import WrongState
from jutong.slices.catalogue import actions
from jutong.slices.exchange import actions as exchange
from jutong.slices.sharing import actions as sharing
from published import ASSESSED, content
from world import World


@covers("R-CAT-001")
def test_a_draft_can_be_neither_asked_for_nor_submitted_until_it_is_published(world: World) -> None:
    entry = actions.compile_entry(
        by=world.actor("civil.officer"),
        at=world.at,
        provider_id=world.department("civil"),
        content=content(items=ITEMS),
    )
    wish = asked(entry.pk, items=(ITEMS[0].name,), key_items=(ITEMS[0].name,))

    def request() -> Any:
        return sharing.write_request(asked=wish, by=world.actor("hr.clerk"), at=world.at)

    def submit() -> Any:
        return exchange.submit_batch(
            by=world.actor("civil.officer"), at=world.at, resource_id=entry.pk, source=io.BytesIO(GOOD.encode()),
            name="data.csv",
        )  # fmt: skip

    for call in (request, submit):
        with pytest.raises(WrongState, match=r"“城乡低保对象信息”.*“草稿”.*尚未发布"):
            call()
    actions.assess(entry, by=world.actor("civil.secrecy"), at=world.at, **ASSESSED)
    actions.leader_approve(entry, by=world.actor("civil.leader"), at=world.at)
    actions.submit(entry, by=world.actor("civil.officer"), at=world.at)
    actions.review(entry, by=world.actor("authority.reviewer"), at=world.at)
    actions.publish(entry, by=world.actor("authority.reviewer"), at=world.at)
    assert request().state == "draft"
    assert submit().ok
