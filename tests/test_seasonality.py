"""Seasons: what they are measured by, what must not be taken for one, words, and the calendar below them."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.signal import lfilter

from heldout.tools.data.calendar import phase, stretch
from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError
from heldout.tools.explore.changes import Places, find_season
from heldout.tools.verify.families.seasonality import FAMILY
from heldout.tools.verify.hypothesis import Seasonality, parse

START = np.datetime64("2020-01-06")  # a Monday
WEEKEND = Seasonality(outcome="y", predictor="t", cycle="day_of_week", peak=(5, 6), trough=(0, 1, 2, 3, 4))


def _rng(seed=1):
    return np.random.Generator(np.random.PCG64(seed))


def _ar(rng, phi, n):
    return lfilter([1], [1, -phi], rng.normal(size=n + 300))[300:] * np.sqrt(1 - phi**2)


def _rows(time, y, **more):
    return Rows.of({"t": time, "y": y}, **more)


def _later(cycle, time, y, held):
    """The phases that the other rows show, tested on those held."""
    days = time.astype("datetime64[us]").astype(float) / 86_400e6
    found = find_season(days[~held], y[~held], cycle)
    if found is None:
        return None
    h = Seasonality(outcome="y", predictor="t", cycle=cycle, peak=found.peak, trough=found.trough)
    evidence = FAMILY.evaluate(h, _rows(time[held], y[held]), draws=199)
    return evidence.p_value


def test_phases_and_stretches_are_those_of_pandas():
    rng = _rng()
    days = rng.integers(-20_000, 30_000, 4_000) + rng.integers(0, 86_400, 4_000) / 86_400
    at = pd.DatetimeIndex((days * 86_400).round().astype("datetime64[s]"))
    np.testing.assert_array_equal(phase(days, "hour_of_day"), at.hour)
    np.testing.assert_array_equal(phase(days, "day_of_week"), at.day_of_week)
    np.testing.assert_array_equal(phase(days, "month_of_year"), at.month)
    for kind, letter in (("day", "D"), ("week", "W"), ("month", "M"), ("quarter", "Q"), ("year", "Y")):
        period = pd.PeriodIndex(at, freq=letter)
        pairs = set(zip(stretch(days, kind).tolist(), period.astype(str), strict=True))
        assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


def test_the_difference_is_a_t_test_of_one_difference_a_week():
    y = np.round(_rng(2).normal(size=350), 3) + 1.5 * (np.arange(350) % 7 >= 5)
    evidence = FAMILY.evaluate(WEEKEND, _rows(START + np.arange(350), y))
    weeks = y.reshape(50, 7)
    each = weeks[:, 5:].mean(1) - weeks[:, :5].mean(1)
    assert evidence.in_units.value == pytest.approx(each.mean(), abs=0.02)
    assert evidence.in_units.low < 1.5 < evidence.in_units.high
    assert evidence.p_value < 0.001
    assert evidence.clusters == 50
    text = FAMILY.sentence(WEEKEND, evidence)
    assert text.startswith(
        "`y` is higher when the weekday of `t` is Saturday or Sunday than when it is Monday to Friday: "
    )
    assert "n = 100 and 250 in 50 weeks" in text


COURSES = {
    "ties": lambda r, n: r.integers(0, 3, n).astype(float),
    "ties on a trend": lambda r, n: np.round(r.random(n) + np.arange(n) / n),
    "heavy tails": lambda r, n: r.standard_t(1.2, n),
    "zeros": lambda r, n: np.where(r.random(n) < 0.85, 0.0, r.lognormal(size=n)),
    "a trend": lambda r, n: r.normal(size=n) + np.arange(n) / 20,
    "AR(1) .8": lambda r, n: _ar(r, 0.8, n),
    "a random walk": lambda r, n: np.cumsum(r.normal(size=n)),
}


@pytest.mark.parametrize("course", COURSES)
def test_a_course_without_a_season_is_seldom_given_one_by_days_of_the_same_weeks(course):
    rng, hits, time = _rng(3), 0, START + np.arange(420)
    for _ in range(120):
        p = _later("day_of_week", time, COURSES[course](rng, 420), rng.random(420) < 0.5)
        hits += p is not None and p <= 0.05
    assert hits <= stats.binom.ppf(0.999, 120, 0.055)


@pytest.mark.parametrize(("phi", "each"), [(0.0, 20), (0.6, 20)])
def test_shocks_that_all_rows_of_a_day_share_are_seldom_taken_for_a_season(phi, each):
    rng, hits = _rng(4), 0
    day = np.repeat(np.arange(84), each)
    for _ in range(100):
        y = 0.5 * _ar(rng, phi, 84)[day] + rng.normal(size=len(day))
        p = _later("day_of_week", START + day, y, rng.random(len(day)) < 0.5)
        hits += p is not None and p <= 0.05
    assert hits <= stats.binom.ppf(0.999, 100, 0.055)


@pytest.mark.parametrize("phi", [0.0, 0.9, 0.99])
def test_years_of_a_drifting_series_are_seldom_given_a_season(phi):
    rng, hits, n = _rng(5), 0, 365 * 6
    time = np.datetime64("2012-01-01") + np.arange(n)
    for _ in range(60):
        p = _later("month_of_year", time, _ar(rng, phi, n) + np.arange(n) / 500, rng.random(n) < 0.5)
        hits += p is not None and p <= 0.05
    assert hits <= stats.binom.ppf(0.999, 60, 0.055)


@pytest.mark.parametrize("phi", [0.0, 0.9])
def test_later_blocks_of_a_series_without_a_season_are_rejected_at_the_nominal_rate(phi):
    rng, hits, n = _rng(6), 0, 24 * 40
    time = np.datetime64("2021-03-01T00") + np.arange(n)
    h = Seasonality(outcome="y", predictor="t", cycle="hour_of_day", peak=(16, 17, 18), trough=(2, 3, 4))
    for seed in range(150):
        rows = _rows(time, _ar(rng, phi, n), cluster=np.repeat(np.arange(40), 24).tolist())
        rows.serial = True
        hits += FAMILY.evaluate(h, rows, draws=199, seed=seed).p_value <= 0.05
    assert hits <= stats.binom.ppf(0.999, 150, 0.055)


def test_a_season_in_later_blocks_of_a_dependent_series_is_found():
    n = 24 * 40
    hour = np.arange(n) % 24
    y = _ar(_rng(7), 0.9, n) + 1.5 * np.isin(hour, (16, 17, 18))
    rows = _rows(np.datetime64("2021-03-01T00") + np.arange(n), y, cluster=np.repeat(np.arange(40), 24).tolist())
    rows.serial = True
    h = Seasonality(outcome="y", predictor="t", cycle="hour_of_day", peak=(16, 17, 18), trough=(2, 3, 4))
    evidence = FAMILY.evaluate(h, rows)
    assert evidence.p_value < 0.001
    assert evidence.clusters == 40
    assert "when the hour of `t` is 16 to 18 than when it is 2 to 4" in FAMILY.claim(h)


def test_fewer_than_three_turns_are_refused():
    time = np.datetime64("2020-01-01") + np.arange(730)
    h = Seasonality(outcome="y", predictor="t", cycle="month_of_year", peak=(6, 7), trough=(1,))
    reason = FAMILY.evaluate(h, _rows(time, _rng(8).normal(size=730))).untestable
    assert reason == "Only 2 full turns of the cycle; at least 3 are needed."


def test_rows_too_few_for_a_day_are_compared_within_weeks():
    rng = _rng(9)
    time = np.datetime64("2022-01-01T00:00") + np.sort(rng.choice(200 * 1440, 500, replace=False))
    hour = (time - time.astype("datetime64[D]")).astype(int) // 60
    h = Seasonality(outcome="y", predictor="t", cycle="hour_of_day", peak=(9, 10, 11), trough=(22, 23, 0))
    evidence = FAMILY.evaluate(h, _rows(time, rng.normal(size=500) + 3.0 * np.isin(hour, (9, 10, 11))))
    assert "within each week," in evidence.test
    assert evidence.p_value < 0.01
    assert "than when it is 22 to 0" in FAMILY.sentence(h, evidence)


def test_entities_are_compared_with_themselves():
    rng = _rng(10)
    who, day = np.repeat(np.arange(40), 70), np.tile(np.arange(70), 40)
    y = 4 * rng.normal(size=40)[who] + 0.8 * (day % 7 >= 5) + rng.normal(size=len(who))
    evidence = FAMILY.evaluate(WEEKEND, _rows(START + day, y, cluster=who.tolist()), draws=999)
    assert evidence.p_value < 0.01
    assert evidence.clusters == 40
    assert evidence.in_units.low < 0.8 < evidence.in_units.high


def test_the_picture_shows_every_phase_by_its_name():
    records = FAMILY.picture(WEEKEND, _rows(START + np.arange(70), _rng(11).normal(size=70))).records
    assert [r["label"] for r in records][:2] == ["Monday", "Tuesday"]
    assert len(records) == 7
    assert all(r["low"] <= r["mean"] <= r["high"] for r in records)


def test_phases_off_the_cycle_and_a_predictor_that_is_no_date_are_refused():
    shared = {"family": "seasonality", "outcome": "y", "predictor": "t", "cycle": "month_of_year"}
    with pytest.raises(HypothesisError, match="between 1 and 12"):
        parse(shared | {"peak": [13], "trough": [1]})
    with pytest.raises(HypothesisError, match="needs a date column"):
        FAMILY.evaluate(WEEKEND, Rows.of({"t": np.arange(50.0), "y": np.arange(50.0)}))


def test_a_season_is_the_same_where_the_places_of_its_times_are_given():
    rng = _rng(5)
    days = 18_000 + rng.random(3_000) * 900
    y = np.sin(2 * np.pi * days / 7) + rng.normal(size=3_000)
    some = rng.random(3_000) < 0.7
    for cycle in ("hour_of_day", "day_of_week", "month_of_year"):
        found = find_season(days[some], y[some], cycle)
        assert found is not None
        assert find_season(days[some], y[some], cycle, Places.of(days, cycle).at(some)) == found
