"""Telling people: who asked, who has to act, the authority."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel import inbox
from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import RuleBroken
from jutong.slices.correction.models import Concern
from jutong.slices.correction.workflow import WORKFLOWS


def kind_of(case: Concern) -> str:
    """Return the workflow of a case by name."""
    return next(name for name, flow in WORKFLOWS.items() if isinstance(case, flow.model))


def link_of(case: Concern) -> str:
    """Return the address of a case's page."""
    return f"/correction/{kind_of(case)}/{case.pk}/"


def tell_applicant(case: Concern, text: str, at: datetime) -> None:
    """Tell who asked: it stands in the case with its time, and goes to the inbox of a department."""
    case.told = [*case.told, {"at": at.isoformat(), "text": text}]
    if case.consumer_id:
        title = _("%(number)s：%(title)s") % {"number": case.number, "title": case.title}
        inbox.tell(department_id=case.consumer_id, title=title, text=text, link=link_of(case), at=at)


def tell_provider(case: Concern, title: str, at: datetime, text: str = "", role: Role | None = None) -> None:
    """Tell the department that has to act."""
    inbox.tell(department_id=case.provider_id, role=role, title=title, text=text, link=link_of(case), at=at)


def tell_authority(case: Concern, title: str, at: datetime, text: str = "") -> None:
    """Tell the competent authority."""
    inbox.tell(department_id=case.authority_id, title=title, text=text, link=link_of(case), at=at)


def note_urging(case: Concern, by: Actor, at: datetime, text: str) -> None:
    """Keep an urging with the case and deliver it to the department (neijiang-2020#19)."""
    case.urgings = [*case.urgings, {"at": at.isoformat(), "by": by.name, "text": text.strip()}]
    title = _("主管部门催办 %(number)s：%(title)s") % {"number": case.number, "title": case.title}
    tell_provider(case, title, at, text.strip())


def note_extension(case: Concern, by: Actor, at: datetime, *, days: int, reason: str) -> None:
    """Keep what extension the provider asks its principal for."""
    if not reason.strip():
        raise RuleBroken(_("请说明需要延期的原因。"), field="reason")
    case.extension_asked = {"days": days, "reason": reason.strip(), "by": by.name, "at": at.isoformat()}
    title = _("%(number)s 请示延期 %(days)d 个工作日") % {"number": case.number, "days": days}
    tell_provider(case, title, at, reason.strip(), Role.PRINCIPAL)
