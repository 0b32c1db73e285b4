"""Reads of agreements: frozen rows for pages, the API and higher slices."""

from jutong.slices.agreements.queries.agreed import agreed, check_agreed
from jutong.slices.agreements.queries.agreements import (
    AgreementRow,
    AgreementView,
    LineRow,
    SignatureRow,
    VersionRow,
    agreement,
    agreement_lines,
    agreements,
    digest_of,
    joint_file,
)
from jutong.slices.agreements.queries.framing import Frame, frame_of, frames_for
from jutong.slices.agreements.queries.panels import ending_soon, of_entry, of_grant, responsible_under
from jutong.slices.agreements.queries.secrecy import check_confidential, confidential
from jutong.slices.agreements.queries.verifying import Proof, ProofLine, proof

__all__ = [
    "AgreementRow",
    "AgreementView",
    "Frame",
    "LineRow",
    "Proof",
    "ProofLine",
    "SignatureRow",
    "VersionRow",
    "agreed",
    "agreement",
    "agreement_lines",
    "agreements",
    "check_agreed",
    "check_confidential",
    "confidential",
    "digest_of",
    "ending_soon",
    "frame_of",
    "frames_for",
    "joint_file",
    "of_entry",
    "of_grant",
    "proof",
    "responsible_under",
]
