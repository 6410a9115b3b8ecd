"""Where nothing is there no family rejects more than it says; 1.2 times what is detectable it finds four times in five.

Few tables by default, thousands when slow; bounds are binomial, so that a rate must be shown to break its limit.
"""

import numpy as np
import pytest
from scipy.stats import binomtest, ttest_ind

from benchmarks import contract
from benchmarks.contract import (
    SIZES,
    Cell,
    Power,
    as_markdown,
    measure,
    needless,
    not_for_markdown,
    power,
    reason,
    unsaid,
    write_between,
)
from heldout.tools.data.rows import Rows
from heldout.tools.verify.evidence import Evidence
from tests.families import CASES
from tests.families.tables import LARGE, LEVELS, NULLS, null_rows

UNLIKELY = 1e-4


def breaks(share: float, n: int, limit: float, *, above: bool) -> bool:
    """Whether `share` of `n` is too far beyond the limit to be chance."""
    side = "greater" if above else "less"
    return n > 0 and binomtest(round(share * n), n, limit, alternative=side).pvalue < UNLIKELY


def hold(cells: list[Cell]) -> None:
    """No cell, nor all of them together, may be shown to be over 1.1 x nominal at .05 or 2 x at .001."""
    never = {c.generator: reason(c.family, c.generator) for c in cells if not c.tested}
    assert not never, f"never tested and not among the NOT_FOR of {cells[0].family}: {never}"
    tested = sum(c.tested for c in cells)
    for rate, limit in (("at_05", 0.055), ("at_001", 0.002)):
        for cell in cells:
            assert not breaks(getattr(cell, rate), cell.tested, limit, above=True), cell
        pooled = sum(getattr(c, rate) * c.tested for c in cells) / tested
        assert not breaks(pooled, tested, limit, above=True), (rate, pooled, cells)


def held_to(name: str) -> list[str]:
    """The null tables that a family must be right on, but for the largest."""
    return [generator for generator in NULLS if generator not in (*LARGE, *CASES[name].not_for)]


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_few_tables_of_every_kind_in_which_nothing_is_there_break_no_limit(name: str):
    hold([measure(name, generator, 25, draws=199) for generator in held_to(name)])


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(CASES))
def test_two_thousand_tables_of_every_kind_in_which_nothing_is_there_break_no_limit(name: str):
    hold([measure(name, generator, 2_000, seed=1) for generator in held_to(name)])


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(CASES))
@pytest.mark.parametrize("generator", LARGE)
def test_large_tables_in_which_nothing_is_there_break_no_limit(name: str, generator: str):
    hold([measure(name, generator, 200, seed=1)])


@pytest.mark.parametrize("name", sorted(CASES))
def test_an_effect_a_fifth_larger_than_detectable_is_found_four_times_in_five(name: str):
    found = power(name, SIZES[0], 60, draws=199)
    assert 0 < found.strength < 2, found
    assert not breaks(found.found, found.tables, 0.8, above=False), found


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(CASES))
@pytest.mark.parametrize("n", SIZES)
def test_an_effect_a_fifth_larger_than_detectable_is_found_four_times_in_five_of_a_thousand(name: str, n: int):
    found = power(name, n, 1_000, seed=1)
    assert not breaks(found.found, found.tables, 0.8, above=False), found


class _Naive:
    """Student's t-test of rows, as if they stood for themselves and spread alike."""

    def evaluate(self, h: object, rows: Rows, *, draws: int = 0, seed: int = 0) -> Evidence:
        side, y = rows.codes("g"), rows.number("y")
        p = float(ttest_ind(y[side == 0], y[side == 1]).pvalue)
        fields = {"hypothesis_id": "0", "split": "all", "test": "t", "n": rows.n, "theta": 0.001}
        return Evidence.model_validate({**fields, "p_value": p, "standard_error": 1.0})


@pytest.mark.parametrize("generator", ["clusters, between", "spread 3:1, 60 against 340"])
def test_a_test_that_takes_rows_of_a_cluster_for_independent_or_spread_for_alike_is_caught(
    generator: str, monkeypatch: pytest.MonkeyPatch
):
    naive = CASES["group_difference"]._replace(family=_Naive())
    monkeypatch.setitem(CASES, "group_difference", naive)
    cell = measure("group_difference", generator, 300)
    assert cell.over(0.05)
    with pytest.raises(AssertionError):
        hold([cell])
    assert unsaid([cell]) == [cell]


