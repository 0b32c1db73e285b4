"""Data that are shared under agreements only: whether one in force names a resource and its consumer (R-CAT-039)."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed
from jutong.kernel.once import Once
from jutong.slices.agreements.queries.framing import in_force
from jutong.slices.catalogue import queries as catalogue


def agreed(resource_id: int, consumer_id: int, *, at: datetime) -> bool:
    """Tell whether a sharing agreement in force lets a department have data of an entry."""
    named = [{"resource_id": resource_id, "consumer_id": consumer_id}]
    return in_force(at).filter(content__lines__contains=named).exists()


def check_agreed(resource_id: int, consumer_id: int, *, at: datetime, once: Once | None = None) -> None:
    """Refuse to grant outside an agreement what the profile shares under agreements only (national-project-opinion#3).

    That is theme resources and business information of base resources. NotAllowed with the article and the remedy.
    once: what was asked for the decision, or the set of them, that this is part of.
    """
    entry = (once or Once())(catalogue.require_published, resource_id)
    policy = jurisdiction.policy_for(entry.region, beijing_day(at))
    theme = entry.resource_class == "theme" and policy.text("theme_sharing_manner") == "agreement"
    business = entry.info_kind == "business_information" and policy.text("base_business_items_manner") == "agreement"
    if (theme or business) and not agreed(resource_id, consumer_id, at=at):
        raise NotAllowed(
            _(
                "“%(title)s”只能按双边或多边协议共享（%(source)s），目前没有列明该资源和使用部门的生效协议；请先在“共享协议”中签订。"
            )
            % {
                "title": entry.title,
                "source": policy.explain("theme_sharing_manner" if theme else "base_business_items_manner"),
            }
        )
