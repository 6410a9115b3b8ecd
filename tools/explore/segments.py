"""Segments: stable groups of rows, each described by a few conditions so that new rows join it without refitting.

Knows exploration rows. Must never know a sealed row; what is typical of a segment in the columns it was built from
describes it and proves nothing.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..data.rows import BoolArray, FloatArray, Rows
from ..value import Value
from .clustering import stable_groups
from .selectors import Selectors, Term, plain_between, selectors

MIN_F1 = 0.8
"""How well its conditions must pick out a segment: harmonic mean of precision and recall."""
MIN_ROWS = 200
_SAMPLE = 2_000
_LEVELS = 8
_LONGER = 0.03
"""What a further condition must add to F1."""
_BEAM = 8
_TYPICAL = 5
_APART = 0.5
"""Standard deviations by which a feature must differ to be typical."""
_SHARED = 2
"""Features that must be typical: a group that differs in one column is a range of that column."""
SEED = 7


class Typical(Value):
    """One feature that sets a segment apart."""

    column: str
    level: str | None = None
    """A level whose share is told; None for the mean of a number."""
    inside: float
    elsewhere: float
    apart: float
    """The difference in standard deviations."""


class SegmentFound(Value):
    """One group of rows with the conditions that describe it."""

    terms: tuple[Term, ...]
    rows: int
    """Exploration rows of the sample where the conditions hold."""
    share: float
    f1: float
    typical: tuple[Typical, ...]


class Segmentation(Value):
    """Stable segments of a table."""

    features: tuple[str, ...]
    agreement: float
    """Adjusted Rand index of refits on half of the rows."""
    groups: int
    """Groups found, of which those without a description are not told."""
    rows: int
    segments: tuple[SegmentFound, ...]


def find_segments(rows: Rows, features: Sequence[str]) -> Segmentation | None:
    """Groups of rows that refits find again, each with at most three conditions; None where there are none.

    Args:
        rows: Exploration rows; at most 2,000, a fixed sample, are looked at.
        features: Numbers and labels to build segments from, at least two.
    """
    from threadpoolctl import threadpool_limits

    if rows.n < MIN_ROWS or len(features) < 2:
        return None
    at = np.sort(np.random.Generator(np.random.PCG64(SEED)).permutation(rows.n)[:_SAMPLE])
    sample = rows.select(at)
    with threadpool_limits(limits=1, user_api="blas"):
        blocks = scaled(sample, features)
        groups = stable_groups(blocks, SEED) if len(blocks) >= 2 else None
        if groups is None:
            return None
        parts = selectors(sample, features, bins=16)
        found = [_described(sample, features, groups.labels == k, parts) for k in range(int(groups.labels.max()) + 1)]
    segments = tuple(sorted((s for s in found if s is not None), key=lambda s: (-s.share, s.content_id())))
    if not segments:
        return None
    return Segmentation(
        features=tuple(features), agreement=groups.agreement, groups=len(found), rows=sample.n, segments=segments
    )


def scaled(rows: Rows, features: Sequence[str]) -> list[FloatArray]:
    """Features on one scale, each (n, p_i) with variance 1 in all, a missing value in the middle; constants left out.

    Numbers lie around their median in spreads of their middle half, cut at three; labels as one column a level.
    """
    blocks = []
    for name in features:
        column = rows.column(name)
        if column.type in ("boolean", "category"):
            codes = rows.codes(name)
            block = (codes[:, None] == np.arange(min(len(column.levels), _LEVELS))).astype(np.float64)
        else:
            block = _around_median(rows.number(name))[:, None]
        block = block - block.mean(axis=0)
        spread = float(np.sqrt((block**2).sum(axis=1).mean()))
        if spread > 1e-9:
            blocks.append(block / spread)
    return blocks


def _around_median(x: FloatArray) -> FloatArray:
    known = x[~np.isnan(x)]
    if not len(known):
        return np.zeros(len(x))
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    spread = (high - low) / 1.35 or float(known.std()) or 1.0
    return np.clip(np.where(np.isnan(x), 0.0, (x - middle) / spread), -3, 3)


def _described(rows: Rows, features: Sequence[str], member: BoolArray, parts: Selectors) -> SegmentFound | None:
    """One group as conditions, where at most three pick it out."""
    places, _ = _best_rule(member, parts)
    if not places:
        return None
    terms = [parts.terms[at] for at in places]
    held = np.stack([_held(rows, t) for t in terms])
    for at, term in enumerate(terms):
        others: BoolArray = np.all(np.delete(held, at, axis=0), axis=0, keepdims=False)
        terms[at] = _sharpened(rows, term, member, others)
        held[at] = _held(rows, terms[at])
    inside: BoolArray = np.all(held, axis=0, keepdims=False)
    f1 = 2 * float((inside & member).sum()) / max(float(inside.sum() + member.sum()), 1.0)
    typical = _typical(rows, features, inside)
    if f1 < MIN_F1 or len(typical) < _SHARED or (len(terms) == 1 and terms[0].op in ("==", "!=")):
        return None  # a single level is a group that has a name already
    order = sorted(terms, key=lambda t: (list(features).index(t.column), t.op))
    return SegmentFound(
        terms=tuple(order), rows=int(inside.sum()), share=float(inside.mean()), f1=f1, typical=tuple(typical[:_TYPICAL])
    )


def _best_rule(member: BoolArray, parts: Selectors) -> tuple[tuple[int, ...], float]:
    """The conditions that pick out a group best, a longer rule only where it clearly does better."""
    holds = (parts.bins.T @ parts.unions.T > 0.5).astype(np.float32)
    size = float(member.sum())
    beam: list[tuple[tuple[int, ...], NDArray, float]] = [((), np.ones(len(member), np.float32), 0.0)]
    best: tuple[tuple[int, ...], float] = ((), 0.0)
    for _ in range(3):
        seen: dict[tuple[int, ...], tuple[tuple[int, ...], NDArray, float]] = {}
        for places, mask, _ in beam:
            hits, n = (mask * member) @ holds, mask @ holds
            f1 = 2 * hits / np.maximum(n + size, 1)
            for at in np.argsort(-f1, kind="stable")[:_BEAM]:
                longer = tuple(sorted({*places, int(at)}))
                if len(longer) == len(places) + 1:
                    seen[longer] = (longer, mask * holds[:, at], float(f1[at]))
        beam = sorted(seen.values(), key=lambda b: (-b[2], b[0]))[:_BEAM]
        if not beam or beam[0][2] < best[1] + _LONGER:
            break
        best = beam[0][0], beam[0][2]
    return best


def _held(rows: Rows, term: Term) -> BoolArray:
    """Rows where a condition holds, shape (n,)."""
    if term.op in ("==", "!="):
        hit = rows.level_mask(term.column, [str(term.value)])
        return hit if term.op == "==" else ~hit & (rows.codes(term.column) >= 0)
    x, value = rows.number(term.column), float(term.value)
    compare = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}[term.op]
    return compare(x, value) & ~np.isnan(x)


def _sharpened(rows: Rows, term: Term, member: BoolArray, others: BoolArray) -> Term:
    """The condition on a number at the cut that picks out the group best, the other conditions given."""
    if term.op in ("==", "!="):
        return term
    x = rows.number(term.column)
    at = np.flatnonzero(others & ~np.isnan(x))
    below = term.op in ("<", "<=")
    order = at[np.argsort(x[at] if below else -x[at], kind="stable")]
    values = x[order]
    f1 = 2 * np.cumsum(member[order]) / (np.arange(1, len(order) + 1) + member.sum())
    ends = np.flatnonzero(np.append(values[1:] != values[:-1], False))
    if not len(ends):
        return term
    last = int(ends[np.argmax(f1[ends])])
    inner, outer = float(values[last]), float(values[last + 1])
    if rows.column(term.column).integer:
        return term.model_copy(update={"value": inner, "op": "<=" if below else ">="})
    cut = plain_between(min(inner, outer), max(inner, outer))
    return term.model_copy(update={"value": cut, "op": "<=" if below else ">"})


def _typical(rows: Rows, features: Sequence[str], inside: BoolArray) -> list[Typical]:
    """The features that differ most between rows inside and elsewhere, the furthest first, one entry a column."""
    told = (_compared(rows, name, inside) for name in features)
    kept = [t for t in told if t is not None and abs(t.apart) >= _APART]
    return sorted(kept, key=lambda t: (-abs(t.apart), t.column))


def _compared(rows: Rows, name: str, inside: BoolArray) -> Typical | None:
    """The mean of a number, or the share of the level that differs most, inside and elsewhere."""
    column, level = rows.column(name), None
    if column.type in ("boolean", "category"):
        codes = rows.codes(name)
        shares = [np.bincount(codes[m & (codes >= 0)], minlength=len(column.levels)) for m in (inside, ~inside)]
        one, other = (s / max(s.sum(), 1) for s in shares)
        at = int(np.argmax(one - other))
        x, level = np.where(codes < 0, np.nan, codes == at), column.levels[at]
    else:
        x = rows.number(name)
    known = ~np.isnan(x)
    if not (inside & known).any() or not (~inside & known).any() or not x[known].std():
        return None
    a, b = float(x[inside & known].mean()), float(x[~inside & known].mean())
    return Typical(column=name, level=level, inside=a, elsewhere=b, apart=(a - b) / float(x[known].std()))
