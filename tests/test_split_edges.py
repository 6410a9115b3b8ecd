"""The seal at its edges: every row's place computed again by another road; counts, bounds, orders and words exactly."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from heldout.tools.data import split as module
from heldout.tools.data.dataset import open_dataset
from heldout.tools.data.independence import Unit
from heldout.tools.data.split import Plan, SealedSplit, VaultPlan, seal

Sealed = tuple[SealedSplit, pd.DataFrame]
"""A split and, for each row of the table in the order of the file, its number and its content's digest."""


def sealed(frame: pd.DataFrame, folder: Path, **options: object) -> Sealed:
    folder.mkdir(parents=True, exist_ok=True)
    with open_dataset(frame, name="t") as data:
        split = seal(data, folder, **options)  # pyright: ignore[reportArgumentType]
        content = data.cursor().execute("SELECT _row, _content FROM data ORDER BY _row").df()
        names = "SELECT table_name FROM information_schema.tables UNION SELECT database_name FROM duckdb_databases()"
        left = {name for (name,) in data.cursor().execute(names).fetchall()}
        assert not left & {"placed", "near", "kept", "part", "typed_part"}
        assert split.plan.salt == sha256(f"{data.fingerprint}|heldout/split/1".encode()).hexdigest()
    return split, content


def part_of(split: SealedSplit, key: str) -> int:
    """Where a unit of this key belongs: 0 for exploration, else the vault; after the rule as the page has it."""
    u = int(sha256(f"{split.plan.salt}|{key}".encode()).hexdigest()[:13], 16) / 16**13
    start = split.plan.exploration_share
    if u < start:
        return 0
    high = start
    for vault in split.plan.vaults[:-1]:
        high += vault.weight * (1 - start)
        if u < high:
            return vault.number
    return split.plan.vaults[-1].number


def lies(split: SealedSplit, column: str = "key") -> dict[float, int]:
    """The part in which each row lies, by a number that names it."""
    found = {k: 0 for k in split.explore().number(column).tolist()}
    for vault in split.plan.vaults:
        rows = split.read(split.sealed_file, f"vault_{vault.number}")
        found |= {k: vault.number for k in rows.number(column).tolist()}
    return found


def plain(n: int, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"key": rng.permutation(n) * 7 + 0.25, "x": rng.normal(0, 1, n).round(6)})


def owned(owners: int, each: int, seed: int = 2) -> pd.DataFrame:
    frame = plain(owners * each, seed)
    return frame.assign(shop=np.repeat([f" s{at:04}" if at % 2 else f"s{at:04}" for at in range(owners)], each))


def keys_of(frame: pd.DataFrame, content: pd.DataFrame) -> list[str]:
    """What places each row of `frame`: its shop without spaces round it, else its content."""
    both = zip(frame["shop"], content["_content"], strict=True)
    return [f"e{shop.strip()}" if isinstance(shop, str) else own for shop, own in both]


# Where each row lies


@pytest.mark.parametrize("n", [205, 2_050])
def test_a_row_lies_where_the_first_thirteen_digits_of_salt_and_content_put_it(n: int, tmp_path: Path) -> None:
    frame = plain(n)
    split, content = sealed(frame, tmp_path)
    wanted = {k: part_of(split, c) for k, c in zip(frame["key"], content["_content"], strict=True)}
    assert lies(split) == wanted
    counts = [list(wanted.values()).count(at) for at in range(len(split.plan.vaults) + 1)]
    assert split.plan.exploration_rows == counts[0]
    assert [(v.number, v.rows, v.units) for v in split.plan.vaults] == [(i, c, c) for i, c in enumerate(counts)][1:]
    assert (split.plan.units, split.plan.rows, split.plan.key, split.plan.block) == (n, n, None, None)
    assert (split.plan.gap_rows, split.plan.copies, split.plan.near_copies, split.plan.warning) == (0, 0, 0, None)


def test_rows_of_an_entity_lie_where_its_trimmed_name_puts_them_and_rows_without_one_where_their_content_does(
    tmp_path: Path,
) -> None:
    frame = owned(300, 2)
    frame.loc[::40, "shop"] = None
    split, content = sealed(frame, tmp_path, entity="shop")
    keys = keys_of(frame, content)
    wanted = {k: part_of(split, own) for k, own in zip(frame["key"], keys, strict=True)}
    assert lies(split) == wanted
    assert split.plan.units == len(set(keys))
    own = {key: wanted[k] for key, k in zip(keys, frame["key"], strict=True)}
    assert split.plan.vaults[0].units == sum(at == 1 for at in own.values())
    assert split.plan.vaults[0].rows == sum(at == 1 for at in wanted.values())


