"""What session-LOND keeps where its p-values depend on each other in ways that the proof does not cover.

    python benchmarks/dependence.py [--reps 20000] [--seed 7] [--write]

The proof (docs/promises.md) needs positive dependence (PRDS) within a vault. Here estimates are normal with a known
correlation. As in a run, claims are drafted on an exploration half of their own (|z| over 1; its sign is the stated
direction), then tested on vaults with 60, 20 and 20 % of rows and budget; what was not verified is asked again on the
next vault. Undirected claims state no direction. `worst case` is the joint law of uniform p-values for which Benjamini
and Hochberg's step-up is worst (Guo and Rao 2008): no test is known to have it; it shows that the assumption is one.
"""

import argparse
import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy.special import ndtr

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from pages import write_section  # noqa: E402

from heldout.tools.verify.multiplicity import session_lond  # noqa: E402

WEIGHTS = (0.6, 0.2, 0.2)
Q = 0.05
Made = tuple[np.ndarray, np.ndarray]
"""A square root of the correlation of the estimates, and their means over all held-out rows."""


def factor(k: int, true: int, rho: float = 0.5) -> Made:
    """Estimates that share a part, such as claims on one outcome."""
    return np.linalg.cholesky(np.full((k, k), rho) + (1 - rho) * np.eye(k)), _means(k, true)


def opposed(k: int, true: int) -> Made:
    """As negative as can be among k: each estimate is against the sum of the others."""
    c = (1 + 1 / (k - 1)) * np.eye(k) - np.full((k, k), 1 / (k - 1))
    return _root(c), _means(k, true)


def contrasts(levels: int, true: int) -> Made:
    """All differences of two levels of one label; `true` levels lie higher. Many pairs that share a level oppose."""
    pairs = list(combinations(range(levels), 2))
    a = np.zeros((len(pairs), levels))
    for at, (i, j) in enumerate(pairs):
        a[at, [i, j]] = 2**-0.5, -(2**-0.5)
    return a, a @ np.where(np.arange(levels) < true, 5.0, 0.0)


def blocks(k: int, true: int) -> Made:
    """Groups of five, half of each with the sign turned: correlations of .8 and -.8."""
    sign = np.where(np.arange(k) % 5 < 2, -1.0, 1.0)
    same = np.arange(k)[:, None] // 5 == np.arange(k) // 5
    c = np.where(same, 0.8, 0.0) * np.outer(sign, sign)
    np.fill_diagonal(c, 1.0)
    return np.linalg.cholesky(c), _means(k, true)


def _means(k: int, true: int) -> np.ndarray:
    return np.where(np.arange(k) < true, 4.0, 0.0)


def _root(c: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(c)
    return vectors * np.sqrt(np.maximum(values, 0.0))


def run(made: Made, rng: np.random.Generator, *, directed: bool = True) -> tuple[int, int]:
    """(false, all) discoveries of one data set: an exploration half and three vaults."""
    root, mean = made
    seen = mean + root @ rng.normal(size=root.shape[1])
    asked, false, found = np.flatnonzero(np.abs(seen) > 1), 0, 0
    for weight in WEIGHTS:
        z = mean * weight**0.5 + root @ rng.normal(size=root.shape[1])
        p = 2 * ndtr(-np.abs(z))
        if directed:
            p = np.where(z * seen > 0, p, 1.0)
        hit = asked[np.array(session_lond(p[asked], weight=weight, q=Q, earlier=found).rejected, dtype=bool)]
        wrong = mean[hit] * seen[hit] <= 0 if directed else mean[hit] == 0
        false, found = false + int(wrong.sum()), found + len(hit)
        asked = np.setdiff1d(asked, hit)
    return false, found


def worst(k: int, rng: np.random.Generator) -> tuple[int, int]:
    """(false, all) discoveries of one batch of k false claims under the least favourable joint law."""
    p = rng.uniform(Q, 1, k)
    j = int(np.searchsorted(np.cumsum(Q / np.arange(1, k + 1)), rng.random(), side="right")) + 1
    if j <= k:
        p[rng.choice(k, j, replace=False)] = rng.uniform((j - 1) * Q / k, j * Q / k, j)
    hit = sum(session_lond(p, weight=1.0, q=Q, earlier=0).rejected)
    return hit, hit


def worlds() -> dict[str, Callable[[np.random.Generator], tuple[int, int]]]:
    """Each kind of dependence with nothing true and with some things true."""
    out: dict[str, Callable[[np.random.Generator], tuple[int, int]]] = {}
    for name, make, k, true in (
        ("one shared part, correlation .5", factor, 30, 6),
        ("each against the sum of the others", opposed, 10, 2),
        ("all pairs of seven levels", contrasts, 7, 3),
        ("groups of five, correlations .8 and -.8", blocks, 30, 6),
    ):
        for count in (0, true):
            made = make(k, count)
            label = f"{name} | {'nothing' if not count else 'some'}"
            out[f"{label} | yes"] = lambda rng, made=made: run(made, rng)
            out[f"{label} | no"] = lambda rng, made=made: run(made, rng, directed=False)
    out["worst case, 50 claims, one vault | nothing | no"] = lambda rng: worst(50, rng)
    return out


def measured(world: Callable[[np.random.Generator], tuple[int, int]], reps: int, seed: int) -> tuple[float, float]:
    """The mean share of false findings and its standard error."""
    rng = np.random.default_rng(seed)
    shares = np.array([false / max(found, 1) for false, found in (world(rng) for _ in range(reps))])
    return float(shares.mean()), float(shares.std() / reps**0.5)


def main() -> None:
    """Measure every world and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reps", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    head = "| dependence within a vault | true | directed | false share | standard error |"
    lines = [head, "| --- | --- | --- | ---: | ---: |"]
    for name, world in worlds().items():
        share, error = measured(world, options.reps, options.seed)
        lines.append(f"| {name} | {share:.4f} | {error:.4f} |")
        print(lines[-1], flush=True)
    if options.write:
        write_section("dependence", f"{options.reps:,} data sets each.\n\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
