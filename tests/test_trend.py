"""Trends over time: known answers, calibration under dependence, panels, series in blocks, words."""

import numpy as np
import pytest
from scipy import stats
from scipy.signal import lfilter

from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.families.trend import BENT
from heldout.tools.verify.hypothesis import Trend
from heldout.tools.verify.series import wanders

FAMILY = FAMILIES["trend"]
START = np.datetime64("2020-01-01")
RISING = Trend(outcome="y", predictor="t", direction="rising")


def _autoregressive(rng, phi, n):
    return lfilter([1], [1, -phi], rng.normal(size=n + 300))[300:]


def _daily(y, **more):
    return Rows.of({"t": START + np.arange(len(y)), "y": y}, **more)


def _rate(rng, phi, n, runs):
    """Shares of flat series that are rejected at 5 %, and that are refused."""
    seen = [FAMILY.evaluate(RISING, _daily(_autoregressive(rng, phi, n)), draws=0) for _ in range(runs)]
    rejected = sum(e.p_value is not None and e.p_value <= 0.05 for e in seen)
    return rejected / runs, sum(e.untestable is not None for e in seen) / runs


def test_rho_is_scipys_and_the_slope_is_least_squares_per_month():
    rng = np.random.default_rng(1)
    y = rng.normal(size=300) + np.arange(300) / 100
    evidence = FAMILY.evaluate(RISING, _daily(y), draws=999)
    assert evidence.effect.value == pytest.approx(stats.spearmanr(np.arange(300), y).statistic, abs=1e-12)
    assert evidence.in_units.value == pytest.approx(30.4375 * stats.linregress(np.arange(300), y).slope)
    assert evidence.in_units.unit == "y per month"
    assert evidence.p_value == max(evidence.p_permutation, evidence.p_robust)


def test_groups_are_the_first_and_the_last_third_of_the_time_span():
    y = np.random.default_rng(2).normal(size=300)
    first, last = FAMILY.evaluate(RISING, _daily(y), draws=0).groups
    assert (first.mean, last.mean) == pytest.approx((y[:100].mean(), y[-100:].mean()))
    assert (first.n, last.n) == (100, 100)


@pytest.mark.parametrize("n", [50, 200, 2000])
@pytest.mark.parametrize("phi", [0.0, 0.3, 0.6])
def test_a_flat_series_whose_neighbours_depend_on_each_other_is_seldom_called_a_trend(phi, n):
    runs = 250
    rejected, _ = _rate(np.random.default_rng(n), phi, n, runs)
    assert rejected * runs <= stats.binom.ppf(0.999, runs, 0.07)


@pytest.mark.parametrize("n", [50, 200, 2000])
def test_a_series_that_drifts_is_refused_with_the_reason(n):
    _, refused = _rate(np.random.default_rng(n + 1), 0.95, n, 60)
    assert refused >= 0.93
    evidence = FAMILY.evaluate(RISING, _daily(_autoregressive(np.random.default_rng(3), 0.95, n)), draws=99)
    assert "epend on each other" in evidence.untestable
    assert evidence.p_value is None


@pytest.mark.parametrize("n", [30, 40])
def test_a_short_random_walk_is_seldom_called_a_trend(n):
    rng = np.random.default_rng(n + 2)
    seen = [FAMILY.evaluate(RISING, _daily(np.cumsum(rng.normal(size=n))), draws=0) for _ in range(400)]
    assert sum(e.p_value is not None and e.p_value <= 0.05 for e in seen) <= stats.binom.ppf(0.999, 400, 0.04)
    assert any("random walk" in (e.untestable or "") for e in seen)


def test_a_walk_is_told_from_errors_around_a_line_as_statsmodels_does():
    from statsmodels.tsa.stattools import adfuller

    rng, walks = np.random.default_rng(3), 0
    for at in range(60):
        n = int(rng.integers(15, 80))
        y = (at % 2) * np.cumsum(rng.normal(size=n)) + rng.normal(size=n) + rng.normal() * np.arange(n)
        found = adfuller(y, maxlag=0, autolag=None, regression="ct", result_object=False)
        walks += wanders(y)
        assert wanders(y) == (found[0] > found[4]["5%"])
    assert 10 < walks < 50


