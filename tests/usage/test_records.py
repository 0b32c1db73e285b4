"""W30: what a consumer did with a grant's data is on record, period by period, and kept as long as the law asks."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from test_requests import answered, asked

from covers import covers
from jutong.kernel import policy, retention
from jutong.kernel.actors import system_actor
from jutong.kernel.errors import NotAllowed, NotThere, RuleBroken, WrongState
from jutong.slices.parties.models import BusinessSystem
from jutong.slices.services import actions as services
from jutong.slices.sharing import actions as sharing
from jutong.slices.usage import actions, queries
from jutong.slices.usage.actions import Content
from jutong.slices.usage.models import Copy, Provision, UsePeriod, UseRecord, UseVersion
from jutong.wire.usage import Usage
from published import published
from sourceworld import civil_db, granted, mounted, node, probe, register
from usage_world import accepted, batch, copies, destroyed, drained, finished, instructed, moment, record

if TYPE_CHECKING:
    from jutong.dataplane.identity import Identity
    from jutong.slices.grants.models import Grant
    from world import World

__all__ = ["civil_db", "node", "probe"]

PLATFORM = system_actor("usage")
WHOLE = Content("代缴养老保险时核验低保身份", "按需批量取得后比对", "减少群众提交证明 1200 份", "", "", "in_use")


@pytest.fixture
def grant(world: World, probe: object, civil_db: str) -> Grant:
    found = granted(world, mounted(world, register(world, "civil", civil_db)))
    world.drain()
    return found


def called(world: World, grant: Grant, calls: int = 7) -> None:
    """Let hr's system call the interface."""
    system = BusinessSystem.objects.filter(department=grant.consumer_id).values_list("pk", flat=True).first()
    system = system or world.system("hr").system_id
    counted = Usage(str(grant.pk), str(system), world.at, "online_query", "data_verification", calls, 1, calls - 1)
    services.take_usage([counted], node="local", at=world.at)
    drained(world, world.at)


@covers("R-SHR-054")
def test_a_record_that_lacks_something_when_its_period_ends_is_listed_until_it_is_filled(
    world: World, grant: Grant, node: Identity
) -> None:
    batch(world, grant, node)
    called(world, grant)
    clerk, number = world.actor("hr.clerk"), 1
    said = Content("代缴养老保险时核验低保身份", "按需取得", status="in_use")
    actions.fill_record(record(grant), by=clerk, at=world.at, number=number, content=said)
    for name in ("market.officer", "civil.officer"):
        with pytest.raises((NotAllowed, NotThere)):
            actions.fill_record(record(grant), by=world.actor(name), at=world.at, number=number, content=said)
    after = moment("2026-07-01")
    assert actions.settle_due(moment("2026-06-30")) == 0
    assert actions.settle_due(after) == 1
    assert (record(grant).state, record(grant).lacking) == (
        "incomplete",
        [{"number": 1, "fields": ["effect", "storage"]}],
    )
    for name in ("hr.officer", "authority.reviewer"):
        rows, _meta = queries.records(world.actor(name), fold="incomplete")
        assert [(row.grant_id, row.lacking) for row in rows] == [(grant.pk, ("应用成效", "存储情况"))]
        assert queries.incomplete_panel(world.actor(name), after)
    figures = UsePeriod.objects.get(number=1).figures
    assert (figures["calls"], figures["deliveries"], figures["copies"]) == (6, 1, 2)
    for copy in copies(grant):
        actions.place_copy(record(grant), by=clerk, at=after, copy_id=copy, storage="人社专有云 3 号库")
    actions.fill_record(record(grant), by=clerk, at=after, number=1, content=WHOLE)
    assert (record(grant).state, record(grant).lacking) == ("complete", [])
    assert [v.content["effect"] for v in UseVersion.objects.order_by("version")] == ["", WHOLE.effect]
    shown = queries.ledger(grant.pk, clerk, after).periods
    assert [(period.number, len(period.versions)) for period in shown] == [(2, 0), (1, 1)]
    assert UsePeriod.objects.get(closed_at=None).last_day == date(2026, 12, 31)


