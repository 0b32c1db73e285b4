"""Django's settings, made from Jutong's own (kernel.settings): what an administrator sets stands there."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from jutong.kernel.keys import django_secret
from jutong.kernel.settings import settings
from jutong.logs import dictionary

_own = settings()
_SITE = Path(__file__).parent

SLICES = [
    name
    for name in (
        "standards", "parties", "sources", "catalogue", "datacentre", "grants", "services", "exchange", "agreements",
        "sharing", "usage", "correction", "openportal", "federation", "projects", "oversight",
    )
    if (_SITE.parent / "slices" / name / "apps.py").exists()
]  # fmt: skip
SECRET_KEY = django_secret()
DEBUG = _own.debug
ALLOWED_HOSTS = _own.allowed_hosts
ROOT_URLCONF = "jutong.site.urls"
WSGI_APPLICATION = "jutong.site.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django_htmx",
    "procrastinate.contrib.django",
    "jutong.kernel",
    *(f"jutong.slices.{name}" for name in SLICES),
    "jutong.site",
]
MIDDLEWARE = [
    "jutong.site.health.answered_first",
    "jutong.site.metrics.counted",
    "jutong.site.middleware.security_headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "jutong.site.middleware.bounded_body",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "jutong.site.middleware.known_actor",
    "jutong.site.middleware.refusals",
    "django_htmx.middleware.HtmxMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_SITE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "jutong.site.context.shell",
            ],
            "builtins": ["jutong.kernel.faces.templatetags.jutong"],
        },
    }
]


def database(url: str) -> dict[str, object]:
    """Return Django's database settings for a PostgreSQL address; the host may be a socket folder (`?host=`)."""
    parts = urlsplit(url)
    query = dict(pair.partition("=")[::2] for pair in parts.query.split("&") if pair)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.get("host", "")) or parts.hostname or "",
        "PORT": parts.port or "",
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"application_name": "jutong"},
    }


DATABASES = {"default": database(os.environ.get("JUTONG_DATABASE_URL", _own.database_url) or "postgresql:///jutong")}

AUTH_USER_MODEL = "parties.Account"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTHENTICATION_BACKENDS = ["jutong.site.accounts.Accounts"]
LOGIN_URL = "sign_in"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = _own.session_hours * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _own.tls
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_HTTPONLY = False
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [_own.web_origin]
CSRF_FAILURE_VIEW = "jutong.site.pages.shell.csrf_failed"
SECURE_CONTENT_TYPE_NOSNIFF = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 25_000  # an entry of 2,000 items, each of up to ten fields
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "jutong_language"
LOCALE_PATHS = [_SITE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATICFILES_DIRS = [_SITE / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_MANIFEST_STRICT = False

LOGGING = dictionary(_own.log_format)
