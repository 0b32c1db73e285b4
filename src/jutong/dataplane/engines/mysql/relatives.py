"""OceanBase (in its MySQL mode) and TiDB: databases that speak MySQL's protocol; not tried against a real server."""

from __future__ import annotations

import msgspec

from jutong.dataplane.engines.mysql import MySQL, connect
from jutong.wire.bundle import Access


class OceanBase(MySQL):
    """OceanBase through its proxy; the user names its tenant: `user@tenant#cluster`."""

    name = "oceanbase"
    port = 2881


class TiDB(MySQL):
    """TiDB."""

    name = "tidb"
    port = 4000


async def _connected(kind: type[OceanBase | TiDB], access: Access, title: str) -> MySQL:
    ported = msgspec.structs.replace(access, port=access.port or kind.port)
    await connect(ported, title)
    return kind(ported, title)


async def oceanbase(access: Access, title: str) -> MySQL:
    """Return the engine for an access; `RuleBroken` when the address may not be connected to."""
    return await _connected(OceanBase, access, title)


async def tidb(access: Access, title: str) -> MySQL:
    """Return the engine for an access; `RuleBroken` when the address may not be connected to."""
    return await _connected(TiDB, access, title)
