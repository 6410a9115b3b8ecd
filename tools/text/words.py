"""A text as words and sentences: the one way in which every measure, term and theme reads it.

Knows characters. Must never know a term, a column, or why words are counted.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import NamedTuple, cast

_WORD = re.compile(
    r"https?://\S+|www\.\S+"
    r"|[@#]?[^\W_]+(?:['’][^\W_]+)*"
)
_ALONE = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]"
)
"""Scripts that set no space between words: each character is a word of its own."""
_STOP = re.compile(r"[.!?…]+(?=\s|$|[\"'”’)\]])|[。！？]+|\n\s*\n")
_LETTER = re.compile(r"[^\W_]")
LINK = "<link>"
"""What stands for every address: which page it was says little, that there is one says something."""


def words_of(text: str) -> list[str]:
    """The words of a text in order, in lower case, accents kept; `@name` and `#tag` are words of their own.

    Compatibility forms are unified (NFKC), apostrophes straightened, addresses are `<link>`. Characters of scripts
    without spaces between words are words of their own.
    """
    plain: str = text if text.isascii() else unicodedata.normalize("NFKC", text)
    if plain.isascii():
        low = plain.lower()
        return _each(plain) if "http" in low or "www." in low else _WORD.findall(low)
    if "http" in plain or "www." in plain or _ALONE.search(plain):
        return _each(plain)
    # With a space between words the lower case of none hangs on its neighbours, as that of a final sigma would.
    found = cast(str, " ".join(_WORD.findall(plain)))
    return found.lower().replace("’", "'").split(" ") if found else []


Spoken = Mapping[str, list[str]]
"""Documents with their words, so that what several readers need is read once."""


def spoken(texts: Iterable[str | None]) -> dict[str, list[str]]:
    """The words of documents by document, equal words as one string: less memory, and quicker to look up."""
    once: dict[str, str] = {}
    words = {text: words_of(text) for text in dict.fromkeys(texts) if text is not None}
    return {text: list(map(once.setdefault, own, own)) for text, own in words.items()}


def words_from(known: Spoken | None, texts: Iterable[str]) -> list[list[str]]:
    """The words of each text, those of known documents as they were read."""
    if not known:
        return [words_of(text) for text in texts]
    return [known[text] if text in known else words_of(text) for text in texts]


def _each(plain: str) -> list[str]:
    """The words where some are addresses, or of scripts without spaces: looked at one by one."""
    out: list[str] = []
    for found in _WORD.findall(plain):
        if found.startswith(("http", "www.")) and ("://" in found or found.startswith("www.")):
            out.append(LINK)
        elif found.isascii() or not _ALONE.search(found):
            out.append(found.lower().replace("’", "'"))
        else:
            out.extend(_apart(found.lower()))
    return out


def sentences_of(text: str) -> int:
    """How many sentences a text has, at least 1 where it has any word.

    A sentence ends at `.`, `!`, `?` or `…` before a space, a closing quote or the end, at their forms of other scripts,
    or at an empty line. Abbreviations count as ends, in every text alike.
    """
    return sum(_LETTER.search(part) is not None for part in _STOP.split(text))


def stands_alone(character: str) -> bool:
    """Whether a character is a word of its own: those of scripts that set no space between words."""
    return _ALONE.match(character) is not None


def _apart(found: str) -> list[str]:
    out, run = [], ""
    for c in found:
        if _ALONE.match(c):
            if run:
                out.append(run)
            out.append(c)
            run = ""
        else:
            run += c
    return [*out, run] if run else out


class Placed(NamedTuple):
    """A word with where it stands in its text."""

    word: str
    start: int
    end: int


def placed_words(text: str) -> list[Placed]:
    """The words of `words_of` with their places in `text`; empty in the rare text whose places cannot be told.

    They cannot where unifying compatibility forms joins characters that stand apart.
    """
    plain, origin = _unified(text)
    words = words_of(text)
    out: list[Placed] = []
    for found in _WORD.finditer(plain):
        start, end = found.span()
        alone = found.group().isascii() or not _ALONE.search(found.group())
        for part in [found.group()] if alone or found.group().startswith(("http", "www.")) else _apart(found.group()):
            stop = end if alone else start + len(part)
            if len(out) == len(words):
                return []
            out.append(Placed(words[len(out)], origin[start], origin[stop]))
            start = stop
    return out if len(out) == len(words) else []


def _unified(text: str) -> tuple[str, list[int]]:
    """The text in compatibility forms, and for each place in it (and its end) the place in the text as it is."""
    if text.isascii():
        return text, list(range(len(text) + 1))
    parts: list[str] = []
    origin: list[int] = []
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        part = unicodedata.normalize("NFKC", text[start:end])
        parts.append(part)
        origin.extend(start if at == 0 else min(start + at, end) for at in range(len(part)))
        start = end
    return "".join(parts), [*origin, len(text)]
