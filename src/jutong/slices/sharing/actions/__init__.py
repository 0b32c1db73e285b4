"""Writes of this slice: a consumer asks, a provider answers, the platform delivers."""

from jutong.slices.sharing.actions.answering import (
    agree,
    ask_extension,
    ask_supplement,
    decline,
    extend,
    prepare_reply,
    refuse,
    withhold_consent,
)
from jutong.slices.sharing.actions.asking import (
    change_request,
    consent,
    file_request,
    supplement,
    withdraw,
    write_request,
)
from jutong.slices.sharing.actions.following import (
    answer_at_once,
    begin_delivery,
    deliver,
    follow_grant,
    lapse_due,
)
from jutong.slices.sharing.actions.previewing import Sample, preview_reply
from jutong.slices.sharing.actions.standing import end_standing_consent, give_standing_consent
from jutong.slices.sharing.rules import Asked, GrantedItem, Reply

__all__ = [
    "Asked",
    "GrantedItem",
    "Reply",
    "Sample",
    "agree",
    "answer_at_once",
    "ask_extension",
    "ask_supplement",
    "begin_delivery",
    "change_request",
    "consent",
    "decline",
    "deliver",
    "end_standing_consent",
    "extend",
    "file_request",
    "follow_grant",
    "give_standing_consent",
    "lapse_due",
    "prepare_reply",
    "preview_reply",
    "refuse",
    "supplement",
    "withdraw",
    "withhold_consent",
    "write_request",
]
