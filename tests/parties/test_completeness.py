"""What a department has to register, under the rules of its region and day."""

from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from covers import covers
from jutong.kernel.errors import NotAllowed, NotThere, RuleBroken
from jutong.kernel.models import PolicyAssignment
from jutong.slices.parties import actions, queries
from jutong.slices.parties.models import Department, SharingUnit

BEFORE = datetime(2024, 6, 3, 1, 0, tzinfo=UTC)


def assign(world, profile):
    PolicyAssignment.objects.create(region="511000", profile=profile, effective_from="2017-01-01", assigned_at=world.at)


def missing(department, at):
    return {gap.code for gap in queries.gaps(department, at)}


@covers("R-OVR-007")
@pytest.mark.parametrize(
    ("profile", "at", "listed"),
    [
        ("neijiang-2020", BEFORE, True),
        ("inner-mongolia-2018", BEFORE, False),
        ("inner-mongolia-2018", None, True),
        ("national-2025", None, True),
    ],
)
def test_a_person_without_a_body_is_a_gap_where_the_text_asks_for_a_body(world, profile, at, listed):
    assign(world, profile)
    market = world.department("market")
    SharingUnit.objects.filter(department_id=market).delete()
    gaps = missing(market, at or world.at)
    assert ("sharing_unit" in gaps) == listed
    assert "person" not in gaps


@covers("R-OVR-009")
def test_liability_rules_are_missed_only_where_they_are_asked_for_and_versions_stay(world):
    market, by = world.department("market"), world.actor("market.liaison")
    for kind in ("procedures", "management", "verification", "procedures"):
        actions.file_rules(
            department_id=market,
            kind=kind,
            title="共享制度",
            file=SimpleUploadedFile("a.txt", b"text"),
            by=by,
            at=world.at,
        )
    assert not {code for code in missing(market, world.at) if code.startswith("rules_")}
    assign(world, "inner-mongolia-2018")
    assert {code for code in missing(market, world.at) if code.startswith("rules_")} == {"rules_liability"}
    versions = [(r.kind, r.version) for r in queries.internal_rules(market)]
    assert versions == [("management", 1), ("procedures", 2), ("procedures", 1), ("verification", 1)]


def test_rules_are_read_by_the_department_and_overseers_only(world):
    market = world.department("market")
    row = actions.file_rules(
        department_id=market, kind="management", title="制度", file=SimpleUploadedFile("a.txt", b"text"),
        by=world.actor("market.liaison"), at=world.at,
    )  # fmt: skip
    assert queries.rules_version(market, row.pk, world.actor("market.clerk")).id == row.pk
    assert queries.rules_version(market, row.pk, world.actor("authority.operator")).id == row.pk
    with pytest.raises(NotThere):
        queries.rules_version(market, row.pk, world.actor("hr.head"))
    with pytest.raises(NotThere):
        queries.rules_version(world.department("hr"), row.pk, world.actor("hr.head"))


@covers("R-OVR-010")
def test_the_four_units_are_gaps_until_registered_and_the_secrecy_unit_is_found(world):
    market, by = world.department("market"), world.actor("market.head")
    kinds = ("responsible", "business", "it_support", "secrecy")
    assert {f"unit_{kind}" for kind in kinds} <= missing(market, world.at)
    for kind in kinds:
        actions.set_unit_role(
            department_id=market, kind=kind, name=f"{kind}科", duties="负责", contact_id=world.person("market.secrecy"),
            by=by, at=world.at,
        )  # fmt: skip
    assert not {code for code in missing(market, world.at) if code.startswith("unit_")}
    unit = queries.unit_roles(market, "secrecy")[0]
    assert (unit.name, unit.contact_id) == ("secrecy科", world.person("market.secrecy"))
    actions.set_unit_role(department_id=market, kind="secrecy", name="保密办", duties="审查", by=by, at=world.at)
    assert [u.name for u in queries.unit_roles(market, "secrecy")] == ["保密办"]


def test_business_bureaus_may_be_several(world):
    market, by = world.department("market"), world.actor("market.head")
    for name in ("一科", "二科", "一科"):
        actions.set_unit_role(department_id=market, kind="business", name=name, duties="业务", by=by, at=world.at)
    assert sorted(u.name for u in queries.unit_roles(market, "business")) == ["一科", "二科"]


def test_only_the_department_itself_registers_its_duties(world):
    market = world.department("market")
    for key in ("hr.head", "market.clerk", "admin.audit", "authority.chief"):
        by = world.actor(key)
        with pytest.raises(NotAllowed):
            actions.set_unit_role(department_id=market, kind="secrecy", name="x", duties="y", by=by, at=world.at)
        with pytest.raises(NotAllowed):
            actions.set_goals(market, goals="x", by=by, at=world.at)
    with pytest.raises(RuleBroken, match="联系人"):
        actions.set_unit_role(
            department_id=market, kind="secrecy", name="x", duties="y", contact_id=world.person("hr.head"),
            by=world.actor("market.head"), at=world.at,
        )  # fmt: skip


@covers("R-OVR-006")
def test_a_new_department_lacks_everything_and_a_full_one_nothing(world):
    fresh = actions.register_department(name="新设局", region="511000", by=world.actor("admin.system"), at=world.at)
    assert {"principal", "goals", "person", "sharing_unit", "sharing_unit_head"} <= missing(fresh.pk, world.at)
    market, by = world.department("market"), world.actor("market.head")
    actions.set_goals(market, goals="应编尽编", by=by, at=world.at)
    for kind in ("responsible", "business", "it_support", "secrecy"):
        actions.set_unit_role(department_id=market, kind=kind, name=kind, duties="负责", by=by, at=world.at)
    for kind in ("procedures", "management", "verification"):
        actions.file_rules(
            department_id=market, kind=kind, title="t", file=SimpleUploadedFile("a", b"x"), by=by, at=world.at
        )
    assert missing(market, world.at) == set()
    assert market not in {row.department_id for row in queries.gaps_of_all(world.at)}


def test_the_check_of_all_departments_asks_the_database_a_fixed_number_of_times(world, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        assert len(queries.gaps_of_all(world.at)) == Department.objects.count()
