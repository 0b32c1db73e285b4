"""The supervisor with real processes: restarts, clean ends, nobody left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

SUPERVISE = """
import asyncio, sys
from pathlib import Path
from jutong.cli import supervisor
from jutong.cli.supervisor import Child, Supervisor
supervisor.STOP_SECONDS = 1.0
folder = Path(sys.argv[1])
children = [Child(f"c{i}", [sys.executable, "-c", code], {"FOLDER": str(folder)}) for i, code in enumerate(sys.argv[2:])]
asyncio.run(Supervisor(children, logs=folder, say=lambda line: print(line, flush=True)).run())
print("ended", flush=True)
"""
LIVES = "import os, time; open(os.environ['FOLDER'] + f'/pid.{os.getpid()}', 'w'); print('up'); time.sleep(600)"
STUBBORN = "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + LIVES
WITH_GRANDCHILD = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', %r]); %s" % (LIVES, LIVES)  # noqa: UP031
DIES = "print('no', flush=True); raise SystemExit(3)"


def supervise(folder: Path, *codes: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, str(folder), *codes],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for_pids(folder: Path, count: int) -> list[int]:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        pids = [int(path.suffix[1:]) for path in folder.glob("pid.*")]
        if len(pids) >= count:
            return pids
        time.sleep(0.05)
    raise AssertionError("the children did not start")


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def all_gone(pids: list[int]) -> bool:
    end = time.monotonic() + 5
    while time.monotonic() < end and any(map(alive, pids)):
        time.sleep(0.05)
    return not any(map(alive, pids))


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_children_and_grandchildren(tmp_path: Path, sign: signal.Signals) -> None:
    process = supervise(tmp_path, LIVES, WITH_GRANDCHILD)
    pids = wait_for_pids(tmp_path, 3)
    process.send_signal(sign)
    assert process.communicate(timeout=20)[0].endswith("ended\n")
    assert all_gone(pids)


def test_a_stubborn_child_is_ended_all_the_same(tmp_path: Path) -> None:
    process = supervise(tmp_path, STUBBORN)
    pids = wait_for_pids(tmp_path, 1)
    process.terminate()
    assert process.communicate(timeout=20)[0].endswith("ended\n")
    assert all_gone(pids)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of a killed parent")
def test_children_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    process = supervise(tmp_path, LIVES, LIVES)
    pids = wait_for_pids(tmp_path, 2)
    process.kill()
    process.wait()
    assert all_gone(pids)


def test_a_killed_child_is_started_again(tmp_path: Path) -> None:
    process = supervise(tmp_path, LIVES)
    first = wait_for_pids(tmp_path, 1)
    os.kill(first[0], signal.SIGKILL)
    assert len(wait_for_pids(tmp_path, 2)) == 2
    process.terminate()
    output = process.communicate(timeout=20)[0]
    assert "c0 意外退出（代码 -9），0.5 秒后重新启动。" in output


def test_a_child_that_always_dies_is_tried_less_and_less_often(tmp_path: Path) -> None:
    process = supervise(tmp_path, DIES)
    time.sleep(4.5)
    process.terminate()
    output = process.communicate(timeout=20)[0]
    assert [f"{wait} 秒" in output for wait in ("0.5", "1.0", "2.0", "8.0")] == [True, True, True, False]


def test_lines_go_to_the_terminal_with_a_prefix_and_into_the_log(tmp_path: Path) -> None:
    process = supervise(tmp_path, LIVES, "print('x' * 3_000_000, flush=True); print('after', flush=True); " + LIVES)
    wait_for_pids(tmp_path, 2)
    time.sleep(0.5)
    process.terminate()
    output = process.communicate(timeout=20)[0]
    assert "c0       | up" in output
    assert "c1       | after" in output
    assert "up" in (tmp_path / "c0.log").read_text()
