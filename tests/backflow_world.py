"""An upper department's table with rows of several divisions, a lower department with its own database, and a back-flow."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from jutong.slices.exchange import actions
from jutong.slices.exchange.models import Backflow, Run
from jutong.slices.parties.models import Department, Region
from sourceworld import mounted, register
from world import World

NEED: dict[str, Any] = {
    "duty": "办理本区城乡低保复核（社会救助暂行办法第九条）",
    "items": ["公民身份号码", "姓名", "户籍行政区划"],
    "division_item": "户籍行政区划",
}
ARRANGED = {"cron": "30 2 * * *", "security": "专线传输，落库加密，按岗位授权访问。"}
MORE = """
insert into people values ('511011199001010011', '李一', '1990-01-01', '511011', 1), ('511011199001010012', '李二', null, '511011', 2),
  ('511099199001010011', '王一', null, '511099', 1), ('511002199001010091', '无区划', null, null, 1),
  ('511002199001010092', '空区划', null, '', 1), ('511098199001010011', '划出', null, '511098', 1);
"""


@pytest.fixture
def ready(world: World, probe: Any, civil_db: str, hr_db: str) -> dict[str, Any]:
    """Civil's table with rows of several divisions; 511099 merged into the county's area, and the county's database."""
    with psycopg.connect(civil_db) as connection:
        connection.execute(MORE)
    Department.objects.filter(pk=world.department("hr")).update(
        region_id="511002"
    )  # hr is the county's for these tests
    Region.objects.create(code="511011", name="东兴区", level="county", parent_id="511000")
    Region.objects.create(code="511099", name="原郊区", level="county", parent_id="511000", successor_id="511002")
    resource_id = mounted(world, register(world, "civil", civil_db))
    target = register(world, "hr", hr_db, title="区库", provides=False, receives=True)
    return {"resource_id": resource_id, "source_id": target.pk}


def needed(world: World, ready: dict[str, Any], **changes: Any) -> Backflow:
    given = {"at": world.at, "resource_id": ready["resource_id"], **NEED} | changes
    return actions.need_backflow(by=world.actor("hr.officer"), **given)


def running(world: World, ready: dict[str, Any]) -> tuple[Backflow, Run]:
    at = datetime.now(UTC)
    case = needed(world, ready)
    actions.arrange_backflow(case.pk, by=world.actor("civil.head"), at=at, **ARRANGED)
    actions.start_backflow(
        case.pk, by=world.actor("hr.engineer"), at=at, source_id=ready["source_id"], schema="public", table="huiliu"
    )
    world.drain()
    case.refresh_from_db()
    return case, Run.objects.get(task_id=case.task_id)
