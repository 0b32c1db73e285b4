"""The policy a case lives under: one profile version and the day the case started, asked by parameter name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import cast

from jutong.kernel.policy.parameters import MONTHS_A_YEAR, Value, parameters
from jutong.kernel.policy.precedence import Effective, effective
from jutong.kernel.policy.profiles import Profile, load
from jutong.kernel.policy.wording import explained


@dataclass(frozen=True, slots=True)
class Policy:
    """Effective values for a case that started on `started`, a Beijing day (R-OVR-036, R-OVR-043).

    A shipped profile is found by name and version; a region's derived one is given as `profile`. targets: the region's
    internal targets in working days (R-OVR-039).
    """

    profile_name: str
    version: int
    started: date
    profile: Profile = field(default=cast("Profile", None), repr=False, compare=False)
    targets: Mapping[str, int] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if cast("Profile | None", self.profile) is None:
            object.__setattr__(self, "profile", load(self.profile_name, self.version))

    @classmethod
    def under(cls, profile: Profile, started: date, targets: Mapping[str, int] | None = None) -> Policy:
        """Return the policy of a case that starts on `started` under `profile`, shipped or derived."""
        return cls(profile.name, profile.version, started, profile, targets or {})

    @property
    def reference(self) -> str:
        """The profile as a case keeps it: national-2025@1."""
        return f"{self.profile_name}@{self.version}"

    def effective(self, name: str, kind: str | None = None) -> Effective:
        """Return value, origin, articles and rule; KeyError for an unknown parameter."""
        return effective(self.profile, name, self.started, kind)

    def days(self, name: str, kind: str | None = None) -> int | None:
        """Return a limit in working days; None where no text sets one (never "at once", which is 0)."""
        return cast("int | None", self._value(name, kind, "days"))

    def target(self, code: str) -> int | None:
        """Return the region's internal target in working days for a duty without a number; None where it set none."""
        return self.targets.get(code)

    def months(self, name: str, kind: str | None = None) -> int | None:
        """Return a retention period in months; None where no text sets one."""
        years = self._value(name, kind, "years")
        return None if years is None else round(cast("float", years) * MONTHS_A_YEAR)

    def count(self, name: str) -> int | None:
        """Return a number of things; None where no text gives one."""
        return cast("int | None", self._value(name, None, "count"))

    def flag(self, name: str) -> bool:
        """Return whether a duty or procedure exists."""
        return bool(self._value(name, None, "bool"))

    def text(self, name: str, kind: str | None = None) -> str:
        """Return a code or a text; empty where no text says anything."""
        return str(self._value(name, kind, "code", "text", "day") or "")

    def explain(self, name: str, kind: str | None = None) -> str:
        """Word value and source: 10 个工作日 — 政务数据共享条例第二十一条."""
        return explained(self.effective(name, kind))

    def list(self, name: str, kind: str | None = None) -> tuple[str, ...]:
        """Return codes in order, the decree's first; empty where nothing is asked."""
        return cast("tuple[str, ...]", self._value(name, kind, "codes") or ())

    def _value(self, name: str, kind: str | None, *types: str) -> Value | None:
        if parameters()[name].type not in types:
            raise TypeError(f"{name} is {parameters()[name].type}, not {' or '.join(types)}")
        return self.effective(name, kind).value
