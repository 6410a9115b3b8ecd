"""The distribution of one label depends on another: chi-square by permutation and its asymptotic law, Cramér's V.

Knows its statistic, its floors and its words. Must never know multiplicity, the ledger, or on which side of the
seal its rows lie.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, chndtr, chndtrinc

from ...data.rows import FloatArray, Rows
from ...errors import HypothesisError
from ...value import Effect
from ..clusters import collapse, is_constant_within
from ..evidence import Evidence, Group, Picture
from ..hypothesis import CategoricalAssociation, FamilyName, Hypothesis
from ..intervals import check_level, normal_quantile, wilson_interval
from ..permutation import cross_table, permutation_p
from ..population import population
from .wording import among, column, count, effect_interval, fixed, is_level, percent, sentence_case, shown, untested

TEST = "permutation and asymptotic chi-square"
EFFECT = "Cramér's V"
OTHER = "(other)"
OTHER_STILL = "(every other level)"
MIN_ROWS = 50
_EXPECTED = 5.0
_MIN_GROUP = 20
_UNEQUAL = 0.05
_MOST_SHARES = 400


class Cells(NamedTuple):
    """The complete rows of a claim, counted."""

    table: NDArray[np.int64]
    """Rows by predictor level and outcome level, shape (r, c), empty rows and columns left out."""
    predictor: tuple[str, ...]
    outcome: tuple[str, ...]
    missing: int


class _CategoricalAssociation:
    """The family of `CategoricalAssociation` hypotheses; see `Family` for the contract."""

    name: FamilyName = "categorical_association"
    effect_name = EFFECT
    null = 0.0

    def evaluate(
        self,
        hypothesis: Hypothesis,
        rows: Rows,
        *,
        split: str = "held_out",
        level: float = 0.95,
        draws: int = 9_999,
        seed: int = 0,
    ) -> Evidence:
        """Bias-corrected Cramér's V with both tests, and the most telling label's share in every group.

        Raises:
            HypothesisError: if it is another family's hypothesis, or names a column or level the rows lack.
            UsageError: if `level` is not between 0 and 1.
        """
        check_level(level)
        h = _own(hypothesis)
        rows = population(h, rows)
        counted = _cells(h, rows)
        if rows.cluster is None:
            measured = _measure(h, counted, level, draws, seed)
        else:
            measured = _between(h, rows, rows.cluster, level, draws, seed)
        return _evidence(h, split, counted, measured, _unequal_missing(h, rows))

    def picture(self, hypothesis: Hypothesis, rows: Rows) -> Picture:
        """The share of each outcome level within each predictor level: {x, y, share, n}."""
        h = _own(hypothesis)
        cells = _cells(h, population(h, rows))
        records = [
            {"x": x, "y": y, "share": float(cells.table[i, j] / cells.table[i].sum()), "n": int(cells.table[i].sum())}
            for i, x in enumerate(cells.predictor)
            for j, y in enumerate(cells.outcome)
        ]
        return Picture(kind="shares", x_title=h.predictor, y_title=h.outcome, records=tuple(records[:_MOST_SHARES]))

    def claim(self, hypothesis: Hypothesis) -> str:
        """The claim as one plain sentence without figures and without a full stop."""
        h = _own(hypothesis)
        return sentence_case(among(h) + _statement(h))

    def sentence(self, hypothesis: Hypothesis, evidence: Evidence) -> str:
        """The claim with V and the group that stands out most; not stated as shown where the test does not show it."""
        h = _own(hypothesis)
        if evidence.untestable is not None or evidence.effect is None:
            return untested(self.claim(h), evidence.untestable or "No effect was measured.")
        effect = evidence.effect
        undecided = f"{column(h.outcome)} is not shown to depend on {column(h.predictor)}"
        head = _statement(h) if shown(evidence) else undecided
        within = f" in {count(evidence.clusters)} clusters" if evidence.clusters is not None else ""
        size = f"n = {count(evidence.n)}{within}"
        text = f"{head} (Cramér's V {fixed(effect.value, 2)}, {effect_interval(effect, 2)}; {size})"
        return sentence_case(among(h) + text + _standing_out(h, evidence)) + "."


FAMILY = _CategoricalAssociation()


def _own(hypothesis: Hypothesis) -> CategoricalAssociation:
    if not isinstance(hypothesis, CategoricalAssociation):
        raise HypothesisError(f"A {hypothesis.family} hypothesis is not one of categorical_association.")
    return hypothesis


def _statement(h: CategoricalAssociation) -> str:
    return f"the distribution of {column(h.outcome)} differs between the levels of {column(h.predictor)}"


def _pooled(rows: Rows, name: str, kept: tuple[str, ...]) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Codes of the kept levels in their order, every other level pooled as one after them, -1 where missing."""
    known = {level: at for at, level in enumerate(rows.column(name).levels)}
    table = np.full(len(known) + 1, len(kept), np.int32)
    table[-1] = -1
    for at, level in enumerate(kept):
        if level not in known:
            raise HypothesisError(f"{level!r} is not a level of {name!r}: {', '.join(list(known)[:12])}.")
        table[known[level]] = at
    # A level that is itself called so keeps its name; the pool then takes another.
    other = OTHER if OTHER not in known else OTHER_STILL
    return table[rows.codes(name)], (*kept, other)


