"""Writes of this slice: cases of misuse with their decisions, reviews of what several grants give together."""

from jutong.slices.usage.actions.aggregating import (
    clear_product,
    mark_combination,
    register_product,
    release_product,
    withhold_product,
)
from jutong.slices.usage.actions.deciding import (
    add_evidence,
    dismiss_misuse,
    find_insufficient,
    record_refusal,
    report_rectified,
    restore_access,
    send_back_report,
    suspend_misuse,
    terminate_access,
    verify_rectified,
)
from jutong.slices.usage.actions.following import follow_grant
from jutong.slices.usage.actions.opening import gather_alert, open_misuse

__all__ = [
    "add_evidence",
    "clear_product",
    "dismiss_misuse",
    "find_insufficient",
    "follow_grant",
    "gather_alert",
    "mark_combination",
    "open_misuse",
    "record_refusal",
    "register_product",
    "release_product",
    "report_rectified",
    "restore_access",
    "send_back_report",
    "suspend_misuse",
    "terminate_access",
    "verify_rectified",
    "withhold_product",
]
