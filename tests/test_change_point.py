"""A change at a fixed time: what it is measured by, what must not be taken for one, words."""

import numpy as np
import pytest
from scipy import stats
from scipy.signal import lfilter

from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError
from heldout.tools.explore.changes import find_jump
from heldout.tools.verify.families.change_point import BLOCKS, FAMILY, SMOOTH
from heldout.tools.verify.hypothesis import ChangePoint, Trend, parse
from heldout.tools.verify.jump import examine_jump
from heldout.tools.verify.ranks import dense_ranks, midranks

START = np.datetime64("2023-01-01")
FIRST = float(START.astype(int))
AT = START + 200
HIGHER = ChangePoint(outcome="y", predictor="t", at=str(AT), direction="higher")


def _rng(seed=1):
    return np.random.Generator(np.random.PCG64(seed))


def _days(y, day=None, **more):
    return Rows.of({"t": START + (np.arange(len(y)) if day is None else day), "y": y}, **more)


def _ar(rng, phi, n):
    return lfilter([1], [1, -phi], rng.normal(size=n + 300))[300:] * np.sqrt(1 - phi**2)


def _found_elsewhere(rng, time, y):
    """Half of the rows tell the time of the largest jump, the other half test it."""
    explored = rng.random(len(y)) < 0.5
    at = find_jump(time[explored], midranks(dense_ranks(y[explored]))).at
    v = midranks(dense_ranks(y[~explored])) / (~explored).sum()
    found = examine_jump(time[~explored], v, at, draws=0, seed=0, level=0.95)
    return None if isinstance(found, str) else found.p_robust


def test_the_jump_is_that_of_statsmodels_on_the_stretches_with_the_larger_of_plain_and_robust_error():
    import statsmodels.api as sm

    y = _rng().normal(size=60) + 2.0 * (np.arange(60) >= 30)
    found = examine_jump(np.arange(60.0), y, 30.0, draws=0, seed=0, level=0.95)
    x, after = np.arange(60.0) - 30, np.arange(60) >= 30
    fit = sm.OLS(y, np.column_stack([np.ones(60), x, after, after * x])).fit()
    assert found.value == pytest.approx(fit.params[2])
    error = max(fit.bse[2], fit.HC3_se[2])
    assert found.error == pytest.approx(error * np.sqrt((1 + found.phi) / (1 - found.phi)))
    if not found.searched:
        assert found.p_robust == pytest.approx(2 * stats.t.sf(found.statistic, found.df))


def test_a_jump_is_found_and_told_in_the_outcomes_unit():
    y = _rng(2).normal(size=400) + 3.0 * (np.arange(400) >= 200)
    evidence = FAMILY.evaluate(HIGHER, _days(y))
    assert evidence.p_value <= 0.001
    assert evidence.in_units.low < 3.0 < evidence.in_units.high
    after, before = evidence.groups
    assert (after.mean, before.mean) == pytest.approx((y[200:].mean(), y[:200].mean()))
    text = FAMILY.sentence(HIGHER, evidence)
    assert text.startswith("`y` is higher from `t` 2023-07-20 on than before it: a jump of +")
    assert "beyond the straight trend on either side (95 % interval" in text
    assert FAMILY.picture(HIGHER, _days(y)).marks == (FIRST + 200,)


SMOOTH_COURSES = {
    "a straight trend": lambda x: 4 * x,
    "a bend": lambda x: 5 * np.maximum(x - 0.5, 0),
    "a curve": lambda x: 5 * x * x,
    "a wave": lambda x: np.sin(2 * np.pi * x),
}


@pytest.mark.parametrize("course", SMOOTH_COURSES)
def test_a_smooth_course_is_seldom_taken_for_a_change_at_its_steepest_time(course):
    rng, time, hits = _rng(3), np.arange(400.0), 0
    for _ in range(150):
        p = _found_elsewhere(rng, time, SMOOTH_COURSES[course](time / 400) + rng.normal(size=400))
        hits += p is not None and p <= 0.05
    assert hits <= stats.binom.ppf(0.999, 150, 0.055)


