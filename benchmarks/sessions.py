"""Ten sessions of fifteen questions on one data set, all numbers shown after each: what is false, found and missed?

    python benchmarks/sessions.py --reps 4000 --tables 200 --write

Four analysts: a list fixed beforehand; an honest person who follows up; forking paths, near-copies of the best claims
that failed; and an adversary who regresses the noise out of the numbers shown. Nothing is true, a tenth, or three
tenths. Our error control opens a fresh vault each session: the product's three vaults (.6, .2, .2), after which it
refuses, and ten vaults of equal weight by the same function; both by default and strict. Beside them, in the same run
and on the same held-out rows, which are never renewed: LOND, LORD++ and SAFFRON (`pip install online-fdr`), Benjamini
and Hochberg in each session, Bonferroni over all 150 questions, and none. Every procedure is given the p-values of the
product: two-sided, and 1 where the estimate points away from the claim, so that without an effect they are small half
as often as they say. In z-space (`sessions_z.py`), and on rows, with the product's ledger and vaults
(`sessions_rows.py`).

A third part asks what is the vaults' merit alone: LOND, LORD++ and SAFFRON on the vaults of ours.

Exits with 1 where the upper 95 % bound of our false share is over .05 in a cell of the z-space, or, for the product's
three vaults, on rows over all analysts.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import sessions_rows, sessions_z  # noqa: E402
from benchmarks.pages import write_section  # noqa: E402
from benchmarks.sessions_judges import PRODUCT, Arm, Q, Seen, arms, fresh  # noqa: E402
from benchmarks.threads import upper_mean  # noqa: E402
from heldout.tools.explore.dependence import upper_share  # noqa: E402

SHARES = (0.0, 0.1, 0.3)
TRUE = {0.0: "nothing", 0.1: "10 %", 0.3: "30 %"}
NORMAL = 1.6449
"""The one-sided 95 % quantile."""
PARTS = ("z", "fresh", "rows")
NOT_ON_ROWS = ("ours, ten vaults, strict",)
Key = tuple[str, float, str]
"""(who asks, share of truths, procedure)."""
HEAD = "| who asks | true | procedure | false share | bound | any false | power | found | asked |"
RULE = "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"


def in_z(
    reps: int, seed: int, every: Sequence[Arm], analysts: Sequence[str], keep: Path | None = None
) -> dict[Key, Seen]:
    """All cells of the z-space; the fixed list asks the same questions of every procedure."""
    out = {}
    seeds = {analyst: seed + at for at, analyst in enumerate(sessions_z.ANALYSTS)}
    for analyst in analysts:
        for share in SHARES:
            for arm in every:
                file = None if keep is None else keep / f"{reps}, {seed}, {analyst}, {share}, {arm.name}.npy"
                if file is None or not file.is_file():
                    seen = sessions_z.play(arm, analyst, share, reps, seeds[analyst])
                    if file is not None:
                        np.save(file, np.array(seen))
                else:
                    seen = Seen(*np.load(file))
                out[analyst, share, arm.name] = seen
            print(f"{analyst}, {TRUE[share]} true", file=sys.stderr, flush=True)
    return out


def line(key: Key, seen: Seen, bound: float, asked: int) -> str:
    """One row of a table."""
    analyst, share, arm = key
    power = "" if seen.power is None else f"{seen.power:.2f}"
    return (
        f"| {analyst} | {TRUE[share]} | {arm} | {seen.share.mean():.4f} | {min(bound, 1.0):.4f} | "
        f"{(seen.false > 0).mean():.4f} | {power} | {seen.found.mean():.1f} | {asked} |"
    )


def table(cells: Mapping[Key, Seen], every: Sequence[Arm]) -> str:
    """Every cell with the empirical Bernstein bound of its false share."""
    asked = {arm.name: 15 * arm.asked for arm in every}
    rows = [line(key, seen, upper_mean(seen.share), asked[key[2]]) for key, seen in cells.items()]
    return "\n".join([HEAD, RULE, *rows])


def rows_table(cells: Mapping[Key, Seen], every: Sequence[Arm]) -> str:
    """Every cell on rows, and all analysts together, with the bound that 200 tables can give."""
    asked = {arm.name: 15 * arm.asked for arm in every}
    rows = [line(key, seen, _normal_bound(seen.share), asked[key[2]]) for key, seen in cells.items()]
    for (share, arm), each in pooled(cells).items():
        whole = Seen(*(np.concatenate(part) for part in zip(*each, strict=True)))
        rows.append(line(("all four", share, arm), whole, pooled_bound(each), asked[arm]))
    return "\n".join([HEAD, RULE, *rows])


def pooled(cells: Mapping[Key, Seen]) -> dict[tuple[float, str], list[Seen]]:
    """The cells of all analysts by share of truths and procedure."""
    out: dict[tuple[float, str], list[Seen]] = {}
    for (_, share, arm), seen in cells.items():
        out.setdefault((share, arm), []).append(seen)
    return out


def pooled_bound(each: Iterable[Seen]) -> float:
    """The upper bound of the false share over analysts, who are asked on the same tables: by table first."""
    return _normal_bound(np.mean([seen.share for seen in each], axis=0))


def _normal_bound(share: np.ndarray) -> float:
    """By the normal approximation, but never less than what so many tables without anything false would bound."""
    error = share.std(ddof=1) / np.sqrt(len(share)) if len(share) > 1 else 1.0
    return float(max(share.mean() + NORMAL * error, upper_share(0, len(share))))


def _tables_seen(rows: Mapping[Key, Seen], arm: str) -> int:
    return max((len(seen.found) for key, seen in rows.items() if key[2] == arm), default=0)


def broken(z: Mapping[Key, Seen], rows: Mapping[Key, Seen], every: Sequence[Arm]) -> list[str]:
    """The cells in which ours is not shown to keep its promise; on rows, of the product's own plan."""
    ours = {arm.name: arm.weights == PRODUCT for arm in every if arm.ours}
    out = [", ".join(map(str, key)) for key, seen in z.items() if key[2] in ours and upper_mean(seen.share) > Q]
    for (share, arm), each in pooled(rows).items():
        if ours.get(arm) and pooled_bound(each) > Q:
            out.append(f"rows, {share}, {arm}")
    return out