def _cells(h: CategoricalAssociation, rows: Rows) -> Cells:
    a, predictor = _pooled(rows, h.predictor, h.predictor_levels)
    b, outcome = _pooled(rows, h.outcome, h.outcome_levels)
    good = (a >= 0) & (b >= 0)
    shape = len(predictor), len(outcome)
    table = cross_table(a, b, shape)
    some_rows, some_columns = table.sum(1) > 0, table.sum(0) > 0
    return Cells(
        table[some_rows][:, some_columns],
        tuple(level for level, some in zip(predictor, some_rows, strict=True) if some),
        tuple(level for level, some in zip(outcome, some_columns, strict=True) if some),
        int((~good).sum()),
    )


def _expected(table: NDArray) -> FloatArray:
    return np.outer(table.sum(1), table.sum(0)) / max(table.sum(), 1)


def _floors(cells: Cells) -> str | None:
    """Why the table is not fit for a test, or None."""
    n = int(cells.table.sum())
    if n < MIN_ROWS:
        return f"Only {n:,} rows have both labels; at least {MIN_ROWS} are needed."
    if min(cells.table.shape) < 2:
        return "One of the two columns has a single label here."
    expected = _expected(cells.table)
    if expected.min() < 1 or (expected >= _EXPECTED).mean() < 0.8:
        return "Too many combinations of labels are rare: expected counts under 5 in more than a fifth of the cells."
    return None


def _chi_squared(tables: NDArray, expected: FloatArray) -> FloatArray:
    return ((tables - expected) ** 2 / expected).sum(axis=(1, 2))


def cramers_v(
    chi2: float, shape: tuple[int, int], n: int, level: float, *, spread: float = 1.0
) -> tuple[float, float, float]:
    """Bias-corrected Cramér's V with an interval from the noncentral chi-square law, stretched by `spread`.

    References:
        Bergsma (2013), A bias-correction for Cramér's V, doi:10.1016/j.jkss.2012.10.002. Smithson (2003),
        Confidence Intervals, for the inversion.
    """
    df = (shape[0] - 1) * (shape[1] - 1)
    r, c = (k - (k - 1) ** 2 / (n - 1) for k in shape)
    width = max(min(r, c) - 1, 1e-12)
    value = float(np.sqrt(max(0.0, chi2 / n - df / (n - 1)) / width))
    tail = (1 - level) / 2
    low = float(np.sqrt(_noncentrality(chi2, df, 1 - tail) / n / (min(shape) - 1)))
    high = float(np.sqrt(_noncentrality(max(chi2, df), df, tail) / n / (min(shape) - 1)))
    low, high = value - spread * max(value - low, 0.0), value + spread * max(high - value, 0.0)
    return min(value, 1.0), max(low, 0.0), min(high, 1.0)


