"""The workflow engine: declared tables of moves, the only writer of `state`."""

from jutong.kernel.models import Case
from jutong.kernel.workflow.engine import Workflow, workflows
from jutong.kernel.workflow.many import Refusals
from jutong.kernel.workflow.moved import Moved, each, joined
from jutong.kernel.workflow.opening import open_many
from jutong.kernel.workflow.table import Button, ClockRule, Move

__all__ = [
    "Button",
    "Case",
    "ClockRule",
    "Move",
    "Moved",
    "Refusals",
    "Workflow",
    "each",
    "joined",
    "open_many",
    "workflows",
]
