"""Standing consent (常设同意) of the provider's sharing-unit head for an unconditional resource (R-SHR-004, R-SHR-038)."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Who
from jutong.kernel.errors import Conflict, NotAllowed, RuleBroken
from jutong.kernel.terms import N_, ShareType
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.parties import queries as parties
from jutong.slices.sharing.models import StandingConsent
from jutong.slices.sharing.workflow import HEADS

HEAD = Who("sharing_unit_head", N_("共享工作机构负责人"), HEADS)
CONSENT_HEAD = Who("provider_unit_head", N_("提供方共享工作机构负责人"), HEADS, of="provider_id")


@action("sharing.give_standing_consent", label=N_("作出常设同意"), allow=HEAD)
def give_standing_consent(*, by: Actor, at: datetime, resource_id: int) -> StandingConsent:
    """Consent once to every request for an unconditional resource of one's own department.

    NotAllowed for another department's resource, RuleBroken for one that is not unconditional, Conflict when given.
    """
    offer = catalogue.require_published(resource_id)
    if not by.holds(*HEADS, department_id=offer.provider_id):
        raise NotAllowed(_("只有提供方共享工作机构负责人可以作出常设同意。"))
    if offer.share_type != ShareType.UNCONDITIONAL:
        raise RuleBroken(_("只有无条件共享的资源可以作出常设同意。"), field="resource_id")
    parties.sharing_unit_head(offer.provider_id, at)
    if StandingConsent.objects.filter(resource_id=resource_id, ended_at=None).exists():
        raise Conflict(_("该资源已有常设同意。"))
    return StandingConsent.objects.create(
        resource_id=resource_id, provider_id=offer.provider_id, given_by=by.name, given_at=at
    )


@action("sharing.end_standing_consent", label=N_("终止常设同意"), allow=CONSENT_HEAD, on=StandingConsent)
def end_standing_consent(consent: StandingConsent, *, by: Actor, at: datetime) -> None:
    """End a standing consent; later requests are answered one by one."""
    consent.ended_at = at
    consent.save(update_fields=["ended_at"])
