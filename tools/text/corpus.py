"""What a corpus is, in facts: how many documents, how long, in which languages, what repeats in them.

Knows exploration documents of one column. Must never know another column, a sealed document, or what is claimed.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

import numpy as np

from .languages import ALL_STOP_WORDS, STOP_WORDS, UNKNOWN, language_of
from .near import near_duplicates
from .words import LINK, Spoken, words_from, words_of

SAMPLE = 5_000
"""Documents whose words are counted; of more those whose digest lies lowest."""
PHRASE = 8
"""Words from which a phrase that many documents share word for word is told."""
LEAST_DOCUMENTS, LEAST_SHARE = 5, 0.02
"""Documents that share a line or a phrase, and their share of all, from which it is boilerplate."""
MOST_PHRASES, MOST_TERMS = 5, 12
_LINE_WORDS = 3
_ENDS = 150
_LONGEST = 200


def describe_corpus(name: str, documents: Sequence[str | None], spoken: Spoken | None = None) -> dict[str, Any]:
    """The fields of `TextSummary` that tell of the corpus; they do not depend on the order of the documents.

    Args:
        name: The column.
        documents: Its exploration documents, None where missing, shape (n,).
        spoken: The words of documents that were read already.

    Returns:
        `column`, `documents` (all rows), `missing`; quartiles of `words` a document; `languages` with their shares,
        those of at least one document in a hundred, unknown as `und`; `near_duplicates`, documents that nearly repeat
        another of the exploration documents; `boilerplate`, lines of three words or phrases of eight that at least
        five documents and 2 % share word for word, documents that nearly repeat each other counted once; `terms`,
        the words that most documents hold, function words left out. Of more than 5,000 documents the words of those
        are counted whose sha256 lies lowest.
    """
    known = [t for t in documents if t is not None]
    facts: dict[str, Any] = {"column": name, "documents": len(documents), "missing": len(documents) - len(known)}
    if not known:
        return facts
    groups = near_duplicates(known)
    near = groups[groups >= 0]
    facts["near_duplicates"] = len(near) - len(np.unique(near))
    looked = _sample(known, groups)
    words = words_from(spoken, [text for text, _ in looked])
    quartiles = np.quantile([len(w) for w in words], (0.25, 0.5, 0.75))
    facts["words"] = tuple(float(q) for q in quartiles)
    facts["languages"] = _languages([text for text, _ in looked], words)
    once = [at for at, (_, first) in enumerate(looked) if first]
    facts["boilerplate"] = _boilerplate([looked[at][0] for at in once], [words[at] for at in once])
    facts["terms"] = _terms(words)
    return facts


def _sample(known: Sequence[str], groups: np.ndarray) -> list[tuple[str, bool]]:
    """Documents in the order of their digests, and whether each is the first of its near-duplicates there."""
    keyed = sorted((sha256(t.encode("utf-8", "surrogatepass")).digest(), at) for at, t in enumerate(known))[:SAMPLE]
    seen: set[int] = set()
    out = []
    for _, at in keyed:
        group = int(groups[at])
        out.append((known[at], group < 0 or group not in seen))
        seen.add(group)
    return out


def _languages(texts: Sequence[str], words: Sequence[Sequence[str]]) -> tuple[tuple[str, float], ...]:
    count = Counter(language_of(t, w) for t, w in zip(texts, words, strict=True))
    shares = sorted(((code, n / len(texts)) for code, n in count.items()), key=lambda s: (s[0] == UNKNOWN, -s[1], s[0]))
    return tuple((code, share) for code, share in shares if share >= 0.01)


def _terms(words: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Words of two letters or more that most documents hold, function words of every listed language left out."""
    count = Counter(w for document in words for w in set(document))
    plain = {w: n for w, n in count.items() if w not in _EMPTY and w != LINK and _is_word(w) and n > 1}
    return tuple(sorted(plain, key=lambda w: (-plain[w], w))[:MOST_TERMS])


def _is_word(word: str) -> bool:
    return not word.isdigit() and (len(word) > 2 or not word.isascii()) and "'" not in word


def _boilerplate(texts: Sequence[str], words: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Shared lines as they stand and shared phrases in lower case, those of most words in all documents first."""
    least = max(LEAST_DOCUMENTS, LEAST_SHARE * len(texts))
    found = dict(_shared_lines(texts, least))
    covered = [" ".join(words_of(line)) for line in found]
    for phrase, n in _shared_phrases(words, least):
        if not any(phrase in line or line in phrase for line in covered):
            found[phrase] = n
            covered.append(phrase)
    ordered = sorted(found, key=lambda p: (-found[p] * len(p.split()), p))
    return tuple(p if len(p) <= _LONGEST else p[: _LONGEST - 1] + "…" for p in ordered[:MOST_PHRASES])


def _shared_lines(texts: Sequence[str], least: float) -> Iterator[tuple[str, int]]:
    """Lines of three words or more, of documents that have several."""
    count: Counter[str] = Counter()
    for text in texts:
        lines = {" ".join(line.split()) for line in text.splitlines()} - {""}
        if len(lines) > 1:
            count.update(line for line in lines if len(line) <= 4 * _LONGEST and line.count(" ") >= _LINE_WORDS - 1)
    yield from ((line, n) for line, n in count.items() if n >= least)


def _shared_phrases(words: Sequence[Sequence[str]], least: float) -> Iterator[tuple[str, int]]:
    """Phrases of eight words or more, at the start or the end of documents, as long as they are shared."""
    parts = [_ends(w) for w in words]
    count = Counter(gram for document in parts for gram in set(_grams(document)))
    common = {gram: n for gram, n in count.items() if n >= least and any(w not in _EVERY for w in gram)}
    phrases: dict[tuple[str, ...], int] = {}
    for document in parts if common else ():
        run: list[str] = []
        before = 0
        for gram in [*_grams(document), ()]:
            n = common.get(gram, 0)
            if n and run and n >= 0.5 * before:
                run.append(gram[-1])
                before = min(before, n)
                continue
            if run:
                phrases[tuple(run)] = before
            run, before = (list(gram), n) if n else ([], 0)
    ordered = sorted(phrases, key=lambda p: (-len(p), p))
    yield from ((" ".join(p), phrases[p]) for p in ordered)


_EVERY = STOP_WORDS["en"]
_EMPTY = ALL_STOP_WORDS | frozenset(
    "about above after again all also although always am among any anyone anything are aren't because become been "
    "before being between both can cannot could did didn't does doesn't doing done down during each either else even "
    "ever every everything few first get gets getting give go goes going gone got had hasn't having here here's hers "
    "him himself however into isn't it's its itself i'd i'll i've just know last least less let like little look made "
    "make makes many may maybe might mine more most much must myself near need neither never new next none nor "
    "nothing now off often old once one ones only onto other others our ours ourselves out over own per perhaps put "
    "quite rather really said same say says see seem seems several shall should since some someone something still "
    "such take than that's theirs them themselves then there's these they're thing things think those though three "
    "through thus today together too took toward two until upon us use used using very want wants was wasn't way "
    "we're well went weren't what's whatever where whether while whole whose why within without won't wouldn't yes "
    "yet you're yours yourself u ur im dont".split()
)


def _ends(words: Sequence[str]) -> list[str]:
    """The words at both ends of a document, where what is repeated stands."""
    return list(words) if len(words) <= 2 * _ENDS else [*words[:_ENDS], *words[-_ENDS:]]


def _grams(words: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(words[at : at + PHRASE]) for at in range(len(words) - PHRASE + 1)]
