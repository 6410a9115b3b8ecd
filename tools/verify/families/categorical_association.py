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
from ..permutation import permutation_p
from ..population import population
from .wording import among, column, count, effect_interval, fixed, is_level, percent, sentence_case, shown, untested

TEST = "permutation and asymptotic chi-square"
EFFECT = "Cramér's V"
OTHER = "(other)"
MIN_ROWS = 50
_EXPECTED = 5.0
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
        clusters = None
        if rows.cluster is not None:
            if not _constant(h, rows):
                reason = "Labels that vary within a cluster need a family for repeated measures."
                return _untestable(h, split, reason)
            rows = collapse(rows, (h.outcome, h.predictor), modes_of=(h.outcome, h.predictor))
            clusters = rows.n
        cells = _cells(h, rows)
        reason = _floors(cells)
        if reason is not None:
            return _untestable(h, split, reason, cells, clusters)
        return _evidence(h, split, cells, level, draws, seed, clusters)

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
        size = f"n = {count(evidence.n)}" + (" clusters" if evidence.clusters is not None else "")
        text = f"{head} (Cramér's V {fixed(effect.value, 2)}, {effect_interval(effect, 2)}; {size})"
        return sentence_case(among(h) + text + _standing_out(evidence)) + "."


FAMILY = _CategoricalAssociation()


def _own(hypothesis: Hypothesis) -> CategoricalAssociation:
    if not isinstance(hypothesis, CategoricalAssociation):
        raise HypothesisError(f"A {hypothesis.family} hypothesis is not one of categorical_association.")
    return hypothesis


def _statement(h: CategoricalAssociation) -> str:
    return f"the distribution of {column(h.outcome)} differs between the levels of {column(h.predictor)}"


def _constant(h: CategoricalAssociation, rows: Rows) -> bool:
    a, b = rows.codes(h.predictor), rows.codes(h.outcome)
    cluster = rows.cluster if rows.cluster is not None else np.arange(rows.n)
    good = (a >= 0) & (b >= 0)
    return is_constant_within(a[good], cluster[good]) and is_constant_within(b[good], cluster[good])


