"""What `deploy` holds works: units that systemd accepts, the proxy before a served instance, the bundle without a network."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import checkout
from free_ports import free_ports
from served import inside, prepared_home, run, serving, until

DEPLOY = checkout.ROOT / "deploy"


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    for unit in (DEPLOY / "systemd").iterdir():
        text = unit.read_text(encoding="utf-8").replace("/opt/jutong/bin/jutong", sys.executable)
        (tmp_path / unit.name).write_text(text.replace("file:///opt/jutong", "file:///usr"), encoding="utf-8")
    units = sorted(str(path) for path in tmp_path.iterdir())
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if "jutong" in line] == []


def test_the_units_keep_everything_but_the_home_read_only() -> None:
    for unit in (DEPLOY / "systemd").glob("*.service"):
        lines = unit.read_text(encoding="utf-8").splitlines()
        for wanted in ("ProtectSystem=strict", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "User=jutong"):
            assert wanted in lines, (unit.name, wanted)


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a self-signed certificate for this machine; returns certificate and key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(7).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem, secret = folder / "tls.pem", folder / "tls.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem, secret


@contextmanager
def proxied(environment: dict[str, str], folder: Path, web: int, gateway: int) -> Iterator[None]:
    """Run nginx with the example's words, its ports and names exchanged for ours."""
    pem, key = certificate(folder)
    text = (DEPLOY / "nginx" / "jutong.conf").read_text(encoding="utf-8")
    head, first, second = text.split("    listen 443 ssl;\n    listen [::]:443 ssl;\n")
    text = head + f"    listen 127.0.0.1:{web} ssl;\n" + first + f"    listen 127.0.0.1:{gateway} ssl;\n" + second
    plain = free_ports(1)[0]
    for old, new in (
        ("    listen 80;\n    listen [::]:80;\n", f"    listen 127.0.0.1:{plain};\n"),
        ("share.example.gov.cn", "localhost"), ("gateway.example.gov.cn", "localhost"),
        ("/etc/jutong/tls/share.pem", str(pem)), ("/etc/jutong/tls/share.key", str(key)),
        ("/etc/jutong/tls/gateway.pem", str(pem)), ("/etc/jutong/tls/gateway.key", str(key)),
        ("127.0.0.1:8000", environment["JUTONG_WEB_BIND"]), ("127.0.0.1:8010", environment["JUTONG_GATEWAY_BIND"]),
    ):  # fmt: skip
        assert old in text, old
        text = text.replace(old, new)
    (folder / "site.conf").write_text(text, encoding="utf-8")
    paths = "".join(
        f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{ access_log off;\n{paths}include {folder}/site.conf; }}\n",
        encoding="utf-8",
    )
    process = subprocess.Popen(
        ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 20
        while not (folder / "pid").exists():
            assert process.poll() is None and time.monotonic() < end, (folder / "error.log").read_text()  # noqa: PT018
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


LAST = """
from jutong.kernel.models import AuditEntry, RateCount
print(sorted(set(RateCount.objects.values_list("key", flat=True))))
"""


@pytest.mark.slow(seconds=22)
def test_the_proxy_example_in_front_of_a_served_instance() -> None:
    if shutil.which("nginx") is None:
        pytest.skip("nginx is not installed")
    web, gateway = free_ports(2)
    with prepared_home() as environment:
        folder = Path(environment["JUTONG_HOME"]).parent
        environment |= {
            "JUTONG_TLS": "true",
            "JUTONG_WEB_ORIGIN": f"https://localhost:{web}",
            "JUTONG_TRUSTED_PROXIES": '["127.0.0.1"]',
        }
        trust = ssl.create_default_context()
        with serving(environment), proxied(environment, folder, web, gateway):
            trust.load_verify_locations(folder / "tls.pem")

            def get(port: int, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
                asked = urllib.request.Request(f"https://localhost:{port}{path}", headers=headers)
                try:
                    with urllib.request.urlopen(asked, context=trust, timeout=20) as answer:  # noqa: S310
                        return answer.status, dict(answer.headers), answer.read()
                except urllib.error.HTTPError as error:
                    return error.code, dict(error.headers), error.read()

            status, headers, page = get(web, "/parties/sign-in")
            assert status == 200
            assert "聚通".encode() in page
            assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
            assert get(web, "/metrics")[0] == get(web, "/readyz")[0] == get(gateway, "/metrics")[0] == 404
            until(lambda: get(gateway, "/healthz")[0] == 200)  # its first bundle is on the way
            # what the caller claims about itself is not believed: the proxy adds whom it saw
            caller = http.client.HTTPSConnection("localhost", web, source_address=("127.0.0.2", 0), context=trust)
            caller.request("GET", "/parties/sign-in", headers={"X-Forwarded-For": "203.0.113.7"})
            assert caller.getresponse().status == 200
            seen = inside(environment, LAST)
            assert "203.0.113.7" not in seen
            assert "127.0.0.2" in seen
            big = urllib.request.Request(f"https://localhost:{web}/", data=b"x" * 61 * 1024**2)
            with pytest.raises((urllib.error.HTTPError, urllib.error.URLError)):
                urllib.request.urlopen(big, context=trust, timeout=60)  # noqa: S310
            tls12 = ssl.create_default_context(cafile=str(folder / "tls.pem"))
            tls12.maximum_version = ssl.TLSVersion.TLSv1_2
            with urllib.request.urlopen(f"https://localhost:{gateway}/healthz", context=tls12, timeout=20) as answer:
                assert answer.status == 200
        assert run(environment, "status").returncode == 1


def test_the_installer_refuses_a_bundle_that_was_changed(tmp_path: Path) -> None:
    for name, content in (("requirements.txt", b""), ("jutong-0.whl", b"wheel")):
        (tmp_path / name).write_bytes(content)
    shutil.copy(DEPLOY / "offline" / "install.sh", tmp_path)
    digest = hashlib.sha256(b"another wheel").hexdigest()
    (tmp_path / "SHA256SUMS").write_text(f"{digest}  jutong-0.whl\n")
    done = subprocess.run(
        [str(tmp_path / "install.sh"), str(tmp_path / "target")], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert not (tmp_path / "target").exists()


@pytest.mark.slow(seconds=24)
def test_the_offline_bundle_installs_with_the_network_off(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, str(DEPLOY / "offline" / "build.py"), str(tmp_path / "build")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    subprocess.run(["tar", "xf", str(tmp_path / "build" / "jutong-offline.tar"), "-C", str(tmp_path)], check=True)
    closed = {**os.environ, "PIP_NO_INDEX": "1", "http_proxy": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1",
              "PYTHON": sys.executable}  # fmt: skip
    done = subprocess.run(
        [str(tmp_path / "jutong-offline" / "install.sh"), str(tmp_path / "there")],
        env=closed, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    helped = subprocess.run(
        [str(tmp_path / "there" / "bin" / "jutong"), "--help"], capture_output=True, text=True, check=True
    )
    assert "doctor" in helped.stdout
