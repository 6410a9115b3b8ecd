"""A year after `heldout rebaseline`: how often the alarm rule is wrong about findings whose baseline is of deliveries.

    python benchmarks/rebaselined.py            # some 10 seconds

Forty two-group findings (d of .2, .3 or .5), weekly deliveries of n rows a group. The last four deliveries become the
baseline as `tools/review/pooled.py` makes it; then follow 48 weeks by the rule of `tools/review/states.py`. Counted are
findings that are told broken (errors) or watched (warnings) though nothing changed, a year; and, where the effect
vanishes half way, the share of findings with d of .3 or more that are broken within three deliveries.
"""

import numpy as np

from heldout.tools.review.history import Estimate
from heldout.tools.review.pooled import pooled_effects
from heldout.tools.review.states import Course, Point, decide_states

FINDINGS, WEEKS, BASE, WITHIN = 40, 48, 4, 3
CASES = ((500, 0.0, False), (5_000, 0.0, False), (500, 0.1, False), (5_000, 0.1, False), (500, 0.0, True))


def year(rng: np.random.Generator, n: int, varies: float, vanishes: bool) -> tuple[int, int, list[bool]]:
    """Errors, warnings, and whether each finding of d >= .3 was broken soon after it vanished."""
    error, d = float(np.sqrt(2 / n)), rng.choice([0.2, 0.3, 0.5], FINDINGS)

    def week(true: np.ndarray) -> list[Point]:
        return [Point(float(x), error) for x in rng.normal(true + rng.normal(0, varies, FINDINGS), error)]

    first = [week(d) for _ in range(BASE)]
    pooled = pooled_effects(
        {str(i): [Estimate(value=w[i].value, standard_error=error, n=2 * n) for w in first] for i in range(FINDINGS)}
    )
    base = [pooled[str(i)] for i in range(FINDINGS)]
    past: list[list[Point]] = [[w[i] for w in first] for i in range(FINDINGS)]
    errors = warnings = 0
    soon = np.zeros(FINDINGS, bool)
    for at in range(WEEKS):
        gone = vanishes and at >= WEEKS // 2
        now = week(np.zeros(FINDINGS) if gone else d)
        centres = [Point(b.effect, b.standard_error) for b in base]
        states = decide_states([
            Course(centres[i], 0.0, tuple(past[i]), now[i], between=b.between, deliveries=b.deliveries)
            for i, b in enumerate(base)
        ])  # fmt: skip
        broken = np.array([s.state == "broken" for s in states])
        if gone:
            soon |= broken & (at < WEEKS // 2 + WITHIN)
        else:
            errors += int(broken.sum())
            warnings += sum(s.state == "watch" for s in states)
        for own, point in zip(past, now, strict=True):
            own.append(point)
    return errors, warnings, list(soon[d >= 0.3]) if vanishes else []


def main() -> None:
    """Print one line a case."""
    print(f"{'n':>6} {'varies':>7} {'errors a year':>14} {'warnings a year':>16} {'caught in 3':>12}")
    for n, varies, vanishes in CASES:
        rng = np.random.default_rng(20_261_125)
        runs = [year(rng, n, varies, vanishes) for _ in range(40)]
        years = len(runs) * (WEEKS // 2 if vanishes else WEEKS) / 52
        caught = [x for run in runs for x in run[2]]
        shown = f"{np.mean(caught):.2f}" if caught else ""
        figures = f"{sum(r[0] for r in runs) / years:14.2f} {sum(r[1] for r in runs) / years:16.2f}"
        print(f"{n:6,} {varies:7.2f} {figures} {shown:>12}", flush=True)


if __name__ == "__main__":
    main()
