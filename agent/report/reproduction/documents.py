"""A document taken apart again, letter by letter: its words, its sentences, its measures, and where terms stand in it.

Knows one text. Must never know a column, a claim, or the product's own way of reading.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from math import nan

from .lists import LISTS

APOSTROPHES = "'’"
STOPS, STOPS_ELSEWHERE, CLOSING = ".!?…", "。！？", "\"'”’)]"
ALONE = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF), (0x20000, 0x3134F),
)  # fmt: skip
"""Code points of scripts that set no space between words."""
ADDRESS = "<link>"


def word_list(text: str) -> list[str]:
    """The words in order: letters and digits that stand together, in lower case, addresses as `<link>`."""
    return list(walked(unicodedata.normalize("NFKC", text)))


def walked(text: str) -> Iterator[str]:
    """The words met on a walk through the text."""
    at, end = 0, len(text)
    while at < end:
        address = address_end(text, at)
        if address:
            yield ADDRESS
            at = address
            continue
        start = at
        at += text[at] in "@#" and at + 1 < end and text[at + 1].isalnum()
        if not text[at].isalnum():
            at += 1
            continue
        at = word_end(text, at)
        yield from apart(text[start:at])


def address_end(text: str, at: int) -> int:
    """Where an address that begins here ends, or 0."""
    for head in ("http://", "https://", "www."):
        if text.startswith(head, at):
            stop = at + len(head)
            while stop < len(text) and not text[stop].isspace():
                stop += 1
            return stop if stop > at + len(head) else 0
    return 0


def word_end(text: str, at: int) -> int:
    """Where the word that stands here ends; an apostrophe between letters belongs to it."""
    end = len(text)
    while at < end and (text[at].isalnum() or (text[at] in APOSTROPHES and at + 1 < end and text[at + 1].isalnum())):
        at += 1
    return at


def apart(word: str) -> Iterator[str]:
    """The word in lower case; characters of scripts without spaces each alone."""
    if not any(stands_alone(c) for c in word):
        yield word.lower().replace("’", "'")
        return
    run = ""
    for c in word.lower():
        if not stands_alone(c):
            run += c
            continue
        yield from (run, c) if run else (c,)
        run = ""
    yield from (run,) if run else ()


def stands_alone(c: str) -> bool:
    """Whether a character is a word of its own."""
    return any(low <= ord(c) <= high for low, high in ALONE)


def sentence_count(text: str) -> int:
    """Sentences with a letter or digit in them: cut at full stops before a space, a closing quote or the end."""
    count, filled, lines = 0, False, 0
    for at, c in enumerate(text):
        lines = lines + (c == "\n") if c.isspace() else 0
        following = text[at + 1] if at + 1 < len(text) else " "
        cut = c in STOPS_ELSEWHERE or lines == 2 or (c in STOPS and (following.isspace() or following in CLOSING))
        filled = filled or c.isalnum()
        if cut and filled:
            count, filled = count + 1, False
    return count + filled


def vowel_groups(word: str) -> int:
    """Syllables of an English word by its groups of vowels."""
    groups = len(re.findall("[aeiouy]+", word))
    silent = re.search("[^l]e$|^e$", word) is not None and not word.endswith("ee")
    return max(groups - (silent and groups > 1), 1)


def times(words: list[str], term: str) -> int:
    """How often a term stands in the text: a word, a phrase, or a word's beginning where it ends in `*`."""
    parts = term.split(" ")
    stem = "[^ ]*"
    if len(parts) == 1:
        wanted = re.escape(term[:-1]) + stem if term.endswith("*") else re.escape(term)
    else:
        wanted = " ".join(re.escape(p.rstrip("*")) + (stem if p.endswith("*") else "") for p in parts)
    return len(re.findall(f"(?<= )(?={wanted} )", f" {' '.join(words)} "))


def ratio(part: float, whole: float, by: float = 1.0) -> float:
    """A quotient, or nothing where there is nothing to divide by."""
    return by * part / whole if whole else nan


def listed(words: list[str], name: str) -> int:
    """Words that stand in one of the lists."""
    return sum(1 for w in words if w in LISTS[name])


def shouted(text: str) -> float:
    """The percentage of words of two letters or more that are all capitals."""
    long = [w for w in re.split(r"\s+", text) if len([c for c in w if c.isalpha()]) > 1]
    return ratio(len([w for w in long if w == w.upper() and w != w.lower()]), len(long), 100.0)


def school_grade(text: str, words: list[str]) -> float:
    """Flesch and Kincaid's grade."""
    spoken = [w for w in words if "'" in w or w.isalpha()]
    sentences = sentence_count(text)
    if not spoken or not sentences:
        return nan
    return 0.39 * len(spoken) / sentences + 11.8 * sum(vowel_groups(w) for w in spoken) / len(spoken) - 15.59


def variety(words: list[str]) -> float:
    """The percentage of different words among the first fifty."""
    return 2.0 * len(dict.fromkeys(words[:50])) if len(words) >= 50 else nan


FORMS: dict[str, Callable[[str, list[str]], float]] = {
    "characters": lambda t, w: float(len(t)),
    "words": lambda t, w: float(len(w)),
    "sentences": lambda t, w: float(sentence_count(t)),
    "words per sentence": lambda t, w: ratio(len(w), sentence_count(t)),
    "characters per word": lambda t, w: ratio(len("".join(w)), len(w)),
    "distinct words": lambda t, w: variety(w),
    "digits": lambda t, w: float(len([c for c in t if c.isdigit()])),
    "capital letters": lambda t, w: ratio(
        len([c for c in t if c.isupper()]), len([c for c in t if c.isalpha()]), 100.0
    ),
    "capitalised words": lambda t, w: shouted(t),
    "question marks": lambda t, w: float(len(re.findall("[?？]", t))),
    "exclamation marks": lambda t, w: float(len(re.findall("[!！]", t))),
    "links": lambda t, w: float(w.count(ADDRESS)),
    "mentions of users": lambda t, w: float(len([x for x in w if x[0] == "@"])),
    "hashtags": lambda t, w: float(len([x for x in w if x[0] == "#"])),
    "reading grade": school_grade,
    "opinion": lambda t, w: ratio(listed(w, "praise") - listed(w, "blame"), len(w), 100.0),
}


def form(of: str, text: str, words: list[str]) -> float:
    """One measure of a text; those that are no form of their own are rates of a list per hundred words."""
    return FORMS[of](text, words) if of in FORMS else ratio(listed(words, of), len(words), 100.0)
