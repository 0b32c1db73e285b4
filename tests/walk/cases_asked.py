"""Cases of asking and answering: requests, disputes, changes of use, agreements, grants, the end of a service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import msgspec
from agreement_world import digest, drafted, written
from steps import Step, Words, granted, saved
from test_disputes import DUTY, SAYS, _authority, outcome, refused
from test_requests import asked, filed, reply
from test_travelling_disputes import MENDED, person

from correction_world import entered
from jutong.kernel import keys
from jutong.slices.agreements.models import Agreement
from jutong.slices.grants import actions as grants
from jutong.slices.grants.models import ChangeConsumer, Grant, ServiceChange
from jutong.slices.grants.rules import Adjustment, Kept, Wider
from jutong.slices.sharing import actions as sharing
from jutong.slices.sharing import queries as shared
from jutong.slices.sharing.models import AuthorityElsewhere, Dispute, SharingRequest, StandingConsent, UseChange
from world import World

# -- W06 ---------------------------------------------------------------------------------------------------------------

NO = sharing.Reply(agree=False, reason="该事项与贵局职责无关", basis="《社会救助暂行办法》第一条")
YES_SAID, NO_SAID = (msgspec.to_builtins(one) for one in (reply(), NO))


def request(world: World) -> SharingRequest:
    """A request of hr's clerk that was received, beside a standing consent of civil's head."""
    case = filed(world, entered(world))
    StandingConsent.objects.create(
        resource_id=case.resource_id, provider_id=case.provider_id, given_by="某人", given_at=world.at
    )
    return case


CONDITIONAL = {"sort": "conditional"}
REQUEST = {
    "change": Step(lambda _world, case: {"asked": asked(case.resource_id, items=("姓名",))}),
    "consent": Step(),
    "file": Step(before={"number": None, "received_at": None}),
    "file_directly": Step(before={"number": None, "received_at": None}),
    "ask_supplement": Step({"papers": ["部门职责文件"]}),
    "supplement": Step({"text": "已补交职责文件"}),
    "lapse": Step(),
    "ask_extension": Step({"days": 5, "reason": "需与省厅核对口径"}, **CONDITIONAL),
    "extend": Step({"days": 5}, {"extension_asked": {"days": 5, "reason": "需核对口径"}}, **CONDITIONAL),
    "decline": Step({"reason": "本部门不掌握该数据"}, **CONDITIONAL),
    "judge": Step({"justified": True, "words": "理由成立"}),
    "prepare_reply": Step({"reply": reply()}),
    "withhold_consent": Step({"remark": "请核对范围"}, {"reply": YES_SAID}),
    "agree": Step(before={"reply": YES_SAID}),
    "refuse": Step(before={"reply": NO_SAID}, **CONDITIONAL),
    "agree_directly": Step({"reply": reply()}),
    "refuse_directly": Step({"reply": NO}, **CONDITIONAL),
    **{
        verb: Step()
        for verb in ("answer_at_once", "begin_delivery", "deliver", "suspend", "restore", "take_up", "revoke")
    },
    **{verb: Step() for verb in ("terminate", "expire", "withdraw")},
}


# -- W07, W08 ----------------------------------------------------------------------------------------------------------


def dispute(world: World) -> Dispute:
    """A dispute about a refused request; the consumer has made its statement."""
    case = sharing.open_dispute(
        by=world.actor("hr.clerk"), at=world.at, kind="refusal", duty=DUTY, statement=SAYS,
        request_id=refused(world, entered(world)).pk,
    )  # fmt: skip
    case.authority_id, case.carrier_id = world.department("authority"), world.department("authority")
    case.government_id = world.department("court")
    case.save()
    sharing.name_dispute_body(
        by=world.actor("authority.chief"), at=world.at, sort="government", department_id=case.government_id
    )
    case.notes.create(sort="statement", side="provider", text="不宜提供", at=world.at, by_name="某人")
    case.notes.create(sort="minutes", text="两次会商", at=world.at, by_name="某人")
    sharing.name_authority_elsewhere(
        by=world.actor("authority.operator"), at=world.at, region="510000", name="四川省数据局",
        public=keys.instance().public.hex(),
    )  # fmt: skip
    return case


def _far(world: World, _case: Any, _state: str) -> Words:
    return {"elsewhere_id": AuthorityElsewhere.objects.get().pk}


def _answer(world: World, case: Dispute) -> Words:
    """Let the file go to the province and come back decided."""
    chief = world.actor("authority.chief")
    sharing.send_out(case, by=chief, at=world.at)
    there = person(world, 901, _authority(world, "510000", "四川省数据局"), "authority_head")
    taken = sharing.take_dispute(file=shared.sent_file(case.pk, chief)[1], by=there, at=world.at)
    sharing.answer_dispute(taken, by=there, at=world.at, outcome=MENDED)
    return {"file": shared.answer_file(taken.pk, there)[1]}


def _proposed(_world: World, _case: Dispute, _state: str) -> Words:
    return {"proposal": {"outcome": msgspec.to_builtins(outcome()), "side": "provider", "by": "某人"}}


DISPUTE = {
    "state": Step({"text": "请再核实"}),
    "propose": Step({"outcome": outcome()}),
    "settle": Step(before=_proposed, by="consumer head"),
    "fail": Step({"reason": "意见不一致"}),
    "run_out": Step(),
    "escalate": Step({"absence": "提供方未陈述"}),
    "send_out": Step(before=_far, sort="elsewhere"),
    "receive_decision": Step(_answer, _far, sort="elsewhere"),
    "record": Step({"sort": "minutes", "text": "会商一次"}),
    "decide": Step({"outcome": outcome()}),
    "close_without": Step({"opinion": "建议提供"}),
    "submit": Step(),
    "government_decide": Step({"number": "内府函〔2026〕1号", "decided_on": date(2026, 3, 2), "outcome": outcome()}),
}


def use_change(world: World) -> UseChange:
    """Another purpose of a grant, applied for."""
    return sharing.apply_change(
        by=world.actor("hr.clerk"), at=world.at, grant_id=granted(world),
        wanted=sharing.Wanted(kind="purpose", why="办理社保稽核确需使用", purposes=("data_verification",)),
    )  # fmt: skip


OWN, OUTSIDE = {"sort": "purpose of conditional"}, {"sort": "third party of conditional"}
THIRD = {"kind": "third_party"}
USE_CHANGE = {
    "consent": Step(**OWN), "refuse": Step({"reason": "无必要"}, **OWN), "take_effect": Step(**OWN), "end": Step(**OWN),
    "release": Step(before=THIRD, **OUTSIDE), "close": Step(before=THIRD, **OUTSIDE),
}  # fmt: skip


# -- W09, grants, W15 --------------------------------------------------------------------------------------------------


def agreement(world: World) -> Agreement:
    """An agreement of civil and hr with a second version of its text."""
    case = drafted(world)
    other = case.versions.get(number=1)
    other.pk, other.number, other.digest = None, 2, "ab" * 32
    other.content = {**other.content, "stated": {**other.content["stated"], "quantity": "约 13 万条"}}
    other.save()
    return case


def _versions(world: World, case: Agreement, state: str) -> Words:
    version, pending = {"draft": (0, 1), "signing": (0, 1), "amending": (1, 2)}.get(state, (1, 0))
    waits = state in {"signing", "amending"}
    stopped = world.department("civil") if state == "suspended" else None
    return {
        "version": version, "pending": pending, "unsigned_ids": list(case.party_ids) if waits else [], "joint": waits,
        "stopped_by": stopped,
    }  # fmt: skip


def _text(world: World, _case: Any) -> Words:
    return {"written": written(world, quantity="约 14 万条")}


WHY = {"reason": "按约定办理"}
AGREEMENT = {
    "revise": Step(_text, _versions),
    "amend": Step(lambda world, case: {**_text(world, case), "why": "业务调整"}, _versions),
    "sign": Step(lambda _world, case: {"digest": digest(case)}, _versions),
    "attest": Step(before=_versions, sort="joint"),
    **{verb: Step(before=_versions) for verb in ("send", "conclude", "expire")},
    **{verb: Step(WHY, _versions) for verb in ("send_back", "withdraw", "abandon", "suspend", "resume", "terminate")},
}


def grant(world: World) -> Grant:
    """A grant of civil's to hr."""
    return Grant.objects.get(pk=granted(world))


