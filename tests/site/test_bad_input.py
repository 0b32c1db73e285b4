"""What forms and endpoints do with what nobody should send: one refusal of the table, one sentence, nothing half done."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from authorisation import NOT_SUPPORTED, Asker, drawing_once, routes
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from examples import Example, examples
from scene import Scene
from scene_fixture import civil_db, hr_db, node, probe, scene  # noqa: F401 - fixtures

from covers import covers
from jutong.kernel.faces import once
from jutong.kernel.models import OnceToken, StoredFile
from jutong.kernel.settings import settings
from world import World

LONG = "长" * 40_000
NASTY = {
    "over-long": LONG,
    "control": "正常\x00\x1b[31m",
    "formula": "=cmd|' /C calc'!A0",
    "full-width": "１２３４５６７８９０１２３４５６７８９０",
    "negative": "-1",
    "bidi": "\u202egnp.exe\u2066",
}
WIDE = 12
TABLE = {400, 401, 403, 404, 409, 413, 422, 429}
"""The refusals that a person's input can meet; 400 only for what is no form at all."""
CHINESE = re.compile(r"[\u4e00-\u9fff]")
KEPT_ASIDE = {
    "kernel.auditentry", "kernel.auditpending", "kernel.oncetoken", "kernel.ratecount", "sessions.session", "kernel.storedfile",
}  # fmt: skip
"""What a refusal may leave: its audit entry, counters, a session's clock, and bytes kept by digest until swept."""
ALLOWED = {
    "catalogue/": "civil.officer", "sources/": "civil.engineer", "datacentre/": "civil.officer", "grants/": "civil.head",
    "services/": "hr.engineer", "exchange/": "hr.clerk", "sharing/standing/": "civil.head", "sharing/new": "hr.clerk",
    "sharing/requests/": "civil.head", "parties/accounts": "admin.security", "parties/people": "authority.operator",
    "parties/me": "civil.clerk", "parties/": "authority.operator", "standards/policy": "authority.chief", "correction/report": "hr.clerk", "correction/": "civil.officer",
    "standards/": "authority.operator", "audit/": "admin.audit", "operations/": "admin.system",
}  # fmt: skip
"""Who fills the forms of these addresses in; the first prefix that fits counts."""


def forms(scene: Scene) -> Iterator[tuple[str, Example]]:  # noqa: F811 - the fixture
    """Yield every form of the pages with somebody who may fill it in."""
    for name, given in examples(scene).items():
        method, _space, route = name.partition(" ")
        if method != "POST" or route.startswith(("api/", "internal/", "language", "inbox", "parties/sign-out")):
            continue
        who = next((who for prefix, who in ALLOWED.items() if route.startswith(prefix)), "civil.clerk")
        yield from ((who, example) for example in given)


@cache
def counting() -> str:
    """One statement that counts the rows of every table that a refusal must leave alone."""
    tables = sorted(
        (model._meta.label_lower, model._meta.db_table)
        for model in apps.get_models()
        if model._meta.managed and model._meta.label_lower not in KEPT_ASIDE
    )
    return " union all ".join(f"select '{label}', count(*) from {table}" for label, table in tables)  # noqa: S608 - our names


def rows() -> dict[str, int]:
    """Count the rows of every table that a refusal must leave alone."""
    with connection.cursor() as cursor:
        cursor.execute(counting())
        return dict(cursor.fetchall())


def sentence(answer: Any) -> bool:
    """Tell whether a refusal says something in Chinese."""
    return CHINESE.search(answer.content.decode()) is not None


def chosen(example: Example, field: str) -> list[tuple[str, str]]:
    """Return what is put into a field: everything, or one of the six in turn where a form has many fields."""
    names = list(example.form or {})
    tries = list(NASTY.items())
    return tries if len(names) <= WIDE else [tries[names.index(field) % len(tries)]]


def test_no_form_breaks_whatever_stands_in_a_field(scene: Scene) -> None:  # noqa: F811
    asker, troubles, before = Asker(scene), [], rows()
    with asker.looking_up_once():
        for who, example in forms(scene):
            asker.here = [example.path, example.case]
            for field in example.form or {}:
                for kind, bad in chosen(example, field):
                    answer = asker.ask(who, "POST", replace(example, form={**(example.form or {}), field: bad}))
                    status = answer.status_code
                    if status >= 400 and status not in TABLE:
                        troubles.append(f"{status} {who} {example.path} {field} {kind}")
                    if (
                        status == 200
                        and kind in {"over-long", "control"}
                        and field != "place"
                        and "/check/" not in example.path
                    ):
                        troubles.append(f"taken: {who} {example.path} {field} {kind}")
    assert not troubles, "\n".join(troubles)
    assert rows() == before


