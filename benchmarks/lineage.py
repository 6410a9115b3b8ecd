"""Who comes back with a changed table and asks what looked best so far: how often is anything false verified?

    python benchmarks/lineage.py --tables 200

Tables in which nothing is related. The analyst comes back ten times, each time with the table changed a little, and
asks the claims that look best among ALL rows that any visit has shown, whatever the table was called then. All that is
verified is false. Counted by budget: one for each generation of vaults. Where each visit has a ledger of its own, no
row is known again, as before rows were kept in mind: that is the second half of the table. Prints a Markdown table and
writes it between the markers `<!-- lineage -->` of docs/evidence.md.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.pages import write_section  # noqa: E402
from heldout.agent.outlook import Focus  # noqa: E402
from heldout.agent.sealing import How, sealed_and_held  # noqa: E402
from heldout.agent.summary import Settings  # noqa: E402
from heldout.tools.data.rows import Rows  # noqa: E402
from heldout.tools.errors import NoVaultLeft  # noqa: E402
from heldout.tools.explore.dependence import upper_share  # noqa: E402
from heldout.tools.verify.claims_relations import MonotoneAssociation  # noqa: E402
from heldout.tools.verify.policy import make_rule  # noqa: E402
from heldout.tools.verify.sessions import commit  # noqa: E402
from heldout.tools.verify.verify import burnt_rows, verify  # noqa: E402

Rng = np.random.Generator
NAMES = tuple("abcdefgh")
VISITS = 10
CLAIMS = 3
"""Claims that are asked at each visit."""


class Change(NamedTuple):
    """What the analyst does to the table between two visits."""

    name: str
    make: Callable[[pd.DataFrame, int, Rng], pd.DataFrame]


def rows(n: int, rng: Rng) -> pd.DataFrame:
    """Rows in which nothing is related to anything."""
    return pd.DataFrame({name: rng.normal(0, 1, n).round(6) for name in NAMES})


def _one_cell(frame: pd.DataFrame, visit: int, rng: Rng) -> pd.DataFrame:
    out = frame.copy()
    out.loc[out.index[int(rng.integers(len(out)))], NAMES[visit % len(NAMES)]] = float(rng.normal(0, 1).__round__(6))
    return out


def _appended(share: float) -> Callable[[pd.DataFrame, int, Rng], pd.DataFrame]:
    return lambda frame, visit, rng: pd.concat([frame, rows(round(share * len(frame)), rng)], ignore_index=True)


def _derived(frame: pd.DataFrame, visit: int, rng: Rng) -> pd.DataFrame:
    one, two = rng.choice(len(NAMES), 2, replace=False)
    return frame.assign(**{f"made{visit}": (frame[NAMES[one]] * frame[NAMES[two]]).round(6)})


def _removed(frame: pd.DataFrame, visit: int, rng: Rng) -> pd.DataFrame:
    return frame.loc[np.sort(rng.choice(len(frame), round(0.9 * len(frame)), replace=False))].reset_index(drop=True)


CHANGES = (
    Change("one cell changed", _one_cell),
    Change("1 % of rows appended", _appended(0.01)),
    Change("10 % of rows appended", _appended(0.10)),
    Change("a derived column added", _derived),
    Change("a random tenth of rows removed", _removed),
)


class Visit(NamedTuple):
    """What one visit leaves."""

    budget: str
    """Which error budget its vault belongs to."""
    false: int
    """Claims that were verified."""


def visited(frame: pd.DataFrame, book: Path, folder: Path, seen: dict[float, np.ndarray]) -> Visit | None:
    """One visit: everything shown goes into `seen`, the best-looking claims are asked; None where no vault is left."""
    settings = Settings(make_rule(), Focus(), False, 1)
    with sealed_and_held(frame, How(name="t"), settings, book, folder, lambda _: None) as (opened, split, ledger):

        def show() -> None:
            for part in [split.explore(), *burnt_rows(split, ledger, opened.fingerprint)]:
                seen.update(zip(*_cells(part), strict=True))

        show()
        claims = best(np.array(list(seen.values())))
        try:
            receipt = commit(ledger, opened.fingerprint, split.plan, claims, make_rule(), request=book.name)
        except NoVaultLeft:
            return None
        judged = verify(split, ledger, receipt, claims, split.explore())
        show()
        lineage = split.plan.lineage
    return Visit(
        lineage.origin if lineage else opened.fingerprint, sum(v.outcome == "verified" for v in judged.verdicts)
    )


def _cells(part: Rows) -> tuple[list[float], list[np.ndarray]]:
    """Each row by a name that changes leave to it, and its cells."""
    cells = np.column_stack([part.number(name) for name in NAMES])
    return np.round(cells.sum(axis=1), 6).tolist(), list(cells)


def best(cells: np.ndarray) -> list[MonotoneAssociation]:
    """The claims whose columns go together best on all rows that were shown."""
    rho = np.corrcoef(cells.argsort(axis=0).argsort(axis=0), rowvar=False)
    pairs = sorted((-abs(rho[i, j]), i, j) for i in range(len(NAMES)) for j in range(i))
    return [
        MonotoneAssociation(
            outcome=NAMES[i], predictor=NAMES[j], direction="increasing" if rho[i, j] > 0 else "decreasing"
        )
        for _, i, j in pairs[:CLAIMS]
    ]


def one(change: Change, seed: int, n: int, *, known: bool) -> dict[str, int]:
    """False findings by budget over all visits to one table."""
    rng, found, seen = np.random.default_rng([seed, CHANGES.index(change)]), {}, {}
    frame = rows(n, rng)
    with tempfile.TemporaryDirectory() as folder:
        for visit in range(VISITS):
            book = Path(folder) / (f"l{0 if known else visit}.jsonl")
            left = visited(frame, book, Path(folder), seen)
            if left is not None:
                found[left.budget] = found.get(left.budget, 0) + left.false
            frame = change.make(frame, visit, rng)
    return found


def _job(at: tuple[int, int, int, bool]) -> dict[str, int]:
    change, seed, n, known = at
    return one(CHANGES[change], seed, n, known=known)


def measured(tables: int, n: int, seed: int, *, known: bool, processes: int = 2) -> list[str]:
    """A line of the table for each change, and one for all."""
    jobs = [(change, seed + at, n, known) for at in range(tables) for change in range(len(CHANGES))]
    with ProcessPoolExecutor(processes) as pool:
        every = list(pool.map(_job, jobs))
    runs = {change.name: every[at :: len(CHANGES)] for at, change in enumerate(CHANGES)}
    return [_line(name, own, known) for name, own in [*runs.items(), ("all of these", every)]]


def _line(name: str, runs: list[dict[str, int]], known: bool) -> str:
    budgets = [false for run in runs for false in run.values()]
    wrong, some = sum(false > 0 for false in budgets), sum(any(run.values()) for run in runs)
    how = "known again" if known else "not known"
    bound = upper_share(wrong, len(budgets))
    return f"| {name} | {how} | {len(runs)} | {some} | {len(budgets)} | {wrong} | {bound:.3f} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=200, help="tables of each change, rows known again")
    parser.add_argument("--before", type=int, default=25, help="the same where each visit has a ledger of its own")
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="put the table into docs/evidence.md")
    options = parser.parse_args()
    cores = options.processes
    lines = [
        "| between visits | rows are | tables | anything false in | budgets | anything false in | upper 95 % bound |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
        *(measured(options.tables, options.rows, options.seed, known=True, processes=cores) if options.tables else []),
        *(measured(options.before, options.rows, options.seed, known=False, processes=cores) if options.before else []),
    ]
    print("\n".join(lines))
    if options.write:
        write_section("lineage", "\n".join(lines))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
