"""Writes of this slice: opening and ending grants, and the projection that the data plane follows."""

from jutong.slices.grants.actions.bundle import put, remove
from jutong.slices.grants.actions.delivering import set_interface, set_marks, set_receiver
from jutong.slices.grants.actions.ending import (
    acknowledge_ending,
    announce_ending,
    cancel_ending,
    change_resource,
    end_resource,
    file_ending,
    file_ending_directly,
    record_heard,
    stop_due,
)
from jutong.slices.grants.actions.grants import (
    amend_grant,
    bar_secret,
    count_use,
    end_secret,
    expire_due,
    expire_grant,
    finish_grant,
    restate_grant,
    restore_grant,
    revoke_grant,
    suspend_grant,
    terminate_grant,
    widen_grant,
)
from jutong.slices.grants.actions.opening import Opening, Terms, open_grant, open_grants
from jutong.slices.grants.rules import Adjustment, Kept, Wider

__all__ = [
    "Adjustment",
    "Kept",
    "Opening",
    "Terms",
    "Wider",
    "acknowledge_ending",
    "amend_grant",
    "announce_ending",
    "bar_secret",
    "cancel_ending",
    "change_resource",
    "count_use",
    "end_resource",
    "end_secret",
    "expire_due",
    "expire_grant",
    "file_ending",
    "file_ending_directly",
    "finish_grant",
    "open_grant",
    "open_grants",
    "put",
    "record_heard",
    "remove",
    "restate_grant",
    "restore_grant",
    "revoke_grant",
    "set_interface",
    "set_marks",
    "set_receiver",
    "stop_due",
    "suspend_grant",
    "terminate_grant",
    "widen_grant",
]
