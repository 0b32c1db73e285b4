"""Regions, departments, authorities, sector lines."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from covers import covers
from jutong.kernel.actors import system_actor
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.models import InboxItem, PolicyAssignment
from jutong.slices.parties import actions, queries
from jutong.slices.parties.models import Department


def neijiang(world):
    PolicyAssignment.objects.create(
        region="511000", profile="neijiang-2020", effective_from="2020-01-01", assigned_at=world.at
    )


def register(world, **given):
    return actions.register_department(
        **({"name": "某组织", "region": "511000"} | given), by=world.actor("authority.operator"), at=world.at
    )


@covers("R-OVR-001")
def test_an_entrusted_body_is_admitted_only_where_the_profile_does_and_with_its_mandate(world):
    paper = SimpleUploadedFile("委托书.pdf", b"%PDF-1.4 x")
    with pytest.raises(RuleBroken, match="不接受"):
        register(world, org_type="entrusted_body", mandate=paper)
    neijiang(world)
    with pytest.raises(RuleBroken, match="委托文件"):
        register(world, org_type="entrusted_body")
    row = register(world, org_type="entrusted_body", mandate=SimpleUploadedFile("委托书.pdf", b"%PDF-1.4 x"))
    assert row.mandate_id


@covers("R-OVR-001")
@pytest.mark.parametrize("kind", ["government_department", "institution", "social_organisation"])
def test_the_decrees_own_types_are_admitted(world, kind):
    row = register(world, org_type=kind, parent_id=world.department("market"))
    assert (row.level, row.parent_id, row.by_reference) == ("city", world.department("market"), False)


@covers(partly=["R-OVR-050"])
def test_an_other_state_organ_takes_part_by_reference(world):
    row = queries.department(world.department("court"))
    assert (row.org_type, row.by_reference) == ("other_state_organ", True)
    assert not queries.department(world.department("market")).by_reference


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": " "}, "名称"),
        ({"name": "x" * 121}, "名称"),
        ({"name": "a\x00b"}, "控制字符"),
        ({"uscc": "123"}, "18 位"),
        ({"region": "999999"}, "尚未登记"),
        ({"org_type": "club"}, "不存在"),
        ({"parent_id": 10**12}, "上级部门不存在"),
    ],
)
def test_bad_registrations_are_refused(world, given, sentence):
    count = Department.objects.count()
    with pytest.raises(RuleBroken, match=sentence):
        register(world, **given)
    assert Department.objects.count() == count


def test_a_name_in_a_region_and_a_credit_code_are_taken_once(world):
    with pytest.raises(Conflict, match="名为"):
        register(world, name="内江市公安局")
    with pytest.raises(Conflict, match="统一社会信用代码"):
        register(world, uscc=queries.department(world.department("police")).uscc)
    assert register(world, name="内江市公安局", region="511002").pk


def test_a_department_never_becomes_its_own_ancestor(world):
    with pytest.raises(RuleBroken, match="上级部门不能是"):
        actions.change_department(
            world.department("market"),
            parent_id=world.department("county"),
            by=world.actor("admin.system"),
            at=world.at,
        )


def test_a_department_with_people_is_not_closed(world):
    with pytest.raises(WrongState, match="在岗人员"):
        actions.close_department(world.department("police"), by=world.actor("admin.system"), at=world.at)


def test_names_from_an_import_become_unconfirmed_departments_once(world):
    names = ["内江市公安局", "甲局", " 乙  局 "]
    by = world.actor("authority.reviewer")
    first = actions.ensure_departments(names, "511000", by=by, at=world.at)
    assert first == actions.ensure_departments(names, "511000", by=by, at=world.at)
    assert first["内江市公安局"] == world.department("police")
    row = queries.department(first[" 乙  局 "])
    assert (row.name, row.confirmed) == ("乙 局", False)
    actions.confirm_department(row.id, uscc="91350100M000100Y43", by=by, at=world.at)
    assert queries.department(row.id).confirmed
    with pytest.raises(NotAllowed):
        actions.ensure_departments(["丙局"], "511000", by=world.actor("market.officer"), at=world.at)
    with pytest.raises(RuleBroken):
        actions.ensure_departments(["x" * 121], "511000", by=by, at=world.at)


@covers("R-OVR-002")
def test_what_arises_in_a_region_goes_to_its_authority_or_the_nearest_above(world):
    assert queries.authority_of("511000") == world.department("authority")
    assert queries.authority_of("511002") == world.department("authority")
    actions.name_authority(
        region="511002", department_id=world.department("county"), functions=["supervision"],
        by=world.actor("authority.operator"), at=world.at,
    )  # fmt: skip
    assert queries.authority_of("511002") == world.department("county")
    assert queries.authority_of("511000") == world.department("authority")


@covers("R-OVR-002")
def test_without_an_authority_the_region_is_named_instead_of_losing_the_matter(world):
    with pytest.raises(RuleBroken, match="四川省"):
        queries.authority_of("510000")
    with pytest.raises(RuleBroken, match="360000"):
        queries.authority_of("360000")


def test_a_new_authority_ends_the_earlier_and_keeps_it(world):
    by = world.actor("authority.operator")
    actions.name_authority(region="511000", department_id=world.department("civil"), by=by, at=world.at)
    assert queries.authority_of("511000") == world.department("civil")
    assert len(queries.authorities()) == 1
    with pytest.raises(RuleBroken, match="主管职能"):
        actions.name_authority(
            region="511000", department_id=world.department("civil"), functions=["x"], by=by, at=world.at
        )


def test_regions_know_what_lies_above_and_what_follows_them(world):
    by = system_actor("setup")
    assert queries.region_name("511002") == "四川省内江市市中区"
    actions.ensure_regions({"511002001": "城东街道", "511003": "东兴区旧"}, by=by, at=world.at)
    with pytest.raises(RuleBroken, match="上级区划"):
        actions.ensure_regions({"360102001": "某街道"}, by=by, at=world.at)
    actions.ensure_regions({"511011": "东兴区"}, by=by, at=world.at)
    actions.end_region("511003", valid_to=world.at.date(), successor="511011", by=by, at=world.at)
    with pytest.raises(RuleBroken, match="已停用"):
        register(world, name="某", region="511003")


@covers("R-OVR-040")
def test_the_sector_lead_sees_the_line_guides_it_and_nobody_else_is_in_it(world):
    line = queries.sectors()[0]
    seen = queries.sector(line.id, world.actor("sector.lead"), world.at)
    assert {m.department.id for m in seen.members} == {world.department("market"), world.department("county")}
    actions.guide_sector(line.id, title="目录指引", text="请补齐目录。", by=world.actor("sector.lead"), at=world.at)
    told = InboxItem.objects.filter(title__contains="目录指引").values_list("department_id", flat=True)
    assert set(told) == {world.department("market"), world.department("county")}
    with pytest.raises(NotThere):
        queries.sector(line.id, world.actor("hr.head"), world.at)
    for key in ("hr.head", "county.head", "market.head"):
        with pytest.raises(NotAllowed):
            actions.guide_sector(line.id, title="越权", text="x", by=world.actor(key), at=world.at)


def test_departments_are_found_by_name_short_name_and_code(world):
    assert [d.id for d in queries.search_departments("公安")] == [world.department("police")]
    assert world.department("county") in {d.id for d in queries.search_departments("市场", region="511002")}
    assert queries.search_departments("没有这个") == []
    assert {d.id for d in queries.search_departments("", region="510000", limit=50)} >= {world.department("county")}


def test_the_tree_puts_children_below_their_parent(world):
    branches = queries.tree()
    at = {b.department.id: place for place, b in enumerate(branches)}
    assert at[world.department("county")] == at[world.department("market")] + 1
    assert branches[at[world.department("county")]].depth == 1


def test_a_sector_line_is_registered_once_with_known_departments(world):
    by, market = world.actor("authority.operator"), world.department("market")
    with pytest.raises(Conflict, match="市场监管"):
        actions.start_sector(name="市场监管", lead_id=market, members=[market], by=by, at=world.at)
    for members in ([], [10**9]):
        with pytest.raises(RuleBroken, match="成员"):
            actions.start_sector(name="新条线", lead_id=market, members=members, by=by, at=world.at)
