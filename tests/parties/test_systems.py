"""Business systems and their call keys."""

from datetime import date

import pytest

from covers import covers
from jutong.dataplane import identity
from jutong.kernel.errors import Conflict, NotAllowed, RuleBroken, Unavailable, WrongState
from jutong.kernel.models import OutboxEvent, PolicyAssignment
from jutong.kernel.settings import settings
from jutong.slices.parties import actions, queries
from jutong.slices.parties.models import BusinessSystem


@covers(partly=["R-EXC-005"])
def test_the_key_is_shown_once_and_kept_only_sealed_to_the_data_plane(world):
    key = world.system("market")
    row = BusinessSystem.objects.get(pk=key.system_id)
    node = identity.establish(settings().home / "nodes" / "local", at=world.at)
    assert node.signer.unseal(bytes(row.sealed_key)).hex() == key.secret
    assert len(bytes.fromhex(key.secret)) == 32
    held = " ".join(str(getattr(row, f.attname)) for f in row._meta.concrete_fields)
    assert key.secret not in held
    caller = queries.callers([key.system_id])[0]
    assert (caller.key_id, caller.sealed_key, caller.active) == (key.key_id, bytes(row.sealed_key), True)


def test_a_new_key_replaces_the_old_and_every_change_is_published(world):
    key = world.system("market")
    fresh = actions.rotate_key(key.system_id, by=world.actor("market.engineer"), at=world.at)
    assert fresh.key_id != key.key_id
    assert [c.key_id for c in queries.callers([key.system_id])] == [fresh.key_id]
    actions.disable_system(key.system_id, by=world.actor("market.engineer"), at=world.at)
    assert not queries.callers([key.system_id])[0].active
    subject = f"business_system:{key.system_id}"
    assert OutboxEvent.objects.filter(name="parties.system_changed", subject=subject).count() == 3
    with pytest.raises(WrongState):
        actions.rotate_key(key.system_id, by=world.actor("market.engineer"), at=world.at)


TESTED = {"transport": "tls", "protection": "等级保护三级", "record": "返回 200"}


@covers("R-EXC-011")
def test_a_system_is_connected_only_by_a_test_that_succeeded(world):
    key, operator = world.system("market"), world.actor("authority.operator")
    assert queries.system(key.system_id, operator).state == "registered"
    with pytest.raises(WrongState, match="没有连通测试记录"):
        actions.connect_system(key.system_id, **TESTED | {"record": " "}, by=operator, at=world.at)
    actions.note_test(key.system_id, record="超时", by=operator, at=world.at)
    assert queries.system(key.system_id, operator).state == "testing"
    actions.connect_system(key.system_id, **TESTED, by=operator, at=world.at)
    row = queries.system(key.system_id, operator)
    assert (row.state, row.connected_on, row.connection_record) == ("connected", world.at.date(), "返回 200")


@covers("R-SEC-026")
def test_a_system_that_offers_plain_transport_or_no_protection_record_is_not_connected(world):
    key, operator = world.system("market"), world.actor("authority.operator")
    with pytest.raises(RuleBroken, match="明文传输") as refused:
        actions.connect_system(key.system_id, **TESTED | {"transport": "plain"}, by=operator, at=world.at)
    assert refused.value.field == "transport"
    with pytest.raises(WrongState, match="防护情况"):
        actions.connect_system(key.system_id, **TESTED | {"protection": ""}, by=operator, at=world.at)
    assert queries.system(key.system_id, operator).state == "registered"


@covers("R-EXC-012")
def test_a_system_that_shares_across_departments_is_put_into_operation_only_when_connected(world):
    engineer, operator = world.actor("market.engineer"), world.actor("authority.operator")
    sharing, alone = world.system("market", "共享"), world.system("market", "自用", cross_department=False)
    with pytest.raises(WrongState, match="尚未接入平台"):
        actions.operate_system(sharing.system_id, by=engineer, at=world.at)
    actions.operate_system(alone.system_id, by=engineer, at=world.at)
    assert queries.system(alone.system_id, engineer).state == "in_operation"
    particulars = {"purpose": "", "zone": "outer", "addresses": [], "cross_department": True}
    with pytest.raises(WrongState, match="不能改为需要跨部门共享"):
        actions.change_system(alone.system_id, **particulars, by=engineer, at=world.at)
    actions.connect_system(sharing.system_id, **TESTED, by=operator, at=world.at)
    actions.operate_system(sharing.system_id, by=engineer, at=world.at)
    assert queries.system(sharing.system_id, engineer).operating_since == world.at.date()


