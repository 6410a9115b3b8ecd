"""Permutation p-values at their edges: which draws are taken, when they stop, ties, and tables that are drawn."""

import numpy as np
import pytest

from heldout.tools.errors import UsageError
from heldout.tools.verify import permutation
from heldout.tools.verify.permutation import binned, cross_table, permutation_p
from heldout.tools.verify.staged import even_work, staged_p


def taken(draws: int, hits: dict[int, int]) -> tuple[list[int], float]:
    """The draws that were asked for, stage by stage, and the p; `hits` by stage."""
    asked: list[int] = []

    def hits_of(count: int) -> int:
        asked.append(count)
        return hits.get(len(asked), 0)

    return asked, staged_p(hits_of, draws)


@pytest.mark.parametrize(
    ("draws", "hits", "asked", "p"),
    [
        (1, {}, [1], 1 / 2),
        (199, {}, [199], 1 / 200),
        (200, {}, [199, 1], 1 / 201),
        (1_999, {}, [199, 1_800], 1 / 2_000),
        (2_000, {}, [199, 1_800, 1], 1 / 2_001),
        (9_999, {1: 3, 2: 4, 3: 5}, [199, 1_800, 8_000], 13 / 10_000),
        (9_999, {1: 20}, [199], 21 / 200),
        (9_999, {1: 19}, [199, 1_800, 8_000], 20 / 10_000),
        (9_999, {1: 19, 2: 1}, [199, 1_800], 21 / 2_000),
        (9_999, {1: 19, 3: 50}, [199, 1_800, 8_000], 70 / 10_000),
    ],
)
def test_draws_stop_at_the_stage_by_which_twenty_were_extreme(
    draws: int, hits: dict[int, int], asked: list[int], p: float
) -> None:
    assert taken(draws, hits) == (asked, p)


def test_even_work_draws_the_rest_and_throws_it_away_also_after_an_error_and_within_itself() -> None:
    assert taken(9_999, {1: 20}) == ([199], 21 / 200)
    with even_work():
        assert taken(9_999, {1: 20, 2: 500}) == ([199, 9_800], 21 / 200)
        with even_work():
            pass
        assert taken(9_999, {2: 20})[0] == [199, 1_800, 8_000]
        assert taken(1_999, {2: 20})[0] == [199, 1_800]
    with pytest.raises(KeyError), even_work():
        raise KeyError
    assert taken(9_999, {1: 20})[0] == [199]


TABLE = np.array([[9, 4, 2], [1, 5, 8], [3, 3, 3]])


def by_turn(observed: float, drawn: float, sizes: list[int] | None = None):
    """A statistic of `observed` for the first table alone and of `drawn` for every other."""
    seen: list[int] = [] if sizes is None else sizes

    def statistic(tables: np.ndarray) -> np.ndarray:
        seen.append(len(tables))
        return np.full(len(tables), observed if len(seen) == 1 else drawn)

    return statistic


@pytest.mark.parametrize(
    ("observed", "drawn", "p"),
    [
        (0.5, 0.5, 1.0),
        (0.5, 0.5 - 0.9e-9, 1.0),  # a tie but for rounding
        (0.5, 0.5 - 1e-9, 1.0),
        (0.5, 0.5 - 1.1e-9, 1 / 200),
        (1000.0, 1000.0 - 0.9e-6, 1.0),  # rounding grows with the number
        (1000.0, 1000.0 - 1.1e-6, 1 / 200),
        (-1000.0, -1000.0 - 0.9e-6, 1.0),
        (0.5, 0.6, 1.0),
        (0.5, 0.4, 1 / 200),
    ],
)
def test_a_drawn_table_as_extreme_as_the_observed_one_counts(observed: float, drawn: float, p: float) -> None:
    assert permutation_p(TABLE, by_turn(observed, drawn), draws=199, seed=1) == p


