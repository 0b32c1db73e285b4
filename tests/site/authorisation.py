"""Who gets in where: every address of the site asked in every way by everybody, and the table of what came of it.

`.venv/bin/python tests/site/authorisation.py` writes authorisation.csv anew; review the difference before you keep it.
Columns `open`, `sign_in`, `forbidden`, `hidden` and `refused` (reached, and refused on the substance) name people of the
tests' city; a department's name stands for everyone of it, `rest` for everybody who stands in no other column.
"""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.test import Client

if TYPE_CHECKING:
    from django.http import HttpResponse
    from examples import Example
    from scene import Scene

TABLE: Final = Path(__file__).with_suffix(".csv")
REWRITE: Final = "JUTONG_REWRITE_AUTHORISATION"
SHARE: Final = "JUTONG_AUTHORISATION_SHARE"
HEADER: Final = ("method", "address", "case", "open", "sign_in", "forbidden", "hidden", "refused")
POSTS: Final = ("principal", "leader", "head", "deputy", "liaison", "officer", "clerk", "engineer", "secrecy")
OTHERS: Final = (
    "authority.reviewer", "authority.chief", "authority.operator", "authority.officer", "admin.system", "admin.security",
    "admin.audit", "audit.auditor", "sector.lead", "county.head",
)  # fmt: skip
PLACES: Final = ("civil", "hr", "market")
PEOPLE: Final = (*(f"{place}.{post}" for place in PLACES for post in POSTS), *OTHERS)
EVERYONE: Final = ("nobody", "node", *PEOPLE)
SOME: Final = ("nobody", "civil.officer", "civil.head", "hr.clerk", "market.head", "authority.reviewer", "admin.system")
"""Those asked in every run of the tests; everybody is asked in the slower one."""
NOT_SUPPORTED: Final = 405
SERVER_ERROR: Final = 500
NOTHING_DONE: Final = b'{"created": 0, "updated": 0, "unchanged": 0,'
"""How the API says of a batch that nothing of it was done; the sentences follow."""
SPECIAL: Final = {401: "sign_in", 403: "forbidden", 404: "hidden"}
REDIRECTS: Final = frozenset({301, 302, 303})
DOOR: Final = "/parties/sign-in"

Key = tuple[str, str, str]
Answers = dict[str, str]
"""What each persona got: the column's name."""


def routes() -> Iterator[str]:
    """Yield every route of the site as Django writes it."""
    from django.urls import get_resolver

    def walk(resolver: Any, before: str) -> Iterator[str]:
        for pattern in resolver.url_patterns:
            here = before + str(pattern.pattern)
            if hasattr(pattern, "url_patterns"):
                yield from walk(pattern, here)
            else:
                yield here

    return walk(get_resolver(), "")


def methods(route: str) -> tuple[str, ...]:
    """Return the methods that are tried on a route."""
    return ("GET", "POST", "PUT", "PATCH", "DELETE") if route.startswith("api/") else ("GET", "POST")


def column(answer: HttpResponse) -> str:
    """Return the column of an answer; a failure of the server is an error, and an example that no address takes."""
    status = answer.status_code
    if status >= SERVER_ERROR or status == NOT_SUPPORTED:  # another address stands before this one
        raise AssertionError(f"{status}: {answer.content.decode()[:2000]}")
    if status in REDIRECTS and answer["Location"].startswith(DOOR):
        return "sign_in"
    if not answer.streaming and answer.content.startswith(NOTHING_DONE):
        return "refused"
    return SPECIAL.get(status) or ("open" if status < 400 else "refused")


@contextmanager
def drawing_once(drawn: set[object], here: list[object]) -> Iterator[None]:
    """Draw each template once per address: drawing asks for nothing and decides nothing, and takes most of the time."""
    from django.template.backends.django import Template

    draw = Template.render

    def render(template: Any, context: Any = None, request: Any = None) -> Any:
        key = (template.template.name, *here)
        if key in drawn:
            return ""
        drawn.add(key)
        return draw(template, context, request)

    Template.render = render  # type: ignore[method-assign]
    try:
        yield
    finally:
        Template.render = draw  # type: ignore[method-assign]


