"""Engines by name: each kind of data source behind one port, its driver imported when it is first used."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from typing import cast

from jutong.dataplane.engines.base import Engine
from jutong.dataplane.errors import RuleBroken
from jutong.wire.bundle import Access, Source

ENGINES = {
    "postgresql": "jutong.dataplane.engines.postgresql",
    "mysql": "jutong.dataplane.engines.mysql",
    "sqlite": "jutong.dataplane.engines.sqlite",
    "files": "jutong.dataplane.engines.files",
}
"""Engine name to the module that offers `connect(access, title) -> Engine`."""


async def open(source: Source, access: Access) -> Engine:  # noqa: A001 - `engines.open` is how it is called
    """Open a data source; connections are made when first needed, so an absent source is refused by the first question.

    Raises RuleBroken for an unknown engine or a forbidden address, Unavailable for an inactive source.
    """
    if source.engine not in ENGINES:
        raise RuleBroken(f"不支持的数据源类型“{source.engine}”，支持的类型：{'、'.join(ENGINES)}。")
    module = importlib.import_module(ENGINES[source.engine])
    connect = cast("Callable[[Access, str], Awaitable[Engine]]", module.connect)
    return await connect(access, source.title)
