"""The protocol documents are true: their worked example, their programs and their links are tried."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

import checkout
from jutong.client.signing import signature
from jutong.crypto import SoftwareSigner, sm2, sm3
from jutong.slices.exchange.formats import Confirmation, proof, seal
from jutong.wire.transfers import Receipt, Tally

PAGES = sorted([*checkout.ROOT.glob("*.md"), *checkout.ROOT.glob("docs/**/*.md")])
PICTURES = "docs/images/"


def page(name: str) -> str:
    return (checkout.ROOT / "docs" / "protocol" / name).read_text(encoding="utf-8")


def test_the_worked_example_of_the_gateway_is_right() -> None:
    part = re.search(r"### Worked example(.*?)### Shell", page("gateway-api.md"), re.DOTALL)[1]
    lines = [line.strip() for line in part.strip().splitlines()]
    key, body = (
        next(line.split(None, 2)[-1] for line in lines if line.startswith(name)) for name in ("call key", "body")
    )
    method, target, digest, *rest = lines[lines.index("POST") :][:8]
    names = ("Time", "Nonce", "Purpose", "Person", "Service-Item")
    headers = httpx.Headers({f"X-Jutong-{name}": value for name, value in zip(names, rest, strict=True)})
    full, short = re.findall(r"(?m)^\s*(?:signature\s+)?([0-9a-f]{64})$", part)[-2:]

    def signed() -> str:
        return signature(bytes.fromhex(key), method=method, target=target, body=body.encode(), headers=headers)

    assert sm3.hexdigest(body.encode()) == digest
    assert signed() == full
    del headers["X-Jutong-Person"], headers["X-Jutong-Service-Item"]
    assert signed() == short


def test_the_python_programs_of_the_protocol_pages_parse() -> None:
    for name in ("gateway-api.md", "receipts-and-proof.md"):
        programs = re.findall(r"```python\n(.*?)```", page(name), re.DOTALL)
        assert programs
        for program in programs:
            ast.parse(program)


def proof_file(folder: Path, *, arrived: int) -> list[str]:
    """Write a proof file and return the arguments of the program that checks it."""
    node, centre = SoftwareSigner.of(sm2.generate()), SoftwareSigner.of(sm2.generate())
    statement, at = '{"grant":"G-000012","kind":"table"}', datetime(2026, 3, 2, tzinfo=UTC)
    digest = sm3.hexdigest(statement.encode())
    sent, found = Tally(7, "42", "sha256-56-sum"), Tally(arrived, "42", "sha256-56-sum")
    receipts = {
        side: seal("receipt", Receipt("1", "12", 1, digest, side, sent, found, True, at, at, ()), node)
        for side in ("sender", "receiver")
    }
    seen = {side: sm3.hexdigest(packed) for side, packed in receipts.items()}
    said = Confirmation("1", "12", 1, digest, seen, 7, "42", "sha256-56-sum", centre.key_id, at)
    receipts["centre"] = seal("proof", said, centre)
    keys = {"centre": centre.public.hex(), "node": node.public.hex()}
    (folder / "proof.json").write_bytes(proof(statement, digest, receipts, keys))
    return [str(folder / "proof.json"), keys["centre"], keys["node"]]


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_the_program_that_checks_a_proof_accepts_a_good_one_and_no_other(tmp_path: Path) -> None:
    program = re.search(r"```python\n(.*?)```", page("receipts-and-proof.md"), re.DOTALL)[1]

    def checked(file: str, centre: str, node: str) -> str:
        command = [sys.executable, "-c", program, file, centre, node]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip() or done.stderr.strip().splitlines()[-1]

    file, centre, node = proof_file(tmp_path, arrived=7)
    assert checked(file, centre, node) == "ok: 7 rows, sha256-56-sum 42"
    assert "wrong signature" in checked(file, node, centre)
    Path(file).write_text(Path(file).read_text().replace("G-000012", "G-000013"))
    assert "the request was changed" in checked(file, centre, node)
    assert "not reconciled" in checked(*proof_file(tmp_path, arrived=6))


@pytest.mark.parametrize("path", PAGES, ids=checkout.name)
def test_a_link_of_a_document_leads_somewhere(path: Path) -> None:
    """Pictures are made by `make screenshots` from a running demo and are asked for by their folder only."""
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    lost = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        place, _hash, part = target.partition("#")
        if "://" in target or place.startswith(PICTURES):
            continue
        there = path.parent / place if place else path
        if not there.exists() or (part and not _has_heading(there, part)):
            lost.append(target)
    assert lost == []


def _has_heading(path: Path, anchor: str) -> bool:
    heads = re.findall(r"(?m)^#+ (.+)$", path.read_text(encoding="utf-8"))
    return anchor in {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
