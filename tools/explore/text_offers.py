"""The properties that one text offers to speak of, in a small number: measures, terms, rates, endings.

Knows exploration rows. Must never know a sealed document, nor what is called a finding. A property is offered for a
reason: a measure of form that differs somewhere, terms that tell levels or periods apart, the endings of single words,
rates of words in long documents, which of two texts has more.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from ..data.rows import Rows
from ..text.evaluate import with_properties
from ..text.naming import property_of
from ..text.properties import Ending, Form, Measure, Mentions, Rate, TextProperty
from ..text.words import Spoken, words_from
from .text_ranks import correlation, midranks
from .text_rates import LONG, Rates, rated
from .text_sides import Restating, Side
from .text_terms import CLEAR, Corpus, Predicate, Sides, log_odds, predicates_of

MOST = 40
"""Properties of one text."""
_MOST_MEASURES, _MOST_RATES = 12, 16
_MOST_DOCUMENTS = 20_000
"""Documents that terms are learnt from, those with the smallest digests."""
_MEASURED = 5_000
"""Documents by which it is seen which measures differ, chosen likewise."""
_LEAST = 0.03
"""Difference of shares of documents from which a list of terms is worth a claim."""
_PER_SIDE, _PER_LEVEL, _PER_SIDE_RATES = 8, 3, 8
_DIFFERS, _FAINT = 3.0, 0.05
"""Rank correlation with a column, in standard errors and in size, from which a measure is offered."""
_SAME = 0.85
"""Rank correlation of two measures from which the later one says nothing new."""
_SAME_DOCUMENTS = 0.8
_FREQUENT = 0.7
"""Part of the documents that hold a word, from which its rate says more than its presence."""
_SINGLE = 0.8
"""Part of the documents that are one word, from which a text is a column of words."""
_PREFERRED: tuple[Form, ...] = (
    "words", "digits", "capitalised words", "exclamation marks", "question marks", "links", "mentions of users",
    "hashtags", "opinion", "first person singular", "first person plural", "second person", "third person",
    "negations", "words per sentence", "reading grade", "characters per word", "distinct words", "characters",
    "sentences", "capital letters",
)  # fmt: skip
"""Of measures that move together the first one stands."""


def offered(rows: Rows, name: str, sides: Sequence[Side], spoken: Spoken | None = None) -> Rows:
    """The rows with what one text offers; `spoken`: the words of documents that were read already."""
    read = _Read(rows, name, spoken)
    if len(read.texts) < 2 or not sides:
        return rows
    found: list[TextProperty] = _measures(rows, read, sides)
    if read.single:
        found += _endings(read, sides)
    else:
        corpus = Corpus(read.texts, read.words)
        found += [*_rates(read, corpus, sides), *_terms(read, corpus, sides)][: MOST - len(found)]
    return with_properties(rows, found, words=spoken or dict(zip(read.texts, read.words, strict=True)))


class _Read:
    """One text's documents that terms are learnt from, and which rows they are of."""

    def __init__(self, rows: Rows, name: str, spoken: Spoken | None = None) -> None:
        self.name = name
        documents = rows.texts[name]
        known = [k for k, t in enumerate(documents) if t is not None]
        known = _fewer(documents, known, _MOST_DOCUMENTS)
        self.at = np.array(known, np.int64)
        self.texts: list[str] = [documents[k] for k in known]
        self.words = words_from(spoken, self.texts)
        lengths = [len(words) for words in self.words]
        self.median = float(np.median(lengths)) if lengths else 0.0
        self.single = bool(lengths) and sum(n == 1 for n in lengths) >= _SINGLE * len(lengths)


def _fewer(documents: NDArray[np.object_], known: list[int], most: int) -> list[int]:
    """Of these documents those with the smallest digests, whatever their order; documents alike stay together."""
    if len(known) <= most:
        return known
    digests = {k: sha256(documents[k].encode("utf-8", "surrogatepass")).digest() for k in known}
    last = sorted(digests.values())[most - 1]
    return [k for k in known if digests[k] <= last]


# Measures


