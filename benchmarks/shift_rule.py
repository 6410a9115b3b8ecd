"""What the rule of shifts rejects: years of deliveries in which nothing happens, and shifts that it should see.

    python benchmarks/shift_rule.py                    # 20 years each, about 4 minutes
    python benchmarks/shift_rule.py --years 4
    python benchmarks/shift_rule.py --compare          # what other tolerances would give, by kind of column

A table of 20 numbers and 10 labels is learned on four times the rows of a delivery, then delivered 52 times. Weeks
differ by chance alone, or by harmless variation: every mean moves by a normal amount each week, every log share too.
Rules side by side, in alarms a year after the four calibration deliveries, over all 30 columns:

    p < .01      chi squared of each column by itself
    BH           the same with Benjamini-Hochberg at .01 over the columns
    distance     total variation above .10, as it is observed
    ours         `find_shifts`
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from heldout.tools.review import shifts
from heldout.tools.review.checked import Shifted
from heldout.tools.review.shifts import CALIBRATION, TOLERANCE, Q, find_shifts
from heldout.tools.review.shifts_counts import apart, cells
from heldout.tools.review.sketch import ColumnSketch, Sketch
from heldout.tools.verify.multiplicity import session_lond

NUMBERS, LABELS, WEEKS, TIMES, BINS = 20, 10, 52, 4, 20
SHARES = ([0.5, 0.5], [0.9, 0.1], [0.6, 0.3, 0.1], [1 / 8] * 8, [0.4, *[0.06] * 10])
VARIATION = ((0.0, 0.0), (0.1, 0.1), (0.1, 0.25), (0.2, 0.3))
"""Standard deviations of weekly means, in standard deviations of the rows, and of weekly log shares."""
SHIFTS = ((0.2, 0.0), (0.3, 0.0), (0.5, 0.0), (1.0, 0.0), (0.0, 0.10), (0.0, 0.15), (0.0, 0.20))
"""Of one mean in standard deviations, or of one label's share."""
RULES = ("p < .01", "BH", "distance", "ours")


class Held(NamedTuple):
    """What a column is held to: tolerated distance and allowed spreads, of columns with few levels and of others."""

    few: float = shifts.TOLERANCE_FEW
    spreads_few: float = shifts.SPREADS_FEW
    others: float = shifts.TOLERANCE
    spreads: float = shifts.SPREADS


COMPARED = (
    Held(), Held(0.10, 3.0), Held(0.075, 3.0), Held(0.05, 3.0), Held(0.05, 4.0),
    Held(others=0.075), Held(others=0.05), Held(others=0.075, spreads=3.5), Held(others=0.05, spreads=3.5),
)  # fmt: skip
"""The rule as it is, then few levels by themselves, then the others."""
FIRST = "of the first four"


class Moved(NamedTuple):
    """What happened to the first number, and to the first label."""

    mean: float = 0.0
    share: float = 0.0


def sample(
    rng: np.random.Generator, n: int, variation: tuple[float, float], like: Sketch | None, moved: Moved
) -> Sketch:
    """One delivery, as its sketch."""
    columns = []
    for at in range(NUMBERS):
        x = np.sort(rng.normal(rng.normal(0, variation[0]) + (moved.mean if at == 0 else 0.0), 1, n))
        columns.append(_number(f"x{at}", x, like.columns[at] if like else None))
    for at in range(LABELS):
        logs = np.log(SHARES[at % len(SHARES)])
        logs = logs + rng.normal(0, variation[1], logs.size)
        p = np.exp(logs) / np.exp(logs).sum()
        if at == 0:
            p = p + np.array([-moved.share, moved.share])
        rows = rng.multinomial(n, p)
        levels = {f"l{k}": int(v) for k, v in enumerate(rows)}
        columns.append(ColumnSketch(name=f"k{at}", kind="label", rows=n, missing=0, distinct=p.size, levels=levels))
    return Sketch(name="week", digest="0" * 64, rows=n, columns=tuple(columns))


