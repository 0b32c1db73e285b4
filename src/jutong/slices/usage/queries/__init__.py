"""Reads of this slice: ledgers with their use records, disposals, utilisation and participation."""

from jutong.slices.usage.queries.disposals import (
    DisposalGroup,
    DisposalRow,
    Disposing,
    disposing,
    first_of_each_grant,
    grant_of,
    group_lines,
    groups,
    proof,
)
from jutong.slices.usage.queries.ledger import Ledger, grant_panel, ledger, provisions
from jutong.slices.usage.queries.records import (
    DepartmentLedger,
    RecordRow,
    department_ledger,
    due_to_go,
    grant_of_record,
    incomplete_panel,
    record_lines,
    records,
)
from jutong.slices.usage.queries.reports import (
    Participation,
    Utilisation,
    participation,
    utilisation,
    watches,
    year_so_far,
)

__all__ = [
    "DepartmentLedger",
    "DisposalGroup",
    "DisposalRow",
    "Disposing",
    "Ledger",
    "Participation",
    "RecordRow",
    "Utilisation",
    "department_ledger",
    "disposing",
    "due_to_go",
    "first_of_each_grant",
    "grant_of",
    "grant_of_record",
    "grant_panel",
    "group_lines",
    "groups",
    "incomplete_panel",
    "ledger",
    "participation",
    "proof",
    "provisions",
    "record_lines",
    "records",
    "utilisation",
    "watches",
    "year_so_far",
]
