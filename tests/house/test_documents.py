"""The documents are true: ARCHITECTURE.md names what there is, the manual's reference is what the code says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import checkout
from jutong.cli import reference


def text(*parts: str) -> str:
    return checkout.ROOT.joinpath(*parts).read_text(encoding="utf-8")


def test_the_architecture_page_names_every_storey_and_every_slice() -> None:
    page = text("ARCHITECTURE.md")
    storeys = [path.name for path in checkout.PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert [name for name in storeys if f"`{name}`" not in page] == []
    assert [name for name in checkout.slice_names() if f"`{name}`" not in page] == []


def test_the_architecture_page_names_nothing_that_is_not_there() -> None:
    slices = re.search(r"<!-- slices -->(.*?)<!-- /slices -->", text("ARCHITECTURE.md"), re.DOTALL)
    named = re.findall(r"^\| `(\w+)`", slices.group(1), re.MULTILINE)
    assert sorted(named) == checkout.slice_names()


def test_the_architecture_page_is_one_page() -> None:
    assert len(text("ARCHITECTURE.md").splitlines()) < 120


def test_the_generated_pages_are_what_the_code_says(tmp_path: Path) -> None:
    """Every setting, command, workflow, action and event is in the manual; `make docs` writes it.

    In a process of its own: other tests declare workflows and actions that are no part of the product.
    """
    subprocess.run([sys.executable, "-m", "jutong.cli.reference", str(tmp_path)], check=True, capture_output=True)
    for page in reference.PAGES:
        assert text("docs", "manual", page) == (tmp_path / page).read_text(encoding="utf-8"), "run `make docs`"


@pytest.mark.parametrize("path", sorted((checkout.ROOT / "docs" / "adr").glob("[0-9]*.md")), ids=lambda path: path.stem)
def test_a_decision_says_what_why_and_at_what_cost(path: object) -> None:
    page = path.read_text(encoding="utf-8")
    assert re.match(r"# \d{4} \S", page)
    for head in ("## Decision", "## Why", "## What it costs"):
        assert head in page, head
    assert len(page.splitlines()) < 60


def test_every_make_target_says_what_it_does() -> None:
    makefile = text("Makefile")
    for target in re.search(r"(?m)^\.PHONY: (.*)$", makefile).group(1).split():
        assert re.search(rf"(?m)^{re.escape(target)}:.*## \S", makefile), target


def test_the_requirements_of_the_coverage_report_are_complete() -> None:
    rows = text("docs", "requirements.csv").splitlines()
    assert rows[0] == "id,area,statement_en"
    assert len(re.findall(r"(?m)^R-[A-Z]{3}-\d{3},", "\n".join(rows))) == 354


def test_the_changelog_names_the_version() -> None:
    version = re.search(r'(?m)^version = "(.+)"$', text("pyproject.toml")).group(1)
    assert f"## {version}" in text("CHANGELOG.md")
