"""`jutong demo`: from an empty folder to a running city on which the main job has been run."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from jutong.cli import instance, roles
from jutong.cli.demo import city, databases, flowing, loading, outposts, registers, returning, story, tables, underway
from jutong.cli.demo.town import Town
from jutong.cli.instance import Instance
from jutong.cli.postgres import Server
from jutong.cli.serve import binds, origins, prepare, serving
from jutong.cli.words import Stopped, say
from jutong.cli.words import gettext as _

MARK = "demo.json"
FOLDER = "demo-folders"
"""Below the instance's home: the folders of files that departments exchange."""
SETTINGS = {
    "JUTONG_DEMO": "true",
    "JUTONG_SOURCE_ADDRESSES": '["127.0.0.0/8"]',
    "JUTONG_RATE_PER_MINUTE": "6000",
    "JUTONG_CHAIN_SEGMENT_SECONDS": "2",
}


@click.command(help=_("建立一座演示城市，以真实用户身份走完主线流程，并保持网站运行。"))
@click.option("--once", is_flag=True, help=_("走完后停止并退出；最后一行给出步数。"))
@click.option("--screenshots", type=click.Path(path_type=Path), help=_("把每个页面的截图写入该目录。"))
def demo(*, once: bool, screenshots: Path | None) -> None:
    """Set up, load the city, run the story through the API, print what happened, stay up."""
    os.environ.update({name: os.environ.get(name, value) for name, value in SETTINGS.items()})
    os.environ.update(origins(binds()))  # this process asks the others, too
    began = time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started is stopped then, too
    with instance.opened() as ours:
        if ours.server is None:
            raise Stopped(
                _("演示城市要在内置数据库中建立部门数据库。"), _("请取消环境变量 JUTONG_DATABASE_URL 后重试。")
            )
        with _told(_("准备密钥、数据库和表结构")):
            prepare(ours)
        instance.load_django(ours, roles.WORKER)
        del os.environ[instance.DATABASE_SETTING]  # read by now; the processes started below find the server themselves
        folder = ours.home.root / FOLDER
        os.environ.setdefault("JUTONG_FILE_FOLDERS", json.dumps([str(folder)]))
        fresh = not (ours.home.root / MARK).exists()
        if fresh:
            _load(ours)
        with _told(_("启动网页、后台任务、网关、探测与传输进程")):
            running = serving("--quiet", logs=ours.home.logs / "demo.log")
            running.__enter__()
        try:
            place = _place(ours)
            told = _run_story(ours, place, fresh=fresh)
            with outposts.at_work(_marked(ours).get("node", ""), ours.home.logs / "demo-node.log"):
                if screenshots and ours.server:
                    from jutong.cli.demo import pictures

                    pictures.take(screenshots, place, ours.server)
                _farewell(told, time.monotonic() - began, once=once)
                if not once:
                    _wait()
        finally:
            running.__exit__(None, None, None)
    if told.failed:
        raise SystemExit(1)


def _load(ours: Instance) -> None:
    """Build department databases, organisation and catalogue."""
    assert ours.server is not None  # noqa: S101 - checked by the caller
    with _told(_("生成部门数据库：20 万自然人、5 万企业（合成数据，校验位有效）")):
        databases.build(ours.server)
    now = datetime.now(UTC)
    with _told(_("建立江州市：区划、部门、人员与职务")):
        place = city.found(now, say)
    with _told(_("编制并发布各部门目录")):
        published = loading.publish_all(place, now, say)
    say(_("  已发布 {count} 条目录").format(count=published))
    mark = {"departments": place.departments, "accounts": place.accounts}
    (ours.home.root / MARK).write_text(json.dumps(mark), encoding="utf-8")


def _marked(ours: Instance) -> dict[str, Any]:
    """Return what is known of the city from when it was founded and its story told."""
    found: dict[str, Any] = json.loads((ours.home.root / MARK).read_text(encoding="utf-8"))
    return found


def _place(ours: Instance) -> city.City:
    mark = _marked(ours)
    return city.City(mark["departments"], mark["accounts"])


def _run_story(ours: Instance, place: city.City, *, fresh: bool) -> story.Told:
    mark = _marked(ours)
    assert ours.server is not None  # noqa: S101 - checked by the caller
    if not fresh and mark.get("told"):
        say(_("演示城市已经建立，继续运行。"))
        return story.Told(**mark["told"])
    told = story.tell(place, ours.server, origin=f"http://{binds()['web']}", gateway=f"http://{binds()['gateway']}")
    if not told.failed:
        mark["node"] = _leave(ours, ours.server, place)
        mark |= {"departments": place.departments, "accounts": place.accounts}
        mark["told"] = {"passed": told.passed, "failed": told.failed, "lines": told.lines}
        (ours.home.root / MARK).write_text(json.dumps(mark), encoding="utf-8")
    return told


def _leave(ours: Instance, server: Server, place: city.City) -> str:
    """Leave work under way, registers filled and data in motion; returns the name of the node that signed here."""
    at, where = datetime.now(UTC), binds()
    underway.leave(place, at, say)
    say(_("登记簿：{count} 项").format(count=registers.fill(place, at)))
    folder = ours.home.root / FOLDER
    town = Town(place, server, f"http://{where['web']}", f"http://{where['gateway']}", folder, at)
    flowing.found_district(town)
    mark = _marked(ours) | {"departments": place.departments, "accounts": place.accounts}
    (ours.home.root / MARK).write_text(json.dumps(mark), encoding="utf-8")
    flowing.leave(town, say)
    returning.leave(town, say)
    tables.leave(town, say)
    return outposts.enrol(town, ours.home.root)


def _farewell(told: story.Told, seconds: float, *, once: bool) -> None:
    """Print what happened, the addresses and the sign-ins."""
    say("")
    for line in told.lines:
        say(f"  {line}")
    where = binds()
    say("")
    say(_("网站：http://{web}    网关：http://{gateway}").format(**where))
    say(_("登录账号（口令均为 {password}）：").format(password=city.PASSWORD))
    for key in city.SIGN_INS:
        say(f"  {key:16} {city.describe(key)}")
    say(_("用时 {seconds} 秒。").format(seconds=round(seconds)))
    if not once:
        say(_("按 Ctrl-C 停止。"))
    say(f"story: {told.passed} steps passed, {told.failed} failed")


def _wait() -> None:
    """Stay up until the person has seen enough."""
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        say(_("正在停止……"))


@contextmanager
def _told(what: str) -> Iterator[None]:
    began = time.monotonic()
    say(f"· {what} ……")
    yield
    say(f"  {_('完成')}（{time.monotonic() - began:.1f} s）")