def _number(name: str, x: np.ndarray, like: ColumnSketch | None) -> ColumnSketch:
    n = x.size
    edges = like.edges if like else tuple(float(v) for v in x[np.ceil(np.arange(1, BINS) * n / BINS).astype(int) - 1])
    counts = np.diff(np.searchsorted(x, edges, side="right"), prepend=0, append=n)
    return ColumnSketch(
        name=name, kind="number", rows=n, missing=0, distinct=n, low=float(x[0]), high=float(x[-1]),
        mean=float(x.mean()), sd=float(x.std(ddof=1)), edges=edges, counts=tuple(int(v) for v in counts),
    )  # fmt: skip


def naive(base: Sketch, new: Sketch) -> dict[str, list[bool]]:
    """The other rules, column by column."""
    found = [cells(a, b) for a, b in zip(base.columns, new.columns, strict=True)]
    p = np.array([apart(f, (base.rows, new.rows), Q).p_value for f in found])
    shares = [f.counts / f.counts.sum(axis=1)[:, None] for f in found]
    far = [float(np.abs(s[0] - s[1]).sum() / 2) > TOLERANCE for s in shares]
    bh = session_lond(p, weight=1.0, q=Q, earlier=0).rejected
    return {"p < .01": (p < Q).tolist(), "BH": list(bh), "distance": far}


def _ours(found: Sequence[Shifted], state: tuple[str, ...]) -> list[bool]:
    return [s.state in state for s in found]


def year(seed: int, n: int, variation: tuple[float, float], weeks: int = WEEKS) -> dict[str, int]:
    """Alarms of each rule in one year without a shift, and `broken` ones of ours."""
    rng = np.random.default_rng([seed, n])
    base = sample(rng, TIMES * n, variation, None, Moved())
    past: list[Sketch] = []
    alarms = dict.fromkeys((*RULES, "broken"), 0)
    for week in range(weeks):
        new = sample(rng, n, variation, base, Moved())
        if week >= CALIBRATION:
            found = find_shifts(base, new, past=past)
            rules = naive(base, new) | {"ours": _ours(found, ("watch", "broken")), "broken": _ours(found, ("broken",))}
            for rule, told in rules.items():
                alarms[rule] += sum(told)
        past = [*past, new][:CALIBRATION]
    return alarms


@contextmanager
def held_to(held: Held) -> Iterator[None]:
    """The rule with other constants."""
    names = ("TOLERANCE_FEW", "SPREADS_FEW", "TOLERANCE", "SPREADS")
    own = [getattr(shifts, name) for name in names]
    try:
        for name, value in zip(names, held, strict=True):
            setattr(shifts, name, value)
        yield
    finally:
        for name, value in zip(names, own, strict=True):
            setattr(shifts, name, value)


class Judge:
    """Many rules on the same deliveries: distances and chi squared are the same for all, limits are not."""

    def __init__(self, base: Sketch, rules: Sequence[Held], past: Sequence[Sketch] = ()) -> None:
        self._base, self._limits = base, []
        for held in rules:
            with held_to(held):
                self._limits.append(np.array(shifts.limits_of(base.columns, past, base.rows, {})))

    def alarms(self, new: Sketch) -> list[list[str]]:
        """By rule, the columns that alarm."""
        found = find_shifts(self._base, new)
        beyond = {s.column for s in shifts.beyond_chance(found)}
        return [
            [s.column for s, limit in zip(found, limits, strict=True)
             if s.column in beyond and shifts.exceeds(s.distance or 0.0, limit)]
            for limits in self._limits
        ]  # fmt: skip


def compared(seed: int, n: int, variation: tuple[float, float], rules: Sequence[Held], weeks: int = WEEKS) -> list:
    """By rule, alarms of one year without a shift: of numbers (`x`), of labels (`k`), and of all in the first weeks."""
    rng = np.random.default_rng([seed, n])
    base = sample(rng, TIMES * n, variation, None, Moved())
    year = [sample(rng, n, variation, base, Moved()) for _ in range(weeks)]
    out = [Counter() for _ in rules]
    first, later = Judge(base, rules), Judge(base, rules, year[:CALIBRATION])
    for at, new in enumerate(year):
        for alarms, told in zip(out, (later if at >= CALIBRATION else first).alarms(new), strict=True):
            alarms.update([c[0] for c in told] if at >= CALIBRATION else [FIRST] * len(told))
    return out


