"""What one has to send so that each address is really reached: ids of the scene and forms filled in as people would.

`examples(scene)` returns them by "METHOD route". Routes without parameters need none for GET; every other method and
every route with parameters does, so that a new address fails the test until somebody has thought about it.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import examples_backflow as backflow
import examples_compiling as compiling
import examples_correction as correction
import examples_demands as demands
import examples_disposal as disposal
import examples_disputes as disputes
import examples_finding as finding
import examples_grading as grading
import examples_lifecycle as lifecycle
import examples_office as office
import examples_specifications as specifications
import examples_submissions as submissions
import examples_supervising as supervising
import examples_updates as updates
import examples_usage as usage
import scene_agreements as agreements
from asking_world import FILLED
from django.core.files.uploadedfile import SimpleUploadedFile

from jutong.slices.catalogue.pages.deciding import FORMS
from jutong.slices.catalogue.pages.forms import EntryForm
from jutong.slices.catalogue.workflow import ENTRY
from published import ANSWERED, ASSESSED, content

if TYPE_CHECKING:
    from scene import Scene

HOLE = re.compile(r"<[^>]*>")
NEW_PASSWORD = "Chunfen-2026-lv"


@dataclass(frozen=True, slots=True)
class Example:
    """One request to an address: `case` tells several of one address apart; `body` is JSON, `form` a posted form."""

    path: str
    case: str = ""
    form: dict[str, Any] | None = None
    body: Any = None
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    def posted(self) -> dict[str, Any]:
        """Return the keyword arguments for the test client."""
        if self.body is not None:
            return {"data": json.dumps(self.body), "content_type": "application/json"}
        made = {name: SimpleUploadedFile(file, content) for name, (file, content) in self.files.items()}
        return {"data": {**(self.form or {}), **made}}


class Book(dict[str, list[Example]]):
    """Examples by method and route."""

    def __init__(self) -> None:
        super().__init__()
        self.named: dict[str, list[Example]] = defaultdict(list)

    def add(self, method: str, route: str, *args: object, query: str = "", **more: Any) -> None:
        """Add an example; `args` fill the route's holes from left to right."""
        path = route
        for value in args:
            path = HOLE.sub(str(value), path, count=1)
        assert not HOLE.search(path), f"{route} needs more than {args}"
        self.setdefault(f"{method} {route}", []).append(Example("/" + path + query, **more))

    def page(self, route: str, *args: object, **form: Any) -> None:
        """Add a form of a page: GET shows it, POST sends it."""
        self.add("GET", route, *args)
        self.add("POST", route, *args, form=form)

    def deed(self, route: str, *args: object, case: str = "", **form: Any) -> None:
        """Add a posted deed."""
        self.add("POST", route, *args, case=case, form=form)

    def seen(self, *routes: str, to: tuple[object, ...]) -> None:
        """Add addresses that are read, all with the same ids."""
        for route in routes:
            self.add("GET", route, *to)


def examples(scene: Scene) -> Book:
    """Return an example for every address."""
    book = Book()
    for part in (
        _site, _organisation, _people, _own, _catalogue, updates.pages, compiling.pages, finding.pages, specifications.pages,
        _sources, _delivery, _sharing, disputes.pages, lifecycle.pages, demands.pages, supervising.pages,
        correction.pages, disposal.pages, office.pages, grading.pages, agreements.pages, usage.pages,
    ):  # fmt: skip
        part(book, scene)
    from examples_api import fill

    fill(book, scene)
    return book


def _site(book: Book, scene: Scene) -> None:
    book.deed("language", language="en")
    book.deed("inbox/")
    book.add("GET", "audit/entries/<int:entry_id>/", scene["audit"])
    book.deed("audit/verify/")
    book.add("GET", "audit/verify/<int:progress_id>/", scene["work"])
    book.deed("audit/export/")
    book.deed("audit/purge/", older_than="2022-01-01", export_digest="ab" * 32)
    for verb in ("replay", "skip"):
        book.deed(f"operations/events/<int:event_id>/{verb}/", scene["held"], note="已排除故障")
    book.add("GET", "work/<int:progress_id>/", scene["work"])
    calendar = {"file": ("calendar.csv", _calendar())}
    book.add("POST", "standards/calendar/import", files=calendar)
    book.deed(
        "standards/policy/assign",
        region=scene.world.region,
        profile="national-2025",
        effective_from="2026-04-01",
        confirm="on",
    )
    book.add("GET", "standards/policy/<slug:name>", "national-2025")


