"""Rounds: something changes, something runs in some mode, something breaks at some moment; then both ends are compared."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

from chaos import folders, tables
from chaos.between import Between
from chaos.calls import Calls
from chaos.ground import FAULTS, FILE_FAULTS, Ground, ground
from chaos.parcels import Parcels
from chaos.score import Deck, Score
from chaos.servers import Servers


class Kind(Protocol):
    """Modes that share a ground."""

    def play(self, rng: random.Random, score: Score) -> str:
        """Play one round, add what it came to, and return its mode."""


class Mode(Protocol):
    """One way in which the runner is asked for something."""

    @property
    def name(self) -> str:
        """How it is called in the score."""

    @property
    def lines(self) -> tuple[str, ...]:
        """What a run talks over."""

    def begun(self, made: Ground, rng: random.Random, number: int) -> str:
        """Change the source, send an order and return its id."""

    def judged(self, made: Ground, number: int, score: Score) -> None:
        """Hold both ends against each other."""


class Orders:
    """Rounds of orders of some modes."""

    def __init__(self, made: Ground, modes: Deck[Mode], faults: Deck[str]) -> None:
        self._made, self._modes, self._faults = made, modes, faults

    def play(self, rng: random.Random, score: Score) -> str:
        """Play one round."""
        mode, made = self._modes.deal(), self._made
        made.revive()
        order = mode.begun(made, rng, score.rounds)
        for _ in range(rng.randrange(1, 4)):
            time.sleep(rng.uniform(0, 0.5))
            fault = self._faults.deal()
            score.faults[fault] += 1
            made.broken(fault, mode.lines, rng)
        made.outcome(order)
        mode.judged(made, score.rounds, score)
        return mode.name


def orders(folder: Path, servers: Servers, rng: random.Random, closing: ExitStack) -> dict[str, Kind]:
    """Raise the runner's ground: rounds of one engine, with the other, of batch files and of folders."""
    made = closing.enter_context(ground(folder, servers))
    for engine in tables.MAKE:
        tables.made_ledger(made, engine)
    for each in folders.MODES:
        each.prepared(made)
    made.publish()
    found: dict[str, list[Mode]] = {"postgresql": [], "mariadb": [], "batch": [], "files": [*folders.MODES]}
    for mode in tables.MODES:
        found["batch" if isinstance(mode, tables.Batch) else "mariadb" if _with_mariadb(mode) else "postgresql"] += [
            mode
        ]
    faults = Deck(rng, FAULTS)
    broken = {name: Deck(rng, FILE_FAULTS) if name == "files" else faults for name in found}
    return {name: Orders(made, Deck(rng, modes), broken[name]) for name, modes in found.items()}


def _with_mariadb(mode: tables.Table) -> bool:
    return "mysql" in (mode.source, mode.target)


def run(
    folder: Path, rounds: int, seed: int, *, only: Collection[str] = (), told: Callable[[str], Any] = print
) -> Score:
    """Play so many rounds, each kind in turn (or some `only`), and return the score; the seed says which."""
    rng, score = random.Random(seed), Score()
    with ExitStack() as closing:
        servers = Servers(folder)
        closing.callback(servers.stop)
        calls, parcels = Calls(folder, servers, rng), Parcels(folder, rng)
        closing.callback(parcels.stop)
        kinds: dict[str, Kind] = {
            "calls": calls,
            "parcels": parcels,
            "between": Between(parcels, servers, rng),
        } | orders(folder, servers, rng, closing)
        deck = Deck(rng, [kind for name, kind in kinds.items() if not only or name in only])
        while score.rounds < rounds:
            began = time.monotonic()
            mode = deck.deal().play(rng, score)
            score.rounds += 1
            score.modes[mode] += 1
            told(f"{time.monotonic() - began:5.1f} s  {mode:32} {score.line()}")
    return score
