"""What this slice keeps: requests, disputes with what was said in them, changes of use with every release, service items, templates of answers."""

from jutong.slices.sharing.models.answer_templates import AnswerTemplate
from jutong.slices.sharing.models.changes import Release, UseChange
from jutong.slices.sharing.models.disputes import Dispute, DisputeBody, DisputeNote
from jutong.slices.sharing.models.elsewhere import AuthorityElsewhere, DisputeTaken
from jutong.slices.sharing.models.requests import CaseNumber, RequestNumber, SharingRequest, StandingConsent
from jutong.slices.sharing.models.servicedesk import ServiceItem, ServicePaper

__all__ = [
    "AnswerTemplate",
    "AuthorityElsewhere",
    "CaseNumber",
    "Dispute",
    "DisputeBody",
    "DisputeNote",
    "DisputeTaken",
    "Release",
    "RequestNumber",
    "ServiceItem",
    "ServicePaper",
    "SharingRequest",
    "StandingConsent",
    "UseChange",
]
