"""The main job, lived by the people of the demo city through the API: import, publish, find, ask, agree, deliver, revoke."""

from __future__ import annotations

import csv
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg

from jutong.cli.demo import databases, sheets
from jutong.cli.demo.city import City
from jutong.cli.demo.client import Person, StepFailed, until
from jutong.cli.demo.resources import ANSWERS, HANDLED
from jutong.cli.postgres import SUPERUSER, Server
from jutong.cli.words import say
from jutong.client import Client, Refused

WHO: Final = (
    "police.officer", "police.secrecy", "police.leader", "police.head", "police.engineer", "data.reviewer", "hr.clerk",
    "hr.head", "hr.engineer", "data.auditor",
)  # fmt: skip
TITLE: Final = "人口基本信息"
GRANTED: Final = {
    "公民身份号码": "none",
    "姓名": "name",
    "出生日期": "year",
    "户籍行政区划": "none",
    "人口状态": "none",
}
CONDITIONS: Final = {
    "personal": True,
    "share_limit": "given_conditions",
    "share_scope": "因履行法定职责确需使用的市级部门",
    "use_purposes": ["administrative_basis", "data_verification", "collaboration"],
    "extra": {"handling_rule": HANDLED},
}
"""What the decree asks of a conditional entry and the 26-column sheet has no column for (national-2025#15)."""
PURPOSE: Final = "data_verification"


@dataclass(slots=True)
class Told:
    """How many steps went well, how many did not, and what there is to say about them."""

    passed: int = 0
    failed: int = 0
    lines: list[str] = field(default_factory=list)