def test_rows_that_a_column_places_lie_where_its_trimmed_value_puts_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As rows of the root of several tables are: by their key, so that what belongs to them may change."""
    unit = Unit(kind="row", reason="Rows of `shops`.", placed_by="shop")
    monkeypatch.setattr(module, "choose_unit", lambda *_, **__: unit)
    frame = owned(240, 1)
    frame.loc[::40, "shop"] = None
    split, content = sealed(frame, tmp_path)
    keys = keys_of(frame, content)
    assert lies(split) == {k: part_of(split, own) for k, own in zip(frame["key"], keys, strict=True)}
    assert (split.plan.reason, split.plan.units, split.explore().cluster) == ("Rows of `shops`.", 240, None)


def test_clusters_are_numbered_in_the_whole_table_by_place_and_name(tmp_path: Path) -> None:
    frame = owned(250, 2)
    split, _ = sealed(frame, tmp_path, entity="shop")
    names = sorted(
        {s.strip() for s in frame["shop"]}, key=lambda s: sha256(f"{split.plan.salt}|e{s}".encode()).hexdigest()
    )
    number = {s: at for at, s in enumerate(names)}
    owner = dict(zip(frame["key"], (number[s.strip()] for s in frame["shop"]), strict=True))
    for rows in (split.explore(), split.read(split.sealed_file, "vault_1")):
        assert rows.cluster is not None
        assert rows.cluster.dtype == np.int32
        assert rows.cluster.tolist() == [owner[k] for k in rows.number("key").tolist()]
        assert not rows.serial


def test_equal_rows_of_a_coarse_table_lie_where_content_and_their_number_put_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    frame = pd.DataFrame({"a": rng.integers(0, 6, 400), "b": rng.choice(["x", "y"], 400)})
    split, content = sealed(frame, tmp_path)
    assert split.plan.reason.endswith(
        " So many rows are equal that the columns cannot tell observations apart; each counts as one of its own, and "
        "equal rows may lie on both sides."
    )
    nth = content.groupby("_content").cumcount() + 1
    parts = [part_of(split, f"{c}#{at}") for c, at in zip(content["_content"], nth, strict=True)]
    assert (split.plan.units, split.plan.exploration_rows) == (400, parts.count(0))
    wanted = np.bincount(frame["a"][[at == 0 for at in parts]], minlength=6)
    assert np.bincount(split.explore().number("a").astype(int), minlength=6).tolist() == wanted.tolist()


def test_rows_are_written_by_content_so_that_the_order_of_the_file_leaves_no_trace(tmp_path: Path) -> None:
    frame = plain(260)
    split, content = sealed(frame, tmp_path)
    order = dict(zip(frame["key"], content["_content"], strict=True))
    for rows in (split.explore(), split.read(split.sealed_file, "vault_1")):
        digests = [order[k] for k in rows.number("key").tolist()]
        assert digests == sorted(digests)
        assert rows.cluster is None


# Time


def course(n: int, days: int, seed: int = 8) -> pd.DataFrame:
    """`n` rows spread evenly over so many days, out of order in the file."""
    rng = np.random.default_rng(seed)
    day = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(n) * days // n, "D")
    frame = pd.DataFrame({"key": np.arange(n) + 0.5, "x": rng.normal(0, 1, n).round(6), "day": day})
    return frame.sample(frac=1, random_state=2)


@pytest.mark.parametrize(
    ("n", "days", "block"),
    [
        (900, 900, "week"),  # 30 months are too few, 129 weeks enough
        (600, 1_370, "month"),  # no period has 60 blocks of four rows, the month has 46
        (400, 100, "7 rows"),  # 100 days of four rows are days; see below
        (240, 60, "day"),  # exactly 60 blocks of exactly four rows
        (160, 40, "day"),  # exactly 40
        (159, 40, "4 rows"),  # one row too few for four in each
        (156, 39, "4 rows"),  # one day too few
        (901, 5, "16 rows"),
    ],
)
def test_blocks_of_time_are_the_longest_calendar_period_that_has_enough_of_them(
    n: int, days: int, block: str, tmp_path: Path
) -> None:
    split, _ = sealed(course(n, days), tmp_path, time="day")
    assert split.plan.block == ("day" if (n, days) == (400, 100) else block)
    assert (split.plan.kind, split.serial) == ("time" if split.plan.vaults[0].number and n >= 200 else "none", True)


def test_a_series_is_cut_at_half_its_blocks_one_block_is_left_out_and_the_later_ones_are_sealed(tmp_path: Path) -> None:
    frame = course(900, 900)
    split, _ = sealed(frame, tmp_path, time="day")
    week = frame["day"].dt.to_period("W-SUN").rank(method="dense").astype(int) - 1
    units = int(week.max()) + 1
    place = week / units
    wanted = np.select([place < 0.5, place < 0.5 + 1 / units], [0, -1], 1)
    found = lies(split)
    assert found == {k: at for k, at in zip(frame["key"], wanted, strict=True) if at >= 0}
    assert split.plan.gap_rows == (wanted == -1).sum() == 7
    assert (split.plan.units, split.plan.exploration_share, split.plan.exploration_rows) == (
        units, 0.5, (wanted == 0).sum(),
    )  # fmt: skip
    [vault] = split.plan.vaults
    assert (vault.rows, vault.units, vault.weight) == ((wanted == 1).sum(), week[wanted == 1].nunique(), 1.0)
    number = dict(zip(frame["key"], week, strict=True))
    for rows in (split.explore(), split.read(split.sealed_file, "vault_1")):
        assert rows.cluster is not None
        assert rows.cluster.tolist() == [number[k] for k in rows.number("key").tolist()]
        assert (np.diff(rows.number("day")) >= 0).all()
        assert rows.serial


def test_rows_without_a_date_come_before_the_first_period(tmp_path: Path) -> None:
    frame = course(900, 900)
    frame.loc[frame["key"].isin([200.5, 800.5]), "day"] = None
    split, _ = sealed(frame, tmp_path, time="day")
    week = frame["day"].dt.to_period("W-SUN").rank(method="dense").fillna(0).astype(int)
    assert (split.plan.block, split.plan.units) == ("week", 130)
    number, explored = dict(zip(frame["key"], week, strict=True)), split.explore()
    assert {200.5, 800.5} <= set(explored.number("key").tolist())
    assert explored.cluster is not None
    assert explored.cluster.tolist() == [number[k] for k in explored.number("key").tolist()]


def test_runs_of_rows_follow_the_number_that_orders_them(tmp_path: Path) -> None:
    frame = plain(600).assign(tick=np.random.default_rng(3).permutation(600) * 3 + 7.0)
    split, _ = sealed(frame, tmp_path, time="tick")
    order = frame.sort_values("tick")
    number = dict(zip(order["key"], np.arange(600) // 10, strict=True))
    assert (split.plan.block, split.plan.units, split.plan.gap_rows) == ("10 rows", 60, 10)
    assert lies(split) == {k: int(b > 30) for k, b in number.items() if b != 30}
    for rows in (split.explore(), split.read(split.sealed_file, "vault_1")):
        assert rows.cluster is not None
        assert rows.cluster.tolist() == [number[k] for k in rows.number("key").tolist()]
        assert (np.diff(rows.number("tick")) > 0).all()


def test_rows_without_a_time_are_explored_not_taken_for_the_latest(tmp_path: Path) -> None:
    frame = plain(600).assign(tick=np.arange(600) * 3 + 7.0)
    frame.loc[frame.index[500:520], "tick"] = np.nan
    split, _ = sealed(frame, tmp_path, time="tick")
    without = set(frame["key"][500:520])
    assert {lies(split)[k] for k in without} == {0}


def test_where_the_file_is_the_time_rows_are_written_in_its_order(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(np.cumsum(rng.normal(0, 1, (600, 3)), axis=0).round(6), columns=["a", "b", "c"])
    split, _ = sealed(frame, tmp_path)
    assert (split.plan.kind, split.plan.key, split.plan.block) == ("time", None, "10 rows")
    explored, held = split.explore(), split.read(split.sealed_file, "vault_1")
    assert explored.number("a").tolist() == frame["a"][:300].tolist()
    assert held.number("a").tolist() == frame["a"][310:].tolist()
    assert held.cluster is not None
    assert held.cluster.tolist() == (np.arange(310, 600) // 10).tolist()


# Sizes and words


def test_from_two_hundred_units_on_a_table_is_split_and_from_a_thousand_its_half_is_explored(tmp_path: Path) -> None:
    seen = {}
    for n in (199, 200, 999, 1_000, 1_999, 2_000):
        plan = sealed(plain(n), tmp_path / str(n))[0].plan
        seen[n] = (plan.kind, plan.exploration_share, [v.weight for v in plan.vaults])
    assert seen == {
        199: ("none", 0.0, [1.0]), 200: ("row", 0.4, [1.0]), 999: ("row", 0.4, [1.0]), 1_000: ("row", 0.5, [1.0]),
        1_999: ("row", 0.5, [1.0]), 2_000: ("row", 0.5, [0.6, 0.2, 0.2]),
    }  # fmt: skip


def test_units_and_rows_both_have_to_be_enough(tmp_path: Path) -> None:
    few, _ = sealed(owned(199, 2), tmp_path / "a", entity="shop")
    enough, _ = sealed(owned(200, 2), tmp_path / "b", entity="shop")
    assert (few.plan.kind, enough.plan.kind) == ("none", "entity")
    blocks, _ = sealed(course(199, 50), tmp_path / "c", time="day")
    assert (blocks.plan.kind, blocks.plan.units) == ("none", 50)


LISTED = (
    "too few to split. Every pair of columns was listed by name and type before any value was compared, and the whole "
    "list is tested on all rows."
)


@pytest.mark.parametrize(
    ("frame", "options", "reason"),
    [
        (plain(40), {}, f"40 rows: {LISTED}"),
        (owned(60, 3), {"entity": "shop"}, f"60 values of `shop` in 180 rows: {LISTED}"),
        (course(100, 100), {"time": "day"}, f"25 blocks of time in 100 rows: {LISTED}"),
        (course(80, 80), {"time": "day"}, f"20 blocks of time in 80 rows: {LISTED}"),
        (
            course(76, 76), {"time": "day"},
            "19 blocks of time in 76 rows: too few to test anything (at least 20 blocks and 40 rows are needed); "
            "described, not judged.",
        ),
        (
            owned(39, 3), {"entity": "shop"},
            "39 values of `shop` in 117 rows: too few to test anything (at least 40 are needed); described, not "
            "judged.",
        ),
        (plain(39), {}, "39 rows: too few to test anything (at least 40 are needed); described, not judged."),
    ],
)  # fmt: skip
def test_a_small_table_says_how_small_it_is(frame: pd.DataFrame, options: dict, reason: str, tmp_path: Path) -> None:
    split, _ = sealed(frame, tmp_path, **options)
    plan, n = split.plan, len(frame)
    assert plan.reason == reason
    tiny = "described" in reason
    assert (plan.kind, plan.exploration_rows, plan.exploration_share) == ("none", n if tiny else 0, float(tiny))
    assert plan.vaults == (() if tiny else (VaultPlan(number=1, rows=n, units=plan.units, weight=1.0),))
    assert (plan.key, plan.rows) == (next(iter(options.values()), None), n)
    explored = split.explore()
    assert explored.n == (n if tiny else 0)
    if not tiny:
        assert set(split.read(split.sealed_file, "vault_1").number("key").tolist()) == set(frame["key"])


def test_a_plan_without_several_tables_or_near_copies_is_written_as_before_there_were_any() -> None:
    plan = Plan(
        kind="row", key=None, salt="5a", reason="r", units=1, rows=1, exploration_rows=1, exploration_share=1.0,
    )  # fmt: skip
    assert plan.as_json() == {
        "kind": "row", "key": None, "salt": "5a", "reason": "r", "units": 1, "rows": 1, "exploration_rows": 1,
        "exploration_share": 1.0, "vaults": [], "block": None, "copies": 0, "gap_rows": 0, "warning": None,
    }  # fmt: skip
    more = plan.model_copy(update={"joining": "0" * 64, "near_copies": 3}).as_json()
    assert (more["joining"], more["near_copies"], more["copies"]) == ("0" * 64, 3, 0)
