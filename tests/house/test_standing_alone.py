"""The project stands alone: no folder of one machine, no host of a package index, locks with hashes only."""

from __future__ import annotations

import json
import re

import checkout

TEXT = {
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".in",
    ".json",
    ".html",
    ".css",
    ".js",
    ".yml",
    ".yaml",
    ".csv",
    ".po",
    ".sql",
    "",
}
HOSTS = ("pypi" + ".org", "files.python" + "hosted", "registry.npm" + "js", "npm" + "mirror", "tuna." + "tsinghua")
PLACES = re.compile(r"(?<![\w.-])(/wo" + r"rk/(main|shared)|\.\./sha" + r"red|/tmp/br" + r"ief)\b")


def test_no_file_names_a_folder_of_one_machine_or_a_package_index() -> None:
    found = []
    for path in checkout.files():
        if path.suffix not in TEXT:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="ignore").splitlines(), 1):
            if PLACES.search(line) or any(host in line for host in HOSTS):
                found.append(f"{checkout.name(path)}:{number}")
    assert not found, "\n".join(found)


def test_every_locked_package_has_a_hash_and_no_address() -> None:
    for name in ("run", "dev", "node"):
        text = (checkout.ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        assert "--index-url" not in text
        assert "://" not in text
        for entry in re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n?", "", text).strip()):
            assert "--hash=sha256:" in entry, entry


def test_the_locks_hold_what_the_project_asks_for() -> None:
    import tomllib

    with (checkout.ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    for name, wanted in (
        ("run", project["project"]["dependencies"]),
        ("dev", project["project"]["dependencies"] + project["dependency-groups"]["dev"]),
    ):
        locked = set(re.findall(r"(?m)^([a-z0-9-]+)==", (checkout.ROOT / "requirements" / f"{name}.txt").read_text()))
        asked = {re.split(r"[\[<>=!~ ]", item)[0].lower().replace("_", "-").replace(".", "-") for item in wanted}
        assert asked <= locked, asked - locked


def test_the_browser_lock_has_no_addresses_and_asks_only_for_licences_we_know() -> None:
    lock = json.loads((checkout.ROOT / "package-lock.json").read_text(encoding="utf-8"))
    for name, package in lock["packages"].items():
        assert "resolved" not in package, name
        assert package.get("license", "MIT") in {"MIT", "Apache-2.0", "BSD-3-Clause", "0BSD"}, name
