"""Data sources: a department's engineer registers, changes, tests, disables and enables its data sources."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Final

from django.db import IntegrityError, connection, transaction

from jutong.kernel import keys, outbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor
from jutong.kernel.errors import Conflict, RuleBroken, WrongState
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_
from jutong.slices.parties import queries as parties
from jutong.slices.sources import events
from jutong.slices.sources.actions.checking import keep_test
from jutong.slices.sources.models import DataSource, FrontEndNode
from jutong.slices.sources.queries.probing import asked
from jutong.slices.sources.rules import ENGINEERS, Details, Surroundings, check, check_placing, is_local, sees
from jutong.slices.sources.workflow import WORKING

_PLAIN: Final = (
    "title", "engine", "host", "port", "database", "user", "tls", "ca", "zone", "provides", "receives",
    "options", "statement_seconds", "dedicated",
)  # fmt: skip
_PLACE: Final = ("engine", "host", "port", "database", "user", "options")


def _around() -> Surroundings:
    own = connection.settings_dict
    return Surroundings(
        host=str(own["HOST"] or "localhost"),
        port=int(own["PORT"] or 5432),
        database=str(own["NAME"]),
        demo=settings().demo,
    )


def _check_network(department_id: int, details: Details, at: datetime) -> None:
    if not details.dedicated:
        return
    try:
        parties.check_dedicated(department_id, at)
    except RuleBroken as refusal:
        raise RuleBroken(refusal.sentence, field="dedicated") from None


@action("sources.register", label=N_("登记数据源"), allow=ENGINEERS)
def register(*, by: Actor, at: datetime, department_id: int, details: Details) -> DataSource:
    """Register a data source of a department (R-EXC-023); its password is encrypted with SM4 before it is stored.

    RuleBroken with a sentence per field, also for a dedicated network where the region's profile leaves none (R-EXC-015);
    Conflict for a title the department already uses.
    """
    check(details, _around(), new=True)
    _check_network(department_id, details, at)
    source = DataSource(department_id=department_id, registered_at=at, secret=keys.conceal(b""))
    _fill(source, details, at)
    _tell(source, by, at)
    return source


@action("sources.change", label=N_("修改数据源"), allow=ENGINEERS, on=DataSource, visible=sees)
def change(source: DataSource, *, by: Actor, at: datetime, details: Details) -> None:
    """Change a data source; what was tested before counts no longer.

    An empty password keeps the stored one, but never lets it travel: another place or user needs it typed again.
    """
    check(details, _around(), new=False)
    _check_network(source.department_id, details, at)
    if not (details.password or is_local(details.engine, details.options)) and any(
        getattr(source, name) != getattr(details, name) for name in _PLACE
    ):
        raise RuleBroken(N_("主机、端口、数据库或用户名有变化，请重新填写口令。"), field="password")
    if source.node and source.node.zone != details.zone:
        raise RuleBroken(N_("数据源置于前置机之后，网络区域须与前置机一致；请先改接再修改。"), field="zone")
    _untested(source)
    _fill(source, details, at)
    _tell(source, by, at)


def _untested(source: DataSource) -> None:
    source.tested_at, source.tested_ok, source.tested_ms = None, None, None
    source.tested_message, source.product = "", ""


def _fill(source: DataSource, details: Details, at: datetime) -> None:
    for name in _PLAIN:
        setattr(source, name, getattr(details, name))
    source.ca = details.ca.strip()
    if details.password or is_local(details.engine, details.options):
        source.secret = keys.conceal(details.password.encode())
    source.changed_at = at
    try:
        with transaction.atomic():
            source.save()
    except IntegrityError:
        raise Conflict(N_("本部门已有同名的数据源，请换一个名称。")) from None


@action("sources.test", label=N_("测试数据源连接"), allow=ENGINEERS, on=DataSource, visible=sees)
def test_connection(source: DataSource, *, by: Actor, at: datetime) -> DataSource:
    """Let the data plane connect and keep what it found and how long it took; a failed test is a result, not a refusal.

    Unavailable when the data plane does not answer.
    """
    began = time.monotonic()
    answer = asked(source, "test")
    keep_test(source, answer, round((time.monotonic() - began) * 1000), by_name=by.name, at=at)
    return source


@action("sources.place", label=N_("安排数据源位置"), allow=ENGINEERS, on=DataSource, visible=sees)
def place(source: DataSource, *, by: Actor, at: datetime, node_id: int | None) -> None:
    """Place a data source behind a front-end node of its department, or (None) let the data plane beside us reach it.

    Its access is sealed anew, to that node alone. RuleBroken for a node of another department or zone (R-EXC-016), or
    one that has not signed.
    """
    node = FrontEndNode.objects.filter(pk=node_id).first() if node_id is not None else None
    if node_id is not None:
        check_placing(
            same_department=node is not None and node.department_id == source.department_id,
            same_zone=node is not None and node.zone == source.zone,
            working=node is not None and node.state in WORKING,
        )
    source.node = node
    _untested(source)
    source.changed_at = at
    source.save()
    _tell(source, by, at)


@action("sources.disable", label=N_("停用数据源"), allow=ENGINEERS, on=DataSource, visible=sees)
def disable(source: DataSource, *, by: Actor, at: datetime, note: str = "") -> None:
    """Stop using a data source: within two seconds nothing is read from or written to it any more."""
    if not source.active:
        raise WrongState(N_("该数据源已经停用，无需重复操作。"))
    source.active = False
    _switched(source, by, at)


@action("sources.enable", label=N_("启用数据源"), allow=ENGINEERS, on=DataSource, visible=sees)
def enable(source: DataSource, *, by: Actor, at: datetime, note: str = "") -> None:
    """Use a disabled data source again."""
    if source.active:
        raise WrongState(N_("该数据源正在使用，无需启用。"))
    source.active = True
    _switched(source, by, at)


def _switched(source: DataSource, by: Actor, at: datetime) -> None:
    source.changed_at = at
    source.save(update_fields=["active", "changed_at"])
    _tell(source, by, at)


def _tell(source: DataSource, by: Actor, at: datetime) -> None:
    payload = {"id": source.pk, "department_id": source.department_id, "active": source.active}
    outbox.publish(events.SOURCE_CHANGED, f"source:{source.pk}", payload, at=at, by=by)
