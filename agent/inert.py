"""Text as a terminal may be given it whole: lines and blanks kept, nothing in it that would be obeyed or not seen.

Knows characters. Must never know what a text says. For what is printed as it stands: an error or a command that quotes
a name, a query that a model wrote. Light, since every command prints through it.
"""

import unicodedata

_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_JOINERS = "\u200c\u200d"
"""Zero-width joiners that scripts and emoji need."""


def inert(text: str) -> str:
    """`text` with every invisible or control character but the line break as a visible `�`."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "".join("�" if c not in f"\n{_JOINERS}" and unicodedata.category(c) in _HIDDEN else c for c in text)
