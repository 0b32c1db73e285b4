"""The fixtures of the gateway's tests for tests elsewhere: two databases, and a world raised around each story."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from gateway_world import World, two_databases

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def databases() -> Iterator[tuple[str, str]]:
    """Give the platform's own database and a department's."""
    with two_databases() as both:
        yield both


@pytest.fixture
def story(tmp_path: Path, databases: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Play a deed in a world of its own; further names are settings of the gateway."""
    monkeypatch.setenv("JUTONG_SOURCE_ADDRESSES", '["127.0.0.0/8"]')

    def play(deed: Callable[[World], Awaitable[None]], **settings: Any) -> None:
        async def run() -> None:
            async with World(tmp_path, databases, **settings) as world:
                await deed(world)

        asyncio.run(run())

    return play
