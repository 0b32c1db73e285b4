"""Disputes and changes of use of the scene, each in the state in which its moves can be made."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import SimpleUploadedFile
from test_requests import asked

from jutong.slices.sharing import actions as sharing
from published import WITHHELD, published

if TYPE_CHECKING:
    from scene import Scene

SAYS: dict[str, Any] = {"duty": "城乡居民基本养老保险经办", "statement": "该数据为办理代缴所必需"}
OUTSIDE = sharing.Wanted(
    kind="third_party", why="开展节日慰问确需提供", items=("姓名",), scope="节日慰问", recipient="内江市慈善总会",
    content="低保家庭名单中的姓名", until=date(2026, 12, 31),
)  # fmt: skip
REACHED = ("negotiating", "talks_failed", "coordinating", "no_agreement", "before_government")


def build(scene: Scene) -> None:
    """A refused and a not accepted request, a dispute in every state with moves, changes of use before and after consent."""
    _requests(scene)
    scene.ids["withheld"] = published(scene.world, title="救助核查信息", **WITHHELD)
    for reached in REACHED:
        scene.ids[reached] = _dispute(scene, reached)
    _changes(scene)


def _requests(scene: Scene) -> None:
    world, at = scene.world, scene.world.at
    case = sharing.write_request(by=world.actor("hr.clerk"), at=at, asked=asked(scene["published"]))
    sharing.consent(case, by=world.actor("hr.head"), at=at)
    sharing.file_request(case, by=world.actor("hr.clerk"), at=at)
    sharing.decline(case, by=world.actor("civil.head"), at=at, reason="该事项不属于本部门职责")
    scene.ids["not_accepted"] = case.pk


def _paper() -> SimpleUploadedFile:
    return SimpleUploadedFile("依据.txt", b"basis")


def _dispute(scene: Scene, reached: str) -> int:
    world, at = scene.world, scene.world.at
    clerk, reviewer = world.actor("hr.clerk"), world.actor("authority.reviewer")
    kinds = dict(zip(REACHED, ("refusal", "sharing_type", "quality", "delivery", "disposal"), strict=True))
    case = sharing.open_dispute(by=clerk, at=at, kind=kinds[reached], request_id=scene["not_accepted"], **SAYS)
    if reached == "negotiating":
        proposal = sharing.Outcome(result="not_share", text="双方同意暂不共享")
        sharing.propose(case, by=world.actor("civil.officer"), at=at, outcome=proposal)
        return case.pk
    sharing.fail(case, by=clerk, at=at, reason="双方意见不一致")
    if reached == "talks_failed":
        return case.pk
    sharing.escalate(case, by=clerk, at=at, absence="经催告未陈述")
    if reached == "coordinating":
        sharing.state_opinion(case, by=clerk, at=at, text="补充依据", uploads=[_paper()])
        scene.ids["dispute_paper"] = case.notes.latest("pk").attachments[0]
        return case.pk
    sharing.record(case, by=reviewer, at=at, sort="minutes", text="召开协调会，未达成一致")
    sharing.close_without(case, by=reviewer, at=at, opinion="建议提供")
    sharing.name_dispute_body(
        by=world.actor("authority.chief"), at=at, sort="government", department_id=world.department("court")
    )
    if reached == "before_government":
        sharing.submit_to_government(case, by=reviewer, at=at)
    return case.pk


def _changes(scene: Scene) -> None:
    world, at = scene.world, scene.world.at
    for name in ("change_applied", "permit"):
        case = sharing.apply_change(
            by=world.actor("hr.clerk"), at=at, grant_id=scene["grant"], wanted=OUTSIDE, uploads=[_paper()]
        )
        scene.ids[name] = case.pk
    scene.ids["change_paper"] = case.attachments[0]  # of the permit
    sharing.consent_change(scene["permit"], by=world.actor("civil.head"), at=at)
