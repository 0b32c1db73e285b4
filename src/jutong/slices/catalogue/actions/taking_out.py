"""Published data that turn out to be secret: taken out at once, sealed, and every consumer told (national-2025#3, R-SEC-037)."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel import guards, inbox, outbox
from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_
from jutong.slices.catalogue.actions.following import follow_catalogue
from jutong.slices.catalogue.actions.sourcing import end_claims
from jutong.slices.catalogue.actions.updating import note_done
from jutong.slices.catalogue.events import CLASSIFIED_FOUND
from jutong.slices.catalogue.models import Entry, Listing
from jutong.slices.catalogue.rules.zones import SEALED, SECRETS
from jutong.slices.catalogue.workflow import ENTRY


@ENTRY.action("take_out")
def take_out(case: Entry, *, by: Actor, at: datetime, kind: str, document: str) -> None:
    """Take an entry out because it is a State or work secret: no longer found or shown, its grants end, its code retires.

    What was stored is sealed for the secrecy authorities and shown by no page. document: number of the secrecy
    decision, never the content. RuleBroken without kind or number.
    """
    if kind not in SECRETS:
        raise RuleBroken(N_("请选择国家秘密或工作秘密。"), field="kind")
    if not document.strip():
        raise RuleBroken(N_("请填写定密或处置的文号，不要写涉密内容。"), field="document")
    Listing.objects.filter(entry=case.pk).delete()
    was_published = case.published_id is not None
    case.published, case.zone, case.changed_at = None, SEALED, at
    Entry.objects.filter(pk=case.pk).update(published=None, zone=SEALED)  # what follows reads it from the table
    note_done([case.pk], at=at, withdrawn=True)
    end_claims([case.pk], at=at)
    if was_published:
        follow_catalogue([case], at=at)
    case.opinions.create(
        version_id=case.working_id or 0, kind="secret_found", passed=False, number=document.strip()[:64], text=_(SECRETS[kind]),
        account_id=by.account_id, account_name=by.name[:100], department_id=by.department_id, at=at,
    )  # fmt: skip
    guards.ask("catalogue.take_out", resource_id=case.pk)
    payload = {"id": case.pk, "provider_id": case.provider_id, "kind": kind, "document": document.strip()[:64]}
    outbox.publish(CLASSIFIED_FOUND, f"{ENTRY.name}:{case.pk}", payload, at=at, by=by)
    for department, role in ((case.provider_id, Role.SECRECY_OFFICER), (case.authority_id, None)):
        if department is not None:
            inbox.tell(
                department_id=department,
                role=role,
                title=_("一条目录因涉密已取下，请按保密规定处置（%s）") % document.strip()[:64],
                at=at,
            )
