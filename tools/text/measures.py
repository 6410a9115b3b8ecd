"""Measures of form: each a function of one text, with its unit and what it says where there is no word.

Knows one text and its words. Must never know a term that was found in data, another document, or a column.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import nan
from string import ascii_letters, ascii_uppercase, digits

from . import lexicons
from .properties import Form
from .words import LINK, sentences_of

_VOWELS = frozenset("aeiouy")
_DISTINCT_OF = 50
_DIGITS, _CAPITALS, _LETTERS = digits.encode(), ascii_uppercase.encode(), ascii_letters.encode()


def measured(of: Form, text: str, words: Sequence[str]) -> float:
    """One measure of one text; NaN where it is not defined.

    Args:
        of: Which measure. Counts are of characters, words, sentences, digits, marks, links, `@` names and `#` tags;
            pronouns, negations and opinion are per 100 words (opinion: words of praise less words of blame);
            `capital letters` and `capitalised words` are percentages of letters and of words of two letters or more;
            `distinct words` is the percentage of different words among the first 50, undefined for shorter texts;
            `reading grade` is that of Flesch and Kincaid, with syllables counted by groups of vowels (English only).
        text: The text.
        words: Its words, by `words_of`.
    """
    if of in _BY_SENTENCES:
        return _BY_SENTENCES[of](words, sentences_of(text))
    return _MEASURES[of](text, words)


def measured_all(forms: Sequence[Form], texts: Sequence[str], words: Sequence[Sequence[str]]) -> dict[str, list[float]]:
    """Several measures of many texts, as `measured` has them; what several share is read once."""
    listed: list[Form] = [form for form in forms if form in _LISTED]
    out: dict[str, list[float]] = {
        form: [_MEASURES[form](t, w) for t, w in zip(texts, words, strict=True)]
        for form in forms
        if form not in _LISTED and form not in _BY_SENTENCES
    }
    by_sentences: list[Form] = [form for form in forms if form in _BY_SENTENCES]
    sentences = [sentences_of(text) for text in texts] if by_sentences else []
    out |= {form: list(map(_BY_SENTENCES[form], words, sentences)) for form in by_sentences}
    of: dict[str, list[tuple[int, int]]] = {}
    for at, form in enumerate(listed):
        for lexicon, weight in _LISTED[form]:
            for word in lexicon:
                of.setdefault(word, []).append((at, weight))
    rates: list[list[float]] = [[] for _ in listed]
    for own in words:
        sums = [0] * len(listed)
        for word in own:
            for at, weight in of.get(word, ()):
                sums[at] += weight
        for at, total in enumerate(sums):
            rates[at].append(100.0 * total / len(own) if own else nan)
    return out | dict(zip(listed, rates, strict=True))


@lru_cache(maxsize=50_000)
def syllables(word: str) -> int:
    """Syllables of an English word, by groups of vowels, a silent final e left out; at least 1."""
    groups, before = 0, False
    for c in word:
        vowel = c in _VOWELS
        groups += vowel and not before
        before = vowel
    if word.endswith("e") and not word.endswith(("le", "ee")) and groups > 1:
        groups -= 1
    return max(groups, 1)


_LISTED: dict[Form, tuple[tuple[frozenset[str], int], ...]] = {
    "opinion": ((lexicons.PRAISE, 1), (lexicons.BLAME, -1)),
    "first person singular": ((lexicons.FIRST_SINGULAR, 1),),
    "first person plural": ((lexicons.FIRST_PLURAL, 1),),
    "second person": ((lexicons.SECOND, 1),),
    "third person": ((lexicons.THIRD, 1),),
    "negations": ((lexicons.NEGATIONS, 1),),
}
"""Measures that count words of a list in 100 words, and with which sign."""


def _rate_of(form: Form) -> Callable[[str, Sequence[str]], float]:
    def rate(_: str, words: Sequence[str]) -> float:
        total = sum(weight * (w in listed) for listed, weight in _LISTED[form] for w in words)
        return 100.0 * total / len(words) if words else nan

    return rate


def _ratio(part: float, whole: float, times: float = 1.0) -> float:
    return times * part / whole if whole else nan


def _digits(text: str) -> int:
    return _held(text, _DIGITS) if text.isascii() else sum(c.isdigit() for c in text)


def _capitals(text: str) -> int:
    return _held(text, _CAPITALS) if text.isascii() else sum(c.isupper() for c in text)


def _letters(text: str) -> int:
    return _held(text, _LETTERS) if text.isascii() else sum(c.isalpha() for c in text)


def _held(text: str, signs: bytes) -> int:
    """How many of these signs a text of plain signs holds."""
    plain = text.encode("ascii")
    return len(plain) - len(plain.translate(None, signs))


def _capital_words(text: str, _: Sequence[str]) -> float:
    long = [w for w in text.split() if _letters(w) >= 2]
    return _ratio(sum(w.isupper() for w in long), len(long), 100.0)


def _distinct(_: str, words: Sequence[str]) -> float:
    return nan if len(words) < _DISTINCT_OF else 100.0 * len(set(words[:_DISTINCT_OF])) / _DISTINCT_OF


def _grade(words: Sequence[str], sentences: int) -> float:
    spoken = [w for w in words if w.isalpha() or "'" in w]
    if not spoken or not sentences:
        return nan
    return 0.39 * len(spoken) / sentences + 11.8 * sum(map(syllables, spoken)) / len(spoken) - 15.59


_BY_SENTENCES: dict[Form, Callable[[Sequence[str], int], float]] = {
    "sentences": lambda w, sentences: float(sentences),
    "words per sentence": lambda w, sentences: _ratio(len(w), sentences),
    "reading grade": _grade,
}
"""Measures by the words and the number of sentences."""
_MEASURES: dict[Form, Callable[[str, Sequence[str]], float]] = {
    "characters": lambda t, w: float(len(t)),
    "words": lambda t, w: float(len(w)),
    "characters per word": lambda t, w: _ratio(sum(map(len, w)), len(w)),
    "distinct words": _distinct,
    "digits": lambda t, w: float(_digits(t)),
    "capital letters": lambda t, w: _ratio(_capitals(t), _letters(t), 100.0),
    "capitalised words": _capital_words,
    "question marks": lambda t, w: float(t.count("?") + t.count("？")),
    "exclamation marks": lambda t, w: float(t.count("!") + t.count("！")),
    "links": lambda t, w: float(w.count(LINK)),
    "mentions of users": lambda t, w: float(len([x for x in w if x[0] == "@"])),
    "hashtags": lambda t, w: float(len([x for x in w if x[0] == "#"])),
    **{form: _rate_of(form) for form in _LISTED},
}
