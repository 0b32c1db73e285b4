"""Once-tokens: a form carries one, and a second submission of the same form is refused."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from jutong.kernel.errors import Conflict, RuleBroken
from jutong.kernel.models import OnceToken

FIELD: Final = "once_token"
KEPT: Final = timedelta(days=2)
_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]{22,64}")

View = TypeVar("View", bound=Callable[..., object])


def fresh() -> str:
    """Return a new token: 128 random bits, base64url."""
    return secrets.token_urlsafe(16)


def spend(token: str, account_id: int | None, *, at: datetime) -> None:
    """Mark the token as used. Conflict when it was used before, by any process; RuleBroken when it is no token."""
    if not _SHAPE.fullmatch(token):
        raise RuleBroken(_("表单令牌无效，请刷新页面后重新填写提交。"), field=FIELD)
    try:
        with transaction.atomic():
            OnceToken.objects.create(token=token, account_id=account_id, at=at)
    except IntegrityError:
        raise Conflict(_("该表单已提交，请勿重复提交；请刷新页面查看办理结果。")) from None


def give_back(token: str) -> None:
    """Make the token usable again: the submission was refused and changed nothing."""
    OnceToken.objects.filter(token=token).delete()


def sweep(*, at: datetime) -> int:
    """Forget tokens older than two days; return how many."""
    return OnceToken.objects.filter(at__lt=at - KEPT).delete()[0]


def rehearsal(view: View) -> View:
    """Mark a view as a live check: it looks at a form and changes nothing, so its token stays unspent."""
    view.rehearsal = True  # type: ignore[attr-defined]
    return view
