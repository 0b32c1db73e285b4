"""A dispute whose common superior authority works on another instance: out as a signed file, back as a signed answer.

The case stays open here; the file can be carried by hand or be fetched by who listens to the event (R-SHR-052).
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final

import msgspec
from django.utils.translation import gettext as _

from jutong.crypto import CryptoRefused, sm2, sm3
from jutong.kernel import inbox, keys, outbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Role, Who
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotAllowed, RuleBroken, WrongState
from jutong.kernel.terms import N_
from jutong.slices.parties import queries as parties
from jutong.slices.sharing import events
from jutong.slices.sharing.actions import outcomes
from jutong.slices.sharing.formats import travelling as formats
from jutong.slices.sharing.models import AuthorityElsewhere, Dispute, DisputeTaken
from jutong.slices.sharing.rules import disputes as rules
from jutong.slices.sharing.rules.disputes import Outcome
from jutong.slices.sharing.rules.requests import SHORTEST_TEXT
from jutong.slices.sharing.workflow import DISPUTE
from jutong.slices.sharing.workflow.disputes import CARRIERS
from jutong.wire.disputes import DisputeAnswer, DisputeFile, Said, Side

NAMERS: Final = Who("platform_operator", N_("平台管理员"), (Role.PLATFORM_OPERATOR,)) | Who(
    "authority_head", N_("主管部门负责人"), (Role.AUTHORITY_HEAD,)
)
AUTHORITY: Final = Who("authority_head", N_("主管部门负责人"), (Role.AUTHORITY_HEAD,), of="authority_id")
KEY_SIGNS: Final = 128
"""Hexadecimal digits of a public SM2 key without its prefix."""
TAKERS: Final = Who("authority", N_("主管部门"), CARRIERS)


@action("sharing.name_authority_elsewhere", label=N_("登记其他平台上的主管部门"), allow=NAMERS)
def name_authority_elsewhere(*, region: str, name: str, public: str, by: Actor, at: datetime) -> AuthorityElsewhere:
    """Register the authority of a region that works on another instance, with that instance's public key; an earlier ends.

    region: six digits, 000000 for the State Council's authority. RuleBroken for a key that is none; Conflict for a region
    that has an authority here.
    """
    region, name, public = region.strip(), name.strip(), public.strip().lower()
    if len(public) == KEY_SIGNS + 2:
        public = public.removeprefix("04")
    if not re.fullmatch(r"[0-9]{6}", region):
        raise RuleBroken(_("行政区划代码应为 6 位数字，国家填 000000。"), field="region")
    if not 1 < len(name) <= 120:  # noqa: PLR2004 - the column's width
        raise RuleBroken(_("请填写主管部门的名称。"), field="name")
    if not _is_key(public):
        raise RuleBroken(
            _("公钥应为 128 位十六进制数（SM2，不含前缀 04），请从对方平台的密钥页面复制。"), field="public"
        )
    if any(row.region == region for row in parties.authorities()):
        raise Conflict(_("该区划的主管部门就在本平台，不能再登记为其他平台的部门。"))
    AuthorityElsewhere.objects.filter(region=region, ended_at=None).update(ended_at=at)
    return AuthorityElsewhere.objects.create(
        region=region, name=name, public=public, named_by=by.name[:100], named_at=at
    )


def _is_key(public: str) -> bool:
    try:
        return len(public) == KEY_SIGNS and bool(_key_id(public))
    except (CryptoRefused, ValueError):
        return False


def dispute_file(case: Dispute, at: datetime) -> tuple[bytes, str]:
    """Return a dispute as the signed file for the authority elsewhere, and the SM3 (hex) of its payload."""
    to = case.elsewhere
    if to is None:
        raise WrongState(_("该争议由本平台的主管部门协调，无需导出。"))
    here, there = parties.department(case.provider_id), parties.department(case.consumer_id)
    said = case.notes.order_by("pk")
    message = DisputeFile(
        number=case.number,
        sender=keys.instance().key_id,
        to_region=to.region,
        to_name=to.name,
        kind=case.kind,
        consumer=Side(there.name, there.region),
        provider=Side(here.name, here.region),
        resource_title=case.resource_title,
        duty=case.duty,
        statement=case.statement,
        failure=case.failure,
        said=tuple(Said(one.sort, one.side, one.source, one.text, one.by_name, one.at) for one in said),
        raised_at=case.created_at,
        sent_at=at,
    )
    return formats.sealed(formats.DISPUTE, message, keys.instance())


@DISPUTE.action("send_out")
def send_out(case: Dispute, *, by: Actor, at: datetime) -> None:
    """Export the dispute for the common superior authority elsewhere, as a signed file; it stays open here (R-SHR-052).

    The last file counts: its answer is the one that can be taken in.
    """
    content, digest = dispute_file(case, at)
    case.sent_file, case.sent_digest, case.sent_at = content, digest, at
    region = case.elsewhere.region if case.elsewhere else ""
    payload = {"id": case.pk, "number": case.number, "digest": digest, "to_region": region}
    outbox.publish(events.DISPUTE_SENT, f"dispute:{case.pk}", payload, at=at, by=by)


@DISPUTE.action("receive_decision")
def receive_decision(case: Dispute, *, by: Actor, at: datetime, file: bytes) -> None:
    """Take in the signed answer of the authority elsewhere; its outcome is carried out here at once (R-SHR-052).

    RuleBroken for a file that this authority's instance did not sign, or that answers another dispute or an older file.
    """
    answer = _answer(case, file)
    granted = case.asked_id is not None or case.grant_id is not None
    # nothing says which items a decision to share means: the parties carry it out by its words
    result = "other" if answer.result in rules.SHARING and not granted else answer.result
    outcome = Outcome(result=result, text=answer.text, conditions=answer.conditions)
    case.decision_number, case.decided_on = answer.decision_number, answer.decided_on
    case.answer_file = file
    outcomes.carry_out(case, outcome, by=by, at=at)
    case.outcome = {**case.outcome, "by": answer.by, "authority": case.elsewhere.name if case.elsewhere else ""}


def _answer(case: Dispute, file: bytes) -> DisputeAnswer:
    envelope = formats.read_envelope(file[: formats.MOST_BYTES], formats.ANSWER)
    if case.elsewhere is None or not case.sent_digest:
        raise WrongState(_("该争议还没有导出给上级主管部门，不能导入答复。"))
    formats.check_signed(envelope, case.elsewhere.public, case.elsewhere.name)
    answer = formats.opened(envelope, DisputeAnswer)
    if (answer.number, answer.digest) != (case.number, case.sent_digest):
        raise RuleBroken(_("该答复不是针对本争议最近一次导出的文件作出的，请核对。"), field="file")
    return answer


@action("sharing.take_dispute", label=N_("接收其他平台的争议"), allow=TAKERS)
def take_dispute(*, file: bytes, by: Actor, at: datetime) -> DisputeTaken:
    """Take in a dispute that another instance handed to the actor's authority (R-SHR-052).

    RuleBroken for a file of an instance that is not registered, or with a wrong signature; NotAllowed where it is for
    another authority; Conflict for one taken before.
    """
    envelope = formats.read_envelope(file[: formats.MOST_BYTES], formats.DISPUTE)
    sender = next(
        (one for one in AuthorityElsewhere.objects.filter(ended_at=None) if _key_id(one.public) == envelope.key_id),
        None,
    )
    if sender is None:
        raise RuleBroken(_("发送该文件的平台尚未登记，请先登记其主管部门和公钥。"), field="file")
    formats.check_signed(envelope, sender.public, sender.name)
    given = formats.opened(envelope, DisputeFile)
    authority = next((row.department_id for row in parties.authorities() if row.region == given.to_region), None)
    if authority is None or authority not in by.serves:
        raise NotAllowed(_("该争议是交“%s”协调的，本部门不能接收。") % given.to_name[:120])
    digest = sm3.hexdigest(envelope.payload)
    if DisputeTaken.objects.filter(digest=digest).exists():
        raise Conflict(_("该争议文件已经接收过。"))
    row = DisputeTaken.objects.create(
        number=given.number[:24],
        sender=sender,
        authority_id=authority,
        digest=digest,
        content=msgspec.to_builtins(given),
        taken_by=by.name[:100],
        taken_at=at,
    )
    title = _("收到“%(sender)s”报来协调的争议 %(number)s") % {"sender": sender.name, "number": row.number}
    inbox.tell(department_id=authority, title=title, text=given.statement, link=f"/sharing/taken/{row.pk}/", at=at)
    return row


def _key_id(public: str) -> str:
    return sm2.key_id(bytes.fromhex(public))


def may_know_taken(actor: Actor, row: DisputeTaken) -> bool:
    """Tell who knows of a dispute taken in: its authority's people, auditors."""
    return actor.holds(Role.AUDITOR) or row.authority_id in actor.serves


