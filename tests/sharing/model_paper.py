"""A model of sharing beside the product: what each deed must lead to, told from the regulation without the product's code.

Days off are those of the package `chinese_calendar`. A `Case` is a request as its parties see it, a `Held` the grant that
its decision opened; `settled` says where a request stands once every event has been delivered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import chinese_calendar

BEIJING = timedelta(hours=8)
ENDED = {"revoked", "expired", "terminated"}
CONSUMERS = {"hr.clerk", "hr.officer", "hr.head", "hr.deputy"}
PROVIDERS = {"civil.officer", "civil.clerk", "civil.head", "civil.deputy"}
CONSUMER_HEADS, PROVIDER_HEADS = {"hr.head", "hr.deputy"}, {"civil.head", "civil.deputy"}
AUTHORITY = {"authority.chief", "authority.reviewer"}

MOVES: dict[str, tuple[set[str], str, set[str]]] = {
    # verb: from, to, who (workflows.md W06, as it is since the decree)
    "change": ({"draft", "head_consented"}, "draft", CONSUMERS),
    "consent": ({"draft"}, "head_consented", CONSUMER_HEADS),
    "file": ({"head_consented"}, "received", CONSUMERS),
    "withdraw": (
        {"draft", "head_consented", "received", "supplement_requested", "extended"}, "withdrawn", CONSUMERS,
    ),
    "ask_supplement": ({"received", "extended"}, "supplement_requested", PROVIDERS),
    "supplement": ({"supplement_requested"}, "before", CONSUMERS),
    "ask_extension": ({"received"}, "same", PROVIDERS),
    "extend": ({"received"}, "extended", AUTHORITY),
    "decline": ({"received", "extended"}, "not_accepted", PROVIDER_HEADS),
    "prepare_agree": ({"received", "extended"}, "reply_prepared", PROVIDERS),
    "prepare_refuse": ({"received", "extended"}, "reply_prepared", PROVIDERS),
    "withhold_consent": ({"reply_prepared"}, "before", PROVIDER_HEADS),
    "agree": ({"reply_prepared"}, "agreed", PROVIDER_HEADS),
    "refuse": ({"reply_prepared"}, "refused", PROVIDER_HEADS),
}  # fmt: skip
EXTENDED = 4
"""Working days for which the authority extends a reply."""
GRANT_MOVES: dict[str, tuple[set[str], set[str]]] = {
    # verb: from, who (W25 and W06 from `granted` on)
    "amend": ({"granted"}, PROVIDER_HEADS),
    "suspend": ({"granted"}, PROVIDER_HEADS | AUTHORITY),
    "restore": ({"suspended"}, PROVIDER_HEADS | AUTHORITY),
    "revoke": ({"granted", "suspended"}, PROVIDER_HEADS | AUTHORITY),
    "finish": ({"granted", "suspended"}, CONSUMER_HEADS),
}


def beijing(at: datetime) -> date:
    """Return the Beijing day of a moment."""
    return (at + BEIJING).date()


def midnight_after(day: date) -> datetime:
    """Return the end of a Beijing day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1) - BEIJING


def counted(day: date, days: int) -> date:
    """Return the working day that lies `days` working days after a day, which is not counted."""
    while days:
        day += timedelta(days=1)
        days -= chinese_calendar.is_workday(day)
    return day


def between(first: date, last: date) -> int:
    """Return the working days after the first day up to the last; negative the other way round."""
    if last < first:
        return -between(last, first)
    return sum(chinese_calendar.is_workday(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))


@dataclass
class Held:
    """A grant: what the head agreed to and what it allows now. masked: item to masking."""

    id: int
    resource: str
    masked: dict[str, str]
    purposes: set[str]
    since: datetime
    until: datetime
    state: str = "granted"
    misuse: int = 0
    moves: int = 1
    refusals: int = 0
    changes: list[int] = field(default_factory=list)
    agreed: tuple[dict[str, str], set[str], datetime] = field(init=False)

    def __post_init__(self) -> None:
        self.agree()

    def agree(self) -> None:
        """Keep the present terms as the widest that were agreed to."""
        self.agreed = (dict(self.masked), set(self.purposes), self.until)

    def runs(self, at: datetime) -> bool:
        """Tell whether it is in its period and has not ended, be it suspended."""
        return self.state in {"granted", "suspended"} and self.since <= at < self.until

    def works(self, at: datetime) -> bool:
        """Tell whether data may flow under it."""
        return self.state == "granted" and self.since <= at < self.until


