"""Departments and regions are chosen by name, without JavaScript; what means none or several is refused."""

from __future__ import annotations

from typing import Any

import pytest
from asking_world import posted

from jutong.slices.parties import actions, queries
from jutong.slices.parties.models import Department, SectorLine, SectorMember
from world import World


def line(world: World, **changes: Any) -> Any:
    url = "/parties/sectors/new"
    given = {"name": "民政条线", "lead_id": "内江市民政局", "members": "市人社局\n内江市公安局", **changes}
    return posted(world.client("authority.operator"), url, page=url, **given)


def test_the_form_lists_the_names_to_choose_from(world: World) -> None:
    page = world.client("authority.operator").get("/parties/sectors/new").content.decode()
    assert 'list="id_lead_id_names"' in page
    assert '<option value="内江市民政局"></option>' in page
    assert '<option value="511000 内江市"></option>' in (
        world.client("authority.operator").get("/parties/departments/new").content.decode()
    )


@pytest.mark.parametrize("lead", ["内江市民政局", "市民政局", " 内江市民政局 ", "number"])
def test_a_department_is_named_in_full_in_short_or_by_number(world: World, lead: str) -> None:
    given = str(world.department("civil")) if lead == "number" else lead
    assert line(world, lead_id=given).status_code == 303
    made = SectorLine.objects.get(name="民政条线")
    assert made.lead_id == world.department("civil")
    members = {world.department("hr"), world.department("police")}
    assert members <= set(SectorMember.objects.filter(line=made).values_list("department_id", flat=True))


@pytest.mark.parametrize("lead", ["没有的局", "9" * 12, "9" * 40, "市场", "１２３"])
def test_an_unknown_name_is_refused_naming_it(world: World, lead: str) -> None:
    answer = line(world, lead_id=lead)
    assert (answer.status_code, "没有名为" in answer.content.decode()) == (422, True)
    assert line(world, members="内江市公安局\n没有的局").status_code == 422
    assert not SectorLine.objects.filter(name="民政条线").exists()


def test_two_departments_of_one_name_are_told_apart_by_their_regions(world: World) -> None:
    twin = actions.register_department(
        name="内江市民政局", region="511002", by=world.actor("authority.operator"), at=world.at
    )
    names = queries.department_names()
    assert {"内江市民政局（511000）", "内江市民政局（511002）"} <= set(names)
    answer = line(world)
    assert (answer.status_code, "有 2 个部门叫" in answer.content.decode()) == (422, True)
    assert line(world, lead_id="内江市民政局（511002）").status_code == 303
    assert SectorLine.objects.get(name="民政条线").lead_id == twin.pk


def test_the_superior_department_is_shown_and_kept_by_name(world: World) -> None:
    url = f"/parties/departments/{world.department('county')}/change"
    client = world.client("authority.operator")
    assert 'value="内江市市场监督管理局"' in client.get(url).content.decode()
    given = {"name": "市中区市场监督管理局", "org_type": "government_department", "parent_id": "内江市市场监督管理局"}
    assert posted(client, url, page=url, **given, uscc=_uscc(world)).status_code == 303
    assert Department.objects.get(pk=world.department("county")).parent_id == world.department("market")


def test_a_region_is_taken_from_the_list_with_its_name_or_typed(world: World) -> None:
    url = "/parties/departments/new"
    for name, region in (("林业局", "511000 内江市"), ("水利局", "５１１０００")):
        given = {"name": f"内江市{name}", "region": region, "org_type": "government_department"}
        assert posted(world.client("authority.operator"), url, page=url, **given).status_code == 303
        assert Department.objects.get(name=f"内江市{name}").region_id == "511000"


def _uscc(world: World) -> str:
    return str(Department.objects.get(pk=world.department("county")).uscc)
