"""Disposals begin when grants end, and are pressed for when the provider's day comes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel import inbox, outbox
from jutong.kernel.actors import Role
from jutong.slices.usage import actions
from jutong.slices.usage.models import Disposal
from jutong.slices.usage.workflow import DISPOSAL


@outbox.on("grant.revoked", "grant.expired", "grant.terminated")
def dispose(event: outbox.Event, at: datetime) -> None:
    """A grant ended: every copy in its consumer's ledger is to be disposed of."""
    actions.begin_disposals(event.payload["id"], at=at)


@outbox.on("grants.disposal_ordered")
def dispose_of_secret(event: outbox.Event, at: datetime) -> None:
    """Data are secret: what is left of a grant that ended earlier is to be disposed of, too."""
    actions.begin_disposals(event.payload["id"], at=at)


@outbox.on("disposal.accepted")
def settle(event: outbox.Event, at: datetime) -> None:
    """A proof was accepted: when it was the last one, the disposal is over and the retention begins."""
    actions.settle_disposals(event.payload["grant_id"], at=at)


@outbox.on_many("clock.due_soon", "clock.overdue")
def press(events: Sequence[outbox.Event], at: datetime) -> None:
    """The provider's day comes near, or has passed: then a finding is proposed."""
    for event in events:
        if event.payload["case_kind"] == DISPOSAL.name:
            _press(event, at)


def _press(event: outbox.Event, at: datetime) -> None:
    if event.name == "clock.overdue":
        actions.propose_finding(event.payload["case_id"], at=at)
        return
    case = Disposal.objects.filter(pk=event.payload["case_id"], state="instructed").first()
    if case is not None:
        title = _("处置即将到期：%(title)s（%(copy)s），期限 %(day)s") % {
            "title": case.resource_title, "copy": case.copy_title, "day": case.due_on,
        }  # fmt: skip
        link = f"/usage/disposals/{case.grant_id}/"
        inbox.tell(department_id=case.consumer_id, role=Role.DATA_OFFICER, title=title, link=link, at=at)
