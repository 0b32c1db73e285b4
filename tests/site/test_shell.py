"""The shell: who comes in, sessions that end, headers, refusals on page, fragment and API, once-tokens, languages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, connections
from django.test import Client

import shell_world
from covers import covers
from jutong.kernel import clock
from jutong.kernel.errors import Conflict, RuleBroken, TooMany
from jutong.kernel.faces import limits, navigation, once, sessions
from jutong.kernel.faces.signed_in import use_keys
from jutong.kernel.models import OnceToken, RateCount
from jutong.kernel.settings import settings
from shell_world import DEEDS, REFUSALS, small_site

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 9, 29, 2, 0, tzinfo=UTC)
CLERK = {"X-Who": "1"}
ADMIN = {"X-Who": "2"}
HTMX = {"X-Who": "1", "HX-Request": "true"}


@pytest.fixture(autouse=True)
def browser() -> Iterator[Client]:
    with clock.frozen(NOW), small_site() as client:
        yield client


def set_own(monkeypatch: pytest.MonkeyPatch, **values: object) -> None:
    for name, value in values.items():
        monkeypatch.setattr(settings(), name, value)


# ---- who comes in ----


@covers(partly=["R-SEC-001"])
def test_a_page_without_sign_in_leads_to_the_door_and_back(browser: Client) -> None:
    answer = browser.get("/page?q=1")
    assert answer.status_code == 302
    assert answer["Location"] == "/sign-in?next=%2Fpage%3Fq%3D1"


def test_a_post_or_fragment_without_sign_in_is_401_with_a_sentence(browser: Client) -> None:
    assert browser.post("/form").status_code == 401
    fragment = browser.get("/page", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment["HX-Redirect"]) == (401, "/sign-in")
    assert "请重新登录" in fragment.content.decode()


def test_a_view_marked_open_needs_no_sign_in(browser: Client) -> None:
    assert browser.get("/sign-in").status_code == 200


def test_a_signed_in_person_sees_the_page_with_name_and_posts(browser: Client) -> None:
    answer = browser.get("/page", headers={"X-Who": "3"})
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "王芳" in text
    assert "共享工作机构负责人、代 李建国" in text


def test_a_session_ends_after_twenty_idle_minutes_and_polling_does_not_prolong_it(browser: Client) -> None:
    browser.get("/page", headers=CLERK)
    with clock.frozen(NOW + timedelta(minutes=19)):
        assert browser.get("/page", headers=CLERK | {"X-Jutong-Poll": "1"}).status_code == 200
    with clock.frozen(NOW + timedelta(minutes=19, seconds=59)):
        assert not sessions.overstayed(browser.session, at=clock.now())
    assert "超过 20 分钟未操作" in sessions.overstayed(browser.session, at=NOW + timedelta(minutes=20))


def test_a_session_ends_after_eight_hours_however_busy(browser: Client) -> None:
    for minutes in range(0, 8 * 60, 15):
        with clock.frozen(NOW + timedelta(minutes=minutes)):
            assert browser.get("/page", headers=CLERK).status_code == 200
    assert "已满 8 小时" in sessions.overstayed(browser.session, at=NOW + timedelta(hours=8))


def test_an_overstayed_session_is_emptied(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jutong.site.middleware.logout", shell_world_logout)
    browser.get("/page", headers=CLERK)
    with clock.frozen(NOW + timedelta(minutes=21)):
        assert browser.get("/page", headers=CLERK).status_code == 302
    assert "began" not in browser.session


def shell_world_logout(request: object) -> None:
    from django.contrib.auth.models import AnonymousUser

    request.session.flush()
    request.user = AnonymousUser()


def test_whoever_must_change_the_password_sees_nothing_else(browser: Client) -> None:
    browser.get("/page", headers=CLERK)
    session = browser.session
    sessions.must_change(session, first=True)
    session.save()
    assert browser.get("/page", headers=CLERK)["Location"] == "/password"
    assert browser.get("/password", headers=CLERK).status_code == 200
    assert browser.get("/sign-out", headers=CLERK).status_code == 200


@covers(partly=["R-SEC-001"])
def test_administrators_come_only_from_listed_addresses(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    set_own(monkeypatch, admin_addresses=["10.8.0.0/16"])
    refused = browser.get("/page", headers=ADMIN, REMOTE_ADDR="192.0.2.9")
    assert refused.status_code == 403
    assert "192.0.2.9" in refused.content.decode()
    assert browser.get("/page", headers=ADMIN, REMOTE_ADDR="10.8.3.4").status_code == 200
    assert browser.get("/page", headers=CLERK, REMOTE_ADDR="192.0.2.9").status_code == 200


# ---- headers and bodies ----


@pytest.mark.parametrize("path", ["/page", "/pieces", "/refused/404", "/nowhere", "/api/v1/me"])
def test_every_answer_carries_the_protecting_headers(browser: Client, path: str) -> None:
    answer = browser.get(path, headers=CLERK)
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cache-Control"] == "private, no-store"
    assert len(answer["X-Request-Id"]) == 32


def test_hsts_is_sent_over_tls_only(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Strict-Transport-Security" not in browser.get("/page", headers=CLERK)
    set_own(monkeypatch, tls=True)
    assert browser.get("/page", headers=CLERK)["Strict-Transport-Security"].startswith("max-age=31536000")


def test_300_megabytes_are_refused_before_a_byte_is_read(browser: Client) -> None:
    answer = browser.generic("POST", "/form", b"", CONTENT_LENGTH=str(300 * 1024 * 1024), headers=CLERK)
    assert answer.status_code == 413
    assert "50 MB" in answer.content.decode()
    as_json = browser.generic("POST", "/api/v1/deed", b"", CONTENT_LENGTH=str(300 * 1024 * 1024))
    assert as_json.json()["code"] == "too_large"


def test_too_many_form_fields_are_413_in_chinese(browser: Client) -> None:
    answer = browser.post("/form", {f"f{n}": "1" for n in range(25_100)}, headers=CLERK)
    assert answer.status_code == 413
    assert "上限" in answer.content.decode()


# ---- refusals ----


@pytest.mark.parametrize("status", sorted(REFUSALS))
def test_a_refusal_is_the_same_sentence_on_page_fragment_and_api(browser: Client, status: int) -> None:
    refusal = REFUSALS[status]
    as_page = browser.get(f"/refused/{status}", headers=CLERK)
    as_fragment = browser.get(f"/refused/{status}", headers=HTMX)
    as_json = browser.get(f"/api/v1/refused/{status}", headers=CLERK)
    assert {as_page.status_code, as_fragment.status_code, as_json.status_code} == {refusal.status}
    assert refusal.sentence in as_page.content.decode()
    assert refusal.sentence in as_fragment.content.decode()
    assert "<html" not in as_fragment.content.decode()
    assert as_fragment["HX-Retarget"] == "#jt-refusal"
    body = as_json.json()
    assert (body["detail"], body["code"], body["status"]) == (refusal.sentence, refusal.code, refusal.status)
    assert as_json["Content-Type"].startswith("application/problem+json")
    assert body["trace"] == as_json["X-Request-Id"]


def test_remarks_of_a_broken_rule_are_shown_beside_the_sentence(browser: Client) -> None:
    assert "“使用依据”未填写。" in browser.get("/refused/422", headers=CLERK).content.decode()
    assert browser.get("/api/v1/refused/422", headers=CLERK).json()["remarks"] == {"basis": "“使用依据”未填写。"}


def test_wrong_methods_unknown_pages_and_bugs_are_answered_in_chinese(browser: Client) -> None:
    wrong = browser.get("/only-post", headers=CLERK)
    assert (wrong.status_code, wrong["Allow"]) == (405, "POST")
    assert "不支持 GET" in wrong.content.decode()
    assert "没有找到" in browser.get("/nowhere", headers=CLERK).content.decode()
    bug = browser.get("/bug", headers=CLERK)
    assert bug.status_code == 500
    assert "内部错误" in bug.content.decode()
    assert bug["X-Request-Id"] in bug.content.decode()
    assert "ZeroDivision" not in bug.content.decode()


def test_error_pages_do_not_ask_the_part_that_broke(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = navigation.Entry(
        navigation.Group.ADMIN, "坏", "page", "x", lambda _actor: True, count=lambda _actor: 1 // 0
    )
    monkeypatch.setattr(navigation, "_entries", {"page": broken})
    answer = browser.get("/page", headers=CLERK)
    assert answer.status_code == 500
    assert "内部错误" in answer.content.decode()


def test_a_database_that_does_not_answer_is_503_and_nothing_was_done(browser: Client) -> None:
    answer = browser.get("/database", headers=CLERK)
    assert answer.status_code == 503
    assert "数据库暂时无法访问" in answer.content.decode()


def test_unknown_addresses_and_methods_of_the_api_are_problems_too(browser: Client) -> None:
    assert browser.get("/api/v1/nowhere", headers=CLERK).json()["code"] == "not_found"
    assert browser.delete("/api/v1/me", headers=CLERK).json()["code"] == "method_not_allowed"


def test_a_page_that_is_too_old_says_so(browser: Client) -> None:
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    answer = strict.post("/form", {"title": "一"}, headers=CLERK)
    assert answer.status_code == 403
    assert "页面已过期" in answer.content.decode()


# ---- forms and once-tokens ----


def test_an_all_optional_form_posted_empty_by_htmx_is_still_a_submission(browser: Client) -> None:
    answer = browser.post("/form", {}, headers=HTMX)
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/page")
    assert DEEDS == [""]


def test_a_refusal_of_the_action_is_shown_in_the_form(browser: Client) -> None:
    answer = browser.post("/form", {"title": "重复"}, headers=CLERK)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "“名称”已被使用。" in text
    assert "另一处也不符。" in text
    assert 'aria-describedby="id_title_error"' in text


def test_a_form_submitted_twice_is_done_once(browser: Client) -> None:
    sent = {"title": "一", once.FIELD: once.fresh()}
    assert browser.post("/form", sent, headers=CLERK).status_code == 303
    again = browser.post("/form", sent, headers=CLERK)
    assert again.status_code == 409
    assert "该表单已提交" in again.content.decode()
    assert DEEDS == ["一"]


def test_a_refused_form_can_be_submitted_again_with_the_same_token(browser: Client) -> None:
    token = once.fresh()
    assert browser.post("/form", {"title": "太长" * 10, once.FIELD: token}, headers=CLERK).status_code == 422
    assert browser.post("/form", {"title": "合适", once.FIELD: token}, headers=CLERK).status_code == 303


def test_a_live_check_does_not_spend_the_token(browser: Client) -> None:
    token = once.fresh()
    assert browser.post("/check", {once.FIELD: token}, headers=CLERK).status_code == 200
    assert not OnceToken.objects.filter(token=token).exists()


@pytest.mark.parametrize("token", ["x", "' or 1=1 --", "a" * 65, "中" * 30])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(RuleBroken):
        once.spend(token, 1, at=NOW)


@pytest.mark.django_db(transaction=True)
def test_of_two_simultaneous_submissions_one_wins() -> None:
    token, answers = once.fresh(), []

    def submit() -> None:
        try:
            once.spend(token, 1, at=NOW)
            answers.append("done")
        except Conflict:
            answers.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=submit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["done"] + ["refused"] * 7


def test_old_tokens_and_counters_are_swept() -> None:
    once.spend(once.fresh(), 1, at=NOW - timedelta(days=3))
    once.spend(once.fresh(), 1, at=NOW)
    limits.check("post", "1", most=5, at=NOW - timedelta(hours=1))
    assert (once.sweep(at=NOW), limits.sweep(at=NOW)) == (1, 1)
    assert OnceToken.objects.count() == 1


# ---- rates ----


def test_a_rate_holds_per_minute_and_key_and_starts_anew() -> None:
    for _ in range(3):
        limits.check("sign_in", "192.0.2.1", most=3, at=NOW)
    with pytest.raises(TooMany, match="每分钟最多 3 次"):
        limits.check("sign_in", "192.0.2.1", most=3, at=NOW)
    limits.check("sign_in", "192.0.2.2", most=3, at=NOW)
    limits.check("sign_in", "192.0.2.1", most=3, at=NOW + timedelta(minutes=1))


def test_an_account_over_its_rate_is_told_429_on_pages_and_api(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_own(monkeypatch, rate_per_minute=2)
    statuses = [browser.get("/page", headers=CLERK).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    as_json = browser.get("/api/v1/me", headers=CLERK)
    assert (as_json.status_code, as_json["Retry-After"]) == (429, "60")
    assert browser.get("/page", headers=ADMIN).status_code == 200


def test_counting_a_request_takes_one_statement(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):
        limits.check("post", "1", most=5, at=NOW)
    assert RateCount.objects.get().count == 1
    assert connection.vendor == "postgresql"


# ---- the API's door ----


def test_the_api_knows_a_session_and_a_personal_key(browser: Client) -> None:
    assert browser.get("/api/v1/me", headers=CLERK).json() == {"name": "王芳", "channel": "api"}
    use_keys(lambda key, address: shell_world.someone(SimpleNamespace(pk=1), address, "api"))
    answer = browser.get("/api/v1/me", headers={"Authorization": "Bearer jt_x"})
    assert answer.json()["channel"] == "api"
    assert browser.get("/api/v1/me").json()["code"] == "unauthenticated"


def test_a_session_may_not_write_through_the_api_without_csrf_token() -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/api/v1/deed", headers=CLERK)
    assert answer.status_code == 403
    assert answer.json()["code"] == "forbidden"


# ---- language ----


def test_the_language_switch_is_kept_in_a_cookie_and_english_is_complete(browser: Client) -> None:
    assert "跳到主要内容" in browser.get("/page", headers=CLERK).content.decode()
    browser.post("/language", {"language": "en", "next": "/page"}, headers=CLERK)
    text = browser.get("/page", headers=CLERK).content.decode()
    assert "Skip to the main content" in text
    assert 'lang="en"' in text


def test_the_language_switch_leads_only_to_own_pages(browser: Client) -> None:
    answer = browser.post("/language", {"language": "en", "next": "https://evil.example/"}, headers=CLERK)
    assert "evil" not in answer["Location"]


def test_a_browser_that_asks_for_english_gets_english(browser: Client) -> None:
    assert "Sign in" in browser.post("/form", headers={"Accept-Language": "en-GB,en;q=0.9"}).content.decode()
