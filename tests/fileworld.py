"""Real servers that hold files, for tests: OpenSSH's sshd and moto's S3, each on a free port of this machine."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from jutong.wire.bundle import Access


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait(port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on {port}")


@contextmanager
def sshd(folder: Path) -> Iterator[Access]:
    """Start an SSH server that lets the current user in by a key; yields the access to `folder`/files."""
    server, keygen = shutil.which("sshd") or "/usr/sbin/sshd", shutil.which("ssh-keygen")
    if not Path(server).exists() or keygen is None:
        pytest.skip("sshd (openssh-server) is not installed: SFTP was not tried")
    keys, files, port = folder / "ssh", folder / "files", _free_port()
    keys.mkdir(mode=0o700)
    files.mkdir(exist_ok=True)
    for name in ("host", "user"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(keys / name)], check=True)
    (keys / "authorized").write_text((keys / "user.pub").read_text())
    (keys / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {keys / 'host'}\nPidFile {keys / 'pid'}\n"
        f"AuthorizedKeysFile {keys / 'authorized'}\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
        "Subsystem sftp internal-sftp\nMaxSessions 100\nMaxStartups 100\nPermitRootLogin yes\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    process = subprocess.Popen([server, "-D", "-e", "-f", str(keys / "config")], stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        host_key = " ".join((keys / "host.pub").read_text().split()[:2])
        yield Access(
            host="127.0.0.1",
            port=port,
            database=str(files),
            user=getpass.getuser(),
            password=(keys / "user").read_text(),
            options={"store": "sftp", "host_key": host_key},
        )
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def s3() -> Iterator[Access]:
    """Start moto's server with one bucket; yields the access to a prefix of it."""
    from moto.server import ThreadedMotoServer
    from pyarrow import fs

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        system = fs.S3FileSystem(
            access_key="key",
            secret_key="secret",
            endpoint_override=f"{host}:{port}",
            scheme="http",
            region="us-east-1",
            allow_bucket_creation=True,
        )
        system.create_dir("exchange")
        options = {"store": "s3"}
        yield Access(host, port, "exchange/in", "key", "secret", "disable", options)
    finally:
        server.stop()


def local(folder: Path) -> Access:
    """Return the access to a folder of this machine."""
    folder.mkdir(exist_ok=True)
    return Access(database=str(folder), options={"store": "local"})
