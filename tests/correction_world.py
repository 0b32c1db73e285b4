"""What tests of corrections share: profiles, a citizen whose papers were seen, cases, and the marks the data plane is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from test_requests import answered

from jutong.kernel.models import PolicyAssignment
from jutong.slices.correction import actions
from jutong.slices.correction.models import Verification
from jutong.slices.grants import queries as grants
from jutong.wire.bundle import Bundle
from published import published
from world import World

OPENED: dict[str, Any] = {"share_type": "unconditional", "open_type": "conditional", "open_conditions": "实名登记"}
ID_NUMBER = "511002198503070028"
CREDIT_CODE = "91510000MA6200000N"
RECORD = "511000199001011234"


def rules(profile: str) -> None:
    """Let a profile hold in the city from 2017 on."""
    PolicyAssignment.objects.all().delete()
    start = date(2017, 1, 1)
    at = datetime(2017, 1, 1, tzinfo=UTC)
    PolicyAssignment.objects.create(region="511000", profile=profile, effective_from=start, assigned_at=at)


BASIS: dict[str, Any] = {
    "basis_rank": "administrative_regulation", "basis_instrument": "社会救助暂行办法", "basis_article": "第十一条",
}  # fmt: skip
"""What local texts ask of a conditional entry beside the decree's conditions."""


def entered(world: World, **changes: Any) -> int:
    """Return an entry of civil's that is published under any of the profiles."""
    return published(world, **{**BASIS, **changes})


def granted(world: World) -> int:
    """Return a published entry of civil's that hr holds a grant of."""
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=world.at)
    resource = entered(world)
    answered(world, resource)
    return resource


def reported(world: World, resource: int, at: datetime | None = None, **more: Any) -> Verification:
    """Let hr's clerk report an evident error in a record."""
    at = at or world.at
    by = world.actor("hr.clerk", at=at)
    words = {"kind": "error", "text": "姓名与身份证件不一致", "items": ["姓名"], "record": RECORD, **more}
    return actions.report(by=by, at=at, asker=actions.department_asks(by, at), resource_id=resource, **words)


def citizen(world: World, name: str = "李小芳", number: str = ID_NUMBER) -> actions.Person:
    """Return a citizen whose papers a desk has seen."""
    person = actions.Person("citizen", name, number, "0832-2020001")
    actions.enter_identities(by=world.actor("civil.clerk"), at=world.at, people=[person])
    return person


def raised(world: World, deed: Callable[..., Any], /, at: datetime | None = None, **words: Any) -> tuple[Any, str]:
    """Let a citizen raise something; returns the case and the code to follow it."""
    at = at or world.at
    by = actions.at_the_window("10.0.0.1", "t1")
    asker, code = actions.public_asks(citizen(world), by=by, at=at)
    return deed(by=by, at=at, asker=asker, **words), code


def marks(at: datetime) -> dict[tuple[str, str], str]:
    """Return the marks in the bundle now: {(kind, record): sentence}."""
    bundle = msgspec.json.decode(grants.bundle(0, at).payload, type=Bundle)
    return {(mark.kind, mark.key): mark.text for mark in bundle.marks}
