"""Reads of this slice: mounted resources for people, for the slices above and for the data plane; tables and profiles."""

from jutong.slices.datacentre.queries.comparing import (
    ComparedDepartment,
    TableWithoutEntry,
    Unmounted,
    all_without_resource,
    comparison,
    without_entry,
    without_resource,
)
from jutong.slices.datacentre.queries.masking import default_masking, graded_masking
from jutong.slices.datacentre.queries.mounts import (
    OVERSEERS,
    Draft,
    MountedItem,
    MountRow,
    draft,
    may_mount,
    mount,
    mount_of,
    mounts,
    place_of,
    wire_mount,
)
from jutong.slices.datacentre.queries.profiles import EntryProfile, ProfiledItem, behind_entry
from jutong.slices.datacentre.queries.tables import (
    TableDetail,
    TableRow,
    compilable,
    may_compile,
    reading,
    stocked,
    table,
)

__all__ = [
    "OVERSEERS",
    "ComparedDepartment",
    "Draft",
    "EntryProfile",
    "MountRow",
    "MountedItem",
    "ProfiledItem",
    "TableDetail",
    "TableRow",
    "TableWithoutEntry",
    "Unmounted",
    "all_without_resource",
    "behind_entry",
    "comparison",
    "compilable",
    "default_masking",
    "draft",
    "graded_masking",
    "may_compile",
    "may_mount",
    "mount",
    "mount_of",
    "mounts",
    "place_of",
    "reading",
    "stocked",
    "table",
    "wire_mount",
    "without_entry",
    "without_resource",
]
