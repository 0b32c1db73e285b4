"""What every concern is opened with: its number, who asks, about which data, since when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.correction.actions.numbering import next_number
from jutong.slices.correction.queries.sealing import record_columns
from jutong.slices.correction.rules import concerns as rules
from jutong.slices.correction.rules.raising import Asker
from jutong.slices.parties import queries as parties


def department_asks(by: Actor, at: datetime, papers: tuple[int, ...] = ()) -> Asker:
    """Return a department that asks through one of its people, with its papers; NotAllowed without a department."""
    if by.department_id is None or by.account_id is None:
        raise NotAllowed(_("您没有所属部门，不能代表部门提出。"))
    return Asker(received_at=at, by_name=by.name, consumer_id=by.department_id, papers=papers)


def columns_of(kind: str, asker: Asker, *, text: str, at: datetime) -> dict[str, Any]:
    """Return the columns of any new case: number, who asks, when it was first received, what is wrong."""
    return {
        "number": next_number(kind, at),
        "channel": str(asker.channel),
        "consumer_id": asker.consumer_id,
        "applicant_id": asker.applicant_id,
        "by_name": asker.by_name[:100] if asker.consumer_id else "",
        "received_at": asker.received_at,
        "received_on": beijing_day(asker.received_at),
        "code_digest": asker.code_digest,
        "converted_from": asker.converted_from,
        "attachments": list(asker.papers),
        "text": rules.check_text(text, field="text", what=_("情况说明")),
    }


def data_columns(offer: catalogue.PublishedEntry, *, items: Sequence[str] = (), record: str = "") -> dict[str, Any]:
    """Return the columns that name the data: the entry, its provider and authority, the items and the record in doubt."""
    return {
        "region": offer.region,
        "resource_id": offer.id,
        "title": offer.title,
        "provider_id": offer.provider_id,
        "authority_id": parties.authority_of(offer.region),
        "items": rules.check_items(items, [item.name for item in offer.items]),
        **record_columns(offer.id, rules.check_record(record)),
    }
