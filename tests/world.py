"""A small believable city for tests, built through the product's own actions.

    def test_something(world):                     # the fixture; needs no other mark, it brings the database along
        actor = world.actor("market.head")         # kernel Actor with the posts that person holds now
        client = world.client("market.clerk")      # signed-in django test client (pages and API by session)
        world.department("market")                 # department id;  world.region == "511000"
        world.account("market.head"), world.person("market.head")          # ids
        entry = actions.compile_entry(..., by=world.actor("market.officer"), at=world.at)
        world.drain()                              # run waiting jobs, outbox and clocks now (at=world.at; pass another)

Departments: `authority` (市数据局, competent authority of the city and the province's absence is left as it is), `market`
(市场监管局, Business), `hr` (人社局), `police` (公安局), `civil` (民政局), `county` (市中区市场监管局, below market, region
511002), `court` (中级人民法院, other State organ, by reference).
People: `<department>.<post>` with the posts principal, leader, head, deputy, liaison, officer, clerk, engineer, secrecy
(`head` is the head of the SHARING UNIT: it consents to requests and replies; `officer` is the data officer).
`county` and `court` have principal, head, officer, clerk only. Besides: `authority.reviewer`, `authority.chief` (head of
the competent authority), `authority.operator` (platform operator), `admin.system`, `admin.security`, `admin.audit`,
`audit.auditor`, `sector.lead` (leads the sector line of market with county).
`world.at` is Monday 2026-03-02 09:00 Beijing; posts hold since 2024-01-01, so pages (which ask the real clock) work too.
Nobody has a usable password: `world.password("market.clerk")` gives one. `world.system("market")` registers a business
system and returns its CallKey. `world.signed_out()` is a client without session.

The city is built once per process and copied into each test's transaction: parties' tables only, so audit trail, outbox
and inbox begin empty.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from jutong.kernel.actors import Actor
    from jutong.slices.parties.actions.systems import CallKey

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SINCE = date(2024, 1, 1)
PASSWORD = "Liuyue-2026-hao"
REGION = "511000"
REGIONS = {"510000": "四川省", "511000": "内江市", "511002": "市中区"}
POSTS = {
    "principal": "principal",
    "leader": "department_leader",
    "head": "sharing_unit_head",
    "deputy": "sharing_unit_deputy",
    "liaison": "liaison",
    "officer": "data_officer",
    "clerk": "clerk",
    "engineer": "system_engineer",
    "secrecy": "secrecy_officer",
}
FEW = ("principal", "head", "officer", "clerk")
DEPARTMENTS = {
    "authority": ("内江市数据局", "市数据局", "511000", "government_department", tuple(POSTS)),
    "market": ("内江市市场监督管理局", "市市场监管局", "511000", "government_department", tuple(POSTS)),
    "hr": ("内江市人力资源和社会保障局", "市人社局", "511000", "government_department", tuple(POSTS)),
    "police": ("内江市公安局", "市公安局", "511000", "government_department", tuple(POSTS)),
    "civil": ("内江市民政局", "市民政局", "511000", "government_department", tuple(POSTS)),
    "county": ("市中区市场监督管理局", "市中区市场监管局", "511002", "government_department", FEW),
    "court": ("内江市中级人民法院", "市中院", "511000", "other_state_organ", FEW),
}
OTHERS = {
    "authority.reviewer": ("authority", "authority_reviewer"),
    "authority.chief": ("authority", "authority_head"),
    "authority.operator": ("authority", "platform_operator"),
    "admin.system": ("authority", "system_admin"),
    "admin.security": ("authority", "security_admin"),
    "admin.audit": ("authority", "audit_admin"),
    "audit.auditor": ("authority", "auditor"),
    "sector.lead": ("market", "sector_lead"),
}
FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚"

Names = dict[str, tuple[int, int]]
_built: tuple[dict[str, bytes], Names, dict[str, int]] | None = None


class World:
    """The city's people and departments by key; see the module's docstring."""

    at = AT
    region = REGION

    def __init__(self, people: Names, departments: dict[str, int]) -> None:
        self._people = people
        self._departments = departments

    @property
    def keys(self) -> list[str]:
        """Every person's key."""
        return list(self._people)

    def department(self, key: str) -> int:
        """The id of a department."""
        return self._departments[key]

    def person(self, key: str) -> int:
        """The id of a person."""
        return self._people[key][0]

    def account(self, key: str) -> int:
        """The id of a person's account."""
        return self._people[key][1]

    def actor(self, key: str, *, at: datetime | None = None) -> Actor:
        """The person as actor, with the posts held at that time."""
        from jutong.kernel.actors import Channel
        from jutong.slices.parties import queries

        return queries.actor_for(self.account(key), "127.0.0.1", Channel.PAGE, at=at or self.at)

    def client(self, key: str, *, csrf: bool = False) -> Client:
        """A test client signed in as the person; with `csrf` it checks the token as browsers must send it."""
        from django.contrib.auth import get_user_model
        from django.test import Client

        client = Client(enforce_csrf_checks=csrf)
        client.force_login(get_user_model()._default_manager.get(pk=self.account(key)))
        return client

    def signed_out(self) -> Client:
        """A test client that nobody has signed in on."""
        from django.test import Client

        return Client()

    def password(self, key: str, password: str = PASSWORD) -> str:
        """Give the person a password that need not be changed, and return it."""
        from django.contrib.auth.hashers import make_password

        from jutong.kernel import clock
        from jutong.slices.parties.models import Account

        Account.objects.filter(pk=self.account(key)).update(
            password=make_password(password), must_change=False, password_changed_at=clock.now()
        )
        return password

    def username(self, key: str) -> str:
        """The name with which a person signs in."""
        return key

    def system(self, key: str, name: str = "业务办理系统", **more: Any) -> CallKey:
        """Register a business system of a department and return its call key."""
        from jutong.dataplane import identity
        from jutong.kernel.settings import settings
        from jutong.slices.parties import actions

        identity.establish(settings().home / "nodes" / "local", at=self.at)
        by = self.actor(f"{key}.head")
        return actions.register_system(department_id=self.department(key), name=name, by=by, at=self.at, **more)

    def drain(self, at: datetime | None = None) -> None:
        """Run waiting jobs, deliver events, let clocks strike."""
        from jutong.kernel import jobs

        jobs.drain(at or self.at)


