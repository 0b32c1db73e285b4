"""Who a session belongs to: its account, read with the person and the department that its actor is made of."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.db.models import BigIntegerField, QuerySet

from jutong.kernel.prepared import Hole, prepared


class Accounts(ModelBackend):
    """Django's own accounts; who asks costs a page one statement and one for the posts."""

    def get_user(self, user_id: int) -> Any:
        """Return a working account, or None."""
        return next(iter(_working().ask(account=user_id)), None)


@prepared
def _working() -> QuerySet[Any, Any]:
    rows = get_user_model()._default_manager.select_related("person__department")
    return rows.filter(pk=Hole("account", BigIntegerField()), is_active=True)
