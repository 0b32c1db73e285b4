"""What people would type, and whether what they mean is among the first ten: 150 questions over two portals' catalogues."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from pathlib import Path

import pytest

from jutong.kernel.actors import system_actor
from jutong.slices.catalogue import actions, search
from jutong.slices.catalogue.models import Entry
from jutong.slices.catalogue.rules.text import title_key
from published import put_in_force
from realdata import realdata
from world import World

BY = system_actor("test")
QUERIES = Path(__file__).with_name("queries.tsv")
GOAL = 0.9


def questions() -> list[tuple[str, str, frozenset[str]]]:
    """Return kind, question and the digests of the titles that answer it: short, long, reordered, typo, pinyin, synonym."""
    with QUERIES.open(encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return [(row["kind"], row["query"], frozenset(row["expected"].split())) for row in rows]


def digest(title: str) -> str:
    return hashlib.sha256(title_key(title).encode()).hexdigest()[:10]


@pytest.mark.slow
def test_nine_of_ten_answers_are_among_the_first_ten(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    for name, region in (("shanghai_shanghai", "511002"), ("zhejiang_hangzhou", "511000")):
        actions.import_file(realdata("catalogues", "cn-portals", f"{name}.json"), region=region, by=BY, at=world.at)
    put_in_force(Entry.objects.all(), at=world.at)
    actor = world.actor("market.clerk")
    recalls: dict[str, list[float]] = defaultdict(list)
    ranks: dict[str, list[float]] = defaultdict(list)
    missed = []
    for kind, text, expected in questions():
        found = [digest(row.title) for row in search.search(text, actor=actor, size=10, facets=False).found]
        hits = len(expected & set(found))
        recalls[kind].append(min(1.0, hits / min(10, len(expected))))
        place = next((number for number, one in enumerate(found, 1) if one in expected), 0)
        ranks[kind].append(1 / place if place else 0.0)
        missed += [] if hits else [f"{kind}: {text}"]
    every = [one for some in recalls.values() for one in some]
    with capsys.disabled():
        print()
        for kind, some in recalls.items():
            print(
                f"{kind:10} recall@10 {sum(some) / len(some):.3f}  MRR {sum(ranks[kind]) / len(some):.3f}  of {len(some)}"
            )
        mrr = sum(one for some in ranks.values() for one in some) / len(every)
        print(f"all        recall@10 {sum(every) / len(every):.3f}  MRR {mrr:.3f}  of {len(every)}")
    assert len(every) == 150
    assert sum(every) / len(every) >= GOAL, missed
