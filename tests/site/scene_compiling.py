"""Of the scene: tables to compile entries from, one of them changed since, and questions about entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from jutong.kernel.actors import system_actor
from jutong.slices.catalogue import actions as catalogue
from jutong.slices.datacentre import actions as datacentre
from jutong.slices.datacentre.models import SourceTable
from jutong.slices.sources import queries as sources

if TYPE_CHECKING:
    from scene import Scene

TABLES = "create table burials (xm text, sfzh varchar(18)); create table graves (bh varchar(20) primary key)"


def build(scene: Scene, civil_db: str) -> None:
    """Let the data officer find and read tables, compile from one that changes afterwards, and let people ask."""
    world, at, officer = scene.world, scene.world.at, scene.world.actor("civil.officer")
    with psycopg.connect(civil_db) as connection:
        connection.execute(TABLES)
    datacentre.take_stock(by=officer, at=at, source_id=scene["source"])
    fresh, changed = (SourceTable.objects.get(table=name).pk for name in ("burials", "graves"))
    for pk in (fresh, changed):
        _read(scene, pk)
    datacentre.compile_tables([changed], by=officer, at=at)
    with psycopg.connect(civil_db) as connection:
        connection.execute("alter table graves add column dz varchar(200)")
    _read(scene, changed)
    asked = catalogue.ask(by=world.actor("hr.clerk"), at=at, text="口径是什么？", entry_id=scene["published"])
    scene.ids |= {"table": fresh, "table_changed": changed, "question": asked.pk}


def _read(scene: Scene, pk: int) -> None:
    row = SourceTable.objects.get(pk=pk)
    found, looked = sources.profile(row.source_id, schema=row.schema, table=row.table)
    datacentre.take_in(pk, by=system_actor("scene"), at=scene.world.at, found=found, looked=looked)
