"""What parties gives to the frame around it: who asks, whose key it is, who signed what; and reminders outside the platform."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from jutong.kernel import agenda, clock, jobs, outbox, signing
from jutong.kernel.actors import Actor, Channel
from jutong.kernel.faces import actors, shell, signed_in
from jutong.slices.parties import actions, queries
from jutong.slices.parties.actions import reminding, sending
from jutong.slices.parties.models import Account
from jutong.slices.parties.queries.actors import actor_of_account

RUNS_FOR: Final = 60.0
"""Seconds that one piece of sending takes at most."""


def _actor(account: Account, address: str, channel: Channel) -> Actor:
    return actor_of_account(account, address, channel, at=clock.now())


def _actor_by_key(text: str, address: str) -> Actor:
    return queries.actor_by_key(text, address, at=clock.now())


class _Signatures:
    """Where signatures are demanded, and with which certificate; checked and kept by the action."""

    demanded = staticmethod(queries.signature_demanded)
    certificate = staticmethod(queries.certificate_name)
    verify = staticmethod(actions.verify_signature)


actors.use(_actor)
agenda.know_people(queries.staff, queries.watched)
signing.use(_Signatures())
signed_in.use_keys(_actor_by_key)
shell.regions_by(queries.region_name)


@outbox.overhear(reminding.wanted)
def remind(events: Sequence[outbox.Event], at: datetime) -> None:
    """Whoever's turn it is after a move, and whoever has to keep a limit, is reminded outside the platform if they want to be."""
    reminding.remind_of(events, at=at)


@jobs.every(20)
def send_reminders(at: datetime) -> int:
    """Let reminders that are due be sent, aside: a slow mail server must not hold up the pumps."""
    return reminding.begin_sending(at)


@jobs.task(reminding.TASK)
def send(running: jobs.Running) -> None:
    """Send what is due, batch by batch over one connection, for a minute at most; the rest is the next piece's."""
    began, sent = time.monotonic(), 0
    with sending.mail() as post:
        while time.monotonic() - began < RUNS_FOR and (handled := reminding.send_due(clock.now(), post)):
            sent += handled
            running.step(sent, sent)


@jobs.every(3600)
def forget_reminders(at: datetime) -> int:
    """Forget old reminders."""
    return reminding.forget_reminders(at)
