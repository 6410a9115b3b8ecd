"""What was written before about such texts, as claims, and how all documents lie by a count of our own.

HypoBench lists for its corpora what the literature says; where a statement can be counted it stands here in the words
of `heldout verify`. Those of films are often said. How all documents lie is found with regular expressions and scipy's
tests: `the other way` where p <= .05 against the claim. Of heldout only the lists of words of opinion are taken, since
the claim counts these: with a shorter list of praise and blame the same statement lies the other way (p .03).
"""

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from text_nulls import CORPORA, SHARED

from heldout.tools.text.lexicons import BLAME, PRAISE

_LEXICON = {
    "praise": "good great excellent wonderful amazing love loved perfect beautiful best comfortable friendly nice",
    "blame": "bad worst terrible awful horrible poor rude dirty hate broken disappointed disappointing boring stupid",
    "space": "bathroom floor street location small wall walls room walk walking block blocks",
    "trip": "husband wife family vacation business trip",
    "sense": "saw see heard hear felt feel smell smelled look looked sound loud noise noisy",
    "think": "think thought know believe because reason guess decide decided wonder",
}


def _rate(pattern: str) -> Callable[[str], float]:
    """Matches in 100 words."""
    seen = re.compile(pattern, re.IGNORECASE)
    return lambda text: 100 * len(seen.findall(text)) / max(len(text.split()), 1)


def _any(name: str) -> Callable[[str], float]:
    """Whether a word of the list occurs, as a claim of mentions says."""
    seen = re.compile(_pattern(name), re.IGNORECASE)
    return lambda text: float(seen.search(text) is not None)


def _pattern(name: str) -> str:
    return rf"\b({'|'.join(_LEXICON[name].split())})\b"


def _opinion(text: str) -> float:
    """Words of praise less words of blame in 100, of the lists that the measure counts."""
    words = re.findall(r"[a-z]+(?:'[a-z]+)?", text.lower())
    return 100 * sum((w in PRAISE) - (w in BLAME) for w in words) / max(len(words), 1)


class Counted(NamedTuple):
    """A count of our own, and whether the claim says more of it (+1) or less (-1)."""

    of: Callable[[str], float]
    sign: int
    level: str
    """Of the label, that the claim speaks of."""


def _listed(name: str) -> str:
    return ", ".join(dict.fromkeys(_LEXICON[name].split()))


_I = _rate(r"\b(i|me|my|mine|myself)\b")
_QUESTIONS, _SHOUTS, _DIGITS = (_rate(p) for p in (r"\?", r"!", r"\d"))
_FIRST = '"Headline 1 has more clicks than Headline 2."'


def _length(text: str) -> float:
    return float(len(text.split()))


def _review(said: str, claim: str, of: Callable[[str], float], sign: int) -> tuple[str, str, Counted]:
    way = {1: "higher", -1: "lower"}[sign] if "mentions" not in claim else {1: "more often", -1: "less often"}[sign]
    return f"{claim} {way} for label=deceptive", said, Counted(of, sign, "deceptive")


def _headline(said: str, measure: str, of: Callable[[str], float], sign: int = 1) -> tuple[str, str, Counted]:
    way = {1: "more", -1: "less"}[sign]
    claim = f"label={_FIRST} {way} often for which of headline_1 and headline_2 has more {measure}=first"
    return claim, said, Counted(of, sign, "Headline 1")


_T = "review_sentence"
_STATED = {
    "deceptive_reviews": [
        _review("deceptive ones have more positive and fewer negative words", f"opinion of {_T}", _opinion, 1),
        _review("they say I and my more", f"first person singular of {_T}", _I, 1),
        _review("they neglect space", f"{_T} mentions {_listed('space')}", _any("space"), -1),
        _review("they speak of what lies outside the hotel", f"{_T} mentions {_listed('trip')}", _any("trip"), 1),
        _review("they use more words of feeling: praise", f"{_T} mentions {_listed('praise')}", _any("praise"), 1),
        _review("they use more words of feeling: blame", f"{_T} mentions {_listed('blame')}", _any("blame"), 1),
        _review("they lack words of the senses", f"{_T} mentions {_listed('sense')}", _any("sense"), -1),
        _review("they have more words of thinking", f"{_T} mentions {_listed('think')}", _any("think"), 1),
        _review("they lack detail: they are shorter", f"words of {_T}", _length, -1),
        _review("they lack detail: they have fewer digits", f"digits of {_T}", _DIGITS, -1),
    ],
    "headline_pairs": [
        _headline("questions attract", "question marks", _QUESTIONS),
        _headline("numbers attract", "digits", _DIGITS),
        _headline("longer ones attract", "words", _length),
        _headline("negative words attract, positive ones less", "opinion", _opinion, -1),
        _headline("emotional intensity attracts", "exclamation marks", _SHOUTS),
    ],
    "movie_reviews": [
        ("words of text higher for label=neg", "who is displeased writes more", Counted(_length, 1, "neg")),
        ("exclamation marks of text higher for label=pos", "praise shouts", Counted(_SHOUTS, 1, "pos")),
        ("first person singular of text higher for label=neg", "displeasure says I", Counted(_I, 1, "neg")),
    ],
}  # fmt: skip
CLAIMS = {name: [(claim, said) for claim, said, _ in stated] for name, stated in _STATED.items()}
"""By corpus the claims, as stated and as said."""


def against_the_data(name: str, claim: str) -> tuple[bool, str]:
    """Whether all documents lie the other way, and in words how they lie."""
    from scipy.stats import binomtest, mannwhitneyu

    counted = next(c for stated, _, c in _STATED[name] if stated == claim)
    frame, texts = _whole(name), CORPORA[name].texts
    values = [frame[t].astype(str).map(counted.of).to_numpy() for t in texts]
    held = frame["label"].astype(str).str.startswith(counted.level).to_numpy()
    if len(texts) == 2:
        more = np.sign(values[0] - values[1])
        wins = int(((more == np.where(held, 1, -1)) & (more != 0)).sum())
        p, up = float(binomtest(wins, int((more != 0).sum())).pvalue), 2 * wins > int((more != 0).sum())
    else:
        u = mannwhitneyu(values[0][held], values[0][~held])
        p, up = float(u.pvalue), float(u.statistic) > held.sum() * (~held).sum() / 2
    if p > 0.05:
        return False, "undecided"
    as_claimed = up == (counted.sign > 0)
    return not as_claimed, f"{'as claimed' if as_claimed else 'the other way'}, p {p:.1g}"


def _whole(name: str) -> pd.DataFrame:
    file = SHARED / CORPORA[name].file
    return pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file)
