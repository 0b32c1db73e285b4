"""How long texts of an entry may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LENGTHS: Final[Mapping[str, int]] = {
    "title": 200, "abstract": 2000, "category": 60, "class_code": 40, "provider_unit": 100, "format_note": 200,
    "share_scope": 500, "share_conditions": 500, "basis_instrument": 200, "basis_article": 100, "basis_wording": 1000,
    "withheld_reason": 500, "open_conditions": 256, "data_category": 60, "matter": 500, "system": 200, "link": 500,
    "domain": 60, "industry": 60, "item.name": 128, "item.column": 64, "item.description": 500,
    "item.value_range": 200, "item.standard": 200, "item.code_table": 200, "item.refers": 64,
    "item.not_personal": 200,
}  # fmt: skip
"""Longest value of each text in characters; titles and abstracts are wider than the guide's 50 and 256, because
running portals hold 96 and 1,903."""
