"""Tables of organisations, people, accounts, business systems and the register of their access."""

from jutong.slices.parties.models.access import (
    DedicatedNetwork,
    DirectExchange,
    LegacyExchange,
    Participation,
    SecurityIncident,
    Step,
    SupportRequest,
    Training,
)
from jutong.slices.parties.models.accounts import Account, ApiKey, IdentityLink, PasswordUsed, SignedAct
from jutong.slices.parties.models.people import Delegation, InternalRules, Person, PostHeld, SharingUnit, UnitRole
from jutong.slices.parties.models.places import Authority, Department, Region, SectorLine, SectorMember, SectorNote
from jutong.slices.parties.models.reminders import Reminder, ReminderHook, ReminderSetting
from jutong.slices.parties.models.systems import BusinessSystem

__all__ = [
    "Account",
    "ApiKey",
    "Authority",
    "BusinessSystem",
    "DedicatedNetwork",
    "Delegation",
    "Department",
    "DirectExchange",
    "IdentityLink",
    "InternalRules",
    "LegacyExchange",
    "Participation",
    "PasswordUsed",
    "Person",
    "PostHeld",
    "Region",
    "Reminder",
    "ReminderHook",
    "ReminderSetting",
    "SectorLine",
    "SectorMember",
    "SectorNote",
    "SecurityIncident",
    "SharingUnit",
    "SignedAct",
    "Step",
    "SupportRequest",
    "Training",
    "UnitRole",
]
