"""Who acts in the four procedures, and who may know of a case."""

from __future__ import annotations

from typing import Any

from jutong.kernel.actors import Actor, Role, Who
from jutong.kernel.terms import N_

HEADS = (Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY)
STAFF = (Role.DATA_OFFICER, Role.CLERK, Role.LIAISON, *HEADS)
REVIEWERS = (Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD)

PUBLIC = Who("public_applicant", N_("公众申请人"), system=True)
"""Somebody of the public, whose identity the page's own action has checked: they have no account, the platform acts for them."""
CONSUMER = Who("consumer", N_("使用方经办人"), STAFF, of="consumer_id")
PROVIDER = Who("provider", N_("提供方数据专员"), STAFF, of="provider_id")
PRINCIPAL = Who("provider_principal", N_("提供方主要负责人"), (Role.PRINCIPAL,), of="provider_id")
AUTHORITY = Who("authority", N_("同级主管部门"), REVIEWERS, of="authority_id")
HANDLER = Who("handler", N_("承办部门经办人"), STAFF, of="provider_id")


def may_know(actor: Actor, case: Any) -> bool:
    """Tell who knows of a case: who asked, who has to act, the authority; auditors; the platform."""
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return True
    return bool(actor.serves & {case.consumer_id, case.provider_id, case.authority_id})
