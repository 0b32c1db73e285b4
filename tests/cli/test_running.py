"""Several processes of each kind at work: what is named when one stops, what is counted, what the logs say, who takes over."""

from __future__ import annotations

import json
import signal
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest

from covers import covers
from served import inside, prepared_home, run, serving, until

pytestmark = pytest.mark.slow(seconds=45)
IDENTITY, PHONE, SECRET = "110101199003078515", "13912345678", "Geheim-mima-2026"


def got(url: str, data: bytes | None = None) -> tuple[int, bytes]:
    asked = urllib.request.Request(url, data=data)  # noqa: S310
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def of(environment: dict[str, str], *words: str) -> list[psutil.Process]:
    """Return the living processes of this home whose command line holds all words."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        try:
            ours = process.environ().get("JUTONG_HOME") == environment["JUTONG_HOME"]
        except psutil.Error:
            continue
        line = " ".join(process.info["cmdline"] or ())
        if ours and process.info["status"] != psutil.STATUS_ZOMBIE and all(word in line for word in words):
            found.append(process)
    return found


def kept(bind: str) -> bool:
    """Tell whether a connection lives on after a body that no view reads and that comes later than its head."""
    host, _colon, port = bind.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(2):
            line.sendall(b"POST /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n")
            time.sleep(0.2)
            line.sendall(b"{}")
            if not line.recv(65_536).startswith(b"HTTP/1.1 "):
                return False
    return True


def failed(environment: dict[str, str]) -> list[str]:
    said: dict[str, Any] = json.loads(got(f"http://{environment['JUTONG_WEB_BIND']}/readyz")[1])
    return list(said["failed"])


def heard(environment: dict[str, str], pid: int) -> bool:
    """Tell whether the control plane has heard of this very runner."""
    names = (
        "from jutong.kernel import heartbeats\nprint(*(one.process for one in heartbeats.seen(clock.now(), 'runner')))"
    )
    return any(f"-{pid}-" in name for name in inside(environment, names).split())


def speak_of_persons(environment: dict[str, str]) -> None:
    """Send what must not be found in a log to every door there is."""
    web, gateway = environment["JUTONG_WEB_BIND"], environment["JUTONG_GATEWAY_BIND"]
    form = urllib.parse.urlencode({"username": PHONE, "password": SECRET, "next": f"/{IDENTITY}"}).encode()
    for url, data in (
        (f"http://{web}/parties/sign-in", form),
        (f"http://{web}/catalogue/?q={IDENTITY}", None),
        (f"http://{web}/api/v1/{IDENTITY}?phone={PHONE}", None),
        (f"http://{gateway}/v1/query?{IDENTITY}", json.dumps({"keys": {"身份证号": IDENTITY}}).encode()),
        (f"http://{gateway}/v1/{PHONE}", None),
    ):
        assert got(url, data)[0] in {200, 401, 403, 404, 422}, url


@covers("R-EXC-001", partly=["R-SEC-021"])
def test_a_stopped_part_is_named_figures_add_up_and_logs_name_nobody() -> None:
    with prepared_home() as environment:
        environment |= {"JUTONG_RUNNERS": "2", "JUTONG_GATEWAY_WORKERS": "2", "JUTONG_WEB_WORKERS": "2"}
        environment |= {"JUTONG_LOG_FORMAT": "json"}
        with serving(environment) as process:
            until(lambda: failed(environment) == [], seconds=90)
            speak_of_persons(environment)
            assert kept(environment["JUTONG_WEB_BIND"])
            (probe, *_more) = of(environment, "jutong.dataplane.probe")
            everyone = [probe, *probe.children(recursive=True)]
            for one in everyone:
                one.send_signal(signal.SIGSTOP)
            until(lambda: failed(environment) == ["数据源探测"])
            for one in everyone:
                one.send_signal(signal.SIGCONT)
            runners = of(environment, "node runner")
            assert len(runners) == 2
            for runner in runners:
                runner.send_signal(signal.SIGSTOP)
            until(lambda: failed(environment) == ["传输进程"])
            for runner in runners:
                runner.send_signal(signal.SIGCONT)
            until(lambda: failed(environment) == [])
            first, second = runners
            first.send_signal(signal.SIGTERM)  # a rolling restart: one goes, the other stays
            first.wait(20)
            until(lambda: any(heard(environment, one.pid) for one in of(environment, "node runner") if one != second))
            second.send_signal(signal.SIGTERM)
            second.wait(20)
            assert "传输进程" not in failed(environment)
            worker = environment["JUTONG_WORKER_METRICS"]
            web, gateway = environment["JUTONG_WEB_BIND"], environment["JUTONG_GATEWAY_BIND"]
            assert b'jutong_processes_alive{kind="runner"' in got(f"http://{web}/metrics")[1]
            assert b"jutong_web_requests_total" in got(f"http://{web}/metrics")[1]
            assert b"jutong_worker_pumped_total" in got(f"http://{worker}/metrics")[1]
            assert b"jutong_runner_busy" in got(f"http://{environment['JUTONG_RUNNER_METRICS']}/metrics")[1]
            until(lambda: b'process="local-2"' in got(f"http://{gateway}/metrics")[1])
            process.terminate()
            assert process.wait(timeout=60) == 0
        logs = Path(environment["JUTONG_HOME"]) / "logs"
        text = "".join(path.read_text(encoding="utf-8") for path in logs.iterdir())
        text += "".join(p.read_text() for p in (Path(environment["JUTONG_HOME"]) / "postgres/data/log").iterdir())
        for marker in (IDENTITY, PHONE, SECRET):
            assert marker not in text
        for line in (logs / "runner.log").read_text(encoding="utf-8").splitlines():
            assert {"at", "level", "message"} <= set(json.loads(line))
        assert run(environment, "status").returncode == 1
