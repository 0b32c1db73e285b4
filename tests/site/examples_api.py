"""Examples for the management API and for the nodes' endpoints; see `examples`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import examples_access as access
import examples_compiling as compiling
import examples_correction as correction
import examples_demands as demands
import examples_disposal as disposal
import examples_disputes as disputes
import examples_finding as finding
import examples_grading as grading
import examples_lifecycle as lifecycle
import examples_office as office
import examples_policy as policy
import examples_specifications as specifications
import examples_supervising as supervising
import examples_updates as updates
import examples_usage as usage
import scene_agreements as agreements

from published import ASSESSED

if TYPE_CHECKING:
    from examples import Book
    from scene import Scene

V1 = "api/v1"
RECEIVER = (
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
"""The public key of GB/T 32918.5's example."""


def fill(book: Book, scene: Scene) -> None:
    """Add them all."""
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        book.add(method, f"{V1}/")
    for part in (
        _standards,
        _parties,
        access.endpoints,
        _sources,
        _catalogue,
        finding.endpoints,
        updates.endpoints,
        compiling.endpoints,
        specifications.endpoints,
        lifecycle.endpoints,
        demands.endpoints,
        supervising.endpoints,
        office.endpoints,
        grading.endpoints,
        policy.endpoints,
        _sharing,
        disputes.endpoints,
        correction.endpoints,
        agreements.endpoints,
        disposal.endpoints,
        usage.endpoints,
        _grants,
        _exchange,
        _internal,
    ):
        part(book, scene)


def _standards(book: Book, scene: Scene) -> None:
    book.add("GET", f"{V1}/standards/calendar/<year>", 2026)
    from examples import _calendar

    rows = [line.split(",") for line in _calendar().decode().splitlines()]
    book.add(
        "POST",
        f"{V1}/standards/calendar",
        body={"days": [{"day": day, "kind": kind, "name": name} for day, kind, name in rows]},
    )
    book.add("GET", f"{V1}/standards/profiles/<name>", "national-2025")
    assigned = {
        "region": scene.world.region,
        "profile": "national-2025",
        "effective_from": "2026-04-01",
        "confirm": True,
    }
    book.add("POST", f"{V1}/standards/assignments", body=assigned)


def _parties(book: Book, scene: Scene) -> None:
    base = f"{V1}/parties"
    book.seen(f"{base}/departments/<department_id>", f"{base}/departments/<department_id>/gaps", to=(scene["civil"],))
    book.add("GET", f"{base}/people/<person_id>", scene["person"])
    book.add("POST", f"{base}/people", body={"department_id": scene["civil"], "name": "王小明"})
    book.add("GET", f"{base}/systems/<system_id>", scene["system"])
    book.add("POST", f"{base}/systems", body={"department_id": scene["civil"], "name": "新系统"})
    for verb in ("key", "disable"):
        book.add("POST", f"{base}/systems/<system_id>/{verb}", scene["system"])


