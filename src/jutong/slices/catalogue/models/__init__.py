"""Tables of the catalogue: entries and their versions, and what finding them rests on."""

from jutong.slices.catalogue.models.entries import (
    AffectedEntry,
    CatalogUpdate,
    ClassNode,
    Counter,
    Entry,
    EntryVersion,
    ImportRun,
    Item,
    Listing,
    Notice,
    Opinion,
    Pulse,
    ReturnedData,
)
from jutong.slices.catalogue.models.finding import SavedSearch, Synonym, Tally, Use, Word

__all__ = [
    "AffectedEntry",
    "CatalogUpdate",
    "ClassNode",
    "Counter",
    "Entry",
    "EntryVersion",
    "ImportRun",
    "Item",
    "Listing",
    "Notice",
    "Opinion",
    "Pulse",
    "ReturnedData",
    "SavedSearch",
    "Synonym",
    "Tally",
    "Use",
    "Word",
]
