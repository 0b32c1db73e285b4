"""Adding to the list of purposes of use, and retiring what was added (R-SHR-010)."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from jutong.kernel import outbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor
from jutong.kernel.errors import Conflict, WrongState
from jutong.kernel.terms import N_
from jutong.slices.standards import events
from jutong.slices.standards.models import PurposeCode
from jutong.slices.standards.rules.purposes import SHIPPED, check_addition
from jutong.slices.standards.workflow import PURPOSE_KEEPERS


@action("standards.add_purpose", label=N_("增加使用用途"), allow=PURPOSE_KEEPERS)
def add_purpose(*, code: str, name: str, meaning: str, by: Actor, at: datetime) -> PurposeCode:
    """Add a purpose to the list; requests and grants can name it at once (R-SHR-010).

    RuleBroken for a code, name or meaning that cannot be used; Conflict for one that was ever used, retired ones included.
    """
    code, name, meaning = code.strip(), name.strip(), meaning.strip()
    check_addition(code, name, meaning, {**SHIPPED, **dict(PurposeCode.objects.values_list("code", "name"))})
    try:
        with transaction.atomic():
            row = PurposeCode.objects.create(code=code, name=name, meaning=meaning, added_by=by.name[:100], added_at=at)
    except IntegrityError:
        raise Conflict(_("用途代码“%s”刚刚被他人使用，请另取。") % code) from None
    outbox.publish(events.PURPOSES_CHANGED, f"purpose:{code}", {"code": code, "retired": False}, at=at, by=by)
    return row


@action("standards.retire_purpose", label=N_("停用使用用途"), allow=PURPOSE_KEEPERS, on=PurposeCode)
def retire_purpose(purpose: PurposeCode, *, by: Actor, at: datetime) -> None:
    """Take an added purpose off the list: nothing new can name it, grants that do go on (WrongState when retired before)."""
    if purpose.retired_at is not None:
        raise WrongState(_("用途“%s”已经停用。") % purpose.name)
    purpose.retired_at, purpose.retired_by = at, by.name[:100]
    purpose.save(update_fields=["retired_at", "retired_by"])
    payload = {"code": purpose.code, "retired": True}
    outbox.publish(events.PURPOSES_CHANGED, f"purpose:{purpose.code}", payload, at=at, by=by)
