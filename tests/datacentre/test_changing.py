"""W15 for a change: what is served stays until its day, and is then served in the new form that was filed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from covers import covers
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import RuleBroken, WrongState
from jutong.kernel.models import InboxItem
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.datacentre import actions as datacentre
from jutong.slices.datacentre import queries as mounts
from jutong.slices.datacentre.rules import Mapped
from jutong.slices.grants import actions, queries
from jutong.slices.grants.models import ChangeConsumer, Grant
from sourceworld import MAPPING, granted, mounted, register
from world import World

LESS = tuple(Mapped(line.item, "" if line.item == "出生日期" else line.column, key=line.key) for line in MAPPING)


@pytest.fixture
def served(world: World, probe: Any, civil_db: str) -> Grant:
    """Give hr a running grant of a mounted resource, and the provider another table without the day of birth."""
    with psycopg.connect(civil_db) as connection:
        connection.execute("create table people_2 as select id_number, xm, division, income from people")
    return granted(world, mounted(world, register(world, "civil", civil_db)))


def mapped(world: World, grant: Grant, *, later: bool, mapping: Any = LESS, table: str = "people_2") -> Any:
    """Mount the resource on the other table: now, or as it will be after the change."""
    deed = datacentre.prepare_mount if later else datacentre.mount
    mount = mounts.mount_of(grant.resource_id)
    assert mount is not None
    return deed(
        by=world.actor("civil.officer"), at=world.at, resource_id=grant.resource_id, source_id=mount.source_id,
        schema="public", table=table, mapping=mapping,
    )  # fmt: skip


@covers("R-SHR-050")
def test_an_interface_changes_on_the_announced_day_in_the_form_that_was_filed_and_not_before(
    world: World, served: Grant
) -> None:
    officer, head, resource = world.actor("civil.officer"), world.actor("civil.head"), served.resource_id
    granted(world, resource, consumer="market", case="sharing_request:900")
    with pytest.raises(WrongState) as refused:
        mapped(world, served, later=False)
    assert refused.value.sentence.startswith("2 个部门正在使用“出生日期”，不得自行停止或者变更")
    with pytest.raises(WrongState, match="不得自行停止或者变更"):
        datacentre.unmount(by=officer, at=world.at, resource_id=resource, note="系统下线")
    day = beijing_day(world.at) + timedelta(days=10)
    given = {"by": officer, "at": world.at, "resource_id": resource, "cause": "新系统不采集", "stop_on": day}
    with pytest.raises(RuleBroken, match="变更后的服务形式"):
        actions.change_resource(what=" ", **given)
    case = actions.change_resource(what="不再提供出生日期", **given)
    with pytest.raises(WrongState):
        actions.file_ending(case.pk, by=head, at=world.at)
    mine, other = (ChangeConsumer.objects.get(change=case, consumer=world.department(key)) for key in ("hr", "market"))
    actions.record_heard(mine.pk, by=world.actor("hr.officer"), at=world.at, result="agreed")
    with pytest.raises(WrongState):
        actions.file_ending(case.pk, by=head, at=world.at)
    not_yet = {"result": "disagreed", "text": "许可核查仍需出生日期"}
    actions.record_heard(other.pk, by=world.actor("market.officer"), at=world.at, **not_yet)
    with pytest.raises(RuleBroken, match="准备变更后的挂接"):
        actions.file_ending(case.pk, by=head, at=world.at)
    mapped(world, served, later=True)
    page = world.client("civil.officer").get(f"/grants/endings/{case.pk}/").content.decode()
    assert "不再提供：出生日期" in page
    actions.file_ending(case.pk, by=head, at=world.at)
    with pytest.raises(WrongState, match="已备案"):
        mapped(world, served, later=True, mapping=MAPPING, table="people")
    world.drain()
    world.drain(world.at + timedelta(days=9))
    assert {c.item for c in queries.wire_grant(served.pk).columns} >= {"出生日期"}
    world.drain(world.at + timedelta(days=10))
    case.refresh_from_db()
    assert (case.state, case.number[:2], case.grants_ended) == ("changed", "BG", 0)
    mount = mounts.mount_of(resource)
    assert mount is not None
    assert (mount.table, mount.prepared) == ("people_2", "")
    grant = queries.wire_grant(served.pk)
    assert (grant.version, grant.state) == (2, "active")
    assert "出生日期" not in {column.item for column in grant.columns}
    assert InboxItem.objects.filter(department_id=served.consumer_id, title__endswith="已按备案变更服务").exists()
    assert catalogue.require_published(resource).id == resource


def test_a_grant_whose_rows_were_chosen_by_an_item_that_is_gone_ends_instead_of_growing(
    world: World, served: Grant
) -> None:
    Grant.objects.filter(pk=served.pk).update(conditions=[{"item": "出生日期", "operator": "is_null", "values": []}])
    client, address = world.client("civil.officer"), f"/grants/endings/new/{served.resource_id}/change/"
    day = beijing_day(world.at) + timedelta(days=3650)
    assert "变更后的服务形式" in client.get(address).content.decode()
    assert client.post(address, {"cause": "系统升级", "stop_on": str(day), "what": ""}).status_code == 422
    case = actions.change_resource(
        by=world.actor("civil.officer"), at=world.at, resource_id=served.resource_id, cause="系统升级",
        stop_on=beijing_day(world.at) + timedelta(days=2), what="不再提供出生日期",
    )  # fmt: skip
    heard = ChangeConsumer.objects.get(change=case)
    actions.record_heard(heard.pk, by=world.actor("hr.officer"), at=world.at, result="disagreed", text="仍需出生日期")
    mapped(world, served, later=True)
    actions.file_ending(case.pk, by=world.actor("civil.head"), at=world.at)
    world.drain()
    world.drain(world.at + timedelta(days=2))
    case.refresh_from_db()
    served.refresh_from_db()
    assert (case.grants_ended, served.state) == (1, "revoked")
    assert "不再提供所需的信息项" in served.reason
