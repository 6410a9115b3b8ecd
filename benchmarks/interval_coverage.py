"""How often the intervals of verified findings hold the truth, family by family, although only what held up is shown.

    python benchmarks/interval_coverage.py --tables 300 --write
    python benchmarks/interval_coverage.py --tables 200 --rows 400 --factors 0.4 0.8 1.2 2 --write    # a small vault

One table a repetition, with columns of its own for every claim: each family has three true claims, whose effects are
.8, 1.2 and 2 times the minimum detectable effect of the vault (see `planted.py`), and one false one. All of them are
committed to a ledger as one batch, the vault is opened on the receipt, and the batch is judged as every batch is: what
is verified gets an interval whose level is one minus the p-value that a finding had to meet. Below the detectable
effect only estimates that came out high are verified: there selection bites. The true effect is the family's own
estimate on 1,000,000 rows of the same law. Verified false claims count as intervals that miss.

The rows of the vault are handed to the door from memory: the seal, which has no part in an interval, is left out. Tests
take at most 1,999 draws instead of 9,999: the level to be met is about .03, and no interval takes a draw. Exits with 1
where the coverage of a family, on the scale of its effect or in units, is under .94.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtri

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.pages import write_section  # noqa: E402
from benchmarks.planted import level, renamed, strength_of  # noqa: E402
from heldout.tools.data.rows import Rows  # noqa: E402
from heldout.tools.data.split import Plan, SealedSplit, VaultPlan  # noqa: E402
from heldout.tools.value import Effect  # noqa: E402
from heldout.tools.verify import verify as door  # noqa: E402
from heldout.tools.verify.evidence import Verdict  # noqa: E402
from heldout.tools.verify.families import FAMILIES  # noqa: E402
from heldout.tools.verify.hypothesis import Hypothesis, parse  # noqa: E402
from heldout.tools.verify.ledger import Ledger  # noqa: E402
from heldout.tools.verify.policy import make_rule  # noqa: E402
from heldout.tools.verify.seals import record_seal  # noqa: E402
from heldout.tools.verify.sessions import commit, record_reveal  # noqa: E402
from tests.families import CASES, Case, tables  # noqa: E402

FACTORS = (0.8, 1.2, 2.0)
ROWS = 2_000
LARGE = 1_000_000
DRAWS = 1_999
TARGET = 0.94


class Truth(NamedTuple):
    """One claim of a family as it is planted in every table."""

    family: str
    factor: float
    """Times the minimum detectable effect; 0 for the claim that is false."""
    strength: float
    effect: float
    in_units: float | None
    """The true effect in the data's own units, where the family tells it in units."""


class Seen(NamedTuple):
    """One verified finding: whether its intervals hold the truth, and the level that they are said to have."""

    family: str
    factor: float
    level: float
    held: bool
    in_units: bool | None
    plain: bool
    """Whether the 95 % interval that takes no account of selection would hold it."""
    above: bool
    """Whether the estimate lies above the truth."""


class Vault(SealedSplit):
    """A vault whose rows were made here and lie in memory."""

    def __init__(self, plan: Plan, rows: Rows) -> None:
        self.plan, self.rows = plan, rows
        self.sealed_file = Path("in memory")

    def read(self, file: Path, table: str) -> Rows:
        """The rows, whatever the table is called."""
        del file, table
        return self.rows


def truths(names: Sequence[str], rows: int, large: int = LARGE, factors: Sequence[float] = FACTORS) -> list[Truth]:
    """What is planted, with its true effects."""
    reach = float(-ndtri(level(len(names)) / 2) + ndtri(0.80))
    out = []
    for name in names:
        case = CASES[name]
        out.append(Truth(name, 0.0, 0.0, case.hypothesis.null, None))
        for factor in factors:
            strength = strength_of(name, factor * reach, rows)
            many = _many(case, np.random.default_rng([2, len(out)]), rows, large, strength)
            found = case.family.evaluate(case.hypothesis, many, draws=0)
            assert found.effect is not None
            units = None if found.in_units is None else found.in_units.value
            out.append(Truth(name, factor, strength, found.effect.value, units))
    return out


def _many(case: Case, rng: np.random.Generator, rows: int, large: int, strength: float) -> Rows:
    """Many rows of the law of a vault: dates span as many days as they do there, or a slope would be another."""
    days, tables.MOST_DAYS = tables.MOST_DAYS, min(rows, tables.MOST_DAYS)
    try:
        return case.planted(rng, large, strength)
    finally:
        tables.MOST_DAYS = days


def one_table(planted: Sequence[Truth], rows: int, seed: int, folder: Path) -> Iterator[Seen]:
    """The verified findings of one batch that holds every claim."""
    held, claims = _table(planted, rows, seed)
    verdicts = adjudicated(held, list(claims), folder / f"{seed}.jsonl", str(seed))
    for verdict in verdicts:
        truth = claims[verdict.hypothesis]
        if verdict.outcome == "verified":
            yield _seen(truth, verdict, held)


def _table(planted: Sequence[Truth], rows: int, seed: int) -> tuple[Rows, dict[Hypothesis, Truth]]:
    columns: dict[str, Any] = {}
    arrays: dict[str, Any] = {}
    claims = {}
    for at, truth in enumerate(planted):
        case, prefix = CASES[truth.family], f"c{at}_"
        made = case.planted(np.random.default_rng([seed, at]), rows, truth.strength)
        for name in case.hypothesis.columns:
            columns[prefix + name] = made.columns[name].model_copy(update={"name": prefix + name})
            arrays[prefix + name] = made._arrays[name]
        claims[parse(renamed(case.hypothesis.as_json(), prefix))] = truth
    return Rows(columns, arrays), claims


