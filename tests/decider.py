"""A process of its own that decides requests as fast as it can: `decider.py ACCOUNT SEED TOGETHER ID…`, one by one or in sets."""

from __future__ import annotations

import json
import random
import sys
from collections import Counter


def main() -> None:
    import django

    django.setup()
    from jutong.kernel.actors import Channel
    from jutong.kernel.errors import Refusal
    from jutong.slices.parties import queries
    from jutong.slices.sharing import actions
    from world import AT

    account, seed, together, *ids = (int(word) for word in sys.argv[1:])
    by = queries.actor_for(account, "127.0.0.1", Channel.API, at=AT)
    random.Random(seed).shuffle(ids)
    print("ready", flush=True)
    sys.stdin.readline()
    answers: Counter[str] = Counter()
    for start in range(0, len(ids), together):
        some = ids[start : start + together]
        try:
            if together > 1:
                decided = actions.decide_alike(some[0], ids=some, by=by, at=AT)
                answers.update({"agreed": len(decided.done), "refused": len(decided.refused)})
            else:
                actions.agree(some[0], by=by, at=AT)
                answers["agreed"] += 1
        except Refusal as refusal:
            answers[f"{refusal.status} {refusal.code}"] += 1
    print(json.dumps(answers), flush=True)


if __name__ == "__main__":
    main()
