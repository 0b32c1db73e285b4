"""Reminders outside the platform: to whom, when, by a real mail server and a real https address, each once."""

from __future__ import annotations

import hmac
import http.server
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from jutong.crypto import sm3
from jutong.kernel import agenda, inbox, outbox
from jutong.kernel.actors import Role
from jutong.kernel.errors import RuleBroken
from jutong.kernel.models import Progress
from jutong.kernel.settings import settings
from jutong.kernel.workflow import clocks
from jutong.slices.parties import actions, queries
from jutong.slices.parties.actions import handed, reminding
from jutong.slices.parties.models import Person, Reminder, ReminderHook
from jutong.slices.parties.rules import reminders as rules
from jutong.slices.parties.rules.reminders import Kind
from smtp_server import Kept, mailbox
from world import World

__all__ = ["mailbox"]

SUBJECT = agenda.Subject(
    "sharing_request",
    7,
    "共享申请",
    "received",
    "GX-2026-7",
    "低保家庭信息",
    "/sharing/requests/7/",
    date(2026, 3, 16),
    frozenset(),
)


@dataclass
class Hooked:
    """An https server: what was posted to it, and what it answers."""

    url: str = ""
    status: int = 204
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def hooked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hooked]:
    """Run an https server whose certificate the platform trusts."""
    seen = Hooked()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.calls.append((dict(self.headers), body))
            self.send_response(seen.status)
            if seen.status == 302:
                self.send_header("Location", "http://169.254.169.254/")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Stay silent."""

    certificate = _certificate(tmp_path)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    seen.url = f"https://localhost:{server.server_port}/hooks?room=1"
    monkeypatch.setattr(settings(), "outgoing_hosts", ["localhost"])
    monkeypatch.setattr(settings(), "outgoing_networks", ["127.0.0.0/8", "::1/128"])
    monkeypatch.setattr(settings(), "outgoing_authorities", certificate)
    yield seen
    server.shutdown()
    server.server_close()


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def wants(world: World, who: str, **more: Any) -> None:
    """Let a person want reminders of everything."""
    Person.objects.filter(pk=world.person(who)).update(email=f"{who}@example.gov.cn")
    given = {"kinds": ["new", "due_soon", "overdue"], "email": True} | more
    actions.set_reminders(world.account(who), **given, by=world.actor(who), at=world.at)


def hook(world: World, who: str, url: str) -> str:
    """Register a person's posting address, and let reminders go there only."""
    made = actions.register_hook(world.account(who), url=url, by=world.actor(who), at=world.at)
    wants(world, who, email=False, webhook=True)
    return made.secret


def remind(world: World, key: str = "new:1", kind: Kind = Kind.NEW, role: Role = Role.SHARING_UNIT_HEAD) -> int:
    posts = frozenset({(role, world.department("civil"))})
    return reminding.remind([reminding.Occasion(kind, key, SUBJECT, posts)], at=world.at)


def test_a_reminder_says_number_title_day_and_link_goes_once_and_survives_a_second_event(
    world: World, mailbox: Kept
) -> None:
    wants(world, "civil.head")
    wants(world, "hr.head")
    assert remind(world) == 1
    remind(world)
    assert reminding.send_due(world.at) == 1
    assert reminding.send_due(world.at) == 0
    ((to, letter),) = mailbox.letters
    assert to == ["civil.head@example.gov.cn"]
    assert (
        str(make_header(decode_header(letter["Subject"]))) == "[聚通] 新到事项：GX-2026-7 低保家庭信息，期限 2026-03-16"
    )
    assert letter.get_payload(decode=True).decode().split() == [
        "新到事项：GX-2026-7", "低保家庭信息，期限", "2026-03-16", f"{settings().web_origin}/sharing/requests/7/",
    ]  # fmt: skip
    (row,) = queries.own_reminders(world.actor("civil.head")).sent
    assert (row.state, row.number) == ("sent", "GX-2026-7")


def test_a_daily_digest_gathers_everything_at_half_past_eight_of_the_next_working_day(
    world: World, mailbox: Kept
) -> None:
    wants(world, "civil.head", daily=True)
    for n in range(3):
        remind(world, f"new:{n}")
    assert reminding.send_due(world.at) == 0
    tomorrow = datetime(2026, 3, 3, 0, 30, tzinfo=UTC)
    assert reminding.send_due(tomorrow) == 3
    ((_to, letter),) = mailbox.letters
    assert str(make_header(decode_header(letter["Subject"]))) == "[聚通] 您有 3 件事项提醒"


