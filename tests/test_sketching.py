"""Sketches of deliveries: what they count, what they leave out, and that order decides nothing."""

import duckdb
import numpy as np
import pytest

from heldout.tools.data.dataset import open_dataset
from heldout.tools.review.sketch import ColumnSketch, Sketch
from heldout.tools.review.sketching import sketch_of

N = 4_000


def table(seed: int = 3, n: int = N, shift: float = 0.0) -> dict[str, list]:
    rng = np.random.default_rng(seed)
    kind = rng.choice(["gold", "silver", "tin", "rare"], n, p=[0.3, 0.4, 0.2985, 0.0015])
    hours = np.datetime64("2025-01-06T00:30") + rng.integers(0, 28 * 24, n) * np.timedelta64(1, "h")
    return {
        "weight": np.where(rng.random(n) < 0.05, None, rng.normal(5 + shift, 2, n)).tolist(),
        "kind": kind.tolist(),
        "stars": rng.integers(1, 6, n).tolist(),
        "price": [float(v) for v in rng.lognormal(3, 1, n) + 10 * (kind == "gold")],
        "seen": [str(v).replace("T", " ") for v in hours],
        "code": [f"A-{v:06d}" for v in rng.permutation(n)],
    }  # fmt: skip


def sketched(source: dict[str, list], like: Sketch | None = None) -> Sketch:
    with open_dataset(source) as data:
        columns = {c.name: c for c in data.columns}
        return sketch_of(data.cursor(), "data", columns, like=like, name="one", digest="0" * 64)


def column(sketch: Sketch, name: str) -> ColumnSketch:
    found = sketch.column(name)
    assert found is not None
    return found


def test_a_sketch_counts_what_numpy_counts() -> None:
    source = table()
    sketch = sketched(source)
    weight = column(sketch, "weight")
    x = np.array([np.nan if v is None else v for v in source["weight"]])
    there = x[~np.isnan(x)]
    assert (weight.rows, weight.missing) == (N, int(np.isnan(x).sum()))
    assert weight.mean == pytest.approx(there.mean(), rel=1e-13)
    assert weight.sd == pytest.approx(there.std(ddof=1), rel=1e-13)
    assert weight.counts == tuple(np.diff([0, *(int((there <= e).sum()) for e in weight.edges), there.size]).tolist())
    assert max(weight.counts) - min(weight.counts) <= 4, "quantiles of its own rows"
    stars = column(sketch, "stars")
    assert stars.levels == {v: source["stars"].count(int(v)) for v in stars.levels}
    assert len(stars.levels) == 5
    seen = column(sketch, "seen")
    assert sum(seen.hours) == sum(seen.weekdays) == sum(seen.days.values()) == N
    assert len(seen.days) == 28
    assert seen.days["2025-01-06"] == sum(v.startswith("2025-01-06") for v in source["seen"])
    assert seen.weekdays[0] == sum(np.datetime64(v[:10]).astype(int) % 7 == 4 for v in source["seen"])


def test_level_means_are_the_means_of_those_rows() -> None:
    source = table()
    (found,) = [m for m in sketched(source).means if (m.label, m.number) == ("kind", "price")]
    price, kind = np.array(source["price"]), np.array(source["kind"])
    for level, (n, mean) in found.levels.items():
        assert n == int((kind == level).sum())
        assert mean == pytest.approx(price[kind == level].mean(), rel=1e-8)
        assert found.spreads[level] == pytest.approx(price[kind == level].std(ddof=1), rel=1e-3)


def test_no_label_of_fewer_than_ten_rows_and_no_text_is_kept() -> None:
    source = table()
    assert 0 < source["kind"].count("rare") < 10
    sketch = sketched(source)
    kind, code = column(sketch, "kind"), column(sketch, "code")
    assert "rare" not in kind.levels
    assert kind.other == source["kind"].count("rare")
    assert code.kind == "words"
    assert (code.low, code.high, code.distinct) == (8, 8, N)
    text = sketch.canonical()
    assert "rare" not in text
    assert "A-0" not in text


def test_a_label_that_was_named_before_is_counted_however_few_rows_it_has() -> None:
    base = sketched(table())
    few = table(n=300)
    few["kind"] = ["gold"] * 294 + ["tin"] * 3 + ["new"] * 3
    kind = column(sketched(few, base), "kind")
    assert kind.levels == {"gold": 294, "tin": 3}
    assert kind.other == 3


def test_order_of_rows_and_number_of_threads_do_not_change_a_digit() -> None:
    source = table()
    order = np.random.default_rng(5).permutation(N)
    mixed = {name: [cells[at] for at in order] for name, cells in source.items()}
    assert sketched(source).canonical() == sketched(mixed).canonical()


def test_a_delivery_is_counted_by_the_bins_of_the_learned_rows() -> None:
    base = sketched(table())
    source = table(4, shift=2.0)
    weight, learned = column(sketched(source, base), "weight"), column(base, "weight")
    assert weight.edges == learned.edges
    x = np.array([v for v in source["weight"] if v is not None])
    assert weight.counts[-1] == int((x > learned.edges[-1]).sum()) > 2 * learned.counts[-1]


def test_edges_are_short_where_that_keeps_them_apart_and_exact_where_not() -> None:
    near = sketched({"a": [1e9 + v // 2 for v in range(2_000)], "b": [v / 7 for v in range(2_000)]})
    a, b = column(near, "a"), column(near, "b")
    assert len(a.edges) == 19
    assert all(float(f"{e:.6g}") == e for e in b.edges)


def test_columns_with_awkward_names_and_cells_are_sketched() -> None:
    odd = {"level": ["it's", 'q"'] * 50, "x": [float("inf"), 1.5] * 50, "c0": ["a", ""] * 50, "n": [None] * 100}
    con = duckdb.connect()
    con.execute("CREATE TABLE data (level VARCHAR, x DOUBLE, c0 VARCHAR, n VARCHAR)")
    con.executemany("INSERT INTO data VALUES (?, ?, ?, ?)", [list(r) for r in zip(*odd.values(), strict=True)])
    with open_dataset({k: (v if k != "x" else [2.5, 1.5] * 50) for k, v in odd.items()}) as data:
        columns = {c.name: c for c in data.columns}
    sketch = sketch_of(con.cursor(), "data", columns, like=None, name="odd", digest="0" * 64)
    level, x = column(sketch, "level"), column(sketch, "x")
    assert level.levels == {"it's": 50, 'q"': 50}
    assert (x.missing, x.levels) == (50, {"1.5": 50})
    assert sketch_of(con.cursor(), "data", columns, like=sketch, name="odd", digest="0" * 64) == sketch
