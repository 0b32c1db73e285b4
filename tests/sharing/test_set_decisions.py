"""A set of requests is decided as each would be alone: states, grants, trail, clocks, notices and events are the same."""

from __future__ import annotations

from copy import copy as copy_of
from typing import Any

import msgspec
import pytest
from test_requests import filed, reply

from jutong.kernel import agenda
from jutong.kernel.errors import Refusal
from jutong.kernel.models import AuditEntry, Clock, InboxItem, OutboxEvent
from jutong.slices.grants.models import BundleItem, Grant
from jutong.slices.sharing import actions
from jutong.slices.sharing.models import SharingRequest
from jutong.wire import grants as wire
from published import published
from world import World

REFUSAL = actions.Reply(agree=False, reason="与履行职责无关，超出最小够用范围")
LOOKS_THE_SAME = {"id": 0, "grant_id": 0, "case_ref": "", "number": ""}


@pytest.fixture(autouse=True)
def _node(world: World) -> None:
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=world.at)


def _templates(world: World) -> list[SharingRequest]:
    """Return requests as a head may meet them: two to agree to, refused in draft, undrafted, decided, of another department."""
    resource, other = published(world), published(world, "market", title="市场主体登记信息")
    good, narrow, bad, early, late = (filed(world, resource) for _n in range(5))
    foreign = filed(world, other)
    officer = world.actor("civil.officer")
    actions.prepare_reply(good, by=officer, at=world.at, reply=reply())
    some = reply(items=(actions.GrantedItem("公民身份号码"),), scope="仅核验", remarks="按月核对")
    actions.prepare_reply(narrow, by=officer, at=world.at, reply=some)
    actions.prepare_reply(bad, by=officer, at=world.at, reply=REFUSAL)
    actions.prepare_reply(foreign, by=world.actor("market.officer"), at=world.at, reply=reply(conditions=()))
    beyond = reply(items=(actions.GrantedItem("公民身份号码"),), modes=("online_query",), purposes=("gone",))
    actions.prepare_reply(late, by=officer, at=world.at, reply=reply())
    found = [SharingRequest.objects.get(pk=one.pk) for one in (good, narrow, bad, early, late, foreign)]
    outdated = copy_of(found[0])  # what its reply names was struck off the list since
    outdated.reply = msgspec.to_builtins(beyond)
    return [*found, outdated]


def _copies(templates: list[SharingRequest], name: str) -> list[int]:
    ids = []
    for place, one in enumerate(templates):
        row = copy_of(one)
        row.pk, row.number = None, f"SR-2026-{name}{place}"
        row.save(force_insert=True)
        runs = Clock.objects.get(case_kind="sharing_request", case_id=one.pk)
        runs.pk, runs.case_id = None, row.pk
        runs.save(force_insert=True)
        ids.append(row.pk)
    return ids


def _left(ids: list[int]) -> list[Any]:
    """Return what is found of each request afterwards, without what names it."""
    found = []
    for pk in ids:
        case = SharingRequest.objects.get(pk=pk)
        grant = Grant.objects.filter(case_ref=f"sharing_request:{pk}").first()
        assert case.grant_id == (grant and grant.pk)
        subjects = [("sharing_request", str(pk)), *([("grant", str(grant.pk))] if grant else [])]
        trail = [e for kind, key in subjects for e in AuditEntry.objects.filter(subject_kind=kind, subject_id=key)]
        told = [e for kind, key in subjects for e in OutboxEvent.objects.filter(subject=f"{kind}:{key}").order_by("pk")]
        letters = InboxItem.objects.filter(link=f"/sharing/requests/{pk}/")
        clocks = Clock.objects.filter(case_kind="sharing_request", case_id=pk).order_by("name")
        found.append({
            "case": (case.state, case.previous_state, case.revision, case.replied_at, case.reply_reason),
            "grant": grant and _granted(grant),
            "trail": sorted((e.verb, e.outcome, e.code, e.reason, e.actor_id, e.acting_for, str(e.detail), bool(e.before), bool(e.after)) for e in trail),
            "clocks": [(c.name, c.state, c.stopped_at, c.due_day, c.days, c.explanation, c.obliged_id) for c in clocks],
            "told": [(e.name, {**e.payload, **{k: v for k, v in LOOKS_THE_SAME.items() if k in e.payload}}) for e in told],
            "letters": [(i.department_id, i.title.replace(case.number or "", ""), i.text) for i in letters],
        })  # fmt: skip
    return found


def _granted(grant: Grant) -> Any:
    """Return a grant's terms, versions and what the data plane knows of it, without ids and keys."""
    own = {"id", "case_ref", "origin", "hash_key", "own_hash_key"}
    columns = {f.attname: getattr(grant, f.attname) for f in grant._meta.concrete_fields if f.attname not in own}
    versions = list(grant.versions.values_list("version", "content", "agreed", "at", "by_name"))
    body = bytes(BundleItem.objects.get(kind="grants", key=str(grant.pk), removed=False).body)
    known = msgspec.structs.asdict(msgspec.json.decode(body, type=wire.Grant))
    return columns, versions, {name: value for name, value in known.items() if name not in own}


def test_a_set_is_decided_exactly_as_one_by_one(world: World, django_assert_max_num_queries: Any) -> None:
    head, templates = world.actor("civil.head"), _templates(world)
    alone, together = _copies(templates, "1"), _copies(templates, "2")
    for ids in (alone, together):
        actions.agree(ids[4], by=head, at=world.at)
    refused = {}
    for place, pk in enumerate(alone):
        try:
            actions.agree(pk, by=head, at=world.at)
        except Refusal as refusal:
            refused[together[place]] = refusal.sentence.replace(templates[place].number or "", "")
    with django_assert_max_num_queries(60):
        decided = agenda.decide("sharing_request", "agree", together[::-1], by=head, at=world.at)
    assert (decided.done, decided.refused) == (together[:2], refused)
    assert _left(together) == _left(alone)
    states = [row["case"][0] for row in _left(together)]
    assert states == ["agreed", "agreed", "reply_prepared", "received", "agreed", "reply_prepared", "reply_prepared"]


def test_the_same_is_true_of_refusals_and_each_tells_its_consumer_why(world: World) -> None:
    head, templates = world.actor("civil.head"), _templates(world)
    alone, together = _copies([templates[2]] * 2, "1"), _copies([templates[2]] * 2, "2")
    for pk in alone:
        actions.refuse(pk, by=head, at=world.at)
    decided = actions.decide_alike(together[0], ids=[*together, templates[0].pk], by=head, at=world.at)
    assert (decided.done, list(decided.refused)) == (together, [templates[0].pk])
    assert _left(together) == _left(alone)
    assert _left(together)[1]["letters"][0][2] == REFUSAL.reason
