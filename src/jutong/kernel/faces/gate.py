"""Who may come in at all: administrators only from the addresses listed for them."""

from __future__ import annotations

from django.utils.translation import gettext as _

from jutong.kernel.actors import ADMINISTRATORS, Actor
from jutong.kernel.errors import NotAllowed
from jutong.kernel.faces.addresses import is_within, networks
from jutong.kernel.settings import settings


def check_address(actor: Actor) -> None:
    """Refuse one of the three administrators who comes from outside the setting `admin_addresses` (NotAllowed)."""
    allowed = settings().admin_addresses
    if not allowed or not actor.roles & ADMINISTRATORS or is_within(actor.address, networks(tuple(allowed))):
        return
    raise NotAllowed(
        _("管理员账号只能从登记的管理地址登录，当前地址为 %(address)s；请改用登记的终端。") % {"address": actor.address}
    )
