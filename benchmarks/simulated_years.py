"""Years of weekly deliveries: how often does a review call an unchanged finding broken, and how soon a vanished one?

    python benchmarks/simulated_years.py --years 40

Forty findings (means, ranks, rates, correlations; standardised effects of .2, .3 and .5) are learned once, then
measured again by their own families on 52 weekly deliveries of fresh rows. Worlds: nothing changes; every effect varies
from week to week by a standard deviation of .1 or .05 without meaning; one finding of at least .3, or all, lose their
effect in week 26. Beside the alarm rule stand the rules that come to mind first, on the same rows. Prints a table and
writes it between the markers `<!-- years -->` of docs/evidence.md.
"""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.pages import write_section  # noqa: E402
from heldout.tools.data.rows import Rows  # noqa: E402
from heldout.tools.review.findings import error_of  # noqa: E402
from heldout.tools.review.states import CALIBRATION, Course, Point, decide_states  # noqa: E402
from heldout.tools.verify.evidence import Evidence  # noqa: E402
from heldout.tools.verify.hypothesis import (  # noqa: E402
    Contrast,
    GroupDifference,
    Hypothesis,
    MeanDifference,
    MonotoneAssociation,
    RateDifference,
)
from heldout.tools.verify.multiplicity import benjamini_hochberg  # noqa: E402
from heldout.tools.verify.verify import measure  # noqa: E402

WEEKS, CLAIMS, BREAK = 52, 40, 26
RULES = ("heldout: broken", "heldout: watch or broken", "p < .05 again, same sign", "inside the old 95 % interval",
         "difference, p < .01", "difference, BH .01")  # fmt: skip
SIDES = Contrast(a=("a",), b=("b",))


class World(NamedTuple):
    """How deliveries come to be."""

    name: str
    n: int
    """Rows of each of two groups."""
    varies: float = 0.0
    """Standard deviation of every effect from week to week."""
    lost: int = 0
    """Findings that lose their effect in week 26."""


WORLDS = (
    World("unchanged", 500),
    World("unchanged", 5_000),
    World("varies by .05", 500, 0.05),
    World("varies by .1", 5_000, 0.1),
    World("one of .3 or more vanishes", 500, 0.0, 1),
    World("one of .3 or more vanishes, all vary by .05", 500, 0.05, 1),
    World("all vanish", 500, 0.0, CLAIMS),
)


class Year(NamedTuple):
    """What each rule did in one year."""

    false: dict[str, int]
    """Alarms on findings that stand."""
    caught: dict[str, list[int]]
    """Deliveries until a vanished finding was caught, 0 for never."""


def claim(at: int) -> Hypothesis:
    """The finding of that number: one of four kinds, each on a column of its own."""
    made = (
        MeanDifference(outcome="y", predictor="g", levels=SIDES, direction="higher"),
        GroupDifference(outcome="y", predictor="g", levels=SIDES, direction="higher"),
        RateDifference(outcome="y", predictor="g", levels=SIDES, event="yes", direction="higher"),
        MonotoneAssociation(outcome="y", predictor="x", direction="increasing"),
    )
    return made[at % 4]


def rows(at: int, d: float, n: int, rng: np.random.Generator) -> Rows:
    """Fresh rows of one finding with a standardised effect of `d`."""
    if at % 4 == 3:
        x = rng.standard_normal(2 * n)
        r = d / np.sqrt(d * d + 4)
        return Rows.of({"x": x, "y": r * x + np.sqrt(1 - r * r) * rng.standard_normal(2 * n)})
    g = np.repeat(["a", "b"], n)
    if at % 4 == 2:
        p = np.clip(0.5 + np.where(g == "a", 0.25, -0.25) * d, 0, 1)
        return Rows.of({"g": g, "y": np.where(rng.random(2 * n) < p, "yes", "no")})
    return Rows.of({"g": g, "y": np.where(g == "a", d, 0.0) + rng.standard_normal(2 * n)})


