"""Departments' databases and the probe, for every test of this folder."""

from __future__ import annotations

from runworld import agreed, own  # noqa: F401 - fixtures
from sourceworld import civil_db, hr_db, node, probe  # noqa: F401 - fixtures
