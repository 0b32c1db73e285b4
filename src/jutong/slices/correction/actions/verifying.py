"""W10: a consumer reports, the provider verifies, corrects and feeds back (national-2025#26)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.actors import Actor, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import WrongState
from jutong.kernel.policy import Policy
from jutong.kernel.workdays import add_workdays
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.correction.actions import correcting, marks, telling
from jutong.slices.correction.actions.numbering import next_number
from jutong.slices.correction.actions.raising import columns_of, data_columns
from jutong.slices.correction.models import Verification
from jutong.slices.correction.rules import concerns as rules
from jutong.slices.correction.rules.raising import Asker, check_may_verify
from jutong.slices.correction.rules.terms import MarkKind
from jutong.slices.correction.workflow import VERIFICATION
from jutong.slices.correction.workflow.verification import LONGER
from jutong.slices.parties import queries as parties

PLATFORM = system_actor("correction")
LIMIT = "verification_handle_days"
FEEDBACK_LIMIT = "verification_feedback_days"


def _route(case: Verification, *, by: Actor, at: datetime) -> None:
    """Send the case to the resource's provider in the same step, without a hand in between (R-COR-001)."""
    _begin(case, by=PLATFORM, at=at)


@VERIFICATION.opens("report", then=_route)
def report(
    *,
    by: Actor,
    at: datetime,
    asker: Asker,
    resource_id: int,
    kind: str,
    text: str,
    items: Sequence[str] = (),
    record: str = "",
    found_on: date | None = None,
) -> Verification:
    """Ask the provider to verify data that is doubtful or evidently wrong; the data is marked at once.

    kind: doubt or error. record: value of the key item, empty for the whole resource. found_on: the Beijing day on which it
    was found, asked for where the feedback has a limit; later ones are accepted and marked late. Feeding back and filing
    are the consumer's duties and follow its own region's rules, the answer the provider's (R-CAS-013). NotAllowed for who
    may not ask under the profile, naming where to go; RuleBroken for what is missing.
    """
    offer = catalogue.require_published(resource_id)
    policy = jurisdiction.policy_for(offer.region, beijing_day(at))
    _check_may_ask(asker, offer, policy)
    duties = _duties(asker, at)
    limit = duties.days(FEEDBACK_LIMIT) if duties else None
    wished = duties.target(FEEDBACK_LIMIT) if duties and limit is None else None
    found = rules.check_found(found_on, beijing_day(at), needed=limit is not None)
    return Verification(
        **columns_of("verification", asker, text=text, at=at),
        **data_columns(offer, items=items, record=record),
        kind=str(rules.check_doubt(kind)),
        found_on=found,
        late=_late(found, limit, asker.received_at),
        beyond_target=_late(found, wished, asker.received_at),
        filing=next_number("filing", at) if duties and duties.flag("verification_filing") else "",
    )


def _duties(asker: Asker, at: datetime) -> Policy | None:
    """Return the rules of the department that feeds back: its own region's; None for somebody of the public."""
    if asker.consumer_id is None:
        return None
    return jurisdiction.policy_for(parties.department(asker.consumer_id).region, beijing_day(at))


def _check_may_ask(asker: Asker, offer: catalogue.PublishedEntry, policy: Policy) -> None:
    channel = parties.correction_channel(offer.provider_id)
    check_may_verify(
        asker,
        policy.list("verification_applicants"),
        channel_open=channel.open_to_public,
        channel=channel.text,
        provider=offer.provider_name,
        complaints="complaint" in policy.list("complaint_handling"),
    )


def _late(found: date | None, limit: int | None, received: datetime) -> bool:
    if found is None or limit is None:
        return False
    return beijing_day(received) > add_workdays(found, limit, jurisdiction.calendar()).day


@VERIFICATION.action("begin")
def _begin(case: Verification, *, by: Actor, at: datetime) -> None:
    """The provider has it: its clock runs from the receipt, the data carries the mark."""
    marks.follow(case, at=at, shows=MarkKind.VERIFICATION)
    telling.tell_provider(
        case, _("收到校核申请 %(number)s：%(title)s") % {"number": case.number, "title": case.title}, at, case.text
    )
    if case.filing:
        title = _("校核反馈 %(number)s 报备，备案号 %(filing)s") % {"number": case.number, "filing": case.filing}
        telling.tell_authority(case, title, at, case.text)


@VERIFICATION.action("ask_extension")
def ask_longer_verification(case: Verification, *, by: Actor, at: datetime, days: int, reason: str) -> None:
    """Ask the department's principal for more time, where a text gives any (neijiang-2020#19)."""
    _check_extension(case, days)
    telling.note_extension(case, by, at, days=days, reason=reason)


@VERIFICATION.action("extend")
def extend_verification(case: Verification, *, by: Actor, at: datetime, days: int) -> None:
    """The provider's principal consents to more time; who asked is told (neijiang-2020#19).

    WrongState where no text gives an extension, as for departments since 2025-08-01, and after the limit.
    """
    _check_extension(case, days)
    case.extended_days += days
    telling.tell_applicant(case, _("经提供部门主要负责人同意，校核期限延长 %d 个工作日。") % days, at)


def _check_extension(case: Verification, days: int) -> None:
    longest = case.policy.days(LONGER, kind=case.side)
    pending = case.policy.days(LIMIT, kind=case.side) is not None
    rules.check_extension(longest, days, case.extended_days, pending=pending)


@VERIFICATION.action("confirm")
def confirm_error(case: Verification, *, by: Actor, at: datetime, reason: str) -> None:
    """The provider confirms the error and tells who asked; the correction is still due (national-2025#26)."""
    case.reason = rules.check_text(reason, field="reason", what=_("核实情况"))
    case.result, case.fed_back_at = "confirmed", at
    telling.tell_applicant(case, _("经核实确认数据有误：%s 更正完成后另行告知。") % case.reason, at)


@VERIFICATION.action("find_unfounded")
def find_unfounded(case: Verification, *, by: Actor, at: datetime, reason: str) -> None:
    """The provider finds no error, with the reason."""
    case.reason = rules.check_text(reason, field="reason", what=_("核实情况"))
    case.result = "unfounded"


@VERIFICATION.action("correct")
def correct_verified(
    case: Verification, *, by: Actor, at: datetime, rows: Sequence[rules.Corrected], note: str
) -> None:
    """Store the corrected version: which values are now what (R-COR-021); it can be put right until the case is closed."""
    correcting.store(case, "verification", by, at, rows=rows, note=note)


@VERIFICATION.action("close")
def close_verification(case: Verification, *, by: Actor, at: datetime, text: str = "") -> None:
    """Feed the result back and close; after an error every department that obtained the data is told (R-COR-004).

    WrongState for a confirmed error without its corrected version (R-COR-021). The mark leaves the data with it.
    """
    if case.result == "confirmed":
        if not correcting.publish(case, "verification", by, at):
            raise WrongState(_("确认有误的，须先登记更正内容，再反馈办结；期限包括核实、更正和反馈。"))
        words = _("数据已更正，已通知所有获取过该数据的部门。")
    else:
        words = _("经核实，数据无误：%s") % case.reason
    case.fed_back_at = case.ended_at = at
    telling.tell_applicant(case, f"{words}{text.strip()}", at)
    marks.follow(case, at=at, shows=None)


@VERIFICATION.action("urge")
def urge_verification(case: Verification, *, by: Actor, at: datetime, text: str = "") -> None:
    """The authority urges the provider; the urging stays with the case (R-COR-008)."""
    telling.note_urging(case, by, at, text or _("请在期限内完成校核。"))
