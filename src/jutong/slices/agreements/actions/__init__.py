"""Writes of this slice: drafting, signing, amending and ending agreements."""

from jutong.slices.agreements.actions.amending import abandon, amend
from jutong.slices.agreements.actions.drafting import Draft, draft, revise, send, send_back, withdraw
from jutong.slices.agreements.actions.ending import expire, expire_due, resume, suspend, terminate, warn_due
from jutong.slices.agreements.actions.granting import carry_out
from jutong.slices.agreements.actions.signing import attest, conclude, sign
from jutong.slices.agreements.rules import Given, Kind, Line, Side, Stated

__all__ = [
    "Draft",
    "Given",
    "Kind",
    "Line",
    "Side",
    "Stated",
    "abandon",
    "amend",
    "attest",
    "carry_out",
    "conclude",
    "draft",
    "expire",
    "expire_due",
    "resume",
    "revise",
    "send",
    "send_back",
    "sign",
    "suspend",
    "terminate",
    "warn_due",
    "withdraw",
]
