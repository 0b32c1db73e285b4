"""What this slice keeps: requests, disputes with what was said in them, changes of use with every release."""

from jutong.slices.sharing.models.changes import Release, UseChange
from jutong.slices.sharing.models.disputes import Dispute, DisputeBody, DisputeNote
from jutong.slices.sharing.models.elsewhere import AuthorityElsewhere, DisputeTaken
from jutong.slices.sharing.models.requests import CaseNumber, RequestNumber, SharingRequest, StandingConsent

__all__ = [
    "AuthorityElsewhere",
    "CaseNumber",
    "Dispute",
    "DisputeBody",
    "DisputeNote",
    "DisputeTaken",
    "Release",
    "RequestNumber",
    "SharingRequest",
    "StandingConsent",
    "UseChange",
]
