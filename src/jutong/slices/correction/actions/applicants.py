"""Citizens and organisations: identity checked through an adapter, kept sealed, shown unmasked only for a recorded reason."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from django.utils.translation import gettext as _

from jutong.kernel.actions import action
from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role, Who, system_actor
from jutong.kernel.errors import NotAllowed, NotThere, RuleBroken
from jutong.kernel.terms import N_
from jutong.slices.correction.models import Applicant, Concern, KnownIdentity, Look
from jutong.slices.correction.queries.sealing import code_digest, digest_of, new_code, opened, sealed
from jutong.slices.correction.rules.concerns import check_text
from jutong.slices.correction.rules.identity import check_identity, check_phone, masked_name, masked_number
from jutong.slices.correction.rules.raising import Asker
from jutong.slices.correction.rules.terms import Channel
from jutong.slices.correction.workflow import WORKFLOWS
from jutong.slices.correction.workflow.who import REVIEWERS, STAFF

MOST_ENTERED: Final = 1000
DESK: Final = Who("identity_desk", N_("窗口核验人员"), (*STAFF, *REVIEWERS))
SECURITY: Final = Who("security_admin", N_("安全管理员"), (Role.SECURITY_ADMIN,))


class IdentityRegister(Protocol):
    """Where identities are checked: a service of the State, or the local register."""

    name: str

    def check(self, kind: str, name: str, number: str) -> str:
        """Return how the register names the check, or nothing where name and number do not belong together."""
        ...


class LocalRegister:
    """Identities whose papers a service desk has seen; only keyed digests are kept."""

    name = "local"

    def check(self, kind: str, name: str, number: str) -> str:
        """Return the entry's number in the register."""
        found = KnownIdentity.objects.filter(digest=digest_of("identity", kind, name, number)).first()
        return str(found.pk) if found else ""


_LOCAL: Final = LocalRegister()
_register: Final[ContextVar[IdentityRegister]] = ContextVar("jutong_identity_register", default=_LOCAL)


@contextmanager
def identities_from(register: IdentityRegister) -> Iterator[None]:
    """Let another register vouch for identities: for an adapter to a service of the State."""
    token = _register.set(register)
    try:
        yield
    finally:
        _register.reset(token)


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody of the public says they are."""

    kind: str
    name: str
    number: str
    phone: str = ""


def at_the_window(address: str, trace: str) -> Actor:
    """Return the actor of somebody of the public: the platform's window, from an address."""
    return replace(system_actor("public"), address=address, trace=trace)


@action("correction.register_applicant", label=N_("公众申请人登记"), allow=SYSTEM_ONLY)
def register_applicant(*, by: Actor, at: datetime, person: Person) -> Applicant:
    """Register somebody whose identity the register vouches for, or find them again; only what is needed is kept.

    RuleBroken for what cannot be a name, number or telephone; NotAllowed where the register does not know them.
    """
    kind, name, number = check_identity(person.kind, person.name, person.number)
    phone = check_phone(person.phone)
    register = _register.get()
    reference = register.check(str(kind), name, number)
    if not reference:
        raise NotAllowed(
            _(
                "未能通过身份核验：姓名（名称）与证件号码不相符，或尚未核验。请核对后重试，或持有效证件到政务服务窗口核验。"
            )
        )
    found, _made = Applicant.objects.update_or_create(
        digest=digest_of("applicant", str(kind), number),
        defaults={
            "kind": str(kind),
            "name": sealed(name),
            "number": sealed(number),
            "phone": sealed(phone),
            "name_shown": masked_name(name),
            "number_shown": masked_number(number),
            "checked_by": register.name,
            "reference": reference[:64],
            "checked_at": at,
        },
    )
    return found


def public_asks(person: Person, *, by: Actor, at: datetime) -> tuple[Asker, str]:
    """Return somebody of the public as asker, their identity checked, and the code they will follow the case with."""
    applicant = register_applicant(by=by, at=at, person=person)
    code = new_code()
    asker = Asker(
        received_at=at,
        by_name="",
        applicant_id=applicant.pk,
        channel=Channel.OPEN,
        code_digest=code_digest(code),
    )
    return asker, code