@covers("R-SHR-055")
def test_records_are_kept_three_years_from_the_later_of_end_and_proven_disposal(world: World) -> None:
    world.at = moment("2026-02-02")
    grant = granted_by_request(world)
    actions.add_copy(record(grant), by=world.actor("hr.clerk"), at=world.at, title="备份盘", storage="机要室")
    finished(world, grant, moment("2026-03-01"))
    instructed(world, grant, moment("2026-03-01"), due_on=date(2026, 4, 30))
    destroyed(world, grant, moment("2026-04-30"))
    accepted(world, grant, moment("2026-05-01"))
    kept = record(grant)
    assert (kept.kept_until, kept.state) == (date(2029, 5, 1), "final")
    retention.forget(moment("2029-04-30"))
    retention.forget(moment("2029-05-01", 15))
    assert record(grant).copies.exists()
    with pytest.raises(RuleBroken):
        actions.lengthen_retention(kept, by=world.actor("hr.head"), at=world.at, years=2, basis="某法第一条")
    with pytest.raises(policy.ProfileInvalid):
        policy.derive("neijiang-2020", {"use_record_retention_years": 2}, 2, date(2024, 1, 1))
    other = granted_by_request(world, "殡葬登记信息")
    finished(world, other, moment("2026-03-01"))
    assert (record(other).state, record(other).kept_until) == ("final", date(2029, 3, 1))
    actions.lengthen_retention(
        record(other), by=world.actor("hr.head"), at=world.at, years=10, basis="会计档案管理办法第十四条"
    )
    assert record(other).kept_until == date(2036, 3, 1)
    retention.forget(moment("2029-05-02", 1))
    gone = UseRecord.objects.get(pk=kept.pk)
    assert (gone.state, gone.copies.exists(), gone.disposals.exists(), len(gone.digest)) == ("purged", False, False, 64)
    assert record(other).state == "final"
    with pytest.raises(WrongState):
        actions.add_copy(gone, by=world.actor("hr.clerk"), at=world.at, title="备份盘", storage="机要室")


def granted_by_request(world: World, title: str = "城乡低保对象信息") -> Any:
    """A grant of civil's to hr that came from a request, with the basis of handling personal information."""
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings
    from jutong.slices.grants.models import Grant

    identity.establish(settings().home / "nodes" / "local", at=world.at)
    request = answered(world, published(world, title=title))
    world.drain(world.at)
    return Grant.objects.get(pk=request.grant_id)


@covers("R-SHR-056", "R-SHR-022")
def test_provider_and_authority_read_what_is_theirs_and_the_consumer_sees_who_did(world: World) -> None:
    ours, theirs = granted_by_request(world), None
    theirs = granted_by_request(world, "殡葬登记信息")
    UseRecord.objects.filter(grant_id=theirs.pk).update(provider=world.department("police"))
    inspector = world.actor("civil.officer")
    hr = world.department("hr")
    assert [row.grant_id for row in queries.department_ledger(hr, inspector).rows] == [ours.pk]
    assert len(queries.department_ledger(hr, world.actor("authority.reviewer")).rows) == 2
    actions.read_record(ours.pk, by=inspector, at=world.at)
    actions.read_record(ours.pk, by=world.actor("authority.reviewer"), at=world.at)
    with pytest.raises(NotThere):
        actions.read_record(theirs.pk, by=inspector, at=world.at)
    with pytest.raises(NotAllowed):
        queries.department_ledger(hr, world.actor("market.officer"))
    with pytest.raises(NotThere):
        actions.read_record(ours.pk, by=world.actor("market.officer"), at=world.at)
    with pytest.raises(NotAllowed):  # a clerk of the provider is not the one who inspects
        actions.read_record(ours.pk, by=world.actor("civil.clerk"), at=world.at)
    actions.read_record(ours.pk, by=world.actor("hr.clerk"), at=world.at)
    seen = queries.ledger(ours.pk, world.actor("hr.clerk"), world.at)
    assert [(one.side, one.by_name, one.at) for one in seen.inspections] == [
        ("主管部门", world.actor("authority.reviewer").name, world.at), ("提供方", inspector.name, world.at),
    ]  # fmt: skip
    actions.add_copy(record(ours), by=world.actor("hr.clerk"), at=world.at, title="备份盘", storage="机要室")
    finished(world, ours)
    (copy,) = queries.ledger(ours.pk, world.actor("authority.reviewer"), world.at).copies
    assert (copy.open, copy.disposing) == (True, True)