def main() -> int:
    """Measure, print, write; 1 where ours is not shown to be at most .05."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=list(PARTS))
    parser.add_argument("--reps", type=int, default=4_000, help="data sets a cell in z-space")
    parser.add_argument("--tables", type=int, default=200, help="tables of rows")
    parser.add_argument("--every", type=int, default=5, help="one in so many tables is shown to the others as well")
    parser.add_argument("--keep", type=Path, help="a folder that keeps what was counted, to go on from")
    analysts = list(sessions_z.ANALYSTS)
    parser.add_argument("--analysts", nargs="*", default=analysts, choices=analysts, help="in z-space")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/evidence.md")
    given = parser.parse_args()
    every, z, rows, parts = arms(), {}, {}, {}
    if "z" in given.parts:
        z = in_z(given.reps, given.seed, every, given.analysts, given.keep)
        parts["sessions"] = f"{given.reps:,} data sets a row, 3,000 held-out rows each.\n\n{table(z, every)}"
    if "fresh" in given.parts:
        other = fresh()
        cells = in_z(given.reps, given.seed, other, given.analysts, given.keep)
        parts["sessions-fresh"] = f"{given.reps:,} data sets a row.\n\n{table(cells, other)}"
    if "rows" in given.parts:
        on_rows = [arm for arm in every if arm.name not in NOT_ON_ROWS]
        seeds = range(given.seed, given.seed + given.tables)
        rows = sessions_rows.tables(on_rows, SHARES, seeds, every=given.every, keep=given.keep)
        parts["sessions-rows"] = (
            f"{given.tables} tables of {sessions_rows.ROWS:,} rows; of these ten vaults see "
            f"{_tables_seen(rows, 'ours, ten vaults')}, and the procedures that are not ours "
            f"{_tables_seen(rows, 'none')}.\n\n{rows_table(rows, every)}"
        )
    for name, text in parts.items():
        print(text)
        if given.write:
            write_section(name, text)
    over = broken(z, rows, every)
    print(f"Not shown to keep .05: {'; '.join(over) or 'none'}.")
    return int(bool(over))


if __name__ == "__main__":
    sys.exit(main())
