"""A person's session: how long it may idle and last, and that the password must be changed first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.contrib.sessions.backends.base import SessionBase
from django.utils.translation import gettext as _

from jutong.kernel.settings import settings

MUST_CHANGE: Final = "must_change_password"
_BEGAN: Final = "began"
_SEEN: Final = "seen"
_REFRESH: Final = timedelta(minutes=1)


def overstayed(session: SessionBase, *, at: datetime) -> str:
    """Return why the session is over (settings session_idle_minutes and session_hours), or nothing while it holds."""
    own = settings()
    began, seen = session.get(_BEGAN), session.get(_SEEN)
    if began is None or seen is None:
        return ""
    now = at.timestamp()
    if now - float(began) >= own.session_hours * 3600:
        return _("本次登录已满 %(hours)d 小时，请重新登录。") % {"hours": own.session_hours}
    if now - float(seen) >= own.session_idle_minutes * 60:
        return _("您已超过 %(minutes)d 分钟未操作，请重新登录。") % {"minutes": own.session_idle_minutes}
    return ""


def touch(session: SessionBase, *, at: datetime) -> None:
    """Note that the person did something; written at most once a minute."""
    now = at.timestamp()
    session.setdefault(_BEGAN, now)
    if now - float(session.get(_SEEN, 0)) >= _REFRESH.total_seconds():
        session[_SEEN] = now


def must_change(session: SessionBase, *, first: bool) -> None:
    """Let every page lead to the change of the password (`first`), or stop doing so."""
    session[MUST_CHANGE] = first
