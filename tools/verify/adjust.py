"""Does a verified claim survive with the other columns held fixed? Three estimates, a tag, and the column that matters.

Knows opened rows, verdicts and the user's marks. Must never change a verdict or spend error budget: the tag is a
diagnostic. Controls are chosen on exploration rows (`adjust_controls`), estimates are of the opened rows.

At most the first `ROWS` usable rows of a claim are used, in the order of a hash of their content: a fixed function of
the data, as good as a draw, and the tags of a batch cost seconds whatever the table's size.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.rows import Rows
from ..value import Effect
from .adjust_controls import Chosen, Screen
from .adjust_design import NOT_RUN, Control, Pair, control, fine, pair_of, plain, rich, scores, within
from .adjust_drivers import driving, most_reversed, odds_of
from .adjust_labels import labels_adjusted
from .adjust_models import (
    Least,
    Slope,
    cross_fitted,
    double_lasso,
    least_squares,
    least_squares_on,
    partialled_out,
    robustness_value,
    spanned,
)
from .adjust_words import units, worded
from .adjustment import Adjustment, Estimate, Marks, Tag
from .evidence import Verdict
from .hypothesis import CategoricalAssociation, Hypothesis
from .units import by_unit

FloatArray = NDArray[np.float64]

ROWS = 4_000
MIN_ROWS = 60
MIN_SIDE = 10
_FINE_FROM = 200
"""Rows from which numbers also enter as fifths."""
_SPENT = 1e-3
"""Share of the predictor's variance that must be left with the others held fixed."""
_FAINT = 3.0
"""Standard errors that the claim itself must reach on the rows used, where those are not all."""
AS_FOUND, BINS, LASSO, TREES = "as found", "least squares with bins", "double lasso", "boosted trees"


class Ready(NamedTuple):
    """A claim's rows, scores and controls."""

    rows: Rows
    pair: Pair
    y: FloatArray
    x: FloatArray
    controls: list[Control]
    capped: bool


def adjust(
    verdicts: Sequence[Verdict],
    rows: Rows,
    exploration: Rows | None,
    marks: Marks,
    structural: frozenset[frozenset[str]],
) -> tuple[Verdict, ...]:
    """The verdicts, the verified ones with their `adjustment`.

    Args:
        verdicts: Of one batch.
        rows: The opened rows, in the order of a hash of their content.
        exploration: Rows to choose controls on; None for a table too small to divide, where `rows` serve for both.
        marks: Which columns are causes, consequences, later, or mere codes.
        structural: Pairs that follow from how the table is built.
    """
    if not any(v.outcome == "verified" for v in verdicts):
        return tuple(verdicts)
    from threadpoolctl import threadpool_limits

    check = _Check(rows, Screen(rows if exploration is None else exploration, marks, structural), marks)
    with threadpool_limits(limits=1, user_api="blas"):
        return tuple(
            v.model_copy(update={"adjustment": check.of(v)}) if v.outcome == "verified" else v for v in verdicts
        )


class _Check:
    """The check of a batch; what several claims share is computed once."""

    def __init__(self, rows: Rows, screen: Screen, marks: Marks) -> None:
        self.rows, self.screen, self.marks = rows, screen, marks
        self._left: dict[tuple[tuple[str, ...], bytes, bytes], FloatArray] = {}

    def of(self, verdict: Verdict) -> Adjustment:
        h = verdict.hypothesis
        reason = self._refused(verdict)
        if reason is not None:
            return _not_run(reason)
        inside = within(h, by_unit(h, self.rows))
        chosen = self.screen.controls(h, min(inside.n, ROWS))
        if not chosen.names:
            return _not_run("No other column can be held fixed.", chosen)
        if isinstance(h, CategoricalAssociation):
            found = labels_adjusted(h, inside.select(np.arange(min(inside.n, ROWS))), chosen.names)
        else:
            ready = _ready(h, inside, chosen)
            found = ready if isinstance(ready, str) else self._slopes(h, ready)
        if isinstance(found, str):
            return _not_run(found, chosen)
        causes = tuple(c for c in found.controls if c in self.marks.causes)
        found = found.model_copy(update={"causes": causes, "left_out": chosen.left_out})
        phrase, sentence = worded(h, found)
        return found.model_copy(update={"phrase": phrase, "sentence": sentence})

    def _refused(self, verdict: Verdict) -> str | None:
        h = verdict.hypothesis
        if h.family in NOT_RUN:
            return NOT_RUN[h.family]
        if self.rows.cluster is None and h.unit is None:
            return None
        if self.rows.serial:
            return "Neighbouring blocks of time depend on each other, which the intervals would not show."
        if verdict.evidence.test.startswith("within-cluster"):
            return "Compared within units of independence: all that is constant within a unit is held fixed already."
        if isinstance(h, CategoricalAssociation):
            return "Labels of rows that belong together have no stratified test here."
        return None

    def _slopes(self, h: Hypothesis, r: Ready) -> Adjustment | str:
        """The estimates of a claim that is a slope, with its tag; or why there are none."""
        nothing = np.zeros((len(r.y), 0))
        raw = least_squares(r.y, r.x, nothing)
        if raw is not None and r.capped and abs(raw.slope.value) < _FAINT * raw.slope.error:
            return f"The effect is too small to be told apart on the {len(r.y):,} rows that this check uses."
        if raw is None or not raw.slope.p < 0.05:
            return "On the scale of this check the claim itself is not shown."
        span = spanned(fine(r.controls))
        held = least_squares_on(span, r.y, r.x)
        lasso = double_lasso(r.y, r.x, plain(r.controls), rich(r.controls))
        spent = held is None or held.left < _SPENT
        trees = None if spent else partialled_out(*self._residuals(r))
        if held is None or lasso is None or trees is None:
            return f"The other columns all but determine `{h.predictor}`, so that it cannot vary with them held fixed."
        slopes = {AS_FOUND: raw.slope, BINS: held.slope, LASSO: lasso, TREES: trees}
        return self._tagged(h, r, raw, held, slopes).model_copy(update=_in_units(h, r, span))

    def _tagged(self, h: Hypothesis, r: Ready, raw: Least, held: Least, slopes: dict[str, Slope]) -> Adjustment:
        tag = tag_of(raw.slope, [slopes[BINS], slopes[LASSO], slopes[TREES]])
        driver = driving(r.y, r.x, r.controls, raw.slope.value, held.slope.value)
        worst, scan = most_reversed(r.y, r.x, r.controls)
        return Adjustment(
            tag=tag,
            controls=tuple(c.name for c in r.controls),
            rows=len(r.y),
            estimates=tuple(_estimate(label, s) for label, s in slopes.items()),
            driver=driver,
            simpson=worst,
            simpson_share=None if scan is None else scan.share,
            simpson_flagged=scan is not None and scan.flagged,
            simpson_turns=scan is not None and scan.flagged and scan.turns,
            odds=odds_of(r.pair, r.controls, driver or worst),
            robustness_value=robustness_value(held.partial),
        )

    def _residuals(self, r: Ready) -> list[FloatArray]:
        """What trees leave of outcome and predictor; claims on the same rows with the same controls share it."""
        columns, linear = np.column_stack([c.code for c in r.controls]), plain(r.controls)
        # All that the trees see: claims on other rows can share an outcome and a control value by value.
        shared = tuple(c.name for c in r.controls), sha256(columns.tobytes() + linear.tobytes()).digest()
        keys = [(*shared, sha256(target.tobytes()).digest()) for target in (r.y, r.x)]
        new = [at for at, key in enumerate(keys) if key not in self._left]
        if new:
            found = cross_fitted(np.stack([(r.y, r.x)[at] for at in new]), columns, linear)
            self._left |= {keys[at]: left for at, left in zip(new, found, strict=True)}
        return [self._left[key] for key in keys]