def test_a_refused_form_leaves_nothing_half_done(scene: Scene) -> None:  # noqa: F811
    """Each form with one field emptied: refused with a sentence, and no row of any table more or less."""
    asker, troubles, before = Asker(scene), [], rows()
    for who, example in forms(scene):
        client = asker.client(who)
        with transaction.atomic(), drawing_once(asker.drawn, [example.path]):
            given = {
                name: "" if place == 0 else value for place, (name, value) in enumerate((example.form or {}).items())
            }
            answer: Any = client.post(example.path, {**given})
            if answer.status_code >= 400 and rows() != before:
                after = rows()
                troubles.append(f"{answer.status_code} {example.path} {[k for k in before if before[k] != after[k]]}")
            if answer.status_code >= 500:
                troubles.append(f"{answer.status_code} {example.path}")
            transaction.set_rollback(True)
    assert not troubles, "\n".join(troubles)


@covers(partly=["R-SEC-001"])
def test_a_form_sent_twice_is_done_once(scene: Scene) -> None:  # noqa: F811
    """Double-clicked and replayed: the second answer is 409 with a sentence, and changes nothing."""
    asker, troubles, done = Asker(scene), [], 0
    for who, example in forms(scene):
        client, token = asker.client(who), once.fresh()
        with transaction.atomic(), drawing_once(asker.drawn, []):
            given = {**(example.posted()["data"]), once.FIELD: token}
            first = client.post(example.path, given)
            if first.status_code >= 500:
                troubles.append(f"{first.status_code} {example.path}")
            if first.status_code in {204, 303} and OnceToken.objects.filter(token=token).exists():
                kept, done = rows(), done + 1
                again = client.post(example.path, {**(example.posted()["data"]), once.FIELD: token})
                if again.status_code not in {401, 409} or rows() != kept:
                    troubles.append(f"{again.status_code} {example.path}")
            transaction.set_rollback(True)
    assert not troubles, "\n".join(troubles)
    assert done > 30


ROUTES_WITH_FILES: list[tuple[str, str, str, dict[str, str]]] = [
    ("civil.liaison", "parties/departments/{civil}/rules", "file", {"kind": "management", "title": "办法"}),
    ("civil.officer", "catalogue/import/", "file", {}),
    ("civil.liaison", "parties/people/import", "file", {}),
    ("authority.operator", "parties/departments/import", "file", {}),
    ("authority.operator", "standards/calendar/import", "file", {}),
]


@pytest.mark.parametrize(("who", "route", "field", "more"), ROUTES_WITH_FILES)
@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd", "a\x00.xlsx", "长" * 300 + ".xlsx", ".", "CON"]
)
def test_a_file_name_leads_nowhere(
    world: World, who: str, route: str, field: str, more: dict[str, str], name: str
) -> None:
    file = SimpleUploadedFile("x", "资源名称,摘要\n名称,摘要\n".encode())
    file._name = name
    answer = world.client(who).post("/" + route.format(civil=world.department("civil")), {**more, field: file})
    assert answer.status_code in {200, 303, 400, 422}
    kept = [path.name for path in (settings().home / "files").rglob("*") if path.is_file()]
    assert all(re.fullmatch(r"[0-9a-f]{64}", one) for one in kept)
    assert not [
        row.name for row in StoredFile.objects.all() if re.search(r"[/\\\x00]", row.name) or len(row.name) > 200
    ]


def zip_bomb() -> bytes:
    """A workbook of a few kilobytes that unpacks to 200 MB."""
    import io
    import zipfile

    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (200 * 1024 * 1024))
    return made.getvalue()


def giant_grid() -> bytes:
    """A small workbook whose one cell at the far corner would make a reader lay out 17,000 million."""
    import io
    import zipfile

    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", '<c r="A1"/><c t="n" r="XFD1048576"><v>1</v></c>')
    return made.getvalue()


