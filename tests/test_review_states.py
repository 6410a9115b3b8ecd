"""The alarm rule: calibration, variation between deliveries, what lasts, and what cannot be told."""

import numpy as np
import pytest

from benchmarks import simulated_years as years
from heldout.tools.review.findings import error_of
from heldout.tools.review.states import CALIBRATION, Course, Point, calibrate, decide_states
from heldout.tools.verify.multiplicity import benjamini_hochberg
from heldout.tools.verify.verify import measure
from tests.families import CASES

QUIET = Point(0.30, 0.02)
CALM = tuple(Point(x, 0.02) for x in (0.31, 0.29, 0.30, 0.30))


def course(*later: float, error: float = 0.02, past: tuple[Point, ...] = CALM, **fields: object) -> Course:
    """A finding learned at .30 whose calibration was calm; `later` are its deliveries since, the newest last."""
    points = [Point(x, error) for x in later]
    return Course(QUIET, 0.0, (*past, *points[:-1]), points[-1], **fields)  # pyright: ignore[reportArgumentType]


def state(*later: float, **fields: object) -> str:
    return decide_states([course(*later, **fields)])[0].state


def test_a_finding_that_stays_holds_and_says_what_would_have_been_seen() -> None:
    [seen] = decide_states([course(0.31)])
    assert seen.state == "holds"
    assert 0.05 < (seen.detectable or 0) < 0.25


def test_one_overwhelming_loss_breaks_at_once() -> None:
    [seen] = decide_states([course(0.0, error=0.005)])
    assert (seen.state, seen.lasting, seen.weaker) == ("broken", 1, True)


def test_a_loss_is_watched_first_and_broken_when_it_lasts() -> None:
    weak = 0.165
    assert state(weak) == "watch"
    [seen] = decide_states([course(weak, weak)])
    assert (seen.state, seen.lasting) == ("broken", 2)


def test_a_single_bad_week_between_good_ones_breaks_nothing() -> None:
    assert state(0.165, 0.30) == "holds"
    assert state(0.165, 0.31, 0.165) == "watch"


def test_an_effect_that_grew_is_watched_and_never_broken() -> None:
    assert state(0.60, 0.60, 0.60, error=0.01) == "watch"


def test_a_finding_against_the_other_sign_is_judged_by_its_own_direction() -> None:
    learned = [Point(-p.value, p.error) for p in (QUIET, *CALM)]
    mirrored = Course(learned[0], 0.0, tuple(learned[1:]), Point(-0.60, 0.01))
    assert decide_states([mirrored])[0].state == "watch"
    assert decide_states([mirrored._replace(now=Point(0.0, 0.005))])[0].state == "broken"


def test_the_first_four_deliveries_advise_only() -> None:
    for known in range(CALIBRATION):
        [seen] = decide_states([course(0.0, error=0.01, past=CALM[:known])])
        assert seen.calibrating
        assert seen.state == "watch"


def test_a_change_within_the_tolerance_is_none() -> None:
    assert state(0.20, 0.20, error=0.005, tolerance=0.2) == "holds"
    assert state(0.20, 0.20, error=0.005, tolerance=0.01) == "broken"


def test_a_delivery_in_which_the_effect_could_not_be_seen_is_undecidable_and_never_broken() -> None:
    assert state(0.25, error=0.2) == "undecidable"
    assert state(-3.0, error=0.2) == "watch"
    assert decide_states([course(0.3)._replace(now=None)])[0].state == "undecidable"


def test_what_varied_in_calibration_may_vary_afterwards() -> None:
    restless = tuple(Point(x, 0.02) for x in (0.15, 0.45, 0.20, 0.42))
    assert state(0.12, 0.13) == "broken"
    assert state(0.12, 0.13, past=restless) != "broken"


def test_deliveries_after_calibration_change_neither_centre_nor_variation() -> None:
    slow = [0.29, 0.28, 0.27, 0.26, 0.25]
    centres = {decide_states([course(*slow[:k])])[0].centre for k in range(1, 6)}
    assert len(centres) == 1


def test_a_rebaselined_finding_needs_no_calibration() -> None:
    [seen] = decide_states([Course(Point(0.1, 0.005), 0.0, (), Point(0.1, 0.01), between=0.01, deliveries=4)])
    assert (seen.state, seen.calibrating) == ("holds", False)


def test_one_findings_variation_is_that_of_dersimonian_and_laird_in_statsmodels() -> None:
    meta = pytest.importorskip("statsmodels.stats.meta_analysis")
    x, s = np.array([0.30, 0.15, 0.45, 0.20, 0.42]), np.array([0.03, 0.02, 0.025, 0.02, 0.04])
    [centre] = calibrate([[Point(float(a), float(b)) for a, b in zip(x, s, strict=True)]])
    other = meta.combine_effects(x, s**2, method_re="dl", use_t=False)
    assert centre.between**2 == pytest.approx(other.tau2, rel=1e-10)
    assert centre.value == pytest.approx(other.mean_effect_re, rel=1e-10)
    assert centre.error == pytest.approx(other.sd_eff_w_re, rel=1e-10)


def test_calm_findings_lend_their_calm_to_a_restless_one() -> None:
    restless = [QUIET, *(Point(x, 0.02) for x in (0.15, 0.45, 0.20, 0.42))]
    [alone] = calibrate([restless])
    shrunk = calibrate([restless, *[[QUIET, *CALM]] * 9])[0]
    assert 0 < shrunk.between < alone.between


def test_the_step_up_is_that_of_scipy() -> None:
    from scipy.stats import false_discovery_control

    p = np.random.default_rng(0).random(200) ** 3
    assert (benjamini_hochberg(p, 0.05) == (false_discovery_control(p) <= 0.05)).all()


def test_a_year_of_unchanged_deliveries_raises_no_alarm_where_naive_rules_raise_dozens() -> None:
    year = years.year(years.World("unchanged", 100), 3)
    assert year.false[years.RULES[0]] <= 1
    assert year.false[years.RULES[2]] > 30


def test_an_effect_that_vanishes_is_caught_within_three_deliveries() -> None:
    year = years.year(years.World("vanishes", 500, 0.0, 3), 5)
    assert sum(0 < k <= 3 for k in year.caught[years.RULES[0]]) >= 2


def test_one_broken_delivery_among_the_first_four_does_not_blind_the_rule() -> None:
    spoilt = (Point(0.31, 0.02), Point(0.29, 0.02), Point(0.0, 0.02), Point(0.30, 0.02))
    assert state(0.0, 0.0, 0.0, past=spoilt) == "broken"
    assert state(0.30, past=spoilt) == "holds"


def test_an_effect_that_cannot_be_told_from_nothing_is_never_said_to_hold() -> None:
    restless = tuple(Point(x, 0.02) for x in (0.02, 0.55, 0.10, 0.50))
    [seen] = decide_states([course(0.01, past=restless)])
    assert seen.unseen
    assert seen.state != "holds"


@pytest.mark.parametrize("name", [n for n in CASES if n != "invariant"])
def test_every_family_is_held_in_its_own_direction_from_its_own_null(name: str) -> None:
    case = CASES[name]
    seen = [measure(case.hypothesis, case.planted(np.random.default_rng(k), 600, s), split="all")
            for k, s in enumerate((1.0, 0.0))]  # fmt: skip
    points = []
    for evidence in seen:
        error = error_of(evidence)
        assert evidence.effect is not None
        assert error is not None
        points.append(Point(evidence.effect.value, error))
    [now] = decide_states([Course(points[0], case.hypothesis.null, (), points[1])])
    assert now.weaker
