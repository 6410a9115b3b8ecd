"""The closed family: every pair of columns, from names and types alone."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from heldout.agent.closed import enumerate_closed
from heldout.tools.data.dataset import open_dataset
from heldout.tools.data.rows import Rows
from heldout.tools.data.schema import Column
from heldout.tools.data.split import seal


def small(n: int = 120, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "sex": rng.choice(["male", "female"], n, p=[0.55, 0.45]),
            "town": rng.choice(["Ulm", "Bonn", "Kiel", "Hof"], n, p=[0.4, 0.3, 0.2, 0.1]),
            "age": rng.normal(40, 9, n).round(2),
            "wage": rng.normal(3_000, 400, n).round(2),
            "hired": rng.choice(["yes", "no"], n, p=[0.4, 0.6]),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.permutation(n), "D"),
        }
    )


def columns(source: object) -> list[Column]:
    with open_dataset(source, name="t") as data:
        return list(data.columns)


def test_every_pair_of_columns_is_claimed_once_in_some_family() -> None:
    schema = columns(small())
    claims = enumerate_closed(schema)
    pairs = {frozenset((h.outcome, h.predictor)) for h in claims}
    names = [c.name for c in schema if c.analysed]
    assert pairs == {frozenset(p) for p in combinations(names, 2)}
    assert len({h.content_id() for h in claims}) == len(claims)


def test_shuffled_cells_give_the_same_list() -> None:
    """Each column in an order of its own: every relation is gone, names, types and levels are not."""
    frame = small()
    rng = np.random.default_rng(9)
    shuffled = pd.DataFrame({name: rng.permutation(frame[name].to_numpy()) for name in frame})
    assert enumerate_closed(columns(shuffled)) == enumerate_closed(columns(frame))


def test_no_claim_has_a_direction_and_a_date_is_never_the_outcome() -> None:
    claims = enumerate_closed(columns(small()))
    assert {h.direction for h in claims} == {"any"}
    assert "day" not in {h.outcome for h in claims}
    assert {h.family for h in claims if h.predictor == "day"} == {"trend"}


def test_each_pair_of_types_has_its_family() -> None:
    family = {(h.outcome, h.predictor): h.family for h in enumerate_closed(columns(small()))}
    assert family["wage", "sex"] == "group_difference"
    assert family["wage", "age"] == "monotone_association"
    assert family["hired", "age"] == "monotone_association"
    assert family["hired", "sex"] == "rate_difference"
    assert family["town", "sex"] == "categorical_association"


def test_levels_follow_from_the_schema() -> None:
    claims = enumerate_closed(columns(small()))
    by_town = [h.levels for h in claims if (h.outcome, h.predictor) == ("wage", "town")]
    assert [(c.a, c.b) for c in by_town] == [(("Ulm",), ()), (("Bonn",), ()), (("Kiel",), ()), (("Hof",), ())]
    [by_sex] = [h for h in claims if (h.outcome, h.predictor) == ("wage", "sex")]
    assert set(by_sex.levels.a + by_sex.levels.b) == {"male", "female"}


@pytest.mark.parametrize(("levels", "claims"), [(2, 1), (3, 3), (6, 6), (15, 6)])
def test_a_label_with_many_levels_makes_at_most_six_claims(levels: int, claims: int) -> None:
    kind = np.array([f"k{at}" for at in range(levels)], object)[np.arange(300) % levels]
    rows = Rows.of({"kind": kind, "score": np.linspace(0, 1, 300)})
    assert len(enumerate_closed(list(rows.columns.values()))) == claims


def test_columns_that_are_not_analysed_are_not_in_the_family(tmp_path: Path) -> None:
    frame = small().assign(
        constant=1, note=[f"a long text of its own, number {at}, that nobody repeats" for at in range(120)]
    )
    assert enumerate_closed(columns(frame)) == enumerate_closed(columns(small()))


def test_one_column_alone_makes_no_family() -> None:
    rows = Rows.of({"x": np.arange(50.0)})
    assert enumerate_closed(list(rows.columns.values())) == ()


@pytest.mark.parametrize(
    ("n", "time", "text"),
    [
        (1, None, "1 row: too few to test anything (at least 40 are needed)"),
        (39, None, "39 rows: too few to test anything (at least 40 are needed)"),
        (45, "day", "too few to test anything (at least 20 blocks and 40 rows are needed)"),
    ],
)
def test_a_table_too_small_to_test_says_what_would_be_enough(
    n: int, time: str | None, text: str, tmp_path: Path
) -> None:
    with open_dataset(small(n), name="t") as data:
        assert text in seal(data, tmp_path, time=time).plan.reason
