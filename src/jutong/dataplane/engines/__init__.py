"""Engines by name: each kind of data source behind one port, its driver imported when it is first used."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from typing import cast

from jutong.dataplane.engines.base import Engine
from jutong.dataplane.errors import RuleBroken
from jutong.wire.bundle import Access, Source

ENGINES = {
    "postgresql": "jutong.dataplane.engines.postgresql:connect",
    "mysql": "jutong.dataplane.engines.mysql:connect",
    "sqlite": "jutong.dataplane.engines.sqlite:connect",
    "files": "jutong.dataplane.engines.files:connect",
    "http": "jutong.dataplane.engines.http:connect",
    "oceanbase": "jutong.dataplane.engines.mysql.relatives:oceanbase",
    "tidb": "jutong.dataplane.engines.mysql.relatives:tidb",
    "dameng": "jutong.dataplane.engines.others:dameng",
    "kingbase": "jutong.dataplane.engines.others:kingbase",
    "opengauss": "jutong.dataplane.engines.others:opengauss",
    "oracle": "jutong.dataplane.engines.others:oracle",
    "sqlserver": "jutong.dataplane.engines.others:sqlserver",
}
"""Engine name to the module and the function in it that takes access and title and returns the engine."""


async def open(source: Source, access: Access) -> Engine:  # noqa: A001 - `engines.open` is how it is called
    """Open a data source; connections are made when first needed, so an absent source is refused by the first question.

    Raises RuleBroken for an unknown engine or a forbidden address, Unavailable for an inactive source.
    """
    if source.engine not in ENGINES:
        raise RuleBroken(f"不支持的数据源类型“{source.engine}”，支持的类型：{'、'.join(ENGINES)}。")
    module, _, function = ENGINES[source.engine].partition(":")
    connect = cast("Callable[[Access, str], Awaitable[Engine]]", getattr(importlib.import_module(module), function))
    return await connect(access, source.title)
