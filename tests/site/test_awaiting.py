"""A head's telephone: every kind of case with a head's consent on its way is decided there, or leads to where it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from agreement_world import drafted
from asking_world import posted

import correction_world
from covers import covers
from jutong.kernel import agenda, clock
from jutong.kernel.errors import Conflict, NotThere
from jutong.slices.agreements import actions as agreements
from jutong.slices.agreements.models import Agreement
from jutong.slices.correction import actions as correction
from jutong.slices.usage.models import MisuseCase
from misuse_world import granted, opened, reported, suspended
from world import World


def kinds(world: World, who: str) -> dict[str, agenda.Gist]:
    return {gist.workflow: gist for gist in agenda.awaiting(world.actor(who), world.at)}


@covers(partly=["R-OVR-038", "R-SHR-048"])
def test_misuse_opens_its_page_to_be_suspended_and_is_verified_with_a_sentence_from_the_telephone(world: World) -> None:
    case = opened(world, granted(world))
    waiting = kinds(world, "civil.head")["misuse_case"]
    assert (waiting.agree, waiting.opens and waiting.opens.verb) == (None, "suspend")
    assert waiting.back is not None
    assert waiting.back.verb == "dismiss"
    assert "misuse_case" not in kinds(world, "civil.officer")
    with clock.frozen(world.at):
        page = world.client("civil.head").get("/approve/").content.decode()
    assert f'href="{waiting.url}"' in page
    MisuseCase.objects.filter(pk=case.pk).delete()
    other = reported(world, suspended(world, granted(world, "城乡特困人员信息")))
    gist = kinds(world, "civil.head")["misuse_case"]
    assert gist.agree is not None
    assert (gist.agree.verb, gist.says, gist.back and gist.back.verb) == ("verify", True, "send_back")
    with clock.frozen(world.at + timedelta(days=2)):
        client = world.client("civil.head")
        where = {"page": "/approve/", "ids": [str(other.pk)], "from": "approve"}
        assert posted(client, "/todo/misuse_case/verify/", remark=" ", **where).status_code == 422
        assert posted(client, "/todo/misuse_case/verify/", remark="现场核实，名单已删除", **where).status_code == 303
        other.refresh_from_db()
        assert other.state == "rectified"
        assert kinds(world, "civil.head")["misuse_case"].agree.verb == "restore"  # type: ignore[union-attr]


@covers(partly=["R-SHR-027"])
def test_an_agreement_is_signed_from_the_telephone_as_it_was_read_and_no_other_text(world: World) -> None:
    case = drafted(world)
    agreements.send(case, by=world.actor("civil.officer"), at=world.at)
    gist = kinds(world, "hr.head")["agreement"]
    by = {"by": world.actor("hr.head"), "at": world.at}
    with pytest.raises(Conflict, match="内容在您阅读之后有了变化"):
        agenda.decide("agreement", "sign", [case.pk], read="0" * 64, **by)
    with pytest.raises(NotThere):
        agenda.decide("agreement", "suspend", [case.pk], **by)
    assert agenda.decide("agreement", "sign", [case.pk], read=gist.read, **by).done == [case.pk]
    assert world.department("hr") not in Agreement.objects.get(pk=case.pk).unsigned_ids
    assert "agreement" not in kinds(world, "hr.head")


@covers(partly=["R-COR-005"])
def test_a_principal_gives_the_days_that_were_asked_for_and_a_head_answers_a_verification(world: World) -> None:
    resource = correction_world.granted(world)
    correction_world.rules("neijiang-2020")
    words: dict[str, Any] = {"resource_id": resource, "kind": "doubt", "text": "本人收入填报有误"}
    case, _code = correction_world.raised(world, correction.report, **words)
    assert "verification" not in kinds(world, "civil.principal")
    officer = world.actor("civil.officer")
    correction.ask_longer_verification(case, by=officer, at=world.at, days=10, reason="须外调档案")
    gist = kinds(world, "civil.principal")["verification"]
    assert gist.agree is not None
    assert (gist.agree.verb, gist.read) == ("extend", "10")
    assert ("延长的理由", "须外调档案") in gist.facts
    api = "/api/v1/workbench/todo/verification/"
    with clock.frozen(world.at):
        client = world.client("civil.principal")
        for read, status in (("", 409), ("10", 200)):
            answer = client.post(f"{api}extend", {"ids": [case.pk], "read": read}, content_type="application/json")
            assert answer.status_code == status
        assert "verification" not in kinds(world, "civil.principal")
        answer = kinds(world, "civil.head")["verification"]
        assert answer.agree is not None
        assert (answer.agree.verb, answer.back and answer.back.verb) == ("confirm", "find_unfounded")
        by = {"by": world.actor("civil.head"), "at": world.at}
        agenda.decide("verification", "find_unfounded", [case.pk], remark="与底册一致", **by)
    case.refresh_from_db()
    assert (case.state, case.reason) == ("unfounded", "与底册一致")


def test_what_one_did_is_listed_by_the_time_of_the_deed(world: World) -> None:
    from jutong.kernel.models import AuditEntry

    def deed(verb: str, days: int) -> None:
        AuditEntry.objects.create(
            at=world.at - timedelta(days=days), actor_id=world.account("hr.head"), actor_name="x", channel="page",
            address="", trace="", verb=f"agreement.{verb}", subject_kind="agreement", subject_id="1", outcome="success",
            code="", reason="", before="", after="",
        )  # fmt: skip

    for verb, days in (("sign", 1), ("draft", 3), ("send", 2)):
        deed(verb, days)
    assert [one.verb for one in agenda.done(world.actor("hr.head"), world.at)] == ["签署", "交各方签署", "起草协议"]
