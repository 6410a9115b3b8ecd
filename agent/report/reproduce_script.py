"""Computes every held-out number of this report again, as a second opinion: `python reproduce.py [FOLDER]`.

Reads report.json, held_out.parquet and ledger.jsonl beside it and needs numpy, scipy and duckdb, not heldout.

Checked, each figure by a road of its own where there is one: the ledger's chain of hashes; that the claims are
those committed before the rows were opened; and for every finding its counts, statistic, degrees of freedom,
p-values (the same seeded draws), effects with intervals, groups, adjusted p, threshold, power, outcome and size.

Not checked: how the file was opened, cleaned and split (that needs the file), what was seen on exploration rows,
which claims were drafted, which pairs follow from how the table is built, the wording, the warnings, the pictures.

Exit code: 0 when nothing differs, 1 when something does, 2 when a file is missing.
"""

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
from scipy import optimize, stats

Found = dict[str, Any]
DRAWS = 9_999
STAGES = (199, 1_999, DRAWS)
ENOUGH_HITS = 20
SIGNS = {"higher": 1, "increasing": 1, "rising": 1, "lower": -1, "decreasing": -1, "falling": -1, "any": 0}
STRUCTURAL = "Follows from how the table is built"
POWER = float(stats.norm.ppf(0.8))


class Refused(Exception):
    """The rows do not carry the test; holds the number of clusters where it counts."""

    def __init__(self, clusters: int | None = None, **counts: Any) -> None:
        super().__init__()
        self.clusters, self.counts = clusters, counts


class Table(NamedTuple):
    """Held-out rows: numbers with NaN for missing, labels as indexes into their levels with -1 for missing."""

    columns: dict[str, Any]
    levels: dict[str, list[str]]
    dates: frozenset[str]
    cluster: Any
    serial: bool

    def pick(self, mask: Any) -> "Table":
        """The rows where the mask holds."""
        cluster = None if self.cluster is None else self.cluster[mask]
        return self._replace(columns={k: v[mask] for k, v in self.columns.items()}, cluster=cluster)

    def known(self, name: str) -> Any:
        """Where the column is not missing."""
        return self.columns[name] >= 0 if name in self.levels else ~np.isnan(self.columns[name])

    def number(self, name: str) -> Any:
        """The column as numbers, labels as their place among the levels."""
        return np.where(self.known(name), self.columns[name], np.nan).astype(float)

    def one_of(self, name: str, labels: list[str]) -> Any:
        """Where the column holds one of the labels."""
        levels = self.levels.get(name)
        return np.isin(self.columns[name], [levels.index(x) if levels else float(x) for x in labels])

    def event(self, name: str, event: str | None) -> Any:
        """The outcome as a number, or 1 and 0 for an event and its absence."""
        hit = self.number(name) if event is None else self.one_of(name, [event])
        return np.where(self.known(name), hit, np.nan).astype(float)


# --- Files


def read_table(path: Path, dates: frozenset[str], serial: bool) -> Table:
    """The rows of the opened vault."""
    with duckdb.connect() as connection:
        got = connection.cursor().execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchnumpy()
        query = "SELECT decode(key), decode(value) FROM parquet_kv_metadata(?)"
        extra = dict(connection.cursor().execute(query, [str(path)]).fetchall())
    levels: dict[str, list[str]] = json.loads(extra["levels"])
    cluster = np.asarray(got.pop("_cluster"))
    columns = {}
    for name, raw in got.items():
        masked = np.ma.asarray(raw)
        gone, plain = np.ma.getmaskarray(masked), np.ma.getdata(masked)
        if name in levels:
            place = {level: at for at, level in enumerate(levels[name])}
            columns[name] = np.array([-1 if m else place[v] for v, m in zip(plain, gone, strict=True)], int)
        else:
            columns[name] = np.where(gone, np.nan, plain.astype(float))
    return Table(columns, levels, dates, cluster if len(cluster) and cluster[0] >= 0 else None, serial)


def canonical(value: object) -> str:
    """JSON text with sorted keys and no spaces."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def sha(text: str) -> str:
    """The sha256 of a text in hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def chain_faults(entries: list[Found]) -> Iterator[str]:
    """Entries of the ledger that do not follow from those before them."""
    head = stamp = "0" * 64
    whole = [e["index"] for e in entries] == list(range(len(entries)))  # else other data sets stand between
    for entry in entries:
        head = sha(canonical([head, entry["kind"], entry["dataset"], entry["body"]]))
        stamp = sha(stamp + head + entry["time"])
        if entry["hash"] != head or (whole and entry["stamp"] != stamp):
            yield f"ledger: entry {entry['index']} does not match its hash"


def commitment_faults(report: Found, entries: list[Found], commit: Found) -> Iterator[str]:
    """Where report and ledger tell different things about what was committed, when, and what became of it."""
    number, findings = commit["number"], report["findings"]
    if sorted(map(canonical, commit["hypotheses"])) != sorted(canonical(f["hypothesis"]) for f in findings):
        yield "commitment: the claims of the report are not those committed"
    ids = sorted(sha(canonical(h))[:12] for h in commit["hypotheses"])
    if commit["batch"] != sha(canonical([ids, commit["rule"]])):
        yield "commitment: its claims and rule do not match its digest"
    kinds = [e["kind"] for e in entries if e["kind"] != "seal" and e["body"]["number"] == number]
    if kinds[-2:] != ["open", "reveal"] or set(kinds[:-2]) != {"commit"}:
        yield "ledger: the batch was not committed, opened and revealed in this order"
    told = [e["body"]["outcomes"] for e in entries if e["kind"] == "reveal" and e["body"]["number"] == number]
    if [{f["id"]: f["outcome"] for f in findings}] != told:
        yield "ledger: the outcomes of the report are not those revealed"
    if entries[-1]["hash"] != report["ledger"]["head"]:
        yield "ledger: its last entry is not the head that the report names"
    rule = {k: report["policy"][k] for k in commit["rule"]}
    if rule != commit["rule"]:
        yield "commitment: the policy of the report is not the rule committed"


# --- Permutation: the same seeded draws as the report's


def drawn_p(observed: float, draw: Callable[[int], Any]) -> float:
    """(1 + hits) / (1 + draws), in stages that stop at 20 hits; `draw` gives so many statistics under the null."""
    done = hits = 0
    for stage in STAGES:
        hits += int((draw(stage - done) >= observed).sum())
        done = stage
        if hits >= ENOUGH_HITS:
            break
    return (1 + hits) / (1 + done)


def table_p(table: Any, statistic: Callable[[Any], Any], seed: int) -> float:
    """The permutation p of a table of counts among those with its margins."""
    rng = np.random.Generator(np.random.PCG64(seed))
    observed = float(statistic(table[None])[0])
    observed -= 1e-9 * max(1.0, abs(observed))
    return drawn_p(observed, lambda draws: statistic(same_margins(table, draws, rng)))


def same_margins(table: Any, draws: int, rng: Any) -> Any:
    """Tables drawn with the margins of `table`: multivariate hypergeometric beside two, else Patefield's."""
    if min(table.shape) == 1:
        return np.broadcast_to(table, (draws, *table.shape))
    rows, columns = table.sum(1), table.sum(0)
    if table.shape[0] == 2:
        one = rng.multivariate_hypergeometric(columns, int(rows[0]), size=draws, method="marginals")
        return np.stack([one, columns - one], axis=1)
    if table.shape[1] == 2:
        one = rng.multivariate_hypergeometric(rows, int(columns[0]), size=draws, method="marginals")
        return np.stack([one, rows - one], axis=2)
    return stats.random_table(rows, columns).rvs(size=draws, method="patefield", random_state=rng)


