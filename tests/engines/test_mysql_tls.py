"""TLS to a MariaDB: the authority that was registered is the only one trusted, for questions and for the binlog."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import mariadb
from jutong.dataplane.engines.mysql import MySQL, connect
from jutong.dataplane.errors import Unavailable
from jutong.dataplane.policy import Plan
from jutong.wire.bundle import Access
from jutong.wire.grants import Column, Kind


class Authority:
    """A certificate authority of a test."""

    def __init__(self, title: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])
        self.certificate = self.signed(self.name, self.key, x509.BasicConstraints(ca=True, path_length=0))

    def signed(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType) -> bytes:
        now = datetime.now(UTC)
        made = x509.CertificateBuilder(self.name, name, key.public_key(), x509.random_serial_number())
        made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        signed = made.add_extension(extension, critical=False).sign(self.key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)


GOOD, OTHER = "127.0.0.1", "127.0.0.2"
OURS = Authority("the provider's")


@pytest.fixture(autouse=True)
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUTONG_SOURCE_ADDRESSES", '["127.0.0.0/8"]')


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> int:
    """Start a server whose certificate is for one of its two addresses."""
    folder: Path = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mariadb")])
    certificate = OURS.signed(name, key, x509.SubjectAlternativeName([x509.IPAddress(ip_address(GOOD))]))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key").write_bytes(key.private_bytes(*form))
    (folder / "certificate").write_bytes(certificate)
    tls = (f"--ssl-cert={folder / 'certificate'}", f"--ssl-key={folder / 'key'}")
    port = mariadb.started(*mariadb.LOGGING, *tls, "--bind-address=0.0.0.0")
    mariadb.execute(port, "", "create database tls")
    mariadb.execute(port, "tls", "create table ledger (n int primary key)")
    mariadb.execute(port, "", f"alter user {mariadb.USER}@'%' require ssl", user="root", password="")
    return port


def asked(server: int, ca: bytes, question: Callable[[MySQL], Awaitable[Any]], host: str = GOOD) -> Any:
    """Ask the server something over TLS, trusting one authority."""

    async def main() -> Any:
        access = Access(
            host=host, port=server, database="tls", user=mariadb.USER, password=mariadb.PASSWORD,
            tls="verify-full", options={"ca": ca.decode()},
        )  # fmt: skip
        engine = await connect(access, "提供方库")
        try:
            return await question(engine)
        finally:
            await engine.close()

    return asyncio.run(main())


async def ciphered(engine: MySQL) -> str:
    return await engine.test()


async def logged(engine: MySQL) -> bool:
    plan = Plan("tls", "ledger", (Column("编号", "n", Kind.INTEGER),), unique=("n",))
    async with engine.log("jutong_test", plan) as log:
        return await log.open()


def test_a_server_of_the_registered_authority_is_spoken_to(server: int) -> None:
    assert asked(server, OURS.certificate, ciphered).startswith("MariaDB")
    assert asked(server, OURS.certificate, logged) is False


def test_another_authority_or_name_is_refused(server: int) -> None:
    for ca, host in ((Authority("a stranger's").certificate, GOOD), (OURS.certificate, OTHER)):
        with pytest.raises(Unavailable, match="TLS 证书未通过校验，请更新证书或登记其 CA"):
            asked(server, ca, ciphered, host)
