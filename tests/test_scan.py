"""What the scan says of pairs of columns, held against SciPy."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from heldout.tools.data.rows import Rows
from heldout.tools.errors import UsageError
from heldout.tools.explore.lead import Lead
from heldout.tools.explore.scan import scan_pairs

NUMBERS = ("smooth", "counts", "holes", "few", "when")
LABELS = ("yes", "kind", "patchy")


def table(seed: int, n: int) -> dict[str, np.ndarray]:
    """A small table with ties, skew and missing values in numbers and labels."""
    rng = np.random.default_rng(seed)
    smooth = rng.normal(size=n)
    counts = rng.poisson(3 + 2 * (smooth > 0), n).astype(float)
    holes = smooth * 0.5 + rng.exponential(2, n)
    holes[rng.random(n) < 0.3] = np.nan
    few = rng.integers(0, 4, n).astype(float)
    few[rng.random(n) < 0.2] = np.nan
    when = np.datetime64("2024-01-01") + rng.integers(0, 50, n).astype("timedelta64[D]")
    when[rng.random(n) < 0.1] = np.datetime64("NaT")
    kind = rng.choice(np.array(["a", "b", "c", "d"], object), n, p=[0.5, 0.3, 0.15, 0.05])
    patchy = np.where(counts > 3, "high", "low").astype(object)
    patchy[rng.random(n) < 0.25] = None
    return {
        "smooth": smooth, "counts": counts, "holes": holes, "few": few, "when": when,
        "yes": rng.random(n) < 0.4, "kind": kind, "patchy": patchy,
    }  # fmt: skip


def by_pair(leads: tuple[Lead, ...]) -> dict[frozenset[str], Lead]:
    return {frozenset((x.a, x.b)): x for x in leads}


def both(rows: Rows, a: str, b: str) -> np.ndarray:
    def present(name: str) -> np.ndarray:
        return ~np.isnan(rows.number(name)) if name in NUMBERS else rows.codes(name) >= 0

    return present(a) & present(b)


def close(got: float | None, wanted: float) -> bool:
    return got is not None and math.isclose(got, wanted, rel_tol=1e-9, abs_tol=1e-9)


SIZES = pytest.mark.parametrize(("seed", "n"), [(1, 20), (2, 40), (3, 300), (4, 2000)])


@SIZES
def test_two_numbers_agree_with_scipy_on_the_rows_they_share(seed: int, n: int) -> None:
    rows = Rows.of(table(seed, n))
    found = by_pair(scan_pairs(rows))
    for i, a in enumerate(NUMBERS):
        for b in NUMBERS[i + 1 :]:
            keep = both(rows, a, b)
            x, y = rows.number(a)[keep], rows.number(b)[keep]
            lead, rank = found[frozenset((a, b))], stats.spearmanr(x, y)
            assert lead.kind == "number-number"
            assert lead.n == keep.sum()
            assert close(lead.strength, rank.statistic)
            assert close(lead.p_value, rank.pvalue)
            assert close(lead.pearson, stats.pearsonr(x, y).statistic)


@SIZES
def test_a_label_and_a_number_agree_with_scipys_kruskal(seed: int, n: int) -> None:
    rows = Rows.of(table(seed, n))
    found = by_pair(scan_pairs(rows))
    for label in LABELS:
        for number in NUMBERS:
            keep = both(rows, label, number)
            x, c = rows.number(number)[keep], rows.codes(label)[keep]
            test = stats.kruskal(*(x[c == k] for k in np.unique(c)))
            lead = found[frozenset((label, number))]
            assert (lead.a, lead.n) == (label, keep.sum())
            assert close(lead.strength, test.statistic / (keep.sum() - 1))
            assert close(lead.p_value, test.pvalue)


@SIZES
def test_two_labels_agree_with_scipys_chi_squared(seed: int, n: int) -> None:
    rows = Rows.of(table(seed, n))
    found = by_pair(scan_pairs(rows))
    for i, a in enumerate(LABELS):
        for b in LABELS[i + 1 :]:
            keep = both(rows, a, b)
            x, y = rows.codes(a)[keep], rows.codes(b)[keep]
            counts = stats.contingency.crosstab(x, y).count
            test = stats.chi2_contingency(counts, correction=False)
            r, c = counts.shape
            phi = max(0, test.statistic / keep.sum() - (r - 1) * (c - 1) / (keep.sum() - 1))
            narrow = min(k - (k - 1) ** 2 / (keep.sum() - 1) for k in (r, c)) - 1
            lead = found[frozenset((a, b))]
            assert lead.n == keep.sum()
            assert close(lead.strength, math.sqrt(phi / narrow))
            assert close(lead.p_value, test.pvalue)


def test_mutual_information_agrees_with_scikit_learn() -> None:
    from sklearn.metrics import mutual_info_score

    rows = Rows.of(table(5, 500))
    found = by_pair(scan_pairs(rows))
    keep = both(rows, "kind", "patchy")
    wanted = mutual_info_score(rows.codes("kind")[keep], rows.codes("patchy")[keep])
    assert close(found[frozenset(("kind", "patchy"))].mutual_information, wanted)
    keep = both(rows, "few", "patchy")
    wanted = mutual_info_score(rows.number("few")[keep], rows.codes("patchy")[keep])
    assert close(found[frozenset(("few", "patchy"))].mutual_information, wanted)
    ranks = stats.rankdata(rows.number("smooth"))
    wanted = mutual_info_score(np.floor((ranks - 0.5) * 16 / 500), rows.codes("yes"))
    assert close(found[frozenset(("smooth", "yes"))].mutual_information, wanted)


def test_mutual_information_sees_a_bend_that_no_correlation_sees() -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=4000)
    (lead,) = scan_pairs(Rows.of({"x": x, "y": x**2 + rng.normal(size=4000) / 4}))
    assert abs(lead.strength) < 0.1
    assert lead.mutual_information > 0.5


def test_every_pair_is_scanned_and_the_most_certain_comes_first() -> None:
    rows = Rows.of(table(7, 300))
    leads = scan_pairs(rows)
    names = list(rows.columns)
    assert len(by_pair(leads)) == len(leads) == len(names) * (len(names) - 1) // 2
    assert [x.p_value for x in leads] == sorted(x.p_value for x in leads)


def test_pairs_to_skip_are_left_out() -> None:
    rows = Rows.of(table(8, 60))
    skip = frozenset({frozenset(("smooth", "holes")), frozenset(("kind", "yes")), frozenset(("few", "patchy"))})
    assert set(by_pair(scan_pairs(rows))) - set(by_pair(scan_pairs(rows, skip=skip))) == skip


def test_the_scan_is_the_same_with_one_thread_and_with_two() -> None:
    big = table(9, 70_000)  # more than one block
    assert scan_pairs(Rows.of(big), threads=1) == scan_pairs(Rows.of(big), threads=2)


def test_blocks_do_not_show_in_the_figures() -> None:
    rows = Rows.of(table(10, 150_000))
    found = by_pair(scan_pairs(rows))
    keep = both(rows, "smooth", "holes")
    x, y = rows.number("smooth")[keep], rows.number("holes")[keep]
    lead = found[frozenset(("smooth", "holes"))]
    assert close(lead.strength, stats.spearmanr(x, y).statistic)
    assert close(lead.pearson, stats.pearsonr(x, y).statistic)
    x, c = rows.number("counts"), rows.codes("kind")
    test = stats.kruskal(*(x[c == k] for k in range(4)))
    assert close(found[frozenset(("counts", "kind"))].strength, test.statistic / 149_999)


def test_pearson_survives_values_that_dwarf_the_shared_rows() -> None:
    rng = np.random.default_rng(11)
    x, y = rng.normal(size=200), rng.normal(size=200)
    x[:20], y[:20] = 1e12, np.nan
    found = scan_pairs(Rows.of({"x": x, "y": y}))[0]
    assert close(found.pearson, stats.pearsonr(x[20:], y[20:]).statistic)
    far = scan_pairs(Rows.of({"x": 1e9 + y[20:], "y": 1e300 * x[20:]}))[0]
    assert math.isclose(far.pearson or 0, stats.pearsonr(1e9 + y[20:], x[20:]).statistic, rel_tol=1e-7)


@pytest.mark.parametrize("other", [[1.0, 1.0, 1.0, 1.0], [np.nan] * 4, [np.nan, np.nan, np.nan, 3.0]])
def test_a_column_that_does_not_vary_gives_no_lead_to_follow(other: list[float]) -> None:
    rows = Rows.of({"x": [1.0, 2.0, 3.0, 4.0], "flat": other, "label": ["a", "b", "a", "b"]})
    found = by_pair(scan_pairs(rows))
    for name in ("x", "label"):
        lead = found[frozenset((name, "flat"))]
        assert (lead.strength, lead.p_value, lead.pearson) == (0.0, 1.0, None)
        assert lead.mutual_information == 0.0


def test_an_empty_table_has_pairs_without_evidence() -> None:
    empty = np.array([], float)
    leads = scan_pairs(Rows.of({"a": empty, "b": empty}))
    assert [(x.n, x.p_value, x.strength) for x in leads] == [(0, 1.0, 0.0)]
    assert scan_pairs(Rows.of({})) == ()


def test_levels_beyond_the_fiftieth_are_pooled() -> None:
    rng = np.random.default_rng(12)
    codes = np.minimum(rng.geometric(0.02, 20_000), 400)
    x = rng.normal(size=20_000) + codes % 3
    rows = Rows.of({"code": codes.astype(str), "x": x})
    (lead,) = scan_pairs(rows)
    pooled = np.minimum(rows.codes("code"), 50)
    test = stats.kruskal(*(x[pooled == k] for k in range(51)))
    assert close(lead.strength, test.statistic / 19_999)


def test_a_nonsense_number_of_threads_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        scan_pairs(Rows.of({"x": [1.0, 2.0]}), threads=0)
    assert str(caught.value) == "The `threads` parameter of `scan_pairs` must be at least 1. Got 0."


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_relabelling_rows_and_stretching_values_changes_no_rank_statistic(data: st.DataObject) -> None:
    seed, n = data.draw(st.integers(0, 10_000)), data.draw(st.integers(5, 80))
    original = table(seed, n)
    order = np.random.default_rng(seed).permutation(n)
    moved = {k: v[order] for k, v in original.items()} | {"smooth": np.exp(original["smooth"])[order]}
    before, after = by_pair(scan_pairs(Rows.of(original))), by_pair(scan_pairs(Rows.of(moved)))
    for pair, lead in before.items():
        assert close(after[pair].strength, lead.strength)
        assert close(after[pair].p_value, lead.p_value)
