"""Who asks: the actor behind a request, loaded once per request by the slice that knows people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from django.http import HttpRequest
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Channel
from jutong.kernel.errors import Unauthenticated
from jutong.kernel.faces.addresses import client_address

Loader = Callable[[Any, str, Channel], Actor]
"""Takes the account that is signed in, as Django's `request.user` is it, client address and channel."""

_loaders: Final[list[Loader]] = []
_KEPT: Final = "_jutong_actor"


def use(loader: Loader) -> None:
    """Let `loader` answer who an account is; the last one given wins (slice parties calls this when it is ready)."""
    _loaders[:] = [loader]


def keep(request: HttpRequest, actor: Actor) -> None:
    """Fix the actor of this request: for the API, whose keys are checked by its own door."""
    setattr(request, _KEPT, actor)


def actor_or_none(request: HttpRequest) -> Actor | None:
    """Return who asks, or None when nobody is signed in. One query per request at most."""
    kept: Actor | None = getattr(request, _KEPT, None)
    if kept is not None:
        return kept
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or not _loaders:
        return None
    actor = _loaders[0](user, client_address(request), Channel.PAGE)
    actor = replace(actor, trace=str(getattr(request, "trace", "")))
    keep(request, actor)
    return actor


def actor_of(request: HttpRequest) -> Actor:
    """Return who asks. Unauthenticated when nobody is signed in."""
    actor = actor_or_none(request)
    if actor is None:
        raise Unauthenticated(_("请先登录，再进行此项操作。"))
    return actor
