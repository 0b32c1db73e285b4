"""The city that every other test stands on."""

from jutong.kernel.actors import Role


def test_every_person_of_the_city_holds_the_post_of_their_key(world):
    assert world.actor("market.head").holds(Role.SHARING_UNIT_HEAD, department_id=world.department("market"))
    assert world.actor("authority.chief").roles == {Role.AUTHORITY_HEAD}
    assert world.actor("admin.audit").roles == {Role.AUDIT_ADMIN}
    assert all(world.actor(key).posts for key in world.keys)


def test_the_city_is_the_same_in_the_next_test_and_nothing_else_is_there(world):
    from jutong.kernel.models import AuditEntry, OutboxEvent
    from jutong.slices.parties.models import Department

    assert Department.objects.count() == 7
    assert not AuditEntry.objects.exists()
    assert not OutboxEvent.objects.exists()
