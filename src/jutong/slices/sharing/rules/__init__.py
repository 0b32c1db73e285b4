"""What requests must say, replies may do and disputes come to; pure."""

from jutong.slices.sharing.rules.requests import ELEMENTS, LONGEST_TEXT, TOO_LONG, Asked, GrantedItem, Reply

__all__ = ["ELEMENTS", "LONGEST_TEXT", "TOO_LONG", "Asked", "GrantedItem", "Reply"]
