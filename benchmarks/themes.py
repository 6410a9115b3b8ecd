"""Planted themes: are they found, by two draws alike, and is nothing found where nothing is?

    python benchmarks/themes.py            # prints the table, about two minutes
    python benchmarks/themes.py --write    # the same, and the section goes into docs/evidence.md

Documents of made-up words in a frame of English function words. A document of a theme draws a part of its content
words from the theme, the rest from words that all documents use; neighbouring themes share a fifth of their words;
some documents belong to no theme. Shares of themes differ up to threefold. In the noise, the words of such documents
are dealt out at random among them, so that every word is as frequent and every document as long, but nothing goes
together.
Documents of no theme count as a group of their own in the adjusted Rand index.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pages import write_section

from heldout.tools.explore.clustering import adjusted_rand
from heldout.tools.explore.text_themes import find_themes
from heldout.tools.text.summary import Themes
from heldout.tools.text.themes import Themed
from heldout.tools.text.words import words_of

FRAME = (
    "the of and to in a is that for it was on are as with his they at be this from have or by one had not but".split()
)
_OPEN, _VOWEL, _CLOSE = "bdfgklmnprtvz", "aeiou", ["", "n", "r", "l", "m", "k"]


class Plan(NamedTuple):
    """What is planted: how many documents and themes, which part of content words is the theme's, how long they are."""

    documents: int = 1500
    themes: int = 5
    own: float = 0.4
    length: float = 40.0
    none: float = 0.15
    shared: float = 0.2


class Planted(NamedTuple):
    """Documents, and the theme of each, -1 for none."""

    texts: list[str]
    themes: NDArray[np.int64]


def lexicon(size: int, seed: int = 0) -> list[str]:
    """Different made-up words of two or three syllables."""
    rng = np.random.default_rng(seed)
    out: dict[str, None] = {}
    while len(out) < size:
        syllables = int(rng.integers(2, 4))
        word = "".join(
            _OPEN[rng.integers(len(_OPEN))]
            + _VOWEL[rng.integers(5)]
            + (_CLOSE[rng.integers(6)] if n == syllables - 1 else "")
            for n in range(syllables)
        )
        out[word] = None
    return list(out)


def planted(plan: Plan, seed: int, noise: bool = False) -> Planted:
    """Documents of a plan. The words of themes are those of the plan; the seed draws the documents."""
    words = lexicon(600 + 40 * plan.themes)
    common, own = words[:600], [list(words[600 + 40 * t : 640 + 40 * t]) for t in range(plan.themes)]
    for t in range(plan.themes):
        own[t][-int(40 * plan.shared) :] = own[(t + 1) % plan.themes][: int(40 * plan.shared)]
    rng = np.random.default_rng(seed)
    shares = np.linspace(1, 3, plan.themes)
    groups = np.where(
        rng.random(plan.documents) < plan.none, -1, rng.choice(plan.themes, plan.documents, p=shares / shares.sum())
    )
    contents = [_content(rng, own[g] if g >= 0 else None, common, plan) for g in groups]
    if noise:
        flat = [w for c in contents for w in c]
        dealt = iter([flat[at] for at in rng.permutation(len(flat))])
        contents = [[next(dealt) for _ in c] for c in contents]
    texts = [" ".join(_framed(rng, content)) + "." for content in contents]
    return Planted(texts, groups)


def _content(rng: np.random.Generator, own: Sequence[str] | None, common: Sequence[str], plan: Plan) -> list[str]:
    count = max(3, int(rng.poisson(plan.length * 0.6)))
    from_theme = int(rng.binomial(count, plan.own)) if own else 0
    return _drawn(rng, own or common, from_theme) + _drawn(rng, common, count - from_theme)


def _drawn(rng: np.random.Generator, words: Sequence[str], count: int) -> list[str]:
    odds = 1 / np.arange(3, len(words) + 3)
    return [words[at] for at in rng.choice(len(words), count, p=odds / odds.sum())]


def _framed(rng: np.random.Generator, content: Sequence[str]) -> list[str]:
    frame = [FRAME[at] for at in rng.integers(len(FRAME), size=int(len(content) * 2 / 3))]
    whole = [*content, *frame]
    return [whole[at] for at in rng.permutation(len(whole))]