def flip_p(terms: Any, seed: int) -> float:
    """The permutation p of a sum whose terms' signs are flipped; many clusters are flipped in 1,000 random blocks."""
    rng = np.random.Generator(np.random.PCG64(seed))
    if len(terms) > 1_000:
        terms = np.bincount(rng.permutation(len(terms)) % 1_000, weights=terms, minlength=1_000)

    def draw(draws: int) -> Any:
        return np.abs((2.0 * rng.integers(0, 2, (draws, len(terms)), dtype=np.int8) - 1) @ terms)

    return drawn_p(abs(terms.sum()) * (1 - 1e-9), draw)


def pooled(values: Any, most: int) -> Any:
    """A bin for each value: the values themselves, or at most so many bins of near-equal weight, ties together."""
    _, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    if len(counts) <= most:
        return codes
    middle = np.cumsum(counts) - counts / 2
    place = np.minimum((middle / counts.sum() * most).astype(int), most - 1)
    return np.unique(place, return_inverse=True)[1][codes]


def crossed(a: Any, b: Any) -> Any:
    """The table of counts of two arrays of codes from 0."""
    table = np.zeros((a.max() + 1, b.max() + 1), np.int64)
    np.add.at(table, (a, b), 1)
    return table


def scores(weights: Any) -> Any:
    """Midranks of bins around 0."""
    return np.cumsum(weights) - weights / 2 - weights.sum() / 2


def rank_p(x: Any, y: Any, seed: int) -> float:
    """The permutation p of Spearman's statistic on 8 bins a side, 32 beside a column of two values."""
    two_x, two_y = (len(np.unique(v)) == 2 for v in (x, y))
    table = crossed(pooled(x, 32 if two_y else 8), pooled(y, 32 if two_x else 8))
    a, b = scores(table.sum(1)), scores(table.sum(0))
    return table_p(table, lambda t: np.abs(np.einsum("bij,i,j->b", t, a, b)), seed)


def superiority_p(a: Any, b: Any, seed: int) -> float:
    """The permutation p of the Mann-Whitney statistic on at most 64 bins."""
    table = crossed(np.repeat([0, 1], [len(a), len(b)]), pooled(np.concatenate([a, b]), 64))
    score = np.cumsum(table.sum(0)) - table.sum(0) / 2
    expected = table[0].sum() / table.sum() * float(table.sum(0) @ score)
    return table_p(table, lambda t: np.abs(t[:, 0, :] @ score - expected), seed)


# --- Estimates with intervals, each as {value, low, high, level}


def told(value: float, low: float, high: float, level: float, scale: float = 1.0) -> Found:
    """An effect as the report tells it."""
    return {"value": scale * value, "low": scale * low, "high": scale * high, "level": level}


def t_reach(df: float, level: float) -> float:
    """Student's two-sided quantile."""
    return float(stats.t.isf((1 - level) / 2, df))


def z_reach(level: float) -> float:
    """The normal law's two-sided quantile."""
    return float(stats.norm.isf((1 - level) / 2))


def two_sided(statistic: float, df: float) -> float:
    """Student's two-sided p."""
    return float(2 * stats.t.sf(abs(statistic), df))


def welch(a: Any, b: Any, level: float, scale: float = 1.0) -> Found:
    """The difference of two means."""
    va, vb = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    value = float(a.mean() - b.mean())
    if va + vb == 0:
        return told(value, value, value, level, scale)
    df = (va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1))
    reach = t_reach(df, level) * float(np.sqrt(va + vb))
    return told(value, value - reach, value + reach, level, scale)


def wilson(y: Any, level: float = 0.95) -> tuple[float, float, float]:
    """The share of ones with its score interval."""
    around = stats.binomtest(int(y.sum()), len(y)).proportion_ci(level, method="wilson")
    return float(y.mean()), float(around.low), float(around.high)


def newcombe(a: Any, b: Any, level: float, scale: float = 1.0) -> Found:
    """The difference of two shares by Newcombe's method 10."""
    (pa, la, ha), (pb, lb, hb) = wilson(a, level), wilson(b, level)
    value = pa - pb
    low, high = value - np.hypot(pa - la, hb - pb), value + np.hypot(ha - pa, pb - lb)
    return told(value, float(low), float(high), level, scale)


def group(y: Any, share: bool = False) -> Found:
    """One group: its mean or share with 95 % interval, and the median of numbers."""
    if share:
        value, low, high = wilson(y)
        return {"n": len(y), "mean": value, "low": low, "high": high, "median": None}
    reach = t_reach(len(y) - 1, 0.95) * float(stats.sem(y)) if np.ptp(y) else 0.0
    mean = float(y.mean())
    return {"n": len(y), "mean": mean, "low": mean - reach, "high": mean + reach, "median": float(np.median(y))}


# --- Clusters: rows that belong together count once


def parts(cluster: Any) -> list[Any]:
    """The places of the rows of each cluster, clusters ascending."""
    starts = np.unique(np.sort(cluster), return_index=True)[1]
    return np.split(np.argsort(cluster, kind="stable"), starts[1:])


def modes(values: Any, cluster: Any) -> tuple[Any, Any]:
    """The commonest value of each cluster (the smallest of equals) and how often it stands there."""
    out = [np.unique(values[at], return_counts=True) for at in parts(cluster)]
    return np.array([v[n.argmax()] for v, n in out]), np.array([n.max() for _, n in out])


def is_constant(values: Any, cluster: Any) -> bool:
    """Whether 99 % of rows hold their cluster's mode, and 90 % of those that differ from the commonest value."""
    mode, times = modes(values, cluster)
    if times.sum() < 0.99 * len(values):
        return False
    kinds, counts = np.unique(values, return_counts=True)
    rare = values != kinds[counts.argmax()]
    held = values == mode[np.searchsorted(np.unique(cluster), cluster)]
    return not rare.any() or float(held[rare].mean()) >= 0.9


def cluster_means(values: Any, cluster: Any) -> Any:
    """The mean of each cluster, clusters ascending."""
    at = np.unique(cluster, return_inverse=True)[1]
    return np.bincount(at, values) / np.bincount(at)


class Within(NamedTuple):
    """Two sides compared within every cluster that holds both."""

    n: Any
    means: Any
    weights: Any
    above: Any
    """P(A>B) - 1/2 within each cluster."""

    @property
    def difference(self) -> Any:
        """The difference of the two means."""
        return self.means[:, 0] - self.means[:, 1]


def within(y: Any, side: Any, cluster: Any) -> Within:
    """Counts, means and superiority by cluster; `side` is 0 or 1."""
    n, means, above = [], [], []
    for at in parts(cluster):
        a, b = y[at][side[at] == 0], y[at][side[at] == 1]
        if len(a) and len(b):
            n.append((len(a), len(b)))
            means.append((a.mean(), b.mean()))
            above.append(((a[:, None] > b).mean() + (a[:, None] >= b).mean()) / 2 - 0.5)
    size = np.array(n, float).reshape(-1, 2)
    weights = size.prod(1) / size.sum(1)
    return Within(size, np.array(means).reshape(-1, 2), weights, np.array(above))


