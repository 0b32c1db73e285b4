"""Schemathesis over both OpenAPIs, in process: no 5xx, and every answer is one that the description names."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import schemathesis
from authorisation import Asker
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from examples import HOLE, examples
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from ninja import Schema
from scene import Scene
from scene_fixture import civil_db, hr_db, node, probe, scene  # noqa: F401 - fixtures
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks as conform

from gateway_story import databases, story  # noqa: F401 - fixtures
from gateway_world import World as Town
from gateway_world import person
from jutong.client.signing import CallAuth
from jutong.site.api import api

CHECKS: list[Any] = [
    not_a_server_error, conform.status_code_conformance, conform.content_type_conformance, conform.response_schema_conformance,
]  # fmt: skip
ROLES = (
    "civil.officer",
    "civil.head",
    "civil.engineer",
    "hr.clerk",
    "hr.head",
    "authority.reviewer",
    "authority.operator",
    "admin.security",
)
BOUNDED = settings(
    max_examples=8, derandomize=True, deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
UNFILLED = 3
MANY_SHAPES = 50


@cache
def management() -> Any:
    """The management API's description, tied to the application."""
    described = schemathesis.openapi.from_dict(dict(api.get_openapi_schema()))
    described.app = get_wsgi_application()
    return described


def operations(described: Any) -> Iterator[Any]:
    """Yield every operation of a description."""
    for result in described.get_all_operations():
        yield result.ok()


def real(scene: Scene) -> dict[str, dict[str, Any]]:  # noqa: F811 - the fixture
    """Return ids that exist for each operation with parameters in its path."""
    found = {}
    for name, given_examples in examples(scene).items():
        method, _space, route = name.partition(" ")
        if route.startswith("api/"):
            values = given_examples[0].path.partition("?")[0].strip("/").split("/")
            parts = route.strip("/").split("/")
            holes = {p[1:-1]: v for p, v in zip(parts, values, strict=True) if HOLE.fullmatch(p)}
            found[f"{method} /{route.replace('<', '{').replace('>', '}')}"] = holes
    return found


def trial(name: str, operation: Any, keys: dict[str, str], ids: dict[str, Any]) -> Callable[[], None]:
    """Return a property: whatever is sent to the operation, in whoever's name, the answer is a described one."""

    @BOUNDED
    @given(case=operation.as_strategy(), who=st.sampled_from(ROLES), there=st.integers(0, UNFILLED))
    def tried(case: Case, who: str, there: int) -> None:
        if there and ids:
            case.path_parameters = dict(ids)
        with transaction.atomic():
            answer = case.call(headers={"Authorization": f"Bearer {keys[who]}"})
            transaction.set_rollback(True)
        case.validate_response(answer, checks=CHECKS)

    tried.__name__ = name
    return tried


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Leave the test's connection open between requests, as Django's own test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("one_connection")
def test_every_answer_of_the_management_api_is_described(scene: Scene) -> None:  # noqa: F811 - the fixture
    keys, known = Asker(scene).keys(ROLES), real(scene)
    troubles: list[str] = []
    for operation in operations(management()):
        name = f"{operation.method.upper()} {operation.path}"
        try:
            trial(name, operation, keys, known.get(name, {}))()
        except (Exception, FailureGroup) as error:  # noqa: BLE001 - the whole list is wanted
            troubles.append(f"{name}: {error}"[:3000])
    assert not troubles, "\n".join(troubles)


def test_no_two_shapes_of_the_management_api_share_a_name() -> None:
    """The description holds shapes by their class's name: a second one of the same name would replace the first."""
    shapes = [one for module in list(sys.modules.values()) if module for one in vars(module).values() if _is_shape(one)]
    names = Counter(one.__name__ for one in set(shapes))
    assert len(names) > MANY_SHAPES
    assert not [name for name, count in names.items() if count > 1]


def _is_shape(one: object) -> bool:
    return isinstance(one, type) and issubclass(one, Schema) and one.__module__.startswith("jutong.")


def drawn(described: Any) -> list[Case]:
    """Return some cases for every operation."""
    cases: list[Case] = []
    for operation in operations(described):

        @BOUNDED
        @given(case=operation.as_strategy())
        def keep(case: Case) -> None:
            cases.append(case)

        keep()
    return cases


def test_every_answer_of_the_gateway_is_described(story: Callable[..., None]) -> None:  # noqa: F811 - the fixture
    async def deed(town: Town) -> None:
        await town.artefact("f1", b"1\n2\n")
        town.grant("g1", listing=True)
        await town.caught_up()
        transport = httpx.ASGITransport(app=town.gateway, client=("10.1.2.3", 4711))
        auth = CallAuth("k-s1", town.keys["k-s1"], "verification")
        async with httpx.AsyncClient(base_url="http://gateway", auth=auth, transport=transport) as client:
            described = schemathesis.openapi.from_dict((await client.get("/v1/openapi.json")).json())
            seen: dict[str, set[int]] = {}
            for case in drawn(described):
                if case.path_parameters and len(case.path_parameters["id"]) % 2:
                    case.path_parameters = {"id": "f1"}
                if isinstance(case.body, dict) and isinstance(case.body.get("keys"), dict) and len(seen) % 2:
                    case.body["keys"] = {"身份证号": person(7)}
                query = f"?{urlencode(case.query, doseq=True)}" if case.query else ""
                body = {"json": case.body} if case.method.upper() == "POST" else {}
                answer = await client.request(case.method, case.formatted_path + query, **body)
                seen.setdefault(case.operation.label, set()).add(answer.status_code)
                case.validate_response(answer, checks=CHECKS)
        assert all(200 in statuses for label, statuses in seen.items() if "artefacts" not in label), seen

    story(deed)
