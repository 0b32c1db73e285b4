"""Cut the font of printed papers from Noto Sans CJK SC: the signs listed in kernel/papers/fonts/signs.txt, no others.

`subset.py FONT`; needs fonttools. The list is GB/T 2312, the simplified signs of common dictionaries beyond it (rare signs
of names among them), Latin letters with accents, and the marks of forms.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from fontTools.subset import Options, Subsetter, load_font, save_font

FONTS: Final = Path(__file__).resolve().parents[2] / "src/jutong/kernel/papers/fonts"
SIMPLIFIED: Final = 2
"""Place of the face for Simplified Chinese within the collection."""


def main(source: str) -> None:
    """Write NotoSansSC-Paper.otf beside the list of its signs and the licence."""
    options = Options()
    options.font_number = SIMPLIFIED
    options.hinting = False
    options.layout_features = ["kern", "locl", "vert", "mark", "mkmk", "ccmp"]
    font = load_font(source, options)
    cutter = Subsetter(options)
    cutter.populate(text=(FONTS / "signs.txt").read_text(encoding="utf-8").replace("\n", ""))
    cutter.subset(font)
    save_font(font, str(FONTS / "NotoSansSC-Paper.otf"), options)


if __name__ == "__main__":
    main(sys.argv[1])
