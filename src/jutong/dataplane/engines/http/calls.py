"""Calls of a department's HTTP interface: signed as it wants, limited in time and size, its answer taken apart."""

from __future__ import annotations

import re
import secrets
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec

from jutong.dataplane.engines.tls import tls_context
from jutong.dataplane.errors import RuleBroken, TooLarge, Unavailable
from jutong.dataplane.files.jsons import pointed
from jutong.dataplane.signatures import Scheme, sign
from jutong.wire.bundle import Access, Endpoint

SECONDS = 10.0
MOST_BYTES = 64 << 20
PASSED_BYTES = 8 << 20
PASSED_SECONDS = 10.0
PAGE_SECONDS = 120.0
"""For a whole answer: who sends a byte now and then holds a thread, and would otherwise hold it for ever."""
MOST_PAGES = 100_000
AUTHS = ("none", "basic", "bearer", *Scheme)
PAGINGS = ("none", "page", "cursor")
_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]{0,500}")
_POINTER = re.compile(r"(/[^/\s]{1,100}){0,8}")
_NAME = re.compile(r"[A-Za-z0-9_.\[\]-]{1,64}")


@dataclass(frozen=True, slots=True)
class Interface:
    """How an interface is asked; see the package for what each option means."""

    path: str
    method: str
    rows: str
    auth: str
    service: str
    paging: str
    page: str
    size: str
    cursor: str
    next: str
    rows_per_page: int
    first_page: int
    keys: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, access: Access) -> Interface:
        """Return what an access states. RuleBroken naming the option that means nothing."""
        given = access.options
        made = cls(
            path=given.get("path", ""),
            method=(given.get("method") or "GET").upper(),
            rows=given.get("rows", ""),
            auth=given.get("auth") or "none",
            service=given.get("service", ""),
            paging=given.get("paging") or "none",
            page=given.get("page") or "page",
            size=given.get("size") or "size",
            cursor=given.get("cursor") or "cursor",
            next=given.get("next", ""),
            rows_per_page=_whole(given.get("rows_per_page") or "500"),
            first_page=_whole(given.get("first_page") or "1"),
            keys={name.removeprefix("key."): told for name, told in given.items() if name.startswith("key.")},
        )
        made.check()
        return made

    def check(self) -> None:
        """Refuse options that mean nothing."""
        names = (self.page, self.size, self.cursor, *self.keys.values())
        rules = (
            (_PATH.fullmatch(self.path), "接口路径 path 应以 / 开头，不含域名、问号和空格"),
            (self.method in ("GET", "POST"), "请求方式 method 应为 GET 或 POST"),
            (_POINTER.fullmatch(self.rows), "数据位置 rows 应为 JSON 指针，如 /data/list"),
            (_POINTER.fullmatch(self.next), "游标位置 next 应为 JSON 指针，如 /data/next"),
            (self.auth in AUTHS, f"认证方式 auth 应为 {'、'.join(AUTHS)} 之一"),
            (self.paging in PAGINGS, f"分页方式 paging 应为 {'、'.join(PAGINGS)} 之一"),
            (self.paging != "cursor" or self.next, "按游标分页时应填写游标位置 next"),
            (1 <= self.rows_per_page <= 100_000, "每页行数 rows_per_page 应为 1 至 100000"),  # noqa: PLR2004 - as told
            (all(_NAME.fullmatch(name) for name in names), "参数名只能由字母、数字和 _ . - [ ] 组成"),
        )
        for kept, sentence in rules:
            if not kept:
                raise RuleBroken(f"接口数据源的{sentence}，请修改。")

    @property
    def table(self) -> str:
        """Return the name under which the interface is a table."""
        return self.path.rstrip("/").rpartition("/")[2][:63] or "interface"

    def parameter(self, column: str) -> str:
        """Return the parameter that asks for a key column."""
        if column not in self.keys:
            raise RuleBroken(f"接口没有登记按“{column}”查询的参数，请提供部门在数据源中填写 key.{column}。")
        return self.keys[column]


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1  # noqa: PLR2004 - digits


class _Nothing(Unavailable):
    """There is nothing at the address called."""


