"""Rows of one day, store or village that no name gives away: how often is anything false verified, how often the truth?

    python benchmarks/nested.py --runs 60

Tables of rows that share a unit whose level nothing in the table explains. In the null worlds no two columns are
related beyond these units, so that whatever is verified is false (it would not hold for other days or stores); in the
true worlds one property of the units moves the outcome. Every run is the whole job. Prints a Markdown table and writes
it between the markers `<!-- nested -->` of docs/evidence.md. Known limit: units are alike in level only, not in slope.
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
from heldout.tools.explore.dependence import upper_share  # noqa: E402

Rng = np.random.Generator


class World(NamedTuple):
    """One generator of tables and the pair that is truly related in it, if any."""

    name: str
    make: Callable[[Rng], pd.DataFrame]
    truth: frozenset[str] | None = None


def _alike(rng: Rng, unit: np.ndarray, share: float) -> np.ndarray:
    """Normal values whose intraclass correlation within the units is `share`."""
    level = rng.standard_normal(unit.max() + 1)[unit]
    return np.sqrt(share) * level + np.sqrt(1 - share) * rng.standard_normal(len(unit))


def _days(rng: Rng, effect: float = 0.0) -> pd.DataFrame:
    """120 days of 12 rows with daily shocks; weather and holiday belong to the day."""
    day = np.repeat(np.arange(120), 12)
    temperature, wind = rng.normal(15, 6, 120), rng.gamma(2, 3, 120)
    holiday = rng.random(120) < 0.2
    sales = 50 + 10 * (_alike(rng, day, 0.3) + effect * ((temperature - 15) / 6)[day])
    return pd.DataFrame(
        {
            "date": pd.date_range("2024-01-01", periods=120)[day],
            "temperature": temperature[day].round(1), "wind": wind[day].round(1),
            "holiday": np.where(holiday, "yes", "no")[day],
            "till": rng.choice(["a", "b", "c"], len(day)),
            "items": rng.poisson(6, len(day)),
            "visits": (30 + 5 * _alike(rng, day, 0.3)).round(1),
            "sales": sales.round(2),
        }
    )  # fmt: skip


def _places(count: int, rows: int, share: float, kinds: int) -> Callable[..., pd.DataFrame]:
    """`count` places of `rows` rows, each with a kind, a size and an age of its own."""

    def make(rng: Rng, effect: float = 0.0) -> pd.DataFrame:
        place = np.repeat(np.arange(count), rows)
        kind, size = rng.integers(0, kinds, count), rng.lognormal(6, 0.5, count)
        age = rng.integers(1, 40, count)
        standing = (size - size.mean()) / size.std()
        spend = 30 + 8 * (_alike(rng, place, share) + effect * standing[place])
        returned = rng.random(len(place)) < 1 / (1 + np.exp(1.5 - _alike(rng, place, share)))
        table = pd.DataFrame(
            {
                "place": np.char.add("p", place.astype(str)),
                "kind": np.array(["city", "town", "coast", "hill", "lake"])[kind[place]],
                "size": size[place].round(0), "age": age[place],
                "weekday": rng.choice(["mon", "tue", "wed"], len(place)),
                "basket": rng.gamma(2, 2, len(place)).round(2),
                "returned": np.where(returned, "yes", "no"),
                "spend": spend.round(2),
            }
        )  # fmt: skip
        return table.sample(frac=1.0, random_state=int(rng.integers(1 << 31)))

    return make


def _true(make: Callable[..., pd.DataFrame], effect: float) -> Callable[[Rng], pd.DataFrame]:
    return lambda rng: make(rng, effect)


_STORES, _VILLAGES = _places(60, 50, 0.4, 3), _places(400, 8, 0.2, 5)
WORLDS = (
    World("120 days x 12 rows", _days),
    World("60 places x 50 rows", _STORES),
    World("400 places x 8 rows", _VILLAGES),
    World("120 days, warm days sell more", _true(_days, 0.5), frozenset({"sales", "temperature"})),
    World("60 places, large ones earn more", _true(_STORES, 0.6), frozenset({"spend", "size"})),
    World("400 places, large ones earn more", _true(_VILLAGES, 0.3), frozenset({"spend", "size"})),
)


def one(job: tuple[int, int]) -> tuple[int, bool, bool, list[str]]:
    """World, whether the truth was verified, whether anything else was, and what."""
    import heldout

    at, seed = job
    world = WORLDS[at]
    table = world.make(np.random.default_rng([seed, at]))
    with tempfile.TemporaryDirectory() as folder:
        report = heldout.explain(table, name=f"w{at}", ledger=Path(folder) / "l.jsonl", threads=1)
    pairs = [(frozenset({f.hypothesis["outcome"], f.hypothesis["predictor"]}), f.sentence) for f in report.verified]
    wrong = [text for pair, text in pairs if pair != world.truth]
    return at, any(pair == world.truth for pair, _ in pairs), bool(wrong), wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=60, help="tables of each world")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--show", action="store_true", help="print what was verified wrongly")
    parser.add_argument("--write", action="store_true", help="put the table into docs/evidence.md")
    options = parser.parse_args()
    jobs = [(at, options.seed + run) for run in range(options.runs) for at in range(len(WORLDS))]
    with ProcessPoolExecutor(options.processes) as pool:
        results = list(pool.map(one, jobs, chunksize=2))
    lines = ["| tables | runs | with anything false | upper 95 % bound | truth verified |"]
    lines.append("| --- | --- | --- | --- | --- |")
    for at, world in enumerate(WORLDS):
        own = [r for r in results if r[0] == at]
        false = sum(r[2] for r in own)
        truth = "" if world.truth is None else f"{sum(r[1] for r in own) / len(own):.2f}"
        lines.append(f"| {world.name} | {len(own)} | {false} | {upper_share(false, len(own)):.3f} | {truth} |")
        if options.show:
            for text in [t for r in own for t in r[3]]:
                print(world.name, "|", text)
    print("\n".join(lines))
    if options.write:
        write_section("nested", "\n".join(lines))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
