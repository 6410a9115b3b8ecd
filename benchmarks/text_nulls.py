"""Corpora in which no text is related to another column: real documents, the other columns permuted against them.

Used by the permutation benchmark of texts and, small, by the tests. `together` keeps the rows of the other columns and
deals them out anew to the documents; `apart` permutes each of them on its own. In `copies` a quarter of the documents
are others sent again, each up to eight times, with the label of the first, which was permuted before. `planted` is
`together` with one word that leaks: it is put into some of the documents of one label.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

sys.path.insert(0, str(Path(__file__).resolve().parent))

from corpora import document, sent_again

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
Rng = np.random.Generator
LEAK = "zanzibar"
LEAKS_IN, LEAKS_ELSEWHERE = 0.25, 0.03
"""Shares of documents that get the word, of the label that it leaks and of all others."""


class Corpus(NamedTuple):
    """Where a corpus lies, which columns are its texts, which tells something, and how many documents a run takes."""

    file: str
    texts: tuple[str, ...]
    label: str
    n: int = 1_500
    runs: float = 1.0
    """How many times the runs asked for it takes: fewer of long documents, more where other columns go together."""


CORPORA = {
    "airline_tweets": Corpus("text/airline_tweets.csv", ("text",), "airline_sentiment", 2_000, 2.0),
    "sms_spam": Corpus("text/sms_spam.csv", ("text",), "label", 2_000),
    "movie_reviews": Corpus("text/movie_reviews.parquet", ("text",), "label", 1_200, 0.3),
    "deceptive_reviews": Corpus("hypobench/real/deceptive_reviews.csv", ("review_sentence",), "label", 1_200),
    "headline_pairs": Corpus("hypobench/real/headline_pairs.csv", ("headline_1", "headline_2"), "label", 2_500),
}
MADE = Corpus("", ("text",), "label", 300)
"""Made documents for the tests, which need no shared data."""


def corpus(name: str) -> Corpus:
    return MADE if name == "made" else CORPORA[name]


def present() -> list[str]:
    """The real corpora whose files lie beside the checkout."""
    return [name for name, c in CORPORA.items() if (SHARED / c.file).is_file()]


def sample(name: str, seed: int) -> pd.DataFrame:
    """Documents of a corpus with their columns, as many as a run takes, chosen by the seed."""
    rng, c = np.random.default_rng(seed), corpus(name)
    if name == "made":
        return _made(rng, c.n)
    file = SHARED / c.file
    whole = pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file)
    return whole.iloc[np.sort(rng.permutation(len(whole))[: c.n])].reset_index(drop=True)


def _made(rng: Rng, n: int) -> pd.DataFrame:
    """Documents of which the label goes with opinion and length, and columns that go with each other."""
    label = rng.choice(["red", "blue"], n)
    style = rng.normal(size=(n, 4)) + np.outer(label == "red", [0.9, 0.0, 0.9, 0.0])
    place = np.where(rng.random(n) < 0.7, np.where(label == "red", "north", "south"), rng.choice(["north", "south"], n))
    score = np.round(rng.normal(size=n) + (label == "red"), 3)
    return pd.DataFrame({"label": label, "place": place, "score": score, "text": [document(rng, s) for s in style]})


def null(name: str, world: str, seed: int) -> pd.DataFrame:
    """The corpus of a world and a seed: no property of a text goes with another column, but for a planted one."""
    rng, texts = np.random.default_rng([seed, 1]), corpus(name).texts
    frame = sample(name, seed)
    if world == "apart":
        return _dealt(frame, texts, rng, together=False)
    if world in ("copies", "stated on copies"):
        first = frame.iloc[rng.permutation(len(frame))[: int(0.75 * len(frame))]]
        return _copied(_dealt(first, texts, rng), texts, rng, len(frame))
    frame = _dealt(frame, texts, rng)
    return _leaking(frame, corpus(name), rng) if world == "planted" else frame


def _dealt(frame: pd.DataFrame, texts: tuple[str, ...], rng: Rng, together: bool = True) -> pd.DataFrame:
    order, out = rng.permutation(len(frame)), {}
    for c in frame.columns:
        own = order if together else rng.permutation(len(frame))
        out[c] = frame[c].array if c in texts else frame[c].array.take(own)
    return pd.DataFrame(out)


def _copied(frame: pd.DataFrame, texts: tuple[str, ...], rng: Rng, n: int) -> pd.DataFrame:
    """Some documents sent again, nearly word by word, with all that stands beside the first."""
    at: list[int] = []
    while len(at) < n - len(frame):
        at += [int(rng.integers(0, len(frame)))] * int(rng.integers(1, 9))
    again = frame.iloc[at[: n - len(frame)]].copy()
    for c in texts:
        again[c] = [sent_again(rng, str(t)) for t in again[c]]
    whole = pd.concat([frame, again], ignore_index=True)
    return whole.iloc[rng.permutation(n)].reset_index(drop=True)


def _leaking(frame: pd.DataFrame, c: Corpus, rng: Rng) -> pd.DataFrame:
    """One word more often in documents of the most frequent label; of a pair in the text that the label names."""
    level = frame[c.label].mode()[0]
    share = np.where(frame[c.label] == level, LEAKS_IN, LEAKS_ELSEWHERE)
    out = frame.copy()
    if len(c.texts) == 1:
        gets = rng.random(len(frame)) < share
        out[c.texts[0]] = [f"{t} {LEAK}" if g else t for t, g in zip(frame[c.texts[0]], gets, strict=True)]
        return out
    first = frame[c.label].str.startswith("Headline 1").to_numpy()
    for name, wins in zip(c.texts, (first, ~first), strict=True):
        gets = rng.random(len(frame)) < np.where(wins, LEAKS_IN, LEAKS_ELSEWHERE)
        out[name] = [f"{t} {LEAK}" if g else t for t, g in zip(frame[name], gets, strict=True)]
    return out


def across(findings: Iterable[Any]) -> list[Any]:
    """The claims that relate a property of a text to another column: in a null world each of them is false.

    What is computed from one text goes with what else is, and the other columns with each other where they were dealt
    out together: such claims are true, and do not count.
    """
    return [f for f in findings if _is_across(f.hypothesis)]


def _is_across(typed: dict[str, Any]) -> bool:
    from heldout.tools.verify.hypothesis import Hypothesis

    h = TypeAdapter(Hypothesis).validate_python(typed)
    made = {p.name for p in h.texts}
    aside = {*(t.column for t in h.where), *h.controls, *(() if h.unit is None else (h.unit.column,))}
    related = {h.outcome, h.predictor, *(set(h.columns) - aside)}
    return bool(related & made) and bool(related - made)


def leaked(findings: Iterable[Any], label: str) -> bool:
    """Whether one of these claims says that the planted word goes with the label."""
    for f in findings:
        named = {p["name"] for p in f.hypothesis.get("texts", ()) if LEAK in p["property"].get("terms", ())}
        if {f.hypothesis["outcome"], f.hypothesis["predictor"]} - named == {label} and named:
            return True
    return False