def adjudicated(rows: Rows, claims: list[Hypothesis], file: Path, dataset: str) -> tuple[Verdict, ...]:
    """Commit the claims, open the vault on the receipt, judge: the verdicts, which the ledger holds."""
    vault = VaultPlan(number=1, rows=rows.n, units=rows.n, weight=1.0)
    plan = Plan(
        kind="row", key=None, salt=dataset, reason="made here", units=2 * rows.n, rows=2 * rows.n,
        exploration_rows=rows.n, exploration_share=0.5, vaults=(vault,),
    )  # fmt: skip
    book, rule = Ledger(file), make_rule()
    record_seal(book, dataset, plan)
    receipt = commit(book, dataset, plan, claims, rule, request="coverage")
    opened = door.open_vault(Vault(plan, rows), book, receipt, claims)
    blank = [None] * len(claims)
    judged = door.judge(claims, opened, rule, blank, weight=receipt.weight, earlier=receipt.earlier, split="held_out")
    record_reveal(book, receipt, {v.hypothesis_id: v.outcome for v in judged.verdicts})
    return judged.verdicts


def _seen(truth: Truth, verdict: Verdict, rows: Rows) -> Seen:
    effect, units = verdict.evidence.effect, verdict.evidence.in_units
    assert effect is not None
    assert effect.level is not None
    plain = FAMILIES[truth.family].evaluate(verdict.hypothesis, rows, draws=0).effect
    in_units = None if truth.in_units is None or units is None else holds(units, truth.in_units)
    return Seen(
        truth.family, truth.factor, effect.level, holds(effect, truth.effect),
        False if not truth.factor else in_units, plain is not None and holds(plain, truth.effect),
        effect.value > truth.effect,
    )  # fmt: skip


def holds(effect: Effect, truth: float) -> bool:
    """Whether an interval holds the truth; an interval without ends holds nothing."""
    return effect.low is not None and effect.high is not None and effect.low - 1e-12 <= truth <= effect.high + 1e-12


def table(seen: Sequence[Seen], names: Sequence[str]) -> str:
    """Coverage by family, by size of effect and in all, as Markdown."""
    factors = sorted({s.factor for s in seen if s.factor})
    told = ", ".join(f"{f:g} x" for f in factors)
    lines = [
        f"| findings | verified | at {told}, false | level stated | coverage | standard error | in units | "
        "95 % interval instead |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name in names:
        lines.append(_line(name, [s for s in seen if s.family == name], factors))
    for factor in factors:
        lines.append(_line(f"effects of {factor:g} x", [s for s in seen if s.factor == factor], factors))
    lines.append(_line("all", list(seen), factors))
    return "\n".join(lines)


def _line(name: str, seen: list[Seen], factors: Sequence[float]) -> str:
    n = len(seen)
    if not n:
        return f"| {name} | 0 | | | | | | |"
    counts = ", ".join(str(sum(s.factor == f for s in seen)) for f in (*factors, 0.0))
    units = in_units(seen)
    share = coverage(seen)
    return (
        f"| {name} | {n:,} | {counts} | {np.mean([s.level for s in seen]):.3f} | {share:.3f} | "
        f"{np.sqrt(share * (1 - share) / n):.3f} | {'' if units is None else f'{units:.3f}'} | "
        f"{np.mean([s.plain for s in seen]):.3f} |"
    )


def coverage(seen: Sequence[Seen]) -> float:
    """The share of verified findings whose interval, on the scale of the effect, holds the truth."""
    return float(np.mean([s.held for s in seen]))


def in_units(seen: Sequence[Seen]) -> float | None:
    """The same in the data's own units; None where the family has none."""
    told = [s.in_units for s in seen if s.in_units is not None]
    return float(np.mean(told)) if any(s.in_units is not None and s.factor for s in seen) else None


def short(seen: Sequence[Seen], names: Sequence[str]) -> list[str]:
    """The families whose coverage is under the target."""
    out = []
    for name in names:
        own = [s for s in seen if s.family == name]
        units = in_units(own)
        if own and (coverage(own) < TARGET or (units is not None and units < TARGET)):
            out.append(name)
    return out


def measured(names: Sequence[str], reps: int, rows: int, first: int, factors: Sequence[float]) -> list[Seen]:
    """All verified findings of so many tables."""
    planted, seen, before = truths(names, rows, factors=factors), [], door.DRAWS
    door.DRAWS = DRAWS
    try:
        with tempfile.TemporaryDirectory() as folder:
            for seed in range(first, first + reps):
                seen += one_table(planted, rows, seed, Path(folder))
                if seed % 25 == 0:
                    print(f"table {seed}: {len(seen)} verified", file=sys.stderr, flush=True)
    finally:
        door.DRAWS = before
    return seen


def main() -> int:
    """Measure, print, write; 1 where a family falls short."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tables", type=int, default=300)
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of the vault")
    parser.add_argument("--first", type=int, default=5_000, help="seed of the first table")
    parser.add_argument("--factors", nargs="*", type=float, default=list(FACTORS), metavar="TIMES")
    parser.add_argument("--families", nargs="*", default=list(CASES), choices=list(CASES), metavar="NAME")
    parser.add_argument("--write", action="store_true", help="put the table into docs/evidence.md")
    given = parser.parse_args()
    seen = measured(given.families, given.tables, given.rows, given.first, given.factors)
    text = f"{given.tables} tables, a vault of {given.rows:,} rows.\n\n{table(seen, given.families)}"
    print(text)
    missing = short(seen, given.families)
    print(f"Under {TARGET}: {', '.join(missing) or 'none'}.")
    if given.write:
        write_section("intervals" if given.rows == ROWS else "intervals-small", text)
    return int(bool(missing))


if __name__ == "__main__":
    sys.exit(main())