NULLS = {
    "heavy tails": lambda r, n: r.standard_t(1.2, n),
    "ties": lambda r, n: r.integers(0, 3, n).astype(float),
    "zeros": lambda r, n: np.where(r.random(n) < 0.85, 0.0, r.lognormal(size=n)),
    "spread grows": lambda r, n: np.linspace(0.1, 3, n) * r.normal(size=n),
}


@pytest.mark.parametrize("name", NULLS)
def test_values_without_a_trend_are_rejected_at_most_at_the_nominal_rate(name):
    rng = np.random.default_rng(4)
    runs = hits = 0
    for n in (50, 300):
        for seed in range(120):
            evidence = FAMILY.evaluate(RISING, _daily(NULLS[name](rng, n)), draws=199, seed=seed)
            if evidence.p_value is not None:
                runs, hits = runs + 1, hits + (evidence.p_value <= 0.05)
    assert runs > 200
    assert hits <= stats.binom.ppf(0.999, runs, 0.055)


def test_the_interval_of_rho_covers():
    rng = np.random.default_rng(5)
    x = np.linspace(-np.sqrt(3), np.sqrt(3), 250)
    truth = np.mean([stats.spearmanr(x, 0.4 * x + rng.normal(size=250)).statistic for _ in range(2000)])
    hits = 0
    for _ in range(300):
        effect = FAMILY.evaluate(RISING, _daily(0.4 * x + rng.normal(size=250)), draws=0).effect
        hits += effect.low <= truth <= effect.high
    assert hits / 300 >= 0.92


def test_a_trend_among_dependent_neighbours_is_found_and_the_dependence_told():
    rng = np.random.default_rng(6)
    y = _autoregressive(rng, 0.6, 1500) + np.arange(1500) / 300
    evidence = FAMILY.evaluate(RISING, _daily(y))
    assert evidence.p_value < 0.005
    assert evidence.test.startswith("block means over time")
    assert "Neighbouring rows depend on each other" in evidence.warnings[0]
    plain = FAMILY.evaluate(RISING, _daily(rng.permutation(y - np.arange(1500) / 300) + np.arange(1500) / 300))
    width, narrow = (e.in_units.high - e.in_units.low for e in (evidence, plain))
    assert width > 1.5 * narrow


def test_a_file_sorted_by_outcome_within_each_date_is_not_taken_for_a_dependent_series():
    rng = np.random.default_rng(7)
    day, y = np.repeat(np.arange(20), 60), rng.normal(size=1200)
    order = np.lexsort((y, day))
    evidence = FAMILY.evaluate(RISING, Rows.of({"t": START + day[order], "y": y[order]}), draws=99)
    assert evidence.untestable is None
    assert evidence.warnings == ()


def _years(rng, slope, shock, *, years=25, n=1_000):
    """Rows in years that share a shock each."""
    year = rng.integers(0, years, n)
    y = slope * year + shock * rng.normal(size=years)[year] + rng.normal(size=n)
    return Rows.of({"t": 1990.0 + year, "y": y}), year, y


@pytest.mark.parametrize("years", [12, 25])
def test_years_that_share_a_shock_are_not_taken_for_a_trend(years):
    rng = np.random.default_rng(20)
    seen = [FAMILY.evaluate(RISING, _years(rng, 0.0, 0.4, years=years)[0], draws=0) for _ in range(150)]
    assert sum(e.p_value is not None and e.p_value <= 0.05 for e in seen) <= stats.binom.ppf(0.999, 150, 0.06)


def test_a_trend_over_years_with_shocks_keeps_the_rows_own_rho_and_covers_the_slope():
    rng, runs, hits = np.random.default_rng(21), 0, 0
    for _ in range(150):
        rows, year, y = _years(rng, 0.05, 0.4, years=30)
        evidence = FAMILY.evaluate(RISING, rows, draws=0)
        if evidence.untestable is None:
            runs, hits = runs + 1, hits + (evidence.in_units.low <= 0.05 <= evidence.in_units.high)
    assert runs > 120
    assert hits >= stats.binom.ppf(0.001, runs, 0.94)
    assert evidence.test.startswith("one mean per distinct time")
    assert evidence.warnings == ("Rows of the same time are alike beyond the trend: the test counts each time once.",)
    assert evidence.effect.value == pytest.approx(stats.spearmanr(year, y).statistic)
    assert evidence.n == 1_000


