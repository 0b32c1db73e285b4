"""Writes of this slice: mounting entries on tables, and compiling entries from the tables that are there."""

from jutong.slices.datacentre.actions.mounting import (
    compare,
    mount,
    mount_compiled,
    prepare_mount,
    preview,
    sample,
    switch_mount,
    unmount,
)
from jutong.slices.datacentre.actions.surveying import (
    accept_changes,
    compile_table,
    compile_tables,
    leave_out,
    look,
    read_tables,
    take_in,
    take_stock,
)
from jutong.slices.datacentre.rules import Mapped

__all__ = [
    "Mapped",
    "accept_changes",
    "compare",
    "compile_table",
    "compile_tables",
    "leave_out",
    "look",
    "mount",
    "mount_compiled",
    "prepare_mount",
    "preview",
    "read_tables",
    "sample",
    "switch_mount",
    "take_in",
    "take_stock",
    "unmount",
]
