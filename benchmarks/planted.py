"""What is planted is found, what is not is not, and traps are named for what they are.

    python benchmarks/planted.py --reps 40            # families and traps, about half an hour on two cores
    python benchmarks/planted.py --reps 40 --write    # the same, and the tables go into docs/evidence.md

Families: one wide table of 4,000 rows a repetition. Every family has two claims on columns of its own, one planted
and one without effect, all of them committed as an analyst's own in one batch. The planted effect is 1.2 or 2 times
the minimum detectable effect of the held-out rows: the effect found with power .80 at the p-value that the batch has
to meet. Traps: the tables of benchmarks/decoys.py, explained unaided.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import heldout  # noqa: E402
from benchmarks.decoys import TRAPS, Trap, is_true  # noqa: E402
from heldout.tools.data.rows import Rows  # noqa: E402
from tests.families import CASES  # noqa: E402

ROWS = 4_000
HELD_OUT = 2_000
LARGE = 100_000
FACTORS = (1.2, 2.0)
NAMES = ("outcome", "predictor", "moderator", "exposure")
LISTS = ("controls", "features")
CONDITIONS = ("rule", "where")


class Tally(NamedTuple):
    """What became of the claims of one family at one size of effect."""

    found: int = 0
    planted: int = 0
    false: int = 0
    null: int = 0


def renamed(claim: dict[str, Any], prefix: str) -> dict[str, Any]:
    """The claim on columns that carry a prefix."""
    out = dict(claim)
    for key in NAMES:
        if isinstance(out.get(key), str):
            out[key] = prefix + out[key]
    for key in LISTS:
        if out.get(key):
            out[key] = [prefix + name for name in out[key]]
    for key in CONDITIONS:
        if isinstance(out.get(key), list):
            out[key] = [{**term, "column": prefix + term["column"]} for term in out[key]]
    return out


def frame(rows: Rows, columns: tuple[str, ...], prefix: str) -> dict[str, Any]:
    """The columns as a file would hold them."""
    out: dict[str, Any] = {}
    for name in columns:
        column = rows.column(name)
        if column.type in ("category", "boolean"):
            levels = np.array([*column.levels, None], dtype=object)
            out[prefix + name] = levels[rows.codes(name)]
        elif column.type == "datetime":
            days = rows.number(name)
            out[prefix + name] = np.datetime64("1970-01-01") + np.round(days).astype("timedelta64[D]")
        else:
            out[prefix + name] = rows.number(name)
    return out


def level(families: int) -> float:
    """The p-value that a batch has to meet when four in five of its planted claims are found."""
    return 0.05 * 0.8 * families / (2 * families)


def strengths(factor: float, families: list[str]) -> dict[str, float]:
    """For each family the strength at which its true theta is `factor` times what the held-out rows detect."""
    reach = float(-ndtri(level(len(families)) / 2) + ndtri(0.80))
    return {name: strength_of(name, factor * reach) for name in families}


def strength_of(name: str, reach: float, rows: int = HELD_OUT) -> float:
    """The strength at which a family's true theta is `reach` standard errors of so many rows."""
    case = CASES[name]

    def beyond(strength: float) -> float:
        large = case.family.evaluate(
            case.hypothesis, case.planted(np.random.default_rng([1, 0]), LARGE, strength), draws=0
        )
        errors = []
        for at in range(1, 8):
            few = case.family.evaluate(
                case.hypothesis, case.planted(np.random.default_rng([1, at]), rows, strength), draws=0
            )
            errors.append(few.standard_error or np.inf)
        return (large.theta or 0.0) - reach * float(np.median(errors))

    low, high = 0.0, 2.0
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (low, middle) if beyond(middle) > 0 else (middle, high)
    return high


