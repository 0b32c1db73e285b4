"""W10, W11, W12 and W29 as tables: three procedures with three receivers and clocks of their own, and complaints."""

from typing import Any

from jutong.kernel.workflow import Workflow
from jutong.slices.correction.workflow.complaints import COMPLAINT
from jutong.slices.correction.workflow.objections import OBJECTION
from jutong.slices.correction.workflow.opening import OPEN_CORRECTION
from jutong.slices.correction.workflow.verification import VERIFICATION

WORKFLOWS: dict[str, Workflow[Any]] = {
    flow.name: flow for flow in (VERIFICATION, OBJECTION, OPEN_CORRECTION, COMPLAINT)
}
"""All four by name, in the order of the pages."""

__all__ = ["COMPLAINT", "OBJECTION", "OPEN_CORRECTION", "VERIFICATION", "WORKFLOWS"]
