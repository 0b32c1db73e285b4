"""Backed up while it runs, restored into an empty home, and verified to the last audit line."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from covers import covers
from jutong.cli import backup as saved
from jutong.crypto import keyfile, sm3
from jutong.crypto.errors import KeyFileRefused
from served import empty_home, inside, prepared_home, run, serving, until

pytestmark = [pytest.mark.slow(seconds=100), pytest.mark.xdist_group("backup")]
ESTABLISH = [
    "establish",
    "--region",
    "511000",
    "--place",
    "510000=四川省",
    "--place",
    "511000=内江市",
    "--department",
    "市数据局",
]
STORE = """
import io, os
from jutong.kernel import files
row = files.store(io.BytesIO(b"file " * 300_000), "附件.txt", by=system_actor("test"), at=clock.now())
print(row.id, row.digest)
"""
SEEN = """
from jutong.kernel.models import AuditSegment, AuditEntry
print(AuditSegment.objects.count(), AuditEntry.objects.count())
"""


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    with prepared_home() as environment:
        yield environment


def knock(environment: dict[str, str]) -> None:
    """Call the gateway as a stranger: a refusal in its chain."""
    time.sleep(1.1)  # a stranger gets one line a second
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"http://{environment['JUTONG_GATEWAY_BIND']}/v1/grants", timeout=10)


@covers("R-SEC-022")
def test_a_running_instance_is_backed_up_and_restored_into_an_empty_home(environment: dict[str, str]) -> None:
    folder = Path(environment["JUTONG_HOME"]).parent
    passphrase = folder / "passphrase"
    passphrase.write_text("长沙-backup-2026")
    passphrase.chmod(0o600)
    assert run(environment, *ESTABLISH).returncode == 0
    with serving(environment) as process:
        file_id, digest = inside(environment, STORE).split()
        knock(environment)
        until(lambda: int(inside(environment, SEEN).split()[0]) >= 1)
        knock(environment)
        made = run(
            environment, "backup", str(folder / "sets"), "--keys", str(folder / "keys" / "k.sealed"),
            "--passphrase-file", str(passphrase), "--keep", "2",
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        doctor = run(environment, "doctor", "--json", JUTONG_BACKUP_FOLDER=str(folder / "sets"))
        findings = {one["name"]: one for one in json.loads(doctor.stdout)}
        assert doctor.returncode == 0, (doctor.stderr, findings)
        assert findings["备份"]["level"] == findings["传输进程"]["level"] == findings["数据库时钟"]["level"] == "ok"
        process.terminate()
        process.wait(timeout=60)
    (made_set,) = (folder / "sets").iterdir()
    secret = (Path(environment["JUTONG_HOME"]) / "secrets" / "postgres.postgres").read_text()
    for path in (p for p in made_set.rglob("*") if p.is_file()):
        assert secret.encode() not in path.read_bytes()
        assert "instance.json" not in path.name
    with empty_home() as second:
        restored = run(second, "restore", str(made_set), "--keys", str(folder / "keys" / "k.sealed"),
                       "--passphrase-file", str(passphrase))  # fmt: skip
        assert restored.returncode == 0, restored.stderr
        home = Path(second["JUTONG_HOME"])
        assert sm3.hexdigest((home / "files" / digest[:2] / digest).read_bytes()) == digest
        with serving(second) as process:
            before = int(inside(second, SEEN).split()[0])
            knock(second)
            until(lambda: int(inside(second, SEEN).split()[0]) > before)
            checked = run(second, "audit", "verify")
            assert checked.returncode == 0, checked.stdout
            process.terminate()
            process.wait(timeout=60)
        again = run(second, "restore", str(made_set), "--keys", str(folder / "keys" / "k.sealed"),
                    "--passphrase-file", str(passphrase))  # fmt: skip
        assert again.returncode == 1
        assert "不是空的，不会覆盖" in again.stderr
    with empty_home() as third:
        victim = made_set / "files" / digest[:2] / digest
        with victim.open("r+b") as file:
            file.write(b"FILE")
        refused = run(third, "restore", str(made_set), "--keys", str(folder / "keys" / "k.sealed"),
                      "--passphrase-file", str(passphrase))  # fmt: skip
        assert refused.returncode == 1
        assert f"files/{digest[:2]}/{digest} 缺失或被改动" in refused.stderr
        assert not Path(third["JUTONG_HOME"]).exists()
    del file_id


def test_an_interrupted_backup_leaves_nothing_under_its_name(environment: dict[str, str], tmp_path: Path) -> None:
    """Killed at any moment, the folder holds whole sets only; the next backup clears the rest away."""
    command = [sys.executable, "-m", "jutong", "backup", str(tmp_path / "sets")]
    interrupted = 0
    for delay in (0.0, 0.1, 0.3):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and not list(tmp_path.glob("sets/.partial-*")):
            time.sleep(0.001)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        interrupted += process.wait() == -signal.SIGKILL
        assert all((made / saved.SIGNATURE).exists() for made in tmp_path.glob("sets/jutong-*"))
    assert interrupted
    assert run(environment, "backup", str(tmp_path / "sets"), "--keep", "1").returncode == 0
    (whole,) = (tmp_path / "sets").iterdir()
    assert (whole / saved.SIGNATURE).exists()
    shutil.rmtree(tmp_path / "sets")


def test_a_full_disk_is_said_and_leaves_nothing(environment: dict[str, str], tmp_path: Path) -> None:
    """With a limit on file sizes, as a disk that is full."""
    code = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)); import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); from jutong.cli.main import main; main()"
    target = tmp_path / "sets"
    with serving(environment) as process:
        done = subprocess.run(
            [sys.executable, "-c", code, "backup", str(target)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        process.terminate()
        process.wait(timeout=60)
    assert done.returncode == 1
    assert "没有成功" in done.stderr or "没有完成" in done.stderr
    assert list(target.iterdir()) == []


def test_keys_never_lie_beside_the_backup(environment: dict[str, str], tmp_path: Path) -> None:
    passphrase = tmp_path / "p"
    passphrase.write_text("x" * 20)
    passphrase.chmod(0o600)
    inside_set = run(environment, "backup", str(tmp_path / "sets"), "--keys", str(tmp_path / "sets" / "k"),
                     "--passphrase-file", str(passphrase))  # fmt: skip
    assert inside_set.returncode == 1
    assert "密钥备份不能放在备份目录" in inside_set.stderr
    assert run(environment, "backup", str(tmp_path / "sets"), "--keys", str(tmp_path / "k")).returncode == 2


def test_sealed_bytes_open_with_their_passphrase_only() -> None:
    sealed = keyfile.seal_bytes(b"secret", "right")
    assert keyfile.open_bytes(sealed, "right") == b"secret"
    for broken, word in (
        (sealed, "wrong"),
        (sealed.replace(b'"sealed": "', b'"sealed": "00'), "right"),
        (b"{}", "right"),
    ):
        with pytest.raises(KeyFileRefused):
            keyfile.open_bytes(broken, word)