def _sources(book: Book, scene: Scene) -> None:
    base = f"{V1}/sources/<source_id>"
    stated = {
        "title": "新库",
        "host": "10.1.2.3",
        "database": "yw",
        "user": "share",
        "password": "Secret-2026",
        "tls": "require",
    }
    book.add("POST", f"{V1}/sources/", body=stated)
    book.add("GET", base, scene["source"])
    book.add("PUT", base, scene["source"], body=stated)
    for verb, name in {"test": "source", "disable": "source", "enable": "source_off"}.items():
        book.add("POST", f"{base}/{verb}", scene[name])
    book.add("GET", f"{base}/tables", scene["source"])
    book.add("GET", f"{base}/columns", scene["source"], query="?schema=public&table=people")
    book.add("PUT", f"{base}/node", scene["source"], body={"node_id": scene["node_signed"]})
    base = f"{V1}/sources/nodes"
    book.add("POST", base, body={"title": "新前置机"})
    book.add("GET", f"{base}/<node_id>", scene["node_signed"])
    book.add("POST", f"{base}/<node_id>/code", scene["node_allocated"])
    book.add("PUT", f"{base}/<node_id>/config", scene["node_signed"], body={"bytes_per_second": 1000})
    book.add("POST", f"{base}/<node_id>/<verb>", scene["node_applied"], "allocate", body={})
    book.add("POST", f"{base}/<node_id>/<verb>", scene["node_signed"], "suspend", case="suspend", body={"note": "检修"})
    base = f"{V1}/datacentre/entries/<entry_id>"
    book.add("GET", base, scene["resource"])
    lines = [
        {"item": "公民身份号码", "column": "id_number", "key": True, "masking": "identity"}, {"item": "姓名", "column": "xm"},
        {"item": "出生日期", "column": "birthday"}, {"item": "户籍行政区划", "column": "division"}, {"item": "收入", "column": ""},
    ]  # fmt: skip
    mount = {"source_id": scene["source"], "schema": "public", "table": "people", "mapping": lines}
    book.add("PUT", base, scene["resource"], body=mount)
    book.add(
        "GET", f"{base}/proposal", scene["resource"], query=f"?source_id={scene['source']}&schema=public&table=people"
    )
    book.add("PUT", f"{base}/prepared", scene["resource"], body=mount)
    book.add("POST", f"{base}/unmount", scene["unshared"], body={"note": "表已停用"})
    book.add("POST", f"{base}/preview", scene["resource"])


def _catalogue(book: Book, scene: Scene) -> None:
    base = f"{V1}/catalogue"
    book.add("POST", f"{base}/", body={"title": "新的信息"})
    book.add("GET", f"{base}/export/<kind>", "two-sheet")
    book.add("POST", f"{base}/import", files={"file": ("目录.csv", "资源名称\n低保家庭名单\n".encode())})
    book.seen(f"{base}/import/<run_id>", f"{base}/import/<run_id>/errors", to=(scene["imported"],))
    book.add("POST", f"{base}/import/<run_id>/start", scene["upload"], body={})
    for state in ("draft", "published"):
        for route in ("", "/machine"):
            book.add("GET", f"{base}/<entry_id>{route}", scene[state], case=state)
    book.add("PUT", f"{base}/<entry_id>", scene["draft"], body={"title": "草稿信息改"})
    book.add("POST", f"{base}/<entry_id>/submit", scene["approved"])
    book.add(
        "POST",
        f"{base}/<entry_id>/assess",
        scene["draft"],
        body={"secrecy": "不涉密", "personal_information": "可控", "answers": ASSESSED["answers"]},
    )
    book.add("POST", f"{base}/<entry_id>/leader_approve", scene["assessed"], body={})
    for verb, name in {"submit": "approved", "review": "submitted", "publish": "reviewed"}.items():
        book.add("POST", f"{base}/{verb}", body={"ids": [scene[name]]})
    book.add("POST", f"{base}/return", body={"ids": [scene["submitted"]], "reason": "请补充摘要"})
    book.add("POST", f"{base}/determine", body={"ids": [scene["submitted"]], "number": "核〔2026〕1号"})


BODIES: dict[str, Any] = {
    "withdraw": {"reason": "不再需要"},
    "supplement": {"text": "已补充职责依据"},
    "ask_supplement": {"papers": ["职责依据"], "days": 10},
    "ask_extension": {"days": 5, "reason": "需核对口径"},
    "extend": {"days": 5},
    "judge": {"justified": True, "words": "理由成立"},
    "decline": {"reason": "该事项不属于本部门职责"},
    "withhold_consent": {"remark": "请补充依据"},
}