def _calendar() -> bytes:
    days = ["2027-01-01", *(f"2027-02-{d:02d}" for d in range(5, 13)), "2027-04-05", "2027-05-01", "2027-05-02", "2027-06-09",
            "2027-09-15", *(f"2027-10-{d:02d}" for d in range(1, 8))]  # fmt: skip
    return "".join(f"{day},休,节日\n" for day in days).encode()


def _organisation(book: Book, scene: Scene) -> None:
    civil, world = scene["civil"], scene.world
    registered = {"org_type": "government_department", "uscc": ""}
    book.deed("parties/departments/new", name="内江市林业局", region=world.region, **registered)
    book.add("POST", "parties/departments/import", files={"file": ("机构.xlsx", b"no workbook")})
    book.add("GET", "parties/departments/<int:pk>", civil)
    book.page("parties/departments/<int:pk>/change", civil, name="内江市民政局", short_name="民政局", **registered)
    book.page("parties/departments/<int:pk>/confirm", scene["unconfirmed"], uscc=_uscc(world.region))
    book.deed("parties/departments/<int:pk>/close", scene["unconfirmed"])
    book.page("parties/departments/<int:pk>/sharing-unit", civil, name="数据科")
    book.deed("parties/departments/<int:pk>/sharing-unit/close", civil)
    book.page("parties/departments/<int:pk>/goals", civil, goals="应共享尽共享")
    book.page("parties/departments/<int:pk>/units", civil, kind="responsible", name="办公室", duties="统筹")
    book.add("GET", "parties/departments/<int:pk>/rules", civil)
    rules = {"form": {"kind": "management", "title": "管理办法"}, "files": {"file": ("办法.txt", b"text")}}
    book.add("POST", "parties/departments/<int:pk>/rules", civil, **rules)
    book.add("GET", "parties/departments/<int:pk>/rules/<int:rules>", civil, scene["rules"])
    book.deed("parties/regions/new", code="511011", name="东兴区")
    book.deed("parties/authorities/new", region=world.region, department_id=scene["authority"])
    book.deed("parties/sectors/new", name="民政条线", lead_id=civil, members=str(scene["hr"]))
    book.add("GET", "parties/sectors/<int:pk>", scene["sector"])
    book.page("parties/sectors/<int:pk>/guide", scene["sector"], title="指导意见", text="统一口径")
    system = {"zone": "outer", "purpose": "办理业务", "addresses": ""}
    book.page("parties/departments/<int:pk>/systems/new", civil, name="新系统", **system)
    book.add("GET", "parties/systems/<int:pk>", scene["system"])
    book.page("parties/systems/<int:pk>/change", scene["system"], **system)
    book.deed("parties/systems/<int:pk>/key", scene["system"])
    book.deed("parties/systems/<int:pk>/disable", scene["system"])
    book.deed("parties/systems/<int:pk>/enable", scene["system_off"])
    from examples_access import pages

    pages(book, scene)


def _uscc(region: str) -> str:
    from jutong.slices.parties.rules.codes import check_digit

    first = f"11{region}009999999"
    return first + check_digit(first)


def _people(book: Book, scene: Scene) -> None:
    person, account = scene["person"], scene["account"]
    facts = {"name": "王小明", "title": "", "phone": "", "email": ""}
    book.add("POST", "parties/people/import", files={"file": ("人员.xlsx", b"no workbook")})
    book.add("GET", "parties/imports/<int:pk>", scene["bad_rows"])
    book.page("parties/departments/<int:pk>/people/new", scene["civil"], **facts)
    book.add("GET", "parties/people/<int:pk>", person)
    book.page("parties/people/<int:pk>/change", person, **facts)
    book.deed("parties/people/<int:pk>/confirm", scene["reported"])
    book.page("parties/people/<int:pk>/activate", scene["confirmed"], username="xin.ren", password="Chunfen-2026-ren")
    book.deed("parties/people/<int:pk>/end", person)
    book.page("parties/people/<int:pk>/replace", person, **facts)
    book.page("parties/people/<int:pk>/posts/new", person, role="liaison")
    book.deed("parties/posts/<int:pk>/release", scene["post"])
    book.add("GET", "parties/accounts/<int:pk>", account)
    book.page("parties/accounts/<int:pk>/reset", account, password=NEW_PASSWORD)
    book.page("parties/accounts/<int:pk>/certificate", account, certificate="-----BEGIN CERTIFICATE-----")
    book.page("parties/accounts/<int:pk>/links/new", account, kind="oidc", issuer="https://id.example", subject="wang")
    for verb in ("unlock", "disable", "enable"):
        book.deed(f"parties/accounts/<int:pk>/{verb}", account)
    book.deed("parties/links/<int:pk>/remove", scene["link"])