def tag_of(raw: Slope, slopes: Sequence[Slope]) -> Tag:
    """robust: all keep the sign of the claim with p < .05; reversed: at least two turn it; attenuated: neither."""
    keep = [s.value * raw.value > 0 for s in slopes]
    if all(keep) and all(s.p < 0.05 for s in slopes):
        return "robust"
    return "reversed" if keep.count(False) >= 2 else "attenuated"


def _ready(h: Hypothesis, inside: Rows, chosen: Chosen) -> Ready | str:
    """The claim on its first usable rows (one mean a cluster, where there are clusters), or why there are too few."""
    pair = pair_of(h, inside)
    usable = np.flatnonzero(~np.isnan(pair.y) & ~np.isnan(pair.x))
    if inside.cluster is None:
        at = usable[:ROWS]
        rows, y, x = inside.select(at), pair.y[at], pair.x[at]
    else:
        rows, y, x = _by_cluster(inside.select(usable), pair.y[usable], pair.x[usable], chosen.names)
    few = _too_few(pair, x)
    if few is not None:
        return few
    controls = [control(rows, name, fine=len(y) >= _FINE_FROM) for name in chosen.names]
    controls = [c for c in controls if c.linear.shape[1] and c.linear.any()]
    if not controls:
        return "No other column varies on these rows."
    kept = Pair(y, x, pair.share, pair.contrast)
    return Ready(rows, kept, scores(y), scores(x), controls, len(usable) > len(y) and inside.cluster is None)


def _by_cluster(rows: Rows, y: FloatArray, x: FloatArray, names: Sequence[str]) -> tuple[Rows, FloatArray, FloatArray]:
    """One row a cluster, numbers as means and labels as the commonest, the first `ROWS` of them."""
    from .clusters import collapse, dense

    groups, k = dense(rows.cluster if rows.cluster is not None else np.arange(rows.n))
    n = np.maximum(np.bincount(groups, minlength=k), 1)
    means = [np.bincount(groups, weights=v, minlength=k) / n for v in (y, x)]
    one = collapse(rows, list(names))
    at = np.arange(min(one.n, ROWS))
    return one.select(at), means[0][at], means[1][at]


def _too_few(pair: Pair, x: FloatArray) -> str | None:
    if len(x) < MIN_ROWS:
        return f"Only {len(x):,} rows can be used; at least {MIN_ROWS} are needed."
    if pair.contrast and min((x >= 0.5).sum(), (x < 0.5).sum()) < MIN_SIDE:
        return f"A side has fewer than {MIN_SIDE} of the rows that this check uses."
    return None


def _in_units(h: Hypothesis, r: Ready, span: FloatArray) -> dict[str, Effect | None]:
    """The claim in the data's own units, `before` as found and `after` with the controls, which span `span`."""
    raw, held = (least_squares_on(basis, r.pair.y, r.pair.x) for basis in (spanned(np.zeros((len(r.y), 0))), span))
    column = r.rows.columns.get(h.outcome)
    unit = column.unit if column is not None else None
    told = (units(h, r.pair, unit, found.slope if found else None) for found in (raw, held))
    return dict(zip(("before", "after"), told, strict=True))


def _estimate(label: str, s: Slope) -> Estimate:
    return Estimate(label=label, value=s.value, low=s.low, high=s.high, p_value=s.p)


def _not_run(reason: str, chosen: Chosen | None = None) -> Adjustment:
    left_out = chosen.left_out if chosen is not None else ()
    return Adjustment(reason=reason, left_out=left_out, sentence=f"Not checked against the other columns. {reason}")
