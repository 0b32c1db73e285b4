"""W09 through actions: ten elements, every party's signature, versions that grants follow, and the end of the term."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from agreement_world import (
    STATED,
    active,
    before_the_decree,
    digest,
    drafted,
    grant_of,
    line,
    refused,
    side,
    signed,
    written,
)

from covers import covers
from jutong.kernel import inbox
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.models import InboxItem
from jutong.slices.agreements import actions, queries
from jutong.slices.agreements.models import Agreement, AgreementVersion
from jutong.slices.agreements.rules import ELEMENTS, Given
from jutong.slices.grants import queries as grants
from jutong.slices.usage import queries as usage
from jutong.wire.grants import Masking
from misuse_world import used
from published import published
from world import World

SIGNED = ("civil.head", "hr.head")


@pytest.fixture(autouse=True)
def _node(world: World) -> None:
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=world.at)


@covers("R-SHR-027")
def test_with_all_ten_elements_and_both_signatures_an_agreement_is_in_force(world: World) -> None:
    case = drafted(world, frequency="")
    with refused(RuleBroken, "更新频度") as told:
        actions.send(case, by=world.actor("hr.officer"), at=world.at)
    assert list(told.value.remarks) == ["frequency"]
    actions.revise(case, by=world.actor("hr.officer"), at=world.at, written=written(world))
    actions.send(case, by=world.actor("hr.officer"), at=world.at)
    assert signed(world, case, *SIGNED).state == "active"
    proof = queries.proof(case.pk, 1, world.actor("audit.auditor"))
    assert proof.holds
    assert {one.name for one in proof.lines} == {world.actor(name).name for name in SIGNED}


def test_each_element_that_is_missing_is_named(world: World) -> None:
    for missing, label in ELEMENTS.items():
        gone: Any = None if missing == "until" else ""
        case = drafted(world, **{missing: gone})
        with refused(RuleBroken, label):
            actions.send(case, by=world.actor("civil.officer"), at=world.at)


@covers("R-SHR-028")
def test_three_parties_conclude_with_the_third_signature(world: World) -> None:
    case = drafted(world, "civil", "hr", "market")
    actions.send(case, by=world.actor("market.officer"), at=world.at)
    case = signed(world, case, *SIGNED)
    assert (case.state, case.unsigned_ids) == ("signing", [world.department("market")])
    assert signed(world, case, "market.principal").state == "active"
    for keys, sentence in ((("civil",), "至少须有两个当事方"), (("civil", "hr", "civil"), "当事方重复")):
        with refused(RuleBroken, sentence):
            drafted(world, *keys)


@covers("R-SHR-031")
@pytest.mark.parametrize(
    ("lacks", "sentence"), [("responsible", "没有填写责任人"), ("confidentiality", "没有填写安全保密条款")]
)
def test_each_party_names_who_is_responsible_and_its_terms_of_secrecy(world: World, lacks: str, sentence: str) -> None:
    text = msgspec.structs.replace(written(world), sides=(side(world, "civil"), side(world, "hr", **{lacks: " "})))
    case = actions.draft(by=world.actor("civil.officer"), at=world.at, kind="sharing", written=text)
    with refused(RuleBroken, f"人力资源和社会保障局”{sentence}"):
        actions.send(case, by=world.actor("civil.officer"), at=world.at)
    resource = published(world)
    before_the_decree(world)
    held = grant_of(world, active(world, line(world, resource)))
    page = world.client("hr.clerk").get(f"/grants/{held.id}/").content.decode()
    assert "责任人 civil负责人" in page
    assert "责任人 hr负责人" in page
    used(world, held.id, calls=3)
    today = beijing_day(world.at)
    trace = usage.trace(resource, today, today, world.actor("authority.chief"))
    assert trace.responsible == ("civil负责人",)
    assert [(one.consumer_id, one.responsible) for one in trace.sums] == [(world.department("hr"), ("hr负责人",))]


def test_one_signs_for_ones_party_once_and_only_what_one_has_read(world: World) -> None:
    case = drafted(world)
    old = digest(case)
    actions.revise(case, by=world.actor("civil.officer"), at=world.at, written=written(world, quantity="约 13 万条"))
    actions.send(case, by=world.actor("civil.officer"), at=world.at)
    with refused(Conflict, "不是待签署的版本"):
        actions.sign(case.pk, by=world.actor("civil.head"), at=world.at, digest=old)
    for person in ("market.head", "admin.system"):
        with pytest.raises(NotThere):
            actions.sign(case.pk, by=world.actor(person), at=world.at, digest=digest(case))
    for person in ("civil.clerk", "authority.chief"):
        with refused(NotAllowed, "尚未签署一方的负责人"):
            actions.sign(case.pk, by=world.actor(person), at=world.at, digest=digest(case))
    signed(world, case, "civil.head")
    for person in ("civil.head", "civil.principal"):
        with refused(NotAllowed, "尚未签署一方的负责人"):
            actions.sign(case.pk, by=world.actor(person), at=world.at, digest=digest(case))
    with pytest.raises(WrongState):
        actions.revise(case, by=world.actor("hr.officer"), at=world.at, written=written(world))


def test_a_party_that_does_not_sign_sends_it_back_and_all_sign_anew(world: World) -> None:
    case = drafted(world)
    actions.send(case, by=world.actor("civil.officer"), at=world.at)
    signed(world, case, "civil.head")
    with refused(RuleBroken, "请说明理由"):
        actions.send_back(case.pk, by=world.actor("hr.officer"), at=world.at, reason=" ")
    actions.send_back(case.pk, by=world.actor("hr.officer"), at=world.at, reason="更新频度应为实时")
    actions.send(case.pk, by=world.actor("civil.officer"), at=world.at)
    case = signed(world, case, "hr.head")
    assert case.state == "signing"
    assert case.unsigned_ids == [world.department("civil")]
    standings = [v.standing for v in queries.agreement(case.pk, world.actor("hr.head"), world.at).versions]
    assert standings == ["pending", "dropped"]


@covers("R-SHR-029", partly=["R-SHR-035"])
def test_grants_follow_an_amendment_only_when_all_have_signed_it(world: World) -> None:
    resource = published(world)
    before_the_decree(world)
    case = active(world, line(world, resource))
    before = grant_of(world, case)
    assert (before.state, before.version, before.origin) == ("granted", 1, case.number)
    wider = line(world, resource, items=(Given("公民身份号码"), Given("姓名"), Given("收入")))
    text = written(world, lines=(wider,), scope="扩大到稽核科")
    actions.amend(case.pk, by=world.actor("hr.officer"), at=world.at, written=text, why="增加稽核业务")
    assert signed(world, case, "hr.head").state == "amending"
    held = grant_of(world, Agreement.objects.get(pk=case.pk))
    assert [item["item"] for item in held.items] == ["公民身份号码", "姓名"], (
        "until the last signature the old limits hold"
    )
    case = signed(world, case, "civil.head")
    held = grant_of(world, case)
    assert (case.state, case.version, held.version) == ("active", 2, 2)
    assert [(item["item"], item["masking"]) for item in held.items][1:] == [("姓名", "none"), ("收入", "none")]
    old = queries.agreement(case.pk, world.actor("hr.clerk"), world.at, version=1)
    assert (old.shown.standing, old.shown.content.stated.scope) == ("past", STATED["scope"])
    assert [one.version for one in grants.versions(held.id, world.actor("hr.clerk"))] == [2, 1]


def test_what_a_new_version_no_longer_names_ends_and_an_abandoned_one_changes_nothing(world: World) -> None:
    resource = published(world)
    before_the_decree(world)
    case = active(world, line(world, resource))
    held = grant_of(world, case)
    text = written(world, scope="暂不再提供")
    actions.amend(case.pk, by=world.actor("hr.officer"), at=world.at, written=text, why="业务调整")
    actions.abandon(case.pk, by=world.actor("civil.head"), at=world.at, reason="不同意")
    assert grants.states_of([held.id])[held.id] == "granted"
    actions.amend(case.pk, by=world.actor("hr.officer"), at=world.at, written=text, why="业务调整")
    assert signed(world, case, *SIGNED).version == 3
    assert grants.states_of([held.id])[held.id] == "revoked"
    with refused(RuleBroken, "修订不能更换当事方"):
        actions.amend(
            case.pk, by=world.actor("hr.officer"), at=world.at, written=written(world, "civil", "market"), why="换人"
        )


def test_an_amendment_that_changes_nothing_is_not_signed(world: World) -> None:
    case = active(world)
    actions.amend(case.pk, by=world.actor("hr.officer"), at=world.at, written=written(world), why="续签")
    with refused(RuleBroken, "与现行版本相同"):
        signed(world, case, "hr.head")


@covers("R-SHR-030")
def test_access_ends_with_the_term_unless_it_was_renewed_before(world: World) -> None:
    resource, other = published(world), published(world, title="救助核查信息")
    before_the_decree(world)
    term = date(2025, 7, 20)
    renewed = active(world, line(world, resource), until=term)
    left = active(world, line(world, other), name="另一协议", until=term)
    last = datetime(2025, 7, 20, 8, 0, tzinfo=UTC)  # the afternoon of the last day
    kept, gone = grant_of(world, renewed), grant_of(world, left)
    world.drain(last - timedelta(days=20))
    told = InboxItem.objects.filter(title__contains="即将到期", department_id=world.department("hr"))
    assert {item.link for item in told} == {f"/agreements/{renewed.pk}/", f"/agreements/{left.pk}/"}
    longer = written(world, lines=(line(world, resource),), since=date(2025, 7, 21), until=date(2026, 7, 20))
    actions.amend(renewed.pk, by=world.actor("hr.officer", at=last), at=last, written=longer, why="续签一年")
    signed(world, renewed, *SIGNED, at=last)
    world.drain(last)
    assert grants.grant(kept.id, world.actor("hr.head")).valid_from <= last, "no gap before the new term"
    assert Agreement.objects.get(pk=renewed.pk).since == STATED["since"]
    assert grants.states_of([kept.id, gone.id]) == {kept.id: "granted", gone.id: "granted"}
    tomorrow = last + timedelta(hours=9)
    world.drain(tomorrow)
    assert grants.states_of([kept.id, gone.id]) == {kept.id: "granted", gone.id: "expired"}
    assert Agreement.objects.get(pk=left.pk).state == "expired"
    assert "期限届满" in grant_of(world, Agreement.objects.get(pk=left.pk), tomorrow).reason
    assert inbox.notices(world.actor("hr.head"), limit=5)
    with pytest.raises(WrongState):
        actions.amend(left.pk, by=world.actor("hr.officer"), at=tomorrow, written=longer, why="补签")


def test_the_gateway_says_that_the_agreement_is_over(world: World) -> None:
    from jutong.dataplane.snapshots import inactive_reason
    from jutong.slices.grants.queries.wire import wire_grant

    resource = published(world)
    before_the_decree(world)
    case = active(world, line(world, resource))
    held = grant_of(world, case)
    assert inactive_reason(wire_grant(held.id), world.at) == ""
    over = datetime(2027, 3, 1, 1, 0, tzinfo=UTC)
    world.drain(over)
    assert inactive_reason(wire_grant(held.id), over) == f"授权已终止：共享协议 {case.number} 期限届满。"


def test_a_suspended_agreement_stops_its_grants_and_only_who_stopped_it_lets_it_go_on(world: World) -> None:
    resource = published(world)
    before_the_decree(world)
    case = active(world, line(world, resource))
    held = grant_of(world, case)
    actions.suspend(case.pk, by=world.actor("civil.head"), at=world.at, reason="发现超范围查询")
    assert grants.states_of([held.id])[held.id] == "suspended"
    with refused(NotAllowed, "由暂停它的一方或主管部门恢复"):
        actions.resume(case.pk, by=world.actor("hr.head"), at=world.at)
    actions.resume(case.pk, by=world.actor("authority.reviewer"), at=world.at)
    assert grants.states_of([held.id])[held.id] == "granted"
    actions.terminate(case.pk, by=world.actor("authority.chief"), at=world.at, reason="拒不整改")
    assert grants.states_of([held.id])[held.id] == "revoked"
    assert "拒不整改" in grant_of(world, Agreement.objects.get(pk=case.pk)).reason


def test_a_joint_document_counts_once_the_authority_has_confirmed_it(world: World) -> None:
    import io

    text = msgspec.structs.replace(written(world), joint_number="内民发〔2026〕3号")
    with refused(RuleBroken, "请填写发文字号"):
        actions.draft(by=world.actor("civil.officer"), at=world.at, kind="sharing", written=written(world),
                      joint=io.BytesIO(b"paper"), joint_name="发文.pdf")  # fmt: skip
    case = actions.draft(by=world.actor("civil.officer"), at=world.at, kind="sharing", written=text,
                         joint=io.BytesIO(b"paper"), joint_name="发文.pdf")  # fmt: skip
    actions.send(case, by=world.actor("civil.officer"), at=world.at)
    with pytest.raises(NotAllowed):
        actions.attest(case.pk, by=world.actor("civil.head"), at=world.at)
    actions.attest(case.pk, by=world.actor("authority.reviewer"), at=world.at)
    assert Agreement.objects.get(pk=case.pk).state == "active"
    assert queries.proof(case.pk, 1, world.actor("hr.clerk")).holds
    unsigned = drafted(world)
    actions.send(unsigned, by=world.actor("civil.officer"), at=world.at)
    with pytest.raises(NotAllowed):
        actions.attest(unsigned.pk, by=world.actor("authority.reviewer"), at=world.at)


def test_a_text_that_was_changed_behind_the_signatures_shows(world: World) -> None:
    case = active(world)
    version = AgreementVersion.objects.get(agreement=case)
    version.content["stated"]["quantity"] = "约 99 万条"
    version.save()
    proof = queries.proof(case.pk, 1, world.actor("hr.clerk"))
    assert (proof.intact, proof.holds) == (False, False)
    version.content["stated"]["quantity"] = STATED["quantity"]
    version.save()
    assert queries.proof(case.pk, 1, world.actor("hr.clerk")).holds
    one = version.signatures.first()
    one.signature = bytes(one.signature)[:-1] + bytes([one.signature[-1] ^ 1])
    one.save()
    assert not queries.proof(case.pk, 1, world.actor("hr.clerk")).holds


def test_lines_stay_between_the_parties_and_within_the_entry(world: World) -> None:
    resource = published(world)
    withheld = published(world, title="救助核查信息", **_withheld())
    for given, sentence in (
        (line(world, resource, "market"), "须都是本协议的当事方"),
        (line(world, resource, "civil"), "由使用方自己提供"),
        (line(world, resource, items=(Given("没有的项"),)), "不在目录中"),
        (line(world, resource, items=(Given("姓名", Masking.YEAR),)), "不适用"),
        (line(world, withheld), "不予共享"),
    ):
        with refused(RuleBroken, sentence):
            drafted(world, lines=(given,))
    with refused(RuleBroken, "重复列出"):
        drafted(world, lines=(line(world, resource), line(world, resource)))
    with refused(RuleBroken, "最长五年"):
        drafted(world, lines=(line(world, resource),), until=date(2035, 1, 1))


def _withheld() -> dict[str, Any]:
    from published import WITHHELD

    return dict(WITHHELD)


@pytest.mark.django_db(transaction=True)
def test_two_parties_that_sign_at_the_same_moment_both_count(world: World) -> None:
    from django.db import connection

    case = drafted(world)
    actions.send(case, by=world.actor("civil.officer"), at=world.at)
    text, start = digest(case), threading.Barrier(2)

    def sign(person: str) -> None:
        start.wait()
        try:
            actions.sign(case.pk, by=world.actor(person), at=world.at, digest=text)
        finally:
            connection.close()

    threads = [threading.Thread(target=sign, args=(person,)) for person in SIGNED]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.drain()
    case = Agreement.objects.get(pk=case.pk)
    assert (case.state, case.unsigned_ids) == ("active", [])