@covers("R-SEC-045")
def test_personal_information_is_asked_for_on_a_legal_basis_and_each_provision_is_on_record(
    world: World, node: Identity
) -> None:
    resource = published(world)
    with pytest.raises(RuleBroken) as refused:
        sharing.write_request(by=world.actor("hr.clerk"), at=world.at, asked=asked(resource, personal_basis=" "))
    assert "personal_basis" in refused.value.remarks
    grant = granted_by_request(world, "殡葬登记信息")
    called(world, grant)
    called(world, grant)
    (one,) = Provision.objects.all()
    assert (one.recipient, one.items, one.basis, one.personal) == (
        "内江市人力资源和社会保障局", ["公民身份号码", "姓名"], "为履行法定职责所必需", True,
    )  # fmt: skip
    (row,) = queries.provisions(record(grant).pk)
    assert (row.rows, row.mode) == (12, "联机查询")
    names = [holder.name for holder in queries.ledger(grant.pk, world.actor("hr.clerk"), world.at).holders]
    assert names == ["业务办理系统"]


def test_lists_of_ledgers_cost_the_same_however_many_there_are(
    world: World, grant: Grant, django_assert_num_queries: Any
) -> None:
    facts = record(grant)
    for number in range(12):
        facts.pk, facts.grant_id, facts.reference = None, 10_000 + number, f"G-{number}"
        facts._state.adding = True
        facts.save()
    reviewer = world.actor("authority.reviewer")
    for size in (3, 12):
        with django_assert_num_queries(3):
            assert len(queries.records(reviewer, size=size)[0]) == size
    actions.end_use(by=PLATFORM, at=world.at, record=facts, copy=_copy(facts, world), ground="expired")
    with django_assert_num_queries(2):
        assert len(queries.groups(reviewer, world.at)[0]) == 1


def _copy(held: UseRecord, world: World) -> Copy:
    return actions.add_copy(held, by=world.actor("hr.clerk"), at=world.at, title="备份盘", storage="机要室")


def test_what_a_consumer_enters_is_checked(world: World, grant: Grant, node: Identity) -> None:
    batch(world, grant, node)
    clerk, held = world.actor("hr.clerk"), record(grant)
    copy = actions.add_copy(held, by=clerk, at=world.at, title="统计中间表", storage="统计库", of=copies(grant)[0])
    assert copy.of_id == copies(grant)[0]
    for call, words in (
        (actions.add_copy, {"title": "", "storage": "机要室"}),
        (actions.add_copy, {"title": "备份盘", "storage": " "}),
        (actions.place_copy, {"copy_id": copy.pk, "storage": ""}),
        (actions.add_holder, {"kind": "robot", "name": "统计"}),
        (actions.add_holder, {"kind": "system", "name": " "}),
        (actions.fill_record, {"number": 1, "content": Content(status="often")}),
        (actions.fill_record, {"number": 1, "content": Content()}),
    ):
        with pytest.raises(RuleBroken):
            call(held, by=clerk, at=world.at, **words)
    holder = actions.add_holder(held, by=clerk, at=world.at, kind="person", name="张静", duty="统计")
    actions.end_holder(held, by=clerk, at=world.at + timedelta(days=1), holder_id=holder.pk)
    with pytest.raises(NotThere):
        actions.fill_record(held, by=clerk, at=world.at, number=9, content=WHOLE)
    with pytest.raises((NotAllowed, NotThere)):
        actions.add_copy(held, by=world.actor("civil.officer"), at=world.at, title="备份盘", storage="机要室")
