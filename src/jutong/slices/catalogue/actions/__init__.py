"""Writes of the catalogue: drafting, assessment and approval, review and publication, import."""

from jutong.slices.catalogue.actions.approving import (
    acknowledge_filing,
    assess,
    determine,
    leader_approve,
    publish,
    publish_entries,
    return_entries,
    return_entry,
    review,
    review_entries,
    submit,
    submit_entries,
)
from jutong.slices.catalogue.actions.drafting import (
    compile_entry,
    copy_entry,
    discard_draft,
    edit_entry,
    revise,
    withdraw,
)
from jutong.slices.catalogue.actions.importing import choose_mapping, confirm_import, import_file, upload
from jutong.slices.catalogue.actions.maintaining import Maintained, Stated, maintain
from jutong.slices.catalogue.actions.naming import KEEPERS, keep_synonyms
from jutong.slices.catalogue.actions.observing import (
    join_counts,
    note_granted,
    note_mounted,
    note_refreshed,
    remind_of_cycles,
    restand_the_aged,
)
from jutong.slices.catalogue.actions.questioning import answer, ask
from jutong.slices.catalogue.actions.returning import register_returned
from jutong.slices.catalogue.actions.saving import (
    forget_search,
    note_looked_at,
    save_search,
    subscribe,
    tell_subscribers,
)
from jutong.slices.catalogue.actions.updating import (
    ask_extension,
    extend_update,
    receive_update,
    refuse_extension,
    register_change,
    report_update,
)
from jutong.slices.catalogue.actions.using import note_called, note_use, note_use_ended
from jutong.slices.catalogue.rules.content import Content, ItemContent

__all__ = [
    "KEEPERS",
    "Content",
    "ItemContent",
    "Maintained",
    "Stated",
    "acknowledge_filing",
    "answer",
    "ask",
    "ask_extension",
    "assess",
    "choose_mapping",
    "compile_entry",
    "confirm_import",
    "copy_entry",
    "determine",
    "discard_draft",
    "edit_entry",
    "extend_update",
    "forget_search",
    "import_file",
    "join_counts",
    "keep_synonyms",
    "leader_approve",
    "maintain",
    "note_called",
    "note_granted",
    "note_looked_at",
    "note_mounted",
    "note_refreshed",
    "note_use",
    "note_use_ended",
    "publish",
    "publish_entries",
    "receive_update",
    "refuse_extension",
    "register_change",
    "register_returned",
    "remind_of_cycles",
    "report_update",
    "restand_the_aged",
    "return_entries",
    "return_entry",
    "review",
    "review_entries",
    "revise",
    "save_search",
    "submit",
    "submit_entries",
    "subscribe",
    "tell_subscribers",
    "upload",
    "withdraw",
]
