"""What slices put on workbenches, and the condition of the cases that wait for an actor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Q
from django.urls import NoReverseMatch, reverse

from jutong.kernel.actors import Actor
from jutong.kernel.models import ClockState
from jutong.kernel.queries import ClockRow
from jutong.kernel.workflow import Workflow, workflows
from jutong.kernel.workflow.table import NOWHERE, PREVIOUS, STAY

MOST: Final = 100
"""Cases on one page of a list; how many there are is counted beside it."""
FAR: Final = 10_000
"""Order of cases without a limit: after all that have one."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a head decides from the telephone: moves to agree by, moves to give back by, and the gist of a case.

    agree: verbs of consent. says: those of them that need a sentence, by the name of the argument that takes it. reads:
    those that take something over from the case as it was read (the digest of the text, the days asked for): the
    argument and the function of the case that gives it. back: verb by the name of the argument that takes the remark.
    opens: verbs that need more than a sentence, and are made on the case's own page. gist: (label, value) pairs in the
    order they are read. like: a key that says which cases may be decided together. fits: whether a verb is what this
    case asks of this actor.
    """

    agree: tuple[str, ...]
    gist: Callable[[Any], tuple[tuple[str, str], ...]]
    back: Mapping[str, str] = field(default_factory=dict)
    says: Mapping[str, str] = field(default_factory=dict)
    reads: Mapping[str, tuple[str, Callable[[Any], Any]]] = field(default_factory=dict)
    opens: tuple[str, ...] = ()
    like: Callable[[Any], str] = field(default=lambda case: str(case.pk))
    fits: Callable[[Actor, Any, str], bool] = field(default=lambda _actor, _case, _verb: True)

    @property
    def silent(self) -> frozenset[str]:
        """The verbs that need nothing beside the click, and may be made on several cases at a time."""
        return frozenset(self.agree) - self.says.keys() - self.reads.keys()

    def read(self, verb: str, case: Any) -> str:
        """Return what a verb takes over from the case, as text; empty where it takes nothing."""
        return str(self.reads[verb][1](case)) if verb in self.reads else ""


@dataclass(frozen=True, slots=True, eq=False)
class Chore:
    """What a slice puts on workbenches: cases of a workflow from which somebody ought to make one of `verbs`.

    page: url name that takes the case's id. title: what the case is about. who: the other side. related: foreign keys
    that title and who read. only: narrows the cases, by verb. overseer: attribute naming the authority's department,
    whose people see what is overdue. together: verbs without words, which may be done to several cases at a time.
    number: what a reminder calls the case outside the platform, where it must hold no words of its own.
    """

    workflow: str
    verbs: tuple[str, ...]
    page: str
    title: Callable[[Any], str]
    who: Callable[[Any], str] = field(default=lambda _case: "")
    related: tuple[str, ...] = ()
    only: dict[str, Q] = field(default_factory=dict)
    overseer: str = ""
    together: tuple[str, ...] = ()
    number: Callable[[Any], str] = field(default=lambda case: str(getattr(case, "number", "") or case.pk))
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of a workbench. verbs: labels of what can be done now; clock: the most urgent running limit."""

    workflow: str
    kind: str
    id: int
    title: str
    who: str
    state: str
    state_label: str
    verbs: tuple[str, ...]
    url: str
    clock: ClockRow | None

    @property
    def left(self) -> int:
        """Working days left, for sorting; far away without a limit."""
        return self.clock.left if self.clock else FAR

    @property
    def targeted(self) -> bool:
        """Whether only an internal target runs, which is never overdue (R-OVR-039)."""
        return self.clock is not None and self.clock.target


_CHORES: Final[dict[str, Chore]] = {}


def register(chore: Chore) -> None:
    """Offer the cases of a workflow to workbenches and calendars (in the slice's AppConfig.ready)."""
    _CHORES[chore.workflow] = chore


def moves() -> list[str]:
    """Return the names of the events that tell of a move of a registered kind."""
    return [
        f"{name}.{state}"
        for name, chore in _CHORES.items()
        for state in sorted(
            {
                state
                for move in workflow_of(chore).moves
                for state in (*move.sources, move.target)
                if state not in {NOWHERE, STAY, PREVIOUS}
            }
        )
    ]


def chores() -> dict[str, Chore]:
    """Return what is registered, by workflow."""
    return dict(_CHORES)


def workflow_of(chore: Chore) -> Workflow[Any]:
    """Return the workflow whose cases are the chore."""
    return workflows()[chore.workflow]


def cases_of(chore: Chore, ids: Iterable[int]) -> dict[int, Any]:
    """Return cases by id, each with the rows that its title and its other side are read from."""
    related = chore.related or [None]  # told nothing, Django would fetch every row that a case points to
    found: dict[int, Any] = workflow_of(chore).model._default_manager.select_related(*related).in_bulk(list(ids))
    return found


def wanted(chore: Chore, actor: Actor, verbs: Iterable[str] = ()) -> Q:
    """Return the condition of the cases from which the actor ought to make one of these moves, by default any of the chore's."""
    workflow = workflow_of(chore)
    found = Q(pk__in=[])
    for verb in verbs or chore.verbs:
        found |= workflow.waiting_for(actor, verb) & chore.only.get(verb, Q())
    return found


def address(chore: Chore, case_id: int) -> str:
    """Return the page of a case; empty where it has none."""
    try:
        return reverse(chore.page, args=[case_id])
    except NoReverseMatch:
        return ""


def most_urgent(rows: Iterable[ClockRow]) -> ClockRow | None:
    """Return the clock with the fewest working days left, among those that have not stopped."""
    return min((row for row in rows if row.state != ClockState.STOPPED), key=lambda row: row.left, default=None)
