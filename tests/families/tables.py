"""Tables in which nothing is related to anything, of every kind that makes a test reject too often.

Standard columns: y, x, m, z and age are numbers, g (u, v), k (a to d), h (p, q), e (yes, no) and s (old, new) labels,
t dates, c counts, w positive exposures. All are independent of each other, but for c, whose expectation is 2 w; and a
spread where the table's name says so.
"""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from heldout.tools.data.rows import Rows
from heldout.tools.data.schema import Column

Rng = np.random.Generator
LEVELS = {"g": ("u", "v"), "k": ("a", "b", "c", "d"), "h": ("p", "q"), "e": ("yes", "no"), "s": ("old", "new")}
MOST_DAYS = 2_000


class Draft:
    """Columns as arrays (labels as indexes into `LEVELS`, -1 for missing) until they become rows."""

    def __init__(self, columns: dict[str, NDArray], cluster: NDArray | None = None, *, serial: bool = False) -> None:
        self.columns, self.cluster, self.serial = columns, cluster, serial

    def __getitem__(self, name: str) -> NDArray:
        return self.columns[name]

    def __setitem__(self, name: str, values: NDArray) -> None:
        self.columns[name] = values

    def rows(self, wanted: Iterable[str] | None = None) -> Rows:
        """The columns as rows, or those of them that are wanted."""
        names = list(self.columns if wanted is None else wanted)
        plain = Rows.of({name: self.columns[name] for name in names if name not in LEVELS})
        columns, arrays = dict(plain.columns), {name: plain._arrays[name] for name in plain.columns}
        for name in set(names) & set(LEVELS):
            columns[name], arrays[name] = _label(name, self.columns[name])
        cluster = None if self.cluster is None else self.cluster.astype(np.int32)
        return Rows({n: columns[n] for n in names}, {n: arrays[n] for n in names}, cluster=cluster, serial=self.serial)


def _label(name: str, codes: NDArray) -> tuple[Column, NDArray]:
    """A label's column as a file would give it, the most frequent level first; none is lost where no row has it."""
    counts = np.bincount(codes[codes >= 0], minlength=len(LEVELS[name]))
    order = [int(at) for at in np.lexsort((np.arange(len(counts)), -counts))]
    place = np.full(len(counts) + 1, -1, np.int32)
    place[order] = np.arange(len(order))
    levels = tuple(LEVELS[name][at] for at in order)
    column = Column(
        name=name, type="category", storage="VARCHAR", rows=len(codes), missing=int((codes < 0).sum()),
        distinct=int((counts > 0).sum()), levels=levels,
    )  # fmt: skip
    return column, place[codes]


def days_of(n: int) -> NDArray:
    """So many dates, each a day after the one before it; beyond 2,000 days several rows share one."""
    return np.datetime64("2019-01-01") + np.arange(n) * min(n, MOST_DAYS) // n


def normal(rng: Rng, n: int) -> Draft:
    """The plain table: normal numbers, even labels, 30 % events."""
    w = rng.gamma(4.0, 0.25, n)
    columns = {name: rng.normal(size=n) for name in ("y", "x", "m", "z")}
    columns |= {name: rng.integers(0, len(LEVELS[name]), n) for name in ("g", "k", "h", "s")}
    columns["e"] = (rng.random(n) >= 0.3).astype(int)
    columns["t"] = rng.permutation(days_of(n))
    return Draft(columns | {"w": w, "c": rng.poisson(2.0 * w).astype(float), "age": rng.integers(18, 80, n) * 1.0})


def _even(rng: Rng, n: int) -> Draft:
    """The plain table with as many rows of one level as of another."""
    out = normal(rng, n)
    for name in ("g", "k", "h", "s"):
        out[name] = rng.permutation(np.arange(n) % len(LEVELS[name]))
    return out


def _with_numbers(n: int, draw: Callable[[Rng, int], NDArray]) -> Callable[[Rng], Draft]:
    """The plain table with y, x, m and z drawn otherwise."""

    def make(rng: Rng) -> Draft:
        out = normal(rng, n)
        for name in ("y", "x", "m", "z"):
            out[name] = draw(rng, n)
        return out

    return make


def _uneven(rng: Rng, n: int, first: int, e_rate: float = 0.3) -> Draft:
    """The plain table with `first` rows in the first level of each label, wherever they stand."""
    out = normal(rng, n)
    for name in ("g", "h", "s"):
        out[name] = rng.permutation((np.arange(n) >= first).astype(int))
    rest = np.repeat([1, 2, 3], [int(0.15 * n), int(0.3 * n), n])[: n - first]
    out["k"] = rng.permutation(np.concatenate([np.zeros(first, int), rest]))
    out["e"] = (rng.random(n) >= e_rate).astype(int)
    return out


