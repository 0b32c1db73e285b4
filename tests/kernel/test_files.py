"""Attachments: complete or not there, told by their bytes, unable to leave their folder."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jutong.crypto import sm3
from jutong.kernel import files
from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotThere, RuleBroken, TooLarge
from jutong.kernel.models import StoredFile
from jutong.kernel.settings import settings

NOW = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
WHO = Actor(1, "张三", 2, "市民政局", "511000")


def keep(content: bytes, name: str = "依据.pdf", limit: int | None = None) -> files.FileRow:
    return files.store(io.BytesIO(content), name, by=WHO, at=NOW, limit=limit)


@pytest.mark.django_db
def test_a_file_is_kept_once_by_its_digest_and_given_back_whole() -> None:
    content = b"%PDF-1.7\n" + bytes(range(256)) * 9000
    one, two = keep(content), keep(content, "另一个名字.pdf")
    assert one.digest == two.digest == sm3.hexdigest(content)
    assert files.path(one.id) == files.path(two.id)
    assert b"".join(files.chunks(one.id)) == content


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "name", "media"),
    [
        (b"%PDF-1.7\n....", "照片.jpg", "application/pdf"),
        (b"MZ\x90\x00\x03\x00\x00\x00", "说明.pdf", "application/x-msdownload"),
        (b"\x00\x01\x02\x03", "数据.xlsx", "application/octet-stream"),
        ("姓名,证号\n".encode(), "名单.exe", "text/plain"),
    ],
)
def test_the_type_is_told_by_the_bytes_not_by_the_name(content: bytes, name: str, media: str) -> None:
    assert keep(content, name).media_type == media


@pytest.mark.django_db
def test_too_large_and_empty_leave_nothing_behind() -> None:
    folder = settings().home / "files"
    folder.mkdir(parents=True, exist_ok=True)
    before = {path for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(TooLarge, match="上限"):
        keep(b"x" * 2_000_000, limit=1_500_000)
    with pytest.raises(RuleBroken, match="空"):
        keep(b"")
    assert {path for path in folder.rglob("*") if path.is_file()} == before
    assert not StoredFile.objects.exists()
    with pytest.raises(NotThere):
        files.row(123_456)


@given(st.text(max_size=300))
def test_no_name_leaves_its_folder(name: str) -> None:
    safe = files.safe_name(name)
    assert 0 < len(safe) <= 120
    assert not {"/", "\\", "\0", "\n"} & set(safe)
    assert safe not in {".", ".."}


@pytest.mark.django_db
def test_a_full_disk_is_refused_in_words_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """In a process of its own whose files may not grow beyond 64 KiB, as on a full disk."""
    code = """
import io, resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
from pathlib import Path
from jutong.kernel import files
from jutong.kernel.errors import Unavailable
files.settings = lambda: type("S", (), {"home": Path(sys.argv[1]), "upload_limit": 1 << 30})()
try:
    files.store(io.BytesIO(b"x" * 200_000), "a.txt", by=None, at=None)
except Unavailable as refusal:
    print(refusal.status, refusal.template)
"""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "jutong.site.settings", "JUTONG_HOME": str(tmp_path / "own")}
    said = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()\n" + code, str(tmp_path / "kept")],
        env=environment, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert said.startswith("503 文件没有保存")
    assert [path for path in (tmp_path / "kept").rglob("*") if path.is_file()] == []
