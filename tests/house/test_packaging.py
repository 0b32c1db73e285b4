"""The wheel holds everything it needs: it is built once, opened and looked through."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import checkout

sys.path.insert(0, str(checkout.ROOT))
import hatch_build


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Build the wheel, with nothing installed beyond the locked packages."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(checkout.ROOT)],
        check=True, capture_output=True,
    )  # fmt: skip
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.mark.slow
@pytest.mark.xdist_group("the wheel")
def test_the_wheel_holds_browser_files_templates_policies_and_translations(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    for target in hatch_build.FILES.values():
        assert f"jutong/site/static/vendor/{target}" in names
    for path in checkout.files():
        if checkout.PACKAGE in path.parents and path.suffix != ".po":
            assert path.relative_to(checkout.ROOT / "src").as_posix() in names, path
    assert "jutong/site/locale/en/LC_MESSAGES/django.mo" in names


@pytest.mark.slow
@pytest.mark.xdist_group("the wheel")
def test_the_wheel_holds_no_tests_and_no_python_of_others(wheel: zipfile.ZipFile) -> None:
    tops = {Path(name).parts[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"jutong"}


@pytest.mark.slow
def test_a_wheel_of_a_collected_tree_needs_no_npm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hatch_build, "npm", lambda *_arguments: pytest.fail("npm was called"))
    hatch_build.collect(checkout.ROOT)


def test_no_style_sheet_names_a_file_that_was_not_collected() -> None:
    import re

    vendor = checkout.ROOT / hatch_build.VENDOR
    for sheet in vendor.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert "sourceMappingURL" not in text
        for name in re.findall(r"url\(\"?(?!data:)([^)\"?#]+)", text):
            assert (sheet.parent / name).exists(), f"{sheet.name} names {name}"