class Caller:
    """Calls one interface at the address that its name was resolved to; redirects and proxies are not followed."""

    def __init__(self, access: Access, interface: Interface, address: str, port: int, title: str) -> None:
        self._access = access
        self._interface = interface
        self._title = title
        plain = access.tls == "disable"
        host = f"[{address}]" if ":" in address else address
        self._client = httpx.Client(
            base_url=f"{'http' if plain else 'https'}://{host}:{port}",
            headers={
                "Host": access.host if port in (80, 443) else f"{access.host}:{port}",
                "Accept": "application/json",
            },
            verify=tls_context(access),
            timeout=SECONDS,
            trust_env=False,
            follow_redirects=False,
        )
        self._decoder = msgspec.json.Decoder(float_hook=str)

    def _identity(self) -> tuple[dict[str, str], dict[str, str], httpx.Auth | None]:
        """Return the headers, parameters and authentication that make us known."""
        kind, access = self._interface.auth, self._access
        if kind == "none":
            return {}, {}, None
        if kind == "basic":
            return {}, {}, httpx.BasicAuth(access.user, access.password)
        if kind == "bearer":
            return {"Authorization": f"Bearer {access.password}"}, {}, None
        signed = sign(
            Scheme(kind),
            app_key=access.user,
            secret=access.password,
            at=datetime.now(UTC),
            service=self._interface.service,
            nonce=secrets.token_hex(16),
        )
        return signed.headers, signed.params, None

    def _answer(self, asked: Mapping[str, str]) -> Any:
        """Make the registered call and return its decoded answer."""
        return self._called(self._interface.method, self._interface.path, asked, most=MOST_BYTES, seconds=PAGE_SECONDS)

    def _called(self, method: str, path: str, asked: Mapping[str, Any], *, most: int, seconds: float) -> Any:
        """Make one call and return its decoded answer; every failure is told in words, without addresses or secrets.

        most, seconds: what the answer may weigh in bytes, and take until it is whole. `_Nothing` for a 404.
        """
        headers, params, auth = self._identity()
        post = method == "POST"
        until = time.monotonic() + seconds
        try:
            request = self._client.build_request(
                method,
                path,
                headers=headers,
                params=params if post else {**asked, **params},
                json=dict(asked) if post else None,
                extensions={"sni_hostname": self._access.host},
            )
            answer = self._client.send(request, auth=auth or httpx.USE_CLIENT_DEFAULT, stream=True)
            try:
                return self._taken(answer, most=most, until=until)
            finally:
                answer.close()
        except httpx.TimeoutException as error:
            raise Unavailable(f"接口“{self._title}”在 {SECONDS:g} 秒内没有应答，请稍后重试。") from error
        except (httpx.HTTPError, ssl.SSLError) as error:
            raise Unavailable(f"接口“{self._title}”无法连接或证书未通过核验，请检查地址、网络与证书。") from error

    def _taken(self, answer: httpx.Response, *, most: int, until: float) -> Any:
        if answer.status_code in (401, 403):
            raise Unavailable(f"接口“{self._title}”拒绝了我们的身份（{answer.status_code}），请更新访问凭据。")
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise _Nothing(f"接口“{self._title}”应答异常（404），请联系提供部门。")
        if answer.status_code != httpx.codes.OK:
            raise Unavailable(f"接口“{self._title}”应答异常（{answer.status_code}），请联系提供部门。")
        body = bytearray()
        for piece in answer.iter_bytes():
            body += piece
            if len(body) > most:
                raise TooLarge(f"接口“{self._title}”的一次应答超过 {most >> 20} MB，请缩小查询范围或减小每页行数。")
            if time.monotonic() > until:
                raise Unavailable(f"接口“{self._title}”没有在时限内答完，请稍后重试或缩小查询范围。")
        try:
            return self._decoder.decode(bytes(body))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Unavailable(f"接口“{self._title}”返回的内容不是 JSON，请联系提供部门。") from error

    def _records(self, found: Any, pointer: str | None = None) -> list[Any]:
        rows = pointed(found, self._interface.rows if pointer is None else pointer)
        if isinstance(rows, dict):
            return [rows]
        if rows is None:
            return []
        if not isinstance(rows, list):
            raise Unavailable(f"接口“{self._title}”的应答中数据位置不是数组，请核对 JSON 指针。")
        return rows

    def ask(self, asked: Mapping[str, str]) -> list[Any]:
        """Return the records of one call."""
        return self._records(self._answer(asked))

    def through(self, endpoint: Endpoint, given: Mapping[str, Any]) -> list[Any]:
        """Return the records of one call passed through. RuleBroken for a parameter that is not registered.

        given: a GET's values are texts, a POST's any JSON; names and path are the registered ones, never the caller's own.
        """
        for name in given:
            if name not in endpoint.params:
                known = "、".join(endpoint.params) or "无"
                raise RuleBroken(f"参数“{name[:60]}”不在接口登记的参数之内，可用的参数：{known}。")
        if endpoint.method not in ("GET", "POST") or not (
            _PATH.fullmatch(endpoint.path) and _POINTER.fullmatch(endpoint.rows)
        ):
            raise Unavailable(f"接口“{self._title}”的登记不正确，请联系数据提供部门修改。")
        try:
            found = self._called(endpoint.method, endpoint.path, given, most=PASSED_BYTES, seconds=PASSED_SECONDS)
        except _Nothing:
            return []  # how an interface of single records says that there is none
        return self._records(found, endpoint.rows)

    def _sized(self) -> dict[str, str]:
        paged = self._interface.paging != "none"
        return {self._interface.size: str(self._interface.rows_per_page)} if paged else {}

    def first(self) -> list[Any]:
        """Return the records of the first page."""
        paged = self._interface.paging == "page"
        return self.ask(self._sized() | ({self._interface.page: str(self._interface.first_page)} if paged else {}))

    def all(self) -> Iterator[Any]:
        """Return the records of all pages."""
        interface = self._interface
        asked, before = self._sized(), None
        for n in range(MOST_PAGES):
            if interface.paging == "page":
                asked[interface.page] = str(interface.first_page + n)
            found = self._answer(asked)
            records = self._records(found)
            yield from records
            cursor = pointed(found, interface.next) if interface.paging == "cursor" else None
            if interface.paging == "none" or (interface.paging == "page" and len(records) < interface.rows_per_page):
                return
            if interface.paging == "cursor":
                if cursor in (None, ""):
                    return
                if cursor == before:
                    raise Unavailable(f"接口“{self._title}”反复返回同一游标，无法读完，请联系提供部门。")
                asked[interface.cursor] = str(cursor)
                before = cursor
        raise TooLarge(f"接口“{self._title}”超过 {MOST_PAGES} 页，请增大每页行数。")

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()
