"""What pages and the API share: answers, who asks, forms, navigation, once-tokens, rate limits and downloads."""

from __future__ import annotations

from jutong.kernel.faces.actors import actor_of
from jutong.kernel.faces.addresses import client_address
from jutong.kernel.faces.answers import done, page, partial, posted, problem, progressed, refused
from jutong.kernel.faces.forms import Form, told
from jutong.kernel.faces.once import rehearsal
from jutong.kernel.faces.signing import signed

__all__ = [
    "Form",
    "actor_of",
    "client_address",
    "done",
    "page",
    "partial",
    "posted",
    "problem",
    "progressed",
    "refused",
    "rehearsal",
    "signed",
    "told",
]