def _sharing(book: Book, scene: Scene) -> None:
    from examples import MOVES

    asked = {
        "resource_id": scene["published"], "items": ["公民身份号码", "姓名"], "key_items": ["公民身份号码"],
        "modes": ["online_query"], "purposes": ["administrative_basis"], "use_basis": "《社会救助暂行办法》第十一条",
        "use_scene": "办理养老保险代缴", "use_scope": "经办人员使用", "duty": "养老保险经办", "use_from": "2026-03-02",
        "use_until": "2027-03-01", "personal_basis": "为履行法定职责所必需", "declared": True,
    }  # fmt: skip
    base = f"{V1}/sharing/requests/<request_id>"
    book.add("POST", f"{V1}/sharing/requests", body=asked)
    for state in ("written", "received"):
        book.add("GET", base, scene[state], case=state)
    book.add("PUT", base, scene["written"], body=asked)
    for verb, (state, _form) in MOVES.items():
        book.add("POST", f"{base}/{verb}", scene[state], body=BODIES.get(verb))
    drafted = {
        "agree": True, "items": [{"item": "公民身份号码"}, {"item": "姓名", "masking": "name"}],
        "key_items": ["公民身份号码"], "modes": ["online_query"], "purposes": ["administrative_basis"],
    }  # fmt: skip
    for verb in ("prepare_reply", "agree_directly", "refuse_directly"):
        book.add("POST", f"{base}/{verb}", scene["received"], body=drafted)
    book.add("POST", f"{V1}/sharing/requests/obtain", body=asked | {"resource_id": scene["free"]})
    book.add("POST", f"{V1}/sharing/standing", body={"resource_id": scene["free"]})
    book.add("DELETE", f"{V1}/sharing/standing/<consent_id>", scene["standing"])


def _grants(book: Book, scene: Scene) -> None:
    base = f"{V1}/grants/<grant_id>"
    book.seen(base, f"{base}/versions", to=(scene["grant"],))
    narrower = {
        "items": [{"item": "公民身份号码", "masking": "identity"}], "key_items": ["公民身份号码"], "reason": "收窄范围",
        "modes": ["online_query"], "purposes": ["administrative_basis"], "use_until": "2027-01-31",
    }  # fmt: skip
    book.add("POST", f"{base}/amend", scene["grant"], body=narrower)
    for verb, name in {
        "suspend": "grant",
        "restore": "suspended",
        "revoke": "grant",
        "finish": "grant",
    }.items():
        more = {"ground": "purpose_reached"} if verb == "finish" else {}
        book.add("POST", f"{base}/{verb}", scene[name], body={"reason": "依据已经变化", **more})
    book.add("POST", f"{base}/interface", scene["grant"], body={"portal": True})
    book.add("POST", f"{base}/marks", scene["grant"], body={"marked": True, "notice": "仅供核验使用"})
    book.add("POST", f"{base}/receiver", scene["grant"], body={"receiver_key": RECEIVER})
    book.seen(f"{V1}/services/<grant_id>/openapi", f"{V1}/services/<grant_id>/use", to=(scene["grant"],))


