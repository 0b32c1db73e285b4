"""The blocking client."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Self

import httpx
import msgspec

from jutong.client.answers import Answer, Granted, Grants, Match, Page, Part, Parts, check, read
from jutong.client.downloads import ATTEMPTS, Download
from jutong.client.signing import CallAuth, named
from jutong.crypto import Signer
from jutong.wire.grants import Condition
from jutong.wire.transfers import Manifest

JSON = {"Content-Type": "application/json"}


class Client:
    """Calls of one business system to one gateway. key: the system's HMAC-SM3 key; purpose: a code its grants name.

    Every method raises `Refused` with the gateway's sentence, or httpx's errors where there was no answer.
    """

    def __init__(
        self, url: str, *, key_id: str, key: bytes, purpose: str, transport: httpx.BaseTransport | None = None
    ) -> None:
        auth = CallAuth(key_id, key, purpose)
        self._http = httpx.Client(base_url=url, auth=auth, timeout=30, transport=transport, trust_env=False)

    def grants(self) -> list[Granted]:
        """Return the grants of this system, active or not, with the files that are ready."""
        return read(self._http.get("/v1/grants"), Grants).grants

    def query(
        self,
        grant: str,
        keys: Mapping[str, str] | Sequence[Mapping[str, str]],
        *,
        items: Sequence[str] = (),
        filters: Sequence[Condition] = (),
        person: str = "",
        service_item: str = "",
    ) -> Answer:
        """Ask for one record, or up to 1,000, by key items; fewer items and further filters narrow the answer."""
        body = query_body(grant, keys, items, filters)
        headers = JSON | named(person, service_item)
        return read(self._http.post("/v1/query", content=body, headers=headers), Answer)

    def page(
        self,
        grant: str,
        *,
        after: str = "",
        limit: int = 100,
        items: Sequence[str] = (),
        filters: Sequence[Condition] = (),
        person: str = "",
        service_item: str = "",
    ) -> Page:
        """Return one page of the granted records in the order of their key, where the grant allows listing."""
        body = page_body(grant, items, filters, after, limit)
        headers = JSON | named(person, service_item)
        return read(self._http.post("/v1/list", content=body, headers=headers), Page)

    def rows(
        self, grant: str, *, size: int = 500, items: Sequence[str] = (), filters: Sequence[Condition] = ()
    ) -> Iterator[dict[str, str | None]]:
        """Yield every granted record, asking for a page of `size` whenever the last one is used up."""
        after, more = "", True
        while more:
            page = self.page(grant, after=after, limit=size, items=items, filters=filters)
            yield from page.rows
            after, more = page.after, bool(page.after)

    def across(
        self, keys: Mapping[str, str], grants: Sequence[str] = (), *, person: str = "", service_item: str = ""
    ) -> list[Part]:
        """Ask for one key under several grants, or under all that know it; each answers or refuses on its own."""
        body = msgspec.json.encode({"keys": keys, "grants": grants})
        headers = JSON | named(person, service_item)
        return read(self._http.post("/v1/queries", content=body, headers=headers), Parts).answers

    def confirm(
        self, grant: str, keys: Mapping[str, str], facts: Mapping[str, str], *, person: str = "", service_item: str = ""
    ) -> Match:
        """Ask whether a record carries these facts, without getting the record."""
        body = msgspec.json.encode({"grant": grant, "keys": keys, "facts": facts})
        headers = JSON | named(person, service_item)
        return read(self._http.post("/v1/confirm", content=body, headers=headers), Match)

    def through(
        self,
        grant: str,
        endpoint: str,
        given: Mapping[str, Any],
        *,
        method: str = "GET",
        person: str = "",
        service_item: str = "",
    ) -> Answer:
        """Call an endpoint of a department's own interface; `given`: the registered parameters, of a POST any JSON."""
        content = {"params": given} if method == "GET" else {"content": msgspec.json.encode(given)}
        headers = (JSON if method == "POST" else {}) | named(person, service_item)
        target = f"/v1/services/{grant}/{endpoint}"
        return read(self._http.request(method, target, headers=headers, **content), Answer)

    def manifest(self, artefact_id: str) -> Manifest:
        """Return count, digest and time of a batch file."""
        return read(self._http.get(f"/v1/artefacts/{artefact_id}/manifest"), Manifest)

    def download(self, artefact_id: str, path: Path, *, receiver: Signer | None = None) -> Manifest:
        """Fetch a batch file, going on where an earlier try broke off, and check its SM3 before it gets its name.

        receiver: the SM2 key to which the file is sealed, where it is; without it the container stays closed.
        """
        with closing(Download(self.manifest(artefact_id), path, receiver)) as download:
            broken = 0
            while download.missing:
                before, cut = download.have, None
                try:
                    self._fetch(artefact_id, download)
                except httpx.TransportError as error:
                    cut = error
                broken = 0 if download.have > before else broken + 1
                if broken >= ATTEMPTS:
                    raise httpx.ReadError(f"批量文件 {artefact_id} 多次没有收到数据，请稍后继续下载。") from cut
                time.sleep(min(0.1 * 2**broken, 5) if broken else 0)
            return download.finish()

    def _fetch(self, artefact_id: str, download: Download) -> None:
        with self._http.stream("GET", f"/v1/artefacts/{artefact_id}", headers=download.headers()) as response:
            if not response.is_success:
                response.read()
                check(response)
            download.begin(response.status_code)
            for chunk in response.iter_bytes():
                download.write(chunk)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def query_body(
    grant: str,
    keys: Mapping[str, str] | Sequence[Mapping[str, str]],
    items: Sequence[str],
    filters: Sequence[Condition],
) -> bytes:
    """Return the JSON of a query."""
    return msgspec.json.encode({"grant": grant, "keys": keys, "items": items, "filters": filters})


def page_body(grant: str, items: Sequence[str], filters: Sequence[Condition], after: str, limit: int) -> bytes:
    """Return the JSON of a listing."""
    asked = {"grant": grant, "items": items, "filters": filters, "after": after, "limit": limit}
    return msgspec.json.encode(asked)
