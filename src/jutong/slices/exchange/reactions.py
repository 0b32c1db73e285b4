"""What the exchange does when a run ends or its time comes: people are told, tasks that follow are started."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext as _

from jutong.kernel import inbox, jobs, outbox
from jutong.kernel.actors import Role
from jutong.slices.exchange import actions
from jutong.slices.exchange.workflow import BACKFLOW, EXCHANGE_TASK
from jutong.slices.services import actions as services


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


@jobs.every(3600)
def forget_corrections(at: datetime) -> int:
    """Forget uploads of corrected rows that nobody confirmed."""
    return actions.forget_corrections(at)


@jobs.every(3600)
def forget_originals(at: datetime) -> int:
    """Forget the originals of rows set aside that were kept long enough."""
    return actions.forget_old_originals(at)


@outbox.on("exchange.log_alarmed")
def tell_of_a_log(event: outbox.Event, at: datetime) -> None:
    """Tell the person who set up the task, and the source's engineers, that a change log grows or was given up."""
    payload = event.payload
    title, link = _("变更日志告警：%(text)s") % {"text": payload["text"]}, f"/exchange/tasks/{payload['task_id']}/"
    if payload["account_id"] is not None:
        inbox.tell(account_id=payload["account_id"], title=title, link=link, at=at)
    engineers = Role.SYSTEM_ENGINEER
    inbox.tell(department_id=payload["provider_id"], role=engineers, title=title, link=link, at=at)


@jobs.every(1)
def strike(at: datetime) -> int:
    """Start the tasks whose time has come."""
    return actions.order_due(at)


@jobs.every(5)
def let_in(at: datetime) -> int:
    """Show waiting runs to the runners where room was made by something else than a run's end."""
    del at
    return actions.admit()


@outbox.on("exchange_task.released")
def follow_release(event: outbox.Event, at: datetime) -> None:
    """A run was released: the tasks that follow its task are started."""
    actions.order_after(event.payload["task_id"], at=at)


@outbox.on("datacentre.mount_changed")
def follow_mount(event: outbox.Event, at: datetime) -> None:
    """A resource's data come from another table now: tasks that follow it are started, returned data are registered."""
    if event.payload["active"]:
        actions.order_updated(event.payload["resource_id"], at=at)
        actions.register_mounted(event.payload["resource_id"], at=at)


@outbox.on("exchange_task.sent", "exchange_task.released", "exchange_task.rejected", "exchange_task.quarantined")
def keep_lineage(event: outbox.Event, at: datetime) -> None:
    """A run began or ended: its OpenLineage event is written to the file of the day."""
    del at
    payload = event.payload
    actions.record_lineage(payload["run_id"], payload["order_id"], payload["to"], at=event.at)


@jobs.every(10)
def send_lineage(at: datetime) -> int:
    """Send lineage on to the configured address."""
    del at
    actions.send_lineage_aside()
    return 0


@outbox.on("exchange.submission_accepted")
def follow_data(event: outbox.Event, at: datetime) -> None:
    """A resource's data were renewed: the tasks that follow its updates are started."""
    actions.order_updated(event.payload["resource_id"], at=at)


@outbox.on("catalog_entry.published")
def watch_entry(event: outbox.Event, at: datetime) -> None:
    """An entry came into force: where its data are submitted as files, their limit is watched."""
    actions.watch_entry(event.payload["id"], at=at)


@jobs.every(60)
def find_late(at: datetime) -> int:
    """Find the entries whose update limit has passed without a batch."""
    return actions.find_late(at)


@outbox.on("backflow.needed", "backflow.arranged")
def tell_of_backflow(event: outbox.Event, at: datetime) -> None:
    """A need of back-flow was stated or arranged: the other side is told what it has to do."""
    actions.tell_of_move(event.payload["id"], event.payload["to"], at=at)


@outbox.on("exchange_task.quarantined")
def report_gap(event: outbox.Event, at: datetime) -> None:
    """A run did not reconcile: where it is a back-flow's, the gap is reported to the upper department and sent again once."""
    actions.report_gap(event.payload["run_id"], at=at)


@outbox.on("clock.beyond_target")
def show_unanswered(event: outbox.Event, at: datetime) -> None:
    """A need of back-flow was not answered within the internal target: the authority above both departments is shown it."""
    if event.payload["case_kind"] == BACKFLOW.name:
        due_day = date.fromisoformat(event.payload["due_day"])
        actions.show_unanswered(event.payload["case_id"], due_day=due_day, at=at)


@outbox.on("grant.revoked", "grant.expired", "grant.terminated")
def follow_grant(event: outbox.Event, at: datetime) -> None:
    """A grant is over: the back-flow that ran under it is too."""
    actions.follow_grant(event.payload["id"], at=at)


@outbox.on("service_change.changed")
def carry_out_change(event: outbox.Event, at: datetime) -> None:
    """A filed change has reached its day: the back-flow it concerns runs by it."""
    actions.carry_out_change(event.payload["id"], at=at)


@outbox.on("service_change.cancelled")
def forget_change(event: outbox.Event, at: datetime) -> None:
    """A proposed change or end was cancelled: the back-flow it concerned goes on as it was."""
    del at
    actions.forget_change(event.payload["id"])


@jobs.every(3600)
def find_late_backflows(at: datetime) -> int:
    """Find the back-flows whose schedule has passed without a released run."""
    return actions.find_late_backflows(at)


services.look_also(actions.stopped_deliveries)