def _exchange(book: Book, scene: Scene) -> None:
    base = f"{V1}/exchange/runs"
    table = {"grant_id": scene["grant"], "source_id": scene["target"], "table": "three", "mode": "append"}
    book.add("POST", f"{base}/table", body=table)
    book.add("POST", f"{base}/batch", body={"grant_id": scene["grant"], "format": "jsonl"})
    folder = {"grant_id": scene["grant"], "source_id": scene["target"], "folder": "低保"}
    book.add("POST", f"{base}/files", body=folder)
    book.add("GET", f"{base}/<run_id>", scene["queued"])
    book.seen(f"{base}/<run_id>/parts", f"{base}/<run_id>/rows", to=(scene["failed"],))
    book.add("POST", f"{base}/<run_id>/corrections", scene["failed"], files={"file": ("更正.xlsx", b"PK")})
    book.add("POST", f"{base}/<run_id>/corrections/<correction_id>", scene["failed"], 1)
    book.add("POST", f"{base}/<run_id>/repair", scene["failed"])
    book.add("POST", f"{base}/<run_id>/accept-shape", scene["failed"])
    tasks, one = f"{V1}/exchange/tasks", f"{V1}/exchange/tasks/<task_id>"
    book.add("POST", tasks, body=table | {"kind": "table", "table": "four", "plan": {"cron": "30 2 * * *"}})
    book.add("GET", one, scene["task"])
    book.add("PUT", one, scene["task"], body={"priority": 3})
    book.add("DELETE", one, scene["task"])
    book.add("POST", f"{one}/pause", scene["task"])
    book.add("POST", f"{one}/resume", scene["paused"])
    book.add("POST", f"{one}/run", scene["task"])
    sent = {"form": {"resource_id": scene["published"]}, "files": {"file": ("报送.csv", "姓名\n张三\n".encode())}}
    book.add("POST", f"{V1}/exchange/submissions", **sent)
    book.seen(f"{V1}/exchange/submissions/<submission_id>/faults", to=(scene["submission"],))
    book.add("POST", f"{V1}/exchange/submissions/<submission_id>/returned", scene["submission"])
    flows, flow = f"{V1}/exchange/backflows", f"{V1}/exchange/backflows/<backflow_id>"
    asked = {
        "resource_id": scene["resource_2"],
        "duty": "低保复核",
        "items": ["户籍行政区划"],
        "division_item": "户籍行政区划",
    }
    book.add("POST", flows, body=asked)
    book.add("GET", flow, scene["backflow"])
    book.add("POST", f"{flow}/arrange", scene["backflow"], body={"cron": "30 2 * * *", "security": "加密传输"})
    book.add("POST", f"{flow}/start", scene["backflow"], body={"source_id": scene["target"], "table": "huiliu"})
    book.add("POST", f"{flow}/source", scene["backflow"], body={"entry_id": scene["published"]})
    book.add("POST", f"{flow}/conditions", scene["backflow"], body={"condition": "按条审批", "evidence": "来函"})
    proposed = {"cause": "系统升级", "stop_on": lifecycle.LATER}
    book.add("POST", f"{flow}/propose_end", scene["backflow"], body=proposed)
    book.add(
        "POST", f"{flow}/propose_change", scene["backflow"], body=proposed | {"cron": "0 5 * * *", "security": "专线"}
    )
    book.add("POST", f"{flow}/end", scene["backflow"])
    outside = {"grant_id": scene["grant"], "delivered_on": "2025-07-01", "reason": "网络中断"}
    book.add("POST", f"{V1}/exchange/off-platform", body=outside)
    limits = f"{V1}/exchange/sources/<source_id>/limits"
    book.add("GET", limits, scene["target"])
    book.add("PUT", limits, scene["target"], body={"most_runs": 2, "rows_per_second": 100})
    book.seen(f"{base}/<run_id>/manifest", f"{base}/<run_id>/proof", to=(scene["batch"],))
    book.add("POST", f"{base}/<run_id>/cancel", scene["queued"])
    book.add("POST", f"{base}/<run_id>/retry", scene["failed"])
    book.add("POST", f"{base}/<run_id>/ticket", scene["batch"], body={"purpose": "administrative_basis"})


def _internal(book: Book, scene: Scene) -> None:
    book.add("POST", "internal/progress", body=[])
    book.add("POST", "internal/usage", body={"writer": "1", "number": 1, "counts": []})
    unsigned = {"kind": "slip", "payload": "", "signature": "", "key_id": ""}
    book.add("POST", "internal/parcels", body=unsigned)
    book.add("POST", "internal/parcels/pieces", body=[])
    book.add("POST", "internal/parcels/receipts", body=unsigned)
    book.add("POST", "internal/parcels/collected", body=[])
    book.add("POST", "internal/enrol", body={"kind": "enrolment", "payload": "", "signature": "", "key_id": ""})
    spoken = {"at": "2026-03-02T01:00:00Z", "version": "0.2", "encryption": ["SM4-GCM"], "authentication": ["SM2"]}
    book.add("POST", "internal/heartbeat", body=spoken)
    book.add("POST", "internal/dirty", body={"order_id": f"R{scene['queued']}-1", "batch": 0, "rows": []})
    sealed = {"envelope": {"kind": "segment", "payload": "", "signature": "", "key_id": "", "alg": ""}, "lines": ""}
    book.add("POST", "internal/segments", body=sealed)
    book.seen("internal/handovers", to=())
    book.add("POST", "internal/alive", body={"process": "runner-1", "kind": "runner"})
