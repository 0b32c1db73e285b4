"""Reads of this slice: cases, marks and certificates, corrections for their receivers, supervision, what the public sees."""

from jutong.slices.correction.queries.cases import (
    OVER,
    ApplicantRow,
    CaseDetail,
    CaseLine,
    case,
    cases,
    number_of,
    paper,
)
from jutong.slices.correction.queries.corrected import (
    CorrectionLine,
    CorrectionRow,
    VersionRow,
    correction,
    corrections,
    version_of,
)
from jutong.slices.correction.queries.findings import FindingLine, proposed_findings
from jutong.slices.correction.queries.marks import (
    Certificate,
    DeskAnswer,
    EntryMarks,
    MarkRow,
    certificate,
    certificate_of,
    desk,
    marks_of,
    marks_of_grant,
    pending_of,
    verification_numbered,
)
from jutong.slices.correction.queries.panels import entry_panel, to_fetch
from jutong.slices.correction.queries.papers import Paper
from jutong.slices.correction.queries.public import FollowedCase, OpenView, following, open_entries, open_entry
from jutong.slices.correction.queries.supervision import DepartmentFigure, Watch, watch

__all__ = [
    "OVER",
    "ApplicantRow",
    "CaseDetail",
    "CaseLine",
    "Certificate",
    "CorrectionLine",
    "CorrectionRow",
    "DepartmentFigure",
    "DeskAnswer",
    "EntryMarks",
    "FindingLine",
    "FollowedCase",
    "MarkRow",
    "OpenView",
    "Paper",
    "VersionRow",
    "Watch",
    "case",
    "cases",
    "certificate",
    "certificate_of",
    "correction",
    "corrections",
    "desk",
    "entry_panel",
    "following",
    "marks_of",
    "marks_of_grant",
    "number_of",
    "open_entries",
    "open_entry",
    "paper",
    "pending_of",
    "proposed_findings",
    "to_fetch",
    "verification_numbered",
    "version_of",
    "watch",
]