def _own(book: Book, scene: Scene) -> None:
    book.deed("parties/sign-in", username="nobody", password="wrong")
    book.deed("parties/second-factor", code="000000")
    book.deed("parties/certificate", certificate="x", signature="00")
    book.deed("parties/sign-out")
    book.deed("parties/password", old_password="x", new_password=NEW_PASSWORD, again=NEW_PASSWORD)
    book.deed("parties/me/second-factor")
    book.deed("parties/me/second-factor/off", code="000000")
    book.deed("parties/me/keys/new", name="脚本", days="30")
    book.deed("parties/me/keys/<int:pk>/revoke", scene["api_key"])
    book.deed(
        "parties/me/delegations/new",
        post=scene["head_post"],
        to_id=scene["person"],
        since="2026-05-01",
        until="2026-05-02",
    )
    book.deed("parties/me/delegations/<int:pk>/end", scene["delegation"])


def entry_form(title: str, **changes: Any) -> dict[str, Any]:
    """Return an entry's form as the page shows it, filled in."""
    shown = {name: value for name, value in EntryForm.start(content(title), 0).items() if value not in (None, False)}
    items = {
        "items-TOTAL_FORMS": "1",
        "items-INITIAL_FORMS": "0",
        "items-0-name": "姓名",
        "items-0-type": "C",
        "items-0-length": "50",
    }
    return {**shown, **items, **changes}


DEEDS: dict[str, tuple[str, dict[str, str]]] = {
    "assess": ("draft", {"secret": "no", "secrecy": ASSESSED["secrecy"], "personal_information": "可控", **ANSWERED}),
    "leader_approve": ("assessed", {}),
    "submit": ("approved", {}),
    "submit_directly": ("draft", {}),
    "return_entry": ("submitted", {"reason": "请补充摘要"}),
    "determine": ("submitted", {"number": "核〔2026〕1号"}),
    "review": ("submitted", {}),
    "publish": ("reviewed", {}),
    "revise": ("published", {"note": "职责调整"}),
    "take_out": ("draft", {"kind": "work_secret", "document": "密〔2026〕1号"}),
}
"""For each move of an entry: the entry of the scene that can make it, and its form."""


def _catalogue(book: Book, scene: Scene) -> None:
    assert set(DEEDS) == set(FORMS) <= {move.verb for move in ENTRY.moves}
    book.deed("catalogue/review/", verb="review", ids=[str(scene["submitted"])])
    book.deed("catalogue/new/", **entry_form("新的信息"))
    book.add("GET", "catalogue/notices/<int:pk>/", scene["notice"])
    book.deed("catalogue/check/", **entry_form("新的信息"))
    book.add("GET", "catalogue/export/<str:kind>/", "guide")
    book.add("POST", "catalogue/import/", files={"file": ("目录.csv", "资源名称\n低保家庭名单\n".encode())})
    book.page("catalogue/import/<int:pk>/", scene["upload"], map_title="资源名称")
    book.add("GET", "catalogue/import/<int:pk>/progress/", scene["imported"])
    book.add("GET", "catalogue/import/<int:pk>/returned/", scene["imported"])
    for state in ("draft", "published"):
        for route in ("", "versions/", "machine/", "edit/"):
            book.add("GET", f"catalogue/<int:pk>/{route}", scene[state], case=state)
    book.deed("catalogue/<int:pk>/edit/", scene["draft"], **entry_form("草稿信息", version="1"))
    book.deed("catalogue/<int:pk>/copy/", scene["published"])
    book.deed("catalogue/<int:pk>/discard/", scene["draft"])
    book.add("GET", "catalogue/<int:pk>/do/<str:verb>/", scene["submitted"], "review")
    for verb, (state, form) in DEEDS.items():
        book.deed("catalogue/<int:pk>/do/<str:verb>/", scene[state], verb, case=verb, **form)


