"""Cases of misuse and reviews of the scene, each in the state in which its moves can be made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import SimpleUploadedFile
from test_requests import asked, reply

from jutong.slices.sharing import actions as sharing
from jutong.slices.usage import actions
from jutong.slices.usage.models import AggregationReview

if TYPE_CHECKING:
    from scene import Scene

SAID: dict[str, Any] = {"category": "abuse", "text": "用于授权以外的业务推广"}
ORDER: dict[str, Any] = {"ground": "beyond_purpose", "demand": "停止推广并删除名单", "days": 10}


def build(scene: Scene) -> None:
    """A suspected case, one being rectified, one rectified, one found insufficient; a review before, locked and cleared."""
    world, at = scene.world, scene.world.at
    head, officer = world.actor("civil.head"), world.actor("civil.officer")
    paper = SimpleUploadedFile("证据.txt", b"proof")
    first = actions.open_misuse(by=officer, at=at, grant_ids=[scene["grant"]], uploads=[paper], **SAID)
    scene.ids |= {"misuse": first.pk, "misuse_paper": first.notes.get(sort="evidence").attachments[0]}
    for name in ("misuse_suspended", "misuse_rectified", "misuse_insufficient"):
        grant = scene.ids[f"{name}_grant"] = _granted(scene)
        case = actions.open_misuse(by=officer, at=at, grant_ids=[grant], **SAID)
        actions.suspend_misuse(case.pk, by=head, at=at, grant_ids=[grant], **ORDER)
        actions.report_rectified(case.pk, by=world.actor("hr.officer"), at=at, text="已停止推广并删除名单")
        if name == "misuse_rectified":
            actions.verify_rectified(case.pk, by=head, at=at, text="现场核实到位")
        if name == "misuse_insufficient":
            actions.record_refusal(case.pk, by=head, at=at, text="口头表示不再整改")
            actions.find_insufficient(case.pk, by=head, at=at, text="名单仍在使用")
        scene.ids[name] = case.pk
    world.drain()
    _reviews(scene)


def _granted(scene: Scene) -> int:
    world, at = scene.world, scene.world.at
    request = sharing.write_request(by=world.actor("hr.clerk"), at=at, asked=asked(scene["resource_3"]))
    sharing.consent(request, by=world.actor("hr.head"), at=at)
    sharing.file_request(request, by=world.actor("hr.clerk"), at=at)
    sharing.prepare_reply(request, by=world.actor("civil.officer"), at=at, reply=reply())
    return sharing.agree(request, by=world.actor("civil.head"), at=at).grant_id or 0


def _reviews(scene: Scene) -> None:
    """The review that the third resource brought about, holding it back, and copies of it that went on."""
    world, at = scene.world, scene.world.at
    review = AggregationReview.objects.order_by("pk")[0]
    scene.ids["review"] = review.pk
    AggregationReview.objects.filter(pk=review.pk).update(holding=True)
    for name, grant in (("review_locked", "grant"), ("review_cleared", "suspended")):
        review.pk, review.number, review.grant_id = None, name, scene[grant]
        review.save(force_insert=True)
        scene.ids[name] = review.pk
        product = {"product": "困难群众画像库", "use": "主动发现困难群众", "safeguards": "政务云专区，脱敏存储"}
        actions.register_product(scene[name], by=world.actor("hr.officer"), at=at, **product)
    actions.clear_product(
        scene["review_cleared"], by=world.actor("authority.secrecy"), at=at, opinion="不涉密，可以使用"
    )
