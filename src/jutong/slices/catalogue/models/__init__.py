"""Tables of the catalogue: entries and their versions, what finding them rests on, questions."""

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
from jutong.slices.catalogue.models.questions import Question

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
    "Question",
    "ReturnedData",
    "SavedSearch",
    "Synonym",
    "Tally",
    "Use",
    "Word",
]
