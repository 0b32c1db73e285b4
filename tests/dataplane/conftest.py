"""What the tests of the gateway share: two databases for each module, and a world raised around each story."""

from gateway_story import databases, story

__all__ = ["databases", "story"]
