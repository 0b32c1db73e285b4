"""Rounds of table orders between two front-end nodes: one reads and packs, the other lands; both tables are compared.

Centre, nodes and the line to them are those of the parcels; each node has a database of its own, which is killed, too.
"""

# ruff: noqa: S608 - the names in these statements are the rounds' own
from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psycopg

from chaos.parcels import FAULTS, PATIENCE, Parcels, Place
from chaos.score import Deck, Score
from chaos.servers import Servers

MODES = ("replace", "append", "upsert")
ROWS, MORE = 20_000, 500
ASKED_AGAIN = 20
ENDED = ("released", "rejected", "quarantined")
SHOWN = "select id_number, xm, division, changed from {}"
Found = TypeVar("Found")


class Ends:
    """The two databases, the grant between them, and a standing task for each mode."""

    def __init__(self, place: Place, servers: Servers) -> None:
        from jutong.kernel.settings import settings
        from jutong.slices.sources import actions as sources
        from published import published
        from sourceworld import mounted_on, register

        self.there, self.here = servers.source.database("people_there"), servers.target.database("people_here")
        self.run(
            self.there,
            "create table people (id_number varchar(18) primary key, xm text, division char(6), changed bigint)",
        )
        self.grow(ROWS)
        city = place.city
        settings().demo = True  # so that addresses of this machine may be registered
        source = register(city, "civil", self.there)
        target = register(city, "hr", self.here, title="人社库", provides=False, receives=True)
        resource_id = published(city, "civil", title="人口账")
        with _probed(place):
            mounted_on(city, source, resource_id, ITEMS)
        for department, end in (("civil", source), ("hr", target)):
            by = city.actor(f"{department}.engineer", at=datetime.now(UTC))
            sources.place(end, by=by, at=datetime.now(UTC), node_id=place.nodes[department])
        self.grant = _grant(city, resource_id)
        self.tasks = {mode: _task(city, self.grant, target.pk, mode) for mode in MODES}
        place.told()

    @staticmethod
    def run(url: str, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement in a database of a department."""
        with psycopg.connect(url, autocommit=True) as connection:
            found = connection.execute(statement)  # type: ignore[arg-type]
            return found.fetchall() if found.description else []

    def grow(self, rows: int) -> None:
        """Add people, each with a greater mark than all before."""
        ((last,),) = self.run(self.there, "select coalesce(max(changed), 0) from people")
        row = f"lpad(({last} + i)::text, 18, '0'), '张' || i, '511002', {last} + i"
        self.run(self.there, f"insert into people select {row} from generate_series(1, {rows}) i")


ITEMS = {"公民身份号码": "id_number", "姓名": "xm", "出生日期": "", "户籍行政区划": "division", "收入": "changed"}


def _probed(place: Place) -> Any:
    """Let the control plane's questions about sources be answered in this process while something is mounted."""
    from sourceworld import answering

    return answering(place.ours.home.nodes / "local")


def _grant(city: Any, resource_id: int) -> int:
    from jutong.kernel.actors import system_actor
    from jutong.slices.datacentre import queries as mounts
    from jutong.slices.grants import actions as grants
    from jutong.wire.grants import Column, Mode

    mount, now = mounts.mount_of(resource_id), datetime.now(UTC)
    columns = tuple(Column(item.item, item.column, item.kind, item.masking) for item in mount.columns)
    terms = grants.Terms(
        columns=columns, conditions=(), key_items=("公民身份号码",), modes=(Mode.FRONT_END_NODE,),
        purposes=("data_verification",), valid_from=now, valid_until=now + timedelta(days=30),
        basis="社会救助暂行办法", known={item.item: item.kind for item in mount.columns},
    )  # fmt: skip
    return grants.open_grant(
        grants.Opening(
            region=city.region,
            resource_id=resource_id,
            resource_title="人口账",
            entry_code=mount.code,
            entry_version=mount.entry_version,
            provider_id=mount.provider_id,
            consumer_id=city.department("hr"),
            authority_id=None,
            case_ref="chaos:2",
            request_digest="0" * 64,
            terms=terms,
        ),
        by=system_actor("chaos"),
        at=now,
    ).pk


def _task(city: Any, grant: int, target: int, mode: str) -> int:
    from jutong.slices.exchange import actions
    from jutong.slices.exchange.actions.ordering import Wanted
    from jutong.slices.exchange.rules import Plan, Terms
    from jutong.wire.transfers import OrderKind, Read, Watermark

    now = datetime.now(UTC)
    terms = Terms() if mode == "replace" else Terms(read=Read.WATERMARK, watermark=Watermark("收入"))
    wanted = Wanted(OrderKind.TABLE, target, "public", f"copy_{mode}", mode)
    by = city.actor("hr.clerk", at=now)
    return actions.create_task(by=by, at=now, grant_id=grant, wanted=wanted, plan=Plan(terms)).pk


class Between:
    """Rounds of orders between the two nodes of the parcels' place."""

    def __init__(self, parcels: Parcels, servers: Servers, rng: random.Random) -> None:
        self._parcels, self._servers = parcels, servers
        self._modes = Deck(rng, MODES)
        self._faults = Deck(rng, (*FAULTS, "kill -9 source", "kill -9 target"))

    @cached_property
    def _ends(self) -> Ends:
        return Ends(self._parcels.place, self._servers)

    def play(self, rng: random.Random, score: Score) -> str:
        """Play one round."""
        ends, place, mode = self._ends, self._parcels.place, self._modes.deal()
        ends.grow(MORE)
        run_id = self._ordered(place, ends.tasks[mode])
        for _ in range(rng.randrange(1, 4)):
            time.sleep(rng.uniform(0, 1))
            fault = self._faults.deal()
            score.faults[fault] += 1
            killed = {"kill -9 source": self._servers.source.killed, "kill -9 target": self._servers.target.killed}
            killed[fault]() if fault in killed else self._parcels.broken(place, fault, rng)
        self._settled(place, run_id)
        ours, theirs = (
            Counter(ends.run(url, SHOWN.format(table)))
            for url, table in ((ends.there, "people"), (ends.here, f"copy_{mode}"))
        )
        score.lost += len(ours.keys() - theirs.keys())
        score.doubled += sum(theirs.values()) - len(theirs)
        score.green += theirs != ours
        return f"between nodes {mode}"

    def _ordered(self, place: Place, task: int) -> int:
        from jutong.slices.exchange import actions

        def order() -> int:
            now = datetime.now(UTC)
            return int(actions.run_now(task, by=place.city.actor("hr.clerk", at=now), at=now).pk)

        return _stubborn(order)

    def _settled(self, place: Place, run_id: int) -> None:
        """Wait for the release, keeping both nodes alive; what was given up or is red, a person asks for again."""
        from jutong.slices.exchange import actions
        from jutong.slices.exchange.models import Run

        def state() -> tuple[str, str]:
            return Run.objects.values_list("state", "message").get(pk=run_id)

        def again() -> None:
            now = datetime.now(UTC)
            actions.retry(run_id, by=place.city.actor("hr.clerk", at=now), at=now)

        for _ in range(ASKED_AGAIN):
            until = time.monotonic() + PATIENCE
            while (found := _stubborn(state))[0] not in ENDED:
                place.sender.revive()
                place.receiver.revive()
                if time.monotonic() > until:
                    raise AssertionError(f"the run never ended: {found}\n{_said(place)}")
                time.sleep(0.2)
            if found[0] == "released":
                return
            _stubborn(again)
        raise AssertionError(f"the run never succeeded: {found}\n{_said(place)}")


def _said(place: Place) -> str:
    logs = [Path(f"{node.home}.log") for node in (place.sender, place.receiver)]
    return "\n".join(log.read_text(encoding="utf-8", errors="replace")[-3000:] for log in logs)


def _stubborn(deed: Callable[[], Found]) -> Found:
    """Do something in the centre's database, again while it is being killed."""
    from django.db import InterfaceError, OperationalError, connections

    until = time.monotonic() + PATIENCE
    while True:
        connections.close_all()
        with suppress(OperationalError, InterfaceError, httpx.HTTPError):
            try:
                return deed()
            finally:
                connections.close_all()
        if time.monotonic() > until:
            raise AssertionError("the centre's database never came back")
        time.sleep(0.1)
