"""Writes of this slice: four procedures, corrections and their receivers, business as usual, applicants."""

from jutong.slices.correction.actions.applicants import (
    Person,
    Revealed,
    at_the_window,
    enter_identities,
    export_applicants,
    followed,
    identities_from,
    public_asks,
    register_applicant,
    reveal_applicant,
)
from jutong.slices.correction.actions.complaining import (
    close_complaint,
    complain,
    examine_complaint,
    link_complaint,
    notify_complainant,
    resolve_complaint,
    transfer_complaint,
)
from jutong.slices.correction.actions.converting import (
    LEADS,
    convert_complaint,
    convert_objection,
    convert_open_correction,
    convert_verification,
)
from jutong.slices.correction.actions.correcting import fetch_correction
from jutong.slices.correction.actions.findings import list_finding
from jutong.slices.correction.actions.handling import record_handling
from jutong.slices.correction.actions.objecting import (
    close_objection,
    correct_objected,
    decide_department,
    decide_objection,
    mark_objection,
    notify_objector,
    raise_objection,
    record_result,
    take_objection,
    transfer_objection,
    urge_objection,
)
from jutong.slices.correction.actions.opening import (
    agree_to_correction,
    apply_for_correction,
    ask_longer_answer,
    change_open_catalogue,
    extend_answer,
    refuse_correction,
    request_change,
    urge_answer,
)
from jutong.slices.correction.actions.papers import report_with_papers
from jutong.slices.correction.actions.public import Raised, raise_in_public
from jutong.slices.correction.actions.raising import department_asks
from jutong.slices.correction.actions.verifying import (
    ask_longer_verification,
    close_verification,
    confirm_error,
    correct_verified,
    extend_verification,
    find_unfounded,
    report,
    urge_verification,
)
from jutong.slices.correction.rules.concerns import Corrected
from jutong.slices.correction.rules.findings import Proposed
from jutong.slices.correction.rules.raising import Asker

__all__ = [
    "LEADS",
    "Asker",
    "Corrected",
    "Person",
    "Proposed",
    "Raised",
    "Revealed",
    "agree_to_correction",
    "apply_for_correction",
    "ask_longer_answer",
    "ask_longer_verification",
    "at_the_window",
    "change_open_catalogue",
    "close_complaint",
    "close_objection",
    "close_verification",
    "complain",
    "confirm_error",
    "convert_complaint",
    "convert_objection",
    "convert_open_correction",
    "convert_verification",
    "correct_objected",
    "correct_verified",
    "decide_department",
    "decide_objection",
    "department_asks",
    "enter_identities",
    "examine_complaint",
    "export_applicants",
    "extend_answer",
    "extend_verification",
    "fetch_correction",
    "find_unfounded",
    "followed",
    "identities_from",
    "link_complaint",
    "list_finding",
    "mark_objection",
    "notify_complainant",
    "notify_objector",
    "public_asks",
    "raise_in_public",
    "raise_objection",
    "record_handling",
    "record_result",
    "refuse_correction",
    "register_applicant",
    "report",
    "report_with_papers",
    "request_change",
    "resolve_complaint",
    "reveal_applicant",
    "take_objection",
    "transfer_complaint",
    "transfer_objection",
    "urge_answer",
    "urge_objection",
    "urge_verification",
]
