"""The tables of moves of this slice: requests (W06), disputes (W07), changes of use and external provision (W08)."""

from jutong.slices.sharing.workflow.changes import USE_CHANGE
from jutong.slices.sharing.workflow.disputes import DISPUTE
from jutong.slices.sharing.workflow.requests import AUTHORITY, CONSUMER, HEADS, SHARING_REQUEST, STAFF, may_know

__all__ = ["AUTHORITY", "CONSUMER", "DISPUTE", "HEADS", "SHARING_REQUEST", "STAFF", "USE_CHANGE", "may_know"]