def test_tables_are_drawn_in_portions_that_fit_and_none_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    permutation_p(TABLE, by_turn(1.0, 0.0, sizes), draws=250, seed=1)
    assert sizes == [1, 199, 51]
    monkeypatch.setattr(permutation, "_CHUNK", 9 * 60)
    sizes.clear()
    permutation_p(TABLE, by_turn(1.0, 0.0, sizes), draws=199, seed=1)
    assert sizes == [1, 60, 60, 60, 19]
    assert permutation_p(TABLE, by_turn(1.0, 1.0), draws=199, seed=1) == 1.0, "hits of all portions count"
    monkeypatch.setattr(permutation, "_CHUNK", 8)
    sizes.clear()
    permutation_p(TABLE, by_turn(1.0, 0.0, sizes), draws=3, seed=1)
    assert sizes == [1, 1, 1, 1]


@pytest.mark.parametrize(("table", "draws"), [(TABLE, 0), (TABLE, -1), (TABLE[0], 9)])
def test_what_cannot_be_drawn_is_refused(table: np.ndarray, draws: int) -> None:
    with pytest.raises(UsageError) as err:
        permutation_p(table, by_turn(1.0, 0.0), draws=draws, seed=1)
    assert str(err.value) == f"A permutation p needs a two-way table and at least one draw. Got {draws} draws."
    assert permutation_p(TABLE, by_turn(1.0, 0.0), draws=1, seed=1) == 0.5


def drawn_of(table: np.ndarray, draws: int = 1_500, seed: int = 3) -> np.ndarray:
    """The tables that are drawn for this one, shape (draws, r, c)."""
    kept: list[np.ndarray] = []

    def keep(tables: np.ndarray) -> np.ndarray:
        kept.append(np.array(tables))
        return np.zeros(len(tables)) if len(kept) > 1 else np.ones(1)

    permutation_p(table, keep, draws=draws, seed=seed)
    return np.concatenate(kept[1:])


@pytest.mark.parametrize(
    "table",
    [
        [[9, 4, 2], [1, 5, 8], [3, 3, 3]],
        [[0, 0, 0], [1, 5, 8], [3, 3, 3], [2, 9, 1]],  # a row of none
        [[4, 0, 7], [1, 0, 2], [3, 0, 3]],  # a column of none
        [[0, 1, 0], [0, 5, 8], [1, 3, 3]],  # a row and a column of one
        [[5, 6, 7, 8], [1, 1, 9, 2]],
        [[5, 1], [2, 9], [4, 4], [7, 0]],
        [[5, 900_000_000, 300_000_000], [1, 200_000_000, 5], [7, 8, 9]],  # more rows than hypergeometric draws take
        [[600_000_000, 300_000_000, 4], [5, 99_999_988, 3]],  # the first number that they do not take
        [[600_000_000, 300_000_000], [5, 99_999_988], [3, 4]],
    ],
)
def test_drawn_tables_keep_both_margins_and_have_the_mean_and_spread_of_shuffled_rows(table: list) -> None:
    observed = np.array(table)
    draws = 1_500 if observed.sum() < 1_000 else 40
    drawn = drawn_of(observed, draws)
    assert drawn.shape == (draws, *observed.shape)
    assert drawn.dtype == np.int64
    assert (drawn.sum(2) == observed.sum(1)).all()
    assert (drawn.sum(1) == observed.sum(0)).all()
    assert (drawn >= 0).all()
    n, r, c = observed.sum(), observed.sum(1)[:, None], observed.sum(0)[None, :]
    mean = r * c / n
    variance = mean * (n - r) / n * (n - c) / (n - 1)  # of a hypergeometric number
    assert (np.abs(drawn.mean(0) - mean) <= 5 * np.sqrt(variance / draws) + 1e-9).all()
    if draws > 1_000:
        np.testing.assert_allclose(drawn.var(0), variance, rtol=0.25, atol=1e-9)
    assert len({t.tobytes() for t in drawn}) > 10