class Mean(NamedTuple):
    """A weighted mean over clusters against 0."""

    value: float
    error: float
    reach: float
    statistic: float | None
    df: float
    p: float

    def told(self, level: float, scale: float = 1.0, centre: float = 0.0, most: float = np.inf) -> Found:
        """The mean as an effect, its interval cut at `most` from 0 (from `centre` where there is one)."""
        low, high = max(self.value - self.reach, -most), min(self.value + self.reach, most)
        return told(centre + self.value, centre + low, centre + high, level, scale)

    def group(self, n: float, median: float | None = None, share: bool = False) -> Found:
        """The mean as one group; a share stays between 0 and 1."""
        low, high = self.value - self.reach, self.value + self.reach
        if share:
            low, high = max(low, 0.0), min(high, 1.0)
        return {"n": int(n), "mean": self.value, "low": low, "high": high, "median": median}


def over_clusters(theta: Any, weight: Any, level: float = 0.95) -> Mean:
    """The weighted t-test whose degrees of freedom are those of the effective number of clusters."""
    share = weight / weight.sum()
    value, g = float(np.average(theta, weights=weight)), len(theta)
    error = float(np.sqrt(g / (g - 1) * (share**2 * (theta - value) ** 2).sum()))
    if error <= 1e-12 * np.abs(theta).max():
        error = 0.0  # every cluster says the same: the statistic is undefined
    df = max(1 / float((share**2).sum()) - 1, 1.0)
    statistic = value / error if error else None
    p = float(value == 0) if statistic is None else two_sided(statistic, df)
    return Mean(value, error, t_reach(df, level) * error, statistic, df, p)


def stratified_p(value: Any, side: Any, cluster: Any) -> float:
    """Cochran-Mantel-Haenszel (of 0 and 1) or van Elteren's test (of ranks): shuffling within clusters, normal law."""
    total = variance = 0.0
    for at in parts(cluster):
        v, first = value[at], side[at] == 0
        n, a = len(v), int(first.sum())
        total += float(v[first].sum()) - a * float(v.mean())
        if n > 1:
            variance += a * (n - a) / n * float(v.var(ddof=1))
    return float(2 * stats.norm.sf(abs(total) / np.sqrt(variance))) if variance > 0 else 1.0


def share_ranks(y: Any, cluster: Any) -> Any:
    """Midranks within the cluster over its number of rows."""
    out = np.empty(len(y))
    for at in parts(cluster):
        out[at] = stats.rankdata(y[at]) / len(at)
    return out


def within_rho(x: Any, y: Any, cluster: Any) -> tuple[Any, Any]:
    """Spearman's rho of each cluster of three rows in which both vary, and its weight n - 1."""
    rho, weight = [], []
    for at in parts(cluster):
        a, b = x[at], y[at]
        if len(a) >= 3 and np.ptp(a) > 0 and np.ptp(b) > 0:
            rho.append(np.corrcoef(stats.rankdata(a), stats.rankdata(b))[0, 1])
            weight.append(len(a) - 1.0)
    return np.array(rho), np.array(weight)


# --- Two groups: group_difference and rate_difference


def sides(table: Table, h: Found) -> tuple[Any, Any]:
    """The side of each row: 0 for a, 1 for b, -1 for neither; and where the predictor is known."""
    known = table.known(h["predictor"])
    a = table.one_of(h["predictor"], h["levels"]["a"])
    b = table.one_of(h["predictor"], h["levels"]["b"]) if h["levels"]["b"] else known & ~a
    return np.where(a, 0, np.where(b, 1, -1)), known


def two_groups(h: Found, table: Table, level: float, seed: int) -> Found:
    """Two sides of the predictor compared."""
    side, known = sides(table, h)
    y = table.event(h["outcome"], h.get("event"))
    good = (side >= 0) & ~np.isnan(y)
    n = [int((good & (side == s)).sum()) for s in (0, 1)]
    base: Found = {"n": sum(n), "n_per_group": n, "missing": int((~known).sum() + ((side >= 0) & np.isnan(y)).sum())}
    rates = h["family"] == "rate_difference"
    kept, a, b = table.pick(good), y[good & (side == 0)], y[good & (side == 1)]
    try:
        if not rates:
            check_numbers(a, b)
        if kept.cluster is None:
            found = (compare_rates if rates else compare_numbers)(a, b, level, seed)
        elif is_constant(side[good], kept.cluster):
            found = between_groups(h, kept, y[good], level, seed)
        else:
            found = within_groups(rates, y[good], side[good], kept.cluster, level, seed)
    except Refused as refused:
        return base | {"untestable": True, "clusters": refused.clusters}
    return base | found


def check_sides(a: Any, b: Any) -> None:
    """At least 20 rows a side, 10 where there are under 200 in all."""
    if min(len(a), len(b)) < (20 if len(a) + len(b) >= 200 else 10):
        raise Refused


def check_numbers(a: Any, b: Any) -> None:
    """The floors of a comparison of numbers."""
    check_sides(a, b)
    smaller = a if len(a) <= len(b) else b
    one_value = len(np.unique(smaller)) < 2 and len(smaller) < 50  # with more rows that is no matter of luck
    if len(np.unique(np.concatenate([a, b]))) < 3 or one_value:
        raise Refused


def check_expected(a: Any, b: Any, floor: int) -> None:
    """The smallest expected count of the 2 x 2 table."""
    yes, n = a.sum() + b.sum(), len(a) + len(b)
    if min(len(a), len(b)) * min(yes, n - yes) / n < floor:
        raise Refused


def superiority(a: Any, b: Any, level: float, seed: int) -> Found:
    """P(A>B) by Brunner and Munzel; half a row is added to each variance for the interval."""
    na, nb = len(a), len(b)
    ranks = stats.rankdata(np.concatenate([a, b]))
    above_b = (ranks[:na] - stats.rankdata(a)) / nb
    above_a = (ranks[na:] - stats.rankdata(b)) / na
    value = float(stats.mannwhitneyu(a, b).statistic) / (na * nb)
    squares = [((above_b - value) ** 2).sum(), ((above_a - (1 - value)) ** 2).sum()]
    pad = (value**2 + (1 - value) ** 2) / 4
    error, df = satterthwaite([(squares[0] + pad) / (na - 0.5), (squares[1] + pad) / (nb - 0.5)], na, nb)
    reach = t_reach(df, level) * error
    found = {
        "effect": told(value, max(value - reach, 0.0), min(value + reach, 1.0), level),
        "p_permutation": superiority_p(a, b, seed), "statistic": None, "df": None, "p_robust": 0.0,
        "error": error, "null": 0.5,
    }  # fmt: skip
    if min(a) > max(b) or min(b) > max(a):
        return found  # complete separation: the statistic is undefined
    other = stats.brunnermunzel(a, b)  # its sign is that of b over a
    _, df = satterthwaite([squares[0] / (na - 1), squares[1] / (nb - 1)], na, nb)
    return found | {"statistic": -float(other.statistic), "df": df, "p_robust": float(other.pvalue)}


def satterthwaite(variances: list[float], na: int, nb: int) -> tuple[float, float]:
    """The standard error of a difference of means and its degrees of freedom."""
    va, vb = variances[0] / na, variances[1] / nb
    return float(np.sqrt(va + vb)), float((va + vb) ** 2 / (va**2 / (na - 1) + vb**2 / (nb - 1)))


def compare_numbers(a: Any, b: Any, level: float, seed: int) -> Found:
    """Numbers of rows that stand for themselves."""
    return superiority(a, b, level, seed) | {"in_units": welch(a, b, level), "groups": [group(a), group(b)]}


