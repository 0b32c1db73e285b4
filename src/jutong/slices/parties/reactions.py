"""What parties gives to the frame around it: who asks, whose key it is, what regions are called, who signed what."""

from __future__ import annotations

from jutong.kernel import clock, signing
from jutong.kernel.actors import Actor, Channel
from jutong.kernel.faces import actors, shell, signed_in
from jutong.slices.parties import actions, queries
from jutong.slices.parties.models import Account
from jutong.slices.parties.queries.actors import actor_of_account


def _actor(account: Account, address: str, channel: Channel) -> Actor:
    return actor_of_account(account, address, channel, at=clock.now())


def _actor_by_key(text: str, address: str) -> Actor:
    return queries.actor_by_key(text, address, at=clock.now())


class _Signatures:
    """Where signatures are demanded, and with which certificate; checked and kept by the action."""

    demanded = staticmethod(queries.signature_demanded)
    certificate = staticmethod(queries.certificate_name)
    verify = staticmethod(actions.verify_signature)


actors.use(_actor)
signing.use(_Signatures())
signed_in.use_keys(_actor_by_key)
shell.regions_by(queries.region_name)