def one_batch(names: list[str], strength: dict[str, float], seed: int) -> Iterator[tuple[str, bool, str]]:
    """(family, whether planted, outcome) for every claim of one table."""
    columns: dict[str, Any] = {}
    claims: dict[str, tuple[str, bool]] = {}
    hypotheses = []
    for at, name in enumerate(names):
        case = CASES[name]
        for planted in (True, False):
            rng = np.random.default_rng([seed, at, int(planted)])
            rows = case.planted(rng, ROWS, strength[name] if planted else 0.0)
            prefix = f"{name}_{'planted' if planted else 'null'}_"
            columns |= frame(rows, case.hypothesis.columns, prefix)
            claim = renamed(case.hypothesis.as_json(), prefix)
            hypotheses.append(claim)
            claims[prefix] = name, planted
    with tempfile.TemporaryDirectory() as folder:
        report = heldout.verify(
            pd.DataFrame(columns), hypotheses=hypotheses, ledger=Path(folder) / "ledger.jsonl", one_shot=True
        )
    for f in report.findings:
        prefix = next(p for p in claims if f.hypothesis["outcome"].startswith(p))
        yield (*claims[prefix], f.outcome)


def families_table(reps: int) -> str:
    """Power and false discoveries of every family at both sizes of effect, as Markdown."""
    names = list(CASES)
    told: dict[float, dict[str, Tally]] = {}
    rates: dict[float, list[float]] = {}
    for factor in FACTORS:
        strength = strengths(factor, names)
        told[factor], rates[factor] = {n: Tally() for n in names}, []
        for seed in range(reps):
            false = verified = 0
            for name, planted, outcome in one_batch(names, strength, seed):
                hit = outcome == "verified"
                verified += hit
                false += hit and not planted
                t = told[factor][name]
                told[factor][name] = Tally(
                    t.found + (hit and planted), t.planted + planted, t.false + (hit and not planted),
                    t.null + (not planted),
                )  # fmt: skip
            rates[factor].append(false / max(verified, 1))
            print(f"{factor} x, table {seed}: {verified} verified, {false} false", file=sys.stderr, flush=True)
    lines = ["| family | " + " | ".join(f"power at {f:g} x | false at {f:g} x" for f in FACTORS) + " |"]
    lines.append("| --- |" + " ---: |" * 2 * len(FACTORS))
    for name in names:
        cells = [_cells(told[f][name]) for f in FACTORS]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    totals = []
    for f in FACTORS:
        each = told[f].values()
        power = sum(t.found for t in each) / max(sum(t.planted for t in each), 1)
        totals.append(f"{power:.2f} | FDR {np.mean(rates[f]):.3f}")
    lines.append(f"| all | {' | '.join(totals)} |")
    return "\n".join(lines)


def _cells(t: Tally) -> str:
    return f"{t.found / max(t.planted, 1):.2f} | {t.false} of {t.null}"


def traps_table(reps: int) -> str:
    """How often each trap is named for what it is, and the truth beside it found, as Markdown."""
    lines = ["| trap | named for what it is | truth beside it found | how it is named |", "| --- | ---: | ---: | --- |"]
    for trap in TRAPS:
        named = found = 0
        for seed in range(reps):
            report = _explained(trap, seed)
            wrong = trap.wrong(report)
            named += wrong is None
            found += is_true(report, trap)
            if wrong is not None:
                print(f"{trap.name}, table {seed}: {wrong}", file=sys.stderr, flush=True)
        lines.append(f"| {trap.name} | {named} of {reps} | {found} of {reps} | {trap.told} |")
    return "\n".join(lines)


def _explained(trap: Trap, seed: int) -> Any:
    table = trap.make(np.random.default_rng([seed, len(trap.name)]))
    with tempfile.TemporaryDirectory() as folder:
        return heldout.explain(table, ledger=Path(folder) / "ledger.jsonl")


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reps", type=int, default=40, help="tables a line")
    parser.add_argument("--only", choices=("families", "traps"), help="one of the two parts")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/evidence.md")
    given = parser.parse_args()
    parts = {"families": families_table, "traps": traps_table}
    for name, part in parts.items():
        if given.only in (None, name):
            text = f"{given.reps} tables a line.\n\n{part(given.reps)}"
            print(text)
            if given.write:
                from pages import write_section

                write_section(f"planted-{name}", text)


if __name__ == "__main__":
    main()