def compare_rates(a: Any, b: Any, level: float, seed: int) -> Found:
    """Shares of rows that stand for themselves: Fisher's exact test and the chi-square without correction."""
    check_sides(a, b)
    check_expected(a, b, 5)
    counts = np.array([[v.sum(), len(v) - v.sum()] for v in (a, b)], int)
    chi2: Any = stats.chi2_contingency(counts, correction=False)
    fisher: Any = stats.fisher_exact(counts)
    effect = newcombe(a, b, level)
    return in_points(effect, (effect["high"] - effect["low"]) / 2 / z_reach(level)) | {
        "statistic": float(np.sqrt(chi2.statistic)) * (1 if effect["value"] >= 0 else -1), "df": None,
        "p_permutation": float(fisher[1]), "p_robust": float(chi2.pvalue),
        "groups": [group(a, share=True), group(b, share=True)],
    }  # fmt: skip


def in_points(effect: Found, error: float) -> Found:
    """A difference of shares between -1 and 1, as a fraction and in points."""
    effect = effect | {"low": max(effect["low"], -1.0), "high": min(effect["high"], 1.0)}
    points = {k: v if k == "level" else 100 * v for k, v in effect.items()}
    return {"effect": effect, "in_units": points, "error": error, "null": 0.0}


def between_groups(h: Found, kept: Table, y: Any, level: float, seed: int) -> Found:
    """One row per cluster: the mean of the outcome on the side of its commonest level."""
    means = cluster_means(y, kept.cluster)
    level_of = modes(kept.columns[h["predictor"]], kept.cluster)[0]
    one_each = kept._replace(columns={h["predictor"]: level_of}, cluster=None)
    side, _ = sides(one_each, h)
    a, b = means[side == 0], means[side == 1]
    try:
        if h["family"] == "group_difference":
            check_numbers(a, b)
            found = compare_numbers(a, b, level, seed)
        elif set(means.tolist()) == {0.0, 1.0}:
            found = compare_rates(a, b, level, seed)
        else:
            found = between_shares(a, b, level, seed)
    except Refused as refused:
        raise Refused(len(means)) from refused
    return found | {"clusters": len(means)}


def between_shares(a: Any, b: Any, level: float, seed: int) -> Found:
    """Shares of clusters compared as numbers, by rank and by Welch's t with the smaller side's degrees of freedom."""
    check_sides(a, b)
    if min(len(np.unique(a)), len(np.unique(b))) < 2:
        raise Refused
    found, difference = superiority(a, b, level, seed), welch(a, b, level)
    error = float(np.sqrt(stats.sem(a) ** 2 + stats.sem(b) ** 2))
    p = two_sided(difference["value"] / error, min(len(a), len(b)) - 1) if error else 0.0
    agree = (found["effect"]["value"] - 0.5) * difference["value"] > 0
    groups: list[Found] = [group(v) | {"median": None} for v in (a, b)]
    for g in groups:
        g["low"], g["high"] = max(g["low"], 0.0), min(g["high"], 1.0)
    return (
        found
        | in_points(difference, error)
        | {"p_robust": max(found["p_robust"], p) if agree else 1.0, "groups": groups}
    )


def within_groups(rates: bool, y: Any, side: Any, cluster: Any, level: float, seed: int) -> Found:
    """One difference per cluster that holds both sides."""
    pairs = within(y, side, cluster)
    held = len(pairs.weights)
    if held < 20:
        raise Refused(held)
    if rates:
        try:
            check_expected(y[side == 0], y[side == 1], 10)
        except Refused as refused:
            raise Refused(held) from refused
    theta = pairs.difference if rates else pairs.above
    mean = over_clusters(theta, pairs.weights, level)
    score = y if rates else share_ranks(y, cluster)
    means = [over_clusters(pairs.means[:, s], pairs.weights) for s in (0, 1)]
    medians = [None if rates else float(np.median(y[side == s])) for s in (0, 1)]
    both = {
        "statistic": mean.statistic, "df": mean.df, "clusters": held,
        "p_permutation": flip_p(pairs.weights / pairs.weights.sum() * theta, seed),
        "p_robust": max(mean.p, stratified_p(score, side, cluster)),
        "groups": [m.group(pairs.n[:, s].sum(), medians[s], rates) for s, m in enumerate(means)],
    }  # fmt: skip
    if rates:
        return in_points(mean.told(level), mean.error) | both
    units = over_clusters(pairs.difference, pairs.weights, level).told(level)
    return both | {
        "effect": mean.told(level, centre=0.5, most=0.5),
        "in_units": units,
        "error": mean.error,
        "null": 0.5,
    }


# --- Ranks: monotone_association


def rank_slope(x: Any, y: Any) -> Found:
    """Spearman's rho with the HC3 test of the slope of ranks on ranks."""
    n = len(x)
    rx, ry = (stats.rankdata(v) - (n + 1) / 2 for v in (x, y))
    spearman: Any = stats.spearmanr(x, y)
    rho = float(spearman.statistic)
    error = hc3(rx, ry) * float(rx.std() / ry.std())
    if error < 1e-12:
        return {"rho": rho, "error": 0.0, "statistic": float(np.copysign(1e12, rho)), "df": n - 2.0, "p": 0.0}
    statistic = rho / error
    return {"rho": rho, "error": error, "statistic": statistic, "df": n - 2.0, "p": two_sided(statistic, n - 2)}


def hc3(x: Any, y: Any) -> float:
    """The HC3 standard error of the slope of y on x, by the design matrix."""
    design = np.column_stack([np.ones(len(x)), x - x.mean()])
    inverse = np.linalg.inv(design.T @ design)
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    residual = y - design @ (inverse @ (design.T @ y))
    meat = design * (residual / np.maximum(1 - leverage, 1e-9))[:, None]
    return float(np.sqrt((inverse @ meat.T @ meat @ inverse)[1, 1]))


def fisher_z(found: Found, level: float) -> Found:
    """Rho with its interval on Fisher's scale."""
    inside = float(np.clip(found["rho"], -1 + 1e-9, 1 - 1e-9))
    reach = z_reach(level) * found["error"] / (1 - inside**2)
    low, high = np.tanh(np.arctanh(inside) - reach), np.tanh(np.arctanh(inside) + reach)
    return told(found["rho"], float(low), float(high), level)


def monotone(h: Found, table: Table, level: float, seed: int) -> Found:
    """The outcome against a number."""
    x, y = table.number(h["predictor"]), table.event(h["outcome"], h["event"])
    good = ~(np.isnan(x) | np.isnan(y))
    x, y, kept = x[good], y[good], table.pick(good)
    base: Found = {"n": len(x), "n_per_group": [], "missing": int((~good).sum())}
    try:
        check_monotone(x, y, h["event"])
        if kept.cluster is None:
            found = compare_ranks(h, x, y, level, seed)
        elif is_constant(x, kept.cluster):
            found = between_ranks(h, x, y, kept.cluster, level, seed)
        else:
            found = within_ranks(h, x, y, kept.cluster, level, seed)
    except Refused as refused:
        return base | {"untestable": True, "clusters": refused.clusters}
    return base | {"n_per_group": [g["n"] for g in found["groups"]]} | found


def check_monotone(x: Any, y: Any, event: str | None) -> None:
    """The floors of a rank correlation."""
    rare = event is not None and min(y.sum(), (1 - y).sum()) < 10
    if len(x) < 30 or len(np.unique(x)) < 3 or rare or np.ptp(y) == 0:
        raise Refused