def _build() -> World:
    from jutong.kernel.actors import Role, system_actor
    from jutong.slices.parties import actions
    from jutong.slices.parties.actions.accounts import First
    from jutong.slices.parties.models import Account, Person

    by = system_actor("world")
    admins = {
        Role(role): First(key, _name(place), "")
        for place, (key, (_d, role)) in enumerate(OTHERS.items())
        if key[:5] == "admin"
    }
    actions.establish_administrators(
        regions=REGIONS, region=REGION, department=DEPARTMENTS["authority"][0], people=admins, by=by, at=AT
    )
    departments: dict[str, int] = {}
    people: Names = {}
    for key, (name, short, region, kind, posts) in DEPARTMENTS.items():
        departments[key] = _department(key, name, short, region, kind, departments, by)
        for post in posts:
            place = len(people) + 10
            people[f"{key}.{post}"] = _person(f"{key}.{post}", place, departments[key], POSTS[post], by)
    for key, (department, role) in OTHERS.items():
        if Role(role) in admins:
            person = Person.objects.get(account__username=key)
            people[key] = (person.pk, Account.objects.get(person=person).pk)
        else:
            people[key] = _person(key, len(people) + 10, departments[department], role, by)
    actions.start_sector(
        name="市场监管",
        lead_id=departments["market"],
        members=[departments["market"], departments["county"]],
        by=by,
        at=AT,
    )
    return World(people, departments)


def _department(key: str, name: str, short: str, region: str, kind: str, known: dict[str, int], by: Actor) -> int:
    from jutong.slices.parties import actions
    from jutong.slices.parties.models import Department
    from jutong.slices.parties.rules.codes import check_digit

    first = f"11{region}00{len(known) + 100000:07d}"
    details = {"uscc": first + check_digit(first), "short_name": short, "org_type": kind}
    row = Department.objects.filter(region_id=region, name=name).first()
    if row:
        actions.change_department(row, **details, by=by, at=AT)
    else:
        parent = known["market"] if key == "county" else None
        row = actions.register_department(name=name, region=region, parent_id=parent, **details, by=by, at=AT)
    actions.open_sharing_unit(row, name="政务数据共享工作机构", by=by, at=AT)
    actions.set_correction_channel(row, channel="数据科，0832-2020000", by=by, at=AT)
    return row.pk


def _person(username: str, place: int, department_id: int, role: str, by: Actor) -> tuple[int, int]:
    from jutong.slices.parties import actions
    from jutong.slices.parties.models import Account

    person = actions.report(department_id=department_id, name=_name(place), by=by, at=AT)
    actions.confirm(person, by=by, at=AT)
    actions.activate(person, username=username, by=by, at=AT)
    actions.appoint(person, role=role, since=SINCE, by=by, at=AT)
    return person.pk, Account.objects.get(person=person).pk


def _name(place: int) -> str:
    return FAMILY[place % 20] + GIVEN[place // 20 % 20] + GIVEN[(place * 7 + 3) % 20]


def _tables() -> list[str]:
    from django.apps import apps

    return [model._meta.db_table for model in apps.get_app_config("parties").get_models()]


def _prepare() -> tuple[dict[str, bytes], Names, dict[str, int]]:
    """Build the city in a transaction that is rolled back, and keep what its tables then held."""
    from django.db import connection, transaction

    kept: dict[str, bytes] = {}
    with transaction.atomic():
        world = _build()
        with connection.cursor() as cursor:
            cursor.execute("set constraints all immediate")
            for table in _tables():
                cursor.execute(f"select exists (select from {table})")  # noqa: S608 - our names
                if cursor.fetchone() == (True,):
                    with cursor.copy(f"copy {table} to stdout (format binary)") as rows:
                        kept[table] = b"".join(bytes(block) for block in rows)
            cursor.execute("set constraints all deferred")
        transaction.set_rollback(True)
    return kept, world._people, world._departments


def _load(kept: dict[str, bytes]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("set constraints all deferred")
        for table, rows in kept.items():
            with cursor.copy(f"copy {table} from stdin (format binary)") as target:
                target.write(rows)
        cursor.execute(_past_ids(tuple(kept)))


@cache
def _past_ids(tables: tuple[str, ...]) -> str:
    """Return the statement that moves each table's sequence past the ids that are taken."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "select a.attrelid::regclass::text, pg_get_serial_sequence(a.attrelid::regclass::text, a.attname)"
            " from pg_attribute a where a.attrelid = any(%s::text[]::regclass[]) and a.attname = 'id'",
            [list(tables)],
        )
        moved = [
            f"setval('{sequence}', greatest((select max(id) from {table}), (select last_value from {sequence})))"  # noqa: S608
            for table, sequence in cursor.fetchall()
            if sequence
        ]
    return f"select {', '.join(moved)}"


@pytest.fixture
def world(db: None) -> World:
    """The city, in this test's transaction (or committed, for a test with `transactional_db`)."""
    global _built  # noqa: PLW0603 - built once per process
    if _built is None:
        _built = _prepare()
    from django.db import transaction

    kept, people, departments = _built
    with transaction.atomic():
        _load(kept)
    return World(people, departments)
