"""Corpora in which nothing is related: how often is anything verified, with documents that repeat, drift or are few?

    python benchmarks/corpora.py --runs 200

Every run is the whole job on a corpus of its own. `permuted` worlds shuffle the other columns of real corpora; `copies`
worlds send documents again with the label that the first had. `copies, as rows` is what happens to the same corpora
when near-copies are not looked for. In `drift` worlds the style of one document a year wanders like a random walk, and
years or labels in runs of years have nothing to do with it. What is claimed is of these years: there a claim counts as
false where forty new documents of each of the same years, in the style of their year, do not lie the way that it says.
Prints one line a world.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from heldout.tools.explore.dependence import upper_share  # noqa: E402

Rng = np.random.Generator
REAL = ROOT.parent / "shared" / "data" / "text"
WORDS = (
    "the a of to in on with for from at by this that some any road house river morning evening market bread table "
    "window letter garden winter summer teacher doctor farmer engine paper money price number answer question story "
    "music colour walk wait open close bring carry build break follow measure travel remember consider describe "
    "quickly slowly often seldom early late near far small large heavy light simple difficult national general"
).split()
OPINION = "good great happy excellent wonderful bad terrible sad broken late awful".split()
SELF = "i me my we our us you your he she they their".split()


def document(rng: Rng, style: np.ndarray, least: int = 12) -> str:
    """One document whose length, pronouns, opinion and marks follow a style, shape (4,), of about normal numbers."""
    length = least + int(30 * np.exp(0.5 * style[0]))
    shares = 0.08 * np.exp(0.6 * style[1:3])
    kind = rng.random(length)
    words = np.array(WORDS)[rng.integers(0, len(WORDS), length)]
    words = np.where(kind < shares[0], np.array(SELF)[rng.integers(0, len(SELF), length)], words)
    words = np.where(kind > 1 - shares[1], np.array(OPINION)[rng.integers(0, len(OPINION), length)], words)
    out, every = [], max(4, int(12 * np.exp(0.3 * style[3])))
    for start in range(0, length, every):
        mark = "!" if rng.random() < 0.2 else "?" if rng.random() < 0.1 else "."
        out.append(" ".join(words[start : start + every]).capitalize() + mark)
    return " ".join(out)


def sent_again(rng: Rng, text: str) -> str:
    """The document with a header and one word in twenty changed."""
    words = text.split(" ")
    for at in np.flatnonzero(rng.random(len(words)) < 0.05):
        words[at] = WORDS[rng.integers(0, len(WORDS))]
    return f"RT @user{rng.integers(0, 999)} " + " ".join(words)


def copies(rng: Rng, n: int = 400, share: float = 0.25, largest: int = 8) -> pd.DataFrame:
    """A quarter of the documents repeat others, each of those up to eight times, with their label."""
    texts = [document(rng, rng.normal(size=4)) for _ in range(int(n * (1 - share)))]
    label = rng.choice(["red", "blue"], len(texts)).tolist()
    score = rng.normal(size=len(texts)).tolist()
    while len(texts) < n:
        at = int(rng.integers(0, int(n * (1 - share))))
        for _ in range(min(int(rng.integers(1, largest + 1)), n - len(texts))):
            texts.append(sent_again(rng, texts[at]))
            label.append(label[at])
            score.append(score[at])
    return pd.DataFrame({"label": label, "score": np.round(score, 3), "text": texts})


def few(rng: Rng, n: int = 60) -> pd.DataFrame:
    """Sixty documents, years and a label that nothing is related to."""
    texts = [document(rng, rng.normal(size=4), 60) for _ in range(n)]
    return pd.DataFrame({"year": 1900 + rng.permutation(n), "side": rng.choice(["left", "right"], n), "text": texts})


def drift(rng: Rng, n: int = 60, runs: bool = False, each: int = 1) -> pd.DataFrame:
    """`each` documents a year whose style wanders; `runs`: instead of the year a label that changes every few years."""
    style = np.cumsum(rng.normal(0, 0.35, (n, 4)), axis=0)
    party = np.array(["left", "right"])[(rng.random(n) < 0.2).cumsum() % 2]
    texts = [document(rng, s - style.mean(0), 60) for s in style for _ in range(each)]
    label = {"party": np.repeat(party, each)} if runs else {"year": np.repeat(1900 + np.arange(n), each)}
    return pd.DataFrame(label | {"text": texts})


def _holds(finding: Any, frame: pd.DataFrame) -> bool:
    """Whether new documents lie the way that a claim says."""
    from heldout.tools.data.rows import Rows
    from heldout.tools.text.evaluate import with_properties
    from heldout.tools.verify.hypothesis import Hypothesis, Trend
    from heldout.tools.verify.verify import measure

    h = TypeAdapter(Hypothesis).validate_python(finding.hypothesis)
    plain = {c: frame[c].to_numpy() for c in frame.columns if c != "text"}
    rows = with_properties(Rows.of(plain, texts={"text": frame["text"].tolist()}), h.texts)
    if isinstance(h, Trend):
        y = rows.number(h.outcome)
        rho = pd.Series(y).corr(pd.Series(rows.number(h.predictor)), method="spearman")
        return bool(rho > 0.02) if h.direction == "rising" else bool(rho < -0.02)
    theta = measure(h, rows, split="exploration").theta
    return theta is not None and theta > 0


def _permuted(name: str, most: int) -> Callable[[Rng], pd.DataFrame]:
    def make(rng: Rng) -> pd.DataFrame:
        file = REAL / name
        whole = pd.read_json(file, lines=True) if name.endswith("jsonl") else pd.read_csv(file)
        frame = whole.iloc[rng.permutation(len(whole))[:most]].reset_index(drop=True)
        rest = [c for c in frame.columns if c != "text"]
        return pd.concat(
            [frame[rest].iloc[rng.permutation(len(frame))].reset_index(drop=True), frame[["text"]]], axis=1
        )

    return make


class World(NamedTuple):
    """A generator of corpora and whether near-copies are looked for."""

    make: Callable[[Rng], pd.DataFrame]
    near: bool = True
    again: Callable[[Rng], pd.DataFrame] | None = None
    """Many new documents of the same years, from the same seed."""


WORLDS = {
    "few": World(few),
    "copies": World(copies),
    "copies, as rows": World(copies, near=False),
    "drift over years": World(drift, again=lambda rng: drift(rng, each=40)),
    "drift, a label in runs": World(
        lambda rng: drift(rng, runs=True), again=lambda rng: drift(rng, runs=True, each=40)
    ),
    "permuted inaugural": World(_permuted("inaugural.jsonl", 59)),
    "permuted state_union": World(_permuted("state_union.jsonl", 65)),
    "permuted sms_spam": World(_permuted("sms_spam.csv", 1_000)),
    "permuted airline_tweets": World(_permuted("airline_tweets.csv", 1_000)),
}


def verified(world: str, seed: int) -> list[str]:
    """The claims that one run on a corpus of this world verified, and that do not hold there."""
    import heldout

    w = WORLDS[world]
    frame = w.make(np.random.default_rng(seed))
    with (
        tempfile.TemporaryDirectory() as folder,
        patch("heldout.tools.data.kept.find_near_copies", **({} if w.near else {"return_value": None})) as found,
    ):
        if w.near:
            from heldout.tools.data.near_copies import find_near_copies

            found.side_effect = find_near_copies
        report = heldout.explain(frame, name="corpus", ledger=Path(folder) / "ledger")
    found = [f for f in report.findings if f.outcome == "verified" and "text" in f.claim]
    if found and w.again is not None:
        new = w.again(np.random.default_rng(seed))
        found = [f for f in found if not _holds(f, new)]
    return [f.claim for f in found]


def _one(job: tuple[str, int]) -> list[str]:
    return verified(*job)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=list(WORLDS))
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    for world in options.only:
        jobs = [(world, options.seed + run) for run in range(options.runs)]
        with ProcessPoolExecutor(options.processes) as pool:
            found = list(pool.map(_one, jobs, chunksize=4))
        bad = sum(bool(f) for f in found)
        shown = next((f[0] for f in found if f), "")
        print(
            f"{world}: {bad} of {len(found)} (upper 95 % bound {upper_share(bad, len(found)):.3f})  {shown}", flush=True
        )


if __name__ == "__main__":
    main()
