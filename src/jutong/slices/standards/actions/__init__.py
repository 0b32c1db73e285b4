"""Writes of the standards library: the calendar, which policy holds where, specifications, peers' codes."""

from jutong.slices.standards.actions.editing import discard_profile, draft_profile, issue_profile
from jutong.slices.standards.actions.grades import discard_grades, draft_grades, import_grades, publish_grades
from jutong.slices.standards.actions.peers import import_peer_codes, keep_peer_codes, remove_peer
from jutong.slices.standards.actions.policies import Loaded, assign_profile, import_calendar, load_calendar
from jutong.slices.standards.actions.purposes import add_purpose, retire_purpose
from jutong.slices.standards.actions.specifications import (
    discard_specification,
    draft_specification,
    import_specification,
    publish_specification,
)

__all__ = [
    "Loaded",
    "add_purpose",
    "assign_profile",
    "discard_grades",
    "discard_profile",
    "discard_specification",
    "draft_grades",
    "draft_profile",
    "draft_specification",
    "import_calendar",
    "import_grades",
    "import_peer_codes",
    "import_specification",
    "issue_profile",
    "keep_peer_codes",
    "load_calendar",
    "publish_grades",
    "publish_specification",
    "remove_peer",
    "retire_purpose",
]
