"""What a department still has to register, under the profile of its region (R-OVR-006, 007, 009, 010, 042)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from jutong.kernel import jurisdiction
from jutong.kernel.actors import Role
from jutong.kernel.clock import beijing_day
from jutong.slices.parties.models import Department, InternalRules, Person, PostHeld, SharingUnit, UnitRole
from jutong.slices.parties.rules import completeness
from jutong.slices.parties.rules.completeness import Gap

__all__ = ["Gap", "gaps", "gaps_of_all"]


def gaps(department_id: int, at: datetime) -> tuple[Gap, ...]:
    """Return what one department lacks."""
    return _of(Department.objects.filter(pk=department_id), beijing_day(at)).get(department_id, ())


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A department and what it lacks."""

    department_id: int
    name: str
    gaps: tuple[Gap, ...]


def gaps_of_all(at: datetime, *, limit: int = 500) -> list[Incomplete]:
    """Return the confirmed active departments that lack something, by region and name, in six statements and one per region."""
    rows = Department.objects.filter(active=True, confirmed=True).order_by("region_id", "name")
    found = _of(rows, beijing_day(at))
    return [Incomplete(d.pk, d.name, found[d.pk]) for d in rows if found.get(d.pk)][:limit]


def _of(departments: Iterable[Department], today: date) -> dict[int, tuple[Gap, ...]]:
    rows = list(departments)
    ids = [d.pk for d in rows]
    roles = _grouped(PostHeld.objects.filter(department_id__in=ids, ended_at=None).values_list("department_id", "role"))
    kinds = _grouped(UnitRole.objects.filter(department_id__in=ids, ended_at=None).values_list("department_id", "kind"))
    filed = _grouped(InternalRules.objects.filter(department_id__in=ids).values_list("department_id", "kind"))
    units = set(
        SharingUnit.objects.filter(department_id__in=ids, ended_at=None).values_list("department_id", flat=True)
    )
    staffed = set(Person.objects.filter(department_id__in=ids, state="active").values_list("department_id", flat=True))
    policies = {region: jurisdiction.policy_for(region, today) for region in {d.region_id for d in rows}}
    answer = {}
    for d in rows:
        policy = policies[d.region_id]
        register = policy.list("manager_register")
        answer[d.pk] = completeness.check(
            completeness.Registered(
                principal=Role.PRINCIPAL in roles[d.pk],
                goals=bool(d.goals),
                person=d.pk in staffed,
                unit=d.pk in units,
                head=bool(roles[d.pk] & {Role.SHARING_UNIT_HEAD}),
                kinds=frozenset(kinds[d.pk]),
                rules=frozenset(filed[d.pk]),
                channel=bool(d.correction_channel),
            ),
            completeness.Asked(
                unit=policy.flag("sharing_unit_required")
                and (today >= completeness.DECREE or "dedicated_body_and_persons" in register),
                unit_roles="unit_roles" in register or today >= completeness.DECREE,
                liability=policy.flag("liability_rules_required"),
                verification="department_rules" in policy.list("verification_rules_required"),
                channel="correction_channel" in policy.list("verification_rules_required"),
            ),
        )
    return answer


def _grouped(pairs: Iterable[tuple[int, str]] | Sequence[tuple[int, str]]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for key, value in pairs:
        found[key].add(value)
    return found