@pytest.mark.parametrize(
    ("at", "daily", "quiet", "goes"),
    [
        ("2026-03-06T10:00", False, (0, 0), "2026-03-06T10:00"),
        ("2026-03-06T10:00", True, (0, 0), "2026-03-09T08:30"),  # a Friday: Monday
        ("2026-02-13T10:00", True, (0, 0), "2026-02-14T08:30"),  # a Saturday that is worked
        ("2026-02-14T10:00", True, (0, 0), "2026-02-24T08:30"),  # over the Spring Festival
        ("2026-03-06T23:10", False, (22, 7), "2026-03-07T07:00"),
        ("2026-03-06T03:10", False, (22, 7), "2026-03-06T07:00"),
        ("2026-03-06T12:30", False, (12, 14), "2026-03-06T14:00"),
        ("2026-03-06T05:00", True, (8, 10), "2026-03-06T10:00"),
    ],
)
def test_reminders_keep_quiet_hours_and_working_days(at: str, daily: bool, quiet: tuple[int, int], goes: str) -> None:
    from jutong.kernel.workdays import official

    made = datetime.fromisoformat(at).replace(tzinfo=rules.BEIJING)
    when = rules.goes_at(made, daily=daily, first=quiet[0], last=quiet[1], workday=official().is_workday)
    assert when.astimezone(rules.BEIJING).strftime("%Y-%m-%dT%H:%M") == goes


def test_a_cloud_event_is_signed_and_posted_to_the_registered_address(world: World, hooked: Hooked) -> None:
    secret = hook(world, "civil.head", hooked.url)
    remind(world, kind=Kind.OVERDUE)
    reminding.send_due(world.at)
    ((headers, body),) = hooked.calls
    event = orjson.loads(body)
    assert headers["Content-Type"].startswith("application/cloudevents+json")
    assert (event["specversion"], event["type"]) == ("1.0", "cn.jutong.reminder.overdue")
    assert set(event["data"]) == {"number", "title", "due_day", "link"}
    lines = ["POST", "/hooks?room=1", headers["X-Jutong-Time"], headers["X-Jutong-Nonce"], sm3.hexdigest(body)]
    expected = sm3.hmac_sm3(secret.encode(), "\n".join(lines).encode()).hex()
    assert hmac.compare_digest(expected, headers["X-Jutong-Signature"])
    assert secret not in repr(queries.own_reminders(world.actor("civil.head")))


def test_a_failing_address_is_tried_again_later_paused_in_the_end_and_its_owner_told(
    world: World, hooked: Hooked
) -> None:
    hook(world, "civil.head", hooked.url)
    hooked.status = 302
    for n in range(2):
        remind(world, f"new:{n}")
    at = world.at
    for _round in range(rules.ATTEMPTS):
        reminding.send_due(at)
        at += timedelta(hours=7)
    address = ReminderHook.objects.get()
    assert address.paused_at is not None
    assert len(hooked.calls) == rules.FAILURES
    assert not [call for call in hooked.calls if b"169.254" in call[1]]
    assert any("已暂停" in notice.title for notice in inbox.notices(world.actor("civil.head")))
    actions.resume_hook(world.account("civil.head"), by=world.actor("civil.head"), at=at)
    hooked.status = 204
    remind(world, "new:9")
    reminding.send_due(at)
    assert Reminder.objects.get(key="new:9").outcome == "sent"


