"""Business systems exchange through the platform only: whoever is not registered is refused, who goes round it is found."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import openpyxl

from covers import covers
from jutong.client import AsyncClient, Refused
from jutong.dataplane.settings import Settings
from jutong.kernel.models import OutboxEvent
from jutong.slices.parties.actions.systems import CallKey
from jutong.wire.usage import ChainRecord
from runworld import called
from world import World

STRANGER = CallKey(0, "bs0000000000000000", "ab" * 32)
PERSON = {"公民身份号码": "511002198001010001"}


def logged(own: Settings) -> dict[str, ChainRecord]:
    """The lines of the gateway's chain by the trace of their call."""
    files = [path for ending in ("jsonl", "open") for path in (own.node_folder / "chain").rglob(f"*.{ending}")]
    lines = [line for path in files for line in path.read_bytes().splitlines()]
    return {found.trace: found for found in (msgspec.json.decode(line, type=ChainRecord) for line in lines)}


@covers("R-EXC-002")
def test_registered_systems_exchange_strangers_are_forbidden_and_what_went_round_the_platform_is_a_finding(
    world: World, agreed: dict[str, Any], own: Settings
) -> None:
    async def story(registered: AsyncClient, stranger: AsyncClient) -> tuple[Any, Refused]:
        answer = await registered.query(str(agreed["grant_id"]), PERSON)
        try:
            await stranger.query(str(agreed["grant_id"]), PERSON)
        except Refused as refusal:
            return answer, refusal
        raise AssertionError("a system that nobody registered was answered")

    world.system("civil")
    answer, refusal = called(own, world, "hr", story, stranger=STRANGER)
    assert (refusal.problem.status, refusal.problem.code) == (403, "forbidden")
    assert "未在平台登记的系统不能交换数据" in refusal.problem.detail
    lines = logged(own)
    assert (answer.count, lines[answer.trace].outcome, lines[answer.trace].rows) == (1, "ok", 1)
    assert lines[answer.trace].department == str(world.department("hr"))
    assert (lines[refusal.trace].outcome, lines[refusal.trace].who) == ("refused", "")

    auditor, chief, home = world.client("audit.auditor"), world.client("authority.chief"), "/parties/access/direct"
    seen = {
        "department_id": world.department("civil"), "receiver_id": world.department("hr"), "title": "自建接口",
        "text": "两局间自建接口每日推送，未经平台。",
    }  # fmt: skip
    case = auditor.post(f"{home}/new", seen)["Location"]
    assert chief.post(f"{case}/confirm", {"text": "经核实属实"}).status_code == 303
    (event,) = OutboxEvent.objects.filter(name="direct_exchange.confirmed")
    assert (event.payload["department_id"], event.payload["receiver_id"]) == (
        seen["department_id"],
        seen["receiver_id"],
    )
    sheet = openpyxl.load_workbook(io.BytesIO(chief.get(f"{home}/export").getvalue())).active
    assert [row[:4] for row in sheet.iter_rows(min_row=2, values_only=True)] == [
        ("自建接口", "市民政局", "市人社局", "已认定")
    ]
