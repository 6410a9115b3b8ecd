"""At most a stated share of rows breaks a rule of the data: exact binomial test and Clopper-Pearson interval.

Knows its rules, their exact test and their words. Must never know multiplicity, the ledger, or on which side of the
seal its rows lie, and never says that a rule always holds: no number of rows shows that.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrc, betaincinv, ndtri

from ...data.rows import BoolArray, Rows
from ...errors import HypothesisError
from ...value import Effect
from ..clusters import dense
from ..evidence import Evidence, Group, Picture
from ..hypothesis import FamilyName, Hypothesis, Invariant
from ..intervals import check_level
from ..population import population
from . import invariant_words

TEST = "exact binomial test"
BY_CLUSTER = "exact binomial test on one row per cluster, which breaks the rule if any of its rows does"
_LEAST = 0.05
_FEWEST = 20
"""Units from which a rule that cannot be verified on so few may still be refuted."""
"""Level that no violation at all must be able to reach for the test to be worth running."""
BREAKS, KEEPS = "rows that break it", "rows that keep it"


class _Invariant:
    """The family of `Invariant` hypotheses; see `Family` for the contract.

    The effect is the share of rows that break the rule, its null value the claim's tolerance.
    """

    name: FamilyName = "invariant"
    effect_name = "violation rate"
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
        """The share of rows that break the rule against the tolerance; `draws=0` leaves the exact p as robust alone.

        The test is exact for rows that stand for themselves, so that it is both of the two tests. With clusters one
        row stands for each, breaking the rule if any of its rows does. Blocks of a series are refused: there
        violations come in runs.

        Raises:
            HypothesisError: if it is another family's hypothesis, or names a column or level the rows lack.
            UsageError: if `level` is not between 0 and 1.
        """
        check_level(level)
        h = _own(hypothesis)
        rows = population(h, rows)
        broken, applies, missing = violations(h, rows)
        x, n, clusters = int(broken.sum()), int(applies.sum()), None
        if rows.cluster is not None:
            x, clusters = _by_cluster(broken[applies], rows.cluster[applies])
        base: dict[str, Any] = {
            "hypothesis_id": h.content_id(), "split": split, "test": TEST if clusters is None else BY_CLUSTER,
            "n": n, "missing": missing, "clusters": clusters,
        }  # fmt: skip
        units = n if clusters is None else clusters
        base["n_per_group"] = {BREAKS: x, KEEPS: units - x}
        reason = _floors(h, rows, applies, broken, units)
        if reason is not None:
            return Evidence.model_validate(base | {"untestable": reason})
        if units < _enough(h.tolerance):
            what = "rows" if clusters is None else "clusters"
            few = f"Even without a violation {_enough(h.tolerance):,} {what} are needed to show so small a share."
            base["warnings"] = (few,)
        return Evidence.model_validate(base | _measured(h, x, units, level, exact=draws > 0))

    def picture(self, hypothesis: Hypothesis, rows: Rows) -> Picture:
        """The share that breaks the rule beside the share that is tolerated: {label, n, share, low, high}."""
        h = _own(hypothesis)
        rows = population(h, rows)
        broken, applies, _ = violations(h, rows)
        x, n = int(broken.sum()), int(applies.sum())
        title = f"share of rows where {invariant_words.broken(h).replace('`', '')}"
        if n == 0:
            return Picture(kind="rates", x_title=h.outcome, y_title=title, records=())
        low, high = clopper_pearson(x, n, 0.95)
        seen = {"label": "rows", "n": n, "share": x / n, "low": low, "high": high}
        return Picture(
            kind="rates", x_title=h.outcome, y_title=title, records=(seen, {"label": "tolerated", "share": h.tolerance})
        )

    def claim(self, hypothesis: Hypothesis) -> str:
        """The claim as one plain sentence without a full stop; its only figures are the rule's constants."""
        return invariant_words.claim(_own(hypothesis))

    def sentence(self, hypothesis: Hypothesis, evidence: Evidence) -> str:
        """How many rows break the rule, with the exact interval of their share and what is tolerated."""
        return invariant_words.sentence(_own(hypothesis), evidence)


FAMILY = _Invariant()


def _own(hypothesis: Hypothesis) -> Invariant:
    if not isinstance(hypothesis, Invariant):
        raise HypothesisError(f"A {hypothesis.family} hypothesis is not one of invariant.")
    return hypothesis


def violations(h: Invariant, rows: Rows) -> tuple[BoolArray, BoolArray, int]:
    """Rows that break the rule, rows that it speaks of, each of shape (n,), and rows left out as missing."""
    if h.rule == "not_missing":
        return ~_known(rows, h.outcome), np.ones(rows.n, bool), 0
    known = _known(rows, h.outcome) & _known(rows, h.predictor)
    if h.rule == "in_range":
        x = rows.number(h.outcome)
        low, high = -np.inf if h.low is None else h.low, np.inf if h.high is None else h.high
        return known & ((x < low) | (x > high)), known, int((~known).sum())
    if h.rule == "one_of":
        return known & ~rows.level_mask(h.outcome, h.allowed), known, int((~known).sum())
    if h.rule == "not_after":
        return known & (rows.number(h.predictor) > rows.number(h.outcome)), known, int((~known).sum())
    wanted = _mapped(h, rows)
    applies = known & (wanted >= 0)
    return applies & (rows.codes(h.outcome) != wanted), applies, int((~known).sum())