@pytest.mark.parametrize("table", [[[3, 4, 5]], [[3], [4]], [[0, 0], [0, 0]], [[0, 0, 0]], [[0, 0, 0]] * 3])
def test_a_table_that_has_no_other_with_its_margins_has_p_one(table: list) -> None:
    drawn = drawn_of(np.array(table), 20)
    assert drawn.tolist() == [table] * 20
    assert permutation_p(np.array(table), lambda t: t.sum((1, 2)) * 1.0, draws=99, seed=1) == 1.0


def test_another_seed_draws_other_tables_and_the_same_seed_the_same() -> None:
    one, again, other = (drawn_of(TABLE, 50, seed) for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()
    vast = np.array([[5, 900_000_000, 300_000_000], [1, 200_000_000, 5], [7, 8, 9]])
    assert (drawn_of(vast, 5, 1) == drawn_of(vast, 5, 1)).all()


# Columns in bins


def codes(*counts: int, missing: int = 0) -> np.ndarray:
    """Dense ranks with so many rows each, the missing ones first."""
    return np.concatenate([np.full(missing, -1), np.repeat(np.arange(len(counts)), counts)]).astype(np.int32)


def test_few_values_have_a_bin_each_and_the_midranks_of_their_rows_from_the_middle() -> None:
    pooled = binned(codes(2, 4, 2, missing=3), most=3)
    assert pooled.codes.tolist() == [-1] * 3 + [0] * 2 + [1] * 4 + [2] * 2
    assert pooled.codes.dtype == np.int32
    assert pooled.scores.tolist() == [-3.0, 0.0, 3.0]


def test_as_many_values_as_bins_are_not_pooled_however_unequal() -> None:
    assert binned(codes(1, 1, 7), most=3).codes.tolist() == [0, 1, *[2] * 7]
    assert binned(codes(1, 1, 7), most=2).codes.tolist() == [0, 0, *[1] * 7]
    assert binned(codes(1, 1, 0, 7), most=3).codes.tolist() == [0, 1, *[2] * 7], "a rank without rows is no value"
    assert binned(codes(1, 5, 2), most=2).codes.tolist() == [0] * 6 + [1] * 2


def test_a_rank_that_no_row_has_gets_no_bin() -> None:
    pooled = binned(np.array([0, 0, 2, 2, 2], np.int32), most=2)
    assert pooled.codes.tolist() == [0, 0, 1, 1, 1]
    assert pooled.scores.tolist() == [-1.5, 1.0]


def test_more_values_than_bins_are_pooled_by_where_the_middle_of_each_lies() -> None:
    """Middles at 1, 3, 5 and 7 of 8 rows: two bins take two values each. A value of half of the rows has its own."""
    assert binned(codes(2, 2, 2, 2), most=2).codes.tolist() == [0] * 4 + [1] * 4
    assert binned(codes(2, 2, 2, 2), most=2).scores.tolist() == [-2.0, 2.0]
    heavy = binned(codes(1, 1, 1, 7), most=3)
    assert heavy.codes.tolist() == [0, 0, 0, *[1] * 7]
    assert heavy.scores.tolist() == [-3.5, 1.5]
    gap = binned(np.array([0, 2, 3, 5, 6, 6], np.int32), most=3)
    assert gap.codes.tolist() == [0, 0, 1, 1, 2, 2]


def test_no_row_at_all_has_no_bin() -> None:
    pooled = binned(np.full(4, -1, np.int32), most=3)
    assert pooled.codes.tolist() == [-1] * 4
    assert pooled.scores.tolist() == []


def test_pairs_of_codes_are_counted_where_both_are_there() -> None:
    a = np.array([0, 0, 1, 1, -1, 0, 2], np.int32)
    b = np.array([0, 1, 1, 1, 0, -1, 0], np.int32)
    assert cross_table(a, b, (3, 2)).tolist() == [[1, 1], [0, 2], [1, 0]]
    assert cross_table(a, b, (3, 4)).tolist() == [[1, 1, 0, 0], [0, 2, 0, 0], [1, 0, 0, 0]]