def _heavy(rng: Rng, n: int) -> NDArray:
    return rng.lognormal(0, 1.5, n)


def _zeros(rng: Rng, n: int) -> NDArray:
    return np.where(rng.random(n) < 0.86, 0.0, rng.lognormal(0, 1.5, n))


def _lognormal_25(rng: Rng) -> Draft:
    out = _uneven(rng, 500, 25)
    for name in ("y", "x", "m", "z"):
        out[name] = _heavy(rng, 500)
    return out


def _zeros_25(rng: Rng) -> Draft:
    out = _uneven(rng, 500, 25)
    for name in ("y", "x", "m", "z"):
        out[name] = _zeros(rng, 500)
    out["c"] = np.where(rng.random(500) < 0.86, 0.0, out["c"])
    return out


def _few_values(rng: Rng) -> Draft:
    out = normal(rng, 300)
    out["y"] = rng.choice([1.0, 2.0, 3.0], 300, p=[0.7, 0.2, 0.1])
    for name in ("x", "m", "z"):
        out[name] = rng.choice([0.0, 1.0, 2.0], 300, p=[0.5, 0.3, 0.2])
    return out


def _flag(rng: Rng) -> Draft:
    """Numbers and labels of which 3 % stand apart, events of 3 %."""
    n = 1_000
    out = normal(rng, n)
    for name in ("y", "x"):
        rare = rng.random(n) < 0.03
        out[name] = np.where(rare, rng.integers(50, 500, n), rng.integers(0, 30, n)).astype(float)
    out["e"] = (rng.random(n) >= 0.03).astype(int)
    out["c"] = (rng.random(n) < 0.03).astype(float)
    return out


def _spread(first: int, other: int) -> Callable[[Rng], Draft]:
    """60 rows of the first level of g against 340, y with these standard deviations."""

    def make(rng: Rng) -> Draft:
        out = _uneven(rng, 400, 60)
        out["y"] = out["y"] * np.where(out["g"] == 0, first, other)
        return out

    return make


def _spread_by_x(rng: Rng) -> Draft:
    out = normal(rng, 300)
    out["y"] = out["y"] * out["x"]
    return out


def _spread_by_labels(rng: Rng) -> Draft:
    out = _uneven(rng, 400, 80)
    out["y"] = out["y"] * np.array([3.0, 1.0, 1.0, 0.5])[out["k"]] * np.array([2.0, 1.0])[out["h"]]
    return out


def _in_clusters(rng: Rng, out: Draft, cluster: NDArray, share: float = 0.3) -> Draft:
    """Outcomes (y, e, c) whose rows of one cluster resemble each other, with this intraclass correlation."""
    n, number = len(cluster), int(cluster.max()) + 1

    def mixed() -> NDArray:
        return np.sqrt(share) * rng.normal(size=number)[cluster] + np.sqrt(1 - share) * rng.normal(size=n)

    out["y"], out["e"] = mixed(), (mixed() <= 0.52).astype(int)
    out["c"] = rng.poisson(2.0 * out["w"] * rng.gamma(2.0, 0.5, number)[cluster]).astype(float)
    out.cluster = cluster
    return out


def _clusters_between(rng: Rng) -> Draft:
    """80 clusters of 6 rows; all but the outcomes are the same for all rows of a cluster."""
    cluster = np.repeat(np.arange(80), 6)
    kept = {name: values[cluster] for name, values in normal(rng, 80).columns.items()}
    kept["w"] = rng.gamma(4.0, 0.25, len(cluster))
    return _in_clusters(rng, Draft(kept), cluster)


def _clusters_within(rng: Rng) -> Draft:
    """60 clusters of 8 rows; all but the outcomes change from row to row."""
    return _in_clusters(rng, normal(rng, 480), np.repeat(np.arange(60), 8))


def _entities(rng: Rng) -> Draft:
    """40 entities of 40 rows; labels and numbers differ between and within them."""
    cluster = np.repeat(np.arange(40), 40)
    out = normal(rng, len(cluster))
    for name in ("g", "h", "s"):
        out[name] = (rng.random(len(cluster)) < rng.beta(1.5, 1.5, 40)[cluster]).astype(int)
    for name in ("x", "m", "z"):
        out[name] = rng.normal(size=40)[cluster] + out[name]
    return _in_clusters(rng, out, cluster)


def _autoregression(rng: Rng, n: int, phi: float) -> NDArray:
    """A series of unit variance whose neighbours have this correlation."""
    from scipy.signal import lfilter

    shocks = rng.normal(size=n) * np.sqrt(1 - phi**2)
    shocks[0] = rng.normal()
    return lfilter([1.0], [1.0, -phi], shocks)


