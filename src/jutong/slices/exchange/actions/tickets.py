"""One-time tickets with which a person fetches a batch file from the gateway."""

from __future__ import annotations

import secrets
from datetime import datetime

from jutong.kernel import keys
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor
from jutong.kernel.errors import RuleBroken, WrongState
from jutong.kernel.terms import N_
from jutong.slices.exchange.formats import Ticket, seal, ticket_text
from jutong.slices.exchange.models import Run
from jutong.slices.exchange.rules import CONSUMER, TICKET_LIFE, check_term
from jutong.slices.exchange.workflow import may_know
from jutong.slices.grants import queries as grants
from jutong.wire.transfers import OrderKind


@action("exchange.download", label=N_("下载批次文件"), allow=CONSUMER, on=Run, visible=may_know)
def issue_ticket(run: Run, *, by: Actor, at: datetime, purpose: str) -> str:
    """Return a signed ticket for the file of a released batch: single use, good for less than a minute (R-EXC-007).

    WrongState when there is no file, it has expired, or the grant is not in force; RuleBroken for a purpose that the
    grant does not name.
    """
    if run.task.kind != OrderKind.BATCH or run.state != "released" or not run.artefact_id:
        raise WrongState(N_("该任务没有可下载的文件。"))
    if run.expires_at is None or at >= run.expires_at:
        raise WrongState(N_("批量文件已过期，请重新发起批量下载。"))
    grant = grants.grant(run.grant_id, by)
    check_term(grant.state, grant.valid_from, grant.valid_until, at)
    if purpose not in grant.purposes:
        raise RuleBroken(N_("请选择授权范围内的使用用途。"), field="purpose")
    ticket = Ticket(
        artefact=run.artefact_id,
        person=str(by.account_id),
        department=str(run.consumer_id),
        nonce=secrets.token_urlsafe(24),
        expires=at + TICKET_LIFE,
        purpose=purpose,
    )
    return ticket_text(seal("ticket", ticket, keys.instance()))
