"""Tables of any length with known effects, for measuring speed: the same seed gives the same table.

A block is 20 columns: 10 numbers (some skewed, some with missing values), 7 categories of 2 to 50 levels, a date
and 2 identifiers. Wide tables are several independent blocks side by side.

    python -m benchmarks.generate rows 1000000 /tmp/t1        writes /tmp/t1.parquet and /tmp/t1.csv
    python -m benchmarks.generate wide 50000 /tmp/wide        the same with 200 columns

Planted in every block: `plan` shifts `amount`; `ratio` rises with `score`; `visits` bends with `temp`; `status`
depends on `channel`; `delay` is longer in one region on one device, and more often missing in two channels;
`income` steps up after 60% of the time; `age` falls with `segment` within each store and rises with it overall.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

PART = 500_000
LEVELS = {"plan": 2, "region": 5, "device": 3, "channel": 8, "store": 50, "segment": 12, "status": 4}
PREFIX = {"plan": "P", "region": "R", "device": "D", "channel": "CH", "store": "S", "segment": "G", "status": "T"}


def categories(n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Codes of the seven categories."""
    store = np.minimum(rng.geometric(0.06, n) - 1, 49)
    channel = rng.choice(8, n, p=[0.25, 0.2, 0.15, 0.12, 0.1, 0.08, 0.06, 0.04])
    shares = np.array([[0.70, 0.85, 0.95], [0.60, 0.82, 0.94]])[(channel < 3).astype(int)]
    return {
        "plan": (rng.random(n) < 0.3).astype(int),
        "region": store % 5,
        "device": rng.choice(3, n, p=[0.55, 0.35, 0.10]),
        "channel": channel,
        "store": store,
        "segment": np.clip(np.rint(store * (11 / 49) + rng.normal(0, 2, n)), 0, 11).astype(int),
        "status": (rng.random(n)[:, None] > shares).sum(1),
    }


def numbers(n: int, rng: np.random.Generator, code: dict[str, np.ndarray], late: np.ndarray) -> dict[str, np.ndarray]:
    """The ten numbers, with the planted effects and NaN where a value is missing."""
    score, temp = rng.random(n) * 100, rng.normal(15, 8, n)
    slow = (code["region"] == 3) & (code["device"] == 1)
    delay = rng.exponential(12, n) * np.where(slow, 1.5, 1.0)
    delay[rng.random(n) < np.where(code["channel"] < 2, 0.35, 0.15)] = np.nan
    visits = rng.poisson(3 + 0.15 * np.abs(temp - 15))
    lean = code["segment"] - code["store"] * 11 / 49
    age = np.clip(np.rint(35 + 0.5 * code["store"] - lean + rng.normal(0, 9, n)), 18, 95)
    seen = np.where(rng.random(n) < 0.08, np.nan, temp)
    return {
        "age": age,
        "income": np.round(np.exp(rng.normal(10.3, 0.6, n)) * np.where(late > 0.6, 1.08, 1.0), 2),
        "visits": visits.astype(float),
        "score": np.round(score, 2),
        "temp": np.round(seen, 2),
        "delay": np.round(delay, 3),
        "amount": np.round(np.exp(rng.normal(3.5, 1.0, n) + 0.2 * code["plan"]), 2),
        "ratio": np.round(np.clip(rng.beta(2, 5, n) + 0.0018 * (score - 50), 0, 1), 5),
        "noise1": np.round(rng.normal(size=n), 5),
        "noise2": np.round(rng.standard_t(4, n), 5),
    }


def block(n: int, rng: np.random.Generator, first: int, suffix: str = "") -> dict[str, object]:
    """Twenty columns of n rows; `first` is the number of the first row, for the order's identifier."""
    late = rng.random(n)
    code = categories(n, rng)
    order = pd.Series(first + rng.permutation(n)).astype(str).str.zfill(9)
    columns: dict[str, object] = {
        "order_id": "O" + order,
        "customer_id": rng.integers(0, max(n // 10, 10), n),
        "ts": np.datetime64("2023-01-01T00:00:00") + (late * 730 * 86400).astype("timedelta64[s]"),
        **numbers(n, rng, code, late),
    }
    for name, codes in code.items():
        labels = [f"{PREFIX[name]}{k}" for k in range(LEVELS[name])]
        columns[name] = pd.Categorical.from_codes(codes, labels)
    return {name + suffix: values for name, values in columns.items()}


def parts(n: int, blocks: int, seed: int) -> Iterator[pd.DataFrame]:
    """The table in pieces of at most half a million rows."""
    for at in range(0, n, PART):
        size = min(PART, n - at)
        rng = np.random.default_rng([seed, at // PART])
        columns: dict[str, object] = {}
        for k in range(blocks):
            columns |= block(size, rng, at, "" if blocks == 1 else f"_{k:02d}")
        yield pd.DataFrame(columns)


def write(n: int, target: Path, *, blocks: int = 1, seed: int = 7, csv: bool = True) -> Path:
    """Write the table as Parquet, and as CSV beside it; the Parquet file's path."""
    target.parent.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect()
    cursor = con.cursor()
    for k, frame in enumerate(parts(n, blocks, seed)):
        cursor.register("piece", frame)
        verb = "create table t as" if k == 0 else "insert into t"
        cursor.execute(f"{verb} select * from piece").fetchall()
        cursor.unregister("piece")
    out = target.with_suffix(".parquet")
    cursor.execute(f"copy t to '{out}' (format parquet, compression zstd)").fetchall()
    if csv:
        cursor.execute(f"copy t to '{target.with_suffix('.csv')}' (header)").fetchall()
    con.close()
    return out


def main(arguments: list[str]) -> None:
    """Write one table, as the module's docstring says."""
    kind, n, target = arguments
    print(write(int(n), Path(target), blocks=10 if kind == "wide" else 1))


if __name__ == "__main__":
    main(sys.argv[1:])