def excess_spread(table: NDArray) -> float:
    """How much wider chi-square scatters than its noncentral law says, as a factor of at least 1.

    That law holds for weak associations. Where rare levels depart strongly its intervals of 95 % cover 67 to 92 %;
    stretched by this factor, the ratio of the delta method's standard error to the law's, 93 to 96 %.

    References:
        Bishop, Fienberg and Holland (1975), Discrete Multivariate Analysis, chapter 11.
    """
    share = table / table.sum()
    r, c = share.sum(axis=1, keepdims=True), share.sum(axis=0, keepdims=True)
    terms = share**2 / (r * c)
    phi2 = float(terms.sum()) - 1
    if phi2 <= 1e-12:
        return 1.0
    influence = 2 * share / (r * c) - terms.sum(axis=1, keepdims=True) / r - terms.sum(axis=0, keepdims=True) / c
    return float(np.sqrt(max(1.0, (share * influence**2).sum() / (4 * phi2))))


def _noncentrality(chi2: float, df: int, p: float) -> float:
    """The noncentrality at which a chi-square is at or below `chi2` with probability p; 0 where none is.

    References: Sankaran 1959, doi:10.1093/biomet/46.1-2.235, for what lies too far out for the inverse of SciPy 1.17
    (from 3.6e9 on).
    """
    if chndtr(chi2, df, 0.0) <= p:
        return 0.0
    found = float(chndtrinc(chi2, df, p))
    if np.isfinite(found):
        return max(found, 0.0)
    from scipy.special import ndtri

    # Far out the root of a noncentral chi-square less (df - 1) / 2 is normal with standard deviation 1.
    centre = (df - 1) / 2
    return max(0.0, float((np.sqrt(chi2 - centre) - ndtri(p)) ** 2 - centre))


def _between(
    h: CategoricalAssociation, rows: Rows, cluster: NDArray, level: float, draws: int, seed: int
) -> dict[str, Any]:
    """One row per cluster, where both labels belong to the cluster."""
    a, b = rows.codes(h.predictor), rows.codes(h.outcome)
    good = (a >= 0) & (b >= 0)
    if not (is_constant_within(a[good], cluster[good]) and is_constant_within(b[good], cluster[good])):
        return {"untestable": "Labels that vary within a cluster need a family for repeated measures."}
    both = (h.outcome, h.predictor)
    one_each = collapse(rows.select(good), both, modes_of=both)
    measured = _measure(h, _cells(h, one_each), level, draws, seed)
    if "untestable" in measured:
        measured["untestable"] = f"With one row per cluster: {measured['untestable']}"
    return measured | {"test": f"{TEST}, on one row per cluster", "clusters": one_each.n}


def _measure(h: CategoricalAssociation, cells: Cells, level: float, draws: int, seed: int) -> dict[str, Any]:
    """The evidence's figures for a table of independent rows, or why there are none."""
    reason = _floors(cells)
    if reason is not None:
        return {"untestable": reason}
    table = cells.table
    n, expected, shape = int(table.sum()), _expected(table), (table.shape[0], table.shape[1])
    chi2, df = float(_chi_squared(table[None], expected)[0]), (shape[0] - 1) * (shape[1] - 1)
    spread = excess_spread(table)
    value, low, high = cramers_v(chi2, shape, n, level, spread=spread)
    return {
        "test": TEST,
        "statistic": chi2,
        "df": df,
        "p_permutation": permutation_p(table, lambda t: _chi_squared(t, expected), draws=draws, seed=seed)
        if draws
        else None,
        "p_robust": float(chdtrc(df, chi2)),
        "effect": Effect(name=EFFECT, value=value, low=low, high=high, level=level),
        "standard_error": spread * _standard_error(value, chi2, shape, n),
        "groups": _groups(h, cells, expected),
    }


def _standard_error(value: float, chi2: float, shape: tuple[int, int], n: int) -> float:
    """The one-sided upper bounds of V told as a standard error: "V is below delta" is then those bounds' test.

    A chi-square under its mean says no more than one at its mean: else a low draw would look like certainty.
    """
    df = (shape[0] - 1) * (shape[1] - 1)
    bounds = ((cramers_v(max(chi2, df), shape, n, sure)[2] - value) / normal_quantile(sure) for sure in (0.90, 0.99))
    return max(*bounds, 1e-9)