def compare_ranks(h: Found, x: Any, y: Any, level: float, seed: int) -> Found:
    """Rows that stand for themselves."""
    found = rank_slope(x, y)
    units, groups = ends(h, x, y, level)
    return {
        "statistic": float(np.clip(found["statistic"], -1e12, 1e12)), "df": found["df"], "p_robust": found["p"],
        "p_permutation": rank_p(x, y, seed), "effect": fisher_z(found, level), "error": found["error"], "null": 0.0,
        "in_units": units, "groups": groups,
    }  # fmt: skip


def between_ranks(h: Found, x: Any, y: Any, cluster: Any, level: float, seed: int) -> Found:
    """One row per cluster, both columns their means."""
    a, b = cluster_means(x, cluster), cluster_means(y, cluster)
    try:
        check_monotone(a, b, None)
    except Refused as refused:
        raise Refused(len(a)) from refused
    return compare_ranks(h, a, b, level, seed) | {"clusters": len(a)}


def within_ranks(h: Found, x: Any, y: Any, cluster: Any, level: float, seed: int) -> Found:
    """One Spearman correlation per cluster in which both vary."""
    rho, weight = within_rho(x, y, cluster)
    if len(rho) < 20:
        raise Refused(len(rho))
    mean = over_clusters(rho, weight, level)
    units, groups = within_halves(h, x, y, cluster, level)
    return over_rho(mean, rho, weight, level, seed) | {"in_units": units, "groups": groups}


def over_rho(mean: Mean, rho: Any, weight: Any, level: float, seed: int) -> Found:
    """The correlations within clusters, averaged and tested."""
    return {
        "statistic": mean.statistic, "df": mean.df, "clusters": len(rho), "p_robust": mean.p, "error": mean.error,
        "p_permutation": flip_p(weight / weight.sum() * rho, seed), "effect": mean.told(level, most=1.0), "null": 0.0,
    }  # fmt: skip


def cut_points(h: Found, x: Any) -> tuple[float, float]:
    """The committed ends of the predictor, or the quarter points of these rows where those hold too few."""
    if h["cuts"] and h["cuts"][0] < h["cuts"][1] and (x <= h["cuts"][0]).sum() >= 2 and (x >= h["cuts"][1]).sum() >= 2:
        return tuple(h["cuts"])
    known, quarter = np.sort(x), (len(x) - 1) // 4
    low, high = known[quarter], known[-1 - quarter]
    if low == high:
        above, below = known[known > low], known[known < low]
        low, high = (low, above[0]) if len(above) >= len(below) else (below[-1], high)
    return low, high


def is_share(h: Found, y: Any) -> bool:
    """Whether the outcome is an event that either happens or not."""
    return h["event"] is not None and bool(np.isin(y, (0.0, 1.0)).all())


def ends(h: Found, x: Any, y: Any, level: float) -> tuple[Found | None, list[Found]]:
    """The outcome at the upper and the lower end of the predictor, and the difference."""
    low, high = cut_points(h, x)
    upper, lower = y[x >= high], y[x <= low]
    if min(len(upper), len(lower)) < 2:
        return None, []
    groups = [group(v, is_share(h, v)) for v in (upper, lower)]
    if is_share(h, np.concatenate([upper, lower])):
        return newcombe(upper, lower, level, 100.0), groups
    return welch(upper, lower, level, 100.0 if h["event"] else 1.0), groups


def within_halves(h: Found, x: Any, y: Any, cluster: Any, level: float) -> tuple[Found | None, list[Found]]:
    """Rows above and below their cluster's middle rank of the predictor, compared within clusters."""
    half = np.zeros(len(x))
    for at in parts(cluster):
        half[at] = np.sign(stats.rankdata(x[at]) - (len(at) + 1) / 2)
    apart = half != 0
    pairs = within(y[apart], np.where(half[apart] > 0, 0, 1), cluster[apart])
    if len(pairs.weights) < 10:
        return None, []
    units = over_clusters(pairs.difference, pairs.weights, level).told(level, 100.0 if h["event"] else 1.0)
    means = [over_clusters(pairs.means[:, s], pairs.weights) for s in (0, 1)]
    return units, [m.group(pairs.n[:, s].sum()) for s, m in enumerate(means)]


# --- Labels: categorical_association


def categorical(h: Found, table: Table, level: float, seed: int) -> Found:
    """One label against another, rare levels pooled."""
    good = table.known(h["predictor"]) & table.known(h["outcome"])
    kept = table.pick(good)
    counts, (rows, columns) = contingency(h, kept)
    base: Found = {"n": int(counts.sum()), "n_per_group": counts.sum(1).tolist(), "missing": int((~good).sum())}
    clusters = None
    try:
        if kept.cluster is not None:
            names = (h["predictor"], h["outcome"])
            if not all(is_constant(kept.columns[name], kept.cluster) for name in names):
                raise Refused
            columns_of = {name: modes(kept.columns[name], kept.cluster)[0] for name in names}
            clusters = len(np.unique(kept.cluster))
            counts, (rows, columns) = contingency(h, kept._replace(columns=columns_of, cluster=None))
        return base | dependence(counts, named(h, rows, columns), level, seed) | {"clusters": clusters}
    except Refused:
        return base | {"untestable": True, "clusters": clusters}


def contingency(h: Found, table: Table) -> tuple[Any, tuple[Any, Any]]:
    """Counts by predictor and outcome, kept levels first, all others pooled; and which levels those are."""
    codes, used = [], []
    for name, kept in ((h["predictor"], h["predictor_levels"]), (h["outcome"], h["outcome_levels"])):
        code = np.full(len(table.columns[name]), len(kept))
        for at, label in enumerate(kept):
            code[table.one_of(name, [label])] = at
        present, dense = np.unique(code, return_inverse=True)
        codes.append(dense)
        used.append(present)
    return (crossed(*codes) if len(codes[0]) else np.zeros((0, 0), np.int64)), (used[0], used[1])


def named(h: Found, rows: Any, columns: Any) -> Any:
    """The cells of kept levels, all cells where there is none."""
    cells = np.outer(rows < len(h["predictor_levels"]), columns < len(h["outcome_levels"]))
    return cells | ~cells.any()


def dependence(counts: Any, cells: Any, level: float, seed: int) -> Found:
    """Chi-square by permutation and by its law, and bias-corrected Cramer's V."""
    n = int(counts.sum())
    if n < 50 or min(counts.shape) < 2:
        raise Refused
    expected = stats.contingency.expected_freq(counts)
    if expected.min() < 1 or (expected >= 5).mean() < 0.8:
        raise Refused
    test: Any = stats.chi2_contingency(counts, correction=False)
    chi2, df = float(test.statistic), int(test.dof)
    spread = excess_spread(counts / n)
    value, low, high = cramers_v(chi2, df, counts.shape, n, level, spread)
    ups = [(cramers_v(max(chi2, df), df, counts.shape, n, s, 1.0)[2] - value) / z_reach(s) for s in (0.90, 0.99)]
    freed = np.sqrt(np.outer(1 - counts.sum(1) / n, 1 - counts.sum(0) / n) * expected)
    residual = np.where(cells, (counts - expected) / np.maximum(freed, 1e-6), -np.inf)
    event = int(residual.max(0).argmax())
    return {
        "statistic": chi2, "df": df, "p_robust": float(test.pvalue), "effect": told(value, low, high, level),
        "p_permutation": table_p(counts, lambda t: ((t - expected) ** 2 / expected).sum((1, 2)), seed),
        "error": spread * max(*ups, 1e-9), "null": 0.0, "in_units": None,
        "groups": [group(np.repeat([1.0, 0.0], [row[event], row.sum() - row[event]]), True) for row in counts],
    }  # fmt: skip


