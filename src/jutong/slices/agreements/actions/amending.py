"""Amendments and renewals: a new version beside the one in force, which holds until every party has signed (R-SHR-029)."""

from __future__ import annotations

from datetime import datetime
from typing import IO

from django.utils.translation import gettext as _

from jutong.kernel import files
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.slices.agreements import rules
from jutong.slices.agreements.actions.drafting import Draft, completed, content_of, keep, pending
from jutong.slices.agreements.actions.granting import check_grants
from jutong.slices.agreements.actions.telling import tell
from jutong.slices.agreements.models import Agreement
from jutong.slices.agreements.workflow import AGREEMENT


@AGREEMENT.action("amend")
def amend(
    case: Agreement,
    *,
    by: Actor,
    at: datetime,
    written: Draft,
    why: str,
    joint: IO[bytes] | None = None,
    joint_name: str = "",
) -> None:
    """Propose a new version, or a longer term; the one in force stays readable and holds until all have signed.

    RuleBroken for an amendment that changes the parties or lacks an element. Its text stays open until the first signature.
    """
    paper = files.store(joint, joint_name, by=by, at=at) if joint else None
    present = content_of(case.versions.get(number=case.version))
    content = completed(case.kind, written, joint_digest=paper.digest if paper else "", by=by, at=at, before=present)
    rules.check_parties_kept(case.party_ids, [side.department_id for side in content.sides])
    rules.check_whole(case.kind, content, today=beijing_day(at))
    check_grants(content, at)
    latest = case.versions.latest("number").number
    case.pending, case.joint, case.unsigned_ids = latest + 1, paper is not None, list(case.party_ids)
    reason = rules.check_reason(why)
    keep(case, case.pending, content, by=by, at=at, joint_file=paper.id if paper else None, why=reason)
    tell(case, _("协议 %(number)s 的修订待贵单位签署：%(name)s"), at, text=reason)


@AGREEMENT.action("abandon")
def abandon(case: Agreement, *, by: Actor, at: datetime, reason: str) -> None:
    """A party does not agree to the amendment: it is dropped, the version in force goes on."""
    case.reason = rules.check_reason(reason)
    drop_pending(case, at)
    tell(case, _("协议 %(number)s 的修订已放弃，现行版本继续有效：%(name)s"), at, text=case.reason)


def drop_pending(case: Agreement, at: datetime) -> None:
    """Give up the version that waits for signatures, if there is one."""
    if case.pending:
        version = pending(case)
        version.dropped_at = at
        version.save(update_fields=["dropped_at"])
    case.pending, case.unsigned_ids, case.joint = 0, [], False
