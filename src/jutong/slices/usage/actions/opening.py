"""A case of misuse is opened: by the system from what gateways refused, or by a person from an inspection or a complaint."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import IO, Any, Final, TypeAlias, cast

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from jutong.kernel import files, inbox
from jutong.kernel.actors import Actor, Channel, Role, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere, RuleBroken
from jutong.slices.grants import queries as grants
from jutong.slices.parties import queries as parties
from jutong.slices.services import queries as services
from jutong.slices.usage.actions.numbering import next_number
from jutong.slices.usage.models import MisuseCase, MisuseGrant, MisuseNote
from jutong.slices.usage.rules import misuse as rules
from jutong.slices.usage.rules.terms import Source
from jutong.slices.usage.workflow import MISUSE_CASE

Uploads: TypeAlias = "Sequence[UploadedFile[bytes]]"
PLATFORM: Final = system_actor("usage")


def tell(case: MisuseCase, title: str, at: datetime, *, to: Sequence[int | None], text: str = "") -> None:
    """Put a notice about a case into the inbox of departments."""
    for department in dict.fromkeys(to):
        if department is not None:
            inbox.tell(department_id=department, title=title, text=text, link=f"/usage/misuse/{case.pk}/", at=at)


def note(
    case: MisuseCase,
    sort: str,
    text: str,
    *,
    by: Actor,
    at: datetime,
    alert_id: int | None = None,
    uploads: Uploads = (),
) -> None:
    """Write down what was found, said or decided, with the files handed in beside it."""
    kept = [files.store(cast("IO[bytes]", file), file.name or "", by=by, at=at).id for file in uploads]
    MisuseNote.objects.create(
        case=case,
        sort=sort,
        text=text.strip(),
        alert_id=alert_id,
        attachments=kept,
        at=at,
        by_name=by.name[:100] if by.channel is not Channel.SYSTEM else "",
        department_name=by.department_name[:120],
    )


def note_use(case: MisuseCase, *, by: Actor, at: datetime) -> None:
    """Keep what was obtained under the grants concerned, as it stands now, as evidence; the same is not kept twice."""
    ids = list(case.grants.values_list("grant_id", flat=True))
    held, used = grants.standing(ids), services.used_of(ids)
    lines = []
    for pk in sorted(ids):
        use = used.get(pk)
        words = {
            "reference": held[pk].reference,
            "title": held[pk].resource_title,
            "calls": use.calls if use else 0,
            "refused": use.refused if use else 0,
            "rows": use.rows if use else 0,
        }
        lines.append(
            _("%(reference)s %(title)s：累计调用 %(calls)d 次（被拒绝 %(refused)d 次），取得 %(rows)d 行。") % words
        )
    text = "\n".join(lines)
    if not case.notes.filter(sort="usage", text=text).exists():
        note(case, "usage", text, by=by, at=at)


def _opened(
    grant_ids: Sequence[int],
    *,
    by: Actor,
    at: datetime,
    **columns: Any,
) -> MisuseCase:
    """Return a new case between the parties of the grants, which have to be the same of all."""
    if not grant_ids:
        raise RuleBroken(_("请选择所涉及的授权，至少一项。"), field="grant_ids")
    held = grants.standing(grant_ids)
    if lost := set(grant_ids) - held.keys():
        raise NotThere(_("没有找到授权 G-%06d，请核对编号。") % min(lost))
    first = held[min(held)]
    if len({(one.provider_id, one.consumer_id) for one in held.values()}) > 1:
        raise RuleBroken(_("一个案件只涉及同一提供方和同一使用方，请分别登记。"), field="grant_ids")
    case = MisuseCase.objects.create(
        region=first.region,
        number=next_number("WG", at),
        provider_id=first.provider_id,
        consumer_id=first.consumer_id,
        authority_id=first.authority_id or parties.authority_of(first.region),
        title=_title([one.resource_title for one in held.values()]),
        opened_at=at,
        opened_by=by.name[:100],
        started_on=beijing_day(at),
        **columns,
    )
    MisuseGrant.objects.bulk_create([MisuseGrant(case=case, grant_id=pk) for pk in sorted(held)])
    return case


def _title(titles: Sequence[str]) -> str:
    if len(titles) == 1:
        return titles[0]
    return (_("%(title)s等 %(count)d 项") % {"title": titles[0], "count": len(titles)})[:200]


def _after(case: MisuseCase, *, by: Actor, at: datetime) -> None:
    """Keep what was obtained so far, and tell who has to look into it."""
    note_use(case, by=by, at=at)
    title = _("疑似违规使用 %(number)s：%(title)s") % {"number": case.number, "title": case.title}
    told = [
        (case.provider_id, Role.SHARING_UNIT_HEAD),
        (case.provider_id, Role.DATA_OFFICER),
        (case.authority_id, Role.AUTHORITY_REVIEWER),
    ]
    if case.kind == rules.ENDED:
        told.append((case.authority_id, Role.AUDITOR))
    for department, role in told:
        inbox.tell(department_id=department, role=role, title=title, link=f"/usage/misuse/{case.pk}/", at=at)


@MISUSE_CASE.opens("alert", then=_after)
def open_misuse(
    *,
    by: Actor,
    at: datetime,
    grant_ids: Sequence[int],
    category: str,
    text: str,
    source: str = Source.PROVIDER,
    source_ref: str = "",
    handler: str = "",
    uploads: Uploads = (),
) -> MisuseCase:
    """Open a case against a department, and the person who handled the data, from what was found or reported (R-SHR-021).

    source: provider, authority, inspection or complaint, with the number of the case it comes from in source_ref. It
    suspends nothing. RuleBroken without category, text or grants; NotThere for a grant the person may not know.
    """
    kind = rules.check_category(category)
    came = rules.check_source(source)
    said = rules.check_text(text, field="text", label=_("情况说明"))
    for pk in grant_ids:
        grants.grant(pk, by)
    case = _opened(
        grant_ids, by=by, at=at, source=came, source_ref=source_ref.strip()[:80], category=kind, text=said,
        handler=handler.strip()[:100],
    )  # fmt: skip
    note(case, "evidence", said, by=by, at=at, uploads=uploads)
    return case


@MISUSE_CASE.opens("alert", then=_after)
def _open_alert(*, by: Actor, at: datetime, grant_id: int, kind: str, alert_id: int, words: str) -> MisuseCase:
    case = _opened(
        [grant_id], by=by, at=at, source=Source.SYSTEM, kind=kind, alert_grant_id=grant_id, text=words,
        category=rules.PROPOSED[kind],
    )  # fmt: skip
    note(case, "alert", words, by=by, at=at, alert_id=alert_id)
    return case


def gather_alert(alert_id: int, *, grant_id: int, kind: str, words: str, at: datetime) -> MisuseCase | None:
    """Gather what gateways refused under one grant in one way: into the case that waits for a decision, else into a new one.

    An alert stands for a grant, a system, a kind and a Beijing day, however many calls it counts; so there is never a case
    a call. Returns None where the alert is known already, or the grant is none. It suspends nothing by itself (R-SHR-048).
    """
    with transaction.atomic():
        if MisuseNote.objects.filter(alert_id=alert_id).exists() or not grants.states_of([grant_id]):
            return None
        waiting = MisuseCase.objects.select_for_update().filter(
            source=Source.SYSTEM, state="alerted", alert_grant_id=grant_id, kind=kind
        )
        if case := waiting.first():
            note(case, "alert", words, by=PLATFORM, at=at, alert_id=alert_id)
            return case
        return _open_alert(by=PLATFORM, at=at, grant_id=grant_id, kind=kind, alert_id=alert_id, words=words)