def _series(phi: float) -> Callable[[Rng], Draft]:
    """300 days; the outcomes (y, e, c) depend on the day before."""

    def make(rng: Rng) -> Draft:
        out = normal(rng, 300)
        out["t"], out["y"] = days_of(300), _autoregression(rng, 300, phi)
        out["e"] = (_autoregression(rng, 300, phi) <= 0.52).astype(int)
        out["c"] = rng.poisson(2.0 * out["w"] * np.exp(0.5 * _autoregression(rng, 300, phi))).astype(float)
        return out

    return make


def _blocks(rng: Rng) -> Draft:
    """600 days in blocks of 10; outcomes and numbers depend on the day before, labels change from day to day."""
    out = normal(rng, 600)
    out["t"], out["e"] = days_of(600), (_autoregression(rng, 600, 0.6) <= 0.52).astype(int)
    for name in ("y", "x", "m", "z"):
        out[name] = _autoregression(rng, 600, 0.6)
    out.cluster, out.serial = np.repeat(np.arange(60), 10), True
    return out


def _daily_shocks(rng: Rng) -> Draft:
    """100 days of 6 rows; the outcomes of one day share a shock."""
    day = np.repeat(np.arange(100), 6)
    out = _in_clusters(rng, normal(rng, 600), day)
    out["t"], out.cluster = days_of(100)[day], None
    return out


def _overdispersed(rng: Rng) -> Draft:
    """Counts whose variance is seven times their mean, exposures that differ a hundredfold."""
    n = 400
    out = normal(rng, n)
    out["w"] = rng.lognormal(0, 1, n)
    out["c"] = rng.poisson(2.0 * out["w"] * rng.gamma(0.3, 1 / 0.3, n)).astype(float)
    for name in ("y", "x", "m", "z"):
        out[name] = rng.negative_binomial(0.5, 0.1, n).astype(float)
    return out


def _bimodal(rng: Rng, n: int) -> NDArray:
    return rng.normal(size=n) + np.where(rng.random(n) < 0.5, -3.0, 3.0)


def _missing(rng: Rng) -> Draft:
    """Every fifth cell missing, at random."""
    out = normal(rng, 400)
    for name, values in out.columns.items():
        gone = rng.random(400) < 0.2
        fill = -1 if name in LEVELS else np.datetime64("NaT") if name == "t" else np.nan
        out[name] = np.where(gone, fill, values)
    return out


NULLS: dict[str, Callable[[Rng], Draft]] = {
    "normal, n = 20": lambda rng: _even(rng, 20),
    "normal, n = 50": lambda rng: _even(rng, 50),
    "normal, n = 200": lambda rng: normal(rng, 200),
    "normal, n = 2,000": lambda rng: normal(rng, 2_000),
    "normal, n = 20,000": lambda rng: normal(rng, 20_000),
    "normal, n = 100,000": lambda rng: normal(rng, 100_000),
    "uniform": _with_numbers(300, lambda rng, n: rng.random(n)),
    "exponential": _with_numbers(300, lambda rng, n: rng.exponential(size=n)),
    "bimodal": _with_numbers(300, _bimodal),
    "t with 2 df": _with_numbers(300, lambda rng, n: rng.standard_t(2, n)),
    "t with 3 df": _with_numbers(300, lambda rng, n: rng.standard_t(3, n)),
    "rounded": _with_numbers(300, lambda rng, n: np.round(rng.normal(size=n))),
    "few values": _few_values,
    "lognormal, 25 against 475": _lognormal_25,
    "86 % zeros, 25 against 475": _zeros_25,
    "86 % zeros": _with_numbers(500, _zeros),
    "3 % flag": _flag,
    "unequal sizes": lambda rng: _uneven(rng, 600, 60, 0.15),
    "spread 3:1, 60 against 340": _spread(3, 1),
    "spread 1:3, 60 against 340": _spread(1, 3),
    "spread grows with x": _spread_by_x,
    "spread by k and h": _spread_by_labels,
    "clusters, between": _clusters_between,
    "clusters, within": _clusters_within,
    "entities of 40 rows": _entities,
    "AR(1) .3": _series(0.3),
    "AR(1) .6": _series(0.6),
    "blocks of a series": _blocks,
    "daily shocks": _daily_shocks,
    "overdispersed counts": _overdispersed,
    "20 % missing": _missing,
}
"""Every null table by name."""

LARGE = ("normal, n = 20,000", "normal, n = 100,000")
"""Those that take long to draw or to test."""


def null_rows(name: str, rng: Rng, wanted: Iterable[str] | None = None) -> Rows:
    """A table in which nothing is there, or its wanted columns alone."""
    return NULLS[name](rng).rows(wanted)
