"""What the frame around every page shows: navigation, region, inbox, person, version. Built only when a page asks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.errors import Refusal
from jutong.kernel.faces import actors, answers, navigation
from jutong.kernel.faces.shell import address_of, frame
from jutong.kernel.settings import settings

MOST_SHOWN: Final = 99
_REGION: Final = "region_name"
"""Session key: code and name of the region that the frame shows."""


@dataclass(frozen=True, slots=True)
class Shell:
    """The frame's content; addresses are empty where no slice has the page."""

    actor: Actor | None
    posts: str
    region: str
    navigation: str
    unread: int
    search_url: str
    inbox_url: str
    policy_url: str
    sign_in_url: str
    sign_out_url: str
    language_url: str
    person_links: tuple[tuple[str, str], ...]
    version: str

    @property
    def unread_words(self) -> str:
        """Return the number on the bell, at most 99+."""
        return f"{MOST_SHOWN}+" if self.unread > MOST_SHOWN else str(self.unread)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give templates `shell`, made the first time it is looked at."""
    return {"shell": SimpleLazyObject(lambda: _shell(request))}


def _shell(request: HttpRequest) -> Shell:
    """Build the frame; without the database where that may be why an error page is shown."""
    bare = getattr(request, answers.BARE, False)
    actor = None if bare else _known(request)
    given = frame()
    region = actor.region if actor and actor.region else settings().region
    links = ((_("我的账号"), address_of("my_account")), (_("修改口令"), address_of("password_change")))
    return Shell(
        actor=actor,
        posts=_posts(actor) if actor else "",
        region=_region_name(request, region, known=actor is not None) if region and not bare else "",
        navigation=_drawn(navigation.sections_for(actor, request.path)) if actor else "",
        unread=given.unread(actor) if actor and given.unread else 0,
        search_url=address_of(given.search) if actor else "",
        inbox_url=address_of(given.inbox) if actor else "",
        policy_url=address_of("policy") if actor else "",
        sign_in_url=address_of("sign_in"),
        sign_out_url=address_of("sign_out") if actor else "",
        language_url=address_of("set_language"),
        person_links=tuple((label, url) for label, url in links if url),
        version=installed_version(),
    )


@lru_cache(maxsize=1024)
def _drawn(sections: tuple[navigation.Section, ...]) -> SafeString:
    """Return the navigation as it is drawn, twice on each page: the same for all who may open the same, in one language."""
    return render_to_string("shell/navigation.html", {"sections": sections}) if sections else SafeString()


def _region_name(request: HttpRequest, region: str, *, known: bool) -> str:
    """Return what a region is called; the session of a known person remembers it, for it stands on every page."""
    asked = frame().region_name
    session = getattr(request, "session", None) if known else None
    if asked is None or session is None:
        return asked(region) if asked else ""
    code, name = session.get(_REGION, ("", ""))
    if code != region:
        name = asked(region)
        session[_REGION] = [region, name]
    return str(name)


def _known(request: HttpRequest) -> Actor | None:
    """Return who looks at the page; one who may not come in is nobody here."""
    try:
        return actors.actor_or_none(request)
    except Refusal:
        return None


@cache
def installed_version() -> str:
    """Return the version of the installed package, or nothing when run from bare sources."""
    try:
        return version("jutong")
    except PackageNotFoundError:
        return ""


def _posts(actor: Actor) -> str:
    own = sorted({_(post.role.label) for post in actor.posts if post.acting_for is None})
    acting = sorted({_("代 %(name)s") % {"name": post.acting_for_name} for post in actor.posts if post.acting_for})
    return "、".join([*own, *acting])
