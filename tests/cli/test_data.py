"""Commands on the control plane's data: importing a catalogue and a calendar, exporting and verifying the audit trail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from covers import covers
from jutong.cli import instance
from jutong.cli import main as command_line
from jutong.kernel import keys
from jutong.kernel.calendar.statutory import computed_rests
from jutong.kernel.models import AuditEntry, CalendarDay
from jutong.slices.catalogue.models import Entry
from world import World

GOOD = {
    "标题": "食品经营许可信息",
    "提供单位": "市市场监管局",
    "摘要信息": "食品经营许可的基本情况",
    "更新频率": "每月",
}
BAD = {"标题": "", "提供单位": "市市场监管局", "摘要信息": "没有名称"}


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands work on this process's database instead of opening an instance of their own."""

    @contextmanager
    def opened() -> Iterator[None]:
        yield None

    monkeypatch.setattr(instance, "opened", opened)
    monkeypatch.setattr(instance, "load_django", lambda *_: None)
    monkeypatch.setattr(instance, "check_schema", lambda: None)


def jutong(*arguments: object) -> Result:
    group: click.Command = command_line.group()
    return CliRunner().invoke(group, [str(argument) for argument in arguments], standalone_mode=False)


@covers(partly=["R-CAT-033"])
def test_a_catalogue_file_is_imported_and_what_came_back_lies_where_it_was_asked_for(
    world: World, tmp_path: Path
) -> None:
    file = tmp_path / "dump.json"
    file.write_text(json.dumps([GOOD, BAD], ensure_ascii=False), encoding="utf-8")
    done = jutong("catalogue", "import", file, "--region", world.region, "--errors", tmp_path / "back")
    assert done.exception is None, done.output
    assert done.output.startswith("dump.json：共 2 条，新增 1，更新 0，无变化 0，退回 1。")
    assert Entry.objects.get().title == "食品经营许可信息"
    assert (tmp_path / "back" / "dump-退回行.xlsx").read_bytes().startswith(b"PK")
    again = jutong("catalogue", "import", file, "--region", world.region)
    assert "新增 0，更新 0，无变化 1，退回 1" in again.output


def test_a_mapping_file_names_the_columns_and_nonsense_is_refused(world: World, tmp_path: Path) -> None:
    file, mapping = tmp_path / "dump.json", tmp_path / "mapping.json"
    file.write_text(
        json.dumps([{"甲": "食品经营许可信息", "乙": "市市场监管局"}], ensure_ascii=False), encoding="utf-8"
    )
    mapping.write_text(json.dumps({"title": "甲", "provider": "乙"}), encoding="utf-8")
    done = jutong("catalogue", "import", file, "--region", world.region, "--mapping", mapping)
    assert "新增 1" in done.output, done.exception
    mapping.write_text("[1, 2]", encoding="utf-8")
    refused = jutong("catalogue", "import", file, "--region", world.region, "--mapping", mapping)
    assert "不是列对应关系文件" in str(refused.exception)


def test_an_unknown_region_is_refused_with_its_name(world: World, tmp_path: Path) -> None:
    file = tmp_path / "dump.json"
    file.write_text(json.dumps([GOOD], ensure_ascii=False), encoding="utf-8")
    done = jutong("catalogue", "import", file, "--region", "990000")
    assert "990000" in str(getattr(done.exception, "sentence", ""))
    assert not Entry.objects.exists()


@covers("R-OVR-035")
def test_a_calendar_is_imported_and_says_which_years_it_brought(world: World, tmp_path: Path) -> None:
    file = tmp_path / "2027.csv"
    rows = [f"{day.isoformat()},休,{name}" for day, name in sorted(computed_rests(2027).items())]
    file.write_text("\n".join(["日期,类型,名称", *rows]), encoding="utf-8")
    done = jutong("calendar", "import", file)
    assert done.output.startswith("已导入 2027 年的 "), done.exception
    assert CalendarDay.objects.filter(day__year=2027).count() == len(rows)


@covers(partly=["R-SEC-007"])
def test_an_export_verifies_with_the_public_key_alone_and_never_overwrites(world: World, tmp_path: Path) -> None:
    world.system("hr")
    world.drain()
    file = tmp_path / "trail.jsonl"
    done = jutong("audit", "export", file)
    assert keys.instance().public.hex() in done.output, done.exception
    assert AuditEntry.objects.filter(verb="audit.export", outcome="success").count() == 1
    verified = jutong("audit", "verify", "--export", file, "--public", keys.instance().public.hex())
    assert "校验通过（ok）" in verified.output
    assert "已存在" in str(jutong("audit", "export", file).exception)
    file.write_bytes(file.read_bytes().replace(b"business_system.register", b"business_sistem.register", 1))
    broken = jutong("audit", "verify", "--export", file, "--public", keys.instance().public.hex())
    assert "校验未通过" in str(broken.exception)


def test_an_empty_instance_is_established_once_with_first_people(db: None) -> None:
    from jutong.slices.parties.models import Account, PostHeld

    words = ("establish", "--region", "360100", "--place", "360000=江西省", "--place", "360100=南昌市", "--department")
    done = jutong(*words, "南昌市数据局")
    assert done.exception is None, done.output
    roles = {"system_admin", "security_admin", "audit_admin", "platform_operator"}
    assert set(PostHeld.objects.values_list("role", flat=True)) == roles
    lines = [line.split() for line in done.output.splitlines()[1:]]
    for username, password, _role in lines:
        account = Account.objects.get(username=username)
        assert account.check_password(password)
        assert account.must_change
    again = jutong(*words, "另一个局")
    assert "不能重复初始化" in str(again.exception)


def test_a_place_written_wrongly_is_told_how(db: None) -> None:
    done = jutong("establish", "--region", "360100", "--place", "江西省", "--department", "数据局")
    assert "代码=名称" in str(done.exception) + done.output
