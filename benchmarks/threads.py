"""Questions in a thread: how often is anything false verified, by whom, and what does asking one by one cost?

    python benchmarks/threads.py --reps 20000 --tables 200

In z-space: a claim is the sum of its effect and of standard normal noise on the vault; every later question may depend
on the verdicts before it. Adversaries try to read the noise off the verdicts (decision 010): `fork` recombines what was
verified, `dither` asks true claims tuned to be verified half of the time, `stuff` buys levels by sure truths. `follow`
is an honest person: a third of the ideas true, and follow-ups on what was verified. `come_back` asks in a thread, amid
it makes a batch and sees its numbers, and then asks in a second thread on the last vault. Each stream is judged by our
levels, by LOND and by none. Then the power of several ways to spend the budget, and whole runs of the job on tables in
which nothing is related. Prints Markdown tables and writes them between the markers `<!-- threads -->` and
`<!-- threads-job -->` of docs/evidence.md.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.pages import write_section  # noqa: E402
from heldout.tools.explore.dependence import upper_share  # noqa: E402
from heldout.tools.verify.multiplicity import session_lond  # noqa: E402
from heldout.tools.verify.policy import make_rule  # noqa: E402
from heldout.tools.verify.transcript import MOST, level, share  # noqa: E402

Array = NDArray[np.float64]
Levels = Callable[[int, NDArray[np.int64], NDArray[np.int64] | int], Array]
"""(questions asked, how many of them were verified, discoveries elsewhere) to the level of the next, shape (reps,)."""
Q = 0.05
SURE = 30.0


class Seen(NamedTuple):
    """What became of each repetition, shape (reps,)."""

    found: NDArray[np.int64]
    false: NDArray[np.int64]
    true: NDArray[np.int64]
    """True claims that were asked."""

    @property
    def fdp(self) -> Array:
        """Share of false claims among the verified ones."""
        return self.false / np.maximum(self.found, 1)

    @property
    def power(self) -> float:
        """Share of the true claims that were verified."""
        return float((self.found - self.false).sum() / max(self.true.sum(), 1))


class Stream:
    """A thread in many repetitions at once: asks, counts, and tells nothing but verdicts."""

    def __init__(self, levels: Levels, reps: int, weight: float = 1.0, earlier: NDArray[np.int64] | int = 0) -> None:
        self.levels, self.weight, self.earlier, self.asked = levels, weight, earlier, 0
        self.found, self.false = np.zeros(reps, np.int64), np.zeros(reps, np.int64)
        self.true = np.zeros(reps, np.int64)

    def level(self) -> Array:
        """The level of the next question."""
        return self.weight * self.levels(self.asked, self.found, self.earlier)

    def ask(self, z: Array, is_true: NDArray[np.bool_] | bool) -> NDArray[np.bool_]:
        """Whether each repetition's claim is verified."""
        verified = ndtr(-z) <= np.minimum(self.level(), Q)
        self.found += verified
        self.false += verified & ~np.broadcast_to(is_true, verified.shape)
        self.true += np.broadcast_to(is_true, verified.shape)
        self.asked += 1
        return verified

    def seen(self) -> Seen:
        """What became of it."""
        return Seen(self.found, self.false, self.true)


def ours(strict: bool = False) -> Levels:
    """The levels of the code, from a table over (asked, verified, discoveries elsewhere up to 200)."""
    rule = make_rule(strict=strict)
    own = np.array([[share(t, min(r, t)) for r in range(MOST + 1)] for t in range(MOST)])
    if strict:
        return lambda t, r, earlier: rule.alpha * own[t][r] + 0.0 * np.asarray(earlier)
    if abs(level(rule, 1.0, asked=7, verified=3, earlier=2) - rule.alpha * own[7][3] * 6) > 1e-15:
        raise SystemExit("the table is not the levels of the code")
    return lambda t, r, earlier: rule.alpha * own[t][r] * (np.asarray(earlier) + r + 1)


