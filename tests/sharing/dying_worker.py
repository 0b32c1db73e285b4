"""A worker that is killed while it delivers agreed requests: what its reactions did is done, but not yet committed."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from datetime import datetime


def main() -> None:
    import django

    django.setup()
    from jutong.kernel import outbox
    from world import AT

    @outbox.on_many("sharing_request.agreed", "grants.version_opened")
    def die(events: Sequence[outbox.Event], at: datetime) -> None:
        print(len(events), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

    while outbox.drain(AT):
        pass


if __name__ == "__main__":
    main()
