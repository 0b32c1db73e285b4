"""The workflows of the catalogue: W01 and W02 (entries), W03 (referrals), W04 (demands), W05 (duty lists), W28 (sources), censuses."""

from jutong.slices.catalogue.workflow.assessments import ASSESSMENT, ASSESSMENT_STATES
from jutong.slices.catalogue.workflow.census import (
    CENSUS,
    CENSUS_GAP,
    DECLARATION,
    DECLARATION_STATES,
    GAP_STATES,
    holds_censuses,
)
from jutong.slices.catalogue.workflow.demands import DEMAND, DEMAND_STATES, lists_demands, matches_demands
from jutong.slices.catalogue.workflow.duties import DUTY_LIST, DUTY_STATES, lists_duties
from jutong.slices.catalogue.workflow.entries import (
    ASSESSORS,
    AUTHORITY,
    CATALOG_UPDATE,
    ENTRY,
    LEADER,
    LEGAL_ACTS,
    OFFICE,
    PROVIDER,
    STATES,
    UPDATE_STATES,
    determined,
    may_know,
    may_know_update,
    reports_itself,
    reviewed_in_time,
    submission_counts,
)
from jutong.slices.catalogue.workflow.faults import FAULT, FAULT_STATES
from jutong.slices.catalogue.workflow.important import IMPORTANT, IMPORTANT_STATES
from jutong.slices.catalogue.workflow.referrals import REFERRAL, REFERRAL_STATES
from jutong.slices.catalogue.workflow.security import SECURITY_ASSESSMENT, SECURITY_STATES, UNIT, assesses_sharing
from jutong.slices.catalogue.workflow.sources import (
    DESIGNATION,
    DESIGNATION_STATES,
    SOURCE_TASK,
    TASK_STATES,
    has_one_source,
)

__all__ = [
    "ASSESSMENT",
    "ASSESSMENT_STATES",
    "ASSESSORS",
    "AUTHORITY",
    "CATALOG_UPDATE",
    "CENSUS",
    "CENSUS_GAP",
    "DECLARATION",
    "DECLARATION_STATES",
    "DEMAND",
    "DEMAND_STATES",
    "DESIGNATION",
    "DESIGNATION_STATES",
    "DUTY_LIST",
    "DUTY_STATES",
    "ENTRY",
    "FAULT",
    "FAULT_STATES",
    "GAP_STATES",
    "IMPORTANT",
    "IMPORTANT_STATES",
    "LEADER",
    "LEGAL_ACTS",
    "OFFICE",
    "PROVIDER",
    "REFERRAL",
    "REFERRAL_STATES",
    "SECURITY_ASSESSMENT",
    "SECURITY_STATES",
    "SOURCE_TASK",
    "STATES",
    "TASK_STATES",
    "UNIT",
    "UPDATE_STATES",
    "assesses_sharing",
    "determined",
    "has_one_source",
    "holds_censuses",
    "lists_demands",
    "lists_duties",
    "matches_demands",
    "may_know",
    "may_know_update",
    "reports_itself",
    "reviewed_in_time",
    "submission_counts",
]