def _unequal_missing(h: CategoricalAssociation, rows: Rows) -> str | None:
    """A warning where the outcome is missing much more often at one level than at another (5 points), or None."""
    at, levels = _pooled(rows, h.predictor, h.predictor_levels)
    lost = (rows.codes(h.outcome) < 0).astype(np.int32)
    table = cross_table(at, lost, (len(levels), 2))
    share = table[:, 1] / np.maximum(table.sum(axis=1), 1)
    seen = np.flatnonzero(table.sum(axis=1) >= _MIN_GROUP)
    if len(seen) < 2 or np.ptp(share[seen]) <= _UNEQUAL:
        return None
    most, least = seen[np.argmax(share[seen])], seen[np.argmin(share[seen])]
    return (
        f"{column(h.outcome)} is missing for {percent(share[most], 0)} of rows where "
        f"{is_level(h.predictor, (levels[most],))} and for {percent(share[least], 0)} where it is {levels[least]}, "
        "which can bias the comparison."
    )


def _evidence(
    h: CategoricalAssociation, split: str, counted: Cells, measured: dict[str, Any], warning: str | None
) -> Evidence:
    """The figures as evidence, with p, theta and warnings; counts are of rows, clustered or not."""
    n = counted.table.sum(axis=1)
    base = {
        "hypothesis_id": h.content_id(),
        "split": split,
        "test": TEST,
        "n": int(n.sum()),
        "n_per_group": {is_level(h.predictor, (x,)): int(k) for x, k in zip(counted.predictor, n, strict=True)},
        "missing": counted.missing,
    }
    if "untestable" in measured:
        return Evidence.model_validate(base | measured)
    ps = [p for p in (measured["p_permutation"], measured["p_robust"]) if p is not None]
    figures = {"p_value": max(ps), "theta": measured["effect"].value, "warnings": (warning,) if warning else ()}
    return Evidence.model_validate(base | measured | figures)


def _groups(h: CategoricalAssociation, cells: Cells, expected: FloatArray) -> tuple[Group, ...]:
    """For the outcome level of the cell that stands out most, its share within every predictor level."""
    share_r, share_c = cells.table.sum(1) / cells.table.sum(), cells.table.sum(0) / cells.table.sum()
    spread = np.sqrt(np.maximum(expected * np.outer(1 - share_r, 1 - share_c), 1e-12))
    residual = (cells.table - expected) / spread
    # The pool of rare levels stands out only where there is nothing else to name.
    named = np.outer(np.isin(cells.predictor, h.predictor_levels), np.isin(cells.outcome, h.outcome_levels))
    residual = np.where(named | ~named.any(), residual, -np.inf)
    event = int(np.argmax(residual.max(axis=0)))
    out = []
    for at, level in enumerate(cells.predictor):
        n = int(cells.table[at].sum())
        around = wilson_interval(float(cells.table[at, event]), n)
        label = f"{is_level(h.outcome, (cells.outcome[event],))} where {is_level(h.predictor, (level,))}"
        out.append(Group(label=label, n=n, mean=around.value, low=around.low, high=around.high))
    return tuple(out)


def _standing_out(h: CategoricalAssociation, evidence: Evidence) -> str:
    """`; most of all, x is a for 88.3 % of rows where y is b, against 28.1 % overall`."""
    groups = [g for g in evidence.groups if g.mean is not None]
    total = sum(g.n for g in groups)
    overall = sum(g.n * (g.mean or 0.0) for g in groups) / total
    pool = {OTHER, OTHER_STILL} - set(h.predictor_levels)
    named = [g for g in groups if g.label.rpartition(_joint(h))[2] not in pool] or groups
    most = max(named, key=lambda g: ((g.mean or 0.0) - overall) * np.sqrt(g.n / max(1 - g.n / total, 1e-9)))
    event, _, level = most.label.rpartition(_joint(h))
    here, all_rows = percent(most.mean or 0.0), percent(overall)
    return f"; most of all, {event} for {here} of rows{_joint(h)}{level}, against {all_rows} overall"


def _joint(h: CategoricalAssociation) -> str:
    """What stands between the outcome's level and the predictor's in the label of a group."""
    return f" where {column(h.predictor)} is "
