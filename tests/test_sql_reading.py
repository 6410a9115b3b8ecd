"""What a query reads: its columns, filter and groups, and a count of the rows that it used, as DuckDB itself counts."""

import duckdb
import pytest

from heldout.tools.data.sql_reading import read_query

COLUMNS = ["age", "sex", "fare", "Survived"]


@pytest.fixture
def data() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.cursor().execute(
        "CREATE TABLE data AS SELECT * FROM (VALUES (22.0, 'male', 7.0, 0), (38.0, 'female', 71.0, 1), "
        "(NULL, 'male', 80.0, 1), (35.0, 'male', 53.0, 1), (NULL, 'female', 8.0, 1)) AS t(age, sex, fare, Survived)"
    ).fetchall()
    return connection


@pytest.mark.parametrize(
    ("sql", "columns", "groups", "counted"),
    [
        ("SELECT median(age) FROM data", ("age",), (), (5, 2)),
        ("SELECT avg(age) FROM data WHERE sex = 'male'", ("age", "sex"), (), (3, 1)),
        (
            "SELECT avg(age) FROM data WHERE fare > (SELECT avg(fare) FROM data) AND survived = 1",
            ("age", "fare", "Survived"), (), (3, 1),
        ),
        ("SELECT sex, avg(d.age) a FROM data d WHERE d.fare > 7.5 GROUP BY ALL ORDER BY a", ("age", "sex", "fare"), (),
         (4, 2, 0)),
        ("SELECT sex, avg(age) FROM data GROUP BY sex", ("age", "sex"), ("sex",), (5, 2, 0)),
        ("WITH q AS (SELECT quantile_cont(fare, .5) m FROM data) SELECT count(*), avg(age) FROM data, q WHERE fare > m",
         ("age", "fare"), (), (2, 1)),
    ],
)  # fmt: skip
def test_rows_used_and_missing_are_counted_where_the_query_counts_rows_of_the_table(
    data: duckdb.DuckDBPyConnection, sql: str, columns: tuple, groups: tuple, counted: tuple
) -> None:
    reading = read_query(sql, COLUMNS)
    assert reading.columns == columns
    assert reading.groups == groups
    assert reading.counts is not None
    assert data.cursor().execute(reading.counts).fetchall() == [counted]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM (SELECT avg(age) a FROM data)",
        "WITH o AS (SELECT * FROM data WHERE fare > 9) SELECT avg(age) FROM o",
        "SELECT avg(age) FROM data UNION ALL SELECT avg(fare) FROM data",
    ],
)
def test_a_nested_query_counts_nothing_rather_than_something_else(sql: str) -> None:
    reading = read_query(sql, COLUMNS)
    assert reading.counts is None
    assert "age" in reading.columns


def test_the_filter_is_told_as_sql_and_a_limit_is_noticed() -> None:
    reading = read_query("SELECT sex FROM data WHERE sex LIKE 'f%' LIMIT 3", COLUMNS)
    assert reading.limited
    assert "sex" in (reading.filter or "")
    assert read_query("SELECT sex FROM data", COLUMNS).filter is None


@pytest.mark.parametrize("sql", ["DROP TABLE data", "SELECT 1; SELECT 2", "SELEC age FROM data"])
def test_what_is_not_one_select_is_refused(sql: str) -> None:
    with pytest.raises(ValueError, match="not one SELECT"):
        read_query(sql, COLUMNS)