@dataclass
class Asker:
    """Asks in everybody's name and rolls every request back to one savepoint."""

    scene: Scene
    by_key: bool = False
    here: list[object] = field(default_factory=list)
    drawn: set[object] = field(default_factory=set)

    @cached_property
    def _client(self) -> Client:
        return Client(raise_request_exception=False)

    @cached_property
    def _cookies(self) -> dict[str, str]:
        return {name: self._session(name) for name in PEOPLE}

    def _session(self, name: str) -> str:
        """Sign somebody in who has just done something: when a session was last used is written once a minute."""
        from jutong.kernel.faces import sessions

        session: Any = self.scene.world.client(name).session
        sessions.touch(session, at=self.scene.world.at)
        session.save()
        return str(session.session_key)

    @cached_property
    def _keys(self) -> dict[str, str]:
        return self.keys(PEOPLE)

    def keys(self, people: Sequence[str]) -> dict[str, str]:
        """Issue a personal API key to each of the people."""
        from jutong.slices.parties import actions

        world = self.scene.world
        return {
            name: actions.issue_api_key(name="表", days=30, by=world.actor(name), at=world.at).text for name in people
        }

    @contextmanager
    def looking_up_once(self) -> Iterator[None]:
        """Look up once who each session, account and key belongs to: every request finds the same, being rolled back."""
        from django.contrib.sessions.backends.db import SessionStore

        from jutong.kernel.faces import actors, signed_in
        from jutong.site.accounts import Accounts

        (look,), (owner,), load, account = actors._loaders, signed_in._loaders, SessionStore.load, Accounts.get_user
        sessions: dict[str | None, dict[str, Any]] = {}
        accounts: dict[Any, Any] = {}

        def loaded(store: Any) -> dict[str, Any]:
            key = store.session_key
            if key not in sessions:
                sessions[key] = load(store)
            return dict(sessions[key])

        def found(backend: Any, user_id: Any) -> Any:
            if user_id not in accounts:
                accounts[user_id] = account(backend, user_id)
            return copy(accounts[user_id])

        assert self._savepoint  # everybody has signed in: each request finds what the sessions hold now
        actors.use(cache(look))
        signed_in.use_keys(cache(owner))
        SessionStore.load, Accounts.get_user = loaded, found  # type: ignore[method-assign]
        try:
            yield
        finally:
            actors.use(look)
            signed_in.use_keys(owner)
            SessionStore.load, Accounts.get_user = load, account  # type: ignore[method-assign]

    def client(self, who: str) -> Client:
        """Return a client that somebody has signed in on; there is one, whose cookies change."""
        client = self._client
        client.cookies.clear()
        if who in PEOPLE and not self.by_key:
            client.cookies["sessionid"] = self._cookies[who]
        return client

    def ask(self, who: str, method: str, example: Example) -> HttpResponse:
        """Return the answer that somebody gets."""
        client = self.client(who)
        headers: dict[str, str] = {}
        if who in PEOPLE and self.by_key:
            headers["Authorization"] = f"Bearer {self._keys[who]}"
        elif who == "node":
            headers = self._proof(method, example)
        with self._rolled_back(), drawing_once(self.drawn, self.here):
            given = {} if method == "GET" else example.posted()
            answer: Any = getattr(client, method.lower())(example.path, headers=headers, **given)
            if answer.streaming:
                b"".join(answer.streaming_content)
        return answer  # type: ignore[no-any-return]

    @contextmanager
    def _rolled_back(self) -> Iterator[None]:
        """Undo what is done within; the savepoint stays for the next request."""
        from django.db import transaction

        here = self._savepoint
        try:
            yield
        finally:
            transaction.set_rollback(False)
            transaction.savepoint_rollback(here)

    @cached_property
    def _savepoint(self) -> str:
        from django.db import transaction

        assert self._keys if self.by_key else self._cookies  # who is known before the savepoint stays known
        return str(transaction.savepoint())

    def _proof(self, method: str, example: Example) -> dict[str, str]:
        import json
        import time

        from jutong.dataplane.link import proof_headers

        body = json.dumps(example.body).encode() if example.body is not None and method != "GET" else b""
        me = self.scene.node
        now = time.time_ns() // 1_000_000
        return proof_headers(me.name, me.secret, method=method, target=example.path, at_ms=now, body=body)


def asked(part: int, parts: int) -> Sequence[str]:
    """Return the people of one part of the slower test: those whom no other asks, or everybody for a new table."""
    if os.environ.get(REWRITE):
        return EVERYONE
    return sorted({*EVERYONE} - {*SOME})[part::parts]


def whose_turn(key: Key, people: Sequence[str]) -> Sequence[str]:
    """Return who is asked for an address: all, or in CI's short form a third of them, tomorrow the next."""
    share = int(os.environ.get(SHARE, "1"))
    today = date.today().toordinal() % share  # noqa: DTZ011 - any day will do
    return [who for who in people if zlib.crc32(f"{key}{who}".encode()) % share == today]