def lond(t: int, r: NDArray[np.int64], earlier: NDArray[np.int64] | int) -> Array:
    """LOND with an even budget: valid for a fixed list, not for questions chosen by verdicts on the same rows."""
    return Q / MOST * (np.asarray(earlier) + r + 1.0)


def none(t: int, r: NDArray[np.int64], earlier: NDArray[np.int64] | int) -> Array:
    """Every claim at the nominal level."""
    return np.full(r.shape, Q)


# --- who asks


def _composites(stream: Stream, z: Array, signs: Array, rng: np.random.Generator) -> None:
    """Ask for sums of the noise in the directions believed to be high, over random four fifths of the features."""
    reps, d = z.shape
    while stream.asked < MOST:
        taken = rng.random((reps, d)) < 0.8
        size = np.sqrt(np.maximum(taken.sum(1), 1))
        stream.ask((signs * z * taken).sum(1) / size, False)


def fork(levels: Levels, reps: int, rng: np.random.Generator) -> Seen:
    """Nothing is true; 30 probes, then sums of what was verified with its sign."""
    stream, z = Stream(levels, reps), rng.standard_normal((reps, 30))
    signs = rng.choice([-1.0, 1.0], z.shape)
    for j in range(z.shape[1]):
        signs[stream.ask(z[:, j], False), j] = 1.0
    _composites(stream, z, signs, rng)
    return stream.seen()


def dither(levels: Levels, reps: int, rng: np.random.Generator, *, probes: int = 30) -> Seen:
    """One great truth mixed with noise so that half of the verdicts are `verified`: each tells the noise's sign."""
    stream, z = Stream(levels, reps), rng.standard_normal((reps, probes))
    truth, belief = 25 + rng.standard_normal(reps), np.full(reps, 25.0)
    signs, grid = np.zeros(z.shape), np.linspace(0, 3, 301)
    pull = grid / np.sqrt(1 + grid**2)
    for j in range(z.shape[1]):
        hurdle = -ndtri(stream.level())
        a = grid[np.argmin(np.abs(pull[None, :] * belief[:, None] - hurdle[:, None]), axis=1)]
        verified = stream.ask((a * truth + z[:, j]) / np.sqrt(1 + a**2), a > 0)
        signs[:, j] = np.where(verified, 1.0, -1.0)
        step = 0.3 / np.sqrt(j + 1) * np.sqrt(1 + a**2) / np.maximum(a, 0.05)
        belief += np.where(a > 0, np.where(verified, step, -step), 0.0)
    _composites(stream, z, signs, rng)
    return stream.seen()


def dither_briefly(levels: Levels, reps: int, rng: np.random.Generator) -> Seen:
    """The same with five probes only, so that few histories have to be paid for."""
    return dither(levels, reps, rng, probes=5)


def stuff(levels: Levels, reps: int, rng: np.random.Generator) -> Seen:
    """Fifteen sure truths buy levels for 35 false claims."""
    stream = Stream(levels, reps)
    for at in range(MOST):
        sure = at < 15
        stream.ask(SURE * sure + rng.standard_normal(reps), sure)
    return stream.seen()


def follow(levels: Levels, reps: int, rng: np.random.Generator, *, length: int = 30, share_true: float = 0.3) -> Seen:
    """Ideas of which some are true (z from 2 to 7); after a `verified` a follow-up: half of them true, noise shared."""
    stream = Stream(levels, reps)
    noise, effect, verified = np.zeros(reps), np.zeros(reps), np.zeros(reps, bool)
    for _ in range(length):
        fresh, is_true = rng.standard_normal(reps), rng.random(reps) < share_true
        size = rng.uniform(2, 7, reps) * is_true
        noise = np.where(verified, 0.9 * noise + np.sqrt(1 - 0.81) * fresh, fresh)
        kept = rng.random(reps) < 0.5
        effect = np.where(verified, effect * kept, size)
        verified = stream.ask(effect + noise, effect > 0)
    return stream.seen()


