"""The audit trail: written by the engine and the action decorator only, sealed into a chain, verified from outside."""

from jutong.kernel.audit.entries import (
    Act,
    canonical,
    columns_of,
    digest_of,
    digest_of_columns,
    record,
    record_refusal,
)

__all__ = ["Act", "canonical", "columns_of", "digest_of", "digest_of_columns", "record", "record_refusal"]