def followed(number: str, code: str) -> Concern:
    """Return the case that a number and its code open. NotThere for either being wrong, with one sentence for both."""
    given = code_digest(code)
    for flow in WORKFLOWS.values():
        case: Concern | None = flow.model._default_manager.filter(number=number.strip().upper()).first()
        if case is not None and case.code_digest and hmac.compare_digest(case.code_digest, given):
            return case
    raise NotThere(_("编号或查询码不正确，请核对受理时告知的编号和查询码。"))


@action("correction.enter_identities", label=N_("登记已核验身份"), allow=DESK)
def enter_identities(*, by: Actor, at: datetime, people: Iterable[Person]) -> int:
    """Enter people whose papers were seen into the local register; returns how many are new. RuleBroken names the line."""
    rows = list(people)
    if not rows or len(rows) > MOST_ENTERED:
        raise RuleBroken(_("每次登记 1 至 %d 人，请检查内容。") % MOST_ENTERED, field="lines")
    if by.department_id is None:
        raise NotAllowed(_("您没有所属部门，不能登记身份。"))
    digests = []
    for line, person in enumerate(rows, 1):
        try:
            kind, name, number = check_identity(person.kind, person.name, person.number)
        except RuleBroken as refusal:
            sentence = _("第 %(line)d 行：%(why)s") % {"line": line, "why": refusal.sentence}
            raise RuleBroken(sentence.replace("%", "%%"), field="lines") from None
        digests.append(digest_of("identity", str(kind), name, number))
    before = KnownIdentity.objects.count()
    KnownIdentity.objects.bulk_create(
        [
            KnownIdentity(digest=digest, department_id=by.department_id, entered_by=by.name[:100], at=at)
            for digest in dict.fromkeys(digests)
        ],
        ignore_conflicts=True,
    )
    return KnownIdentity.objects.count() - before


@dataclass(frozen=True, slots=True)
class Revealed:
    """An applicant unmasked, for the one look that was asked for."""

    name: str
    number: str
    phone: str


def reveal_applicant(kind: str, case_id: int, *, by: Actor, at: datetime, reason: str) -> Revealed:
    """Show an applicant unmasked to the handlers of the case, for a reason that the audit keeps (R-SEC-025)."""
    return _reveal(kind=kind, case_id=case_id, by=by, at=at, reason=reason)


@action(
    "correction.reveal_applicant",
    label=N_("查看申请人完整信息"),
    allow=Who("handlers", N_("承办人员"), (*STAFF, *REVIEWERS)),
)
def _reveal(*, kind: str, case_id: int, by: Actor, at: datetime, reason: str) -> Revealed:
    """A handler looks at an applicant's identity."""
    flow = WORKFLOWS.get(kind)
    case = flow.model._default_manager.filter(pk=case_id).first() if flow else None
    if case is None or (flow and flow.visible and not flow.visible(by, case)):
        raise NotThere(_("没有找到该事项，或您无权知悉。"))
    handlers = {case.provider_id} if kind == "complaint" else {case.provider_id, case.authority_id}
    if not by.serves & handlers:
        raise NotAllowed(_("只有承办该事项的人员可以查看申请人信息。"))
    if case.applicant is None:
        raise NotThere(_("该事项由部门提出，没有公众申请人。"))
    who, words = case.applicant, check_text(reason, field="reason", what=_("查看理由"))
    Look.objects.create(
        applicant=who,
        case=f"{kind}:{case_id}",
        department_id=by.department_id,
        by_name=by.name[:100],
        reason=words,
        at=at,
    )
    return Revealed(opened(who.name), opened(who.number), opened(who.phone))


@action("correction.export_applicants", label=N_("导出申请人名单"), allow=SECURITY)
def export_applicants(*, by: Actor, at: datetime) -> list[tuple[str, str, str, str, datetime]]:
    """Return the list of applicants, masked; nobody but the security administrator exports it, and the audit says so."""
    rows = Applicant.objects.order_by("pk")
    return [(a.kind, a.name_shown, a.number_shown, a.checked_by, a.checked_at) for a in rows]
