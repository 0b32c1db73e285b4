"""Writes of the exchange: tasks and orders, following the runners' reports, fetching files, keeping audit segments."""

from jutong.slices.exchange.actions.backflow import (
    arrange_backflow,
    end_backflow,
    follow_grant,
    need_backflow,
    report_condition,
    start_backflow,
)
from jutong.slices.exchange.actions.correcting import (
    Compared,
    Preview,
    correct_rows,
    deliver_corrected,
    forget_corrections,
)
from jutong.slices.exchange.actions.lineage import record_lineage, send_lineage, send_lineage_aside
from jutong.slices.exchange.actions.ordering import (
    Wanted,
    accept_shape,
    cancel,
    order_batch,
    order_files,
    order_table_transfer,
    repair,
    retry,
)
from jutong.slices.exchange.actions.parcels import receipt_collected, take_parcel_receipt, take_piece, take_slip
from jutong.slices.exchange.actions.passing_on import register_mounted, register_source
from jutong.slices.exchange.actions.previewing import MappedItem, Sample, preview
from jutong.slices.exchange.actions.progress import take_progress
from jutong.slices.exchange.actions.rearranging import (
    carry_out_change,
    forget_change,
    list_unassigned,
    propose_change,
    propose_end,
)
from jutong.slices.exchange.actions.returning import return_rows
from jutong.slices.exchange.actions.room import admit, limit_source
from jutong.slices.exchange.actions.segments import take_segment
from jutong.slices.exchange.actions.setting_aside import forget_old_originals, take_dirty
from jutong.slices.exchange.actions.stopping import stopped_deliveries
from jutong.slices.exchange.actions.submitting import (
    SUBMITTERS,
    find_late,
    record_off_platform,
    submit_batch,
    watch_entry,
)
from jutong.slices.exchange.actions.tasks import (
    change_task,
    create_task,
    delete_task,
    order_after,
    order_due,
    order_updated,
    pause_task,
    resume_task,
    run_now,
)
from jutong.slices.exchange.actions.tickets import issue_ticket
from jutong.slices.exchange.actions.watching import (
    find_late_backflows,
    report_gap,
    show_unanswered,
    tell_of_move,
)
from jutong.slices.exchange.rules import Mode, Plan, Terms

__all__ = [
    "SUBMITTERS",
    "Compared",
    "MappedItem",
    "Mode",
    "Plan",
    "Preview",
    "Sample",
    "Terms",
    "Wanted",
    "accept_shape",
    "admit",
    "arrange_backflow",
    "cancel",
    "carry_out_change",
    "change_task",
    "correct_rows",
    "create_task",
    "delete_task",
    "deliver_corrected",
    "end_backflow",
    "find_late",
    "find_late_backflows",
    "follow_grant",
    "forget_change",
    "forget_corrections",
    "forget_old_originals",
    "issue_ticket",
    "limit_source",
    "list_unassigned",
    "need_backflow",
    "order_after",
    "order_batch",
    "order_due",
    "order_files",
    "order_table_transfer",
    "order_updated",
    "pause_task",
    "preview",
    "propose_change",
    "propose_end",
    "receipt_collected",
    "record_lineage",
    "record_off_platform",
    "register_mounted",
    "register_source",
    "repair",
    "report_condition",
    "report_gap",
    "resume_task",
    "retry",
    "return_rows",
    "run_now",
    "send_lineage",
    "send_lineage_aside",
    "show_unanswered",
    "start_backflow",
    "stopped_deliveries",
    "submit_batch",
    "take_dirty",
    "take_parcel_receipt",
    "take_piece",
    "take_progress",
    "take_segment",
    "take_slip",
    "tell_of_move",
    "watch_entry",
]