@covers("R-EXC-014")
def test_a_network_outside_the_profile_needs_an_exception_and_an_unknown_one_is_refused(world):
    def register(profile, network, **more):
        PolicyAssignment.objects.all().delete()
        PolicyAssignment.objects.create(
            region=world.region, profile=profile, version=1, effective_from=date(2020, 1, 1), assigned_at=world.at
        )
        return world.system("market", f"{profile}{network}{len(more)}", network=network, **more)

    with pytest.raises(RuleBroken, match="例外依据") as refused:
        register("liyang-2020", "inner")
    assert refused.value.field == "network"
    assert register("liyang-2020", "inner", network_exception="市委办〔2026〕3号")
    assert register("jiangxi-2017", "inner")
    assert register("jiangxi-2017", "outer")
    with pytest.raises(RuleBroken) as refused:
        register("jiangxi-2017", "moon")
    assert (refused.value.field, "承载网络" in refused.value.sentence) == ("network", True)


def test_a_retired_system_calls_no_more_and_stays_off(world):
    key = world.system("market")
    actions.retire_system(key.system_id, by=world.actor("market.engineer"), at=world.at)
    assert not queries.callers([key.system_id])[0].active
    with pytest.raises(WrongState, match="已退役"):
        actions.enable_system(key.system_id, by=world.actor("authority.operator"), at=world.at)


def test_only_the_department_and_the_platforms_registrars_keep_systems(world):
    key = world.system("market")
    for name in ("hr.engineer", "market.clerk", "admin.security", "admin.audit", "audit.auditor"):
        with pytest.raises(NotAllowed):
            actions.rotate_key(key.system_id, by=world.actor(name), at=world.at)
        with pytest.raises(NotAllowed):
            actions.register_system(
                department_id=world.department("market"), name="x", by=world.actor(name), at=world.at
            )


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"addresses": ["nowhere"]}, "addresses"),
        ({"addresses": ["10.0.0.1"] * 21}, "addresses"),
        ({"zone": "moon"}, "zone"),
        ({"name": ""}, "name"),
        ({"purpose": "a\x00"}, "purpose"),
    ],
)
def test_bad_particulars_are_refused_by_field(world, given, field):
    world.system("market")
    with pytest.raises(RuleBroken) as refused:
        actions.register_system(
            **({"department_id": world.department("market"), "name": "某系统"} | given),
            by=world.actor("market.head"),
            at=world.at,
        )
    assert refused.value.field == field


def test_a_name_is_taken_once_in_a_department_and_addresses_become_networks(world):
    world.system("market", "系统甲", addresses=["10.1.2.3", "10.2.0.9/16"])
    with pytest.raises(Conflict):
        world.system("market", "系统甲")
    assert world.system("hr", "系统甲")
    assert queries.systems(department_id=world.department("market"))[0].addresses == ("10.1.2.3/32", "10.2.0.0/16")


def test_before_the_data_plane_is_set_up_no_key_is_given_out(world, monkeypatch, tmp_path):
    monkeypatch.setattr(settings(), "home", tmp_path)
    with pytest.raises(Unavailable, match="jutong setup"):
        actions.register_system(
            department_id=world.department("market"), name="早", by=world.actor("market.head"), at=world.at
        )


def test_another_platforms_signature_is_chosen_only_with_the_addresses_it_may_come_from(world):
    engineer = world.actor("market.engineer")
    key = world.system("market")
    given = {"purpose": "", "zone": "outer", "signing": "national"}
    with pytest.raises(RuleBroken, match="来源地址"):
        actions.change_system(key.system_id, **given, addresses=[], by=engineer, at=world.at)
    with pytest.raises(RuleBroken, match="不在可选范围内"):
        actions.change_system(key.system_id, **given | {"signing": "md4"}, addresses=[], by=engineer, at=world.at)
    actions.change_system(key.system_id, **given, addresses=["10.1.2.0/24"], by=engineer, at=world.at)
    assert queries.callers([key.system_id])[0].scheme == "national"
    page = world.client("market.engineer").get(f"/parties/systems/{key.system_id}").content.decode()
    assert "国家平台方式" in page
    actions.change_system(key.system_id, purpose="", zone="outer", addresses=[], by=engineer, at=world.at)
    assert queries.callers([key.system_id])[0].scheme == ""
