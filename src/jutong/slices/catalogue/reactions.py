"""What the catalogue does when something was published: determination, notices to people, the workbench."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel import inbox, outbox
from jutong.kernel.actors import Role, system_actor
from jutong.slices.catalogue.actions import importing as importing  # noqa: PLC0414 - importing registers the long work
from jutong.slices.catalogue.events import NOTICE_PUBLISHED
from jutong.slices.catalogue.models import Entry
from jutong.slices.catalogue.workflow import ENTRY, determined
from jutong.slices.parties import queries as parties

PLATFORM: Final = system_actor("catalogue")
_MOST_TOLD: Final = 5_000


@outbox.on("catalog_entry.submitted")
def to_determination(event: outbox.Event, at: datetime) -> None:
    """Move a restrictive type to determination where the profile asks for it; tell the authority of the rest."""
    entry = Entry.objects.filter(pk=event.payload["id"], state="submitted").first()
    if entry and determined(entry.policy, entry):
        ENTRY.advance_many("hold", [entry.pk], by=PLATFORM, at=at)


@outbox.on("catalog_entry.returned")
def tell_provider(event: outbox.Event, at: datetime) -> None:
    """Tell the provider's data officers that an entry came back."""
    inbox.tell(
        department_id=int(event.payload["provider_id"]),
        role=Role.DATA_OFFICER,
        title=_("目录被退回：%s") % event.payload["title"],
        link=f"/catalogue/{event.payload['id']}/",
        at=at,
    )


@outbox.on(NOTICE_PUBLISHED)
def tell_departments(event: outbox.Event, at: datetime) -> None:
    """Give every department of the area the one notice with its number (national-2025#16)."""
    for department in parties.search_departments(region=event.payload["region"], limit=_MOST_TOLD):
        inbox.tell(
            department_id=department.id,
            title=_("%(notice)s：发布政务数据目录 %(count)d 条") % event.payload,
            link=f"/catalogue/notices/{event.payload['id']}/",
            at=at,
        )