def roots(model: Themed, texts: Sequence[str]) -> NDArray[np.int64]:
    """The theme of each text by a frozen model, -1 for none."""
    members = model.read(words_of(t) for t in texts).members[:, ["." not in i for i in model.ids]]
    return np.where(members.any(axis=1), members.argmax(axis=1), -1)


def found(docs: Planted) -> tuple[Themes, Themed | None, float]:
    """Themes, their model, and the adjusted Rand index with what was planted (0 where nothing is found)."""
    out = find_themes("text", docs.texts)
    if not isinstance(out.model, Themed):
        return out.summary, None, 0.0
    return out.summary, out.model, adjusted_rand(docs.themes, roots(out.model, docs.texts))


def two_seeds(plan: Plan, seed: int) -> float:
    """How far models of two draws agree on the documents of the first."""
    first, second = planted(plan, seed), planted(plan, seed + 1000)
    a, b = find_themes("text", first.texts).model, find_themes("text", second.texts).model
    if not isinstance(a, Themed) or not isinstance(b, Themed):
        return 0.0
    return adjusted_rand(roots(a, first.texts), roots(b, first.texts))


def row(name: str, plan: Plan, runs: int) -> str:
    """One line of the table: planted, found, agreement, seeds."""
    results = [found(planted(plan, seed)) for seed in range(runs)]
    indices = [r[2] for r in results]
    counts = sorted(sum(t.parent is None for t in r[0].themes) for r in results)
    own = [r[0].agreement or 0.0 for r in results]
    seeds = [two_seeds(plan, seed) for seed in range(min(runs, 5))]
    return (
        f"| {name} | {plan.themes} | {counts[0]} to {counts[-1]} | {np.mean(indices):.2f} | {min(indices):.2f} | "
        f"{np.mean(own):.2f} | {np.mean(seeds):.2f} |"
    )


def noise(plan: Plan, runs: int) -> int:
    """In how many draws of nothing themes are found."""
    return sum(bool(found(planted(plan, seed, noise=True))[0].themes) for seed in range(runs))


def speed() -> tuple[float, float]:
    """CPU seconds of scikit-learn's TF-IDF and k-means, and of `find_themes`, on 10,000 documents of 60 words."""
    from sklearn.cluster import KMeans
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = planted(Plan(documents=10_000, themes=8, length=60.0), 0).texts
    find_themes("text", texts[:200])
    start = time.process_time()
    KMeans(n_clusters=20, random_state=0).fit(TfidfVectorizer().fit_transform(texts))
    middle = time.process_time()
    find_themes("text", texts)
    return middle - start, time.process_time() - middle


SEPARABLE = {
    "40 words, two fifths of the theme": Plan(),
    "ten themes": Plan(documents=3000, themes=10),
    "20 words": Plan(length=20.0),
    "200 documents of 150 words": Plan(documents=200, themes=3, length=150.0),
}
HARDER = {
    "a fifth of the theme": Plan(own=0.2),
    "half of the words shared with a neighbour": Plan(shared=0.5),
    "a tenth of the theme": Plan(own=0.1),
}


def main() -> None:
    """Measures, prints, and with --write keeps."""
    parser = argparse.ArgumentParser(description="planted themes")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--write", action="store_true", help="put the section into docs/evidence.md")
    args = parser.parse_args()
    lines = [
        "| planted | themes | found | adjusted Rand index, mean | lowest | own agreement | two draws |",
        "| --- | ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    for name, plan in (SEPARABLE | HARDER).items():
        lines.append(row(name, plan, args.runs))
        sys.stdout.write(lines[-1] + "\n")
    plans = [Plan(), Plan(length=15.0), Plan(documents=300, length=150.0)]
    false = [noise(plan, 2 * args.runs) for plan in plans]
    alone, ours = speed()
    text = "\n".join(lines) + (
        f"\n\nThe same words dealt out at random: themes in {false[0]}, {false[1]} and {false[2]} of {2 * args.runs} "
        "draws each (1,500 documents of 40 and of 15 words, 300 of 150). 10,000 documents of 60 words with 8 themes: "
        f"{ours:.1f} CPU seconds, {ours / alone:.1f} times TF-IDF and k-means with 20 clusters alone in the same run. "
        "Documents of no theme count as a group of their own. `python benchmarks/themes.py`."
    )
    sys.stdout.write(text + "\n")
    if args.write:
        write_section("themes", "## Planted themes\n\n" + text)


if __name__ == "__main__":
    main()