@dataclass
class Limit:
    """A limit in working days as one counts it on paper."""

    due: date
    left: int = 0
    waits: bool = False


@dataclass
class Case:
    """A request. moves: deeds of people that came off; refusals: those that did not."""

    id: int
    resource: str
    items: tuple[str, ...]
    until: date
    reply_days: int
    delivery_days: int
    state: str = "draft"
    before: str = ""
    told: bool = False
    papers_until: date = date.max
    asked_days: int = 0
    drafted: dict[str, str] = field(default_factory=dict)
    drafted_until: date = date.max
    held: Held | None = None
    reply: Limit | None = None
    delivery: Limit | None = None
    delivered: bool = False
    moves: int = 1
    refusals: int = 0

    def moved(self, verb: str, at: datetime) -> None:
        """Make a move of people on paper."""
        self.moves += 1
        target = MOVES[verb][1]
        today = beijing(at)
        if target == "same":
            return
        self.state, self.before = self.before if target == "before" else target, self.state
        if verb == "file":
            self.reply = Limit(counted(today, self.reply_days))
        if verb == "prepare_refuse":
            self.drafted = {}
        if self.reply and verb == "ask_supplement":
            self.reply.left, self.reply.waits, self.told = between(today, self.reply.due), True, True
        if self.reply and verb == "supplement":
            self.reply.due, self.reply.waits = counted(today, max(1, self.reply.left)), False
        if self.reply and verb == "extend":
            self.reply.due = counted(self.reply.due, EXTENDED)
        if verb == "agree":
            self.delivery = Limit(counted(today, self.delivery_days))

    def may(self, verb: str, at: datetime, until: date) -> bool:
        """Tell whether a move comes off for the right person, as far as the request alone decides it.

        until: the last day of use that is asked for or drafted with the move.
        """
        in_time = self.reply is not None and beijing(at) <= self.reply.due
        lets = {
            "change": at < midnight_after(until),
            "prepare_agree": at < midnight_after(until),
            "ask_supplement": not self.told,
            "ask_extension": in_time,
            "extend": bool(self.asked_days) and in_time,
            "agree": bool(self.drafted) and at < midnight_after(self.drafted_until),
            "refuse": not self.drafted,
        }
        return self.state in MOVES[verb][0] and lets.get(verb, True)

    def settle(self, at: datetime, *, mounted: bool) -> None:
        """Let everything that follows by itself have happened."""
        if self.held and self.held.state in {"granted", "suspended"} and at >= self.held.until:
            self.held.state = "expired"
        if self.state == "supplement_requested" and self.papers_until < beijing(at):
            self.state = "lapsed"
        if self.held is None:
            return
        if self.held.state == "granted":
            self.delivered |= mounted
            self.state = "granted" if self.delivered else "delivering"
        else:
            self.state = self.held.state


ANSWERED, OVER = {"reply": "stopped"}, {"reply": "stopped", "delivery": "stopped"}
CLOCKS: dict[str, dict[str, str]] = {
    # state of a request: what each of its clocks does then
    "draft": {},
    "head_consented": {},
    "received": {"reply": "running"},
    "extended": {"reply": "running"},
    "reply_prepared": {"reply": "running"},
    "supplement_requested": {"reply": "paused"},
    "not_accepted": ANSWERED,
    "refused": ANSWERED,
    "lapsed": ANSWERED,
    "agreed": {**ANSWERED, "delivery": "running"},
    "delivering": {**ANSWERED, "delivery": "running"},
    "granted": OVER,
    "revoked": OVER,
    "expired": OVER,
    "terminated": OVER,
}


def clocks_of(state: str, *, filed: bool, delivered: bool) -> dict[str, str]:
    """Return what the clocks of a request must do in a state; a suspension stops no limit that runs (national-2025#22)."""
    if state == "withdrawn":
        return {"reply": "stopped"} if filed else {}
    if state == "suspended":
        return {"reply": "stopped", "delivery": "stopped" if delivered else "running"}
    return CLOCKS[state]