class Story:
    """The story's people and what they hold in their hands between the steps."""

    def __init__(self, city: City, server: Server, origin: str, gateway: str) -> None:
        self.city = city
        self.server = server
        self.gateway = gateway
        self.people = {key: Person(origin, _api_key(city, key)) for key in WHO}
        self.held: dict[str, Any] = {}

    # -- the provider publishes ----------------------------------------------------------------------------------

    def import_catalogue(self) -> str:
        """The police data officer imports her Excel catalogue: good rows in, two bad entries back with reasons."""
        officer = self.people["police.officer"]
        run = self._import(officer, "公安局目录.xlsx", sheets.workbook(corrected=False))
        returned = officer.fetch(f"/catalogue/import/{run['id']}/errors")
        if run["refused"] != len(sheets.BAD) or not returned.startswith(b"PK"):
            raise StepFailed(f"应退回 {len(sheets.BAD)} 条，实际 {run['refused']} 条")
        return f"导入 {run['accepted']} 条，退回 {run['refused']} 条（附原因的 Excel，{len(returned)} 字节）"

    def correct_and_import_again(self) -> str:
        """She corrects the two cells and imports them again."""
        run = self._import(self.people["police.officer"], "更正.xlsx", sheets.workbook(corrected=True))
        if run["accepted"] + run["unchanged"] != len(sheets.BAD) or run["refused"]:
            raise StepFailed(f"更正后应导入 {len(sheets.BAD)} 条，实际 {run['accepted']} 条")
        return f"更正后导入 {run['accepted']} 条"

    def _import(self, officer: Person, name: str, content: bytes) -> Any:
        run = officer.upload("/catalogue/import", name, content)
        officer.post(f"/catalogue/import/{run['id']}/start", {})
        return until("目录导入", lambda: _finished(officer.get(f"/catalogue/import/{run['id']}")))

    def assess_and_submit(self) -> str:
        """Secrecy and personal information are assessed, the leader approves, the officer submits."""
        officer = self.people["police.officer"]
        mine = officer.get("/catalogue/own", state="draft", size=100)["rows"]
        for entry in mine:
            address = f"/catalogue/{entry['id']}"
            content = officer.get(address)["content"]
            if content.get("share_type") == "conditional":
                officer.put(address, {**content, **CONDITIONS})
            self.people["police.secrecy"].post(
                f"{address}/assess",
                {
                    "secret": False,
                    "secrecy": "不涉及国家秘密和工作秘密",
                    "personal_information": "已评估，影响可控",
                    "answers": ANSWERS,
                },
            )
            self.people["police.leader"].post(f"{address}/leader_approve")
            officer.post(f"{address}/submit")
        self.held["entries"] = [entry["id"] for entry in mine]
        return f"{len(mine)} 条目录经评估、部门负责人同意后提交审核"

    def review_and_publish(self) -> str:
        """The authority reviews and publishes them in one notice."""
        reviewer = self.people["data.reviewer"]
        if not self.held["entries"]:
            return "目录此前已经发布"
        ids = {"ids": self.held["entries"]}
        reviewed = reviewer.post("/catalogue/review", ids)
        published = reviewer.post("/catalogue/publish", ids)
        if len(published["done"]) != len(self.held["entries"]):
            raise StepFailed(f"应发布 {len(self.held['entries'])} 条，实际 {published} {reviewed}")
        return f"审核并以统一通告发布 {len(published['done'])} 条"

    # -- the consumer asks ---------------------------------------------------------------------------------------

    def find(self) -> str:
        """A clerk of another department finds the resource by a Chinese search."""
        began = time.monotonic()
        found = self.people["hr.clerk"].get("/catalogue/", q="人口 身份号码")
        spent = (time.monotonic() - began) * 1000
        first = next((row for row in found["found"] if row["title"] == TITLE), None)
        if first is None:
            raise StepFailed(f"检索未找到“{TITLE}”")
        self.held["resource"] = first["id"]
        return f"检索“人口 身份号码”命中 {found['total']} 条，{spent:.0f} ms，选中 {first['code']} {first['title']}"

    def ask(self) -> str:
        """She asks with purpose and legal basis; her own head consents; the request is filed and the clock runs."""
        clerk = self.people["hr.clerk"]
        written = clerk.post(
            "/sharing/requests",
            {
                "resource_id": self.held["resource"],
                "items": [*GRANTED, "户籍地址"],
                "key_items": ["公民身份号码"],
                "modes": ["online_query", "front_end_node", "batch_download"],
                "purposes": [PURPOSE],
                "use_basis": "《社会保险法》第七十四条",
                "use_scene": "城乡居民养老保险待遇资格认证，核验参保人身份与人口状态",
                "use_scope": "市人社局养老保险经办机构内部使用",
                "duty": "城乡居民基本养老保险经办管理",
                "use_from": date.today().isoformat(),  # noqa: DTZ011 - the city's own day
                "use_until": (date.today() + timedelta(days=365)).isoformat(),  # noqa: DTZ011
                "personal_basis": "为履行法定职责所必需（个人信息保护法第三十四条）",
                "declared": True,
            },
        )
        address = self.held["request"] = f"/sharing/requests/{written['line']['id']}"
        sentence = clerk.refused(f"{address}/file")
        self.people["hr.head"].post(f"{address}/consent")
        filed = clerk.post(f"{address}/file")
        clock = filed["line"]["clocks"][0]
        return f"未经负责人同意不能提交（“{sentence}”）；{filed['line']['number']} 已受理，答复期限 {clock['due_day']}：{clock['explanation']}"

    def answer(self) -> str:
        """The provider's officer drafts the reply: five items, masked, of one district's people; his head agrees."""
        officer, head = self.people["police.officer"], self.people["police.head"]
        address = self.held["request"]
        officer.post(
            f"{address}/prepare_reply",
            {
                "agree": True,
                "items": [{"item": item, "masking": masking} for item, masking in GRANTED.items()],
                "conditions": [{"item": "户籍行政区划", "operator": "in", "values": ["369002", "369003"]}],
                "key_items": ["公民身份号码"],
                "confirm_items": ["人口状态"],
                "modes": ["online_query", "front_end_node", "batch_download"],
                "purposes": [PURPOSE],
                "remarks": "限待遇资格认证核验，姓名掩码，出生日期只留年份",
            },
        )
        agreed = head.post(f"{address}/agree")
        self.held["grant"] = agreed["grant_id"]
        return f"提供方负责人同意，授权 G-{agreed['grant_id']:06d} 已开通，提供期限 {agreed['line']['clocks'][1]['due_day']}"

    # -- the data flows ------------------------------------------------------------------------------------------

    def mount(self) -> str:
        """The provider's engineer registers the database, reads its schema and mounts the resource."""
        engineer = self.people["police.engineer"]
        source = engineer.post("/sources/", self._source("人口库", databases.POLICE, provides=True))
        tested = engineer.post(f"/sources/{source['id']}/test")
        if not tested["tested_ok"]:
            raise StepFailed(tested["tested_message"])
        place = {"source_id": source["id"], "schema": "public", "table": "population"}
        lines = engineer.get(f"/datacentre/entries/{self.held['resource']}/proposal", **place)
        mapping = [{"item": x["item"], "column": x["column"], "key": x["item"] == "公民身份号码"} for x in lines]
        engineer.put(f"/datacentre/entries/{self.held['resource']}", {**place, "mapping": mapping})
        clerk = self.people["hr.clerk"]
        until("数据可获取", lambda: clerk.get(self.held["request"])["line"]["state"] == "granted")
        return f"按列注释自动对应 {sum(1 for x in lines if x['column'])} 项并挂接；申请状态：已开通"

    def _source(self, title: str, place: databases.Place, *, provides: bool) -> dict[str, Any]:
        return {
            "title": self._named(title),
            "host": "127.0.0.1",
            "port": self.server.port,
            "database": place.database,
            "user": place.role,
            "password": databases.password(self.server, place),
            "tls": "disable",
            "provides": provides,
            "receives": not provides,
        }

    def _named(self, name: str) -> str:
        """Return a name of its own for each telling of the story."""
        return name if self.held["grant"] == 1 else f"{name}{self.held['grant']}"

    def register_system(self) -> str:
        """The consumer's head registers the business system that will call; its key is shown once."""
        key = self.people["hr.head"].post(
            "/parties/systems",
            {
                "department_id": self.city.departments["hr"],
                "name": self._named("养老保险业务系统"),
                "purpose": "待遇资格认证",
            },
        )
        self.held["client"] = Client(
            self.gateway, key_id=key["key_id"], key=bytes.fromhex(key["secret"]), purpose=PURPOSE
        )
        return f"登记业务系统，调用密钥 {key['key_id']}（只显示一次）"

    def query(self) -> str:
        """The system asks for one person by identity number: granted items only, masked, the row filter holds."""
        inside, outside = self._persons()
        client = self.held["client"]
        answer = until("授权包到达网关", lambda: client.query(self._grant(), {"公民身份号码": inside[0]}))
        row = answer.rows[0]
        if set(row) != set(GRANTED) or "*" not in row["姓名"] or len(row["出生日期"]) != 4:  # noqa: PLR2004 - a year
            raise StepFailed(f"返回内容与授权不符：{row}")
        if client.query(self._grant(), {"公民身份号码": outside}).rows:
            raise StepFailed("行条件之外的记录被返回")
        right = client.confirm(self._grant(), {"公民身份号码": inside[0]}, {"人口状态": inside[1]})
        wrong = client.confirm(self._grant(), {"公民身份号码": inside[0]}, {"人口状态": "不存在"})
        if (right.match, wrong.match) != (True, False):
            raise StepFailed("核验结果不对")
        return (
            f"单条查询返回 {row['姓名']}、{row['出生日期']} 年等 {len(row)} 项，区外人员查不到；核验一致/不一致各一次"
        )

    def _persons(self) -> tuple[tuple[str, str], str]:
        with psycopg.connect(self.server.url(SUPERUSER, databases.POLICE.database)) as police:
            inside = police.execute(
                "select id_number, state from population where household_division = '369002' limit 1"
            ).fetchone()
            outside = police.execute(
                "select id_number from population where household_division = '369081' limit 1"
            ).fetchone()
        if inside is None or outside is None:
            raise StepFailed("人口库是空的")
        return (inside[0], inside[1]), outside[0]

    def _grant(self) -> str:
        return str(self.held["grant"])

    def transfer(self) -> str:
        """The table flows into the consumer's own database, counted and checked at both ends."""
        engineer = self.people["hr.engineer"]
        source = engineer.post("/sources/", self._source("养老保险前置库", databases.HR, provides=False))
        order = {
            "grant_id": self.held["grant"],
            "source_id": source["id"],
            "schema": "public",
            "table": "shared_population",
        }
        run = self._delivered(engineer, engineer.post("/exchange/runs/table", order))
        with psycopg.connect(self.server.url(SUPERUSER, databases.POLICE.database)) as police:
            expected = police.execute(
                "select count(*) from population where household_division in ('369002', '369003')"
            ).fetchone()
        with psycopg.connect(self.server.url(SUPERUSER, databases.HR.database)) as hr:
            arrived = hr.execute("select count(*) from shared_population").fetchone()
        if arrived != expected:
            raise StepFailed(f"源端 {expected} 行，目标 {arrived} 行")
        tally = run["receipts"][0]["target"]
        self.held["run"] = run["row"]["id"]
        return f"库表传输 {tally['rows']:,} 行，两端校验和一致（{tally['checksum'][:12]}…），回执 {len(run['receipts'])} 份已签名"

    def _delivered(self, engineer: Person, run: dict[str, Any]) -> dict[str, Any]:
        address = f"/exchange/runs/{run['row']['id']}"
        ended = {"released", "rejected", "quarantined"}

        def settled() -> dict[str, Any] | None:
            now: dict[str, Any] = engineer.get(address)
            return now if now["row"]["state"] in ended else None

        final: dict[str, Any] = until("交换完成", settled, seconds=120)
        if final["row"]["state"] != "released" or not all(r["reconciled"] for r in final["receipts"]):
            raise StepFailed(f"交换未通过核对：{final['row']['state_label']} {final['row']['message']}")
        return final

    def download(self) -> str:
        """A batch file is built once, encrypted, and fetched by the system with its manifest."""
        engineer = self.people["hr.engineer"]
        run = self._delivered(engineer, engineer.post("/exchange/runs/batch", {"grant_id": self.held["grant"]}))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "人口基本信息.csv")
            manifest = self.held["client"].download(run["row"]["artefact_id"], path)
            with path.open(encoding="utf-8-sig", newline="") as file:
                lines = list(csv.reader(file))
        if len(lines) - 1 != manifest.rows or lines[0] != list(GRANTED):
            raise StepFailed(f"文件 {len(lines) - 1} 行，清单 {manifest.rows} 行")
        return f"批量文件 {manifest.rows:,} 行、{manifest.bytes:,} 字节，SM3 {manifest.sm3[:12]}… 与清单一致"

    # -- control -------------------------------------------------------------------------------------------------

    def revoke(self) -> str:
        """The provider's head revokes: within two seconds nothing is answered any more."""
        inside, _outside = self._persons()
        began = time.monotonic()
        self.people["police.head"].post(f"/grants/{self.held['grant']}/revoke", {"reason": "演示结束，撤销授权"})
        client = self.held["client"]
        sentence = until("撤销生效", lambda: _refusal(lambda: client.query(self._grant(), {"公民身份号码": inside[0]})))
        spent = time.monotonic() - began
        if spent > 2:  # noqa: PLR2004 - the promise
            raise StepFailed(f"撤销 {spent:.1f} 秒后才生效")
        return f"撤销后 {spent:.2f} 秒生效：“{sentence}”"

    def verify_trail(self) -> str:
        """The whole trail verifies: every entry sealed, chained and signed."""
        from jutong.kernel import keys, nodes
        from jutong.kernel.audit import sealing, verify

        public = keys.instance().public.hex()
        until("网关日志段送达", lambda: verify.online(public, nodes.PublicKeys()).segments, seconds=20)
        until("审计封存", lambda: sealing.lag(datetime.now(UTC)) == 0.0)
        report = verify.online(public, nodes.PublicKeys())
        if not report.ok:
            raise StepFailed("；".join(fault.sentence for fault in report.faults[:3]))
        return f"审计链核验通过：{report.entries:,} 条、{report.seals} 次封存、{report.segments} 个网关日志段"