def cramers_v(chi2: float, df: int, shape: Any, n: int, level: float, spread: float) -> tuple[float, float, float]:
    """V corrected for bias (Bergsma) with an interval from the noncentral chi-square, stretched by `spread`."""
    r, c = (k - (k - 1) ** 2 / (n - 1) for k in shape)
    value = float(np.sqrt(max(0.0, chi2 / n - df / (n - 1)) / max(min(r, c) - 1, 1e-12)))
    tail, most = (1 - level) / 2, n * (min(shape) - 1)
    low = np.sqrt(noncentrality(chi2, df, 1 - tail) / most)
    high = np.sqrt(noncentrality(max(chi2, df), df, tail) / most)
    low, high = value - spread * max(value - low, 0.0), value + spread * max(high - value, 0.0)
    return min(value, 1.0), float(max(low, 0.0)), float(min(high, 1.0))


def noncentrality(chi2: float, df: int, p: float) -> float:
    """The noncentrality at which a chi-square is at or below `chi2` with probability p; 0 where none is."""
    if stats.chi2.cdf(chi2, df) <= p:
        return 0.0
    most = 2 * chi2 + 100 * np.sqrt(chi2) + 1_000
    found: Any = optimize.brentq(lambda nc: stats.ncx2.cdf(chi2, df, nc) - p, 0.0, most, xtol=1e-12)
    return float(found)


def excess_spread(share: Any) -> float:
    """How much wider chi-square scatters than its law: the delta method's error over the law's, at least 1."""
    r, c = share.sum(1, keepdims=True), share.sum(0, keepdims=True)
    terms = share**2 / (r * c)
    phi2 = float(terms.sum()) - 1
    if phi2 <= 1e-12:
        return 1.0
    influence = 2 * share / (r * c) - terms.sum(1, keepdims=True) / r - terms.sum(0, keepdims=True) / c
    return float(np.sqrt(max(1.0, (share * influence**2).sum() / (4 * phi2))))


# --- Time: trend


def trend(h: Found, table: Table, level: float, seed: int) -> Found:
    """The outcome against time."""
    time, y = table.number(h["predictor"]), table.event(h["outcome"], h["event"])
    good = ~(np.isnan(time) | np.isnan(y))
    time, y, kept = time[good], y[good], table.pick(good)
    base: Found = {"n": len(y), "n_per_group": [], "missing": int((~good).sum())}
    clusters: int | None = None
    found: Found
    try:
        if kept.cluster is None:
            found = course(h, table, time, y, level, seed, least=30)
        elif kept.serial or is_constant(time, kept.cluster):
            clusters = len(np.unique(kept.cluster))
            units = (cluster_means(time, kept.cluster), cluster_means(y, kept.cluster))
            found = course(h, table, *units, level, seed, least=20) | {"clusters": clusters}
        else:
            found = within_trend(h, table, time, y, kept.cluster, level, seed)
    except Refused as refused:
        return base | {"untestable": True, "clusters": clusters if refused.clusters is None else refused.clusters}
    return base | {"n_per_group": [g["n"] for g in found["groups"]]} | found


def course(h: Found, table: Table, time: Any, y: Any, level: float, seed: int, *, least: int) -> Found:
    """Observations in the order of time that stand for themselves, guarded against dependent neighbours."""
    plain = bool(np.isin(y, (0.0, 1.0)).all())
    rare = h["event"] is not None and plain and min(y.sum(), (1 - y).sum()) < 10
    if len(y) < least or len(np.unique(time)) < 5 or rare or np.ptp(y) == 0:
        raise Refused
    order = np.argsort(time, kind="stable")
    time, y = time[order], y[order]
    found, inflation = guarded(time, y, seed)
    if len(y) / inflation**2 < 12:
        raise Refused
    own, rx, ry = rank_slope(time, y), stats.rankdata(time), stats.rankdata(y)
    x, per = time - time.mean(), period(h, table, time) * (100.0 if h["event"] else 1.0)
    slope, width, df = float(x @ y / (x @ x)), hc3(x, y) * inflation, len(y) / inflation**2 - 2
    if abs(own["rho"] - found["rho"]) < 1e-9:
        own = found
    else:  # the test was of one mean per time: the rows keep their rho, and rows of one time count once
        scale = float(rx.std() / ry.std())
        own["error"] = max(own["error"], scale * by_time(rx, ry, time)) * inflation
        width, df = max(width, by_time(time, y, time) * inflation), found["df"]
    width *= t_reach(max(df, 1.0), level)
    span = (time.max() - time.min()) / 3
    thirds = [y[time <= time.min() + span], y[time >= time.max() - span]]
    return {
        "statistic": float(np.clip(found["statistic"], -1e12, 1e12)), "df": found["df"], "p_robust": found["p"],
        "p_permutation": found["drawn"], "effect": fisher_z(own, level), "error": own["error"], "null": 0.0,
        "in_units": told(slope, slope - width, slope + width, level, per),
        "groups": [group(v, is_share(h, v)) for v in thirds if len(v) >= 2],
    }  # fmt: skip


def lag_one(time: Any, y: Any) -> float:
    """The correlation of neighbours among the residuals of ranks on ranks of time."""
    x, v = (stats.rankdata(u) - (len(y) + 1) / 2 for u in (time, y))
    left = v - x * (x @ v) / (x @ x)
    return float(left[1:] @ left[:-1]) / float(left @ left) if left.any() else 0.0


def noticed(phi: float, n: int) -> bool:
    """Whether a correlation of neighbours is beyond chance."""
    return phi > 0.05 and phi * np.sqrt(n) > 2.576


def guarded(time: Any, y: Any, seed: int) -> tuple[Found, float]:
    """Rank correlation with time, and the factor on its error for neighbours that depend on each other."""
    times, at, n = np.unique(time, return_inverse=True, return_counts=True)
    ranks = stats.rankdata(y) - (len(y) + 1) / 2
    mean = np.bincount(at, ranks) / n
    x = np.arange(len(times)) - (len(times) - 1) / 2
    left = mean - mean.mean() - x * float(x @ mean) / float(x @ x)
    phi = float(left[1:] @ left[:-1]) / float(left @ left) if left.any() else 0.0
    if len(times) == len(y):
        return examined(time, y, phi, seed)
    if not (alike(time, ranks, at, n) or noticed(phi, len(times))):
        return examined(time, y, 0.0, seed)
    if len(times) < 10:
        raise Refused
    y = np.bincount(at, y) / n
    if np.ptp(y) == 0:
        raise Refused
    return examined(times, y, lag_one(times, y), seed)


def alike(time: Any, ranks: Any, at: Any, n: Any) -> bool:
    """Whether rows of one time resemble each other beyond the trend (an F test at 1 %)."""
    within_times = float((ranks**2).sum() - (np.bincount(at, ranks) ** 2 / n).sum())
    if len(n) < 3:
        return False
    if within_times <= 0:
        return True
    t = stats.rankdata(time) - (len(time) + 1) / 2
    left = ranks - t * float(t @ ranks) / float(t @ t)
    a, b = len(n) - 2, len(ranks) - len(n)
    ratio = (float((np.bincount(at, left) ** 2 / n).sum()) / a) / (within_times / b)
    return float(stats.f.sf(ratio, a, b)) < 0.01


