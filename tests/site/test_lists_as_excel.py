"""Every list of exchange, sources, services, grants and access goes out as Excel, however long it is."""

from __future__ import annotations

import io

import openpyxl
import pytest

from jutong.kernel.paging import LARGEST
from jutong.slices.parties import actions
from jutong.slices.parties.models import DirectExchange
from world import World

LISTS = (
    "/grants/", "/services/", "/services/alerts/", "/services/traffic/", "/sources/", "/sources/nodes/", "/datacentre/",
    "/datacentre/comparison/export/missing/", "/exchange/batches/", "/parties/systems", "/parties/access/trainings",
)  # fmt: skip


def rows(world: World, who: str, address: str) -> list[tuple[object, ...]]:
    answer = world.client(who).get(address)
    assert answer.status_code == 200, address
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return list(openpyxl.load_workbook(io.BytesIO(body)).active.iter_rows(values_only=True))


@pytest.mark.parametrize("address", LISTS)
def test_a_list_is_handed_out_as_excel(world: World, address: str) -> None:
    (heads, *_rest) = rows(world, "civil.engineer", f"{address}?format=xlsx")
    assert len(heads) >= 4


def test_a_sheet_holds_more_than_a_page(world: World) -> None:
    case = actions.report_direct(
        department_id=world.department("civil"), receiver_id=world.department("hr"), title="直连接口", text="每日推送",
        by=world.actor("audit.auditor"), at=world.at,
    )  # fmt: skip
    same = {f.attname: getattr(case, f.attname) for f in case._meta.concrete_fields if f.name != "id"}
    DirectExchange.objects.bulk_create([DirectExchange(**same) for _n in range(LARGEST + 10)])
    assert len(rows(world, "audit.auditor", "/parties/access/direct/export")) == LARGEST + 12
