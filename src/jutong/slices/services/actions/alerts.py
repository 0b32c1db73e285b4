"""Alerts of suspected misuse: raised from the gateways' reports, told to the provider, published for supervision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel import inbox, outbox
from jutong.kernel.actors import Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.settings import settings
from jutong.slices.grants import queries as grants
from jutong.slices.services import events, rules
from jutong.slices.services.models import Alert
from jutong.wire.usage import Evidence, Usage

MOST_TRACES: Final = 50
TOLD: Final = (Role.SHARING_UNIT_HEAD, Role.DATA_OFFICER)
Name = tuple[int, int, str, date]


def raise_alerts(reports: Sequence[Usage], *, at: datetime) -> None:
    """Keep what looks like misuse by grant, system, kind and day; the first of each is told and published (R-SHR-017).

    Calls under a grant that is suspended or over count from the number of the setting ended_grant_alert_calls on: a
    system that has not heard of the end yet is no misuse.
    """
    found: dict[Name, list[Evidence]] = defaultdict(list)
    for one in reports:
        for proof in one.evidence:
            if proof.kind in rules.MISUSE_KINDS:
                name = (int(one.grant_id), int(one.system_id), proof.kind, beijing_day(proof.at))
                found[name].append(proof)
    known = grants.parties_of({name[0] for name in found}) if found else {}
    for name, proofs in sorted(found.items()):
        if name[0] in known:
            _raise(name, proofs, known[name[0]], at=at)


def _raise(name: Name, proofs: Sequence[Evidence], grant: grants.Parties, *, at: datetime) -> None:
    grant_id, system_id, kind, day = name
    times = sorted(proof.at for proof in proofs)
    alert, _new = Alert.objects.select_for_update().get_or_create(
        grant_id=grant_id,
        system_id=system_id,
        kind=kind,
        day=day,
        defaults={
            "reference": grant.reference,
            "resource_title": grant.resource_title,
            "provider_id": grant.provider_id,
            "consumer_id": grant.consumer_id,
            "first_at": times[0],
            "last_at": times[-1],
        },
    )
    least = settings().ended_grant_alert_calls if kind == rules.ENDED else 1
    before = alert.calls
    alert.calls += len(proofs)
    alert.first_at, alert.last_at = min(alert.first_at, times[0]), max(alert.last_at, times[-1])
    alert.traces = [*alert.traces, *(proof.trace[:80] for proof in proofs)][:MOST_TRACES]
    alert.save()
    if before < least <= alert.calls:
        _tell(alert, at=at)


def _tell(alert: Alert, *, at: datetime) -> None:
    title = _("疑似违规使用：%(reference)s %(kind)s") % {
        "reference": alert.reference,
        "kind": _(rules.MISUSE_KINDS[alert.kind]),
    }
    for role in TOLD:
        inbox.tell(department_id=alert.provider_id, role=role, title=title, link="/services/alerts/", at=at)
    payload = {
        "id": alert.pk,
        "grant_id": alert.grant_id,
        "system_id": alert.system_id,
        "kind": alert.kind,
        "provider_id": alert.provider_id,
        "consumer_id": alert.consumer_id,
        "resource_title": alert.resource_title,
        "traces": alert.traces,
    }
    outbox.publish(events.MISUSE_SUSPECTED, f"grant:{alert.grant_id}", payload, at=at)
