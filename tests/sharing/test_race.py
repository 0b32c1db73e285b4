"""Four processes decide the same two hundred requests at once: every one is decided once, and nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection
from test_requests import filed, reply

from jutong.kernel.models import AuditEntry, OutboxEvent
from jutong.kernel.settings import settings
from jutong.slices.grants.models import Grant
from jutong.slices.sharing import actions
from jutong.slices.sharing.models import SharingRequest
from published import published
from world import World

REQUESTS = 200
PROCESSES = 4


def _environment() -> dict[str, str]:
    at = connection.settings_dict
    url = f"postgresql://{at['USER']}:{quote(at['PASSWORD'])}@{at['HOST'] or 'localhost'}:{at['PORT'] or 5432}/{at['NAME']}"
    if str(at["HOST"]).startswith("/"):
        url = f"postgresql://{at['USER']}:{quote(at['PASSWORD'])}@:{at['PORT'] or 5432}/{at['NAME']}?host={at['HOST']}"
    here = Path(__file__).parents[1]
    return {
        **os.environ,
        "JUTONG_TEST_HOME": str(settings().home),
        "JUTONG_TEST_DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "settings_for_tests",
        "PYTHONPATH": f"{here}:{here.parent / 'src'}",
    }


@pytest.mark.slow(seconds=24)
@pytest.mark.django_db(transaction=True)
def test_two_hundred_requests_are_decided_two_hundred_times(world: World) -> None:
    from jutong.dataplane import identity

    identity.establish(settings().home / "nodes" / "local", at=world.at)
    resource = published(world)
    ids = []
    for _n in range(REQUESTS):
        request = filed(world, resource)
        actions.prepare_reply(request, by=world.actor("civil.officer"), at=world.at, reply=reply())
        ids.append(request.pk)
    before = AuditEntry.objects.filter(verb="sharing_request.agree").count()
    deciders = [
        subprocess.Popen(
            [
                sys.executable,
                str(Path(__file__).parents[1] / "decider.py"),
                str(world.account("civil.head")),
                str(seed),
                *map(str, ids),
            ],
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in range(PROCESSES)
    ]
    for decider in deciders:
        assert decider.stdout is not None
        assert decider.stdout.readline().strip() == "ready"
    answers: Counter[str] = Counter()
    for decider in deciders:
        assert decider.stdin is not None
        decider.stdin.write("go\n")
        decider.stdin.flush()
    for decider in deciders:
        out, _err = decider.communicate(timeout=300)
        answers.update(json.loads(out))
    assert answers == {"agreed": REQUESTS, "409 invalid_state": REQUESTS * (PROCESSES - 1)}
    decided = AuditEntry.objects.filter(verb="sharing_request.agree")
    assert before == 0
    assert decided.filter(outcome="success").count() == REQUESTS
    assert decided.filter(outcome="refused", code="invalid_state").count() == answers["409 invalid_state"]
    assert SharingRequest.objects.filter(state="agreed").count() == REQUESTS
    assert Grant.objects.count() == REQUESTS
    assert OutboxEvent.objects.filter(name="sharing_request.agreed").count() == REQUESTS
