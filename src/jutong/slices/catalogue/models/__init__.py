"""Tables of the catalogue: entries and their versions, what finding them rests on, questions."""

from jutong.slices.catalogue.models.assessments import Assessment, Recognised
from jutong.slices.catalogue.models.census import Census, CensusGap, CensusLine, Declaration
from jutong.slices.catalogue.models.demands import Demand, DemandList, MatchingProcedure
from jutong.slices.catalogue.models.duties import Collection, DutyLine, DutyList, RegionalVersion
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
from jutong.slices.catalogue.models.faults import Fault
from jutong.slices.catalogue.models.finding import SavedSearch, Synonym, Tally, Use, Word
from jutong.slices.catalogue.models.grading import GradeChange, ImportantData
from jutong.slices.catalogue.models.leading import Lead, Office
from jutong.slices.catalogue.models.merging import Merger
from jutong.slices.catalogue.models.questions import Question
from jutong.slices.catalogue.models.referrals import Consulted, Referral
from jutong.slices.catalogue.models.regional import Aggregation, RegionalEntry, Reported, Settlement
from jutong.slices.catalogue.models.reviewing import ReviewBatch, ReviewTurn
from jutong.slices.catalogue.models.revisions import Revision
from jutong.slices.catalogue.models.security import SecurityAssessment, SecurityFinding
from jutong.slices.catalogue.models.sources import DesignatedItem, Designation, Homonym, ItemSource, Party, SourceTask
from jutong.slices.catalogue.models.tallies import PulseTally, TurnTally

__all__ = [
    "AffectedEntry",
    "Aggregation",
    "Assessment",
    "CatalogUpdate",
    "Census",
    "CensusGap",
    "CensusLine",
    "ClassNode",
    "Collection",
    "Consulted",
    "Counter",
    "Declaration",
    "Demand",
    "DemandList",
    "DesignatedItem",
    "Designation",
    "DutyLine",
    "DutyList",
    "Entry",
    "EntryVersion",
    "Fault",
    "GradeChange",
    "Homonym",
    "ImportRun",
    "ImportantData",
    "Item",
    "ItemSource",
    "Lead",
    "Listing",
    "MatchingProcedure",
    "Merger",
    "Notice",
    "Office",
    "Opinion",
    "Party",
    "Pulse",
    "PulseTally",
    "Question",
    "Recognised",
    "Referral",
    "RegionalEntry",
    "RegionalVersion",
    "Reported",
    "ReturnedData",
    "ReviewBatch",
    "ReviewTurn",
    "Revision",
    "SavedSearch",
    "SecurityAssessment",
    "SecurityFinding",
    "Settlement",
    "SourceTask",
    "Synonym",
    "Tally",
    "TurnTally",
    "Use",
    "Word",
]
