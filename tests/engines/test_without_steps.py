"""What only some targets can do is refused before a row moves."""

from __future__ import annotations

from pathlib import Path

import msgspec

import mariadb
from jutong.crypto import sm2
from jutong.wire.bundle import Access, Source
from jutong.wire.transfers import Read, RunState, TableMode
from transferworld import world


def test_change_capture_into_a_target_that_cannot_take_it_is_refused(tmp_path: Path) -> None:
    with world(tmp_path, people=5) as town, mariadb.database() as (port, name):
        access = Access("127.0.0.1", port, name, mariadb.USER, mariadb.PASSWORD, "disable")
        sealed = sm2.seal(town.me.signer.public, msgspec.json.encode(access))
        source = Source("source", "provider", "postgresql", "提供方库", town.sealed(town.provider))
        target = Source("target", "consumer", "mysql", "需求方库", sealed)
        town.control.publish(sources=(source, target))
        with town.running():
            town.order(target_schema=name, task_id="t", read=Read.CHANGES, target_mode=TableMode.UPSERT)
            end = town.ended()
        assert end.state is RunState.REJECTED
        assert "不能接收变更捕获" in end.message
        assert mariadb.execute(port, name, "show tables") == []
