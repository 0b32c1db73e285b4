"""What the data plane finds in a source: its probe service is asked, this plane never connects to one itself."""

from __future__ import annotations

import secrets
import time
from collections.abc import Generator, Sequence
from typing import Final

import httpx
import msgspec
from django.utils.translation import gettext as _

from jutong.crypto import sm3
from jutong.kernel import nodes
from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotAllowed, NotThere, RuleBroken, Unavailable, WrongState
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_
from jutong.slices.sources.models import DataSource
from jutong.slices.sources.queries.sealing import sealed_access
from jutong.slices.sources.rules import READERS, sees
from jutong.wire.envelope import Problem
from jutong.wire.grants import Column
from jutong.wire.probe import Filter, FoundTable, ProbeAnswer, ProbeRequest, Profile

CALLER: Final = "control"
"""The name under which this plane signs its calls to the probe."""
TIMEOUT_SECONDS: Final = 20.0


class Proof(httpx.Auth):
    """Signs each call with the secret that the data plane's node shares with us (wire.envelope.NodeProof)."""

    requires_request_body = True

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the four headers of the proof."""
        moment = str(time.time_ns() // 1_000_000)
        nonce = secrets.token_hex(16)
        target = request.url.raw_path.decode("ascii")
        lines = "\n".join([request.method, target, moment, nonce, sm3.hexdigest(request.content)])
        request.headers["X-Jutong-Node"] = CALLER
        request.headers["X-Jutong-Time"] = moment
        request.headers["X-Jutong-Nonce"] = nonce
        request.headers["X-Jutong-Signature"] = sm3.hmac_sm3(nodes.secret(nodes.LOCAL), lines.encode()).hex()
        yield request


def tunnel() -> httpx.Client:
    """Return a client of the gateway, through which sources behind front-end nodes are asked."""
    return httpx.Client(base_url=settings().gateway_origin, auth=Proof(), timeout=TIMEOUT_SECONDS, trust_env=False)


def client() -> httpx.Client:
    """Return a client of the probe service; redirects and proxies of the environment are not followed."""
    return httpx.Client(base_url=settings().probe_origin, auth=Proof(), timeout=TIMEOUT_SECONDS, trust_env=False)


def asked(source: DataSource, what: str, **details: object) -> ProbeAnswer:
    """Ask the data plane about a source; an answer that is not `ok` is returned as it is.

    what: test, tables, schema, preview or profile. Unavailable when the probe service does not answer.
    """
    return put(source, question(source, what, **details))


def question(source: DataSource, what: str, **details: object) -> bytes:
    """Word a question about a source, its access sealed to whoever reaches it."""
    return msgspec.json.encode(
        ProbeRequest(what=what, engine=source.engine, sealed=sealed_access(source), **details)  # type: ignore[arg-type]
    )


def put(source: DataSource, worded: bytes) -> ProbeAnswer:
    """Put a worded question to the data plane; see `asked`. It needs no database: several can be put at once."""
    place = f"/v1/nodes/{source.node.name}/probe" if source.node else "/probe"
    try:
        with tunnel() if source.node else client() as probe:
            answer = probe.post(place, content=worded)
            if source.node and answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                return ProbeAnswer(ok=False, message=msgspec.json.decode(answer.content, type=Problem).detail)
            answer.raise_for_status()
            return msgspec.json.decode(answer.content, type=ProbeAnswer)
    except (httpx.HTTPError, msgspec.MsgspecError):
        raise Unavailable(N_("数据面探测服务没有应答，请稍后重试；持续不可用时请联系平台管理员。")) from None


def _answered(source: DataSource, what: str, **details: object) -> ProbeAnswer:
    if not source.active:
        raise WrongState(N_("数据源已停用，请先启用。"))
    answer = asked(source, what, **details)
    if not answer.ok:
        raise RuleBroken(_("读取数据源未成功：%(why)s") % {"why": answer.message}, field="source")
    return answer


def _readable(source_id: int, actor: Actor) -> DataSource:
    source = DataSource.objects.filter(pk=source_id).first()
    if source is None or not sees(actor, source):
        raise NotThere(N_("没有找到该数据源，或您无权知悉。"))
    if READERS.permits(actor, source) is None:
        raise NotAllowed(N_("只有本部门的系统工程师或数据专员可以查看数据源的表结构。"))
    return source


def tables(source_id: int, actor: Actor, *, schema: str = "") -> tuple[FoundTable, ...]:
    """Return tables and views of a source with comments and estimated rows; RuleBroken with what the source said."""
    return _answered(_readable(source_id, actor), "tables", schema=schema[:63]).tables


def schema(source_id: int, actor: Actor, *, schema: str, table: str) -> FoundTable:
    """Return one table with its columns. RuleBroken when it is not there."""
    return _answered(_readable(source_id, actor), "schema", schema=schema[:63], table=table[:63]).tables[0]


def profile(source_id: int, *, schema: str, table: str) -> tuple[FoundTable, Profile]:
    """Return a table with its columns and a look over it: counts, ranges, what the values are, masked examples.

    The calling action permits the look. RuleBroken with what the source said.
    """
    source = DataSource.objects.filter(pk=source_id).first()
    if source is None:
        raise NotThere(N_("没有找到该数据源，或您无权知悉。"))
    answer = _answered(source, "profile", schema=schema[:63], table=table[:63])
    return answer.tables[0], answer.profile or Profile(0, 0, exact=False, columns=())


def preview(
    source_id: int,
    *,
    schema: str,
    table: str,
    columns: Sequence[Column],
    limit: int = 10,
    filters: Sequence[Filter] = (),
) -> tuple[tuple[str, ...], ...]:
    """Return the first rows of a table that pass the filters, masked; the calling action permits and audits the look."""
    source = DataSource.objects.filter(pk=source_id).first()
    if source is None:
        raise NotThere(N_("没有找到该数据源，或您无权知悉。"))
    return _answered(
        source, "preview", schema=schema, table=table, columns=tuple(columns), limit=limit, filters=tuple(filters)
    ).rows
