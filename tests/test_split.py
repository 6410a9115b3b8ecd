"""The seal: where rows lie depends on their content alone, and sealed rows lie nowhere else."""

from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from heldout.tools.data.dataset import open_dataset
from heldout.tools.data.rows import Rows
from heldout.tools.data.split import SealedSplit, seal
from heldout.tools.errors import UsageError


def sealed(source: object, folder: Path, **options: object) -> SealedSplit:
    folder.mkdir(parents=True, exist_ok=True)
    with open_dataset(source, name="t") as data:
        return seal(data, folder, **options)  # pyright: ignore[reportArgumentType]


def vaults(split: SealedSplit) -> list[Rows]:
    return [split.read(split.sealed_file, f"vault_{v.number}") for v in split.plan.vaults]


def parts(split: SealedSplit) -> list[Rows]:
    return [split.explore(), *vaults(split)]


def keys(rows: Rows, column: str = "key") -> set[float]:
    return set(rows.number(column).tolist())


def wide(n: int, seed: int = 1) -> pd.DataFrame:
    """`n` rows told apart by `key`, a number that is no running number, with a label, a date and gaps."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "key": (rng.permutation(n) * 7 + 0.25),
            "size": rng.normal(0, 1, n).round(6),
            "kind": rng.choice(["x", "y", "z"], n),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 400, n), "D"),
        }
    )
    frame.loc[rng.random(n) < 0.1, "size"] = np.nan
    return frame


def panel(entities: int, each: int, seed: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    level = np.repeat(rng.normal(0, 3, entities), each)
    n = entities * each
    return pd.DataFrame(
        {
            "customer": np.repeat([f"c{at:04}" for at in rng.permutation(entities)], each),
            "key": rng.permutation(n) * 3 + 0.5,
            "spend": (level + rng.normal(0, 1, n)).round(5),
            "visits": rng.poisson(5, n),
        }
    )


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> SealedSplit:
    return sealed(wide(3_000), tmp_path_factory.mktemp("split"))


def test_every_row_lies_in_exactly_one_part(split: SealedSplit) -> None:
    seen = [keys(rows) for rows in parts(split)]
    assert sum(len(k) for k in seen) == 3_000
    assert set().union(*seen) == set(wide(3_000)["key"])


def test_the_plan_states_what_lies_where(split: SealedSplit) -> None:
    plan = split.plan
    assert plan.kind == "row"
    assert plan.exploration_rows == split.explore().n
    assert [v.rows for v in plan.vaults] == [rows.n for rows in vaults(split)]
    assert plan.exploration_rows + sum(v.rows for v in plan.vaults) == plan.rows == 3_000


def test_shares_and_weights_are_as_planned(split: SealedSplit) -> None:
    shares = [rows.n / 3_000 for rows in parts(split)]
    wanted = [0.5, 0.3, 0.1, 0.1]
    slack = [4 * np.sqrt(w * (1 - w) / 3_000) for w in wanted]
    assert all(abs(s - w) < d for s, w, d in zip(shares, wanted, slack, strict=True))
    assert [v.weight for v in split.plan.vaults] == [0.6, 0.2, 0.2]


def test_sealed_rows_are_physically_not_in_the_exploration_file(split: SealedSplit) -> None:
    with duckdb.connect(str(split.exploration_file), read_only=True) as connection:
        tables = connection.cursor().execute("SELECT table_name FROM information_schema.tables").fetchall()
        stored = set(connection.cursor().execute("SELECT c0 FROM rows").fetchnumpy()["c0"].tolist())
    assert tables == [("rows",)]
    held = set().union(*(keys(rows) for rows in vaults(split)))
    assert stored == keys(split.explore())
    assert not stored & held


def test_the_sealed_file_holds_nothing_but_vaults(split: SealedSplit) -> None:
    with duckdb.connect(str(split.sealed_file), read_only=True) as connection:
        tables = connection.cursor().execute("SELECT table_name FROM information_schema.tables ORDER BY 1").fetchall()
    assert [t for (t,) in tables] == ["vault_1", "vault_2", "vault_3"]


def test_cells_come_back_as_they_were(split: SealedSplit) -> None:
    frame = wide(3_000).set_index("key")
    rows = split.explore()
    own = frame.loc[rows.number("key")]
    np.testing.assert_array_equal(rows.number("size"), own["size"])
    days = own["day"].to_numpy().astype("datetime64[D]").astype(float)
    np.testing.assert_array_equal(rows.number("day"), days)
    levels = rows.column("kind").levels
    assert [levels[at] for at in rows.codes("kind")] == own["kind"].tolist()


def test_the_assignment_is_the_same_whatever_the_order_and_the_format(split: SealedSplit, tmp_path: Path) -> None:
    frame = wide(3_000)
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_parquet(tmp_path / "t.parquet", index=False)
    wanted = [keys(rows) for rows in parts(split)]
    sources = {
        "shuffled": frame.sample(frac=1, random_state=3),
        "turned": frame[["day", "kind", "size", "key"]],
        "csv": tmp_path / "t.csv",
        "parquet": tmp_path / "t.parquet",
    }
    for name, source in sources.items():
        other = sealed(source, tmp_path / name)
        assert [keys(rows) for rows in parts(other)] == wanted, name
        assert other.plan.model_dump() == split.plan.model_dump(), name


def test_the_order_of_the_file_leaves_no_trace_in_the_order_of_the_parts(split: SealedSplit, tmp_path: Path) -> None:
    other = sealed(wide(3_000).sample(frac=1, random_state=4), tmp_path / "s")
    for a, b in zip(parts(split), parts(other), strict=True):
        np.testing.assert_array_equal(a.number("key"), b.number("key"))


def test_equal_rows_of_a_very_coarse_table_are_placed_each_for_itself(tmp_path: Path) -> None:
    # Together they would make the sides unlike: with 12 kinds of rows one side might hold no `y` at all.
    rng = np.random.default_rng(6)
    coarse = pd.DataFrame({"a": rng.integers(0, 6, 2_500), "b": rng.choice(["x", "y"], 2_500)})
    split = sealed(coarse, tmp_path / "s")
    assert "cannot tell observations apart" in split.plan.reason
    shares = [np.mean(r.codes("b") == 0) for r in parts(split)]
    assert max(shares) - min(shares) < 0.12
    again = sealed(coarse.sample(frac=1, random_state=1), tmp_path / "again")
    counts = [np.unique(p.explore().number("a"), return_counts=True)[1].tolist() for p in (split, again)]
    assert counts[0] == counts[1]


def test_one_changed_cell_divides_the_table_anew(split: SealedSplit, tmp_path: Path) -> None:
    frame = wide(3_000)
    frame.loc[0, "size"] = 99.0
    other = sealed(frame, tmp_path / "changed")
    assert other.plan.salt != split.plan.salt
    both = keys(other.explore()) & keys(split.explore())
    assert 600 < len(both) < 900  # a quarter of all rows: as unrelated as two coin throws


def test_repeated_rows_lie_on_one_side(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    coarse = pd.DataFrame(
        {"a": rng.integers(0, 300, 2_500), "b": rng.choice(["x", "y"], 2_500), "c": rng.integers(0, 90, 2_500)}
    )
    split = sealed(coarse, tmp_path / "s")
    assert coarse.duplicated().sum() > 20
    assert split.plan.copies == 0
    seen = [set(zip(r.number("a"), r.codes("b").tolist(), r.number("c"), strict=True)) for r in parts(split)]
    assert sum(len(s) for s in seen) == len(set().union(*seen))
    assert sum(r.n for r in parts(split)) == 2_500


def test_copies_in_a_table_with_continuous_columns_count_once(tmp_path: Path) -> None:
    frame = wide(1_500)
    split = sealed(pd.concat([frame, frame.head(200)], ignore_index=True), tmp_path / "s")
    assert split.plan.copies == 200
    assert split.plan.rows == 1_500
    assert sum(rows.n for rows in parts(split)) == 1_500


def test_rows_of_one_entity_stay_together(tmp_path: Path) -> None:
    frame = panel(500, 6)
    split = sealed(frame, tmp_path / "s")
    assert (split.plan.kind, split.plan.key, split.plan.units) == ("entity", "customer", 500)
    owner = dict(zip(frame["key"], frame["customer"], strict=True))
    owners = [{owner[k] for k in rows.number("key").tolist()} for rows in parts(split)]
    assert sum(len(o) for o in owners) == 500
    assert "customer" not in split.columns
    for rows in parts(split):
        assert rows.cluster is not None
        named: dict[int, set[str]] = {}
        for code, key in zip(rows.cluster.tolist(), rows.number("key").tolist(), strict=True):
            named.setdefault(code, set()).add(owner[key])
        assert all(len(names) == 1 for names in named.values())
        assert len(named) == len(set().union(*named.values()))


def test_vaults_of_entities_are_counted_in_entities(tmp_path: Path) -> None:
    split = sealed(panel(500, 6), tmp_path / "s")
    assert len(split.plan.vaults) == 1
    [vault] = vaults(split)
    assert vault.cluster is not None
    assert split.plan.vaults[0].units == len(np.unique(vault.cluster))
    assert split.plan.exploration_share == 0.4


def test_a_declared_entity_is_taken_although_its_rows_do_not_resemble_each_other(tmp_path: Path) -> None:
    frame = wide(2_000).assign(shop=np.repeat([f"s{at}" for at in range(500)], 4))
    split = sealed(frame, tmp_path / "s", entity="shop")
    assert (split.plan.kind, split.plan.key, split.plan.units) == ("entity", "shop", 500)


def test_rows_without_an_entity_stand_for_themselves(tmp_path: Path) -> None:
    frame = panel(300, 4)
    frame.loc[frame.index % 50 == 0, "customer"] = None
    split = sealed(frame, tmp_path / "s", entity="customer")
    assert sum(rows.n for rows in parts(split)) == 1_200
    assert split.plan.units == 300 + 24


def series(n: int = 900) -> pd.DataFrame:
    rng = np.random.default_rng(8)
    walk = np.cumsum(rng.normal(0, 1, (n, 3)), axis=0).round(6)
    frame = pd.DataFrame(walk, columns=["price", "volume", "rate"])
    frame["day"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(n), "D")
    return frame.sample(frac=1, random_state=2)


def test_a_series_is_divided_in_time_with_a_gap(tmp_path: Path) -> None:
    split = sealed(series(), tmp_path / "s")
    assert (split.plan.kind, split.plan.key) == ("time", "day")
    explored, held = split.explore(), vaults(split)
    assert explored.serial
    assert explored.number("day").max() + split.plan.gap_rows < held[0].number("day").min() + 1e-9
    assert split.plan.gap_rows > 0
    assert sum(rows.n for rows in parts(split)) + split.plan.gap_rows == 900
    for before, after in pairwise(held):
        assert before.number("day").max() < after.number("day").min()


def test_blocks_of_a_series_follow_time_and_do_not_overlap(tmp_path: Path) -> None:
    before = -1
    for rows in parts(sealed(series(), tmp_path / "s")):
        assert rows.cluster is not None
        order = np.argsort(rows.number("day"))
        steps = np.diff(rows.cluster[order])
        assert set(np.unique(steps).tolist()) <= {0, 1}
        assert rows.cluster.min() > before
        before = rows.cluster.max()


def test_a_series_is_divided_the_same_whatever_the_order_of_the_file(tmp_path: Path) -> None:
    one = sealed(series(), tmp_path / "one")
    two = sealed(series().sort_values("day"), tmp_path / "two")
    assert one.plan == two.plan
    for a, b in zip(parts(one), parts(two), strict=True):
        np.testing.assert_array_equal(a.number("price"), b.number("price"))
        np.testing.assert_array_equal(a.cluster, b.cluster)


def test_a_series_without_calendar_is_cut_into_runs_of_equally_many_rows_in_its_order(tmp_path: Path) -> None:
    frame = series(900)
    frame["tick"] = (frame["day"] - frame["day"].min()).dt.days * 3 + 7
    frame = frame.drop(columns="day")
    split = sealed(frame, tmp_path / "tick", time="tick")
    assert (split.plan.kind, split.plan.key, split.plan.block, split.plan.units) == ("time", "tick", "15 rows", 60)
    explored, held = split.explore(), vaults(split)
    assert explored.number("tick").max() + 3 * 15 < held[0].number("tick").min()
    for rows in (explored, *held):
        assert rows.cluster is not None
        order = np.argsort(rows.number("tick"))
        assert set(np.unique(rows.cluster, return_counts=True)[1].tolist()) == {15}
        assert set(np.diff(rows.cluster[order]).tolist()) <= {0, 1}


def test_the_order_of_the_file_is_the_time_where_nothing_else_tells_it(tmp_path: Path) -> None:
    frame = series(900).sort_values("day").drop(columns="day").reset_index(drop=True)
    split = sealed(frame, tmp_path / "s")
    assert (split.plan.kind, split.plan.key) == ("time", None)
    place = {v: at for at, v in enumerate(frame["price"])}
    last = max(place[v] for v in split.explore().number("price"))
    assert last + split.plan.gap_rows < min(place[v] for v in vaults(split)[0].number("price"))


@pytest.mark.parametrize("n", [40, 120, 199])
def test_a_small_table_is_one_vault_with_all_rows_and_nothing_to_explore(n: int, tmp_path: Path) -> None:
    split = sealed(wide(n), tmp_path / "s")
    assert split.plan.kind == "none"
    assert [(v.number, v.rows, v.weight) for v in split.plan.vaults] == [(1, n, 1.0)]
    assert split.plan.exploration_rows == split.explore().n == 0
    assert keys(vaults(split)[0]) == set(wide(n)["key"])
    assert split.plan.reason == (
        f"{n} rows: too few to split. Every pair of columns was listed by name and type before any value was "
        "compared, and the whole list is tested on all rows."
    )


def test_a_tiny_table_is_described_and_nothing_is_tested(tmp_path: Path) -> None:
    split = sealed(wide(39), tmp_path / "s")
    assert split.plan.vaults == ()
    assert split.explore().n == 39
    assert split.plan.reason == ("39 rows: too few to test anything (at least 40 are needed); described, not judged.")


def test_few_entities_with_many_rows_are_a_small_table(tmp_path: Path) -> None:
    split = sealed(panel(60, 20), tmp_path / "s")
    assert split.plan.kind == "none"
    [vault] = vaults(split)
    assert vault.n == 1_200
    assert vault.cluster is not None
    assert len(np.unique(vault.cluster)) == 60
    assert "customer" not in vault.columns


@pytest.mark.parametrize(
    ("n", "share", "weights"), [(200, 0.4, 1), (999, 0.4, 1), (1_000, 0.5, 1), (1_998, 0.5, 1), (2_000, 0.5, 3)]
)
def test_the_number_of_rows_decides_shares_and_vaults(n: int, share: float, weights: int, tmp_path: Path) -> None:
    plan = sealed(wide(n), tmp_path / "s").plan
    assert (plan.exploration_share, len(plan.vaults)) == (share, weights)
    assert sum(v.weight for v in plan.vaults) == pytest.approx(1.0)


def test_one_shot_is_one_vault_with_the_whole_budget(split: SealedSplit, tmp_path: Path) -> None:
    other = sealed(wide(3_000), tmp_path / "s", one_shot=True)
    assert [v.weight for v in other.plan.vaults] == [1.0]
    assert keys(other.explore()) == keys(split.explore())


def test_an_entity_or_time_that_is_not_there_names_the_columns(tmp_path: Path) -> None:
    for option in ("entity", "time"):
        with pytest.raises(UsageError) as err:
            sealed(wide(300), tmp_path / "s", **{option: "shop"})
        assert str(err.value) == "Column 'shop' is not in 't'. Columns: 'key', 'size', 'kind', 'day'."
    with pytest.raises(UsageError) as err:
        sealed(wide(300), tmp_path / "s", entity="kind", time="day")
    assert str(err.value).startswith("`--entity kind` and `--time day` both say what the unit of independence is.")


def test_no_two_parts_number_their_clusters_alike(tmp_path):
    rng = np.random.default_rng(8)
    who = np.repeat(np.arange(300), 4)
    frame = pd.DataFrame({"person_id": who, "own": who + 0.5, "x": rng.normal(size=1_200).round(6)})
    with open_dataset(frame) as data:
        split = seal(data, tmp_path, entity="person_id")
    parts = [split.explore(), split.read(split.sealed_file, "vault_1")]
    joined = Rows.joined(parts)
    assert joined.cluster is not None
    assert len(np.unique(joined.cluster)) == len(np.unique(joined.number("own"))) == 300
