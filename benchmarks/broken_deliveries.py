"""How often each way of breaking a delivery is named exactly, and how often a clean half is called broken.

The claims are learned on one random half of a table, the other half is broken. Real tables are read from ../shared/data
where it is there.

    python benchmarks/broken_deliveries.py --sizes 500 5000 50000 --rounds 3
    python benchmarks/broken_deliveries.py --clean 200
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from breaking import BREAKERS, Broken, Kinds

from heldout.tools.data.dataset import open_dataset
from heldout.tools.errors import HeldoutError
from heldout.tools.review.checked import Fault
from heldout.tools.review.delivery import open_delivery
from heldout.tools.review.faults import find_faults
from heldout.tools.review.learned import LearnedClaims, LearnedColumn
from heldout.tools.review.sketch import Sketch
from heldout.tools.review.sketching import sketch_of

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
REAL = {
    "flights": "rdatasets/openintro/nycflights.csv", "taxis": "seaborn/taxis.csv", "bikes": "dat8/bikeshare.csv",
    "churn": "rdatasets/modeldata/wa_churn.csv", "movies": "fivethirtyeight/bechdel/movies.csv",
    "diamonds": "seaborn/diamonds.csv", "penguins": "seaborn/penguins.csv", "tweets": "text/airline_tweets.csv",
}  # fmt: skip
STORES = ("Köln", "München", "Berlin", "Hamburg", "Düsseldorf", "Leipzig", "Bremen", "Essen", "Dresden", "Zürich Nord")


def orders(n: int, seed: int) -> pd.DataFrame:
    """Orders of a shop over ten weeks, as texts: key, time with a pattern of hours, labels, numbers, a remark."""
    rng = np.random.default_rng(seed)
    p = np.array([0.2, 0.16, 0.14, 0.12, 0.1, 0.08, 0.07, 0.05, 0.05, 0.03])
    hours = np.clip(rng.normal(13, 3.2, n), 6, 22.9)
    day = np.sort(rng.integers(0, 70, n))
    when = pd.Timestamp("2025-01-06") + pd.to_timedelta(day * 24 + hours, unit="h")
    store = rng.choice(len(STORES), n, p=p)
    plan = rng.choice(["basic", "plus", "gold card"], n, p=[0.55, 0.3, 0.15])
    weight = np.round(rng.lognormal(1.2 + 0.3 * (plan == "plus"), 0.5, n), 3)
    amount = np.round(rng.gamma(3, 15, n) + 20 * (plan == "gold card") + 2 * store, 2)
    items = 1 + rng.poisson(3, n)
    words = np.array(["schön verpackt", "große Kiste", "late", "fine", "bitte klingeln", "für Müller", "ok"])
    table = pd.DataFrame(
        {
            "order": [f"A-{v:07d}" for v in rng.permutation(9 * n)[:n]], "placed": when.strftime("%Y-%m-%d %H:%M:%S"),
            "store": np.array(STORES)[store], "plan": plan, "paid": np.where(rng.random(n) < 0.8, "yes", "no"),
            "items": items.astype(str), "weight": weight.astype(str), "amount": amount.astype(str),
            "degrees": np.round(rng.normal(11, 6, n), 1).astype(str),
            "remark": [" ".join(some) for some in zip(*rng.choice(words, (3, n)), strict=True)],
        }
    )  # fmt: skip
    table["degrees"] = table["degrees"].mask(rng.random(n) < 0.04, None)
    return table.astype(object)


def tables(sizes: list[int], seed: int, only: str | None = None) -> Iterator[tuple[str, pd.DataFrame]]:
    for n in sizes:
        if only in (None, "orders"):
            yield f"orders {n:,}", orders(2 * n, seed)
    for name, path in REAL.items():
        if (SHARED / path).exists() and only in (None, name):
            raw = pd.read_csv(SHARED / path, dtype=str, keep_default_na=False)
            yield name, raw.replace({"": None}).astype(object)


def learned(path: Path) -> tuple[LearnedClaims, Sketch]:
    """Columns and sketch of a file: what the faults are told of it; rules of keys are learned elsewhere."""
    with open_dataset(path, keep_counts=True) as data:
        columns = tuple(
            LearnedColumn(name=c.name, type=c.type, storage=c.storage, levels=c.levels, unit=c.unit,
                          derived_from=c.derived_from)
            for c in data.columns
        )  # fmt: skip
        sketch = sketch_of(
            data.cursor(), "data", {c.name: c for c in data.columns}, like=None, name="learned", digest=data.fingerprint
        )
        claims = LearnedClaims(
            source=path.name, fingerprint=data.fingerprint, rows=data.rows, version="0", columns=columns, claims=()
        )
    return claims, sketch


def faults_of(path: Path, claims: LearnedClaims, base: Sketch) -> tuple[Fault, ...]:
    with open_delivery(path, claims.columns, independence=claims.independence) as delivery:
        known = {name: column for name, column in delivery.columns.items()}
        new = sketch_of(delivery.cursor(), "data", known, like=base, name="new", digest=delivery.digest)
        return find_faults(delivery, base, new, claims)


def kinds(claims: LearnedClaims, base: Sketch, half: pd.DataFrame) -> Kinds:
    numbers, labels, times, key, words = [], [], [], None, []
    for c in claims.columns:
        b = base.column(c.name)
        if b is None or c.derived_from or c.name not in half:
            continue
        if c.type == "number" and b.distinct > 24 and c.name not in ("year", "hour", "flight", "rownames"):
            numbers.append(c.name)
        elif (
            c.type in ("category", "boolean")
            and c.storage == "VARCHAR"
            and 2 <= b.distinct <= 40
            and half[c.name].nunique() > 1
        ):
            labels.append(c.name)
        elif c.type == "datetime" and b.hours:
            times.append(c.name)
        elif c.type == "text":
            words.append(c.name)
        if key is None and b.distinct == b.rows and c.storage == "VARCHAR":
            key = c.name
    return Kinds(
        numbers, [x for x in labels if not pd.to_numeric(half[x], errors="coerce").notna().any()], times, key, words
    )


def write(table: pd.DataFrame, path: Path, cut: int = 0) -> None:
    table.to_csv(path, index=False)
    if cut:
        path.write_bytes(path.read_bytes().rstrip(b"\n")[:-cut])


def judged(broken: Broken, faults: tuple[Fault, ...]) -> tuple[bool, bool, list[str]]:
    """Named exactly; rows right; what else was named."""
    right = [f for f in faults if f.kind == broken.kind and (broken.column is None or broken.column in f.columns)]
    if broken.factor is not None:
        right = [f for f in right if f.factor is not None and abs(f.factor / broken.factor - 1) < 1e-3]
    rows = any(abs(f.rows - broken.rows) <= broken.slack * broken.rows for f in right)
    return bool(right), rows, [f.id for f in faults if f not in right[:1]]


def run_broken(args: argparse.Namespace) -> None:
    named: dict[str, list[tuple[bool, bool, bool]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for round_ in range(args.rounds):
            for name, table in tables(args.sizes, round_, args.table):
                rng = np.random.default_rng([round_, len(table)])
                pick = rng.random(len(table)) < 0.5
                old, new = table[pick].reset_index(drop=True), table[~pick].reset_index(drop=True)
                write(old, place / "old.csv")
                claims, base = learned(place / "old.csv")
                sorts = kinds(claims, base, new)
                for way, make in BREAKERS.items():
                    if args.way and args.way not in way:
                        continue
                    broken = make(new, sorts, rng)
                    if broken is None:
                        continue
                    write(broken.table, place / "new.csv", broken.cut)
                    try:
                        faults = faults_of(place / "new.csv", claims, base)
                        right, rows, more = judged(broken, faults)
                    except HeldoutError as err:
                        right, rows, more, faults = False, False, [str(err)[:80]], ()
                    named[way].append((right, rows, not more))
                    if args.verbose and not (right and rows and not more):
                        print(
                            f"  {name} {way} {broken.column} rows {broken.rows}: named {right} rows {rows} more {more}"
                        )
                        for f in faults:
                            print("     ", f.text)
    print(f"{'way':<26}{'tries':>6}{'named':>7}{'rows':>6}{'clean':>7}")
    for way, got in named.items():
        a = np.array(got)
        print(f"{way:<26}{len(a):>6}" + "".join(f"{100 * v:>6.0f}%" for v in a.mean(0)))
    whole = np.array([x for got in named.values() for x in got])
    print(f"{'all':<26}{len(whole):>6}" + "".join(f"{100 * v:>6.1f}%" for v in whole.mean(0)))


def run_clean(args: argparse.Namespace) -> None:
    found: dict[str, int] = defaultdict(int)
    tries: dict[str, int] = defaultdict(int)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for name, table in tables(args.sizes, 0, args.table):
            for seed in range(args.clean):
                pick = np.random.default_rng([seed, len(table), 1]).random(len(table)) < 0.5
                write(table[pick], place / "old.csv")
                write(table[~pick], place / "new.csv")
                claims, base = learned(place / "old.csv")
                faults = faults_of(place / "new.csv", claims, base)
                tries[name] += 1
                found[name] += bool(faults)
                for f in faults:
                    print(f"  {name} {seed}: {f.id} {f.text}", flush=True)
            print(f"{name:<16} clean halves {tries[name]:>5}  called broken {found[name]:>3}", flush=True)


def main() -> None:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[500, 5_000])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--clean", type=int, default=0)
    parser.add_argument("--table")
    parser.add_argument("--way")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    if args.clean:
        run_clean(args)
    else:
        run_broken(args)


if __name__ == "__main__":
    main()