def _blocks(rng, phi, blocks, size):
    rows = _daily(_autoregressive(rng, phi, blocks * size), cluster=np.repeat(np.arange(blocks), size).tolist())
    rows.serial = True
    return rows


@pytest.mark.parametrize(("phi", "blocks"), [(0.0, 40), (0.9, 40), (0.97, 40), (0.97, 24)])
def test_between_blocks_of_a_flat_series_a_trend_is_seldom_seen(phi, blocks):
    rng = np.random.default_rng(8)
    seen = [FAMILY.evaluate(RISING, _blocks(rng, phi, blocks, 12), draws=0) for _ in range(200)]
    assert sum(e.p_value is not None and e.p_value <= 0.05 for e in seen) <= stats.binom.ppf(0.999, 200, 0.08)
    tested = [e for e in seen if e.untestable is None]
    assert all(e.clusters == blocks and e.n == 12 * blocks for e in tested)


def test_a_trend_across_the_blocks_of_a_series_is_found():
    rows = _blocks(np.random.default_rng(9), 0.6, 40, 12)
    risen = _daily(rows.number("y") + np.arange(480) / 80, cluster=rows.cluster.tolist())
    risen.serial = True
    evidence = FAMILY.evaluate(RISING, risen)
    assert evidence.p_value < 0.005
    assert evidence.clusters == 40


def _panel(rng, slope, *, entities=50, waves=8):
    who, wave = np.repeat(np.arange(entities), waves), np.tile(np.arange(waves), entities)
    y = 4 * rng.normal(size=entities)[who] + slope * wave + rng.normal(size=who.size)
    return who, wave, y


def test_entities_seen_repeatedly_are_compared_with_themselves():
    import statsmodels.api as sm

    who, wave, y = _panel(np.random.default_rng(10), 0.2)
    rows = Rows.of({"t": START + wave * 365, "y": y}, cluster=who.tolist())
    evidence = FAMILY.evaluate(RISING, rows)
    centred = [v - (np.bincount(who, v) / 8)[who] for v in (wave * 365 / 365.25, y)]
    fit = sm.OLS(centred[1], centred[0]).fit(cov_type="cluster", cov_kwds={"groups": who})
    assert evidence.in_units.value == pytest.approx(fit.params[0])
    half = stats.t.ppf(0.975, 49) * fit.bse[0]
    assert evidence.in_units.high - evidence.in_units.value == pytest.approx(half, rel=1e-6)
    assert evidence.in_units.unit == "y per year"
    first, last = evidence.groups
    assert (first.mean, last.mean) == pytest.approx((y[wave <= 2].mean(), y[wave >= 5].mean()))
    assert (evidence.clusters, evidence.n) == (50, 400)


def test_entities_without_a_trend_are_rejected_at_the_nominal_rate():
    rng, hits = np.random.default_rng(11), 0
    for seed in range(150):
        who, wave, y = _panel(rng, 0.0, entities=30)
        rows = Rows.of({"t": START + wave * 365, "y": y}, cluster=who.tolist())
        hits += FAMILY.evaluate(RISING, rows, draws=199, seed=seed).p_value <= 0.05
    assert hits <= stats.binom.ppf(0.999, 150, 0.055)


def test_too_few_entities_that_were_seen_repeatedly_are_not_tested():
    who, wave, y = _panel(np.random.default_rng(12), 1.0, entities=12)
    evidence = FAMILY.evaluate(RISING, Rows.of({"t": START + wave, "y": y}, cluster=who.tolist()))
    assert evidence.untestable == "Outcome and time vary within only 12 clusters; at least 20 are needed."