def _pooled(rows: Rows, name: str, kept: tuple[str, ...]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Codes of the kept levels in their order, every other level pooled as one after them, -1 where missing."""
    known = {level: at for at, level in enumerate(rows.column(name).levels)}
    table = np.full(len(known) + 1, len(kept), np.int64)
    table[-1] = -1
    for at, level in enumerate(kept):
        if level not in known:
            raise HypothesisError(f"{level!r} is not a level of {name!r}: {', '.join(list(known)[:12])}.")
        table[known[level]] = at
    return table[rows.codes(name)], (*kept, OTHER)


def _cells(h: CategoricalAssociation, rows: Rows) -> Cells:
    a, predictor = _pooled(rows, h.predictor, h.predictor_levels)
    b, outcome = _pooled(rows, h.outcome, h.outcome_levels)
    good = (a >= 0) & (b >= 0)
    shape = len(predictor), len(outcome)
    table = np.bincount(a[good] * shape[1] + b[good], minlength=shape[0] * shape[1]).reshape(shape)
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


def cramers_v(chi2: float, shape: tuple[int, int], n: int, level: float) -> tuple[float, float, float]:
    """Bias-corrected Cramér's V with an interval from the noncentral chi-square law.

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
    return min(value, 1.0), min(low, value), min(max(high, value), 1.0)


def _noncentrality(chi2: float, df: int, p: float) -> float:
    """The noncentrality at which a chi-square is at or below `chi2` with probability p; 0 where none is."""
    if chndtr(chi2, df, 0.0) <= p:
        return 0.0
    found = float(chndtrinc(chi2, df, p))
    if np.isfinite(found):
        return max(found, 0.0)
    from scipy.special import ndtri

    # Far out the noncentral law is nearly normal in its square root.
    return max(0.0, float((np.sqrt(2 * chi2 - df) - ndtri(p)) ** 2 / 2 - df / 2))


def _evidence(
    h: CategoricalAssociation, split: str, cells: Cells, level: float, draws: int, seed: int, clusters: int | None
) -> Evidence:
    table = cells.table
    n, expected = int(table.sum()), _expected(table)
    chi2 = float(_chi_squared(table[None], expected)[0])
    df = (table.shape[0] - 1) * (table.shape[1] - 1)
    value, low, high = cramers_v(chi2, (table.shape[0], table.shape[1]), n, level)
    # The one-sided 95 % bound, told as a standard error: "V is below delta" is then that bound's test.
    # A chi-square under its mean says no more than one at its mean: else a low draw would look like certainty.
    bounds = [
        (cramers_v(max(chi2, df), (table.shape[0], table.shape[1]), n, sure)[2] - value) / normal_quantile(sure)
        for sure in (0.90, 0.99)
    ]
    robust = float(chdtrc(df, chi2))
    drawn = permutation_p(table, lambda t: _chi_squared(t, expected), draws=draws, seed=seed) if draws else None
    return Evidence.model_validate(
        _counts(h, split, cells, clusters)
        | {
            "test": TEST + (", on one row per cluster" if clusters is not None else ""),
            "statistic": chi2,
            "df": df,
            "p_permutation": drawn,
            "p_robust": robust,
            "p_value": robust if drawn is None else max(robust, drawn),
            "effect": Effect(name=EFFECT, value=value, low=low, high=high, level=level),
            "standard_error": max(*bounds, 1e-9),
            "theta": value,
            "groups": _groups(h, cells, expected),
        }
    )


def _groups(h: CategoricalAssociation, cells: Cells, expected: FloatArray) -> tuple[Group, ...]:
    """For the outcome level of the cell that stands out most, its share within every predictor level."""
    share_r, share_c = cells.table.sum(1) / cells.table.sum(), cells.table.sum(0) / cells.table.sum()
    spread = np.sqrt(np.maximum(expected * np.outer(1 - share_r, 1 - share_c), 1e-12))
    residual = (cells.table - expected) / spread
    event = int(np.argmax(residual.max(axis=0)))
    out = []
    for at, level in enumerate(cells.predictor):
        n = int(cells.table[at].sum())
        around = wilson_interval(float(cells.table[at, event]), n)
        label = f"{is_level(h.outcome, (cells.outcome[event],))} where {is_level(h.predictor, (level,))}"
        out.append(Group(label=label, n=n, mean=around.value, low=around.low, high=around.high))
    return tuple(out)


def _standing_out(evidence: Evidence) -> str:
    """`: most of all, x is a for 88.3 % of rows where y is b, against 28.1 % overall`."""
    groups = [g for g in evidence.groups if g.mean is not None]
    total = sum(g.n for g in groups)
    if not groups or not total:
        return ""
    overall = sum(g.n * (g.mean or 0.0) for g in groups) / total
    most = max(groups, key=lambda g: ((g.mean or 0.0) - overall) * np.sqrt(g.n / max(1 - g.n / total, 1e-9)))
    event, _, where = most.label.partition(" where ")
    here, all_rows = percent(most.mean or 0.0), percent(overall)
    return f"; most of all, {event} for {here} of rows where {where}, against {all_rows} overall"


def _counts(h: CategoricalAssociation, split: str, cells: Cells | None, clusters: int | None) -> dict[str, Any]:
    if cells is None:
        return {"hypothesis_id": h.content_id(), "split": split, "n": 0, "clusters": clusters}
    per_group = {
        f"{column(h.predictor)} is {x}": int(k) for x, k in zip(cells.predictor, cells.table.sum(1), strict=True)
    }
    return {
        "hypothesis_id": h.content_id(),
        "split": split,
        "n": int(cells.table.sum()),
        "n_per_group": per_group,
        "missing": cells.missing,
        "clusters": clusters,
    }


def _untestable(
    h: CategoricalAssociation, split: str, reason: str, cells: Cells | None = None, clusters: int | None = None
) -> Evidence:
    return Evidence.model_validate(_counts(h, split, cells, clusters) | {"test": TEST, "untestable": reason})
