"""Attacks on the promise: does any get a false claim verified, a vault opened twice, or more than a verdict told?

    python benchmarks/attacks.py --reps 20000 --tries 1000 --tables 200 --write

The statistical ones are five: somebody reads the noise of the sealed rows off numbers, off verdicts of three kinds, off
yes and no beside a great truth and without one, and stuffs a batch with sure truths. They are played in z-space by the
code's own levels, beside Bonferroni and LOND on the same rows; the first also on whole tables, rows and ledger and all.
The others are tried on ledgers, receipts, claims, files and threads (`attacks_tried.py`): there a
single success is a fault. Prints Markdown tables and, with `--write`, puts them into docs/evidence.md.
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
from scipy.special import ndtr
from scipy.stats import spearmanr

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import attacks_tried, threads  # noqa: E402
from benchmarks.pages import write_section  # noqa: E402
from heldout.tools.explore.dependence import upper_share  # noqa: E402
from heldout.tools.verify.multiplicity import holm, session_lond  # noqa: E402

Array = NDArray[np.float64]
Judge = Callable[[Array, float, int], NDArray[np.bool_]]
"""(p of a batch, weight of its vault, discoveries before) to what is verified."""
Q = 0.05
WEIGHTS = (0.6, 0.2, 0.2)
PROBES, BATCH = 40, 20


class Seen(NamedTuple):
    """What became of each repetition: claims verified, and false ones among them, shape (reps,)."""

    found: NDArray[np.int64]
    false: NDArray[np.int64]


def _ours(p: Array, weight: float, earlier: int) -> NDArray[np.bool_]:
    return np.array(session_lond(p, weight=weight, q=Q, earlier=earlier).rejected)


def _strict(p: Array, weight: float, earlier: int) -> NDArray[np.bool_]:
    del earlier
    return np.array(holm(p, weight=weight, alpha=Q).rejected)


def _bonferroni(p: Array, weight: float, earlier: int) -> NDArray[np.bool_]:
    del weight, earlier
    return p <= Q / (len(WEIGHTS) * BATCH)


def _lond(p: Array, weight: float, earlier: int) -> NDArray[np.bool_]:
    """LOND with an even budget, one claim after the other."""
    del weight
    out = np.zeros(len(p), bool)
    for at, one in enumerate(p):
        out[at] = one <= Q / (len(WEIGHTS) * BATCH) * (earlier + out.sum() + 1)
    return out


def shown(judge: Judge, reps: int, seed: int, *, fresh: bool, kinds: bool) -> Seen:
    """Nothing is true: two batches of 20 probes, then 20 sums of the 40 in the directions that were shown.

    Args:
        judge: Error control.
        reps: Repetitions.
        seed: Of the noise.
        fresh: Whether each batch has rows of its own, and all that a vault showed is known from then on.
        kinds: Whether only verified, refuted and inconclusive are shown, with the smallest effect that tells most:
            `refuted` is then the sign of the noise.
    """
    rng = np.random.default_rng(seed)
    found, false = np.zeros(reps, np.int64), np.zeros(reps, np.int64)
    for at in range(reps):
        known, total = np.zeros(PROBES), 0
        z = rng.standard_normal(PROBES)
        for batch, weight in enumerate(WEIGHTS):
            if batch and fresh:
                z = rng.standard_normal(PROBES)
            asked = np.arange(batch * BATCH, (batch + 1) * BATCH)
            claims = z[asked] if batch < 2 else _sums(z, known, rng)
            total += int(judge(_locked(claims), weight, total).sum())
            own = np.where(z < 0, -1.0, 1.0) if kinds else z
            seen = np.isin(np.arange(PROBES), asked) | (fresh and not kinds)
            known = known + np.where(seen, own, 0.0)
        found[at] = false[at] = total
    return Seen(found, false)


def _locked(z: Array) -> Array:
    """The p-values that the code tests by: two-sided, and 1 where the direction is not the committed one."""
    return np.where(z > 0, 2 * ndtr(-z), 1.0)


def _sums(z: Array, known: Array, rng: np.random.Generator) -> Array:
    """Sums of the noise in the directions believed to be high, over random four fifths of the probes."""
    signs = np.where(known < 0, -1.0, 1.0)
    taken = rng.permuted(np.tile(np.arange(len(z)) < 0.8 * len(z), (BATCH, 1)), axis=1)
    return (signs * z * taken).sum(1) / np.sqrt(taken.sum(1))


def stuffed(judge: Judge, reps: int, seed: int, sure: int = 25) -> Seen:
    """One batch of 25 false claims and `sure` sure truths, with the whole budget."""
    rng = np.random.default_rng(seed)
    found, false = np.zeros(reps, np.int64), np.zeros(reps, np.int64)
    for at in range(reps):
        p = np.concatenate([np.full(sure, 1e-30), _locked(rng.standard_normal(25))])
        rejected = judge(p, 1.0, 0)
        found[at], false[at] = rejected.sum(), rejected[sure:].sum()
    return Seen(found, false)


def _thread(play: Callable[..., threads.Seen], judge: str, reps: int, seed: int) -> Seen:
    seen = play(threads.JUDGES[judge], reps, np.random.default_rng(seed))
    return Seen(seen.found, seen.false)


def statistical(reps: int, seed: int) -> list[tuple[str, str, Seen]]:
    """Each attack and each error control."""
    out = []
    for name, kinds in (("1 numbers are shown", False), ("2 verdicts of three kinds are shown", True)):
        for who, judge, fresh in (
            ("ours", _ours, True), ("ours, strict", _strict, True), ("Bonferroni, same rows", _bonferroni, False),
            ("LOND, same rows", _lond, False),
        ):  # fmt: skip
            out.append((name, who, shown(judge, reps, seed, fresh=fresh, kinds=kinds)))
    for name, play in (
        ("3 yes and no, beside a great truth", threads.dither), ("3 the same, briefly", threads.dither_briefly),
        ("4 yes and no, nothing true", threads.fork),
    ):  # fmt: skip
        out += [(name, who, _thread(play, who, reps, seed + 1)) for who in ("ours", "ours, strict", "LOND")]
    for sure, name in (
        (25, "5 stuffing, with effects that are real"),
        (0, "5 stuffing, with what is true by structure"),
    ):
        for who, judge in (("ours", _ours), ("ours, strict", _strict), ("Bonferroni, same rows", _bonferroni)):
            out.append((name, who, stuffed(judge, reps, seed + 2, sure)))
    return out


def table(rows: list[tuple[str, str, Seen]]) -> str:
    """The statistical attacks as Markdown."""
    lines = [
        "| attack | error control | false share | bound | any false | bound |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for name, who, seen in rows:
        share = seen.false / np.maximum(seen.found, 1)
        wrong, n = int((seen.false > 0).sum()), len(share)
        lines.append(
            f"| {name} | {who} | {share.mean():.4f} | {threads.upper_mean(share):.4f} | {wrong / n:.4f} | "
            f"{upper_share(wrong, n):.4f} |"
        )
    return "\n".join(lines)


# --- whole tables


def on_rows(seed: int, folder: Path) -> int:
    """Attack 1 on a table of 2,200 rows in which nothing is related: how many claims three batches got verified.

    Each batch holds the 20 claims that look best on all rows that are open by then, out of every relation of the
    outcome with ten columns, in all rows and where one of the others is high or low, in both directions.
    """
    from heldout.tools.data.dataset import open_dataset
    from heldout.tools.data.split import seal
    from heldout.tools.verify.hypothesis import parse
    from heldout.tools.verify.ledger import Ledger
    from heldout.tools.verify.policy import make_rule
    from heldout.tools.verify.seals import record_seal
    from heldout.tools.verify.sessions import commit
    from heldout.tools.verify.verify import burnt_rows, verify

    rng = np.random.default_rng([seed, 77])
    names = [f"x{j}" for j in range(10)]
    frame = pd.DataFrame({"y": rng.normal(0, 1, 2_200).round(4)} | {n: rng.normal(0, 1, 2_200).round(4) for n in names})
    book, verified = Ledger(folder / "ledger.jsonl"), 0
    with open_dataset(frame, name="null") as data:
        split, dataset = seal(data, folder), data.fingerprint
    record_seal(book, dataset, split.plan)
    for batch in range(len(split.plan.vaults)):
        seen = [split.explore(), *burnt_rows(split, book, dataset)]
        known = {n: np.concatenate([r.number(n) for r in seen]) for n in ("y", *names)}
        claims = [parse(one) for one in _best(known, names)]
        receipt = commit(book, dataset, split.plan, claims, make_rule(), request=f"batch {batch}")
        judged = verify(split, book, receipt, claims, split.explore())
        verified += sum(v.outcome == "verified" for v in judged.verdicts)
    return verified


def _best(known: dict[str, Array], names: list[str]) -> list[dict[str, object]]:
    scored = []
    for a in names:
        for where, keep in _conditions(known, a, names):
            rho = float(spearmanr(known[a][keep], known["y"][keep])[0])
            claim = {
                "family": "monotone_association", "outcome": "y", "predictor": a, "where": where,
                "direction": "increasing" if rho > 0 else "decreasing",
            }  # fmt: skip
            scored.append((-abs(rho) * np.sqrt(keep.sum()), len(scored), claim))
    return [claim for _, _, claim in sorted(scored, key=lambda s: s[:2])[:BATCH]]


def _conditions(known: dict[str, Array], a: str, names: list[str]) -> list[tuple[list[dict[str, object]], NDArray]]:
    out: list[tuple[list[dict[str, object]], NDArray]] = [([], np.ones(len(known["y"]), bool))]
    for b in names:
        if b != a:
            for op, keep in ((">=", known[b] >= 0), ("<", known[b] < 0)):
                out.append(([{"column": b, "op": op, "value": 0.0}], keep))
    return out


def tables(runs: int, first: int) -> str:
    """Attack 1 on whole tables."""
    wrong = 0
    for seed in range(first, first + runs):
        with tempfile.TemporaryDirectory() as folder:
            wrong += on_rows(seed, Path(folder)) > 0
    return (
        f"Attack 1 on {runs} tables of 2,200 rows in which nothing is related, three batches of the 20 claims that "
        f"look best on all open rows: anything verified in {wrong}, upper 95 % bound {upper_share(wrong, runs):.3f}."
    )


def main() -> int:
    """Run, print, write; 1 where an attack got through."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--reps", type=int, default=20_000)
    parser.add_argument("--tries", type=int, default=1_000)
    parser.add_argument("--tables", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/evidence.md")
    given = parser.parse_args()
    parts = [table(statistical(given.reps, given.seed))] if given.reps else []
    parts += [tables(given.tables, given.seed)] if given.tables else []
    counts = attacks_tried.counts(given.tries, given.seed, given.processes) if given.tries else []
    parts += [attacks_tried.page(counts)] if counts else []
    text = "\n\n".join(parts)
    sys.stdout.write(text + "\n")
    if given.write:
        write_section("attacks", text)
    return int(any(c.through for c in counts))


if __name__ == "__main__":
    sys.exit(main())
