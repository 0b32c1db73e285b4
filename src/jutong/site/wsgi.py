"""The web site as WSGI, for granian (under ASGI Django was 8 to 10 times slower)."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

from jutong.site.loading import settle

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jutong.site.settings")

LEFT_UNREAD = 1 << 20  # bytes of a body that are still worth reading to keep the connection

_answered = get_wsgi_application()
settle()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer, and read what the view left of a small body: unread, it makes granian cut the connection under the next call."""
    answer = _answered(environ, start_response)
    if int(environ.get("CONTENT_LENGTH") or 0) <= LEFT_UNREAD:
        environ["wsgi.input"].read(LEFT_UNREAD)
    return answer
