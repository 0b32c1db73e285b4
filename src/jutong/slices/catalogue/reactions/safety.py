"""What the catalogue does about grades and assessments: important data follow their entries, what is over lapses, people are told."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel import inbox, jobs, outbox
from jutong.kernel.actors import Role
from jutong.slices.catalogue.actions import follow_level, lapse_assessments, remind_of_protection
from jutong.slices.catalogue.models import ImportantData


@outbox.on("catalog_entry.published", "catalog_entry.withdrawn")
def to_important_data(event: outbox.Event, at: datetime) -> None:
    """What is now in force and graded important or core goes into the catalogue of important data, else out of it."""
    follow_level(int(event.payload["id"]), at=at)


@outbox.on("important_data.reported", "important_data.sent_back", "important_data.listed")
def tell_of_important(event: outbox.Event, at: datetime) -> None:
    """Tell the authority of a report, and the department of what became of it."""
    case = ImportantData.objects.select_related("entry").get(pk=event.payload["id"])
    title = {
        "reported": _("请确认报送的重要数据：%s"),
        "sent_back": _("重要数据报送被退回，请补充：%s"),
        "listed": _("已列入重要数据目录：%s"),
    }[event.payload["to"]]
    inbox.tell(
        department_id=case.authority_id if event.payload["to"] == "reported" else case.provider_id,
        title=title % case.entry.title,
        link=f"/catalogue/important/{case.pk}/",
        at=at,
    )


@jobs.every(3600)
def follow_assessments(at: datetime) -> int:
    """Let assessments lapse whose last day has passed; remind of protection measures that were not reviewed."""
    return lapse_assessments(at=at) + remind_of_protection(at=at)


@outbox.on("impact_assessment.sent_back")
def tell_assessors(event: outbox.Event, at: datetime) -> None:
    """Tell the secrecy officers that the leader sent an assessment back."""
    inbox.tell(
        department_id=int(event.payload["provider_id"]),
        role=Role.SECRECY_OFFICER,
        title=_("评估被部门负责人退回，请重新评估"),
        link=f"/catalogue/assessments/{event.payload['id']}/",
        at=at,
    )