def observed(
    scene: Scene, people: Sequence[str] = EVERYONE, *, by_key: bool = False, only: str = "", by_turns: bool = False
) -> dict[Key, Answers]:
    """Ask everything in the name of `people`; return who got what, by method, route and case. by_turns: see `whose_turn`.

    AssertionError names the addresses for which no example was thought of, and every failure of the server.
    """
    from examples import HOLE, Example, examples

    book, asker = examples(scene), Asker(scene, by_key)
    found: dict[Key, Answers] = {}
    addresses = [(method, route) for route in routes() for method in methods(route)]
    troubles = [f"no such address: {known}" for known in set(book) - {f"{m} {r}" for m, r in addresses}]
    with asker.looking_up_once():
        for method, route in addresses:
            if not route.startswith(only):
                continue
            given = book.get(f"{method} {route}", [])
            probe = given or [Example("/" + HOLE.sub("1", route))]
            if not given and asker.ask("civil.officer", method, probe[0]).status_code == NOT_SUPPORTED:
                continue
            if not given and (method != "GET" or HOLE.search(route)):
                troubles.append(f"no example: {method} {route}")
            for example in given or probe:
                key = (method, "/" + route, example.case)
                found[key] = _each(asker, whose_turn(key, people) if by_turns else people, method, example, troubles)
    if os.environ.get(REWRITE):
        write(rows(found))
    assert not troubles, "\n".join(troubles)
    return found


def _each(asker: Asker, people: Sequence[str], method: str, example: Example, troubles: list[str]) -> Answers:
    answers: Answers = {}
    asker.here = [method, example.path, example.case]
    for who in people:
        try:
            answers[who] = column(asker.ask(who, method, example))
        except Exception as error:  # noqa: BLE001 - whatever it is, the whole list is wanted
            troubles.append(f"{who} {method} {example.path} {example.case}: {type(error).__name__} {error}")
    return answers


def line(key: Key, answers: Answers) -> tuple[str, ...]:
    """Return a row of the table: the largest group is the rest."""
    groups: dict[str, list[str]] = {name: [] for name in HEADER[3:]}
    for who, where in answers.items():
        groups[where].append(who)
    largest = max(groups, key=lambda name: len(groups[name]))
    cells = ["rest" if name == largest else _short(people) for name, people in groups.items()]
    return (*key, *cells)


def _short(people: list[str]) -> str:
    said = list(people)
    for place in PLACES:
        whole = [f"{place}.{post}" for post in POSTS]
        if set(whole) <= set(said):
            said = [place, *(one for one in said if one not in whole)]
    return " ".join(said)


def rows(found: Mapping[Key, Answers]) -> list[tuple[str, ...]]:
    """Return the table of what was observed, in the order of addresses."""
    return [line(key, found[key]) for key in sorted(found, key=lambda key: (key[1], key[0], key[2]))]


def read() -> dict[Key, Answers]:
    """Return the table as it was reviewed and kept."""
    with TABLE.open(newline="", encoding="utf-8") as file:
        lines = [tuple(row) for row in csv.reader(file)]
    assert lines[0] == HEADER
    return {(row[0], row[1], row[2]): _answers(row[3:]) for row in lines[1:]}


def _answers(cells: Sequence[str]) -> Answers:
    named = dict(zip(HEADER[3:], cells, strict=True))
    rest = next(name for name, cell in named.items() if cell == "rest")
    found = dict.fromkeys(EVERYONE, rest)
    for name, cell in named.items():
        for word in cell.split() if cell != "rest" else ():
            whole = [f"{word}.{post}" for post in POSTS] if word in PLACES else [word]
            found |= dict.fromkeys(whole, name)
    return found


def write(lines: list[tuple[str, ...]]) -> None:
    """Keep a table."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([HEADER, *lines])
    TABLE.write_text(text.getvalue(), encoding="utf-8")


if __name__ == "__main__":
    here = Path(__file__).resolve()
    test = f"{here.with_name('test_authorisation.py')}::test_everybody_gets_in_where_the_table_says_and_nowhere_else[0]"
    command = [sys.executable, "-m", "pytest", test, "-q", "-m", "slow"]
    sys.exit(subprocess.run(command, cwd=here.parents[2], env=os.environ | {REWRITE: "1"}, check=False).returncode)
