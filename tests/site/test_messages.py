"""English is complete: every Chinese sentence in source and templates has a translation that fits it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import polib
import pytest

import jutong
from jutong.site import messages

SOURCE = Path(jutong.__file__).parent
TEMPLATES = sorted(path for path in SOURCE.rglob("templates/**/*.html") if path.name != "pieces.html")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")

wanted = cache(messages.wanted)


@pytest.mark.parametrize("part", sorted(wanted()))
def test_every_sentence_has_an_english_translation(part: str) -> None:
    lacking = messages.missing(part, wanted()[part])
    assert not lacking, f"`python -m jutong.site.messages extract {part}`, then translate {part}.po"


@pytest.mark.parametrize("path", sorted(messages.CATALOGUES.glob("*.po")), ids=lambda path: path.stem)
def test_translations_keep_the_placeholders_and_hold_no_chinese(path: Path) -> None:
    for entry in polib.pofile(str(path)):
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            if text:
                assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(entry.msgid)), entry.msgid
                assert not re.search(r"[\u3000-\u303f\uff00-\uffef]", text), entry.msgid


def test_a_sentence_has_one_translation_wherever_it_stands() -> None:
    found: dict[str, set[str]] = {}
    for path in messages.CATALOGUES.glob("*.po"):
        for entry in polib.pofile(str(path)):
            if entry.msgstr:
                found.setdefault(entry.msgid, set()).add(entry.msgstr)
    assert not {msgid: texts for msgid, texts in found.items() if len(texts) > 1}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_templates_show_no_chinese_outside_gettext(path: Path) -> None:
    assert not messages.outside_gettext(path.read_text(encoding="utf-8"))


def test_msgids_are_found_in_modules_and_templates() -> None:
    code = (
        'from x import gettext_lazy as 懒\n_("一")\n懒("二")\nN_("三" "四")\nngettext("%d 天", "%d 天", 2)\nprint("五")'
    )
    assert list(messages.in_python(code)) == [("一", ""), ("二", ""), ("三四", ""), ("%d 天", "%d 天")]
    page = (
        '{% translate "甲" %}{% td _("乙") %}{{ x }}{% endtd %}丙'
        "{% blocktranslate with n=x %}共 {{ n }} 条{% endblocktranslate %}"
        "{% blocktranslate count n=x %}一处{% plural %}多处{% endblocktranslate %}"
    )
    assert list(messages.in_template(page)) == [("甲", ""), ("乙", ""), ("共 %(n)s 条", ""), ("一处", "多处")]
    assert messages.outside_gettext(page) == ["{% td  %}{{ x }}{% endtd %}丙"]


def test_extracting_keeps_translations_and_drops_what_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "CATALOGUES", tmp_path)
    assert messages.extract("demo", {("一", ""): ["a.py"], ("%d 天", "%d 天"): ["b.py"]}) == 2
    book = polib.pofile(str(tmp_path / "demo.po"))
    next(entry for entry in book if entry.msgid == "一").msgstr = "one"
    book.save()
    assert messages.missing("demo", [("一", ""), ("%d 天", "%d 天")]) == [("%d 天", "%d 天")]
    assert messages.extract("demo", {("一", ""): ["c.py"]}) == 0
    (entry,) = polib.pofile(str(tmp_path / "demo.po"))
    assert (entry.msgid, entry.msgstr) == ("一", "one")
    assert messages.compile_all() == 1
    assert (tmp_path / "django.mo").exists()


def test_an_unknown_command_says_how_to_use_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert messages.main(["nonsense"]) == 2
    assert "extract" in capsys.readouterr().err
