"""Tables of organisations, people, accounts and business systems."""

from jutong.slices.parties.models.accounts import Account, ApiKey, IdentityLink, PasswordUsed, SignedAct
from jutong.slices.parties.models.people import Delegation, InternalRules, Person, PostHeld, SharingUnit, UnitRole
from jutong.slices.parties.models.places import Authority, Department, Region, SectorLine, SectorMember, SectorNote
from jutong.slices.parties.models.systems import BusinessSystem

__all__ = [
    "Account",
    "ApiKey",
    "Authority",
    "BusinessSystem",
    "Delegation",
    "Department",
    "IdentityLink",
    "InternalRules",
    "PasswordUsed",
    "Person",
    "PostHeld",
    "Region",
    "SectorLine",
    "SectorMember",
    "SectorNote",
    "SharingUnit",
    "SignedAct",
    "UnitRole",
]