def test_after_a_kill_nothing_comes_twice_and_nothing_is_lost(world: World, mailbox: Kept, hooked: Hooked) -> None:
    """What was claimed when the process died goes again, but for the letters that were noted as taken."""
    wants(world, "civil.head")
    hook(world, "civil.deputy", hooked.url)
    for n in range(2):
        remind(world, f"new:{n}")
    remind(world, role=Role.SHARING_UNIT_DEPUTY)
    assert Reminder.objects.update(outcome="sending", claimed_at=world.at) == 3
    taken, lost = Reminder.objects.filter(channel="email").order_by("pk")
    cut_off = handed.slip()
    cut_off.__enter__().note([taken.pk])
    assert reminding.begin_sending(world.at + timedelta(minutes=1)) == 0
    later = world.at + timedelta(minutes=10)
    assert reminding.begin_sending(later) == 1
    assert Progress.objects.filter(task=reminding.TASK).count() == 1
    reminding.send_due(later)
    ((_to, letter),) = mailbox.letters
    assert letter["Message-ID"].startswith(f"<{sm3.hexdigest(str(lost.pk).encode())[:32]}@")
    (_headers, body) = hooked.calls[0]
    posted = Reminder.objects.get(channel="webhook")
    assert (orjson.loads(body)["id"], posted.outcome) == (str(posted.pk), "sent")
    assert set(Reminder.objects.values_list("outcome", flat=True)) == {"sent"}
    assert handed.left_behind() == {}


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/", "https://169.254.169.254/latest", "https://intern.example/", "https://user:pw@localhost/",
        "https://localhost:22/", "ftp://localhost", "https://", "https://localhost/#x", "https://local host/", "https://[::1",
    ],
)  # fmt: skip
def test_an_address_that_was_not_allowed_is_refused_beside_its_field(
    world: World, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setattr(settings(), "outgoing_hosts", ["localhost"])
    with pytest.raises(RuleBroken) as refusal:
        actions.register_hook(world.account("civil.head"), url=url, by=world.actor("civil.head"), at=world.at)
    assert refusal.value.field == "url"


def test_a_host_that_resolves_into_an_inner_network_is_not_spoken_to(
    world: World, hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook(world, "civil.head", hooked.url)
    monkeypatch.setattr(settings(), "outgoing_networks", [])
    remind(world)
    reminding.send_due(world.at)
    assert hooked.calls == []
    assert "内部网络" in Reminder.objects.get().problem
    for inner in ("10.0.0.1", "192.168.1.1", "100.64.0.1", "::1", "::ffff:10.0.0.1", "169.254.169.254", "224.0.0.1"):
        assert not rules.reachable(inner, [])
    assert rules.reachable("::ffff:10.0.0.1", ["10.0.0.0/8"])


def test_who_left_or_wants_no_more_gets_nothing_and_however_many_are_told_in_five_statements(
    world: World, mailbox: Kept, django_assert_num_queries: Any
) -> None:
    wants(world, "civil.head")
    remind(world)
    actions.set_reminders(world.account("civil.head"), kinds=[], email=False, by=world.actor("civil.head"), at=world.at)
    assert reminding.send_due(world.at) == 1
    assert mailbox.letters == []
    for who in ("civil.officer", "civil.clerk", "civil.liaison", "civil.deputy"):
        wants(world, who)
    posts = frozenset((role, world.department("civil")) for role in (Role.DATA_OFFICER, Role.CLERK, Role.LIAISON))
    clerk = world.account("civil.clerk")
    occasions = [reminding.Occasion(Kind.NEW, f"new:8:{n}", SUBJECT, posts, but=clerk) for n in range(20)]
    with django_assert_num_queries(5):  # the calendar, posts, delegations, wishes, rows
        assert reminding.remind(occasions, at=world.at) == 40


def _settle(at: datetime) -> None:
    while outbox.drain(at):
        pass


def test_moves_and_limits_of_cases_remind_those_whose_turn_it_is(world: World) -> None:
    from test_requests import filed

    from published import published

    for who in ("civil.officer", "hr.head", "police.officer"):
        wants(world, who)
    case = filed(world, published(world))
    _settle(world.at)
    assert {
        (row.account_id, row.number) for row in Reminder.objects.filter(case_kind="sharing_request", kind="new")
    } == {(world.account("civil.officer"), case.number)}
    later = world.at + timedelta(days=30)
    clocks.sweep(later)
    _settle(later)
    late = Reminder.objects.filter(case_kind="sharing_request", kind="overdue")
    assert [row.account_id for row in late] == [world.account("civil.officer")]
    assert late.get().due_day == date(2026, 3, 16)


def test_reminders_are_set_on_the_page_and_the_key_is_shown_once(world: World, hooked: Hooked) -> None:
    client = world.client("civil.head")
    refused = client.put(
        "/api/v1/parties/me/reminders", {"kinds": ["new"], "email": True}, content_type="application/json"
    )
    assert refused.status_code == 422
    assert "邮箱" in refused.json()["detail"]
    made = client.put("/api/v1/parties/me/reminders/hook", {"url": hooked.url}, content_type="application/json").json()
    page = client.get("/parties/me/reminders").content.decode()
    assert hooked.url in page
    assert made["secret"] not in page
    assert client.get("/api/v1/parties/me/reminders").json()["url"] == hooked.url
    assert client.delete("/api/v1/parties/me/reminders/hook").status_code == 204
    assert client.post("/api/v1/parties/me/reminders/hook/resume").status_code == 409
