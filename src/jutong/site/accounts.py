"""Who a session belongs to: its account, read with the person and the department that its actor is made of."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend

from jutong.slices.parties.queries import working_account


class Accounts(ModelBackend):
    """Django's own accounts; who asks costs a page one statement and one for the posts."""

    def get_user(self, user_id: int) -> Any:
        """Return a working account, or None."""
        return working_account(user_id)
