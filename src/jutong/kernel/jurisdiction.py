"""Which rules hold where and when: the policy profile of a region, and the working-day calendar in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from jutong.kernel import panels, policy, workdays
from jutong.kernel.models import CalendarDay, PolicyAssignment
from jutong.kernel.policy import Policy
from jutong.kernel.workdays import Calendar


def calendar() -> Calendar:
    """Return the official calendar with every later year that was loaded: asked once for all panels of a page."""
    return panels.once("calendar", 0, _asked_calendar)


def _asked_calendar() -> Calendar:
    return _calendar(tuple(CalendarDay.objects.order_by("day").values_list("day", "workday", "name")))


@lru_cache(maxsize=4)
def _calendar(loaded: tuple[tuple[date, bool, str], ...]) -> Calendar:
    rows = [workdays.CalendarDay(*row) for row in loaded]
    return workdays.official().with_years(rows) if rows else workdays.official()


def policy_for(region: str, day: date) -> Policy:
    """Return the rules of a region for a case that starts on `day`.

    The assignment of the region itself or of the nearest region above it (by division code) holds; without any,
    the default profile (R-OVR-044).
    """
    codes = [region[:n] + "0" * (6 - n) for n in (6, 4, 2) if len(region) >= 6] or [region]  # noqa: PLR2004
    held = PolicyAssignment.objects.filter(region__in={region, *codes}, effective_from__lte=day)
    found = {row.region: row for row in held.order_by("effective_from")}
    nearest = next((found[code] for code in (region, *codes) if code in found), None)
    return policy_of(nearest.reference if nearest else f"{policy.DEFAULT}@1", day)


@dataclass(frozen=True, slots=True)
class Governed:
    """A step of a case, who has to act in it, under which profile, and what that says of it in words (R-CAS-013)."""

    step: str
    body: str
    reference: str
    title: str
    rule: str


def governed(step: str, body: str, rules: Policy, parameter: str, kind: str | None = None) -> Governed:
    """Return a step under the rules of the body that acts in it; parameter: the profile's row that limits it."""
    return Governed(step, body, rules.reference, rules.profile.title, rules.explain(parameter, kind))


def policy_of(reference: str, started: date) -> Policy:
    """Return the rules under a profile version ("name@1", or "name:region@2" with a region's stricter values)."""
    return _policy(reference, started)


def cited(reference: str) -> str:
    """Return a profile version as people cite it, with the reference that a case keeps: 政务数据共享条例 · national-2025@1."""
    return f"{policy_of(reference, date.min).profile.title} · {reference}"


@lru_cache(maxsize=512)
def _policy(reference: str, started: date) -> Policy:
    name, _, version = reference.partition("@")
    name, _, region = name.partition(":")
    if not region:
        return Policy(name, int(version), started)
    row = PolicyAssignment.objects.get(region=region, profile=name, version=int(version))
    derived = policy.derive(
        name, row.overrides, row.version, row.effective_from, name=f"{name}:{region}", articles=row.articles
    )
    return Policy.under(derived, started, row.targets)
