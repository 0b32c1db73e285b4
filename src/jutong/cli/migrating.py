"""Tables made and brought up to date, without rendering nearly every model anew for every step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


def migrate() -> None:
    """Run the migrations that this database has not had, as its owner; Django is loaded."""
    from django.core.management import call_command

    with sparingly():
        call_command("migrate", interactive=False, verbosity=0)


@contextmanager
def sparingly() -> Iterator[None]:
    """Let a step of a migration render the model that it changes, and not all that are related to it: a third of the time.

    Django renders those, too, so that their keys point to the new class. All of ours know the department, so that is nearly
    every model, for each of five hundred steps; and no table, column or index depends on it. What a migration's own Python
    is given is still rendered whole, and so are the relations of a model whose identity or keys change.
    """
    from django.db.migrations.state import ProjectState

    related = ProjectState._find_reload_model  # type: ignore[attr-defined]  # noqa: SLF001 - no other way to say it

    def needed(state: ProjectState, app: str, model: str, delay: bool = False) -> set[tuple[str, str]]:
        state.is_delayed = True
        if delay or model not in state.apps.all_models[app]:
            return {(app, model)}
        found: set[tuple[str, str]] = related(state, app, model, delay)
        return found

    ProjectState._find_reload_model = needed  # type: ignore[attr-defined]  # noqa: SLF001 - the same
    try:
        yield
    finally:
        ProjectState._find_reload_model = related  # type: ignore[attr-defined]  # noqa: SLF001 - the same
