"""Local folders, SFTP and S3 through one port: real sshd, real S3 protocol, and names that try to get out."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fileworld
from jutong.dataplane.errors import RuleBroken, Unavailable
from jutong.dataplane.files.folders import store_of
from jutong.dataplane.files.stores import Names, Store, check_name, matcher
from jutong.wire.bundle import Access


def put(store: Store, name: str, content: bytes) -> None:
    with store.writer(name, "t1", 0) as file:
        file.write(content)
    store.publish(name, "t1")


def test_what_is_written_is_listed_read_and_replaced_whole(store: Store) -> None:
    assert store.entry("年报/2026.csv") is None
    with store.writer("年报/2026.csv", "t1", 0) as file:
        file.write(b"half")
        assert [entry.name for entry in store.entries("**/*")] == []
    store.publish("年报/2026.csv", "t1")
    put(store, "空.txt", b"")
    put(store, "年报/2026.csv", b"whole")
    assert {(entry.name, entry.size) for entry in store.entries("**/*")} == {("年报/2026.csv", 5), ("空.txt", 0)}
    assert [entry.name for entry in store.entries("*.txt")] == ["空.txt"]
    assert [entry.name for entry in store.entries("年报/*.csv")] == ["年报/2026.csv"]
    with store.reader("年报/2026.csv") as found:
        assert found.read() == b"whole"
        found.seek(2)
        assert found.read(2) == b"ol"
    assert store.describe()


def test_an_unfinished_file_is_gone_on_with_where_the_store_can(store: Store) -> None:
    if not store.resumes:
        assert store.started("a.bin", "t2") == 0
        return
    with store.writer("a.bin", "t2", 0) as file:
        file.write(b"0123456789")
    assert store.started("a.bin", "t2") == 10
    with store.writer("a.bin", "t2", 4) as file:
        file.write(b"ABC")
    with store.part_reader("a.bin", "t2") as found:
        assert found.read() == b"0123ABC"
    store.publish("a.bin", "t2")
    assert store.started("a.bin", "t2") == 0
    with store.writer("b.bin", "t2", 0) as file:
        file.write(b"x")
    store.discard("b.bin", "t2")
    assert store.started("b.bin", "t2") == 0


@pytest.mark.parametrize("name", ["../out", "a/../../out", "/etc/passwd", "a//b", "", ".", "a\0b", "a\\..\\b"])
def test_no_name_leaves_its_folder(store: Store, name: str) -> None:
    for deed in (store.entry, store.reader, lambda each: store.writer(each, "t", 0)):
        with pytest.raises(RuleBroken):
            deed(name)


@given(st.text(max_size=30))
def test_a_name_that_passes_stays_below(name: str) -> None:
    try:
        check_name(name)
    except RuleBroken:
        return
    assert os.path.normpath(f"/base/{name}").startswith("/base/")


def test_a_link_is_neither_listed_nor_followed(tmp_path: Path) -> None:
    access = fileworld.local(tmp_path / "folder")
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    (tmp_path / "folder/link.txt").symlink_to(secret)
    (tmp_path / "folder/up").symlink_to(tmp_path)
    store = asyncio.run(store_of(access))
    assert list(store.entries("**/*")) == []
    for name in ("link.txt", "up/secret.txt"):
        with pytest.raises(RuleBroken, match="符号链接"):
            store.reader(name)
    with pytest.raises(RuleBroken, match="符号链接"):
        store.writer("up/new.txt", "t", 0)
    assert not list(tmp_path.glob("*.part"))


def test_only_allowed_folders_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "out").symlink_to("/etc")
    for folder in ("/etc", f"{tmp_path}/../..", str(tmp_path / "out"), "relative"):
        with pytest.raises(RuleBroken):
            asyncio.run(store_of(Access(database=folder)))
    with pytest.raises(Unavailable, match="不存在"):
        asyncio.run(store_of(Access(database=str(tmp_path / "absent"))))
    monkeypatch.delenv("JUTONG_FILE_FOLDERS")
    with pytest.raises(RuleBroken, match="JUTONG_FILE_FOLDERS"):
        asyncio.run(store_of(Access(database=str(tmp_path / "folder"))))


def test_names_in_gbk_keep_their_bytes_on_disk_and_over_sftp(tmp_path: Path, ssh_server: Access) -> None:
    for n, access in enumerate((fileworld.local(tmp_path / "folder"), ssh_server)):
        folder = Path(access.database, f"gbk{n}")
        folder.mkdir()
        Path(os.fsdecode(os.fsencode(folder) + b"/" + "统计表.csv".encode("gbk"))).write_bytes(b"x")
        options = access.options | {"names": "gbk"}
        store = asyncio.run(store_of(msgspec.structs.replace(access, database=str(folder), options=options)))
        assert [entry.name for entry in store.entries("统计*.csv")] == ["统计表.csv"]
        put(store, "新表/甲.csv", b"y")
        assert os.listdir(os.fsencode(folder) + b"/" + "新表".encode("gbk")) == ["甲.csv".encode("gbk")]  # noqa: PTH208 - bytes
        store.close()


@given(st.binary(min_size=1, max_size=12), st.sampled_from(["utf-8", "gb18030", "big5"]))
def test_a_name_comes_back_as_the_same_bytes_or_is_refused(raw: bytes, encoding: str) -> None:
    names = Names(encoding)
    try:
        text = names.text(raw)
    except RuleBroken:
        return
    assert names.raw(text) == raw


@given(st.text(alphabet="ab/.*?[]^$\\", max_size=8), st.text(alphabet="ab/.", max_size=8))
def test_a_pattern_never_crashes_and_never_shows_hidden_files(pattern: str, name: str) -> None:
    try:
        matches = matcher(pattern)
    except RuleBroken:
        return
    assert not (matches(name) and (name.startswith(".") or "/." in name))


def test_another_host_key_is_refused_before_any_secret_is_sent(ssh_server: Access, tmp_path: Path) -> None:
    import subprocess

    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "k")], check=True)
    other = " ".join((tmp_path / "k.pub").read_text().split()[:2])
    for host_key, refusal in ((other, Unavailable), ("", RuleBroken), ("ssh-ed25519 AAAA", RuleBroken)):
        options = ssh_server.options | {"host_key": host_key}
        with pytest.raises(refusal, match="主机公钥"):
            asyncio.run(store_of(msgspec.structs.replace(ssh_server, options=options))).describe()


def test_a_wrong_user_key_is_refused_in_words(ssh_server: Access, tmp_path: Path) -> None:
    import subprocess

    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "k")], check=True)
    for secret in ((tmp_path / "k").read_text(), "wrong"):
        store = asyncio.run(store_of(msgspec.structs.replace(ssh_server, password=secret)))
        with pytest.raises(Unavailable, match="访问凭据") as refusal:
            store.describe()
        assert secret not in str(refusal.value)


def test_files_in_folders_are_listed_with_their_sizes(store: Store) -> None:
    for n in range(30):
        put(store, f"d{n % 3}/f{n:03}.txt", b"x" * n)
    assert {entry.name: entry.size for entry in store.entries("**/*")} == {
        f"d{n % 3}/f{n:03}.txt": n for n in range(30)
    }


def test_a_private_key_pasted_into_one_line_is_taken(ssh_server: Access) -> None:
    flat = ssh_server.password.replace("\n", "")
    store = asyncio.run(store_of(msgspec.structs.replace(ssh_server, password=flat)))
    assert "OpenSSH" in store.describe()
    store.close()
