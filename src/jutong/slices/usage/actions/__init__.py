"""Writes of this slice: ledgers, use records and disposals; cases of misuse, reviews of what several grants give together."""

from jutong.slices.usage.actions.aggregating import (
    admit_delivery,
    clear_product,
    mark_combinations,
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
from jutong.slices.usage.actions.disposing import (
    accept,
    begin_disposals,
    end_use,
    give_up,
    instruct,
    propose_finding,
    report,
    say_in_advance,
    send_back,
    settle_disposals,
)
from jutong.slices.usage.actions.following import follow_grant
from jutong.slices.usage.actions.inspecting import inspect_record, read_record
from jutong.slices.usage.actions.keeping import content_of_record, due_for_purge, proofs_of_record, purge_kept
from jutong.slices.usage.actions.ledger import add_copy, add_holder, end_holder, note_delivery, note_use, place_copy
from jutong.slices.usage.actions.opening import gather_alert, open_misuse
from jutong.slices.usage.actions.recording import (
    end_record,
    fill_record,
    finish_record,
    follow_versions,
    lengthen_retention,
    record_of,
    retain_record,
    settle,
    settle_due,
)
from jutong.slices.usage.actions.watching import find_late_accesses
from jutong.slices.usage.rules.disposals import Report
from jutong.slices.usage.rules.records import Content

__all__ = [
    "Content",
    "Report",
    "accept",
    "add_copy",
    "add_evidence",
    "add_holder",
    "admit_delivery",
    "begin_disposals",
    "clear_product",
    "content_of_record",
    "dismiss_misuse",
    "due_for_purge",
    "end_holder",
    "end_record",
    "end_use",
    "fill_record",
    "find_insufficient",
    "find_late_accesses",
    "finish_record",
    "follow_grant",
    "follow_versions",
    "gather_alert",
    "give_up",
    "inspect_record",
    "instruct",
    "lengthen_retention",
    "mark_combinations",
    "note_delivery",
    "note_use",
    "open_misuse",
    "place_copy",
    "proofs_of_record",
    "propose_finding",
    "purge_kept",
    "read_record",
    "record_of",
    "record_refusal",
    "register_product",
    "release_product",
    "report",
    "report_rectified",
    "restore_access",
    "retain_record",
    "say_in_advance",
    "send_back",
    "send_back_report",
    "settle",
    "settle_disposals",
    "settle_due",
    "suspend_misuse",
    "terminate_access",
    "verify_rectified",
    "withhold_product",
]
