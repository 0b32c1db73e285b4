"""Loading later years of the working-day calendar, and saying which policy profile holds in a region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from jutong.kernel import outbox, policy
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Channel, Role
from jutong.kernel.calendar import parse_calendar
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotAllowed, RuleBroken
from jutong.kernel.models import CalendarDay, PolicyAssignment
from jutong.kernel.terms import N_
from jutong.kernel.workflow import clocks
from jutong.slices.parties import queries as parties
from jutong.slices.standards import events
from jutong.slices.standards.formats import calendar as formats
from jutong.slices.standards.workflow import CALENDAR_KEEPERS, PROFILE_KEEPERS

MOST_ERRORS = 20


@dataclass(frozen=True, slots=True)
class Loaded:
    """What an import brought: the years announced, days that break the weekly rhythm, due days computed again."""

    years: tuple[int, ...]
    days: int
    clocks: int


def import_calendar(source: IO[bytes], *, by: Actor, at: datetime) -> Loaded:
    """Load a calendar file (CSV or Excel: date, 休 or 班, name); see `load_calendar`."""
    return load_calendar(formats.read(source), by=by, at=at)


@action("standards.load_calendar", label=N_("导入工作日历"), allow=CALENDAR_KEEPERS)
def load_calendar(rows: Iterable[Sequence[object]], *, by: Actor, at: datetime) -> Loaded:
    """Load the official calendar of later years; provisional due days are computed again (R-OVR-035).

    All or nothing: RuleBroken lists the refused rows, and a year whose 13 statutory days are not all there.
    """
    parsed = parse_calendar(rows)
    if parsed.errors:
        shown = [error.sentence for error in parsed.errors[:MOST_ERRORS]]
        more = len(parsed.errors) - len(shown)
        rest = [_("另有 %d 处错误。") % more] if more else []
        raise RuleBroken("".join([*shown, *rest]), field="file")
    for year in parsed.years:
        CalendarDay.objects.filter(day__year=year).delete()
    CalendarDay.objects.bulk_create(
        [CalendarDay(day=row.day, workday=row.works, name=row.name) for row in parsed.days],
        update_conflicts=True,
        unique_fields=["day"],
        update_fields=["workday", "name"],
    )
    loaded = Loaded(tuple(sorted(parsed.years)), len(parsed.days), clocks.recompute_provisional())
    payload = {"years": list(loaded.years), "days": loaded.days, "clocks": loaded.clocks}
    outbox.publish(events.CALENDAR_IMPORTED, "calendar", payload, at=at, by=by)
    return loaded


@action("standards.assign_profile", label=N_("指定政策规则"), allow=PROFILE_KEEPERS)
def assign_profile(
    *,
    region: str,
    profile: str,
    effective_from: date,
    overrides: Mapping[str, Any] | None = None,
    confirm: bool,
    by: Actor,
    at: datetime,
) -> PolicyAssignment:
    """Say which profile holds in a region from a day on (R-OVR-044); cases keep what they started under (R-OVR-036).

    overrides: the region's own stricter values (parameter: value); laxer than the decree is refused (R-OVR-043).
    confirm: the deliberate confirmation, without which nothing is assigned. RuleBroken: unknown profile or region, a
    day in the past; NotAllowed: an authority's head for a region of another authority; Conflict: the day is taken.
    """
    if not confirm:
        raise RuleBroken(_("更换政策规则影响该区划今后的全部办理期限，请勾选确认后提交。"), field="confirm")
    check_place(region, by)
    if by.channel is not Channel.SYSTEM and effective_from < beijing_day(at):
        raise RuleBroken(_("生效日期不能早于今天，已开始的事项仍按原规则办理，请修改。"), field="effective_from")
    policy.load(profile)
    return put_in_force(region, profile, effective_from, overrides=dict(overrides or {}), by=by, at=at)


def put_in_force(
    region: str,
    profile: str,
    effective_from: date,
    *,
    overrides: Mapping[str, Any],
    targets: Mapping[str, int] | None = None,
    basis: str = "",
    by: Actor,
    at: datetime,
) -> PolicyAssignment:
    """Assign a profile version to a region from a day on and publish it; Conflict where the day is taken."""
    own, wished = dict(overrides), dict(targets or {})
    latest = PolicyAssignment.objects.filter(region=region, profile=profile).aggregate(n=Max("version"))["n"]
    version = (latest or (1 if own or wished else 0)) + 1
    if own:
        policy.derive(profile, own, version, effective_from)
    try:
        with transaction.atomic():
            row = PolicyAssignment.objects.create(
                region=region,
                profile=profile,
                version=version,
                effective_from=effective_from,
                overrides=own,
                targets=wished,
                basis=basis,
                assigned_by=by.account_id,
                assigned_at=at,
            )
    except IntegrityError:
        raise Conflict(_("该区划在 %s 已有一项政策规则生效，请更换生效日期。") % effective_from.isoformat()) from None
    payload = {"id": row.pk, "region": region, "profile": profile, "version": version}
    dated = {**payload, "effective_from": effective_from.isoformat()}
    outbox.publish(events.PROFILE_ASSIGNED, f"region:{region}", dated, at=at, by=by)
    return row


DRAFTING = (Role.AUTHORITY_HEAD, Role.AUTHORITY_REVIEWER)
"""Posts that propose for the regions of their authority."""


def check_place(region: str, by: Actor, posts: Sequence[Role] = (Role.AUTHORITY_HEAD,)) -> None:
    """Refuse a region that is not registered, and one of which the actor's department is not the authority."""
    if not any(row.code == region and row.valid_to is None for row in parties.regions()):
        raise RuleBroken(_("行政区划 %s 尚未登记或已停用，请先登记。") % region[:12], field="region")
    if by.channel is Channel.SYSTEM or by.holds(Role.SECURITY_ADMIN):
        return
    if not by.holds(*posts, department_id=parties.authority_of(region)):
        raise NotAllowed(_("您所在部门不是“%s”的共享主管部门，不能代其确定规则。") % parties.region_name(region))
