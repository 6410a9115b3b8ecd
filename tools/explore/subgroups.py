"""Rules of two or three conditions under which an outcome is unlike the rest, beyond what each condition says alone.

Every pair of conditions is looked at, by one matrix product for all counts and one for each outcome: conditions are
unions of bins, so that the tables of all pairs of conditions are sums over the tables of bins. The best pairs are
then tried with a third condition. Knows exploration rows. Must never know a sealed row, and what it finds are
leads, chosen among very many.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.rows import FloatArray, Rows
from ..value import Value
from .selectors import MIN_COVERAGE, Selectors, Term, mask_of, selectors

MIN_ROWS = 40
MIN_CELL = 10
"""Rows that each condition must take away from the other, so that a rule is not one of its parts."""
GAIN = 1.15
"""How much better a rule must be than the best of its parts."""
MIN_Z = 5.0
"""Standard errors of a rule, and of what it adds to its parts: some 100,000 pairs of conditions are compared."""
_EXCEPTIONS = 0.05
"""Share of rows in which a rule that decides an event may be wrong."""
BEAM = 24
PER_OUTCOME = 3
_DOUBLE = 0.7
"""Overlap from which two rules are one, as rows of both over rows of either."""


class Target(NamedTuple):
    """An outcome: the values of a number by rank, or the share of a level."""

    outcome: str
    event: str | None = None


class RuleLead(Value):
    """A rule that stands out on exploration rows."""

    outcome: str
    event: str | None
    terms: tuple[Term, ...]
    higher: bool
    """Whether the outcome is higher inside."""
    effect: float
    """P(A>B) - 1/2 of rows inside against outside, or their difference of shares; signed."""
    coverage: float
    quality: float
    """|effect| times the square root of coverage (1 - coverage)."""
    gain: float
    """Quality over that of the best rule with one condition fewer."""


class _Sums(NamedTuple):
    """Rows and sums of an outcome for every condition and pair of conditions."""

    n: float
    total: float
    sd: float
    pair_n: FloatArray
    pair_sum: FloatArray


def find_rules(
    rows: Rows, targets: Sequence[Target], names: Sequence[str], barred: frozenset[frozenset[str]]
) -> list[RuleLead]:
    """The rules that add most to what single conditions say, best first, at most three an outcome.

    Args:
        rows: Exploration rows.
        targets: Outcomes; rows that miss one are left out for it.
        names: Columns that conditions may speak of.
        barred: Pairs of columns that follow from how the table is built.
    """
    from threadpoolctl import threadpool_limits

    found: list[RuleLead] = []
    with threadpool_limits(limits=1, user_api="blas"), np.errstate(all="ignore"):
        parts = selectors(rows, names)
        if len(parts.terms) < 2:
            return []
        counts = parts.bins @ parts.bins.T
        for target in targets:
            free = {t.column for t in parts.terms if frozenset((t.column, target.outcome)) not in barred}
            usable = np.array([t.column in free - {target.outcome} for t in parts.terms])
            y = scores(rows, target)
            known = ~np.isnan(y)
            if usable.sum() >= 2 and known.sum() >= 4 * MIN_ROWS:
                found += _of_target(target, y, known, parts, usable, counts, barred)
    return sorted(found, key=lambda r: (-r.quality * min(r.gain, 2.0), r.content_id()))


def scores(rows: Rows, target: Target) -> FloatArray:
    """What is averaged for an outcome, NaN where missing, shape (n,): ridits of a number, or 0 and 1."""
    if target.event is not None:
        hit = rows.level_mask(target.outcome, [target.event]).astype(np.float64)
        return np.where(rows.codes(target.outcome) < 0, np.nan, hit)
    codes, values = rows.ordinal(target.outcome)
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    ridit = (np.cumsum(counts) - counts / 2) / max(counts.sum(), 1)
    return np.where(codes < 0, np.nan, np.append(ridit, np.nan)[codes])


def _of_target(
    target: Target,
    y: FloatArray,
    known: NDArray[np.bool_],
    parts: Selectors,
    usable: NDArray[np.bool_],
    counts: NDArray,
    barred: frozenset[frozenset[str]],
) -> list[RuleLead]:
    """The best rules for one outcome."""
    y0 = np.where(known, y, 0.0).astype(np.float32)
    if not known.all():
        counts = counts - _products(parts.bins, ~known)
    # Rows in which an event happens are fewer than all, and their products with themselves take half of the time.
    summed = _products(parts.bins, y0 > 0) if target.event is not None else (parts.bins * y0) @ parts.bins.T
    unions = parts.unions
    pair_sum = unions @ summed @ unions.T
    sums = _Sums(
        float(known.sum()), float(y0.sum(dtype=np.float64)), float(np.std(y[known])),
        (unions @ counts @ unions.T).astype(np.float64), pair_sum.astype(np.float64),
    )  # fmt: skip
    if sums.sd == 0:
        return []
    quality, effect, sensible = _pairs(sums, parts, usable, barred)
    single = _quality(np.diag(sums.pair_n), np.diag(sums.pair_sum), sums)[0]
    best = np.maximum(single[:, None], single)
    adds = (_beyond(sums, np.sign(effect)) >= MIN_Z) & (_least_apart(sums) >= MIN_CELL) & (quality >= GAIN * best)
    if target.event is not None:
        adds |= _settles(sums, effect)
    good = sensible & adds & (quality * np.sqrt(sums.n) / sums.sd >= MIN_Z)
    two = _top_pairs(quality, quality / np.maximum(best, 1e-12), good)
    kept = [_Rule((i, j), quality[i, j], effect[i, j], g) for i, j, g in two]
    three = _extended(kept[:BEAM], target, y0, known, parts, usable, sums, barred)
    return _told(target, sorted([*kept, *three], key=lambda r: (-r.quality, r.places)), parts, sums)


def _products(bins: NDArray[np.float32], rows: NDArray[np.bool_]) -> NDArray[np.float32]:
    """How many of some rows lie in each pair of bins, shape (b, b); float32 counts exactly up to 2**24 rows."""
    some = np.compress(rows, bins, axis=1)
    return some @ some.T


class _Rule(NamedTuple):
    """A rule by the places of its conditions."""

    places: tuple[int, ...]
    quality: float
    effect: float
    gain: float


def _quality(n1: NDArray, s1: NDArray, sums: _Sums) -> tuple[FloatArray, FloatArray]:
    """|effect| sqrt(coverage (1 - coverage)), and the effect; 0 where too few rows are inside or outside."""
    n0 = sums.n - n1
    effect = s1 / np.maximum(n1, 1) - (sums.total - s1) / np.maximum(n0, 1)
    cover = n1 / sums.n
    enough = (n1 >= MIN_ROWS) & (n0 >= MIN_ROWS) & (cover >= MIN_COVERAGE) & (cover <= 1 - MIN_COVERAGE)
    effect = np.where(enough, effect, 0.0)
    return np.abs(effect) * np.sqrt(cover * (1 - cover)), effect


def _pairs(
    sums: _Sums, parts: Selectors, usable: NDArray, barred: frozenset[frozenset[str]]
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """Quality and effect of every pair of conditions, and which pairs make sense."""
    quality, effect = _quality(sums.pair_n, sums.pair_sum, sums)
    mixed = parts.owner[:, None] != parts.owner
    allowed = np.triu(usable[:, None] & usable & mixed, 1)
    return quality, effect, allowed & ~_tied(parts, barred)


def _least_apart(sums: _Sums) -> FloatArray:
    """Rows that the less busy of two conditions takes away from the other."""
    one = np.diag(sums.pair_n)
    return np.minimum(one[:, None], one) - sums.pair_n


def _settles(sums: _Sums, effect: FloatArray) -> NDArray[np.bool_]:
    """Pairs of conditions that nearly decide an event where either alone leaves four times as many exceptions.

    Few rows may part such a rule from its parts: whether each condition tells within the other is judged by the score
    test there, whose variance is small.
    """
    n11, s11 = sums.pair_n, sums.pair_sum
    one, total = np.diag(n11), np.diag(s11)

    def exceptions(n: NDArray, s: NDArray, higher: NDArray) -> FloatArray:
        return np.where(higher, n - s + sums.total - s, s + sums.n - n - (sums.total - s))

    left = exceptions(n11, s11, effect > 0)
    alone = np.minimum(
        exceptions(one[:, None], total[:, None], effect > 0), exceptions(one[None, :], total[None, :], effect > 0)
    )
    told = np.minimum(_within(n11, s11, one[:, None], total[:, None]), _within(n11, s11, one, total))
    few = (left <= _EXCEPTIONS * sums.n) & (left <= alone / 4)
    return few & (told >= MIN_Z) & (_least_apart(sums) >= 3)


def _within(n11: NDArray, s11: NDArray, n: NDArray, s: NDArray) -> FloatArray:
    """Z of the score test of rows inside a pair against the other rows of one of its conditions."""
    rest = np.maximum(n - n11, 1)
    share = s / np.maximum(n, 1)
    step = s11 / np.maximum(n11, 1) - (s - s11) / rest
    error = np.sqrt(np.maximum(share * (1 - share), 1e-12) * (1 / np.maximum(n11, 1) + 1 / rest))
    return np.abs(step) / error


def _tied(parts: Selectors, barred: frozenset[frozenset[str]]) -> NDArray[np.bool_]:
    """Pairs of conditions on columns that follow from each other."""
    columns = {int(o): t.column for o, t in zip(parts.owner, parts.terms, strict=True)}
    size = int(parts.owner.max()) + 1
    table = np.zeros((size, size), bool)
    for a, one in columns.items():
        for b, other in columns.items():
            table[a, b] = frozenset((one, other)) in barred
    return table[parts.owner[:, None], parts.owner]


def _beyond(sums: _Sums, direction: NDArray) -> FloatArray:
    """How far the rows of both conditions lie beyond the sum of what each does alone, in standard errors."""
    n11, s11 = sums.pair_n, sums.pair_sum
    one, total = np.diag(n11), np.diag(s11)
    n10, n01 = one[:, None] - n11, one - n11
    s10, s01 = total[:, None] - s11, total - s11
    n00, s00 = sums.n - n11 - n10 - n01, sums.total - s11 - s10 - s01
    cells = [np.maximum(n, 1) for n in (n11, n10, n01, n00)]
    excess = s11 / cells[0] - s10 / cells[1] - s01 / cells[2] + s00 / cells[3]
    error = sums.sd * np.sqrt(sum(1 / n for n in cells))
    return direction * excess / error


def _top_pairs(quality: FloatArray, gain: FloatArray, good: NDArray) -> Iterator[tuple[int, int, float]]:
    """The best pairs, at most a few times the beam."""
    at = np.flatnonzero(good)
    order = at[np.argsort(-quality.ravel()[at], kind="stable")][: 4 * BEAM]
    for place in order:
        i, j = divmod(int(place), quality.shape[1])
        yield i, j, float(gain[i, j])


def _extended(
    beam: Sequence[_Rule],
    target: Target,
    y0: NDArray,
    known: NDArray,
    parts: Selectors,
    usable: NDArray,
    sums: _Sums,
    barred: frozenset[frozenset[str]],
) -> Iterator[_Rule]:
    """The rules of the beam with a third condition that clearly adds to all shorter ones."""
    if not beam:
        return
    inside = np.stack([mask_of(r.places, parts) & known for r in beam]).astype(np.float32)
    n3 = (inside @ parts.bins.T @ parts.unions.T).astype(np.float64)
    s3 = ((inside * y0) @ parts.bins.T @ parts.unions.T).astype(np.float64)
    quality, effect = _quality(n3, s3, sums)
    pairs = _quality(sums.pair_n, sums.pair_sum, sums)[0]
    tied = _tied(parts, barred)
    for row, rule in enumerate(beam):
        i, j = rule.places
        parent_n, parent_s = sums.pair_n[i, j], sums.pair_sum[i, j]
        rest = parent_n - n3[row]
        step = s3[row] / np.maximum(n3[row], 1) - (parent_s - s3[row]) / np.maximum(rest, 1)
        z = np.abs(step) / (sums.sd * np.sqrt(1 / np.maximum(n3[row], 1) + 1 / np.maximum(rest, 1)))
        shorter = np.maximum(np.maximum(pairs[i], pairs[j]), rule.quality)
        own = usable & (parts.owner != parts.owner[i]) & (parts.owner != parts.owner[j]) & ~tied[i] & ~tied[j]
        own &= (rest >= MIN_CELL) & (z >= MIN_Z) & (quality[row] >= GAIN * shorter)
        own &= np.sign(effect[row]) == np.sign(rule.effect)
        for at in np.flatnonzero(own):
            gain = float(quality[row, at] / max(shorter[at], 1e-12))
            yield _Rule(tuple(sorted((i, j, int(at)))), float(quality[row, at]), float(effect[row, at]), gain)


def _told(target: Target, ranked: Sequence[_Rule], parts: Selectors, sums: _Sums) -> list[RuleLead]:
    """The best rules, each on other columns and other rows than those before it."""
    out: list[RuleLead] = []
    masks: list[NDArray] = []
    columns: set[frozenset[str]] = set()
    for rule in ranked:
        terms = tuple(parts.terms[at] for at in rule.places)
        own = frozenset(t.column for t in terms)
        if any(own <= c or c <= own for c in columns):
            continue
        mask = mask_of(rule.places, parts)
        if any((mask & m).sum() > _DOUBLE * (mask | m).sum() for m in masks):
            continue
        coverage = float(mask.mean())
        out.append(
            RuleLead(
                outcome=target.outcome, event=target.event, terms=terms, higher=rule.effect > 0,
                effect=float(rule.effect), coverage=coverage, quality=float(rule.quality), gain=float(rule.gain),
            )
        )  # fmt: skip
        columns.add(own)
        masks.append(mask)
        if len(out) == PER_OUTCOME:
            break
    return out
