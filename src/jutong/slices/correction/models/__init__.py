"""Tables of this slice: the four kinds of concern, applicants, corrected versions and their receivers, marks."""

from jutong.slices.correction.models.applicants import Applicant, KnownIdentity, Look
from jutong.slices.correction.models.concerns import (
    Complaint,
    Concern,
    Counter,
    Objection,
    OpenCorrection,
    Verification,
)
from jutong.slices.correction.models.corrected import CorrectedItem, CorrectedVersion, OpenField, Receiver
from jutong.slices.correction.models.findings import ProposedFinding
from jutong.slices.correction.models.marks import Handling, MarkedRecord

__all__ = [
    "Applicant",
    "Complaint",
    "Concern",
    "CorrectedItem",
    "CorrectedVersion",
    "Counter",
    "Handling",
    "KnownIdentity",
    "Look",
    "MarkedRecord",
    "Objection",
    "OpenCorrection",
    "OpenField",
    "ProposedFinding",
    "Receiver",
    "Verification",
]
