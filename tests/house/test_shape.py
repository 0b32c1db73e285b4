"""How big things are, what they are called, and what a slice may hold."""

from __future__ import annotations

import ast
import re

import pytest

import checkout

FILE_LINES = 400
FUNCTION_LINES = 40
# name: why it may be longer
LONGER_FILES: dict[str, str] = {}
LONGER_FUNCTIONS: dict[str, str] = {}
INNER_FILES = {
    "__init__", "apps", "reactions", "pages", "api", "actions", "queries", "search", "workflow", "models", "events",
    "formats", "rules", "templates", "migrations",
}  # fmt: skip
FORBIDDEN_NAME = re.compile(r"((?<![A-Z])(Manager|Helper|Util)s?|(^|_)(manager|helper|util)s?)$")


@pytest.mark.parametrize("folder", ["src", "tests", "bench"])
def test_files_stay_under_400_lines(folder: str) -> None:
    long = {
        checkout.name(path): lines
        for path in checkout.files()
        if path.suffix == ".py" and checkout.ROOT / folder in path.parents and not checkout.is_migration(path)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) >= FILE_LINES
    }
    assert not (found := [f"{name}: {lines}" for name, lines in long.items() if name not in LONGER_FILES]), "\n".join(
        found
    )


def test_functions_stay_under_40_lines() -> None:
    """Counted without the docstring, from `def` to the end."""
    long = {}
    for path in checkout.modules():
        for node in ast.walk(checkout.tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and length(node) >= FUNCTION_LINES:
                long[f"{checkout.name(path)}:{node.name}"] = length(node)
    assert not (found := [f"{name}: {lines}" for name, lines in long.items() if name not in LONGER_FUNCTIONS]), (
        "\n".join(found)
    )


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function without its docstring."""
    first = node.body[0]
    said = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    words = first.end_lineno - first.lineno + 1 if said else 0
    return node.end_lineno - node.lineno + 1 - words


def test_exceptions_still_exist_and_have_a_reason() -> None:
    names = {checkout.name(path) for path in checkout.files()}
    assert [name for name in LONGER_FILES if name not in names] == []
    assert [name for name in LONGER_FUNCTIONS if name.partition(":")[0] not in names] == []
    assert all({**LONGER_FILES, **LONGER_FUNCTIONS}.values())


def test_a_slice_holds_only_the_files_of_the_one_inner_shape() -> None:
    strange = [
        checkout.name(path)
        for path in checkout.files()
        if (name := checkout.inner(path)) is not None and name not in INNER_FILES
    ]
    assert not strange, "\n".join(strange)


def test_every_module_begins_with_what_it_is_for() -> None:
    silent = [
        checkout.name(path)
        for path in checkout.files()
        if path.suffix == ".py" and not checkout.is_migration(path)
        if not (said := ast.get_docstring(checkout.tree(path)) or "") or not said.splitlines()[0].strip()
    ]
    assert not silent, "\n".join(silent)


def test_names_say_what_a_thing_is_and_not_that_it_helps() -> None:
    bad = [checkout.name(path) for path in checkout.modules() if FORBIDDEN_NAME.search(path.stem)]
    for path in checkout.files():
        if path.suffix == ".py" and not checkout.is_migration(path):
            defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
            bad += [
                f"{checkout.name(path)}: {node.name}"
                for node in ast.walk(checkout.tree(path))
                if isinstance(node, defined) and FORBIDDEN_NAME.search(node.name)
            ]
    assert not bad, "\n".join(bad)


def test_request_is_always_the_http_request() -> None:
    bad = [
        f"{checkout.name(path)}:{node.lineno}"
        for path in checkout.modules()
        for node in ast.walk(checkout.tree(path))
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and target.id == "request" and not checkout.below(path, "dataplane", "client")
    ]
    assert not bad, "\n".join(bad)


def test_nothing_is_left_to_do() -> None:
    word = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    left = [
        f"{checkout.name(path)}:{number}"
        for path in checkout.files()
        if path.suffix in {".py", ".html", ".js", ".css", ".md", ".toml"} and path.name != "package-lock.json"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if word.search(line)
    ]
    assert not left, "\n".join(left)
