"""Who may import whom: the contracts of import-linter (pyproject.toml), and the two rules it cannot say."""

from __future__ import annotations

import ast
import sys
import tomllib
from functools import cache

import grimp
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

import checkout

OPEN_FROM_OUTSIDE = {"actions", "queries", "events"}
DOORS = {
    "jutong.site.urls": {"pages"},
    "jutong.site.api": {"api"},
    "jutong.site.internal": {"api"},
}
# kernel.clock for its Beijing days; that nobody asks it for the present time is tested with the single places
PURE = {
    "jutong.kernel.errors", "jutong.kernel.terms", "jutong.kernel.policy", "jutong.kernel.workdays",
    "jutong.kernel.actors", "jutong.kernel.clock", "jutong.kernel.levels", "jutong.kernel.personal", "jutong.wire", "jutong.crypto",
}  # fmt: skip
WORDS = {"django.utils.translation"}  # gettext: a rule refuses in the reader's language
PURE_LIBRARIES = {"croniter", "msgspec", "pypinyin", "rjieba"}


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("jutong", cache_dir=None)


def contracts() -> list[dict[str, object]]:
    with (checkout.ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["tool"]["importlinter"]["contracts"]


def test_the_import_contracts_hold(monkeypatch: object, capsys: object) -> None:
    monkeypatch.chdir(checkout.ROOT)
    assert lint_imports(cache_dir=None) == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_every_slice_stands_under_the_contract_of_the_inner_shape() -> None:
    (shape,) = [contract for contract in contracts() if contract["name"].startswith("Inner shape")]
    assert sorted(shape["containers"]) == [f"jutong.slices.{name}" for name in checkout.slice_names()]


def test_from_outside_a_slice_only_its_actions_queries_and_events_are_imported() -> None:
    broken = []
    for importer in graph().modules:
        for imported in graph().find_modules_directly_imported_by(importer):
            parts = imported.split(".")
            if parts[:2] != ["jutong", "slices"] or len(parts) < 3:
                continue
            if importer.startswith(".".join(parts[:3])):
                continue
            allowed = OPEN_FROM_OUTSIDE | DOORS.get(importer, set())
            if len(parts) < 4 or parts[3] not in allowed:
                broken.append(f"{importer} imports {imported}")
    assert not broken, "\n".join(broken)


def test_rules_are_pure() -> None:
    """No Django but its gettext, no clock, no database: only the standard library and what is pure itself."""
    broken = []
    for path in checkout.modules():
        if checkout.inner(path) != "rules":
            continue
        own = "jutong.slices." + path.relative_to(checkout.SLICES).parts[0] + ".rules"
        for node in ast.walk(checkout.tree(path)):
            for name in imported(node):
                first = name.split(".")[0]
                pure = any(name == other or name.startswith(other + ".") for other in {*PURE, own, *PURE_LIBRARIES})
                if not pure and name not in WORDS and first not in sys.stdlib_module_names:
                    broken.append(f"{checkout.name(path)} imports {name}")
    assert not broken, "\n".join(broken)


def test_the_kernels_pure_modules_are_pure() -> None:
    broken = [
        f"{checkout.name(path)} imports {name}"
        for path in checkout.modules()
        if checkout.below(path, "kernel/errors", "kernel/terms", "kernel/workdays", "kernel/policy", "kernel/calendar")
        for node in ast.walk(checkout.tree(path))
        for name in imported(node)
        if name.split(".")[0] == "django" and name not in WORDS
    ]
    assert not broken, "\n".join(broken)


def test_the_command_line_loads_planes_and_slices_inside_functions_only() -> None:
    light = ("jutong.cli", "jutong.wire")
    broken = []
    for path in checkout.modules():
        if not checkout.below(path, "cli"):
            continue
        at_once = [node for statement in checkout.tree(path).body for node in outside_functions(statement)]
        broken += [
            f"{checkout.name(path)} imports {name} at its top"
            for name in (name for node in at_once for name in imported(node))
            if name.split(".")[0] in {"django", "jutong"} and not name.startswith(light)
        ]
    assert not broken, "\n".join(broken)


def imported(node: ast.AST) -> list[str]:
    """Return the modules that an import statement names."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return []


def outside_functions(node: ast.AST) -> list[ast.AST]:
    """Return a node and all below it, without what does not run on import."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return []
    if isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "__name__ == '__main__'"}:
        return []
    return [node, *(inner for child in ast.iter_child_nodes(node) for inner in outside_functions(child))]