def seen_by(seed: int, n: int, variation: tuple[float, float], moved: Moved, rules: Sequence[Held]) -> list[float]:
    """By rule, in how many of the three deliveries after calibration the column that moved alarms."""
    rng = np.random.default_rng([seed, n, 1])
    base = sample(rng, TIMES * n, variation, None, Moved())
    judge = Judge(base, rules, [sample(rng, n, variation, base, Moved()) for _ in range(CALIBRATION)])
    column = "x0" if moved.mean else "k0"
    alarms = [judge.alarms(sample(rng, n, variation, base, moved)) for _ in range(3)]
    return [float(np.mean([column in told[at] for told in alarms])) for at in range(len(rules))]


def seen(seed: int, n: int, variation: tuple[float, float], moved: Moved, weeks: int) -> list[bool]:
    """Whether the column that moved after calibration alarms, week by week."""
    rng = np.random.default_rng([seed, n, 1])
    base = sample(rng, TIMES * n, variation, None, Moved())
    past = [sample(rng, n, variation, base, Moved()) for _ in range(CALIBRATION)]
    column = "x0" if moved.mean else "k0"
    out = []
    for _ in range(weeks):
        found = find_shifts(base, sample(rng, n, variation, base, moved), past=past)
        out.append(next(s for s in found if s.column == column).state in ("watch", "broken"))
    return out


def compare(sizes: Sequence[int], years: int) -> None:
    """Other tolerances and spreads: their alarms a year, and what they see."""
    print("| rows | variation | few: tolerance, spreads | others | numbers | labels | first four | seen: "
          + " | ".join(f"{m} SD" if m else f"{100 * s:.0f} points" for m, s in SHIFTS) + " |")  # fmt: skip
    print("| --- | --- | --- | --- | " + " | ".join("---" for _ in range(3 + len(SHIFTS))) + " |")
    for n in sizes:
        for variation in VARIATION:
            found = [compared(seed, n, variation, COMPARED) for seed in range(years)]
            power = [
                np.mean([seen_by(seed, n, variation, Moved(*m), COMPARED) for seed in range(4 * years)], axis=0)
                for m in (SHIFTS if variation in VARIATION[:2] else ())
            ]
            for at, held in enumerate(COMPARED):
                cells = [f"{n:,}", f"{variation[0]}, {variation[1]}", f"{held.few}, {held.spreads_few}"]
                cells += [f"{held.others}, {held.spreads}"]
                cells += [f"{np.mean([f[at][key] for f in found]):.1f}" for key in ("x", "k", FIRST)]
                print("| " + " | ".join([*cells, *(f"{p[at]:.2f}" for p in power)]) + " |", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--years", type=int, default=20)
    parser.add_argument("--rows", type=int, nargs="+", default=[500, 5_000])
    parser.add_argument("--compare", action="store_true", help="other tolerances beside the rule")
    options = parser.parse_args()
    if options.compare:
        compare(options.rows, options.years)
        return 0
    worst = 0.0
    print("| rows | variation of means, log shares | " + " | ".join(RULES) + " | of ours broken |")
    print("| --- | --- | " + " | ".join("---" for _ in range(len(RULES) + 1)) + " |")
    for n in options.rows:
        for variation in VARIATION:
            years = [year(seed, n, variation) for seed in range(options.years)]
            mean = {rule: float(np.mean([y[rule] for y in years])) for rule in years[0]}
            worst = max(worst, mean["broken"])
            print(f"| {n:,} | {variation[0]}, {variation[1]} | " + " | ".join(f"{v:.1f}" for v in mean.values()) + " |")
    print()
    print("| rows | variation | " + " | ".join(f"{m} SD" if m else f"{100 * s:.0f} points" for m, s in SHIFTS) + " |")
    print("| --- | --- | " + " | ".join("---" for _ in SHIFTS) + " |")
    for n in options.rows:
        for variation in VARIATION[:2]:
            power = [
                np.mean([seen(seed, n, variation, Moved(*moved), 3) for seed in range(2 * options.years)])
                for moved in SHIFTS
            ]
            print(f"| {n:,} | {variation[0]}, {variation[1]} | " + " | ".join(f"{p:.2f}" for p in power) + " |")
    return int(worst > 1.0)


if __name__ == "__main__":
    sys.exit(main())
