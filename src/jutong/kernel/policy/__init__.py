"""Policy profiles: what each jurisdiction's text lays down, and what is effective beside the decree."""

from __future__ import annotations

from jutong.kernel.policy.case import Policy
from jutong.kernel.policy.deriving import derive
from jutong.kernel.policy.parameters import Parameter, ProfileInvalid, parameters
from jutong.kernel.policy.precedence import CEILING_FROM, Effective, effective, effective_all
from jutong.kernel.policy.profiles import DEFAULT, SHIPPED, Cell, Profile, load
from jutong.kernel.policy.targets import check_targets, open_ended, points, target_in_words
from jutong.kernel.policy.wording import Row, article, table, with_doubt

__all__ = [
    "CEILING_FROM",
    "DEFAULT",
    "SHIPPED",
    "Cell",
    "Effective",
    "Parameter",
    "Policy",
    "Profile",
    "ProfileInvalid",
    "Row",
    "article",
    "check_targets",
    "derive",
    "effective",
    "effective_all",
    "load",
    "open_ended",
    "parameters",
    "points",
    "table",
    "target_in_words",
    "with_doubt",
]
