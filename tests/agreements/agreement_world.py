"""Agreements between the departments of the tests' city, brought to where a test begins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import pytest
from rules_world import BEFORE, under

from jutong.kernel.errors import Refusal
from jutong.slices.agreements import actions, queries
from jutong.slices.agreements.models import Agreement
from jutong.slices.agreements.rules import Given, Line, Side, Stated
from jutong.wire.grants import Masking, Mode
from world import World

STATED: dict[str, Any] = {
    "name": "社会救助家庭经济状况信息共享协议",
    "content": "城乡低保对象的身份与家庭收入信息",
    "quality": "与救助台账一致，错误率不高于万分之一",
    "quantity": "约 12 万条",
    "frequency": "每日",
    "scope": "用于养老保险代缴核验，养老保险科经办人员使用",
    "manner": "联机查询，逐件核验，不留存",
    "since": date(2025, 6, 1),
    "until": date(2027, 2, 28),
    "basis": "《社会救助暂行办法》第十一条",
    "schedule": "签署后 20 个工作日内开通",
}
TERMS = "指定专人保管，不得转给他人，用毕销毁"


@contextmanager
def refused(kind: type[Refusal], words: str) -> Iterator[pytest.ExceptionInfo[Refusal]]:
    """What is done within is refused with a sentence that says `words`."""
    with pytest.raises(kind) as told:
        yield told
    assert words in told.value.sentence


def side(world: World, key: str, **changes: Any) -> Side:
    """A party with its responsible person and terms of secrecy."""
    given = {"responsible": f"{key}负责人", "confidentiality": TERMS, **changes}
    return Side(world.department(key), **given)


def line(world: World, resource_id: int, consumer: str = "hr", **changes: Any) -> Line:
    """What hr may have of an entry of civil's."""
    given: dict[str, Any] = {
        "items": (Given("公民身份号码"), Given("姓名", Masking.NAME)),
        "key_items": ("公民身份号码",),
        "modes": (str(Mode.ONLINE_QUERY),),
        "purposes": ("administrative_basis",),
        **changes,
    }
    return Line(resource_id=resource_id, consumer_id=world.department(consumer), **given)


def written(world: World, *keys: str, lines: tuple[Line, ...] = (), **stated: Any) -> actions.Draft:
    """A whole text between civil and hr, or the parties named."""
    sides = tuple(side(world, key) for key in keys or ("civil", "hr"))
    return actions.Draft(stated=Stated(**{**STATED, **stated}), sides=sides, lines=lines)


def drafted(world: World, *keys: str, kind: str = "sharing", at: datetime | None = None, **more: Any) -> Agreement:
    """A draft of civil's officer."""
    return actions.draft(
        by=world.actor("civil.officer"), at=at or world.at, kind=kind, written=written(world, *keys, **more)
    )


def before_the_decree(world: World) -> None:
    """Let it be June 2025 under Neijiang's own text, when an agreement opened access by itself."""
    under(world, "neijiang-2020")
    world.at = BEFORE


def digest(case: Agreement) -> str:
    """The digest of the text that waits for signatures."""
    return str(case.versions.get(number=Agreement.objects.get(pk=case.pk).pending).digest)


def signed(world: World, case: Agreement, *people: str, at: datetime | None = None) -> Agreement:
    """Let heads sign the text that waits, and what follows happen."""
    at = at or world.at
    for person in people:
        actions.sign(case.pk, by=world.actor(person), at=at, digest=digest(case))
    world.drain(at)
    return Agreement.objects.get(pk=case.pk)


def active(world: World, *lines: Line, kind: str = "sharing", at: datetime | None = None, **stated: Any) -> Agreement:
    """An agreement between civil and hr that both have signed."""
    case = drafted(world, lines=lines, kind=kind, at=at, **stated)
    actions.send(case, by=world.actor("civil.officer"), at=at or world.at)
    return signed(world, case, "civil.head", "hr.head", at=at)


def grant_of(world: World, case: Agreement, at: datetime | None = None) -> Any:
    """The grant that the first line became, as civil's head sees it now."""
    from jutong.slices.grants import queries as grants

    found = queries.agreement(case.pk, world.actor("civil.head"), at or world.at, version=case.version).lines[0]
    assert found.grant_id
    return grants.grant(found.grant_id, world.actor("civil.head"))