def year(world: World, seed: int) -> Year:
    """One year of one claims file."""
    rng = np.random.default_rng([seed, world.n, world.lost, int(1000 * world.varies)])
    d = rng.choice([0.2, 0.3, 0.5], CLAIMS)
    d[: min(world.lost, CLAIMS)] = np.maximum(d[: min(world.lost, CLAIMS)], 0.3)
    hypotheses = [claim(at) for at in range(CLAIMS)]
    learned = [_learned(at, d[at], world, rng) for at in range(CLAIMS)]
    base = [_point(e) for e in learned]
    past: list[list[Point]] = [[] for _ in range(CLAIMS)]
    false, caught = dict.fromkeys(RULES, 0), {rule: [0] * world.lost for rule in RULES}
    for week in range(WEEKS):
        gone = np.arange(CLAIMS) < (world.lost if week >= BREAK else 0)
        now = d * ~gone + world.varies * rng.standard_normal(CLAIMS)
        seen = [measure(h, rows(at, now[at], world.n, rng), split="all") for at, h in enumerate(hypotheses)]
        points = [_point(e) for e in seen]
        courses = [Course(base[k], h.null, tuple(past[k]), points[k]) for k, h in enumerate(hypotheses)]
        decisions = decide_states(courses)
        if week >= CALIBRATION:
            alarms = _naive(hypotheses, learned, base, seen, points)
            alarms[RULES[0]] = np.array([x.state == "broken" for x in decisions])
            alarms[RULES[1]] = np.array([x.state in ("watch", "broken") for x in decisions])
            for rule, raised in alarms.items():
                false[rule] += int((raised & ~gone).sum())
                for k in np.flatnonzero(raised & gone):
                    caught[rule][k] = caught[rule][k] or week - BREAK + 1
        for k, p in enumerate(points):
            past[k].append(p)
    return Year(false, caught)


def _learned(at: int, d: float, world: World, rng: np.random.Generator) -> Evidence:
    """The finding as it was verified: only what was significant was learned."""
    while True:
        found = measure(claim(at), rows(at, d + world.varies * rng.standard_normal(), world.n, rng), split="held_out")
        if found.p_value is not None and found.p_value < 0.005 and (found.theta or 0) > 0:
            return found


def _point(evidence: Evidence) -> Point:
    error = error_of(evidence)
    assert evidence.effect is not None
    assert error is not None
    return Point(evidence.effect.value, error)


def _naive(
    hypotheses: Sequence[Hypothesis], learned: Sequence[Evidence], base: Sequence[Point], seen: Sequence[Evidence],
    points: Sequence[Point],
) -> dict[str, np.ndarray]:  # fmt: skip
    """The rules that come to mind first."""
    from scipy.stats import norm

    again = [(e.p_value or 0) < 0.05 and (p.value > h.null) for e, p, h in zip(seen, points, hypotheses, strict=True)]
    inside = []
    for e, p in zip(learned, points, strict=True):
        assert e.effect is not None
        inside.append((e.effect.low or 0) <= p.value <= (e.effect.high or 0))
    z = np.array([(p.value - b.value) / np.hypot(p.error, b.error) for p, b in zip(points, base, strict=True)])
    p = 2 * norm.sf(np.abs(z))
    return {
        RULES[2]: ~np.array(again),
        RULES[3]: ~np.array(inside),
        RULES[4]: p < 0.01,
        RULES[5]: benjamini_hochberg(p, 0.01),
    }


def run(world: World, years: int, seed: int, pool: ProcessPoolExecutor | None) -> list[list[str]]:
    """The rows of the table for one world."""
    seeds = [seed + k for k in range(years)]
    if pool is None:
        done = [year(world, s) for s in seeds]
    else:
        done = list(pool.map(year, [world] * years, seeds))
    out = []
    for rule in RULES:
        told = sum(y.false[rule] for y in done) / years * WEEKS / (WEEKS - CALIBRATION)
        any_ = sum(y.false[rule] > 0 for y in done)
        found = np.array([t for y in done for t in y.caught[rule]])
        soon = ["-", "-"] if not world.lost else [f"{np.mean((found > 0) & (found <= k)):.2f}" for k in (3, WEEKS)]
        out.append([world.name, f"{world.n:,}", rule, f"{told:.2f}", f"{any_} of {years}", *soon])
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--years", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, nargs="*", help="Only these worlds, from 0; the page is then left alone.")
    args = parser.parse_args()
    head = "world | rows a group | rule | false alarms a year | years with any | caught within 3 | caught by the end"
    lines = [f"| {head} |", "| --- | --- | --- | --- | --- | --- | --- |"]
    with ProcessPoolExecutor(2) as pool:
        for at, world in enumerate(WORLDS):
            if args.worlds is None or at in args.worlds:
                for row in run(world, args.years, args.seed, pool):
                    lines.append(f"| {' | '.join(row)} |")
                    print(lines[-1], flush=True)
    text = (
        "## Simulated years\n\n`python benchmarks/simulated_years.py --years "
        f"{args.years} --seed {args.seed}`: {CLAIMS} findings, {WEEKS} weekly deliveries, after {CALIBRATION} "
        "calibration deliveries; alarms on findings that stand, by 52 deliveries.\n\n" + "\n".join(lines)
    )
    if args.worlds is None:
        write_section("years", text)


if __name__ == "__main__":
    main()
