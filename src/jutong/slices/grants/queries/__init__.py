"""Reads of this slice: grants as people see them, and the bundle as the data plane does."""

from jutong.slices.grants.queries.bundle import bundle, newest, node_bundle
from jutong.slices.grants.queries.delivering import BatchMarks, batch_marks, canaries, endpoints_of
from jutong.slices.grants.queries.detail import Adjustable, Changed, GrantView, adjustable, detail, ending_soon
from jutong.slices.grants.queries.ending import (
    EndingDetail,
    EndingRow,
    HeardRow,
    ending,
    ending_lines,
    endings,
    proposable,
)
from jutong.slices.grants.queries.entries import Held, granted_to, grants_of_entry, held_of, of_entry
from jutong.slices.grants.queries.facts import Facts, facts_by_ids, facts_of, in_force, sides_of
from jutong.slices.grants.queries.grants import (
    GrantRow,
    Parties,
    VersionRow,
    between,
    grant,
    grants,
    of_lines,
    parties_of,
    states_of,
    versions,
)
from jutong.slices.grants.queries.holding import Standing, newest_of, standing, standing_between
from jutong.slices.grants.queries.proofs import Proven, proven
from jutong.slices.grants.queries.reach import check_offer
from jutong.slices.grants.queries.serving import Served, check_dropped, check_preparing, served, withheld_since
from jutong.slices.grants.queries.wire import wire_grant

__all__ = [
    "Adjustable",
    "BatchMarks",
    "Changed",
    "EndingDetail",
    "EndingRow",
    "Facts",
    "GrantRow",
    "GrantView",
    "HeardRow",
    "Held",
    "Parties",
    "Proven",
    "Served",
    "Standing",
    "VersionRow",
    "adjustable",
    "batch_marks",
    "between",
    "bundle",
    "canaries",
    "check_dropped",
    "check_offer",
    "check_preparing",
    "detail",
    "ending",
    "ending_lines",
    "ending_soon",
    "endings",
    "endpoints_of",
    "facts_by_ids",
    "facts_of",
    "grant",
    "granted_to",
    "grants",
    "grants_of_entry",
    "held_of",
    "in_force",
    "newest",
    "newest_of",
    "node_bundle",
    "of_entry",
    "of_lines",
    "parties_of",
    "proposable",
    "proven",
    "served",
    "sides_of",
    "standing",
    "standing_between",
    "states_of",
    "versions",
    "wire_grant",
    "withheld_since",
]
