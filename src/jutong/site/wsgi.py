"""The web site as WSGI, for granian (under ASGI Django was 8 to 10 times slower)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jutong.site.settings")

application = get_wsgi_application()
