"""How a case of each workflow is opened, by somebody to whom the regulation gives it, on data that is already there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from agreement_world import drafted
from cases_asked import terms_of
from cases_used import disposal
from test_disputes import DUTY, SAYS
from test_requests import answered, asked
from walking import Under

from correction_world import OPENED, citizen, entered
from jutong.kernel.actors import system_actor
from jutong.slices.correction import actions as correction
from jutong.slices.grants import actions as grants
from jutong.slices.grants import queries as held
from jutong.slices.grants.models import Grant
from jutong.slices.sharing import actions as sharing
from jutong.slices.usage import actions as usage
from jutong.slices.usage.actions.disposing import end_use
from jutong.slices.usage.actions.recording import open_records
from misuse_world import SAID
from published import WITHHELD, published
from world import World

PLATFORM = system_actor("walk")


class Ground:
    """What cases are opened about: entries of civil's, a grant of hr's, a copy, a citizen whose papers were seen."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.clerk, self.officer = world.actor("hr.clerk"), world.actor("civil.officer")
        self.conditional, self.open = entered(world), entered(world, title="区划代码", **OPENED)
        self.withheld = published(world, title="救助核查信息", **WITHHELD)
        self.grant = answered(world, self.conditional).grant_id or 0
        self.copy = disposal(world)
        self.citizen = citizen(world)

    def asker(self, at: datetime) -> Any:
        """The citizen at the window."""
        return correction.public_asks(self.citizen, by=correction.at_the_window("10.0.0.1", "t1"), at=at)[0]


Opening = Callable[[Ground, datetime, Under], Any]


def _open_dispute(g: Ground, at: datetime, under: Under) -> Any:
    local = under.when == "before" and under.profile != "national-2025"
    kind = "withheld_or_refused" if local else "sharing_type"
    return sharing.open_dispute(by=g.clerk, at=at, kind=kind, duty=DUTY, statement=SAYS, resource_id=g.withheld)


def _apply_change(g: Ground, at: datetime, _under: Under) -> Any:
    wanted = sharing.Wanted(kind="purpose", why="办理社保稽核确需使用", purposes=("data_verification",))
    return sharing.apply_change(by=g.clerk, at=at, grant_id=g.grant, wanted=wanted)


def _open_grant(g: Ground, at: datetime, _under: Under) -> Any:
    found = Grant.objects.get(pk=g.grant)
    same = {name: getattr(found, name) for name in (
        "region", "resource_id", "resource_title", "entry_code", "entry_version", "provider_id", "consumer_id",
        "authority_id", "request_digest",
    )}  # fmt: skip
    opening = grants.Opening(case_ref="walk:1", terms=terms_of(g.world, found), **same)
    return grants.open_grant(opening, by=PLATFORM, at=at)


def _open_record(g: Ground, at: datetime, _under: Under) -> Any:
    (record,) = open_records(by=PLATFORM, at=at, facts=[held.facts_of(g.grant)])
    return record


def _write(resource: str, call: Callable[..., Any]) -> Opening:
    def written(g: Ground, at: datetime, _under: Under) -> Any:
        return call(by=g.clerk, at=at, asked=asked(getattr(g, resource), use_from=at.date()))

    return written


def _public(call: Callable[..., Any], **words: Any) -> Opening:
    def raised(g: Ground, at: datetime, _under: Under) -> Any:
        given = words if "department_id" in words else {**words, "resource_id": g.open}
        if "department_id" in words:
            given = {**words, "department_id": g.world.department("civil")}
        return call(by=correction.at_the_window("10.0.0.1", "t1"), at=at, asker=g.asker(at), **given)

    return raised


OPENINGS: dict[tuple[str, str, str], Opening] = {
    ("sharing_request", "write", "conditional"): _write("conditional", sharing.write_request),
    ("sharing_request", "write", "unconditional"): _write("open", sharing.write_request),
    ("sharing_request", "obtain", "conditional"): _write("conditional", sharing.obtain),
    ("sharing_request", "obtain", "unconditional"): _write("open", sharing.obtain),
    ("dispute", "open", "here"): _open_dispute,
    ("dispute", "object", "here"): lambda g, at, _under: sharing.object_sharing(
        by=g.clerk, at=at, duty=DUTY, statement=SAYS, resource_id=g.withheld
    ),
    ("use_change", "apply", "purpose of conditional"): _apply_change,
    ("agreement", "draft", "ordinary"): lambda g, at, _under: drafted(g.world, at=at),
    ("grant", "open", "any"): _open_grant,
    ("service_change", "justify", "any"): lambda g, at, _under: grants.end_resource(
        by=g.officer, at=at, resource_id=g.conditional, cause="职责划转", stop_on=date(2026, 6, 30)
    ),
    ("service_change", "justify_change", "any"): lambda g, at, _under: grants.change_resource(
        by=g.officer, at=at, resource_id=g.conditional, cause="系统升级", stop_on=date(2026, 6, 30), what="换接口"
    ),
    ("misuse_case", "alert", "of the provider"): lambda g, at, _under: usage.open_misuse(
        by=g.officer, at=at, grant_ids=[g.grant], **SAID
    ),
    ("disposal", "end", "any"): lambda g, at, _under: end_use(
        by=g.clerk, at=at, record=g.copy.record, copy=g.copy.copy, ground="purpose_reached"
    ),
    ("use_record", "open", "any"): _open_record,
    ("verification", "report", "any"): lambda g, at, _under: correction.report(
        by=g.clerk, at=at, asker=correction.department_asks(g.clerk, at), resource_id=held.facts_of(g.grant).resource_id,
        kind="error", text="姓名与证件不一致", items=["姓名"], record="511000199001011234", found_on=at.date(),
    ),
    ("objection", "raise_objection", "any"): _public(
        correction.raise_objection, ground="error", text="登记错误", evidence="离婚证复印件", record="511000199001011234"
    ),
    ("open_correction", "apply", "any"): _public(
        correction.apply_for_correction, field="abstract", text="摘要与实际不符", proposed="婚姻登记机关名录"
    ),
    ("complaint", "complain", "any"): _public(
        correction.complain, department_id=0, act="超范围查询本人信息", right="个人信息权益", text="某单位多次无故查询本人低保信息"
    ),
}  # fmt: skip
"""By workflow, verb and sort of case."""
MADE_ELSEWHERE = {("aggregation_review", "mark"), ("backflow", "need")}
"""What rests on more than one entry: a combination of grants (tests/usage), a need of the department below (tests/exchange)."""
