"""Reads of this slice: data sources as people see them, as the data plane does, and what it finds in them."""

from jutong.slices.sources.queries.probing import preview, schema, tables
from jutong.slices.sources.queries.rows import SourceRow, choices, source, source_of, sources
from jutong.slices.sources.queries.sealing import wire_sources

__all__ = [
    "SourceRow",
    "choices",
    "preview",
    "schema",
    "source",
    "source_of",
    "sources",
    "tables",
    "wire_sources",
]