STEPS: Final[tuple[tuple[str, Callable[[Story], str]], ...]] = (
    ("公安局数据专员导入目录", Story.import_catalogue),
    ("按错误文件更正后再次导入", Story.correct_and_import_again),
    ("评估、负责人审核、提交", Story.assess_and_submit),
    ("主管部门审核、发布", Story.review_and_publish),
    ("人社局经办人检索", Story.find),
    ("提出共享申请", Story.ask),
    ("提供方答复并开通授权", Story.answer),
    ("登记数据源、挂接资源", Story.mount),
    ("登记业务系统", Story.register_system),
    ("联机查询与核验", Story.query),
    ("库表传输", Story.transfer),
    ("批量下载", Story.download),
    ("撤销授权", Story.revoke),
    ("审计链核验", Story.verify_trail),
)


def tell(city: City, server: Server, *, origin: str, gateway: str) -> Told:
    """Live the story step by step, telling each; what depends on a failed step is not tried."""
    story, told = Story(city, server, origin, gateway), Told()
    for number, (title, step) in enumerate(STEPS, start=1):
        began = time.monotonic()
        try:
            line = step(story)
        except (StepFailed, KeyError, ValueError) as problem:
            told.failed = len(STEPS) - told.passed
            say(f"[{number:2}/{len(STEPS)}] ✗ {title}：{problem}")
            break
        told.passed += 1
        told.lines.append(f"{title}：{line}")
        say(f"[{number:2}/{len(STEPS)}] ✓ {title}（{time.monotonic() - began:.1f} s）：{line}")
    return told


def _api_key(city: City, key: str) -> str:
    """Give a person a key for the management API, as "我的账号" does."""
    from jutong.slices.parties import actions

    now = datetime.now(UTC)
    return actions.issue_api_key(name="演示", days=30, by=city.actor(key, now), at=now).text


def _finished(run: dict[str, Any]) -> dict[str, Any] | None:
    return run if run["finished_at"] else None


def _refusal(call: Callable[[], Any]) -> str:
    """Return the sentence of a refusal, or nothing while the call is still answered."""
    try:
        call()
    except Refused as refused:
        return str(refused)
    return ""
