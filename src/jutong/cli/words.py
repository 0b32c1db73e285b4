"""Words of the command line: gettext without Django, and the one way a command says no."""

from __future__ import annotations

import gettext as stdlib
import os
from functools import cache
from importlib.resources import files

import click


@cache
def _catalogue() -> stdlib.NullTranslations:
    """Return the translations: Chinese is in the code itself, English when JUTONG_LANGUAGE=en."""
    if os.environ.get("JUTONG_LANGUAGE", "zh").lower().startswith("zh"):
        return stdlib.NullTranslations()
    folder = str(files("jutong.site") / "locale")
    return stdlib.translation("django", localedir=folder, languages=["en"], fallback=True)


def gettext(text: str) -> str:
    """Return `text` in the language of the command line; the message id is the Chinese text."""
    return _catalogue().gettext(text)


def joined(sentence: str, remedy: str) -> str:
    """Return two sentences in a row: Chinese without a space between them, English with one."""
    return (sentence if sentence.endswith("。") else sentence + " ") + remedy if remedy else sentence


class Stopped(click.ClickException):
    """A command cannot go on: one sentence saying why, and the remedy; exit code 1."""

    def __init__(self, sentence: str, remedy: str = "") -> None:
        super().__init__(joined(sentence, remedy))
        self.sentence = sentence
        self.remedy = remedy


def say(text: str) -> None:
    """Print one line for the person at the terminal, at once."""
    click.echo(text)
