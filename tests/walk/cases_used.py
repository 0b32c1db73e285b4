"""Cases of use and of correction: misuse, disposal, use records, combinations; verification, objection, correction, complaint."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

from steps import Step, Words, granted, saved

from correction_world import OPENED, entered
from jutong.kernel import files
from jutong.slices.correction.actions import Corrected
from jutong.slices.usage import actions as usage
from jutong.slices.usage.models import (
    AggregationReview,
    Copy,
    Disposal,
    MisuseCase,
    MisuseGrant,
    UsePeriod,
    UseRecord,
)
from jutong.slices.usage.rules.records import Content
from world import World

# -- W25, W26, W30 -----------------------------------------------------------------------------------------------------


def misuse(world: World) -> MisuseCase:
    """A case of misuse whose consumer reported, and once refused; its limit is over."""
    held = granted(world)
    case: MisuseCase = saved(
        world, MisuseCase, number="WG-1", title="城乡低保对象信息", source="provider", text="某事", category="abuse",
        opened_at=world.at, opened_by="某人", reported_at=world.at, refused_at=world.at,
        keeper_id=world.department("civil"), limit_day=date(2026, 2, 27), limit_days=1,
    )  # fmt: skip
    MisuseGrant.objects.create(case=case, grant_id=held, suspended=True)
    return case


def _order(_world: World, case: MisuseCase) -> Words:
    held = list(case.grants.values_list("grant_id", flat=True))
    return {"ground": "beyond_purpose", "demand": "停止推荐业务，删除名单", "days": 10, "grant_ids": held}


MISUSE = {
    "dismiss": Step({"reason": "经核实并无违规"}),
    "suspend": Step(_order),
    **{verb: Step({"text": "情况已经写明"}) for verb in ("add", "report", "send_back", "refuse", "verify")},
    "find_insufficient": Step({"text": "整改不够"}),
    "restore": Step({"decision": "准予恢复共享"}),
    "terminate": Step({"decision": "终止共享"}),
    "follow": Step(lambda _world, case: {"grant_id": case.grants.get().grant_id}),
}


NOBODYS = 900_000
"""The id of a grant that no test opens."""


def record(world: World) -> UseRecord:
    """The use record of a grant that has ended."""
    case: UseRecord = saved(
        world, UseRecord, grant_id=NOBODYS, reference="G-000001", resource_id=1, entry_code="X", opened_at=world.at,
        ended_at=world.at, ground="expired", disposed_at=world.at, kept_until=date(2029, 3, 2),
    )  # fmt: skip
    UsePeriod.objects.create(record=case, number=1, first_day=world.at.date(), last_day=world.at.date())
    return case


RECORD = {
    "fill": Step({"number": 1, "content": Content(scene="窗口核验")}),
    "lengthen": Step({"years": 20, "basis": "《档案法》第十四条"}),
    **{verb: Step() for verb in ("complete", "lack", "finish", "retain", "purge")},
}


def disposal(world: World) -> Disposal:
    """What becomes of one copy."""
    of = record(world)
    copy = Copy.objects.create(
        record=of, kind="own", source="own:1", title="备份盘", first_at=world.at, obtained_at=world.at
    )
    case: Disposal = saved(
        world, Disposal, record_id=of.pk, copy_id=copy.pk, grant_id=NOBODYS, copy_title="备份盘", ground="expired",
        began_at=world.at, instruction="destroy", due_on=date(2026, 3, 20), instructed_on=world.at.date(),
        method="destroyed", executed_on=world.at.date(),
    )  # fmt: skip
    return case


def _report(world: World, _case: Any) -> Words:
    proof = files.store(io.BytesIO(b"proof"), "销毁.txt", by=world.actor("hr.clerk"), at=world.at)
    return {"report": usage.Report("destroyed", world.at.date(), "王芳"), "proof_id": proof.id}


BY = date(2026, 3, 20)
DISPOSAL = {
    "instruct": Step({"instruction": "destroy", "due_on": BY}), "report": Step(_report), "accept": Step(), "close": Step(),
    "send_back": Step({"reason": "看不清编号", "due_on": BY}),
}  # fmt: skip


def aggregation(world: World) -> AggregationReview:
    """A combination of hr's grants that was marked, the delivery of the last held back."""
    part = {"provider_id": world.department("civil"), "title": "低保", "level": "general-2", "items": ["姓名"]}
    case: AggregationReview = saved(
        world,
        AggregationReview,
        number="HJ-1",
        grant_id=granted(world),
        title="低保",
        parts=[part],
        opened_at=world.at,
        holding=True,
    )
    return case


