"""Writes of this slice: data sources of departments, and the front-end nodes at their edge."""

from jutong.slices.sources.actions.checking import check_due, check_due_aside
from jutong.slices.sources.actions.enrolling import enrol, issue_code, sign_for, take_heartbeat, watch
from jutong.slices.sources.actions.nodes import (
    allocate,
    apply_for,
    configure,
    decline,
    resume,
    retire,
    revoke,
    suspend,
    withdraw,
)
from jutong.slices.sources.actions.sources import change, disable, enable, place, register, test_connection
from jutong.slices.sources.rules import Details, NodeWish

__all__ = [
    "Details",
    "NodeWish",
    "allocate",
    "apply_for",
    "change",
    "check_due",
    "check_due_aside",
    "configure",
    "decline",
    "disable",
    "enable",
    "enrol",
    "issue_code",
    "place",
    "register",
    "resume",
    "retire",
    "revoke",
    "sign_for",
    "suspend",
    "take_heartbeat",
    "test_connection",
    "watch",
    "withdraw",
]
