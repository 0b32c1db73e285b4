"""How an attempt ended: the state, the sentence, and what the report carries beside."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from jutong.dataplane.errors import Refusal, Unavailable
from jutong.dataplane.reconcile import Unreconciled
from jutong.dataplane.transfer.drift import Drifted
from jutong.dataplane.transfer.watermarks import Behind
from jutong.wire.transfers import Order, RunState

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attempt's end. differing, drift, position, of_source: see `wire.Progress`."""

    state: RunState
    message: str = ""
    differing: tuple[str, ...] = ()
    drift: str = ""
    position: str | None = None
    of_source: bool = False

    def given_up(self, tries: int) -> Outcome:
        """Return the same, tried too often."""
        message = f"{self.message}已尝试 {tries} 次仍未成功，任务已停止，可以手工重试。"
        return replace(self, state=RunState.REJECTED, message=message)


RELEASED = Outcome(RunState.RELEASED)
WAITING = Outcome(RunState.QUEUED, "等待发送端的数据包送达。")


def outcome_of(error: Exception, order: Order, attempt: int) -> Outcome:
    """Return how an attempt ends by an exception; one that nobody expected is logged and stops the order."""
    if isinstance(error, Unavailable):
        return Outcome(RunState.QUEUED, error.sentence, of_source=error.of_source)
    if isinstance(error, Drifted):
        return Outcome(RunState.REJECTED, error.sentence, drift=error.digest)
    if isinstance(error, Behind):
        return Outcome(RunState.REJECTED, error.sentence, position=error.position)
    if isinstance(error, Refusal):
        return Outcome(RunState.REJECTED, error.sentence, of_source=error.of_source)
    if isinstance(error, Unreconciled):
        return Outcome(RunState.QUARANTINED, str(error), differing=error.differing)
    log.error("任务 %s 第 %d 次执行出错", order.id, attempt, exc_info=error)
    return Outcome(RunState.REJECTED, f"平台内部错误，任务已停止，请将任务编号 {order.id} 告知平台运行单位。")
