"""A dispute whose common superior authority works on another instance goes out signed and comes back decided."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from test_disputes import DUTY, SAYS, _authority, outcome

from covers import covers
from jutong.kernel import keys
from jutong.kernel.actors import Actor, Channel, system_actor
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.models import OutboxEvent
from jutong.slices.parties import actions as parties
from jutong.slices.parties import queries as people
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.models import Dispute
from jutong.wire.envelope import Envelope
from published import published
from world import World, _department, _person

MENDED = actions.Outcome(result="other", text="请三个月内补齐缺失字段")


def person(world: World, place: int, department: int, role: str) -> Actor:
    account = _person(f"far.{place}", place, department, role, system_actor("test"))[1]
    return people.actor_for(account, "127.0.0.1", Channel.PAGE, at=world.at)


def across(world: World) -> Dispute:
    """Return a dispute between a county of another city of the province and the city's civil department, come to nothing."""
    by = system_actor("test")
    parties.ensure_regions({"511900": "巴中市", "511902": "巴州区"}, by=by, at=world.at)
    name = "巴州区民政局"
    far = _department("巴州民政", name, name, "511902", "government_department", {str(n): n for n in range(60)}, by)
    head = person(world, 900, far, "sharing_unit_head")
    case = actions.open_dispute(
        by=head, at=world.at, kind="quality", duty=DUTY, statement=SAYS, resource_id=published(world)
    )
    actions.fail(case, by=head, at=world.at, reason="协商不成")
    with pytest.raises(RuleBroken, match=r"巴州区民政局.*内江市民政局.*共同的上级"):
        actions.escalate(case, by=head, at=world.at, absence="未陈述")
    province: dict[str, Any] = {"region": "510000", "name": "四川省数据局", "public": keys.instance().public.hex()}
    with pytest.raises(RuleBroken, match="公钥应为"):
        actions.name_authority_elsewhere(
            by=world.actor("authority.operator"), at=world.at, **province | {"public": "ab" * 64}
        )
    with pytest.raises(NotAllowed):
        actions.name_authority_elsewhere(by=world.actor("hr.head"), at=world.at, **province)
    actions.name_authority_elsewhere(by=world.actor("authority.operator"), at=world.at, **province)
    return actions.escalate(case, by=head, at=world.at, absence="提供方未陈述意见")


@covers("R-SHR-052")
def test_the_case_travels_as_a_signed_file_stays_open_here_and_its_signed_answer_is_carried_out(world: World) -> None:
    case = across(world)
    chief = world.actor("authority.chief")
    assert (case.state, case.authority_id, case.carrier_id) == ("coordinating", None, world.department("authority"))
    with pytest.raises(WrongState, match="还没有导出"):
        actions.receive_decision(case, by=chief, at=world.at, file=_any_answer())
    actions.send_out(case, by=chief, at=world.at)
    number, sent = queries.sent_file(case.pk, chief)
    assert OutboxEvent.objects.filter(name="sharing.dispute_sent", subject=f"dispute:{case.pk}").exists()
    with pytest.raises(NotThere):
        queries.sent_file(case.pk, world.actor("market.head"))
    # the province's instance: here the same one, by its key
    with pytest.raises(NotAllowed, match="四川省数据局"):
        actions.take_dispute(file=sent, by=chief, at=world.at)
    province = person(world, 901, _authority(world, "510000", "四川省数据局"), "authority_head")
    taken = actions.take_dispute(file=sent, by=province, at=world.at)
    with pytest.raises(Conflict):
        actions.take_dispute(file=sent, by=province, at=world.at)
    seen = queries.taken_dispute(taken.pk, province)
    assert (seen.content.consumer.name, seen.content.provider.region) == ("巴州区民政局", world.region)
    assert [one.side for one in seen.content.said] == ["consumer", "provider"]
    with pytest.raises(NotThere):
        actions.answer_dispute(taken, by=chief, at=world.at, outcome=outcome(result="other"))
    actions.answer_dispute(taken, by=province, at=world.at, outcome=MENDED)
    _number, answer = queries.answer_file(taken.pk, province)
    assert Dispute.objects.get(pk=case.pk).state == "coordinating"
    broken = msgspec.json.decode(answer, type=Envelope)
    forged = msgspec.structs.replace(broken, payload=broken.payload.replace("三个月".encode(), "三十年".encode()))
    with pytest.raises(RuleBroken, match="公钥不符"):
        actions.receive_decision(case, by=chief, at=world.at, file=msgspec.json.encode(forged))
    with pytest.raises(NotThere):
        actions.receive_decision(case, by=world.actor("market.head"), at=world.at, file=answer)
    decided = actions.receive_decision(case, by=chief, at=world.at, file=answer)
    assert (decided.state, decided.outcome["text"], number) == ("decided", "请三个月内补齐缺失字段", case.number)
    assert decided.outcome["authority"] == "四川省数据局"


def test_an_answer_to_an_older_file_and_what_is_no_answer_are_refused(world: World) -> None:
    case, chief = across(world), world.actor("authority.chief")
    actions.send_out(case, by=chief, at=world.at)
    _number, first = queries.sent_file(case.pk, chief)
    province = person(world, 901, _authority(world, "510000", "四川省数据局"), "authority_head")
    taken = actions.take_dispute(file=first, by=province, at=world.at)
    actions.answer_dispute(taken, by=province, at=world.at, outcome=outcome(result="other"))
    _number, answer = queries.answer_file(taken.pk, province)
    for nonsense in (b"{}", b"\xff\xfe", first):
        with pytest.raises(RuleBroken) as refused:
            actions.receive_decision(case, by=chief, at=world.at, file=nonsense)
        assert refused.value.field == "file"
    actions.state_opinion(case, by=world.actor("civil.head"), at=world.at, text="我局补充说明")
    actions.send_out(case, by=chief, at=world.at)
    with pytest.raises(RuleBroken, match="最近一次导出"):
        actions.receive_decision(case, by=chief, at=world.at, file=answer)


def _any_answer() -> bytes:
    signer = keys.instance()
    return msgspec.json.encode(Envelope("dispute_answer", b"{}", signer.sign(b"dispute_answer\n{}"), signer.key_id))
