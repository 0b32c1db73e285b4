"""What the exchange does when a run ends: who ordered it is told, and the provider when data were quarantined."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel import inbox, outbox
from jutong.kernel.actors import Role
from jutong.slices.exchange.workflow import EXCHANGE_TASK


@outbox.on("exchange_task.released", "exchange_task.rejected", "exchange_task.quarantined")
def tell_how_it_ended(event: outbox.Event, at: datetime) -> None:
    """Tell the person who ordered; a quarantine also goes to the provider's engineers (R-EXC-019)."""
    run_id, state = event.payload["run_id"], EXCHANGE_TASK.state_label(event.payload["to"])
    title = _("交换任务 T-%(number)06d：%(state)s") % {"number": run_id, "state": state}
    link = f"/exchange/runs/{run_id}/"
    inbox.tell(account_id=event.payload["account_id"], title=title, link=link, at=at)
    if event.payload["to"] == "quarantined":
        engineers = Role.SYSTEM_ENGINEER
        inbox.tell(department_id=event.payload["provider_id"], role=engineers, title=title, link=link, at=at)