def _measures(rows: Rows, read: _Read, sides: Sequence[Side]) -> list[TextProperty]:
    """The measures that differ somewhere, each of a kind once, the clearest first."""
    few = np.array(_fewer(rows.texts[read.name], read.at.tolist(), _MEASURED), np.int64)
    forms = ("characters",) if read.single else _PREFERRED
    properties = [property_of(Measure(of=form), read.name) for form in forms]
    spoken = dict(zip(read.texts, read.words, strict=True))
    held = with_properties(Rows({}, {}, texts={read.name: rows.texts[read.name][few]}), properties, words=spoken)
    stand = [midranks(side.values[few]) for side in sides]
    kept: list[tuple[float, TextProperty, NDArray]] = []
    for prop in properties:
        x = midranks(held.number(prop.name))
        clear = max((_moves(x, y) for y in stand), default=0.0)
        if clear > 0 and all(abs(correlation(x, other)[0]) < _SAME for _, _, other in kept):
            kept.append((clear, prop, x))
    kept.sort(key=lambda k: (-k[0], k[1].name))
    return [prop for _, prop, _ in kept[:_MOST_MEASURES]]


def _moves(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """The rank correlation in standard errors where it is clear and not faint, else 0."""
    rho, n = correlation(x, y)
    z = abs(rho) * np.sqrt(max(n - 1, 0))
    return float(z) if z >= _DIFFERS and abs(rho) >= _FAINT else 0.0


# Terms


def _terms(read: _Read, corpus: Corpus, sides: Sequence[Side]) -> Iterator[TextProperty]:
    """Lists of terms that tell sides apart, side by side in turn, the clearest of each first."""
    restates = Restating(corpus.documents)
    found: list[list[Predicate]] = []
    for side in sides:
        own = Sides(side.a[read.at], side.b[read.at], lambda w, side=side: restates(w, side))
        if own.a.any() and own.b.any():
            found.append(predicates_of(corpus, own, _PER_LEVEL if side.many else _PER_SIDE, _LEAST))
    kept: list[NDArray[np.bool_]] = []
    for predicate in _in_turn(found):
        holds = _holding(corpus, predicate)
        if all((holds & k).sum() < _SAME_DOCUMENTS * (holds | k).sum() for k in kept):
            kept.append(holds)
            yield property_of(Mentions(terms=predicate.terms), read.name)


def _holding(corpus: Corpus, predicate: Predicate) -> NDArray[np.bool_]:
    places = [
        at
        for term in predicate.terms
        for word, at in corpus.places.items()
        if word == term or (term.endswith("*") and " " not in word and word.startswith(term[:-1]))
    ]
    return corpus.presence.holds(places)


def _in_turn(lists: Sequence[Sequence[Predicate]]) -> Iterator[Predicate]:
    """The first of each list, the second of each, and so on: no side takes the place of another."""
    for at in range(max(map(len, lists), default=0)):
        yield from (found[at] for found in lists if at < len(found))


def _rates(read: _Read, corpus: Corpus, sides: Sequence[Side]) -> Iterable[TextProperty]:
    """Rates of words, where documents are long; along a number or a date of a rarer word whether it is mentioned.

    Between labels the terms say that already.
    """
    if read.median < LONG:
        return []
    rates, restates = Rates(corpus), Restating(corpus.documents)
    found: dict[TextProperty, float] = {}
    for side in sides:
        skip = [any(restates(w, side) for w in family) for family in rates.families]
        for one in rated(rates, corpus, side.values[read.at], skip, _PER_SIDE_RATES):
            frequent = one.held >= _FREQUENT
            if frequent or side.moves:
                of = Rate(terms=one.terms) if frequent else Mentions(terms=one.terms)
                prop = property_of(of, read.name)
                found[prop] = max(one.z, found.get(prop, 0.0))
    return sorted(found, key=lambda p: (-found[p], p.name))[:_MOST_RATES]


def _endings(read: _Read, sides: Sequence[Side]) -> Iterator[TextProperty]:
    """Last letters of single words, those that a side has more often as one property."""
    last = np.array([words[-1][-1:] if words else "" for words in read.words])
    letters = sorted({c for c in last.tolist() if c.isalpha()})
    hits = np.array([last == c for c in letters]).reshape(len(letters), len(last))
    seen: set[tuple[str, ...]] = set()
    for side in sides:
        a, b = side.a[read.at], side.b[read.at]
        z = log_odds(hits[:, a].sum(1).astype(float), hits[:, b].sum(1).astype(float), int(a.sum()), int(b.sum()))
        own = tuple(letters[k] for k in np.argsort(-z, kind="stable") if z[k] >= CLEAR)[:6]
        if own and own not in seen:
            seen.add(own)
            yield property_of(Ending(of=tuple(sorted(own))), read.name)