SOURCE = {
    "title": "新库", "engine": "postgresql", "host": "10.1.2.3", "port": "5432", "database": "yw", "user": "share",
    "password": "Secret-2026", "zone": "outer", "tls": "require", "provides": "on", "ca": "",
}  # fmt: skip


def _sources(book: Book, scene: Scene) -> None:
    source = scene["source"]
    book.deed("sources/new/", **SOURCE)
    book.add("GET", "sources/<int:source_id>/", source)
    book.page("sources/<int:source_id>/change/", source, **SOURCE)
    book.deed("sources/<int:source_id>/test/", source)
    book.deed("sources/<int:source_id>/disable/", source)
    book.deed("sources/<int:source_id>/enable/", scene["source_off"])
    book.add("GET", "sources/<int:source_id>/tables/", source)
    book.add("GET", "sources/<int:source_id>/columns/", source, query="?schema=public&table=people")
    book.page("sources/<int:source_id>/place/", source, node_id=scene["node_signed"])
    book.page("sources/nodes/new/", title="新前置机", zone="outer")
    book.add("GET", "sources/nodes/<int:node_id>/", scene["node_signed"])
    limits = {"bytes_per_second": 0, "heartbeat_seconds": 20, "silent_seconds": 90, "queue_gigabytes": 50}
    book.page("sources/nodes/<int:node_id>/configure/", scene["node_signed"], **limits)
    book.deed("sources/nodes/<int:node_id>/code/", scene["node_allocated"])
    for verb, name in {"allocate": "node_applied", "suspend": "node_signed", "revoke": "node_signed"}.items():
        book.deed("sources/nodes/<int:node_id>/<slug:verb>/", scene[name], verb, case=verb, note="检修")


def _delivery(book: Book, scene: Scene) -> None:
    grant = scene["grant"]
    narrower = {"items": "公民身份号码", "masking-0": "identity", "key_items": "公民身份号码", "modes": "online_query"}
    terms = {"purposes": "administrative_basis", "use_until": "2027-01-31", "reason": "收窄范围"}
    book.page("grants/<int:grant_id>/amend/", grant, **narrower, **terms)
    book.seen("grants/<int:grant_id>/", "services/<int:grant_id>/", "services/<int:grant_id>/openapi.json", to=(grant,))
    for verb in ("suspend", "restore", "revoke", "finish"):
        name = "suspended" if verb == "restore" else "grant"
        why = {"reason": "依据已经变化", "ground": "purpose_reached"}
        book.deed("grants/<int:grant_id>/<slug:verb>/", scene[name], verb, case=verb, **why)
    book.seen("services/traffic/", "services/alerts/", to=())
    for page in ("traffic", "alerts"):
        book.add("GET", f"services/{page}/", query="?format=xlsx", case="as Excel")
    book.add("GET", "services/<int:grant_id>/rules/", grant)
    book.deed("services/<int:grant_id>/rules/", grant, portal="on")
    from examples_api import RECEIVER

    book.page("grants/<int:grant_id>/marks/", grant, marked="on", notice="仅供核验使用")
    book.page("grants/<int:grant_id>/receiver/", grant, receiver_key=RECEIVER)
    book.add("GET", "services/console/")
    book.add("GET", "services/console/", query=f"?grant={grant}", case="one grant")
    call = {
        "key_id": "bs00",
        "secret": "ab" * 32,
        "purpose": "administrative_basis",
        "mode": "query",
        "key-0": "511002",
    }
    book.add("POST", "services/console/", query=f"?grant={grant}", form=call)
    target = {"schema": "public", "mode": "append", "grant_id": grant, "source_id": scene["target"], "table": "three"}
    book.deed("exchange/new/table/", **target)
    book.deed("exchange/new/files/", grant_id=grant, source_id=scene["target"], folder="低保")
    book.deed("exchange/new/batch/", grant_id=grant, file_format="xlsx", encoding="utf-8")
    book.add("GET", "exchange/tasks/new/")
    book.add("POST", "exchange/tasks/new/", form={"step": "grant", "kind": "table", "grant_id": grant})
    task = scene["task"]
    book.seen("exchange/tasks/<int:task_id>/", to=(task,))
    plan = {"read": "full", "check": "content", "split_by": "value", "most_dirty": "0", "priority": "5",
            "rows_per_second": "0", "cron": "30 2 * * *"}  # fmt: skip
    book.page("exchange/tasks/<int:task_id>/change/", task, **plan)
    for verb, name in {"run": "task", "pause": "task", "resume": "paused", "delete": "task"}.items():
        book.deed("exchange/tasks/<int:task_id>/<slug:verb>/", scene[name], verb, case=verb, note="改期")
    book.page("exchange/sources/<int:source_id>/limits/", scene["target"], most_runs="2", rows_per_second="0")
    submissions.pages(book, scene)
    backflow.pages(book, scene)
    base = "exchange/runs/<int:run_id>/"
    book.seen(f"{base}parts/", f"{base}rows/", to=(scene["failed"],))
    book.page(f"{base}correct/", scene["failed"])
    book.deed(f"{base}corrections/<int:correction_id>/", scene["failed"], 1)
    book.seen(base, f"{base}live/", to=(scene["queued"],))
    book.seen(f"{base}manifest/", f"{base}proof/", to=(scene["batch"],))
    book.deed(f"{base}ticket/", scene["batch"], purpose="administrative_basis")
    book.deed(f"{base}<slug:verb>/", scene["queued"], "cancel", case="cancel", note="改期")
    book.deed(f"{base}<slug:verb>/", scene["failed"], "retry", case="retry")


