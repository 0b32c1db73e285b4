"""Who has the processor first among a process's threads; what Linux alone offers, and nobody needs a right for."""

from __future__ import annotations

import os
import sys
import threading

LESS, LEAST = 10, 19


def by_turns() -> None:
    """Let this thread, and those it will start, take turns: none pushes another aside by waking up.

    A thread that wakes up for each request otherwise interrupts the one that holds the interpreter's lock, only to wait
    for that lock: more than two changes of threads a call, and a third of the gateway's work; a fifth of the runner's.
    """
    if sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def behind() -> None:
    """Let this thread give way to those that answer calls, without ever standing still."""
    _lower(LESS)


def behind_all() -> None:
    """Let this thread have a core only when nothing else wants it: a call waits for nobody's download."""
    _lower(LEAST)


def _lower(niceness: int) -> None:
    if sys.platform == "linux":  # where each thread has a priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
