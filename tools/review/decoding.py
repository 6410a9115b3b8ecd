"""Signs that a text was decoded wrongly: UTF-8 read as another encoding, letters that were replaced.

Knows letters and bytes. Must never know a column or a language.
"""

from ..data.inference_formats import literal

MOJIBAKE = (
    "[ÃÂ][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013\u2014\u2018-\u201e\u2020-\u2022"
    "\u2026\u2030\u2039\u203a\u20ac\u2122]|â(€|\u0080)|Ð[\u0080-\u00bf]|�|ï»¿"
)
"""UTF-8 read as Latin-1 or Windows-1252, the replacement character, and a byte order mark within a text (RE2)."""


def damaged_sql(cell: str) -> str:
    """SQL that holds where a text shows signs of a wrong decoding."""
    return f"regexp_matches({cell}, {literal(MOJIBAKE)})"


def repaired(text: str) -> str | None:
    """What a text was before UTF-8 was read as Windows-1252 or Latin-1; None where it was not."""
    for encoding in ("cp1252", "latin-1"):
        try:
            back = text.encode(encoding).decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            continue
        if back != text:
            return back
    return None


def lost(text: str, known: str) -> bool:
    """Whether a text is a known one whose letters beyond ASCII became one or more `?` or replacement characters."""
    if known.isascii() or not ("?" in text or "�" in text):
        return False
    at = 0
    for ch in known:
        if ch.isascii():
            if at >= len(text) or text[at] != ch:
                return False
            at += 1
        else:
            start = at
            while at < len(text) and text[at] in "?�" and at - start < 3:
                at += 1
            if at == start:
                return False
    return at == len(text)
