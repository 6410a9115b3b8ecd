"""How often each family's test rejects when nothing is there, and how often its intervals hold the truth.

    python benchmarks/calibration.py --reps 2000

Prints a Markdown table of family by generator, and writes it between the markers `<!-- calibration -->` and
`<!-- /calibration -->` of docs/evidence.md. A rate is over the tables that met the family's floors. Known limit:
the rate at .001 rests on few rejections unless --reps is large.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from heldout.tools.data.rows import Rows  # noqa: E402
from heldout.tools.verify.families import FAMILIES  # noqa: E402
from heldout.tools.verify.hypothesis import (  # noqa: E402
    CategoricalAssociation,
    Contrast,
    GroupDifference,
    Hypothesis,
    MonotoneAssociation,
    RateDifference,
    Trend,
)

Rng = np.random.Generator
Sampler = Callable[[Rng, int], NDArray]
START, END = "<!-- calibration -->", "<!-- /calibration -->"
DRAWS = 9_999


class Case(NamedTuple):
    """One generator of tables for one family."""

    family: str
    name: str
    make: Callable[[Rng], Rows]
    hypothesis: Hypothesis
    truth: float
    """The true effect on the family's scale; at the family's null, rejections are errors."""
    allowed: float = 0.055
    """Rejections at .05 that are tolerated: 1.1 times nominal, .07 for a strongly dependent series."""

    @property
    def null(self) -> bool:
        """Whether nothing is there to find."""
        return self.truth == FAMILIES[self.family].null


class Rates(NamedTuple):
    """What a case measured."""

    case: Case
    tested: int
    at_05: float
    at_001: float
    coverage: float


GROUP = GroupDifference(outcome="y", predictor="g", levels=Contrast(a=("a",), b=("b",)), direction="any")
RATE = RateDifference(outcome="e", event="yes", predictor="g", levels=Contrast(a=("a",), b=("b",)), direction="any")
MONOTONE = MonotoneAssociation(outcome="y", predictor="x", direction="any")
MONOTONE_EVENT = MonotoneAssociation(outcome="e", event="yes", predictor="x", direction="any")
TREND = Trend(outcome="y", predictor="t", direction="any")
TREND_EVENT = Trend(outcome="e", event="yes", predictor="t", direction="any")


def normal(rng: Rng, n: int) -> NDArray:
    return rng.normal(size=n)


def heavy(rng: Rng, n: int) -> NDArray:
    return rng.lognormal(0, 1.5, n)


def zeros(rng: Rng, n: int) -> NDArray:
    return np.where(rng.random(n) < 0.86, 0.0, rng.lognormal(0, 1.5, n))


def rounded(rng: Rng, n: int) -> NDArray:
    return np.round(rng.normal(size=n))


def uneven(sd_a: float, sd_b: float) -> tuple[Sampler, Sampler]:
    """Samplers of equal P(A>B) and unequal spread."""
    return (lambda rng, n: rng.normal(0, sd_a, n)), (lambda rng, n: rng.normal(0, sd_b, n))


def groups(na: int, nb: int, a: Sampler, b: Sampler | None = None) -> Callable[[Rng], Rows]:
    """Tables of two groups, `b` drawn as `a` unless given."""

    def make(rng: Rng) -> Rows:
        y = np.concatenate([a(rng, na), (b or a)(rng, nb)])
        return Rows.of({"g": np.repeat(["a", "b"], [na, nb]), "y": y})

    return make


def rates(na: int, nb: int, pa: float, pb: float) -> Callable[[Rng], Rows]:
    """Tables of two groups with an event."""

    def make(rng: Rng) -> Rows:
        hit = rng.random(na + nb) < np.repeat([pa, pb], [na, nb])
        return Rows.of({"g": np.repeat(["a", "b"], [na, nb]), "e": labels(hit)})

    return make


def labels(hit: NDArray) -> NDArray:
    return np.where(hit, "yes", "no")


def clustered(number_of: int, size: int, *, between: bool, event: bool = False) -> Callable[[Rng], Rows]:
    """Clusters with as much variance between as within them; the group varies between or within them."""

    def make(rng: Rng) -> Rows:
        cluster = np.repeat(np.arange(number_of), size)
        n = len(cluster)
        side = np.arange(number_of)[cluster] % 2 if between else rng.integers(0, 2, n)
        y = rng.normal(size=number_of)[cluster] + rng.normal(size=n)
        data = {"g": np.where(side == 0, "a", "b"), "y": y, "e": labels(y > 1)}
        del data["y" if event else "e"]
        return Rows.of(data, cluster=cluster)

    return make


def pairs(n: int, x: Sampler, y: Sampler) -> Callable[[Rng], Rows]:
    """Tables of two independent numbers."""
    return lambda rng: Rows.of({"x": x(rng, n), "y": y(rng, n)})


def fanned(rng: Rng) -> Rows:
    """Uncorrelated numbers whose spread grows with |x|."""
    x = rng.normal(size=300)
    return Rows.of({"x": x, "y": x * rng.normal(size=300)})


def correlated(n: int, r: float) -> Callable[[Rng], Rows]:
    """Bivariate normal tables."""

    def make(rng: Rng) -> Rows:
        x = rng.normal(size=n)
        return Rows.of({"x": x, "y": r * x + np.sqrt(1 - r**2) * rng.normal(size=n)})

    return make


def events(n: int, p: float) -> Callable[[Rng], Rows]:
    """A number and an event that has nothing to do with it."""
    return lambda rng: Rows.of({"x": rng.normal(size=n), "e": labels(rng.random(n) < p)})


def crossed(n: int, p: tuple[float, ...], q: tuple[float, ...]) -> Callable[[Rng], Rows]:
    """Tables of two independent labels."""

    def make(rng: Rng) -> Rows:
        return Rows.of(
            {
                "u": np.array(list("abcdef"))[rng.choice(len(p), n, p=p)],
                "v": np.array(list("abcdef"))[rng.choice(len(q), n, p=q)],
            }
        )

    return make


def series(n: int, y: Sampler, *, phi: float = 0.0) -> Callable[[Rng], Rows]:
    """Daily values; with `phi` those of an autoregression driven by `y`."""

    def make(rng: Rng) -> Rows:
        shocks = y(rng, n + 50)
        out = np.zeros(n + 50)
        for i in range(1, n + 50):
            out[i] = phi * out[i - 1] + shocks[i]
        return Rows.of({"t": days(n), "y": out[50:]})

    return make


def series_events(n: int, p: float) -> Callable[[Rng], Rows]:
    """A daily event of constant rate."""
    return lambda rng: Rows.of({"t": days(n), "e": labels(rng.random(n) < p)})


def days(n: int) -> NDArray:
    return np.datetime64("2024-01-01") + np.arange(n)


def table_of(levels: int, others: int) -> Hypothesis:
    """The claim that two labels depend on each other."""
    names = tuple("abcdef")
    return CategoricalAssociation(
        outcome="v", predictor="u", outcome_levels=names[:others], predictor_levels=names[:levels]
    )


def cases() -> list[Case]:
    """Every generator of every family."""
    wide, narrow = uneven(3, 1)
    shifted = 0.6381632
    out = [
        Case("group_difference", name, make, GROUP, truth)
        for name, make, truth in (
            ("normal, 20 against 20", groups(20, 20, normal), 0.5),
            ("normal, 1,000 against 1,000", groups(1000, 1000, normal), 0.5),
            ("lognormal, 25 against 475", groups(25, 475, heavy), 0.5),
            ("86 % zeros, 25 against 475", groups(25, 475, zeros), 0.5),
            ("rounded, 60 against 140", groups(60, 140, rounded), 0.5),
            ("spread 3:1, 30 against 170", groups(30, 170, wide, narrow), 0.5),
            ("spread 1:3, 30 against 170", groups(30, 170, narrow, wide), 0.5),
            ("40 clusters of 10, between", clustered(40, 10, between=True), 0.5),
            ("40 clusters of 10, within", clustered(40, 10, between=False), 0.5),
            ("planted shift .5, 50 against 100", groups(50, 100, lambda r, n: r.normal(0.5, 1, n), normal), shifted),
        )
    ]
    out += [
        Case("rate_difference", name, make, RATE, truth)
        for name, make, truth in (
            ("50 %, 20 against 20", rates(20, 20, 0.5, 0.5), 0.0),
            ("3 % flag, 500 against 500", rates(500, 500, 0.03, 0.03), 0.0),
            ("3 % flag, 200 against 1,800", rates(200, 1800, 0.03, 0.03), 0.0),
            ("25 %, 25 against 475", rates(25, 475, 0.25, 0.25), 0.0),
            ("30 %, 1,000 against 1,000", rates(1000, 1000, 0.3, 0.3), 0.0),
            ("60 clusters of 10, between", clustered(60, 10, between=True, event=True), 0.0),
            ("40 clusters of 10, within", clustered(40, 10, between=False, event=True), 0.0),
            ("planted 30 % against 20 %, 100 and 300", rates(100, 300, 0.3, 0.2), 0.1),
        )
    ]
    out += [
        Case("monotone_association", name, make, h, truth)
        for name, make, h, truth in (
            ("normal, n = 60", pairs(60, normal, normal), MONOTONE, 0.0),
            ("normal, n = 2,000", pairs(2000, normal, normal), MONOTONE, 0.0),
            ("lognormal, n = 300", pairs(300, heavy, heavy), MONOTONE, 0.0),
            ("86 % zeros, n = 500", pairs(500, zeros, zeros), MONOTONE, 0.0),
            ("rounded, n = 200", pairs(200, rounded, rounded), MONOTONE, 0.0),
            ("spread grows with x, n = 300", fanned, MONOTONE, 0.0),
            ("3 % flag, n = 1,000", events(1000, 0.03), MONOTONE_EVENT, 0.0),
            ("planted r = .5, n = 200", correlated(200, 0.5), MONOTONE, 6 / np.pi * np.arcsin(0.25)),
        )
    ]
    out += [
        Case("categorical_association", name, make, table_of(k, m), 0.0)
        for name, make, k, m in (
            ("2 x 3 even, n = 100", crossed(100, (0.5, 0.5), (0.3, 0.3, 0.4)), 2, 3),
            ("4 x 4 skewed, n = 400", crossed(400, (0.5, 0.25, 0.15, 0.1), (0.4, 0.3, 0.15, 0.15)), 4, 4),
            ("3 % flag by 4, n = 1,000", crossed(1000, (0.25, 0.25, 0.25, 0.25), (0.97, 0.03)), 4, 2),
            ("5 x 5, n = 2,000", crossed(2000, (0.4, 0.3, 0.15, 0.1, 0.05), (0.2,) * 5), 5, 5),
        )
    ]
    out += [
        Case("trend", name, make, h, 0.0, allowed)
        for name, make, h, allowed in (
            ("normal, n = 100", series(100, normal), TREND, 0.055),
            ("lognormal, n = 300", series(300, heavy), TREND, 0.055),
            ("86 % zeros, n = 300", series(300, zeros), TREND, 0.055),
            ("autoregression .6, n = 300", series(300, normal, phi=0.6), TREND, 0.07),
            ("10 % flag, n = 400", series_events(400, 0.1), TREND_EVENT, 0.055),
        )
    ]
    return out


def measure(case: Case, reps: int, *, seed: int = 0, draws: int = DRAWS) -> Rates:
    """The case's rates over `reps` tables."""
    family = FAMILIES[case.family]
    # A planted effect would run through every draw; its power needs no finer p than this.
    draws = draws if case.null else min(draws, 1_999)
    p, held = [], []
    for rep in range(reps):
        rng = np.random.Generator(np.random.PCG64([seed, rep]))
        evidence = family.evaluate(case.hypothesis, case.make(rng), draws=draws, seed=rep)
        if evidence.p_value is not None and evidence.effect is not None:
            low, high = evidence.effect.low, evidence.effect.high
            p.append(evidence.p_value)
            held.append(low is not None and high is not None and low - 1e-12 <= case.truth <= high + 1e-12)
    if not p:
        return Rates(case, 0, float("nan"), float("nan"), float("nan"))
    at = np.array(p)
    return Rates(case, len(p), float((at <= 0.05).mean()), float((at <= 0.001).mean()), float(np.mean(held)))


