"""Rate limits that hold across processes: one counter row per key and minute."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.errors import TooMany
from jutong.kernel.faces.queries import count_hit
from jutong.kernel.models import RateCount

MINUTE: Final = 60
KEPT_MINUTES: Final = 10


def check(kind: str, key: str, *, most: int, at: datetime) -> None:
    """Count one request of this kind by this key; TooMany once there were more than `most` in the same minute.

    kind: short name of what is limited ("post", "sign_in"); key: an account id or an address. Zero means no limit.
    """
    if most <= 0:
        return
    if count_hit(f"{kind}:{key}"[:120], int(at.timestamp()) // MINUTE) > most:
        raise TooMany(_("操作过于频繁：每分钟最多 %(most)d 次，请稍候一分钟再试。") % {"most": most})


def sweep(*, at: datetime) -> int:
    """Forget counters older than ten minutes; return how many."""
    return RateCount.objects.filter(minute__lt=int(at.timestamp()) // MINUTE - KEPT_MINUTES).delete()[0]
