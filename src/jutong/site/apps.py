"""The site's Django label."""

from django.apps import AppConfig


class Site(AppConfig):
    """Label `site`."""

    name = "jutong.site"
    label = "site"
