"""Signing: each party's head under the very text that was read; the last signature brings the version into force."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel import keys, outbox
from jutong.kernel.actors import Actor, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed
from jutong.slices.agreements import events, rules
from jutong.slices.agreements.actions.drafting import content_of, pending
from jutong.slices.agreements.actions.granting import carry_out, check_grants
from jutong.slices.agreements.actions.telling import tell
from jutong.slices.agreements.models import Agreement, AgreementSignature, AgreementVersion
from jutong.slices.agreements.queries.framing import opens_directly
from jutong.slices.agreements.workflow import AGREEMENT, HEADS
from jutong.slices.parties import queries as parties

PLATFORM: Final = system_actor("agreements")


def _conclude_whole(case: Agreement, *, by: Actor, at: datetime) -> None:
    """Bring the version into force with its last signature: nobody reads of all signatures and no effect."""
    if not case.unsigned_ids and pending(case).signatures.count() == len(case.party_ids):
        conclude(case, by=PLATFORM, at=at)
        case.refresh_from_db()


@AGREEMENT.action("sign", then=_conclude_whole)
def sign(case: Agreement, *, by: Actor, at: datetime, digest: str) -> None:
    """Sign for one's party the version whose digest one has read; the term may not be over (national-project-opinion#8).

    The signature is SM2 over text, department, person and moment by this instance, which has checked who acts; where the
    department demands it, or one is given, the person's own signature stands beside it. Conflict for the digest of an
    older text; RuleBroken naming what is missing.
    """
    version = pending(case)
    rules.check_same(digest, version.digest)
    content = content_of(version)
    rules.check_whole(case.kind, content, today=beijing_day(at))
    if case.version:
        rules.check_changed(content_of(case.versions.get(number=case.version)), content)
    check_grants(content, at)
    department, post = _party(case, by)
    name = parties.department(department).name
    said = rules.statement(case.number, version.number, version.digest, name, by.name, post, at)
    signer = keys.instance()
    AgreementSignature.objects.create(
        version=version, department_id=department, account_id=by.account_id or 0, name=by.name[:100], post=post, at=at,
        statement=said, signature=signer.sign(said.encode()), public_key=signer.public.hex(), own=bool(by.signature),
    )  # fmt: skip
    case.unsigned_ids = [one for one in case.unsigned_ids if one != department]
    tell(case, _("%(who)s已签署协议 %%(number)s：%%(name)s") % {"who": name.replace("%", "%%")}, at, but=department)


def _party(case: Agreement, by: Actor) -> tuple[int, str]:
    """Return the party that an actor signs for now, and by which post."""
    for department in case.unsigned_ids:
        for role in HEADS:
            if by.post(role, department):
                return department, str(role)
    raise NotAllowed(_("您不是尚未签署的当事方的负责人，不能签署。"))


@AGREEMENT.action("attest")
def attest(case: Agreement, *, by: Actor, at: datetime) -> None:
    """The authority has compared the joint document with its original: it counts as the agreement (national-project-opinion#8)."""
    version = pending(case)
    content = content_of(version)
    rules.check_whole(case.kind, content, today=beijing_day(at))
    version.attested_by = by.name[:100]
    put_in_force(case, version, by=by, at=at)


@AGREEMENT.action("conclude")
def conclude(case: Agreement, *, by: Actor, at: datetime) -> None:
    """Every party has signed: the version is in force, and grants follow it (R-SHR-027, R-SHR-029)."""
    put_in_force(case, pending(case), by=by, at=at)


def put_in_force(case: Agreement, version: AgreementVersion, *, by: Actor, at: datetime) -> None:
    """Let a version be the one in force; what was granted follows it."""
    content = content_of(version)
    direct = opens_directly(case, version.drafted_at, first=not case.version)
    version.in_force_at = at
    version.save(update_fields=["in_force_at", "attested_by"])
    stated = content.stated
    if case.version and case.since and stated.since:  # an agreement that goes on has begun when it first did
        stated = msgspec.structs.replace(stated, since=min(case.since, stated.since))
    case.version, case.pending, case.unsigned_ids, case.joint = version.number, 0, [], False
    case.name, case.since, case.until = stated.name[:200], stated.since, stated.until
    if case.warned_for and case.until and case.until > case.warned_for:
        case.warned_for = None
    carry_out(case, version, content, direct=direct, at=at)
    payload = {"id": case.pk, "number": case.number, "version": case.version, "party_ids": list(case.party_ids)}
    outbox.publish(events.VERSION_IN_FORCE, f"agreement:{case.pk}", payload, at=at, by=by)
    tell(case, _("协议 %(number)s 已生效：%(name)s"), at)