BAD_FILES: dict[str, Callable[[], bytes]] = {
    "bomb": zip_bomb,
    "grid": giant_grid,
    "empty": lambda: b"",
    "no workbook": lambda: b"PK\x03\x04 and then nothing",
    "noise": lambda: bytes(range(256)) * 64,
    "big5": lambda: "這是一個測試，資料來源與說明\n".encode("big5") * 20,
    "html": lambda: b"<html><script>alert(1)</script></html>",
}


@pytest.mark.parametrize("kind", list(BAD_FILES))
def test_a_file_that_is_not_what_it_should_be_is_refused_with_a_sentence(world: World, kind: str) -> None:
    content = BAD_FILES[kind]()
    before = rows()
    for who, route, field, more in ROUTES_WITH_FILES[2 if kind == "big5" else 1 :]:
        file = SimpleUploadedFile("文件.xlsx", content)
        answer = world.client(who).post("/" + route, {**more, field: file})
        assert answer.status_code in {413, 422}, (route, answer.status_code)
        assert sentence(answer)
    assert rows() == before


@pytest.mark.parametrize(
    "address", ["catalogue/own?text=%00", "catalogue/updates?state=%00", "catalogue/demands?text=a%00"]
)
def test_a_question_to_the_api_with_a_nul_is_refused_with_a_sentence(world: World, address: str) -> None:
    answer = world.client("civil.officer").get(f"/api/v1/{address}")
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert "不可见的控制字符" in answer.json()["detail"]


def test_a_body_without_a_stated_length_is_not_read(world: World) -> None:
    class Endless:
        """A body that never ends; reading it counts."""

        read_bytes = 0

        def read(self, size: int = -1) -> bytes:
            """Return what is asked for."""
            Endless.read_bytes += max(size, 0)
            return b"x" * size

        readline = read

    client = world.client("civil.officer")
    environ = client._base_environ(PATH_INFO="/catalogue/import/", REQUEST_METHOD="POST")
    environ |= {"CONTENT_TYPE": "multipart/form-data; boundary=x", "wsgi.input": Endless()}
    for length in ("", "-1", "many"):
        answer = client.request(**environ, CONTENT_LENGTH=length)
        assert answer.status_code in {400, 422}, length
    assert Endless.read_bytes == 0


@covers(partly=["R-SEC-001"])
def test_the_sessions_cookie_is_kept_from_scripts_and_other_sites(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings as django

    password = world.password("civil.clerk")
    for secure in (False, True):
        monkeypatch.setattr(django, "SESSION_COOKIE_SECURE", secure)
        client = world.signed_out()
        client.post("/parties/sign-in", {"username": "civil.clerk", "password": password})
        cookie = client.cookies["sessionid"]
        assert (bool(cookie["httponly"]), cookie["samesite"], bool(cookie["secure"])) == (True, "Lax", secure)
        assert not cookie["expires"]


def test_over_tls_every_cookie_is_secure() -> None:
    import os
    import subprocess
    import sys

    code = "from jutong.site import settings as s; print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE)"
    run = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"JUTONG_TLS": "1"}, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["True", "True"]


def test_every_page_carries_the_protecting_headers_whoever_asks(scene: Scene) -> None:  # noqa: F811
    asker = Asker(scene)
    for route in routes():
        if "<" in route:
            continue
        for who in ("nobody", "civil.officer"):
            answer = asker.ask(who, "GET", Example("/" + route))
            if answer.status_code == NOT_SUPPORTED:
                continue
            policy = answer["Content-Security-Policy"]
            assert "script-src 'self'" in policy or policy == "sandbox; default-src 'none'", route
            assert answer["X-Content-Type-Options"] == "nosniff", route
            assert answer["X-Frame-Options"] == "DENY", route
            assert len(answer["X-Request-Id"]) == 32, route


NONSENSE = [b"", b"{", b"[1]", b"[" * 100_000, b'{"a": 1e999}', b"\xff\xfe", b'[{"order_id": 1}]', b"null"]


def test_a_nodes_nonsense_is_refused_with_a_sentence(scene: Scene) -> None:  # noqa: F811
    import time

    from jutong.dataplane.link import proof_headers

    for body, name in itertools.product(NONSENSE, ("progress", "usage", "segments")):
        path, me = f"/internal/{name}", scene.node
        now = time.time_ns() // 1_000_000
        headers = proof_headers(me.name, me.secret, method="POST", target=path, at_ms=now, body=body)
        answer = Client().generic("POST", path, body, content_type="application/json", headers=headers)
        assert answer.status_code == 422, (name, body[:20], answer.status_code)
        assert sentence(answer)