@action(
    "sharing.answer_dispute", label=N_("答复其他平台的争议"), allow=AUTHORITY, on=DisputeTaken, visible=may_know_taken
)
def answer_dispute(
    taken: DisputeTaken,
    *,
    outcome: Outcome,
    decision_number: str = "",
    decided_on: date | None = None,
    by: Actor,
    at: datetime,
) -> DisputeTaken:
    """Decide a dispute taken in; the signed answer is carried out where the case is open (national-2025#28).

    decision_number, decided_on: of the people's government, where it decided. WrongState when it was answered before.
    """
    if taken.answered_at is not None:
        raise WrongState(_("该争议已经答复。"))
    if outcome.result not in rules.RESULTS:
        raise RuleBroken(rules.NO_OUTCOME, field="result")
    if len(outcome.text.strip()) < SHORTEST_TEXT:
        raise RuleBroken(_("请写明处理意见（不少于 4 个字）。"), field="text")
    if outcome.result == "share_with_conditions" and not outcome.conditions.strip():
        raise RuleBroken(_("附条件共享须写明条件。"), field="conditions")
    if decision_number or decided_on:
        rules.check_decision(decision_number, decided_on or date.max, beijing_day(at))
    message = DisputeAnswer(
        number=taken.number, digest=taken.digest, result=outcome.result, text=outcome.text.strip(),
        conditions=outcome.conditions.strip(), by=by.department_name or by.name, answered_at=at,
        decision_number=decision_number.strip(), decided_on=decided_on,
    )  # fmt: skip
    taken.answer, _digest = formats.sealed(formats.ANSWER, message, keys.instance())
    taken.outcome = {"result": outcome.result, "text": message.text, "conditions": message.conditions}
    taken.answered_by, taken.answered_at = by.name[:100], at
    taken.save()
    payload = {"id": taken.pk, "number": taken.number, "digest": taken.digest, "to": taken.sender.region}
    outbox.publish(events.DISPUTE_ANSWERED, f"dispute_taken:{taken.pk}", payload, at=at, by=by)
    return taken
