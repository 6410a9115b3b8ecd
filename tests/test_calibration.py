"""Where nothing is there, tests reject as often as they say; where something is, intervals hold it.

The generators are those of benchmarks/calibration.py: ties, heavy tails, zeros, rare flags, rounding, unequal spread
and size, clusters, dependence over time. Bounds are binomial: a rate must not be shown to break its limit.
"""

import pytest
from scipy.stats import binomtest

from benchmarks.calibration import Case, Rates, as_markdown, cases, measure, write_between

CASES = cases()
UNLIKELY = 1e-4


def breaks(share: float, n: int, limit: float, *, above: bool) -> bool:
    """Whether `share` of `n` is too far beyond the limit to be chance."""
    side = "greater" if above else "less"
    return n > 0 and binomtest(round(share * n), n, limit, alternative=side).pvalue < UNLIKELY


def check(rates: Rates) -> None:
    """Hold one case to its limits."""
    assert rates.tested > 0, rates
    if rates.case.null:
        assert not breaks(rates.at_05, rates.tested, rates.case.allowed, above=True), rates
        assert not breaks(rates.at_001, rates.tested, 0.002, above=True), rates
    assert not breaks(rates.coverage, rates.tested, 0.93, above=False), rates


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.family}: {c.name}")
def test_a_few_tables_of_every_generator_break_no_limit(case: Case):
    check(measure(case, 60, draws=199))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.family}: {c.name}")
def test_two_thousand_tables_of_every_generator_break_no_limit(case: Case):
    check(measure(case, 2_000, seed=1))


def test_the_check_can_fail():
    rates = measure(CASES[0], 20, draws=19)._replace(tested=200)
    for broken in ({"at_05": 0.2}, {"at_001": 0.05}, {"coverage": 0.7}, {"tested": 0}):
        with pytest.raises(AssertionError):
            check(rates._replace(**broken))


def test_the_table_replaces_only_what_stands_between_its_markers(tmp_path):
    page = tmp_path / "evidence.md"
    table = as_markdown([measure(CASES[0], 5, draws=19)], 5)
    write_between(page, "stale figures")
    page.write_text("before\n\n" + page.read_text(encoding="utf-8") + "after\n", encoding="utf-8")
    write_between(page, table)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("<!-- /calibration -->\nafter\n")
    assert "stale figures" not in text
    assert f"<!-- calibration -->\n{table}\n<!-- /calibration -->" in text