def test_the_share_of_an_event_is_told_in_points_per_period():
    rng = np.random.default_rng(13)
    share = 0.3 + 0.4 * np.arange(900) / 900
    kind = np.where(rng.random(900) < share, "Hardware", "Software")
    rows = Rows.of({"category": kind, "opened_at": START + np.arange(900)})
    h = Trend(outcome="category", predictor="opened_at", event="Hardware", direction="rising")
    evidence = FAMILY.evaluate(h, rows)
    first, last = evidence.groups
    assert first.mean == pytest.approx(np.mean(kind[:300] == "Hardware"))
    expected = 100 * 30.4375 * stats.linregress(np.arange(900), kind == "Hardware").slope
    assert evidence.in_units.value == pytest.approx(expected)
    assert evidence.in_units.unit == "points per month"
    text = FAMILY.sentence(h, evidence)
    ends = f"from {100 * first.mean:.1f} % in the first third of the time to {100 * last.mean:.1f} % in the last"
    assert text.startswith(f"The share of rows where `category` is Hardware rises over `opened_at`: {ends}, +1.")
    assert "points per month (95 % interval" in text


@pytest.mark.parametrize(("days", "unit"), [(2000, "year"), (200, "month"), (50, "day"), (1, "hour")])
def test_a_slope_is_told_per_natural_period_of_its_span(days, unit):
    at = START + np.linspace(0, days * 86_400, 60).astype("timedelta64[s]")
    y = np.random.default_rng(14).normal(size=60)
    evidence = FAMILY.evaluate(RISING, Rows.of({"t": at, "y": y}), draws=0)
    assert evidence.in_units.unit == f"y per {unit}"


def test_a_whole_number_column_of_years_is_a_time():
    rng = np.random.default_rng(15)
    year = rng.integers(1990, 2015, 400).astype(float)
    rows = Rows.of({"year": year, "y": 0.2 * year + rng.normal(size=400)})
    h = Trend(outcome="y", predictor="year", direction="rising")
    evidence = FAMILY.evaluate(h, rows)
    assert evidence.in_units.unit == "y per year"
    assert evidence.in_units.low < 0.2 < evidence.in_units.high
    assert {r["date"] for r in FAMILY.picture(h, rows).records} <= set(map(float, range(1990, 2016)))


def test_ranks_and_averages_that_part_are_told_so():
    rng = np.random.default_rng(16)
    y = rng.normal(size=400) + np.arange(400) / 100
    y[[3, 40, 77, 110]] += 5_000
    rows = _daily(y)
    evidence = FAMILY.evaluate(RISING, rows)
    assert evidence.effect.value > 0 > evidence.in_units.value
    assert BENT in evidence.warnings
    text = FAMILY.sentence(RISING, evidence)
    assert text.startswith("By rank `y` rises over `t` (Spearman's rho 0.")
    assert "but not evenly: its average changes by −" in text


def test_a_committed_fall_that_turned_out_a_rise_is_told_so():
    rows = _daily(np.random.default_rng(17).normal(size=300) + np.arange(300) / 50)
    h = RISING.model_copy(update={"direction": "falling"})
    evidence = FAMILY.evaluate(h, rows)
    assert evidence.theta < 0
    assert "`y` rises, not falls, over `t`" in FAMILY.sentence(h, evidence)


def test_what_cannot_be_tested_says_why():
    rng = np.random.default_rng(18)
    assert "at least 30" in FAMILY.evaluate(RISING, _daily(rng.normal(size=25))).untestable
    four = Rows.of({"t": START + np.arange(100) % 4, "y": rng.normal(size=100)})
    assert "fewer than 5 distinct times" in FAMILY.evaluate(RISING, four).untestable
    rare = Rows.of({"t": START + np.arange(300), "e": ["yes"] * 6 + ["no"] * 294})
    h = Trend(outcome="e", predictor="t", event="yes", direction="falling")
    assert "Fewer than 10 rows" in FAMILY.evaluate(h, rare).untestable


def test_a_column_that_is_no_time_is_refused():
    rows = Rows.of({"t": ["a", "b"] * 50, "y": np.arange(100.0)})
    with pytest.raises(HypothesisError, match="'t' is a category, not a number"):
        FAMILY.evaluate(RISING, rows)


def test_the_picture_holds_every_row_once_in_the_order_of_time():
    rows = _daily(np.random.default_rng(19).normal(size=900))
    records = FAMILY.picture(RISING, rows).records
    assert len(records) == 40
    assert sum(r["n"] for r in records) == 900
    dates = [r["date"] for r in records]
    assert dates == sorted(dates)
    assert dates[0].startswith("2020-01-")
    assert all(r["low"] <= r["mean"] <= r["high"] for r in records)