@pytest.mark.parametrize(("phi", "days", "each"), [(0.0, 100, 40), (0.5, 100, 40), (0.8, 365, 20), (0.95, 365, 20)])
def test_shocks_that_all_rows_of_a_day_share_are_seldom_taken_for_a_change(phi, days, each):
    rng, hits, runs = _rng(4), 0, 100
    day = np.repeat(np.arange(days), each)
    for _ in range(runs):
        time = day + rng.random(len(day))
        p = _found_elsewhere(rng, time, 0.5 * _ar(rng, phi, days)[day] + rng.normal(size=len(day)))
        hits += p is not None and p <= 0.05
    assert hits <= stats.binom.ppf(0.999, runs, 0.055)


@pytest.mark.parametrize(("phi", "n"), [(0.6, 300), (0.9, 300), (0.9, 3_000), (1.0, 300)])
def test_a_series_that_drifts_is_seldom_taken_for_a_change(phi, n):
    rng, hits, runs = _rng(5), 0, 150
    for _ in range(runs):
        y = np.cumsum(rng.normal(size=n)) if phi == 1 else _ar(rng, phi, n)
        p = _found_elsewhere(rng, np.arange(float(n)), y)
        hits += p is not None and p <= 0.05
    assert hits <= stats.binom.ppf(0.999, runs, 0.055)


def test_a_random_walk_is_refused_with_the_reason():
    reason = FAMILY.evaluate(HIGHER, _days(np.cumsum(_rng(6).normal(size=400)))).untestable
    assert "Neighbours in time depend on each other" in reason


def test_a_wave_that_passes_for_a_jump_is_told_as_a_smooth_curve():
    x = np.arange(400) / 400
    evidence = FAMILY.evaluate(HIGHER, _days(0.8 * np.sin(2 * np.pi * (x - 0.5)) + _rng(12).normal(size=400)), draws=99)
    assert SMOOTH in evidence.warnings
    assert evidence.p_value == 1.0
    assert "is not shown to change at `t` 2023-07-20" in FAMILY.sentence(HIGHER, evidence)
    assert "a smooth curve describes it as well" in FAMILY.sentence(HIGHER, evidence)


def test_blocks_of_a_series_are_refused_and_say_why():
    rows = _days(_rng(8).normal(size=400), cluster=np.repeat(np.arange(40), 10).tolist())
    rows.serial = True
    assert FAMILY.evaluate(HIGHER, rows).untestable == BLOCKS


def test_entities_are_compared_with_themselves_and_too_few_are_refused():
    rng = _rng(9)
    who, day = np.repeat(np.arange(50), 40), np.tile(np.arange(40) * 10, 50)
    y = 5 * rng.normal(size=50)[who] + 1.5 * (day >= 200) + rng.normal(size=len(who))
    evidence = FAMILY.evaluate(HIGHER, _days(y, day, cluster=who.tolist()), draws=999)
    assert evidence.p_value < 0.01
    assert evidence.clusters == 50
    assert evidence.in_units.low < 1.5 < evidence.in_units.high
    few = FAMILY.evaluate(HIGHER, _days(y[:400], day[:400], cluster=who[:400].tolist()))
    assert few.untestable == "Only 10 clusters hold rows before and after; at least 20 are needed."


def test_what_is_too_short_says_so():
    rng = _rng(10)
    assert "at least 40" in FAMILY.evaluate(HIGHER, _days(rng.normal(size=30))).untestable
    late = HIGHER.model_copy(update={"at": str(START + 395)})
    assert "on one side of the change" in FAMILY.evaluate(late, _days(rng.normal(size=400))).untestable
    years = Rows.of({"t": 2000.0 + rng.integers(0, 12, 500), "y": rng.normal(size=500)})
    by_year = ChangePoint(outcome="y", predictor="t", at=2006.0, direction="lower")
    assert "distinct times lie" in FAMILY.evaluate(by_year, years).untestable
    assert "from `t` 2006 on" in FAMILY.claim(by_year)


def test_a_time_that_is_none_and_a_claim_of_another_family_are_refused():
    with pytest.raises(HypothesisError, match="change_point"):
        parse({"family": "change_point", "outcome": "y", "predictor": "t", "at": "soon", "direction": "any"})
    with pytest.raises(HypothesisError, match="not one of change_point"):
        FAMILY.evaluate(Trend(outcome="y", predictor="t", direction="any"), _days(np.arange(50.0)))
