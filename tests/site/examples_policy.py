"""Examples of addresses about the rules of regions: purposes of use, drafts of local rules, trying limits out, disputes between
instances.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from jutong.kernel import keys
from jutong.kernel.clock import beijing_day
from jutong.kernel.models import Clock
from jutong.slices.sharing import actions as sharing
from jutong.slices.sharing.formats.travelling import sealed
from jutong.slices.sharing.models import Dispute
from jutong.slices.standards import actions
from jutong.wire.disputes import DisputeAnswer, DisputeFile, Side

if TYPE_CHECKING:
    from examples import Book
    from scene import Scene

V1 = "api/v1/standards"
FILES: dict[str, bytes] = {}
"""Signed files that the scene prepared, by what they are."""
PURPOSE: dict[str, Any] = {"code": "emergency", "name": "应急处置", "meaning": "突发事件应急处置中核验人员身份"}

DRAFT: dict[str, Any] = {
    "region": "511000", "profile": "national-2025", "overrides": {"request_reply_days": 5},
    "targets": {"verification_feedback_days": 5}, "basis": "内数发〔2026〕3号",
}  # fmt: skip


def prepare(scene: Scene) -> None:
    """Give the scene an added purpose."""
    world, at = scene.world, scene.world.at
    chief = world.actor("authority.chief")
    made = actions.add_purpose(code="statistics", name="统计分析", meaning="汇总统计", by=chief, at=at)
    draft = actions.draft_profile(**DRAFT, by=chief, at=at)
    limit = Clock.objects.exclude(parameter="").order_by("pk").first()
    _disputes(scene)
    scene.ids |= {"purpose": made.pk, "profile_draft": draft.pk, "limit": limit.pk if limit else 0}


def _disputes(scene: Scene) -> None:
    """Give the scene a dispute for an authority elsewhere, before and after its export, and disputes taken in from there."""
    world, at = scene.world, scene.world.at
    chief, key = world.actor("authority.chief"), keys.instance()
    far = sharing.name_authority_elsewhere(
        region="510000", name="四川省数据局", public=key.public.hex(), by=chief, at=at
    )
    common: dict[str, Any] = {
        "kind": "quality", "region": world.region, "profile": "national-2025@1", "started_on": beijing_day(at),
        "state": "coordinating", "consumer_id": scene["hr"], "provider_id": scene["civil"], "applicant_id": scene["hr"],
        "resource_id": scene["resource"], "resource_title": "低保对象信息", "duty": "养老保险代缴", "statement": "字段缺失",
        "created_by": world.account("hr.clerk"), "created_at": at, "elsewhere": far, "carrier_id": scene["authority"],
    }  # fmt: skip
    to_send = Dispute.objects.create(number="DI-2026-900001", **common)
    sent = Dispute.objects.create(number="DI-2026-900002", **common)
    sharing.send_out(sent, by=chief, at=at)
    given = DisputeFile(
        number="DI-2026-000077", sender=key.key_id, to_region=world.region, to_name="市数据局", kind="quality",
        consumer=Side("东兴区人社局", "511011"), provider=Side("市中区民政局", "511002"), resource_title="低保对象信息",
        duty="代缴", statement="字段缺失", failure="协商不成", said=(), raised_at=at, sent_at=at,
    )  # fmt: skip
    taken = sharing.take_dispute(file=sealed("dispute", given, key)[0], by=chief, at=at)
    other = msgspec.structs.replace(given, number="DI-2026-000078")
    answered = sharing.take_dispute(file=sealed("dispute", other, key)[0], by=chief, at=at)
    outcome = sharing.Outcome(result="other", text="请补齐缺失字段")
    sharing.answer_dispute(answered, outcome=outcome, by=chief, at=at)
    reply = DisputeAnswer(
        number="DI-2026-900002", digest=Dispute.objects.get(pk=sent.pk).sent_digest, result="other", text="请补齐缺失字段",
        conditions="", by="四川省数据局", answered_at=at,
    )  # fmt: skip
    fresh = msgspec.structs.replace(given, number="DI-2026-000079")
    FILES.update({"answer": sealed("dispute_answer", reply, key)[0], "dispute": sealed("dispute", fresh, key)[0]})
    scene.ids |= {
        "dispute_to_send": to_send.pk, "dispute_sent": sent.pk, "taken": taken.pk, "taken_answered": answered.pk,
    }  # fmt: skip


ANSWER: dict[str, Any] = {"result": "other", "text": "请补齐缺失字段"}
PROVINCE: dict[str, Any] = {"region": "520000", "name": "贵州省数据局"}


def pages(book: Book, scene: Scene) -> None:
    """Add the pages."""
    book.add("POST", "standards/purposes", form=PURPOSE)
    book.deed("standards/purposes/<int:pk>/retire", scene["purpose"])
    book.add("POST", "standards/policy-edit", form={"own-request_reply_days": "6", "basis": "内数发〔2026〕4号"})
    book.page("standards/policy-drafts/<int:pk>", scene["profile_draft"], effective_from="2099-01-01")
    book.deed("standards/policy-drafts/<int:pk>/discard", scene["profile_draft"])
    book.page("sharing/disputes/elsewhere/", **PROVINCE, public=keys.instance().public.hex())
    for name in ("dispute_to_send", "dispute_sent"):
        book.add("GET", "sharing/disputes/<int:dispute_id>/", scene[name], case=name)
    book.add("GET", "sharing/disputes/<int:dispute_id>/file/", scene["dispute_sent"])
    book.deed("sharing/disputes/<int:dispute_id>/<slug:verb>/", scene["dispute_to_send"], "send_out", case="send_out")
    file = {"file": ("答复.json", FILES["answer"])}
    receive = "receive_decision"
    book.add(
        "POST",
        "sharing/disputes/<int:dispute_id>/<slug:verb>/",
        scene["dispute_sent"],
        receive,
        case=receive,
        files=file,
    )
    book.add("POST", "sharing/taken/", files={"file": ("争议.json", FILES["dispute"])})
    book.page("sharing/taken/<int:pk>/", scene["taken"], **ANSWER)
    book.add("GET", "sharing/taken/<int:pk>/answer/", scene["taken_answered"])


def endpoints(book: Book, scene: Scene) -> None:
    """Add the endpoints."""
    book.add("POST", f"{V1}/purposes", body=PURPOSE)
    book.add("POST", f"{V1}/purposes/<pk>/retire", scene["purpose"])
    made_up = {"procedure": "request", "under": "national-2025", "start": "2026-03-02", "extend": 5}
    book.add("POST", f"{V1}/simulation", body=made_up)
    book.add("GET", f"{V1}/simulation/clocks/<clock_id>", scene["limit"])
    book.add("POST", f"{V1}/policy-drafts", body=DRAFT)
    book.add("GET", f"{V1}/policy-drafts/<pk>", scene["profile_draft"])
    book.add("POST", f"{V1}/policy-drafts/<pk>/issue", scene["profile_draft"], body={"effective_from": "2099-01-01"})
    book.add("POST", f"{V1}/policy-drafts/<pk>/discard", scene["profile_draft"])
    sharing_v1 = "api/v1/sharing"
    book.add("POST", f"{sharing_v1}/authorities-elsewhere", body={**PROVINCE, "public": keys.instance().public.hex()})
    base = f"{sharing_v1}/disputes/<dispute_id>"
    book.add("POST", f"{base}/send_out", scene["dispute_to_send"])
    book.add("GET", f"{base}/file", scene["dispute_sent"])
    book.add("POST", f"{base}/receive_decision", scene["dispute_sent"], body={"file": FILES["answer"].decode()})
    base = f"{sharing_v1}/taken-disputes"
    book.add("POST", base, body={"file": FILES["dispute"].decode()})
    book.add("POST", f"{base}/<pk>/answer", scene["taken"], body=ANSWER)
    book.add("GET", f"{base}/<pk>/answer", scene["taken_answered"])
