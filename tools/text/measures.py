"""Measures of form: each a function of one text, with its unit and what it says where there is no word.

Knows one text and its words. Must never know a term that was found in data, another document, or a column.
"""

from collections.abc import Callable, Sequence
from math import nan

from . import lexicons
from .properties import Form
from .words import LINK, sentences_of

_VOWELS = frozenset("aeiouy")
_DISTINCT_OF = 50


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
    return _MEASURES[of](text, words)


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


def _per_hundred(listed: frozenset[str]) -> Callable[[str, Sequence[str]], float]:
    def rate(_: str, words: Sequence[str]) -> float:
        return 100.0 * sum(w in listed for w in words) / len(words) if words else nan

    return rate


def _opinion(_: str, words: Sequence[str]) -> float:
    if not words:
        return nan
    return 100.0 * sum((w in lexicons.PRAISE) - (w in lexicons.BLAME) for w in words) / len(words)


def _ratio(part: float, whole: float, times: float = 1.0) -> float:
    return times * part / whole if whole else nan


def _capital_words(text: str, _: Sequence[str]) -> float:
    long = [w for w in text.split() if sum(c.isalpha() for c in w) >= 2]
    return _ratio(sum(w.isupper() for w in long), len(long), 100.0)


def _distinct(_: str, words: Sequence[str]) -> float:
    return nan if len(words) < _DISTINCT_OF else 100.0 * len(set(words[:_DISTINCT_OF])) / _DISTINCT_OF


def _grade(text: str, words: Sequence[str]) -> float:
    spoken = [w for w in words if w.isalpha() or "'" in w]
    sentences = sentences_of(text)
    if not spoken or not sentences:
        return nan
    return 0.39 * len(spoken) / sentences + 11.8 * sum(map(syllables, spoken)) / len(spoken) - 15.59


_MEASURES: dict[Form, Callable[[str, Sequence[str]], float]] = {
    "characters": lambda t, w: float(len(t)),
    "words": lambda t, w: float(len(w)),
    "sentences": lambda t, w: float(sentences_of(t)),
    "words per sentence": lambda t, w: _ratio(len(w), sentences_of(t)),
    "characters per word": lambda t, w: _ratio(sum(map(len, w)), len(w)),
    "distinct words": _distinct,
    "digits": lambda t, w: float(sum(c.isdigit() for c in t)),
    "capital letters": lambda t, w: _ratio(sum(c.isupper() for c in t), sum(c.isalpha() for c in t), 100.0),
    "capitalised words": _capital_words,
    "question marks": lambda t, w: float(t.count("?") + t.count("？")),
    "exclamation marks": lambda t, w: float(t.count("!") + t.count("！")),
    "links": lambda t, w: float(sum(x == LINK for x in w)),
    "mentions of users": lambda t, w: float(sum(x.startswith("@") for x in w)),
    "hashtags": lambda t, w: float(sum(x.startswith("#") for x in w)),
    "reading grade": _grade,
    "opinion": _opinion,
    "first person singular": _per_hundred(lexicons.FIRST_SINGULAR),
    "first person plural": _per_hundred(lexicons.FIRST_PLURAL),
    "second person": _per_hundred(lexicons.SECOND),
    "third person": _per_hundred(lexicons.THIRD),
    "negations": _per_hundred(lexicons.NEGATIONS),
}
