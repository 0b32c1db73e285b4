"""The duty to update the catalogue (W02): registering what changed, more time, and following what becomes of the entries.

What happens to an entry moves the duties that name it in the same transaction, so that none is met or missed by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotThere, RuleBroken, WrongState
from jutong.kernel.models import Clock
from jutong.slices.catalogue.models import AffectedEntry, CatalogUpdate, Entry
from jutong.slices.catalogue.rules.updates import check_trigger
from jutong.slices.catalogue.workflow import CATALOG_UPDATE, reports_itself, submission_counts
from jutong.slices.parties import queries as parties

PLATFORM: Final = system_actor("catalogue")
_OPEN: Final = ("update_due", "update_extended")
_HANDED_IN: Final = ("update_submitted", "authority_review")


def _fall_due(update: CatalogUpdate, *, by: Actor, at: datetime) -> None:
    _advance("fall_due", [update], at)


@CATALOG_UPDATE.opens("register", then=_fall_due)
def register_change(
    *,
    by: Actor,
    at: datetime,
    provider_id: int,
    kind: str,
    event_on: date | None,
    occasion: str,
    entries: Sequence[int],
) -> CatalogUpdate:
    """Register that a law, the functions or the data changed and which entries of a department are affected.

    The limit counts from `event_on`: 10 working days for the decree's kinds (national-2025#17), the local text's for
    its own, none for kinds the profile does not name (R-CAT-019, R-CAT-020). RuleBroken without kind, date, occasion
    or entry; NotThere for entries that are not the department's.
    """
    chosen = set(entries)
    happened = check_trigger(kind, event_on, occasion, len(chosen), today=beijing_day(at))
    provider = parties.department(provider_id)
    own = set(
        Entry.objects.filter(pk__in=chosen, provider=provider.id)
        .exclude(state="withdrawn")
        .values_list("pk", flat=True)
    )
    if own != chosen:
        raise NotThere(_("所选目录中有的不属于该部门或已撤销，请刷新后重新选择。"))
    update = CatalogUpdate.objects.create(
        region=provider.region,
        provider_id=provider.id,
        authority_id=parties.authority_of(provider.region),
        kind=kind,
        event_on=happened,
        occasion=occasion.strip(),
        started_on=beijing_day(at),
        at=at,
    )
    AffectedEntry.objects.bulk_create([AffectedEntry(update=update, entry_id=pk) for pk in sorted(own)])
    return update


@CATALOG_UPDATE.action("ask_extension")
def ask_extension(case: CatalogUpdate, *, by: Actor, at: datetime, days: int, reason: str) -> None:
    """Ask the authority for more time for special reasons, before the limit has passed (national-2025#17)."""
    most = case.policy.days("catalog_update_extension_days", kind=case.kind) or 0
    if not reason.strip():
        raise RuleBroken(_("申请延长更新期限须说明特殊原因，请填写。"), field="reason")
    if not 1 <= days <= most:
        raise RuleBroken(_("更新期限最多延长 %d 个工作日，请修改天数。") % most, field="days")
    if beijing_day(at) > _due_day(case):
        raise WrongState(_("更新期限已过，延长须在期限届满前申请。"))
    if case.extension_asked:
        raise Conflict(_("已申请过延长，请等待主管部门答复。"))
    case.extension_asked = {"days": days, "reason": reason.strip(), "name": by.name, "on": beijing_day(at).isoformat()}


@CATALOG_UPDATE.action("extend")
def extend_update(case: CatalogUpdate, *, by: Actor, at: datetime, days: int) -> None:
    """The authority consents to at most the days asked for; once, and by the authority alone (national-2025#17)."""
    asked = _asked(case)
    if not 1 <= days <= asked:
        raise RuleBroken(_("同意的天数应为 1 至申请的 %d 个工作日，请修改。") % asked, field="days")


@CATALOG_UPDATE.action("refuse_extension")
def refuse_extension(case: CatalogUpdate, *, by: Actor, at: datetime, reason: str) -> None:
    """The authority does not consent to more time and says why; the limit stays."""
    _asked(case)
    if not reason.strip():
        raise RuleBroken(_("不同意延长须说明理由，请填写。"), field="reason")
    case.extension_asked = {**case.extension_asked, "refused": reason.strip()}


def _asked(case: CatalogUpdate) -> int:
    if not case.extension_asked or case.extension_asked.get("refused"):
        raise WrongState(_("部门没有待答复的延长申请。"))
    return int(case.extension_asked["days"])


@CATALOG_UPDATE.action("report")
def report_update(case: CatalogUpdate, *, by: Actor, at: datetime, note: str = "") -> None:
    """Report to the authority that the entries are updated, where the local text asks for it (R-CAT-021)."""
    if case.affected.filter(submitted_at=None).exists():
        raise WrongState(_("还有受影响的目录没有更新，请先完成修订并提交，再报告更新情况。"))
    _hand_in_values(case, at)


def receive_update(update_id: int, *, at: datetime) -> None:
    """Take a reported update in: the authority's limit starts; where it has none and all is in force the duty is met."""
    if update := CatalogUpdate.objects.filter(pk=update_id, state="update_submitted").first():
        _received(update, at)


def _hand_in_values(case: CatalogUpdate, at: datetime) -> dict[str, Any]:
    today = beijing_day(at)
    due = (
        Clock.objects.filter(case_kind=CATALOG_UPDATE.name, case_id=case.pk, name="update", target=False)
        .values_list("due_day", flat=True)
        .first()
    )
    case.submitted_on = case.received_on = today
    case.late = due is not None and today > due
    return {"submitted_on": today, "received_on": today, "late": case.late}


def _due_day(case: CatalogUpdate) -> date:
    return Clock.objects.values_list("due_day", flat=True).get(
        case_kind=CATALOG_UPDATE.name, case_id=case.pk, name="update"
    )


def note_submitted(entries: Iterable[int], *, at: datetime) -> None:
    """Note that new versions were submitted; duties whose entries are all submitted are handed in, where that counts."""
    updates, touched = _touched(entries, _OPEN)
    touched.filter(submitted_at=None).update(submitted_at=at)
    for update in updates:
        _settle(update, at)


def note_done(entries: Iterable[int], *, at: datetime, withdrawn: bool = False) -> None:
    """Note that submitted versions are in force, or that entries were withdrawn; duties that are met end.

    A version that was submitted before the change was registered does not meet the duty.
    """
    updates, touched = _touched(entries, (*_OPEN, *_HANDED_IN))
    if withdrawn:
        touched.filter(submitted_at=None).update(submitted_at=at)
    touched.filter(submitted_at__isnull=False, done_at=None).update(done_at=at)
    for update in updates:
        _settle(update, at)


def note_returned(entries: Iterable[int], *, at: datetime) -> None:
    """Note that versions came back: their duties are open again with the days that were left, at least one (W02)."""
    updates, touched = _touched(entries, (*_OPEN, *_HANDED_IN))
    touched.filter(done_at=None).update(submitted_at=None)
    for update in updates:
        if update.state in _HANDED_IN and update.affected.filter(submitted_at=None).exists():
            _advance("send_back", [update], at, submitted_on=None, received_on=None, late=False)


def _touched(entries: Iterable[int], states: Sequence[str]) -> tuple[list[CatalogUpdate], QuerySet[AffectedEntry]]:
    """Return the locked duties in these states that name any of the entries, and their lines for them."""
    ids = list(entries)
    named = AffectedEntry.objects.filter(entry__in=ids, done_at=None, update__state__in=states)
    keys = list(named.order_by().values_list("update", flat=True).distinct())
    updates = list(
        CatalogUpdate.objects.select_for_update(of=("self",)).filter(pk__in=keys, state__in=states).order_by("pk")
    )
    return updates, AffectedEntry.objects.filter(entry__in=ids, update__in=updates)


def _settle(update: CatalogUpdate, at: datetime) -> None:
    """Hand a duty in once all its entries are submitted (or in force, where that is asked); end it once they are in force."""
    if update.state in _HANDED_IN:
        if _all_done(update):
            _complete(update, at)
        return
    policy = update.policy
    met = "submitted_at" if submission_counts(policy) else "done_at"
    if not reports_itself(policy) and not update.affected.filter(**{met: None}).exists():
        _advance("hand_in", [update], at, **_hand_in_values(update, at))
        _received(update, at)


def _received(update: CatalogUpdate, at: datetime) -> None:
    """Start the authority's limit where it has one; end the duty where its entries are in force already."""
    if update.policy.days("catalog_update_review_days") is not None:
        _advance("receive", [update], at)
    if _all_done(update):
        _complete(update, at)


def _all_done(update: CatalogUpdate) -> bool:
    return not update.affected.filter(done_at=None).exists()


def _complete(update: CatalogUpdate, at: datetime) -> None:
    _advance("complete", [update], at, completed_on=beijing_day(at))


def _advance(verb: str, updates: Sequence[CatalogUpdate], at: datetime, **values: Any) -> None:
    moved = CATALOG_UPDATE.advance_many(verb, [update.pk for update in updates], by=PLATFORM, at=at, **values)
    if moved.refused:
        raise WrongState(next(iter(moved.refused.values())))
