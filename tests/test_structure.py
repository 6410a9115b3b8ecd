"""Relations that follow from how a table is built are found, and strong facts are not mistaken for them."""

from pathlib import Path

import numpy as np
import pytest

from heldout.tools.data.rows import Rows
from heldout.tools.explore.lead import Structure
from heldout.tools.explore.structure import find_structure, structural_pairs

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def texts(data: dict, kind: str | None = None) -> list[str]:
    return [s.text for s in find_structure(Rows.of(data)) if kind in (None, s.kind)]


def draw(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


# Found


def test_a_total_is_told_as_the_sum_of_its_parts() -> None:
    a, b, c = draw().poisson(20, (3, 400)).astype(float)
    data = {"casual": a, "other": c, "registered": b, "count": a + b}
    (found,) = find_structure(Rows.of(data))
    assert found == Structure(
        kind="sum", columns=("casual", "registered", "count"),
        text="`count` is `casual` + `registered` in all 400 rows.",
    )  # fmt: skip


@pytest.mark.parametrize("size", [2, 3, 4])
def test_sums_of_two_to_four_columns_with_cents_are_found_among_others(size: int) -> None:
    x = np.round(draw(size).exponential(30, (8, 1500)), 2)
    x[0, :100] = np.nan
    data = {f"x{k}": row for k, row in enumerate(x)} | {"all": np.round(x[1 : size + 1].sum(0), 2)}
    parts = " + ".join(f"`x{k}`" for k in range(1, size + 1))
    assert texts(data, "sum") == [f"`all` is {parts} in all 1,500 rows."]


def test_a_sum_may_have_one_exception_in_fifty_rows_and_no_more() -> None:
    a, b = draw(1).poisson(30, (2, 2000)).astype(float)
    total = a + b
    total[:40] += 5
    assert texts({"a": a, "b": b, "t": total}, "sum") == ["`t` is `a` + `b` in 1,960 of 2,000 rows."]
    total[40:60] += 5
    assert texts({"a": a, "b": b, "t": total}, "sum") == []


def test_a_part_that_hardly_ever_counts_does_not_make_a_sum() -> None:
    rng = draw(2)
    a, rare = rng.normal(100, 10, 2000), np.zeros(2000)
    rare[:5] = 40
    found = find_structure(Rows.of({"a": a, "rare": rare, "b": a.copy()}))
    assert [s.kind for s in found] == ["copy"]


def test_copies_and_relabellings_are_told_once_each() -> None:
    rng = draw(3)
    grade, x = rng.integers(1, 4, 300), rng.normal(size=300)
    data = {
        "pclass": grade.astype(float), "class": np.array(["", "First", "Second", "Third"])[grade],
        "letter": np.array(["", "A", "B", "C"])[grade], "x": x, "x2": x.copy(),
    }  # fmt: skip
    assert texts(data) == [
        "`class` says the same as `pclass` in other words, one to one, in all 300 rows.",
        "`letter` says the same as `pclass` in other words, one to one, in all 300 rows.",
        "`x2` equals `x` in all 300 rows.",
    ]


def test_a_linear_function_is_told_with_its_formula_also_when_rounded() -> None:
    celsius = np.round(draw(4).normal(15, 9, 500), 1)
    data = {"celsius": celsius, "fahrenheit": np.round(celsius * 1.8 + 32, 1), "noise": draw(5).normal(size=500)}
    assert texts(data) == ["`fahrenheit` is 1.8 × `celsius` + 32 in all 500 rows."]
    assert texts({"year": celsius, "past": 40 - celsius}) == ["`past` is 40 − `year` in all 500 rows."]
    assert texts({"a": celsius, "b": celsius - 3}) == ["`b` is `a` − 3 in all 500 rows."]


def test_a_column_that_another_fixes_is_told_with_its_exceptions() -> None:
    rng = draw(6)
    country = rng.integers(0, 30, 1200)
    continent = np.array(["Africa", "Asia", "Europe"])[country % 3]
    data = {"country": np.array([f"c{k}" for k in country]), "continent": continent.copy()}
    assert texts(data) == ["Each value of `country` has one value of `continent` in all 1,200 rows."]
    swap = np.flatnonzero(continent == "Asia")[:4]
    data["continent"][swap] = "Africa"
    (told,) = texts(data)
    assert told.startswith("Each value of `country` has one value of `continent` in 1,196 of 1,200 rows. Exceptions: c")
    assert told.count(" with Africa, usually Asia") == 3


def test_cut_points_of_a_number_are_told_even_if_no_value_repeats() -> None:
    age = draw(7).uniform(18, 90, 600)
    group = np.array(["young", "middle", "old"])[np.digitize(age, [40, 65])]
    assert texts({"age": age, "group": group}) == ["`group` cuts `age` into 3 ranges in all 600 rows."]
    assert texts({"age": age, "senior": age > 65}) == ["`senior` cuts `age` into 2 ranges in all 600 rows."]


def test_what_follows_from_a_calendar_is_told() -> None:
    rng = draw(8)
    when = np.datetime64("2023-01-01T00:00") + rng.integers(0, 700 * 1440, 3000).astype("timedelta64[m]")
    month = when.astype("datetime64[M]").astype(int) % 12
    weekday = (when.astype("datetime64[D]").astype(int) + 3) % 7
    hour = when.astype("datetime64[h]").astype(int) % 24
    data = {"when": when, "season": month // 3, "weekend": weekday >= 5, "shift": np.array(["n", "d"])[(hour > 7) * 1]}
    assert texts(data) == [
        "`season` follows from the month of `when` in all 3,000 rows.",
        "`weekend` follows from the weekday of `when` in all 3,000 rows.",
        "`shift` follows from the hour of `when` in all 3,000 rows.",
    ]


def test_a_label_fixed_by_two_columns_together_is_told() -> None:
    a, b = draw(9).integers(0, 3, (2, 500))
    found = texts({"siblings": a, "parents": b, "alone": a + b == 0})
    assert found == ["`alone` follows from `siblings` and `parents` in all 500 rows."]


def test_products_are_told_exact_or_near() -> None:
    rng = draw(10)
    price, amount = np.round(rng.exponential(20, 800) + 1, 2), rng.integers(1, 9, 800).astype(float)
    data = {"price": price, "amount": amount, "value": np.round(price * amount, 2)}
    assert texts(data) == ["`value` is `price` × `amount` in all 800 rows."]
    data["value"] *= np.exp(rng.normal(0, 0.03, 800))
    (told,) = texts(data)
    assert told.startswith("`value` is nearly `price` × `amount`, off by 1.9 % in the median of 800 rows.")


def test_near_duplicates_are_told() -> None:
    temp = draw(11).normal(20, 8, 900)
    felt = temp + draw(12).normal(0, 0.8, 900)
    (told,) = texts({"temp": temp, "atemp": felt})
    assert told.startswith("`temp` and `atemp` move almost in step: correlation 0.99")


def test_near_duplicates_of_each_other_are_told_together_and_all_tied() -> None:
    base = draw(23).normal(100, 20, 500)
    prices = {name: base + draw(24 + k).normal(0, 0.5, 500) for k, name in enumerate(("open", "high", "low"))}
    found = find_structure(Rows.of({**prices, "volume": draw(30).normal(size=500)}))
    assert [s.columns for s in found] == [("open", "high", "low")]
    assert found[0].text.startswith("`open`, `high` and `low` move almost in step: correlations of 0.999 and more")
    assert len(structural_pairs(found)) == 3


def test_a_sum_of_many_columns_is_found_by_its_slopes() -> None:
    x = np.round(draw(31).gamma(2, 0.3, (9, 158)), 5)
    data = {f"x{k}": row for k, row in enumerate(x)} | {"score": np.round(x[:7].sum(0), 3)}
    (found,) = find_structure(Rows.of(data))
    assert (found.kind, found.columns) == ("sum", (*(f"x{k}" for k in range(7)), "score"))


def test_keys_are_told_alone_or_in_pairs() -> None:
    rng = draw(13)
    number = rng.permutation(300)
    assert texts({"order": number, "x": rng.normal(size=300)}, "key") == [
        "`order` is different in all 300 rows: it names the row."
    ]
    country, year = np.divmod(rng.permutation(600), 20)
    data = {"country": np.array([f"c{k}" for k in country]), "year": year + 2000, "x": rng.normal(size=600)}
    assert texts(data, "key") == ["`country` and `year` together are different in all 600 rows: they name the row."]


def test_a_part_is_told_where_the_name_says_total_and_the_rows_agree() -> None:
    rng = draw(14)
    male, rest = rng.poisson(20, 400), rng.poisson(30, 400)
    noise = rng.integers(0, 3, 400)
    data = {"deaths_male": male, "total_deaths": male + rest, "visits": noise}
    assert texts(data, "part") == [
        "`deaths_male` never exceeds `total_deaths`, which by its name holds it, in all 400 rows."
    ]


def test_a_part_whose_slope_a_fee_bends_is_a_part_of_the_total() -> None:
    rng = draw(16)
    fare = np.round(3 + rng.exponential(9, 3000), 2)
    yellow = rng.random(3000) < 0.6
    tip = np.round(np.where(yellow & (rng.random(3000) < 0.7), 0.2 * fare, 0), 2)
    fee = np.where(yellow, 2.0, 0.8)
    data = {"fare": fare, "tip": tip, "near": fare + rng.normal(0, 2, 3000), "total": np.round(fare + tip + fee, 2)}
    slope = np.linalg.lstsq(np.c_[fare, tip, np.ones(3000)], data["total"], rcond=None)[0][1]
    assert slope > 1.1  # the tip stands in for the fee
    parts = [s.columns for s in find_structure(Rows.of(data)) if s.kind == "part"]
    assert parts == [("fare", "total"), ("tip", "total")]


def test_the_summands_of_a_bare_total_are_told_and_a_cause_of_it_is_not() -> None:
    rng = draw(15)
    distance = np.round(rng.exponential(3, 2000) + 0.5, 2)
    fare = np.round(2.5 + 2.5 * distance + rng.exponential(2, 2000), 2)
    tip = np.round(np.where(rng.random(2000) < 0.5, 0.2 * fare, 0) + rng.exponential(0.5, 2000), 2)
    fees = rng.choice([0.5, 1.3, 3.8], 2000)
    data = {"distance": distance, "fare": fare, "tip": tip, "total": np.round(fare + tip + fees, 2)}
    assert [s.columns for s in find_structure(Rows.of(data))] == [("fare", "total"), ("tip", "total")]


# Not found


def test_independent_columns_have_no_structure() -> None:
    for seed in range(20):
        rng = draw(100 + seed)
        n = int(rng.integers(30, 400))
        data = {f"n{k}": np.round(rng.normal(size=n), 1) for k in range(6)}
        data |= {f"i{k}": rng.integers(0, 3 + 4 * k, n) for k in range(4)}
        data |= {f"c{k}": rng.choice(np.array(list("abcdefgh")[: k + 2]), n) for k in range(5)}
        data["rare"] = rng.random(n) < 0.02
        data["when"] = np.datetime64("2024-01-01T00:00") + rng.integers(0, 10**7, n).astype("timedelta64[s]")
        assert find_structure(Rows.of(data)) == ()


def test_a_rare_value_is_not_fixed_by_a_column_that_hardly_repeats() -> None:
    rng = draw(16)
    tolls = np.where(rng.random(3000) < 0.05, 6.5, 0.0)
    total = np.round(rng.exponential(12, 3000), 1) + 40 * (tolls > 0)
    assert texts({"total": total, "tolls": tolls}, "function") == []


def test_groups_that_lie_apart_are_no_cut_points() -> None:
    rng = draw(17)
    kind = rng.random(300) < 0.4
    data = {"length": np.where(kind, 45, 15) + rng.normal(0, 2, 300), "kind": kind}
    assert find_structure(Rows.of(data)) == ()


def test_a_tip_is_no_part_of_a_bill() -> None:
    bill = draw(18).exponential(20, 300) + 5
    tip = 0.15 * bill * np.exp(draw(19).normal(0, 0.4, 300))
    assert find_structure(Rows.of({"total_bill": np.round(bill, 2), "tip": np.round(tip, 2)})) == ()


def test_too_few_rows_show_no_structure() -> None:
    x = np.arange(20.0)
    assert find_structure(Rows.of({"a": x, "b": x, "c": 2 * x})) == ()
    assert find_structure(Rows.of({})) == ()


def test_values_at_the_ends_of_floating_point_show_no_structure_and_no_error() -> None:
    rng = draw(22)
    a, b, c = rng.normal(size=(3, 300))
    assert find_structure(Rows.of({"a": 1e300 * a, "b": 1e-300 * b, "c": c, "d": 1e200 * b * c})) == ()


# Pairs


def test_pairs_tied_by_structure_follow_copies_and_chains() -> None:
    def made(kind: str, *columns: str) -> Structure:
        return Structure.model_validate({"kind": kind, "columns": columns, "text": "."})

    pairs = structural_pairs(
        [
            made("key", "id"), made("key", "city", "year"), made("copy", "total", "sum"),
            made("function", "city", "country"), made("function", "country", "continent"),
            made("sum", "men", "women", "total"), made("near_duplicate", "temp", "felt"),
        ]
    )  # fmt: skip
    told = {tuple(sorted(p)) for p in pairs}
    assert told == {
        ("sum", "total"), ("city", "country"), ("continent", "country"), ("city", "continent"),
        ("men", "total"), ("total", "women"), ("men", "sum"), ("sum", "women"), ("felt", "temp"),
    }  # fmt: skip


def test_every_structure_names_its_columns_and_ties_at_least_one_pair() -> None:
    rng = draw(20)
    a, b = rng.poisson(9, (2, 500)).astype(float)
    rows = Rows.of({"a": a, "b": b, "t": a + b, "d": 2 * a + 1, "u": a + b, "e": a > 9})
    found = find_structure(rows)
    assert {s.kind for s in found} == {"copy", "linear", "function", "sum"}
    for s in found:
        assert all(f"`{c}`" in s.text for c in s.columns)
        assert frozenset(s.columns[-2:]) in structural_pairs(found)


# Large and real tables


def test_relations_are_found_in_half_a_million_rows() -> None:
    rng = draw(21)
    n = 500_000
    data = {f"x{k}": np.round(rng.normal(size=n), 3) for k in range(8)}
    data |= {f"k{k}": rng.integers(0, 50, n).astype(float) for k in range(8)}
    data |= {"t": data["k0"] + data["k1"], "g": np.floor(data["k2"] / 10), "z": 3 * data["x0"], "y": data["x1"] > 1}
    rows = Rows.of(data)
    found = find_structure(rows)
    assert {(s.kind, s.columns[-1]) for s in found} == {
        ("sum", "t"), ("function", "g"), ("linear", "z"), ("function", "y"),
    }  # fmt: skip


@pytest.mark.skipif(not (SHARED / "dat8" / "bikeshare.csv").exists(), reason="shared data are not here")
def test_the_bike_table_is_read_as_an_analyst_would() -> None:
    import pandas as pd

    frame = pd.read_csv(SHARED / "dat8" / "bikeshare.csv", parse_dates=["datetime"])
    found = find_structure(Rows.of({c: frame[c].to_numpy() for c in frame}))
    assert [s.text.split(" in all")[0].split(":")[0] for s in found] == [
        "`datetime` is different",
        "`season` follows from the month of `datetime`",
        "`holiday` follows from the day of `datetime`",
        "`workingday` follows from the day of `datetime`",
        "`holiday` and `workingday` are never both raised",
        "`count` is `casual` + `registered`",
        "`temp` and `atemp` move almost in step",
    ]


@pytest.mark.skipif(not (SHARED / "seaborn" / "titanic.csv").exists(), reason="shared data are not here")
def test_the_titanic_table_is_read_as_an_analyst_would() -> None:
    import pandas as pd

    frame = pd.read_csv(SHARED / "seaborn" / "titanic.csv")
    data = {}
    for name in frame:
        column = frame[name]
        text = column.dtype.kind not in "biuf"
        data[name] = column.astype(object).where(column.notna(), None).to_numpy() if text else column.to_numpy()
    found = find_structure(Rows.of(data))
    assert {(s.kind, s.columns) for s in found} == {
        ("copy", ("survived", "alive")), ("copy", ("pclass", "class")), ("copy", ("embarked", "embark_town")),
        ("function", ("who", "adult_male")), ("function", ("sibsp", "parch", "alone")),
        ("function", ("sex", "age", "who")), ("function", ("sex", "age", "adult_male")),
    }  # fmt: skip


def test_a_function_between_few_labels_says_which_goes_with_which() -> None:
    rng = np.random.default_rng(11)
    grade = rng.choice(list("ABC"), 400)
    rows = Rows.of({"grade": grade, "admission": np.where(grade == "A", "admitted", "rejected")})
    [told] = [s.text for s in find_structure(rows) if s.kind == "function"]
    ends = ("A goes with admitted; ", "A goes with admitted.")
    assert any(end in told for end in ends)
    assert "B and C go with rejected" in told or "C and B go with rejected" in told