def examined(time: Any, y: Any, phi: float, seed: int) -> tuple[Found, float]:
    """The test of one series: by blocks and AR(1) where neighbours are seen to depend, else widened a little."""
    m, found = len(y), rank_slope(time, y)
    if noticed(phi, m):
        return dependent(found, time, y, phi, seed)
    likely = min(max((phi + 2 / m) / (1 - 4 / m), 0.0), 0.85) if phi != 0 else 0.0
    wider, inflation = widened(found, m, likely)
    return wider | {"drawn": rank_p(time, y, seed)}, inflation


def widened(found: Found, m: int, phi: float) -> tuple[Found, float]:
    """The correlation at the effective sample size of a lag-1 correlation."""
    by = float(np.sqrt((1 + phi) / (1 - phi)))
    df, statistic = max(m / by**2 - 2, 1.0), found["statistic"] / by
    p = max(two_sided(statistic, df), found["p"])
    return found | {"error": found["error"] * by, "statistic": statistic, "df": df, "p": p}, by


def dependent(found: Found, time: Any, y: Any, phi: float, seed: int) -> tuple[Found, float]:
    """The largest of a t-test and a permutation of block means and the AR(1) test."""
    if phi > 0.85 or len(y) * (1 - phi) / (1 + phi) < 20:
        raise Refused
    blocks = min(40, len(y) // int(np.ceil(5.0 * (1 + phi) / (1 - phi))))
    if blocks < 10:
        raise Refused
    at = np.arange(len(y)) * blocks // len(y)
    t, v = cluster_means(time, at), cluster_means(y, at)
    line: Any = stats.linregress(t, v)
    p_blocks = float(line.pvalue) if np.ptp(v) else 1.0
    wider, inflation = widened(found | {"p": p_blocks}, len(y), phi)
    return wider | {"drawn": rank_p(t, v, seed)}, inflation


def by_time(x: Any, y: Any, time: Any) -> float:
    """The cluster-robust standard error of the slope of y on x, rows of one time being one unit."""
    x, y = x - x.mean(), y - y.mean()
    score = np.bincount(np.unique(time, return_inverse=True)[1], x * (y - x * (x @ y) / (x @ x)))
    return float(np.sqrt(len(score) / max(len(score) - 2, 1) * (score**2).sum()) / (x @ x))


def period(h: Found, table: Table, time: Any) -> float:
    """The length of the period that a slope is told in: years, months, days or hours of dates."""
    if h["predictor"] not in table.dates:
        return 1.0
    span = time.max() - time.min()
    return next((length for length in (365.25, 30.4375, 1.0) if span > 3 * length), 1 / 24)


def within_trend(h: Found, table: Table, time: Any, y: Any, cluster: Any, level: float, seed: int) -> Found:
    """One correlation with time, and one slope, per entity that was seen at several times."""
    rho, weight = within_rho(time, y, cluster)
    if len(rho) < 20:
        raise Refused(len(rho))
    own = [(time[at] - time[at].mean(), y[at] - y[at].mean()) for at in parts(cluster)]
    squares = np.array([x @ x for x, _ in own])
    products = np.array([x @ v for x, v in own])
    varies = squares > 1e-9 * squares.max()
    slopes = over_clusters(products[varies] / squares[varies], squares[varies], level)
    per = period(h, table, time) * (100.0 if h["event"] else 1.0)
    found = over_rho(over_clusters(rho, weight, level), rho, weight, level, seed)
    return found | {"in_units": slopes.told(level, per), "groups": own_thirds(time, y, cluster)}


def own_thirds(time: Any, y: Any, cluster: Any) -> list[Found]:
    """First and last third of each cluster's own time, compared within the clusters."""
    place = np.full(len(time), -1)
    for at in parts(cluster):
        low, high = time[at].min(), time[at].max()
        third = (high - low) / 3
        place[at[(time[at] <= low + third) & (third > 0)]] = 0
        place[at[(time[at] >= high - third) & (third > 0)]] = 1
    pairs = within(y[place >= 0], place[place >= 0], cluster[place >= 0])
    return [over_clusters(pairs.means[:, s], pairs.weights).group(pairs.n[:, s].sum()) for s in (0, 1)]


# --- A finding: population, evidence, and over the batch the verdict

FAMILIES = {
    "group_difference": two_groups,
    "rate_difference": two_groups,
    "monotone_association": monotone,
    "categorical_association": categorical,
    "trend": trend,
}
COMPARE = {
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
FIELDS = ("statistic", "df", "n", "missing", "clusters", "p_permutation", "p_robust", "effect", "in_units", "groups")


def population(h: Found, table: Table) -> Table:
    """The rows where every condition holds; a missing value meets none."""
    mask = np.ones(len(next(iter(table.columns.values()))), bool)
    for term in h["where"]:
        name, value = term["column"], term["value"]
        if name in table.levels:
            hit = table.one_of(name, [str(value)])
            mask &= table.known(name) & (hit if term["op"] == "==" else ~hit)
            continue
        if name in table.dates and isinstance(value, str):
            value = np.datetime64(value, "us").astype(int) / 86_400e6
        mask &= table.known(name) & COMPARE[term["op"]](table.columns[name], float(value))
    return table if mask.all() else table.pick(mask)


def evidence(finding: Found, table: Table, level: float) -> Found:
    """What the rows say about one finding, its interval at a level."""
    h, nothing = finding["hypothesis"], {name: None for name in (*FIELDS, "p_value", "error")}
    nothing |= {"n": 0, "missing": 0, "n_per_group": [], "groups": [], "untestable": True}
    known = table.known(h["predictor"])
    if finding["reason"].startswith(STRUCTURAL):
        return nothing
    drifts = table.serial and table.cluster is not None and h["family"] != "trend"
    if drifts and is_constant(table.columns[h["predictor"]][known], table.pick(known).cluster):
        return nothing
    found = FAMILIES[h["family"]](h, population(h, table), level, int(sha(canonical(h))[:8], 16))
    if "untestable" not in found:
        found["p_value"] = max(found["p_permutation"], found["p_robust"])
        found["theta"] = (SIGNS[h["direction"]] or 1) * (found["effect"]["value"] - found["null"])
        found["untestable"] = False
    return nothing | found


def locked_p(found: Found, h: Found) -> float:
    """The p that counts: 1 where untestable, or where the effect points against the committed direction."""
    if found["untestable"] or (SIGNS[h["direction"]] and found["theta"] <= 0):
        return 1.0
    return found["p_value"]


class Control(NamedTuple):
    """What error control makes of a batch."""

    adjusted: Any
    rejected: Any
    level: float
    following: float


def control(p: Any, rule: Found, weight: float, earlier: int) -> Control:
    """Session-LOND, or Holm where any false finding is to be avoided."""
    k, q, order = len(p), rule["alpha"], np.argsort(p, kind="stable")
    adjusted = np.empty(k)
    if rule["control"] == "fwer":
        adjusted[order] = np.minimum(1, np.maximum.accumulate(p[order] * (k - np.arange(k)) / weight))
        rejected = adjusted <= q
        return Control(adjusted, rejected, q * weight / k, min(q * weight / max(k - rejected.sum(), 1), 1.0))
    factor = np.maximum(1.0, k / (weight * (earlier + np.arange(1, k + 1))))
    adjusted[order] = np.minimum(1, np.minimum.accumulate((p[order] * factor)[::-1])[::-1])
    rejected = adjusted <= q
    found = earlier + int(rejected.sum())
    return Control(
        adjusted, rejected, min(q, q * weight / k * found), min(q, q * weight / k * min(found + 1, earlier + k))
    )


def verdicts(findings: list[Found], table: Table, commit: Found) -> list[Found]:
    """Every number of every finding, computed from the rows and the commitment alone."""
    rule, hypotheses = commit["rule"], [f["hypothesis"] for f in findings]
    found = [evidence(f, table, 0.95) for f in findings]
    p = np.array([locked_p(e, h) for e, h in zip(found, hypotheses, strict=True)])
    errors = control(p, rule, commit["weight"], commit["earlier"])
    below = [p_below(e, h, rule) for e, h in zip(found, hypotheses, strict=True)]
    tested = [at for at, e in enumerate(found) if not e["untestable"]]
    held = np.array([1.0 if errors.rejected[at] else below[at] for at in tested])
    refuted = set(np.array(tested)[stats.false_discovery_control(held) <= rule["refute_q"]]) if tested else set()
    out = []
    for at, (finding, one) in enumerate(zip(findings, found, strict=True)):
        delta = rule["smallest_effects"][finding["hypothesis"]["family"]]
        own: Found = {"smallest_effect": delta, "size": None, "detectable": None, "rows_needed": None}
        own |= {"threshold": errors.following, "p_adjusted": None if one["untestable"] else float(errors.adjusted[at])}
        if one["untestable"]:
            own["outcome"] = "untestable"
        elif errors.rejected[at]:
            wider = evidence(finding, table, 1 - errors.level)
            one |= {"effect": wider["effect"], "in_units": wider["in_units"]}
            own |= {"outcome": "verified", "threshold": errors.level, "size": size(one, delta)}
        elif at in refuted:
            own["outcome"] = "refuted"
        else:
            own |= {"outcome": "inconclusive"} | power(one, delta, errors.following)
        out.append(one | own | {"id": sha(canonical(finding["hypothesis"]))[:12]})
    return out


def p_below(found: Found, h: Found, rule: Found) -> float:
    """One-sided p of an effect at least as large as the smallest of interest; both sides without a direction."""
    if found["untestable"] or not found["error"]:
        return 1.0
    delta, theta = rule["smallest_effects"][h["family"]], found["theta"]
    reached = theta if SIGNS[h["direction"]] else abs(theta)
    return float(stats.norm.cdf((reached - delta) / found["error"]))


def size(found: Found, delta: float) -> str:
    """Where the interval lies against the smallest effect of interest."""
    near, far = (found["effect"][end] - found["null"] for end in ("low", "high"))
    if found["effect"]["value"] < found["null"]:
        near, far = -far, -near
    return "material" if near > delta else "negligible" if far < delta else "uncertain"


def power(found: Found, delta: float, level: float) -> Found:
    """The effect found with power .80 at this size, and the rows that would find the smallest effect."""
    if not found["error"] or not 0 < level < 1:
        return {}
    reach = (z_reach(1 - level) + POWER) * found["error"]
    return {"detectable": reach, "rows_needed": int(np.ceil(found["n"] * (reach / delta) ** 2))}


# --- Report against recomputation


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every plain value with its path; what both sides leave empty is not told."""
    if isinstance(value, dict):
        for key in value:
            yield from leaves(value[key], f"{name}.{key}".lstrip("."))
    elif isinstance(value, list | tuple):
        for at, one in enumerate(value):
            yield from leaves(one, f"{name}[{at}]")
    else:
        yield name, value


def claimed(finding: Found) -> Found:
    """What the report says of a finding, in the recomputation's shape."""
    held = finding["held_out"]
    effects = {
        k: held[k] and {e: held[k][e] for e in ("value", "low", "high", "level")} for k in ("effect", "in_units")
    }
    names = ("n", "mean", "low", "high", "median")
    own = ("id", "outcome", "size", "smallest_effect", "detectable", "rows_needed")
    return (
        {k: held[k] for k in (*FIELDS, "p_value", "p_adjusted", "threshold")}
        | {"groups": [{k: g[k] for k in names} for g in held["groups"]], "n_per_group": per_group(finding)}
        | {k: finding[k] for k in own}
        | effects
    )


def per_group(finding: Found) -> list[int]:
    """The rows of each group in the order of the groups; ascending where no group is shown."""
    rows = dict(finding["held_out"]["n_per_group"])
    labels = [g["label"] for g in finding["held_out"]["groups"]]
    if finding["family"] == "categorical_association":
        cut = f" where `{finding['hypothesis']['predictor']}` is "
        labels = [f"{cut[7:]}{label.rpartition(cut)[2]}" for label in labels]
    return [rows[label] for label in labels if label in rows] or sorted(rows.values())


def same(name: str, one: Any, other: Any) -> bool:
    """Whether two plain values agree: text exactly, numbers to 1e-9 of their size, p-values however small."""
    if isinstance(one, str) or isinstance(other, str) or one is None or other is None:
        return one == other
    least = 0.0 if name.startswith("p_") else 1e-12
    return abs(one - other) <= max(least, 1e-9 * max(abs(one), abs(other)))


def compare(finding: Found, own: Found) -> tuple[int, list[str]]:
    """How many numbers were recomputed, and every field that differs."""
    left = dict(leaves(claimed(finding)))
    if not finding["held_out"]["groups"]:
        own = own | {"n_per_group": sorted(own["n_per_group"])}
    right = dict(leaves({k: own[k] for k in claimed(finding)}))
    names = [n for n in left | right if (left.get(n), right.get(n)) != (None, None)]
    differ = [
        f"{n}: report {left.get(n)!r}, recomputed {right.get(n)!r}"
        for n in names
        if not same(n, left.get(n), right.get(n))
    ]
    return sum(1 for n in names if not isinstance(left.get(n) or right.get(n), str)), differ


def check(folder: Path, report: Found) -> tuple[int, list[str]]:
    """The lines to print and how many of them tell of a difference."""
    entries = [json.loads(line) for line in (folder / "ledger.jsonl").read_text("utf-8").splitlines()]
    seal = next(e["body"] for e in entries if e["kind"] == "seal")
    number = report["ledger"]["session"]
    commit = [e["body"] for e in entries if e["kind"] == "commit" and e["body"]["number"] == number][-1]
    faults = [*chain_faults(entries), *commitment_faults(report, entries, commit)]
    dates = frozenset(c["name"] for c in report["dataset"]["columns"] if c["type"] == "datetime")
    serial = seal["kind"] == "time" or seal["block"] is not None
    table = read_table(folder / "held_out.parquet", dates, serial)
    lines, numbers, differ = list(faults), 0, len(faults)
    findings = report["findings"]
    for finding, own in zip(findings, verdicts(findings, table, commit), strict=True):
        count, faults = compare(finding, own)
        numbers, differ = numbers + count, differ + len(faults)
        lines.append(f"{finding['id']} {finding['outcome']}: {'; '.join(faults) or 'ok'}")
    return differ, [*lines, f"{len(findings)} findings, {numbers} numbers recomputed, {differ} differ"]


def main(arguments: list[str]) -> int:
    """Check the report in a folder, by default the one this file lies in."""
    folder = Path(arguments[0]) if arguments else Path(__file__).resolve().parent
    needed = ("report.json", "ledger.jsonl", "held_out.parquet")
    missing = [name for name in needed if not (folder / name).is_file()]
    report: Found = {} if "report.json" in missing else json.loads((folder / "report.json").read_text("utf-8"))
    if report and not report["findings"]:
        print("The report holds no findings: there is nothing to recompute.")
        return 0
    if missing:
        print(f"Missing in {folder}: {', '.join(missing)}.")
        return 2
    differ, lines = check(folder, report)
    print("\n".join(lines))
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