def follow_null(levels: Levels, reps: int, rng: np.random.Generator) -> Seen:
    """The same person where nothing is true."""
    return follow(levels, reps, rng, length=MOST, share_true=0.0)


def come_back(levels: Levels, reps: int, rng: np.random.Generator) -> Seen:
    """A thread (weight .6), amid it a batch (.2) with its numbers, the thread's numbers, and a second thread (.2).

    Later questions are chosen by every number shown: the features that looked best so far. A tenth of them are true.
    """
    d = 40
    effect = rng.uniform(2, 6, (reps, d)) * (rng.random((reps, d)) < 0.1)
    one, two, three = (effect + rng.standard_normal((reps, d)) for _ in range(3))
    rows, first = np.arange(reps), Stream(levels, reps, 0.6)
    for j in range(12):
        first.ask(one[:, j], effect[:, j] > 0)
    batch = np.zeros(reps, np.int64), np.zeros(reps, np.int64)
    for at in range(reps if levels is not none else 0):
        made = session_lond(ndtr(-two[at]), weight=0.2, q=Q, earlier=int(first.found[at]))
        rejected = np.array(made.rejected)
        batch[0][at], batch[1][at] = rejected.sum(), (rejected & (effect[at] == 0)).sum()
    if levels is none:
        rejected = ndtr(-two) <= Q
        batch = rejected.sum(1), (rejected & (effect == 0)).sum(1)
    first.earlier = batch[0]
    best = np.argsort(-two, axis=1)
    for j in range(12):
        first.ask(one[rows, best[:, j]], effect[rows, best[:, j]] > 0)
    second = Stream(levels, reps, 0.2, batch[0] + first.found)
    best = np.argsort(-(one + two), axis=1)
    for j in range(20):
        second.ask(three[rows, best[:, j]], effect[rows, best[:, j]] > 0)
    parts = (first.seen(), second.seen())
    true = sum((p.true for p in parts), (effect > 0).sum(1))
    return Seen(batch[0] + sum(p.found for p in parts), batch[1] + sum(p.false for p in parts), true)


WORLDS = {
    "fork, nothing true": fork, "honest, nothing true": follow_null, "dither on a truth": dither,
    "dither briefly": dither_briefly,
    "stuff with truths": stuff, "honest, a third true": follow, "thread, batch, thread": come_back,
}  # fmt: skip
JUDGES: dict[str, Levels] = {"ours": ours(), "ours, strict": ours(strict=True), "LOND": lond, "none": none}


def upper_mean(values: Array) -> float:
    """A one-sided 95 % upper bound of the mean of values in [0, 1] (empirical Bernstein)."""
    n, log = len(values), np.log(2 / 0.05)
    return float(values.mean() + np.sqrt(2 * values.var(ddof=1) * log / n) + 7 * log / (3 * (n - 1)))


