"""Writes that are no transition: permission and audit are dressed on; and the frame every act runs in."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Concatenate, Final, ParamSpec, TypeVar, cast, overload

from django.db import models, transaction
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Who
from jutong.kernel.audit import Act, digest_of, record, record_refusal
from jutong.kernel.errors import NotAllowed, NotThere, Refusal

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=models.Model)

_depth: ContextVar[int] = ContextVar("jutong_act_depth", default=0)
_ACTIONS: Final[dict[str, ActionFace]] = {}


class ActionFace:
    """A declared action: name, kind of its object, what people call it (Chinese), who may, its docstring's first line."""

    __slots__ = ("allow", "kind", "label", "name", "says")

    def __init__(self, name: str, allow: Who, says: str, label: str, kind: str) -> None:
        self.name = name
        self.kind = kind
        self.label = label
        self.allow = allow
        self.says = says


def actions() -> dict[str, ActionFace]:
    """Return every declared action by name."""
    return dict(_ACTIONS)


def outermost() -> bool:
    """Tell whether the act that runs now is nobody's step: its refusals are then its own to tell."""
    return _depth.get() == 1


@contextmanager
def acting(act: Act) -> Iterator[Act]:
    """Run an act in one transaction; a refusal of the outermost act is audited in its own, after the rollback."""
    depth = _depth.get()
    token = _depth.set(depth + 1)
    try:
        with transaction.atomic():
            yield act
    except Refusal as refusal:
        if depth == 0:
            record_refusal(act, refusal)
        raise
    finally:
        _depth.reset(token)


@overload
def action(
    name: str, *, allow: Who, on: type[M], visible: Callable[[Actor, Any], bool] | None = None, label: str = ""
) -> Callable[[Callable[Concatenate[M, P], R]], Callable[Concatenate[M | int | str, P], R]]: ...


@overload
def action(name: str, *, allow: Who, label: str = "") -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def action(
    name: str,
    *,
    allow: Who,
    on: type[models.Model] | None = None,
    visible: Callable[[Actor, Any], bool] | None = None,
    label: str = "",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Dress a write: permission by `allow`, one transaction, audit of success and refusal.

    label: what people call it, in Chinese, on the pages of the audit (marked with N_).
    on: the table whose row (id or instance) is the first argument; it is locked and `allow` is asked about it.
    Without it, `allow` is asked about the keyword arguments. visible: who may know that the row exists.
    """

    def dress(body: Callable[..., Any]) -> Callable[..., Any]:
        kind = on._meta.label_lower if on else name.partition(".")[0]
        _ACTIONS[name] = ActionFace(name, allow, (body.__doc__ or "").strip().split("\n", 1)[0], label, kind)

        @functools.wraps(body)
        def acted(*args: Any, by: Actor, at: datetime, **values: Any) -> Any:
            first = args[0] if args else ""
            key = first if isinstance(first, int | str) else getattr(first, "pk", "")
            with acting(Act(name, by, at, kind, str(key))) as act:
                subject = _locked(on, key, by, visible) if on else SimpleNamespace(**values)
                post = allow.permits(by, subject)
                if post is None:
                    raise NotAllowed(_("您没有进行该操作的权限：需要%s。") % _(allow.label))
                act.acting_for = post.acting_for
                if on:
                    act.before = digest_of(cast("models.Model", subject))
                    args = (subject, *args[1:])
                result = body(*args, by=by, at=at, **values)
                _write(act, subject if on else None, result)
                return result

        return acted

    return dress


def _locked(on: type[models.Model], key: Any, by: Actor, visible: Callable[[Actor, Any], bool] | None) -> models.Model:
    row = on._default_manager.select_for_update(of=("self",), no_key=True).filter(pk=key or None).first()
    if row is None or (visible and not visible(by, row)):
        raise NotThere(_("没有找到所要操作的记录，或您无权知悉。"))
    return row


def _write(act: Act, subject: object, result: object) -> None:
    row = subject if isinstance(subject, models.Model) else result
    if isinstance(row, models.Model):
        act.subject_id = str(row.pk)
        act.after = digest_of(row) if row.pk is not None else ""
    elif isinstance(result, int | str) and not act.subject_id:
        act.subject_id = str(result)[:64]
    record([act])
