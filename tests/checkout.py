"""What the house tests look at: the files of the project and the trees of its Python modules."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "jutong"
SLICES = PACKAGE / "slices"


@cache
def files() -> tuple[Path, ...]:
    """Return every file that belongs to the project: what git keeps or would keep, else all that is not made."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=ROOT, capture_output=True, check=True,
        ).stdout.decode()  # fmt: skip
        found = [ROOT / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        made = {".venv", "node_modules", "build", "dist", "vendor", "__pycache__"}
        found = [path for path in ROOT.rglob("*") if not made.intersection(path.relative_to(ROOT).parts)]
    return tuple(sorted(path for path in found if path.is_file()))


def name(path: Path) -> str:
    """Return a path as one writes it from the root of the checkout."""
    return path.relative_to(ROOT).as_posix()


@cache
def modules() -> tuple[Path, ...]:
    """Return every Python file of the product that a person wrote."""
    return tuple(
        path for path in files() if path.suffix == ".py" and PACKAGE in path.parents and not is_migration(path)
    )


@cache
def tree(path: Path) -> ast.Module:
    """Return the parsed file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def is_migration(path: Path) -> bool:
    return "migrations" in path.parts and path.suffix == ".py"


def below(path: Path, *folders: str) -> bool:
    """Say whether a path is one of these files (without .py) or below one of these folders of the package."""
    inner = path.relative_to(PACKAGE).with_suffix("").as_posix()
    return any(inner == folder or inner.startswith(folder + "/") for folder in folders)


def slice_names() -> list[str]:
    """Return the slices there are."""
    return sorted(path.parent.name for path in SLICES.glob("*/__init__.py"))


def inner(path: Path) -> str | None:
    """Return which inner file of a slice this is ("pages", "rules" …), or None outside the slices."""
    if SLICES not in path.parents or path.parent == SLICES:
        return None
    part = path.relative_to(SLICES).parts[1]
    return part.removesuffix(".py")
