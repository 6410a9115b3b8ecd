"""Broken deliveries, each named exactly with its rows, and silence where nothing is broken."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from heldout.tools.review.checked import Fault
from heldout.tools.review.decoding import lost, repaired
from heldout.tools.review.faults_dates import turned
from heldout.tools.review.faults_labels import plain
from heldout.tools.review.faults_rows import find_blocks
from heldout.tools.review.faults_time import turn, turned_means
from heldout.tools.review.sketch import LevelMeans
from tests.review_faults import faults_of, learned, shop

Check = Callable[[pd.DataFrame], tuple[Fault, ...]]
N = 1_500


@pytest.fixture(scope="module")
def clean() -> pd.DataFrame:
    return shop(2)


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Check:
    place = tmp_path_factory.mktemp("faults")
    shop(1).to_csv(place / "old.csv", index=False)
    claims, base = learned(place / "old.csv")

    def run(table: pd.DataFrame, cut: int = 0) -> tuple[Fault, ...]:
        path: Path = place / "new.csv"
        table.to_csv(path, index=False)
        if cut:
            path.write_bytes(path.read_bytes()[:-cut])
        return faults_of(path, claims, base)

    return run


def times(column: pd.Series, factor: float) -> pd.Series:
    return (column.astype(float) * factor).round(6).astype(str)


def shifted(t: pd.DataFrame, mask: np.ndarray) -> pd.DataFrame:
    """Cells from `store` on one column to the right in some rows, as after an extra separator."""
    names, out = list(t.columns), t.copy()
    for k in range(len(names) - 1, 2, -1):
        out[names[k]] = t[names[k]].mask(mask, t[names[k - 1]])
    out["store"] = t["store"].mask(mask, None)
    return out


def test_other_rows_of_the_same_kind_have_no_fault(check: Check, clean: pd.DataFrame) -> None:
    assert check(clean) == ()
    assert check(clean.sample(frac=0.4, random_state=1)) == ()


def broken(clean: pd.DataFrame) -> dict[str, tuple[pd.DataFrame, str, str | None, int]]:
    """Ways to break the table: the table, the kind, the column and the rows that must be told."""
    rng = np.random.default_rng(5)
    t, some = clean, rng.random(N) < 0.05
    block = np.arange(N) // 300 == 2
    moved = (pd.to_datetime(t["placed"]) + pd.Timedelta(hours=5.5)).dt.strftime("%Y-%m-%d %H:%M:%S")
    day = pd.to_datetime(t["placed"])
    both = (day.dt.day <= 12) & (day.dt.day != day.dt.month)
    turned_round = t["placed"].str[:5] + t["placed"].str[8:10] + "-" + t["placed"].str[5:7] + t["placed"].str[10:]
    twice = np.repeat(np.arange(N), rng.choice([1, 2, 3], N))
    mojibake = t["store"].map(lambda x: x.encode().decode("cp1252"))
    return {
        "all in grams": (t.assign(weight=times(t["weight"], 1000)), "unit_change", "weight", N),
        "some in grams": (t.assign(weight=t["weight"].mask(some, times(t["weight"], 1000))), "unit_change", "weight",
                          int(some.sum())),
        "a block in cents": (t.assign(amount=t["amount"].mask(block, times(t["amount"], 100))), "unit_change", "amount",
                             300),
        "pounds": (t.assign(weight=times(t["weight"], 1 / 0.45359237)), "unit_change", "weight", N),
        "another case": (t.assign(plan=t["plan"].replace("gold card", "Gold_Card")), "renamed_label", "plan",
                         int((t["plan"] == "gold card").sum())),
        "another word": (t.assign(store=t["store"].replace("Hamburg", "North")), "renamed_label", "store",
                         int((t["store"] == "Hamburg").sum())),
        "booleans by letters": (t.assign(paid=t["paid"].str[0].str.upper()), "renamed_label", "paid", N),
        "decimal commas": (t.assign(amount=t["amount"].str.replace(".", ",")), "type_change", "amount",
                           int(t["amount"].str.contains(".", regex=False).sum())),
        "words": (t.assign(items=t["items"].mask(some, "several")), "type_change", "items", int(some.sum())),
        "a currency": (t.assign(amount="€" + t["amount"]), "type_change", "amount", N),
        "day and month": (t.assign(placed=turned_round.where(both, t["placed"])), "type_change", "placed",
                          int(both.sum())),
        "all shifted": (shifted(t, np.ones(N, bool)), "shifted_columns", None, N),
        "some shifted": (shifted(t, some), "shifted_columns", None, int(some.sum())),
        "loaded twice": (pd.concat([t, t]), "duplicated_load", None, N),
        "a block twice": (pd.concat([t[:700], t[600:700], t[700:]]), "duplicated_load", None, 100),
        "five and a half hours": (t.assign(placed=moved), "time_shift", "placed", N),
        "a join": (t.iloc[twice].assign(tag=[f"t{k}" for k in range(len(twice))]), "multiplied_rows", "order",
                   len(twice) - N),
        "zeros": (t.assign(amount="0.0"), "stuck", "amount", N),
        "one number": (t.assign(weight=t["weight"][0]), "stuck", "weight", N),
        "one label": (t.assign(store="Berlin"), "stuck", "store", N),
        "swapped": (t.assign(plan=t["plan"].replace({"basic": "gold card", "gold card": "basic"})), "swapped_labels",
                    "plan", N),
        "mojibake": (t.assign(store=mojibake), "encoding", "store", int((mojibake != t["store"]).sum())),
        "lost letters": (t.assign(store=t["store"].str.replace("[öü]", "?", regex=True)), "encoding", "store",
                         int(t["store"].isin(["Köln", "Zürich"]).sum())),
        "texts": (t.assign(remark=t["remark"].map(lambda x: x.encode().decode("latin-1"))), "encoding", "remark",
                  int(t["remark"].str.contains("[öüß]").sum())),
    }  # fmt: skip


WAYS = list(broken(shop(2)))


@pytest.mark.parametrize("way", WAYS)
def test_a_broken_delivery_is_named_with_its_rows_and_nothing_beside_it(
    check: Check, clean: pd.DataFrame, way: str
) -> None:
    table, kind, column, rows = broken(clean)[way]
    (found,) = check(table)
    assert (found.kind, found.rows, found.of) == (kind, rows, len(table))
    assert column is None or found.columns[0] == column
    assert f"{rows:,}" in found.text


def test_faults_are_the_same_on_two_runs_and_for_rows_in_another_order(check: Check, clean: pd.DataFrame) -> None:
    table = broken(clean)["swapped"][0]
    (one,), (two,), (three,) = check(table), check(table), check(table.sample(frac=1, random_state=2))
    assert one == two
    assert one.model_copy(update={"first": ()}) == three.model_copy(update={"first": ()})


def test_a_block_that_was_loaded_twice_is_told_by_its_rows(check: Check, clean: pd.DataFrame) -> None:
    (found,) = check(pd.concat([clean[:700], clean[600:700], clean[700:]]))
    assert "rows 701 to 800 repeat rows 601 to 700" in found.text
    assert found.first == (701, 702, 703, 704, 705)


def test_a_part_that_is_not_there_is_told_by_its_learned_share(check: Check, clean: pd.DataFrame) -> None:
    (found,) = check(clean[clean["store"] != "Hamburg"])
    gone = int((clean["store"] == "Hamburg").sum())
    assert (found.kind, found.columns, found.labels) == ("missing_part", ("store",), ("Hamburg",))
    assert abs(found.rows - gone) <= 4 * gone**0.5


def test_days_that_are_not_there_are_told_by_their_dates(check: Check, clean: pd.DataFrame) -> None:
    (found,) = check(clean[~clean["placed"].str[:10].isin(["2025-01-15", "2025-01-16"])])
    assert (found.kind, found.columns, found.labels) == ("missing_part", ("placed",), ("2025-01-15", "2025-01-16"))


def test_a_file_that_ends_within_a_row_is_told_with_the_row(check: Callable, clean: pd.DataFrame) -> None:
    (found,) = check(clean, cut=len(",".join(clean.iloc[-1]).encode()) // 2)
    assert (found.kind, found.first) == ("truncated", (N,))


def test_rows_in_order_that_end_early_are_told_with_where_they_end(check: Check, clean: pd.DataFrame) -> None:
    (found,) = check(clean.sort_values("store", kind="stable")[:900])
    assert (found.kind, found.columns, found.first) == ("truncated", ("store",), (900,))
    assert abs(found.rows - 600) < 100


def test_growth_is_no_other_unit(check: Check, clean: pd.DataFrame) -> None:
    grown = clean.assign(amount=(clean["amount"].astype(float) * 1.65).round(2).astype(str))
    assert check(grown) == ()


def test_a_rise_of_prices_is_no_other_unit(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    for name, times_ in (("old", 1.0), ("new", 1.09)):
        paid = rng.normal(70, 5, N).round(2) * times_
        pd.DataFrame({"paid": paid, "k": "a", "y": rng.normal(size=N)}).to_csv(tmp_path / f"{name}.csv", index=False)
    assert faults_of(tmp_path / "new.csv", *learned(tmp_path / "old.csv")) == ()


def trips(seed: int, days: list[int]) -> pd.DataFrame:
    """Trips that start two hours later at weekends; year and month are constant, days of a month."""
    rng = np.random.default_rng(seed)
    at = np.repeat(days, 100)
    hours = np.clip(rng.normal(np.where((at - 1) % 7 >= 5, 15, 13), 2.5), 0, 22)
    start = pd.DatetimeIndex(pd.Timestamp("2025-01-06") + pd.to_timedelta((at - 1) * 24 + hours, unit="h"))
    end = pd.DatetimeIndex(start + pd.to_timedelta(rng.integers(5, 60, len(at)), unit="m"))
    return pd.DataFrame(
        {
            "year": "2025", "month": start.month.astype(str), "day": start.day.astype(str),
            "start": start.strftime("%Y-%m-%d %H:%M:%S"), "end": end.strftime("%Y-%m-%d %H:%M:%S"),
            "miles": rng.gamma(2, 3, len(at)).round(1), "kind": rng.choice(["a", "b"], len(at)),
        }
    )  # fmt: skip


def test_weekends_and_months_that_follow_are_no_fault(tmp_path: Path) -> None:
    trips(1, list(range(1, 25))).to_csv(tmp_path / "old.csv", index=False)
    claims, base = learned(tmp_path / "old.csv")
    for seed, days in ((2, [6, 7]), (3, [8, 9, 10, 11, 12]), (4, list(range(27, 34)))):
        trips(seed, days).to_csv(tmp_path / "new.csv", index=False)
        assert faults_of(tmp_path / "new.csv", claims, base) == ()


def test_dates_that_go_together_are_turned_together(tmp_path: Path) -> None:
    trips(1, list(range(1, 25))).to_csv(tmp_path / "old.csv", index=False)
    claims, base = learned(tmp_path / "old.csv")
    table = trips(2, list(range(1, 25)))
    for name in ("start", "end"):
        table[name] = (pd.to_datetime(table[name]) + pd.Timedelta(hours=5)).dt.strftime("%Y-%m-%d %H:%M:%S")
    table.to_csv(tmp_path / "new.csv", index=False)
    found = faults_of(tmp_path / "new.csv", claims, base)
    assert [(f.kind, f.columns, f.factor) for f in found if f.kind != "missing_part"] == [
        ("time_shift", ("start",), 5), ("time_shift", ("end",), 5)]  # fmt: skip


def test_a_flood_is_no_other_unit_where_rows_are_like_their_neighbours(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    level = 20 + 9 * np.sin(np.arange(1200) / 40) + rng.normal(0, 0.5, 1200)
    flood = level[:600].copy()
    flood[300:326] = np.concatenate([[45, 90, 140], 180 + 60 * np.sin(np.arange(20) / 5), [140, 90, 45]])
    for name, x in (("old", level), ("new", flood)):
        table = pd.DataFrame({"level": x.round(1), "k": "a", "y": rng.normal(size=len(x))})
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    assert faults_of(tmp_path / "new.csv", *learned(tmp_path / "old.csv")) == ()


def test_months_that_follow_are_no_renamed_labels(tmp_path: Path) -> None:
    for name, months in (("old", ["Jan", "Feb", "Mar"]), ("new", ["Apr", "May", "Jun"])):
        rng = np.random.default_rng(len(name))
        pd.DataFrame({"month": np.repeat(months, 200), "x": rng.normal(size=600), "y": rng.normal(size=600)}).to_csv(
            tmp_path / f"{name}.csv", index=False
        )
    assert faults_of(tmp_path / "new.csv", *learned(tmp_path / "old.csv")) == ()


@pytest.mark.parametrize("pair", [("bike_2011", "bike_2012"), ("flights_autumn", "flights_summer")])
def test_a_year_or_a_season_on_nothing_is_broken(shared: Path, pair: tuple[str, str]) -> None:
    old, new = (shared / "drift" / f"{name}.csv" for name in pair)
    if not old.exists():
        pytest.skip("no real tables here")
    assert faults_of(new, *learned(old)) == ()


def test_texts_of_several_lines_beside_typed_dates_are_read(check: Check, clean: pd.DataFrame) -> None:
    assert check(clean.assign(remark=clean["remark"].str.replace(" ", "\n", n=1))) == ()


# The parts


def test_runs_of_one_row_are_no_repeated_block() -> None:
    assert find_blocks(np.repeat(np.arange(20, dtype=np.uint64), 50)) == []
    block = find_blocks(np.concatenate([np.arange(100), np.arange(40, 90)]).astype(np.uint64))
    assert [tuple(b) for b in block] == [(100, 150, 60)]


def test_hours_are_turned_back_to_the_quarter() -> None:
    hours = np.array([0] * 6 + [10, 40, 90, 120, 160, 200, 220, 200, 170, 150, 120, 80, 40, 10] + [0] * 4, float)
    quarters = np.repeat(hours / 4, 4)
    for moved in (-20, 8, 22, 37):
        found = turn(np.roll(quarters, moved), hours)
        assert found is not None
        assert found.quarters == moved
    assert turn(quarters, hours) is None
    assert turn(np.full(96, 20.0), hours) is None


def test_a_clock_is_read_off_the_course_of_a_number_where_rows_come_at_all_hours() -> None:
    course = 100 + 40 * np.sin(np.arange(24) / 24 * 2 * np.pi) + 20 * (np.arange(24) == 8)

    def means(x: np.ndarray) -> LevelMeans:
        levels = {str(h): (50, float(v)) for h, v in enumerate(x)}
        return LevelMeans(label="at", number="count", levels=levels, spreads={h: 5.0 for h in levels})

    assert turned_means(means(course), means(np.roll(course, 3))) == 3
    assert turned_means(means(course), means(np.roll(1.65 * course, -2))) == -2
    assert turned_means(means(course), means(1.65 * course)) == 0
    assert turned_means(means(course), means(course[::-1].cumsum())) is None


def test_dates_are_turned_only_where_their_neighbours_say_so() -> None:
    march = np.datetime64("2025-03-01").astype(int) + np.repeat(np.arange(31), 10)
    day = np.repeat(np.arange(1, 32), 10)
    wrong = (day <= 12) & (day != 3)
    broken_dates = np.where(wrong, [np.datetime64(f"2025-{min(d, 12):02d}-03").astype(int) for d in day], march)
    found = turned(broken_dates, 1.0)
    assert found is not None
    assert (found == wrong).all()
    assert turned(march, 1.0) is None


def test_letters_that_were_lost_or_split_are_read_back() -> None:
    assert repaired("MÃ¼nchen") == "München"
    assert repaired("München") is None
    assert lost("M?nchen", "München")
    assert lost("M??nchen", "München")
    assert not lost("Manchen", "München")


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [("Gold Card", "gold_card", True), ("Köln", "koln", True), ("7", "7.0", True), ("007", "7", True),
     ("store 1", "store 12", False), ("A", "B", False)],
)  # fmt: skip
def test_spellings_of_one_label_are_told_from_other_labels(one: str, two: str, same: bool) -> None:
    assert (plain(one) == plain(two)) is same