def _known(rows: Rows, name: str) -> BoolArray:
    if rows.column(name).type in ("number", "datetime"):
        return ~np.isnan(rows.number(name))
    return rows.codes(name) >= 0


def _mapped(h: Invariant, rows: Rows) -> NDArray[np.int64]:
    """The outcome's code that the mapping gives each row, -1 where it says nothing, shape (n,)."""
    ours, theirs = rows.column(h.predictor).levels, rows.column(h.outcome).levels
    places = {level: at for at, level in enumerate(ours)}, {level: at for at, level in enumerate(theirs)}
    table = np.full(len(ours) + 1, -1, np.int64)
    for one, other in h.mapping:
        if one not in places[0] or other not in places[1]:
            bad, name = (one, h.predictor) if one not in places[0] else (other, h.outcome)
            raise HypothesisError(f"{bad!r} is not a level of {name!r}.")
        table[places[0][one]] = places[1][other]
    return table[rows.codes(h.predictor)]


def _by_cluster(broken: BoolArray, cluster: NDArray) -> tuple[int, int]:
    """Clusters with any violation, and all clusters."""
    groups, number_of = dense(cluster)
    return len(np.unique(groups[broken])), number_of


def _floors(h: Invariant, rows: Rows, applies: BoolArray, broken: BoolArray, units: int) -> str | None:
    """Why no number of violations could decide, or None."""
    if rows.serial:
        return (
            "Neighbouring rows depend on each other in time, so violations come in runs: no exact bound on them holds."
        )
    if units == 0:
        return "No row has the values that the rule speaks of."
    if h.rule == "not_missing" and broken.all():
        return "Every value is missing."
    if units >= _enough(h.tolerance) or (units >= _FEWEST and h.tolerance**units <= _LEAST / 2):
        return None  # enough to verify, or to refute where every one breaks it: known before any row is looked at
    what = "rows" if rows.cluster is None else "clusters"
    return f"Only {units:,} {what} can be checked; they could neither show nor refute so small a share."


def _enough(tolerance: float) -> int:
    """Units that show the tolerance at the level without a violation."""
    return int(np.ceil(np.log(_LEAST / 2) / np.log1p(-tolerance)))


def clopper_pearson(x: int, n: int, level: float) -> tuple[float, float]:
    """The exact interval of a share of x in n.

    References: Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404. Checked against `scipy.stats.binomtest`.
    """
    tail = (1 - level) / 2
    low = 0.0 if x == 0 else float(betaincinv(x, n - x + 1, tail))
    high = 1.0 if x == n else float(betaincinv(x + 1, n - x, 1 - tail))
    return low, high


def exact_p(x: int, n: int, share: float) -> tuple[float, float]:
    """Probability of at most x, and of at least x, in n where each has that share."""
    below = float(bdtr(x, n, share))
    above = 1.0 if x == 0 else float(bdtrc(x - 1, n, share))
    return below, above


def _measured(h: Invariant, x: int, n: int, level: float, *, exact: bool) -> dict[str, Any]:
    """Rate, interval, p and error; p is twice the smaller tail, as the interval's two ends are."""
    rate, tolerance = x / n, h.tolerance
    below, above = exact_p(x, n, tolerance)
    p = min(1.0, 2 * min(below, above))
    low, high = clopper_pearson(x, n, level)
    around = clopper_pearson(x, n, 0.95)
    name, points = "violation rate", {"level": level, "unit": "%"}
    return {
        "p_permutation": p if exact else None,
        "p_robust": p,
        "p_value": p,
        "effect": Effect(name=name, value=rate, low=low, high=high, level=level),
        "in_units": Effect(name=name, value=100 * rate, low=100 * low, high=100 * high, **points),
        "theta": tolerance - rate,
        "standard_error": _error(tolerance - rate, tolerance, above, n),
        "groups": (
            Group(label=BREAKS, n=x, mean=rate, low=around[0], high=around[1]),
            Group(label=KEEPS, n=n - x, mean=1 - rate, low=1 - around[1], high=1 - around[0]),
        ),
    }


def _error(theta: float, tolerance: float, above: float, n: int) -> float:
    """The standard error at the tolerance, widened where too many break the rule so that z has the exact p.

    Refutation reads a normal law off it, and few expected violations are far from one: a single violation among 100
    rows at a tolerance of .001 has an exact p of .095, by the normal law .002.
    """
    plain = float(np.sqrt(tolerance * (1 - tolerance) / n))
    if theta >= 0 or above >= 0.5:
        return plain if theta >= 0 else max(plain, abs(theta) * 1e3)
    return max(plain, float(theta / ndtri(max(above, 1e-300))))
