"""Reads of this slice: data sources and front-end nodes as people see them, as the data plane does, and what it finds."""

from jutong.slices.sources.queries.connected import connected_departments
from jutong.slices.sources.queries.lost import unanswering
from jutong.slices.sources.queries.nodes import (
    NodeRow,
    NodeScope,
    answers_online,
    node,
    node_names,
    node_of_department,
    nodes,
    nodes_watched,
    placed,
    scope_of,
    wire_node,
    wire_nodes,
    working_nodes,
)
from jutong.slices.sources.queries.probing import preview, profile, schema, tables
from jutong.slices.sources.queries.rows import CheckRow, SourceRow, checks, choices, source, source_of, sources
from jutong.slices.sources.queries.sealing import wire_sources
from jutong.slices.sources.rules import place

__all__ = [
    "CheckRow",
    "NodeRow",
    "NodeScope",
    "SourceRow",
    "answers_online",
    "checks",
    "choices",
    "connected_departments",
    "node",
    "node_names",
    "node_of_department",
    "nodes",
    "nodes_watched",
    "place",
    "placed",
    "preview",
    "profile",
    "schema",
    "scope_of",
    "source",
    "source_of",
    "sources",
    "tables",
    "unanswering",
    "wire_node",
    "wire_nodes",
    "wire_sources",
    "working_nodes",
]
