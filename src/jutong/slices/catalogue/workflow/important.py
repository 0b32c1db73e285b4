"""The catalogue of important data: found by its grade, reported with its protection, confirmed, reviewed, taken off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Workflow
from jutong.slices.catalogue.workflow.entries import AUTHORITY, OFFICE

if TYPE_CHECKING:
    from jutong.slices.catalogue.models import ImportantData

IMPORTANT_STATES: Final = {
    "found": N_("待报送"),
    "reported": N_("待确认"),
    "sent_back": N_("退回补充"),
    "listed": N_("已列入目录"),
    "removed": N_("已移出"),
}


def may_know_important(actor: Actor, case: ImportantData) -> bool:
    """Tell who knows of important data: its department, the authority, auditors."""
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return True
    return bool(actor.serves & {case.provider_id, case.authority_id})


IMPORTANT: Final = Workflow["ImportantData"](
    "important_data",
    N_("重要数据"),
    case="catalogue.ImportantData",
    start="found",
    states=IMPORTANT_STATES,
    visible=may_know_important,
    moves=[
        # verb       from                             to           who          clocks  button
        ("find",     "-",                             "found",     SYSTEM_ONLY, "",     N_("识别重要数据")),
        ("report",   "found sent_back",               "reported",  OFFICE,      "",     N_("报送重要数据")),
        ("confirm",  "reported",                      "listed",    AUTHORITY,   "",     N_("确认列入")),
        ("send_back", "reported",                     "sent_back", AUTHORITY,   "",     N_("退回补充")),
        ("look_again", "listed",                      "=",         OFFICE,      "",     N_("登记措施复核")),
        ("remove",   "found reported sent_back listed", "removed", SYSTEM_ONLY, "",     N_("移出")),
    ],
)  # fmt: skip
