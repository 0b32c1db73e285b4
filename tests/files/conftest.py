"""What the tests of files share: leave to use this machine's addresses and folders, and one server of each kind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import fileworld
from jutong.dataplane.files.folders import store_of
from jutong.dataplane.files.stores import Store
from jutong.wire.bundle import Access


@pytest.fixture(autouse=True)
def leave(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the data plane use this machine, and folders below the test's own."""
    monkeypatch.setenv("JUTONG_SOURCE_ADDRESSES", '["127.0.0.0/8", "/tmp"]')
    monkeypatch.setenv("JUTONG_FILE_FOLDERS", json.dumps([str(tmp_path)]))


@pytest.fixture(scope="session")
def ssh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Access]:
    """One SSH server."""
    with fileworld.sshd(tmp_path_factory.mktemp("sshd")) as access:
        yield access


@pytest.fixture(scope="session")
def s3_server() -> Iterator[Access]:
    """One S3 server."""
    with fileworld.s3() as access:
        yield access


@pytest.fixture(params=["local", "sftp", "s3"])
def access(request: pytest.FixtureRequest, tmp_path: Path) -> Access:
    """The access to an empty folder of each kind of store."""
    import msgspec

    if request.param == "local":
        return fileworld.local(tmp_path / "folder")
    found: Access = request.getfixturevalue("ssh_server" if request.param == "sftp" else "s3_server")
    folder = f"{found.database}/{tmp_path.name}"
    if request.param == "sftp":
        Path(folder).mkdir()
    return msgspec.structs.replace(found, database=folder)


@pytest.fixture
def store(access: Access) -> Iterator[Store]:
    """An empty folder of each kind of store, opened."""
    made = asyncio.run(store_of(access))
    yield made
    made.close()
