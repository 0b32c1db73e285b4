"""A confirmed error becomes a corrected version; everybody who had the wrong one is told and can fetch it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel import inbox, outbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Who
from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.correction import events
from jutong.slices.correction.actions import marks
from jutong.slices.correction.actions.numbering import next_serial
from jutong.slices.correction.models import Concern, CorrectedItem, CorrectedVersion, Receiver
from jutong.slices.correction.queries.receivers import Obtained, obtained
from jutong.slices.correction.queries.sealing import sealed
from jutong.slices.correction.rules import concerns as rules
from jutong.slices.correction.rules.terms import MarkKind
from jutong.slices.correction.workflow import WORKFLOWS
from jutong.slices.correction.workflow.who import STAFF


def _knows(by: Actor, receiver: Receiver) -> bool:
    return by.account_id is None or receiver.consumer_id in by.serves


RECEIVERS = Who("receiver", N_("获取过数据的部门经办人"), STAFF, of="consumer_id")


def store(
    case: Concern, kind: str, by: Actor, at: datetime, *, rows: Sequence[rules.Corrected], note: str
) -> CorrectedVersion:
    """Keep the corrected values of a case, sealed; an earlier draft of the same case is replaced."""
    if case.resource_id is None:
        raise RuleBroken(_("该事项没有对应的目录资源，不能登记更正内容。"), field="rows")
    entry = catalogue.require_published(case.resource_id)
    kept = rules.check_corrected(rows, [item.name for item in entry.items])
    words = rules.check_text(note, field="note", what=_("更正说明"))
    reference = f"{kind}:{case.pk}"
    version = CorrectedVersion.objects.filter(case=reference).first() or CorrectedVersion(
        resource_id=entry.id,
        number=next_serial(f"version:{entry.id}"),
        case=reference,
        record=case.record,
        record_digest=case.record_digest,
        record_shown=case.record_shown,
    )
    version.note, version.by_name, version.at = words, by.name[:100], at
    version.save()
    version.items.all().delete()
    CorrectedItem.objects.bulk_create(
        CorrectedItem(version=version, item=row.item, old=sealed(row.old), new=sealed(row.new)) for row in kept
    )
    return version


def publish(case: Concern, kind: str, by: Actor, at: datetime) -> bool:
    """Tell every receiver of the data that there is a corrected version; False where none was stored."""
    version = CorrectedVersion.objects.filter(case=f"{kind}:{case.pk}").first()
    if version is None:
        return False
    version.published_at = at
    version.save(update_fields=["published_at"])
    found = _by_consumer(obtained(version.resource_id))
    Receiver.objects.bulk_create(
        Receiver(version=version, consumer_id=consumer, calls=had.calls, runs=had.runs, last_at=had.last_at, told_at=at)
        for consumer, had in found.items()
    )
    title = _("数据更正：%(title)s（第 %(number)d 次更正），请领取") % {"title": case.title, "number": version.number}
    for consumer in found:
        inbox.tell(department_id=consumer, title=title, text=version.note, link="/correction/corrected/", at=at)
    payload = {
        "resource_id": version.resource_id,
        "version": version.number,
        "case": version.case,
        "receivers": sorted(found),
    }
    outbox.publish(events.CORRECTED, f"correction:{version.resource_id}", payload, at=at, by=by)
    return True


def _by_consumer(rows: Sequence[Obtained]) -> dict[int, Obtained]:
    found: dict[int, list[Obtained]] = defaultdict(list)
    for row in rows:
        found[row.consumer_id].append(row)
    return {
        consumer: Obtained(
            consumer,
            sum(row.calls for row in had),
            sum(row.runs for row in had),
            max((row.last_at for row in had if row.last_at), default=None),
        )
        for consumer, had in sorted(found.items())
    }


@action("correction.fetch", label=N_("领取更正"), allow=RECEIVERS, on=Receiver, visible=_knows)
def fetch_correction(receiver: Receiver, *, by: Actor, at: datetime) -> None:
    """A department fetches a correction of data it had obtained; the last one to do so takes the mark off the data."""
    if receiver.fetched_at is None:
        receiver.fetched_at, receiver.fetched_by = at, by.name[:100]
        receiver.save(update_fields=["fetched_at", "fetched_by"])
    kind, _colon, pk = receiver.version.case.partition(":")
    case = WORKFLOWS[kind].model._default_manager.get(pk=int(pk))
    marks.follow(case, at=at, shows=_own_mark(case))


def _own_mark(case: Concern) -> MarkKind | None:
    if case.state in marks.VERIFYING:
        return MarkKind.VERIFICATION
    return MarkKind.OBJECTION if case.state in marks.OBJECTED else None
