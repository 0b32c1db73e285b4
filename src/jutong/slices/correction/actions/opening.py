"""W12: somebody doubts the open catalogue, the provider answers, the authority changes it (neijiang-2020#31)."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed, RuleBroken
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.correction.actions import telling
from jutong.slices.correction.actions.raising import columns_of, data_columns
from jutong.slices.correction.models import OpenCorrection, OpenField
from jutong.slices.correction.rules import concerns as rules
from jutong.slices.correction.rules.raising import Asker
from jutong.slices.correction.workflow import OPEN_CORRECTION

LIMIT = "open_correction_days"
LONGER = "open_correction_extension_days"


def _tell(case: OpenCorrection, *, by: Actor, at: datetime) -> None:
    """Let the provider know."""
    title = _("收到开放目录更正申请 %(number)s：%(title)s") % {"number": case.number, "title": case.title}
    telling.tell_provider(case, title, at, case.text)


@OPEN_CORRECTION.opens("apply", then=_tell)
def apply_for_correction(
    *, by: Actor, at: datetime, asker: Asker, resource_id: int, field: str, text: str, proposed: str = ""
) -> OpenCorrection:
    """Apply for the correction of a field of the open catalogue (R-COR-009).

    NotThere for an entry that is not in it; NotAllowed where the profile has no such procedure; RuleBroken for a field
    that the open catalogue does not show or a reason that is not given.
    """
    shown = catalogue.require_opened(resource_id)
    offer = catalogue.require_published(shown.id)
    if jurisdiction.policy_for(offer.region, beijing_day(at)).days(LIMIT) is None:
        raise NotAllowed(_("现行规则没有规定开放目录更正申请；认为合法权益受到侵害的，可以向有关部门投诉举报。"))
    if len(proposed.strip()) > rules.LONGEST_TEXT:
        raise RuleBroken(_("“建议改为”不得超过 2000 个字，请精简。"), field="proposed")
    return OpenCorrection(
        **columns_of("open_correction", asker, text=text, at=at),
        **data_columns(offer),
        field=str(rules.check_field(field)),
        proposed=proposed.strip(),
    )


@OPEN_CORRECTION.action("ask_extension")
def ask_longer_answer(case: OpenCorrection, *, by: Actor, at: datetime, days: int, reason: str) -> None:
    """Ask the department's principal for more time to answer (neijiang-2020#31)."""
    _check_extension(case, days)
    telling.note_extension(case, by, at, days=days, reason=reason)


@OPEN_CORRECTION.action("extend")
def extend_answer(case: OpenCorrection, *, by: Actor, at: datetime, days: int) -> None:
    """The provider's principal consents to more time, at most 10 working days in total; the applicant is told."""
    _check_extension(case, days)
    case.extended_days += days
    telling.tell_applicant(case, _("经提供部门主要负责人同意，答复期限延长 %d 个工作日。") % days, at)


def _check_extension(case: OpenCorrection, days: int) -> None:
    pending = case.policy.days(LIMIT) is not None
    rules.check_extension(case.policy.days(LONGER), days, case.extended_days, pending=pending)


@OPEN_CORRECTION.action("agree")
def agree_to_correction(case: OpenCorrection, *, by: Actor, at: datetime, value: str) -> None:
    """The provider agrees and says what the field should read; the authority is asked to change it (R-COR-011)."""
    value = value.strip()
    if not value or len(value) > rules.LONGEST_TEXT:
        raise RuleBroken(_("请填写更正后的内容（不超过 2000 个字）。"), field="value")
    case.agreed, case.result = value, "agreed"
    telling.tell_applicant(case, _("提供部门同意更正，已提请主管部门变更开放目录。"), at)


@OPEN_CORRECTION.action("refuse")
def refuse_correction(case: OpenCorrection, *, by: Actor, at: datetime, reason: str, basis: str) -> None:
    """The provider refuses with reason and basis, or the clock runs on (R-COR-012)."""
    case.reason = rules.check_text(reason, field="reason", what=_("不同意更正的理由"))
    case.basis = rules.check_text(basis, field="basis", what=_("不同意更正的依据"))
    case.result, case.ended_at = "refused", at
    words = {"reason": case.reason, "basis": case.basis}
    telling.tell_applicant(case, _("提供部门不同意更正。理由：%(reason)s；依据：%(basis)s") % words, at)


@OPEN_CORRECTION.action("request_change")
def request_change(case: OpenCorrection, *, by: Actor, at: datetime) -> None:
    """The change is queued with the authority; the provider cannot change the open catalogue itself (R-COR-011)."""
    title = _("提请变更开放目录 %(number)s：%(title)s") % {"number": case.number, "title": case.title}
    telling.tell_authority(case, title, at, case.agreed)


@OPEN_CORRECTION.action("change")
def change_open_catalogue(case: OpenCorrection, *, by: Actor, at: datetime) -> None:
    """The authority changes the open catalogue, which shows the new value from now on; the applicant is told."""
    OpenField.objects.update_or_create(
        entry_id=case.resource_id or 0,
        field=case.field,
        defaults={"value": case.agreed, "case": f"open_correction:{case.pk}", "changed_at": at},
    )
    case.ended_at = at
    telling.tell_applicant(case, _("主管部门已变更开放目录：%s") % case.agreed, at)


@OPEN_CORRECTION.action("urge")
def urge_answer(case: OpenCorrection, *, by: Actor, at: datetime, text: str = "") -> None:
    """The authority urges the provider; the urging stays with the case."""
    telling.note_urging(case, by, at, text or _("请在期限内答复更正申请。"))
