"""Translations: find every msgid in the source, add missing ones to the part's .po, compile all parts into django.mo.

``python -m jutong.site.messages [extract|missing|compile] [PART …]``; a part is a slice's name, kernel, site or cli.
Without a command: all three.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from django.utils.translation.template import templatize

SOURCE: Final = Path(__file__).parents[1]
CATALOGUES: Final = SOURCE / "site" / "locale" / "en" / "LC_MESSAGES"
SHARED: Final = ("site", "kernel")
"""Parts whose translations hold for every other part as well."""

Message = tuple[str, str]
"""msgid and plural msgid (empty where there is none); an msgctxt is not used."""

_MARKS: Final = frozenset({"_", "N_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"})
_LITERAL: Final = r"""u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_CALL: Final = re.compile(rf"\b(_|gettext|ngettext)\({_LITERAL}(?:,\s*{_LITERAL})?", re.DOTALL)
_HANZI: Final = re.compile(r"[\u4e00-\u9fff]")
_CJK: Final = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


def part_of(path: Path) -> str:
    """Return the part a source file belongs to."""
    inside = path.relative_to(SOURCE).parts
    return inside[1] if inside[0] == "slices" and len(inside) > 2 else inside[0]  # noqa: PLR2004


def sources() -> Iterator[Path]:
    """Yield every file that may hold msgids: modules and templates of kernel, slices, site and cli."""
    for top in ("kernel", "slices", "site", "cli"):
        for path in sorted((SOURCE / top).rglob("*")):
            if path.suffix == ".py" or (path.suffix in {".html", ".txt"} and "templates" in path.parts):
                yield path


def in_python(text: str) -> Iterator[Message]:
    """Yield the msgids of a module: literal arguments of the gettext functions and of N_, under any import name."""
    tree = ast.parse(text)
    marks = _MARKS | {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname and alias.name in _MARKS
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name not in marks or not node.args:
            continue
        words = [arg.value for arg in node.args[:2] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if words:
            yield words[0], words[1] if len(words) > 1 and "ngettext" in name else ""


def in_template(text: str) -> Iterator[Message]:
    """Yield the msgids of a template: translate, blocktranslate and _("…") arguments."""
    for call in _CALL.finditer(templatize(text)):
        singular, plural = (ast.literal_eval(part) if part else "" for part in call.groups()[1:])
        yield singular, plural if call.group(1) == "ngettext" else ""


def outside_gettext(text: str) -> list[str]:
    """Return the Chinese that a template shows without marking it for translation."""
    bare = re.sub(r"{%\s*comment\s*%}.*?{%\s*endcomment\s*%}|{#.*?#}", "", text, flags=re.DOTALL)
    bare = re.sub(r"{%\s*blocktrans\w*.*?%}.*?{%\s*endblocktrans\w*\s*%}", "", bare, flags=re.DOTALL)
    bare = re.sub(r"_\((\"[^\"]*\"|'[^']*')\)|{%\s*trans(?:late)?\s+(\"[^\"]*\"|'[^']*')[^%]*%}", "", bare)
    bare = re.sub(r"<button[^>]*lang=\"zh-Hans\">中文</button>", "", bare)
    return [line.strip() for line in bare.splitlines() if _HANZI.search(line)]


def wanted() -> dict[str, dict[Message, list[str]]]:
    """Return every Chinese message by part, with the places where it stands."""
    found: dict[str, dict[Message, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path in sources():
        text = path.read_text(encoding="utf-8")
        place = path.relative_to(SOURCE).as_posix()
        for message in in_python(text) if path.suffix == ".py" else in_template(text):
            if _CJK.search(message[0]):
                found[part_of(path)][message].append(place)
    return found


def catalogue(part: str) -> Any:
    """Return the part's polib catalogue, empty where there is no file yet."""
    import polib

    path = CATALOGUES / f"{part}.po"
    if path.exists():
        return polib.pofile(str(path), wrapwidth=110)
    fresh = polib.POFile(wrapwidth=110)
    fresh.metadata = {
        "Language": "en",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    return fresh


def _is_translated(entry: Any) -> bool:
    plurals = entry.msgstr_plural
    return all(plurals.values()) and len(plurals) > 1 if entry.msgid_plural else bool(entry.msgstr)


def missing(part: str, messages: Iterable[Message]) -> list[Message]:
    """Return the part's messages without an English translation, in the part's own catalogue or a shared one."""
    have = {
        (entry.msgid, entry.msgid_plural)
        for name in {part, *SHARED}
        for entry in catalogue(name)
        if _is_translated(entry)
    }
    return sorted(message for message in messages if message not in have)


def extract(part: str, messages: dict[Message, list[str]]) -> int:
    """Add the missing messages to the part's catalogue with empty translations; drop those no longer used."""
    import polib

    book = catalogue(part)
    kept = [entry for entry in book if (entry.msgid, entry.msgid_plural) in messages]
    lacking = [m for m in missing(part, messages) if m not in {(e.msgid, e.msgid_plural) for e in kept}]
    book[:] = kept
    for msgid, plural in lacking:
        strings: dict[str, Any] = {"msgid_plural": plural, "msgstr_plural": {0: "", 1: ""}} if plural else {}
        book.append(polib.POEntry(msgid=msgid, **strings))
    for entry in book:
        places = sorted(set(messages[entry.msgid, entry.msgid_plural]))
        entry.occurrences = [(place, "") for place in places]
    if kept or lacking:
        CATALOGUES.mkdir(parents=True, exist_ok=True)
        book.sort(key=lambda entry: (entry.occurrences, entry.msgid))
        book.save(str(CATALOGUES / f"{part}.po"))
    return len(lacking)


def compile_all(target: Path | None = None) -> int:
    """Merge every part into one django.mo (shared parts win) and return the number of messages."""
    import polib

    merged = catalogue("-")
    seen: set[Message] = set()
    paths = sorted(CATALOGUES.glob("*.po"), key=lambda path: (path.stem not in SHARED, path.stem))
    for path in paths:
        for entry in polib.pofile(str(path)):
            if (entry.msgid, entry.msgid_plural) not in seen and _is_translated(entry):
                seen.add((entry.msgid, entry.msgid_plural))
                merged.append(entry)
    merged.save_as_mofile(str(target or CATALOGUES / "django.mo"))
    return len(merged)


def main(arguments: list[str]) -> int:
    """Run one of the three commands, or all; return 1 when messages lack their English, 2 for an unknown command."""
    commands = arguments[:1] or ["extract", "compile", "missing"]
    if commands[0] not in {"extract", "compile", "missing"}:
        sys.stderr.write(__doc__ or "")
        return 2
    lacking = 0
    for part, messages in sorted(wanted().items()):
        if arguments[1:] and part not in arguments[1:]:
            continue
        if "extract" in commands:
            sys.stdout.write(f"{part}: {extract(part, messages)} added\n")
        for msgid, plural in missing(part, messages) if "missing" in commands else ():
            lacking += 1
            sys.stdout.write(f"{part}: {msgid!r}  ({', '.join(sorted(set(messages[msgid, plural])))})\n")
    if "compile" in commands:
        sys.stdout.write(f"{compile_all()} messages in django.mo\n")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