MOVES: dict[str, tuple[str, dict[str, Any]]] = {
    "consent": ("written", {}),
    "file": ("head_consented", {}),
    "file_directly": ("written", {}),
    "judge": ("not_accepted", {"justified": "yes", "words": "理由成立"}),
    "withdraw": ("received", {"reason": "不再需要"}),
    "supplement": ("supplement", {"text": "已补充职责依据"}),
    "ask_supplement": ("received", {"papers": "职责依据", "days": "10"}),
    "ask_extension": ("received", {"days": "5", "reason": "需核对口径"}),
    "extend": ("extension", {"days": "5"}),
    "decline": ("received", {"reason": "该事项不属于本部门职责"}),
    "withhold_consent": ("agreeing", {"remark": "请补充依据"}),
    "agree": ("agreeing", {}),
    "refuse": ("refusing", {}),
}
"""For each move of a request: the request of the scene that can make it, and its form."""
REPLY = {
    "decision": "agree", "items": ["公民身份号码", "姓名"], "masking-1": "name", "key_items": ["公民身份号码"],
    "modes": ["online_query"], "purposes": ["administrative_basis"], "use_until": "2026-12-31",
}  # fmt: skip


def _sharing(book: Book, scene: Scene) -> None:
    from jutong.slices.sharing.pages.cases import DEEDS as PAGES

    assert set(MOVES) == set(PAGES)
    asked = {name: value for name, value in FILLED.items() if not name.startswith("condition")}
    asked |= {"modes": ["online_query"], "use_until": "2027-03-01"}
    book.deed("sharing/standing/", resource_id=scene["free"])
    book.deed("sharing/standing/<int:consent_id>/end/", scene["standing"])
    book.page("sharing/new/<int:entry_id>/", scene["published"], **asked)
    book.page("sharing/new/<int:entry_id>/check/", scene["published"], **asked)
    for state in ("written", "received"):
        book.add("GET", "sharing/requests/<int:request_id>/", scene[state], case=state)
        book.add("GET", "sharing/requests/<int:request_id>/approve/", scene[state], case=state)
        book.add(
            "GET", "sharing/requests/<int:request_id>/files/<int:file_id>/", scene[state], scene["paper"], case=state
        )
    book.page("sharing/requests/<int:request_id>/change/", scene["written"], **asked)
    book.page("sharing/requests/<int:request_id>/reply/", scene["received"], **REPLY)
    for verb, (state, form) in MOVES.items():
        book.deed("sharing/requests/<int:request_id>/<slug:verb>/", scene[state], verb, case=verb, **form)


__all__ = ["Example", "examples"]
