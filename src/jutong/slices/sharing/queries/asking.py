"""What a consumer needs to know before asking, and what a request still lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from jutong.kernel import jurisdiction
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import RuleBroken
from jutong.kernel.panels import Said
from jutong.kernel.terms import N_, ShareType
from jutong.slices.agreements.queries import Frame, frames_for
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.grants import queries as grants
from jutong.slices.sharing.models import SharingRequest, StandingConsent
from jutong.slices.sharing.queries.requests import OVER
from jutong.slices.sharing.rules import Asked
from jutong.slices.sharing.rules import requests as rules
from jutong.slices.sharing.workflow import SHARING_REQUEST, STAFF
from jutong.slices.standards import queries as standards

CHECKED: Final = (
    ("items", N_("信息项")),
    ("modes", N_("共享方式")),
    ("purposes", N_("使用用途")),
    ("duty", N_("所履行的职责")),
    ("use_basis", N_("使用依据")),
    ("use_scene", N_("使用场景")),
    ("use_scope", N_("使用范围")),
    ("use_until", N_("使用时限")),
    ("personal_basis", N_("处理个人信息的合法性基础")),
    ("declared", N_("真实、合法、必要的承诺")),
)
"""What a request consists of (national-2025#20), in the order of the form."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A published entry as a department asks for it. reply_limit: the provider's limit in words with its source.

    standing: the provider's head consents to every request, so the answer comes at once. held: a working grant.
    direct: the profile lets the department obtain the data without a request. forbids_commerce: the source of the ban.
    frames: lines of agreements in force that it can be asked for under.
    """

    entry: catalogue.PublishedEntry
    reply_limit: str
    standing: bool
    held: grants.GrantRow | None
    direct: bool = False
    forbids_commerce: str = ""
    frames: tuple[Frame, ...] = ()


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a request: its name and label, and what is still wrong with it."""

    name: str
    label: str
    remark: str


def asking(entry_id: int, actor: Actor, at: datetime) -> Asking:
    """Return what may be asked of an entry. WrongState when it is not in force or withheld; RuleBroken for one's own."""
    entry = catalogue.require_published(entry_id)
    rules.check_askable(entry.share_type)
    if entry.provider_id == actor.department_id:
        raise RuleBroken(N_("这是本部门自己的资源，无需申请。"), field="resource_id")
    policy = jurisdiction.policy_for(entry.region, beijing_day(at))
    return Asking(
        entry=entry,
        reply_limit=_reply_limit(entry, at),
        standing=_consented(entry),
        held=grants.between(actor.department_id or 0, entry_id),
        direct=entry.share_type == ShareType.UNCONDITIONAL and policy.text("unconditional_access") == "direct",
        forbids_commerce=str(demanded(entry.region, at)["commercial"]),
        frames=tuple(frames_for(entry_id, actor.department_id or 0, at=at)),
    )


@dataclass(frozen=True, slots=True)
class EntryPanel:
    """What an entry's page says of sharing. why: a sentence where the actor's department cannot or need not ask.

    open_request: the department's own request under way (0: none).
    """

    entry_id: int
    reply_limit: str
    standing: bool
    held: grants.GrantRow | None
    open_request: int
    open_state: str
    may_ask: bool
    why: str


def entry_panel(actor: Actor, at: datetime, *, entry: catalogue.EntryDetail) -> Said | None:
    """Return what the entry's page offers: asking, the grant held, the request under way; None for one not in force."""
    offer = entry.in_force
    if offer is None or offer.provider_id in actor.serves:
        return None
    withheld = offer.share_type == ShareType.WITHHELD
    asks = any(post.role in STAFF and post.department_id == actor.department_id for post in actor.posts)
    mine = SharingRequest.objects.filter(resource_id=offer.id, consumer_id__in=actor.serves).exclude(state__in=OVER)
    request, state = mine.order_by("-id").values_list("pk", "state").first() or (0, "")
    card = EntryPanel(
        entry_id=offer.id,
        reply_limit=_reply_limit(offer, at),
        standing=_consented(offer),
        held=grants.granted_to(actor.department_id or 0, offer.id),
        open_request=request,
        open_state=SHARING_REQUEST.state_label(state),
        may_ask=asks and not withheld,
        why=N_("该资源不予共享；对共享属性有争议的，按争议程序提出。") if withheld else "",
    )
    return Said(card)


def _consented(entry: catalogue.PublishedEntry) -> bool:
    """Tell whether the provider's head consented once to all requests; only for what is shared unconditionally."""
    given = StandingConsent.objects.filter(resource_id=entry.id, ended_at=None)
    return entry.share_type == ShareType.UNCONDITIONAL and given.exists()


def _reply_limit(entry: catalogue.PublishedEntry, at: datetime) -> str:
    parameter = "unconditional_reply_days" if entry.share_type == ShareType.UNCONDITIONAL else "request_reply_days"
    return jurisdiction.policy_for(entry.region, beijing_day(at)).explain(parameter)


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier request of the department, whose words can be used again: duty, basis, scene, scope, purposes."""

    id: int
    title: str
    duty: str
    words: dict[str, Any]


REUSED: Final = ("duty", "use_basis", "use_scene", "use_scope", "purposes", "personal_basis")


def earlier(actor: Actor) -> list[Earlier]:
    """Return the newest requests of the actor's department with different words (at most 10), to begin another from."""
    rows = SharingRequest.objects.filter(consumer_id=actor.department_id or 0).order_by("-id")[:60]
    found: dict[tuple[str, str, str], Earlier] = {}
    for row in rows:
        words = {name: getattr(row, name) for name in REUSED}
        found.setdefault((row.duty, row.use_basis, row.use_scene), Earlier(row.pk, row.resource_title, row.duty, words))
    return list(found.values())[:10]


def demanded(region: str, at: datetime) -> dict[str, Any]:
    """Return what the provider's profile asks of a request made now, as `rules.check_asked` takes it."""
    policy = jurisdiction.policy_for(region, beijing_day(at))
    forbidden = policy.text("commercial_use_by_consumer") in {"forbidden", "own_duties_only"}
    return {
        "elements": policy.list("request_elements"),
        "commercial": policy.explain("commercial_use_by_consumer") if forbidden else "",
        "purposes": standards.offered_purposes(),
    }


def lacking(asked: Asked, entry: catalogue.PublishedEntry, actor: Actor, at: datetime) -> list[Element]:
    """Return every element of a request with what is wrong with it; an empty remark: in order."""
    remarks: dict[str, str] = {}
    try:
        rules.check_asked(
            asked,
            items={item.name: item.share_type for item in entry.items},
            modes=entry.modes,
            personal=entry.personal,
            today=beijing_day(at),
            own=entry.provider_id == actor.department_id,
            **demanded(entry.region, at),
        )
    except RuleBroken as refusal:
        remarks = refusal.remarks
    wanted: Sequence[tuple[str, str]] = [
        (name, label) for name, label in CHECKED if entry.personal or name != "personal_basis"
    ]
    return [Element(name, label, remarks.get(name, "")) for name, label in wanted]


@dataclass(frozen=True, slots=True)
class Consentable:
    """An unconditional resource of one's own that has no standing consent yet."""

    id: int
    code: str
    title: str


def without_standing_consent(actor: Actor) -> list[Consentable]:
    """Return the published unconditional entries of the actor's departments without a standing consent (at most 1,000)."""
    found: list[Consentable] = []
    for number in range(1, 6):
        rows, meta = catalogue.entries_of(actor, state="published", number=number, size=200)
        found += [Consentable(e.id, e.code, e.title) for e in rows if e.share_type == ShareType.UNCONDITIONAL]
        if number >= meta.pages:
            break
    given = StandingConsent.objects.filter(resource_id__in=[e.id for e in found], ended_at=None)
    consented = set(given.values_list("resource_id", flat=True))
    return [entry for entry in found if entry.id not in consented]