def streams(reps: int, seed: int) -> str:
    """One row a world and judge."""
    lines = [
        "| who asks | levels | false share | bound | any false | bound | power |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for at, (world, play) in enumerate(WORLDS.items()):
        for judge, levels in JUDGES.items():
            if world.startswith("thread,") and judge == "ours, strict":
                continue  # its batch would be Holm's
            seen = play(levels, reps, np.random.default_rng([seed, at]))
            wrong = int((seen.false > 0).sum())
            power = f"{seen.power:.2f}" if seen.true.sum() else ""
            lines.append(
                f"| {world} | {judge} | {seen.fdp.mean():.4f} | {upper_mean(seen.fdp):.4f} | {wrong / reps:.4f} | "
                f"{upper_share(wrong, reps):.4f} | {power} |"
            )
    return "\n".join(lines)


# --- how to spend the budget


def _spent(gamma: Array) -> Levels:
    """Transcript-LOND with another sequence of shares."""
    own = np.array([[share(t, min(r, t)) for r in range(MOST + 1)] for t in range(MOST)])
    plain = np.array([1 / ((t + 1) * sum(1 / s for s in range(1, MOST + 1))) for t in range(MOST)])
    own *= (gamma / gamma.sum() / plain)[:, None]
    return lambda t, r, earlier: Q * own[t][r] * (np.asarray(earlier) + r + 1)


def spendings(reps: int, seed: int) -> str:
    """Power of an honest thread of several lengths under several sequences, and of one batch of the same claims."""
    t = np.arange(1.0, MOST + 1)
    ways = {
        "1 / t (ours)": 1 / t, "1 / sqrt t": t**-0.5, "even": np.ones(MOST), "1 / t^1.6": t**-1.6,
        "Javanmard and Montanari": np.log(np.maximum(t, 2)) / (t * np.exp(np.sqrt(np.log(t)))),
    }  # fmt: skip
    lengths = (5, 15, 30, 50)
    lines = ["| budget | " + " | ".join(f"{n} questions" for n in lengths) + " |", "| --- |" + " --- |" * len(lengths)]
    for name, gamma in ways.items():
        powers = [follow(_spent(gamma), reps, np.random.default_rng([seed, n]), length=n).power for n in lengths]
        lines.append(f"| {name} | " + " | ".join(f"{p:.2f}" for p in powers) + " |")
    powers = [_batch(n, min(reps, 2_000), np.random.default_rng([seed, n])) for n in lengths]
    lines.append("| one batch instead, without follow-ups | " + " | ".join(f"{p:.2f}" for p in powers) + " |")
    return "\n".join(lines)


def _batch(length: int, reps: int, rng: np.random.Generator) -> float:
    is_true = rng.random((reps, length)) < 0.3
    p = ndtr(-(rng.uniform(2, 7, (reps, length)) * is_true + rng.standard_normal((reps, length))))
    found = [np.array(session_lond(row, weight=1.0, q=Q, earlier=0).rejected) for row in p]
    return float((np.array(found) & is_true).sum() / max(is_true.sum(), 1))


# --- the whole job


def tables(runs: int, seed: int) -> str:
    """Null tables of 700 rows, one vault each: the 15 strongest pairs of the exploration rows, asked one by one."""
    from heldout.agent.thread import thread
    from heldout.tools.errors import HypothesisError

    wrong = asked = 0
    for run in range(runs):
        rng = np.random.default_rng([seed, run])
        frame = pd.DataFrame({f"x{j}": rng.standard_normal(700).round(3) for j in range(5)})
        frame["group"] = rng.choice(list("abc"), 700)
        frame["done"] = np.where(rng.random(700) < 0.3, "yes", "no")
        with tempfile.TemporaryDirectory() as folder, thread(frame, name="null", ledger=Path(folder) / "l") as open_one:
            found = 0
            for claim in _ideas(frame):
                try:
                    reply = open_one.ask_claim(claim)
                except HypothesisError:
                    continue
                asked += reply.state == "asked"
                found += bool(reply.verified)
        wrong += found > 0
    return (
        f"Whole job on {runs} tables of 700 rows in which nothing is related, {asked / max(runs, 1):.0f} questions "
        f"each: anything verified in {wrong}, upper 95 % bound {upper_share(wrong, runs):.3f}."
    )


def _ideas(frame: pd.DataFrame) -> list[str]:
    """Fifteen sentences with directions fixed beforehand, or left to the exploration rows."""
    numbers = [c for c in frame if c.startswith("x")]
    pairs = [f"{a} increases with {b}" for a in numbers for b in numbers if a < b]
    return [*pairs, *(f"{a} ~ group" for a in numbers)]


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--reps", type=int, default=20_000)
    parser.add_argument("--tables", type=int, default=0, help="runs of the whole job on null tables")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    text = (
        f"{streams(options.reps, options.seed)}\n\nPower by how the budget is spent (a third of the ideas true):\n\n"
        f"{spendings(options.reps, options.seed)}"
    )
    print(text)
    write_section("threads", text)
    if options.tables:
        whole = tables(options.tables, options.seed)
        print(whole)
        write_section("threads-job", whole)


if __name__ == "__main__":
    main()
