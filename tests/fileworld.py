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

import psutil
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


class Sshd:
    """An SSH server that lets the current user in by a key; it may be killed and started again, and must be stopped.

    access: to `folder`/files. Skips the test that asks for it where sshd is not installed.
    """

    def __init__(self, folder: Path) -> None:
        server, keygen = shutil.which("sshd") or "/usr/sbin/sshd", shutil.which("ssh-keygen")
        if not Path(server).exists() or keygen is None:
            pytest.skip("sshd (openssh-server) is not installed: SFTP was not tried")
        keys, files, self._port = folder / "ssh", folder / "files", _free_port()
        keys.mkdir(mode=0o700)
        files.mkdir(exist_ok=True)
        for name in ("host", "user"):
            subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(keys / name)], check=True)
        (keys / "authorized").write_text((keys / "user.pub").read_text())
        (keys / "config").write_text(
            f"Port {self._port}\nListenAddress 127.0.0.1\nHostKey {keys / 'host'}\nPidFile {keys / 'pid'}\n"
            f"AuthorizedKeysFile {keys / 'authorized'}\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
            "Subsystem sftp internal-sftp\nMaxSessions 100\nMaxStartups 100\nPermitRootLogin yes\n"
        )
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self._command = [server, "-D", "-e", "-f", str(keys / "config")]
        self.access = Access(
            host="127.0.0.1",
            port=self._port,
            database=str(files),
            user=getpass.getuser(),
            password=(keys / "user").read_text(),
            options={"store": "sftp", "host_key": " ".join((keys / "host.pub").read_text().split()[:2])},
        )
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(self._command, stderr=subprocess.DEVNULL)
        _wait(self._port)

    def killed(self) -> None:
        """Kill the server and every session of it without a goodbye, and start it again."""
        server = psutil.Process(self._process.pid)
        for process in (server, *server.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait()
        self._start()

    def stop(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait(10)


@contextmanager
def sshd(folder: Path) -> Iterator[Access]:
    """Start an SSH server and yield the access to it (see `Sshd`)."""
    server = Sshd(folder)
    try:
        yield server.access
    finally:
        server.stop()


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
