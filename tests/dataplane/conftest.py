"""What the tests of the gateway share: two databases for each module, a world around each story, a department's interface."""

from gateway_story import databases, story
from interface_server import interface

__all__ = ["databases", "interface", "story"]
