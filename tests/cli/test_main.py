"""The command line itself: what it loads, and how it says no."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jutong.cli import main as command_line


def jutong(*arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("JUTONG_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "-m", "jutong", *arguments],
        env={**clean, "JUTONG_HOME": str(home), **environment},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_node_loads_nothing_of_the_control_plane(tmp_path: Path) -> None:
    code = """
import sys
from jutong.cli import main
sys.argv = ["jutong", "node", "run"]
try:
    main.main()
except SystemExit as end:
    print(end.code)
import jutong.dataplane.gateway.app, jutong.dataplane.transfer.runner, jutong.dataplane.probe
loaded = {name.split(".")[0] for name in sys.modules} & {"django", "ninja", "procrastinate"}
loaded |= {name for name in sys.modules if name.startswith(("jutong.kernel", "jutong.slices", "jutong.site"))}
print(sorted(loaded))
"""
    environment = {**os.environ, "JUTONG_HOME": str(tmp_path / "home")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["1", "[]"], done.stderr
    assert "缺少文件 secret、key.json、control.pub" in done.stderr


def test_help_loads_no_django(tmp_path: Path) -> None:
    code = "import sys\nfrom jutong.cli import main\nsys.argv = ['jutong', '--help']\nmain.main()\nprint('django' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["nonsense"], 2, "没有命令 nonsense。用法见 jutong --help。"),
        (["serve", "--nonsense"], 2, "没有选项 --nonsense。用法见 jutong serve --help。"),
        (["setup", "extra"], 2, "命令或参数不对"),
        (["policy", "show", "--date", "2025-99-01"], 2, "'--date' 的值不对：应为日期，例如 2026-01-31。"),
        (["policy", "show", "atlantis-1"], 1, "atlantis-1"),
        (["audit", "verify", "--export", "/nowhere"], 2, "'--export' 的值不对：文件不存在或不可读。"),
        (["audit", "verify", "--export", "/dev/null", "--public", "12"], 2, "不是 128 位十六进制"),
        (["status"], 1, "聚通没有运行。请执行 jutong serve。"),
    ],
)
def test_a_refusal_is_one_chinese_sentence_with_the_remedy(
    tmp_path: Path, arguments: list[str], code: int, sentence: str
) -> None:
    done = jutong(*arguments, home=tmp_path / "home")
    assert done.returncode == code
    assert done.stderr.startswith("错误：")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("bind", ["8000", "host:", "127.0.0.1:99999", "127.0.0.1:http"])
def test_a_wrong_address_is_named(tmp_path: Path, bind: str) -> None:
    done = jutong("status", home=tmp_path / "home", JUTONG_WEB_BIND=bind)
    assert done.returncode == 1
    assert f"监听地址 {bind} 不对" in done.stderr


def test_every_command_says_what_it_does() -> None:
    group = command_line.group()
    for name in command_line.COMMANDS:
        command = group.get_command(None, name)
        assert command is not None, name
        assert command.help, name


def test_policy_show_prints_values_with_their_articles(tmp_path: Path) -> None:
    done = jutong("policy", "show", "jiangxi-2017", "--effective", "--date", "2025-09-01", home=tmp_path / "home")
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("delivery_days\t")]
    assert "第二十二条" in line
    assert not (tmp_path / "home").exists()


def test_further_processes_of_a_node_are_verified_with_its_key() -> None:
    from jutong.cli.audit import _ByNode

    keys = _ByNode({"local": "aa", "bureau-7": "bb"})
    writers = ("local", "local-2", "bureau-7", "bureau-7-3", "bureau", "local.2")
    assert [keys.get(writer) for writer in writers] == ["aa", "aa", "bb", "bb", None, None]
