"""A small case with a clock, for the tests of the engine: a leave note between two departments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import models

from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role, Who
from jutong.kernel.errors import Refusal, RuleBroken
from jutong.kernel.workflow import Case, ClockRule, Workflow

CLERK = Who("clerk", "经办人", (Role.CLERK,), of="consumer_id")
HEAD = Who("head", "负责人", (Role.SHARING_UNIT_HEAD,), of="provider_id")


class Note(Case):
    """A note from one department to another."""

    consumer_id = models.BigIntegerField()
    provider_id = models.BigIntegerField()
    text = models.CharField(max_length=200)

    class Meta:
        app_label = "kernel"
        managed = False
        db_table = "test_note"

    def event_payload(self) -> dict[str, Any]:
        return {"provider_id": self.provider_id}


NOTE = Workflow(
    "note",
    "便条",
    case="kernel.Note",
    start="draft",
    states={"draft": "草稿", "received": "已收", "waiting": "待补正", "agreed": "同意", "lapsed": "失效"},
    clocks=[
        ClockRule(
            "reply", "答复", "request_reply_days", obliged="provider_id", extension="request_reply_extension_days"
        )
    ],
    moves=[
        ("write", "-", "draft", CLERK, "", "起草"),
        ("send", "draft", "received", CLERK, "start reply", "发出"),
        ("ask", "received", "waiting", HEAD, "pause reply", "要求补正"),
        ("supplement", "waiting", "previous", CLERK, "resume reply", "补正"),
        ("extend", "received", "=", HEAD, "extend reply", "延期"),
        ("agree", "received", "agreed", HEAD, "stop reply", "同意"),
        ("stamp", "received", "agreed", HEAD, "stop reply", "盖章"),
        ("forbid", "received", "lapsed", HEAD, "stop reply", "禁止", lambda policy, _case: policy.flag("duty_list")),
        ("lapse", "waiting", "lapsed", SYSTEM_ONLY, "stop reply", "失效"),
    ],
    visible=lambda actor, case: (
        actor.department_id in (case.consumer_id, case.provider_id, None) or actor.holds(Role.AUDITOR)
    ),
)


@NOTE.opens("write")
def write(*, by: Actor, at: datetime, consumer_id: int, provider_id: int, text: str, region: str = "360100") -> Note:
    return Note(consumer_id=consumer_id, provider_id=provider_id, text=text, region=region)


@NOTE.opens_many("write")
def write_many(texts: Sequence[str], *, by: Actor, at: datetime, consumer_id: int = 1) -> list[Note | Refusal]:
    return [
        Note(consumer_id=consumer_id, provider_id=2, text=text, region="360100")
        if text
        else RuleBroken("便条没有内容，请填写。", field="text")
        for text in texts
    ]


@NOTE.action("send")
def send(case: Note, *, by: Actor, at: datetime) -> None:
    if not case.text:
        raise RuleBroken("便条没有内容，请填写。", field="text")


@NOTE.action("ask")
def ask(case: Note, *, by: Actor, at: datetime) -> None: ...


@NOTE.action("supplement")
def supplement(case: Note, *, by: Actor, at: datetime, text: str) -> None:
    case.text = text


@NOTE.action("extend")
def extend(case: Note, *, by: Actor, at: datetime, days: int) -> None: ...


@NOTE.action("agree")
def agree(case: Note, *, by: Actor, at: datetime, remark: str = "") -> None:
    case.text += remark
    if remark == "拒":
        raise RuleBroken("意见不能写“拒”，请改写。", field="remark")


@NOTE.set_action("stamp")
def stamp(cases: Sequence[Note], *, by: Actor, at: datetime, seal: str = "章") -> dict[int, Refusal]:
    refused: dict[int, Refusal] = {n.pk: RuleBroken("废便条不能盖章。", field="text") for n in cases if n.text == "废"}
    for note in cases:
        if note.pk not in refused:
            note.text = f"{note.text}{seal}"
    return refused


@NOTE.action("forbid")
def forbid(case: Note, *, by: Actor, at: datetime) -> None: ...


@NOTE.action("lapse")
def lapse(case: Note, *, by: Actor, at: datetime) -> None: ...


@NOTE.guard("agree")
def agreeable(cases: Any, *, by: Actor, at: datetime) -> dict[int, str]:
    return {case.pk: "便条没有内容。" for case in cases if not case.text}