NARROWER = Adjustment(
    items=(Kept("公民身份号码"),), modes=("online_query",), purposes=("administrative_basis",),
    use_until=date(2026, 12, 31), key_items=("公民身份号码",), conditions=reply().conditions,
)  # fmt: skip
GRANT = {
    "amend": Step({"adjustment": NARROWER, "reason": "缩小范围"}),
    "widen": Step({"wider": Wider(purposes=("data_verification",)), "origin": "UC-2026-000001"}),
    "suspend": Step({"reason": "数据核查"}),
    "restore": Step({"reason": "核查完毕"}),
    "terminate": Step({"reason": "拒不整改", "held_by": "WG-1"}, {"held_by": "WG-1"}),
    "revoke": Step({"reason": "依据失效"}),
    "finish": Step({"reason": "清查完成", "ground": "purpose_reached"}),
    "expire": Step(),
    "restate": Step(lambda world, case: {"terms": terms_of(world, case)}),
    "fit": Step({"provided": frozenset({"公民身份号码"})}),
}


def terms_of(world: World, case: Grant) -> grants.Terms:
    """What a grant says, as its agreement states it anew."""
    from jutong.wire.grants import Column, Quota

    return grants.Terms(
        columns=tuple(msgspec.convert(case.items, list[Column])), conditions=(), key_items=tuple(case.key_items),
        modes=("online_query",), purposes=tuple(case.purposes), valid_from=world.at,
        valid_until=world.at + timedelta(days=90), basis=case.basis, quota=Quota(),
        known={one["item"]: msgspec.convert(one, Column).kind for one in case.items},
    )  # fmt: skip


def service_change(world: World) -> ServiceChange:
    """The end of a resource that hr has a grant of; hr was heard."""
    held = grant(world)
    case: ServiceChange = saved(
        world, ServiceChange, resource_id=held.resource_id, entry_code=held.entry_code, cause="职责划转",
        stop_on=date(2026, 6, 30), at=world.at, number="TZ20260302-1",
    )  # fmt: skip
    ChangeConsumer.objects.create(
        change=case, consumer_id=held.consumer_id, provider_id=held.provider_id, result="agreed", given_at=world.at
    )
    return case


SERVICE_CHANGE = {
    **{verb: Step() for verb in ("conclude", "file", "file_directly", "acknowledge", "announce", "stop", "switch")},
    "cancel": Step({"reason": "继续提供"}),
}

ASKED: dict[str, tuple[Callable[[World], Any], dict[str, Step]]] = {
    "sharing_request": (request, REQUEST), "dispute": (dispute, DISPUTE), "use_change": (use_change, USE_CHANGE),
    "agreement": (agreement, AGREEMENT), "grant": (grant, GRANT), "service_change": (service_change, SERVICE_CHANGE),
}  # fmt: skip
"""How a case of each workflow is made, and its moves but the opening ones."""
