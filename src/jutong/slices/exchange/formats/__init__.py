"""Formats of the exchange: signed messages and proofs, lineage events."""

from jutong.slices.exchange.formats.signed import (
    CENTRE,
    PROOF_FORMAT,
    SIDES,
    Confirmation,
    Ticket,
    is_signed,
    proof,
    receipt_in,
    seal,
    signed_bytes,
    signing_key,
    ticket_text,
)

__all__ = [
    "CENTRE",
    "PROOF_FORMAT",
    "SIDES",
    "Confirmation",
    "Ticket",
    "is_signed",
    "proof",
    "receipt_in",
    "seal",
    "signed_bytes",
    "signing_key",
    "ticket_text",
]
