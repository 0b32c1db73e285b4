"""What tests of misuse share: a grant of civil's data to hr, what a gateway reports of it, and a case as it goes on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from test_requests import answered

from jutong.slices.grants import queries as grants
from jutong.slices.services import actions as services
from jutong.slices.usage import actions
from jutong.slices.usage.models import MisuseCase
from jutong.wire.bundle import Bundle
from jutong.wire.grants import Grant
from jutong.wire.usage import Evidence, Usage
from published import published
from world import World

SAID: dict[str, Any] = {"category": "abuse", "text": "用于商业保险产品推荐，不在授权用途之内", "handler": "陈经办"}
ORDER: dict[str, Any] = {"ground": "beyond_purpose", "demand": "停止推荐业务，删除由此形成的名单", "days": 10}
REPORT = "已停止推荐业务，名单已删除，附处置记录"


def granted(world: World, title: str = "城乡低保对象信息") -> int:
    """Return a grant that civil gave hr."""
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=world.at)
    return int(answered(world, published(world, title=title)).grant_id or 0)


def used(
    world: World, grant: int, *, system: str = "1", kind: str = "", calls: int = 3, at: datetime | None = None
) -> None:
    """Let a gateway report calls of a system: answered ones, or with a kind refused ones that look like misuse."""
    at = at or world.at
    proofs = tuple(Evidence(kind, f"trace-{at:%m%d}-{n}", at) for n in range(calls)) if kind else ()
    refused, rows = (calls, 0) if kind else (0, calls)
    one = Usage(str(grant), system, at, "online_query", "administrative_basis", calls, refused, rows, evidence=proofs)
    services.take_usage([one], node="local", at=at)


def opened(world: World, *grants_concerned: int, by: str = "civil.officer") -> MisuseCase:
    """Let somebody of the provider open a case."""
    return actions.open_misuse(by=world.actor(by), at=world.at, grant_ids=grants_concerned, **SAID)


def suspended(world: World, *concerned: int, by: str = "civil.head", **changes: Any) -> MisuseCase:
    """A confirmed case: the grants are suspended until the 16th of March."""
    case = opened(world, *concerned)
    order = {**ORDER, "grant_ids": concerned, **changes}
    return actions.suspend_misuse(case.pk, by=world.actor(by), at=world.at, **order)


def reported(world: World, case: MisuseCase) -> MisuseCase:
    """The consumer reports its rectification a day later."""
    return actions.report_rectified(case.pk, by=world.actor("hr.officer"), at=world.at + timedelta(days=1), text=REPORT)


def told(grant: int, at: datetime) -> Grant:
    """Return a grant as the gateways are told of it now."""
    bundle = msgspec.json.decode(grants.bundle(0, at).payload, type=Bundle)
    return next(one for one in bundle.grants if one.id == str(grant))