OPINION = {"opinion": "不含敏感内容"}
AGGREGATION = {
    "admit": Step(OPINION),
    "register": Step({"product": "困难家庭专题库", "use": "救助核对", "safeguards": "专机存放，指定专人"}),
    "clear": Step(OPINION), "withhold": Step(OPINION), "release": Step(before={"verdict": "passed"}),
}  # fmt: skip


# -- W10, W11, W12, W29 ------------------------------------------------------------------------------------------------


def concern(kind: str) -> Callable[[World], Any]:
    """What somebody says of an entry of civil's."""

    def made(world: World) -> Any:
        from jutong.slices.correction.workflow import WORKFLOWS

        entry = entered(world, open_type=OPENED["open_type"], open_conditions=OPENED["open_conditions"])
        return saved(
            world, WORKFLOWS[kind].model, number=f"{kind}-1", channel="sharing", title="低保", text="某处有误",
            resource_id=entry, received_at=world.at, received_on=world.at.date(), consumer_id=None, right="隐私",
            first_department_id=world.department("civil"),
        )  # fmt: skip

    return made


NEIJIANG = {"only": "neijiang-2020"}
LONGER = {
    "ask_extension": Step({"days": 1, "reason": "须外调档案"}, **NEIJIANG), "extend": Step({"days": 1}, **NEIJIANG),
}  # fmt: skip
WRONG = {"decision": "correct", "reason": "登记有误"}
ROWS = {"rows": [Corrected("姓名", "甲", "乙")], "note": "已在源库更正"}
INTO_OBJECTION = Step({"to": "objection", "detail": "error"}, **NEIJIANG)
VERIFICATION = {
    **LONGER, "begin": Step(), "confirm": Step({"reason": "确属录入错误"}), "find_unfounded": Step({"reason": "与底册一致"}),
    "correct": Step(ROWS, {"result": "confirmed"}), "close": Step(before={"result": "unfounded"}), "urge": Step(),
    "convert": INTO_OBJECTION,
}  # fmt: skip
OBJECTION = {
    "mark": Step(), "take": Step(), "close": Step(), "urge": Step(), "record_result": Step(),
    "transfer": Step(lambda world, _case: {"department_id": world.department("civil")}),
    "decide_department": Step(WRONG), "decide": Step(WRONG), "correct": Step(ROWS, {"result": "correct"}),
    "notify": Step(before={"result": "not_correct"}), "convert": Step({"to": "verification", "detail": "error"}, **NEIJIANG),
}  # fmt: skip
OPEN_CORRECTION = {
    **LONGER, "agree": Step({"value": "新的内容"}), "refuse": Step({"reason": "与内容相符", "basis": "编目规范第三条"}),
    "request_change": Step(), "change": Step(), "urge": Step(), "convert": INTO_OBJECTION,
}  # fmt: skip
COMPLAINT = {
    "transfer": Step(lambda world, _case: {"department_id": world.department("hr")}), "examine": Step(), "close": Step(),
    "resolve": Step({"finding": "founded", "examined": "已查日志与陈述", "reason": "情况属实"}),
    "link": Step({"no_link": "已当场改正"}), "notify": Step(before={"result": "founded"}), "convert": INTO_OBJECTION,
}  # fmt: skip

USED: dict[str, tuple[Callable[[World], Any], dict[str, Step]]] = {
    "misuse_case": (misuse, MISUSE), "use_record": (record, RECORD), "disposal": (disposal, DISPOSAL),
    "aggregation_review": (aggregation, AGGREGATION), "verification": (concern("verification"), VERIFICATION),
    "objection": (concern("objection"), OBJECTION), "open_correction": (concern("open_correction"), OPEN_CORRECTION),
    "complaint": (concern("complaint"), COMPLAINT),
}  # fmt: skip
"""How a case of each workflow is made, and its moves but the opening ones."""
