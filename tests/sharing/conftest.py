"""Fixtures of the tests of sharing: a department's database and the real probe service, for what is mounted."""

from sourceworld import civil_db, node, probe  # noqa: F401 - fixtures