def as_markdown(results: list[Rates], reps: int) -> str:
    """The results as a Markdown table; a planted effect's rejections are its power."""
    lines = [
        f"{reps:,} tables a row, {DRAWS:,} draws at most; rejections where nothing is there (power where planted),",
        "and how often the 95 % interval of the effect holds the truth.",
        "",
        "| family | generator | tested | p ≤ .05 | p ≤ .001 | coverage |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {r.case.family} | {r.case.name} | {r.tested:,} | {r.at_05:.4f} | {r.at_001:.4f} | {r.coverage:.3f} |"
        for r in results
    ]
    return "\n".join(lines)


def write_between(path: Path, text: str) -> None:
    """Replace what stands between the markers of the file, which is made where it is absent."""
    body = path.read_text(encoding="utf-8") if path.exists() else f"# Evidence\n\n## Calibration\n\n{START}\n{END}\n"
    if START not in body or END not in body:
        body = f"{body.rstrip()}\n\n## Calibration\n\n{START}\n{END}\n"
    head, rest = body.split(START, 1)
    tail = rest.split(END, 1)[1]
    path.write_text(f"{head}{START}\n{text}\n{END}{tail}", encoding="utf-8")


def main() -> None:
    """Measure every case, print the table and write it to docs/evidence.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=1_000)
    parser.add_argument("--family", choices=sorted(FAMILIES), help="measure one family and write nothing")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "evidence.md")
    options = parser.parse_args()
    results = []
    for case in cases():
        if options.family in (None, case.family):
            began = time.perf_counter()
            results.append(measure(case, options.reps))
            took = time.perf_counter() - began
            print(f"{case.family}: {case.name} ({took:.0f} s)", file=sys.stderr)
    text = as_markdown(results, options.reps)
    print(text)
    if options.family is None:
        write_between(options.out, text)


if __name__ == "__main__":
    main()