def test_a_test_without_power_and_a_cell_that_is_never_tested_are_caught():
    assert breaks(0.5, 60, 0.8, above=False)
    never = Cell("trend", "uniform", 25, 0, float("nan"), float("nan"))
    with pytest.raises(AssertionError, match="never tested"):
        hold([never, never._replace(tested=5, at_05=0.0, at_001=0.0)])
    assert unsaid([never]) == [never]
    named = never._replace(generator="normal, n = 20")
    assert unsaid([named]) == needless([named]) == []
    assert needless([named._replace(tested=20, at_05=0.05, at_001=0.0)]) != []


def test_the_draws_that_are_spared_change_no_rejection():
    case = CASES["monotone_association"]
    for seed in range(40):
        rows = null_rows("few values", np.random.Generator(np.random.PCG64(seed)))
        spared = contract.counted_p(case, rows, draws=199, seed=seed)
        full = case.family.evaluate(case.hypothesis, rows, draws=199, seed=seed).p_value
        assert spared is not None
        assert full is not None
        assert (spared <= 0.05) == (full <= 0.05)


def test_nothing_is_related_in_the_null_tables():
    from scipy.stats import spearmanr

    hits = tried = 0
    for generator in set(NULLS) - set(LARGE) - {"entities of 40 rows", "blocks of a series", "clusters, between"}:
        rows = null_rows(generator, np.random.Generator(np.random.PCG64(9)))
        names = ["y", "x", "m", "z", "t", "age", *LEVELS]
        values = {
            n: np.where(rows.codes(n) < 0, np.nan, rows.codes(n)) if n in LEVELS else rows.number(n) for n in names
        }
        for at, one in enumerate(names):
            for other in names[at + 1 :]:
                tried += 1
                hits += spearmanr(values[one], values[other], nan_policy="omit").pvalue < 0.01
    assert tried > 1_000
    assert hits < 0.03 * tried


def test_a_null_table_is_the_same_for_the_same_draws_and_holds_the_columns_asked_for():
    for generator in set(NULLS) - set(LARGE):
        one, two = (null_rows(generator, np.random.Generator(np.random.PCG64(3)), ["g", "y"]) for _ in range(2))
        assert list(one.columns) == ["g", "y"]
        np.testing.assert_array_equal(one.number("y"), two.number("y"))
        np.testing.assert_array_equal(one.codes("g"), two.codes("g"))


def test_what_each_family_is_not_for_is_printed_in_the_methods():
    between = (
        contract.METHODS.read_text(encoding="utf-8").split("<!-- not for -->\n")[1].split("\n<!-- /not for -->")[0]
    )
    assert between == not_for_markdown(), "run `python benchmarks/contract.py --not-for`"


def test_the_table_names_the_worst_cell_and_those_over_their_limit(tmp_path):
    cells = [Cell("trend", g, 1_000, 1_000, 0.05, 0.001) for g in ("uniform", "bimodal")]
    cells.append(Cell("trend", "AR(1) .6", 1_000, 1_000, 0.09, 0.006))
    text = as_markdown(cells, [Power("trend", n, 0.2, 500, 0.9) for n in SIZES])
    assert "| `trend` | 3 of 31 | 0.0633 | AR(1) .6: 0.0900 ± 0.0090 | 0.0027 | AR(1) .6: 0.0060 ± 0.0024 |" in text
    assert text.endswith("at .001: 1.\n- `trend`, AR(1) .6: 0.0900 ± 0.0090 and 0.0060 ± 0.0024")
    file, powers = tmp_path / "cells.csv", [Power("trend", n, float("nan"), 500, 0.9) for n in SIZES]
    contract.write_cells(file, cells, powers)
    assert contract.read_cells(file)[0] == cells
    assert [p._replace(strength=0.0) for p in contract.read_cells(file)[1]] == [
        p._replace(strength=0.0) for p in powers
    ]
    assert contract.read_cells(tmp_path / "none.csv") == ([], [])
    page = tmp_path / "page.md"
    page.write_text("before\n", encoding="utf-8")
    for told in ("stale", text):
        write_between(page, "contract", "## Contract", told)
    assert page.read_text(encoding="utf-8") == (
        f"before\n\n## Contract\n\n<!-- contract -->\n{text}\n<!-- /contract -->\n"
    )
