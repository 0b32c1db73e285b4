"""Agreements of secrecy: whether one is in force between a provider and a consumer, and where sharing needs it."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import WrongState
from jutong.kernel.once import Once
from jutong.slices.agreements.models import Agreement
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.parties import queries as parties


def confidential(provider_id: int, consumer_id: int, *, at: datetime) -> str:
    """Return the number of the agreement of secrecy in force between two departments, or nothing."""
    today = beijing_day(at)
    found = Agreement.objects.filter(
        kind="confidentiality",
        state__in=["active", "amending"],
        party_ids__contains=[provider_id, consumer_id],
        since__lte=today,
        until__gte=today,
    )
    return found.order_by("-until").values_list("number", flat=True).first() or ""


def check_confidential(
    resource_id: int, provider_id: int, consumer_id: int, *, at: datetime, once: Once | None = None
) -> None:
    """Refuse to grant secret data without an agreement of secrecy in force, where the profile asks for one (jiangxi-2017#19).

    WrongState naming both departments and the remedy. Data that are not secret, and profiles that ask for no such
    agreement, pass. once: what was asked for the decision, or the set of them, that this is part of.
    """
    if not (once or Once())(catalogue.marked_secret, resource_id):
        return
    provider = parties.department(provider_id)
    policy = jurisdiction.policy_for(provider.region, beijing_day(at))
    if policy.text("classified_sharing_instrument") != "confidentiality_agreement":
        return
    if not confidential(provider_id, consumer_id, at=at):
        raise WrongState(
            _(
                "涉密数据共享前，“%(provider)s”与“%(consumer)s”须签订安全保密协议（%(source)s），目前没有生效的协议；请先在“共享协议”中签订。"
            )
            % {
                "provider": provider.name,
                "consumer": parties.department(consumer_id).name,
                "source": policy.explain("classified_sharing_instrument"),
            }
        )
