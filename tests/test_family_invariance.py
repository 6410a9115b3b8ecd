"""What must not change what a family says: order, names, units, signs, copies and columns that it does not read."""

import numpy as np
import pytest

from heldout.tools.data.rows import Rows
from heldout.tools.verify.evidence import Evidence
from tests.families import CASES, Case
from tests.families.changes import mirrored, needed, relabelled, renamed, rescaled, swapped, with_gaps
from tests.families.tables import LEVELS

WEAK = 0.25
"""A strength at which no p is at its floor, so that a change of it shows."""


@pytest.fixture(params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture
def rows(case: Case) -> Rows:
    return case.planted(np.random.Generator(np.random.PCG64(5)), 400, WEAK)


def same_but_for_the_draws(one: Evidence, two: Evidence) -> None:
    """Equal evidence, the permutation p within its Monte-Carlo error at 1,999 draws."""
    assert one.untestable == two.untestable is None
    assert two.theta == pytest.approx(one.theta, rel=1e-6, abs=1e-9)
    assert two.standard_error == pytest.approx(one.standard_error, rel=1e-6)
    assert two.p_robust == pytest.approx(one.p_robust, rel=1e-5, abs=1e-12)
    assert two.p_permutation == pytest.approx(one.p_permutation, abs=0.05)
    assert (two.n, two.missing) == (one.n, one.missing)


def figures(evidence: Evidence) -> list[float]:
    """The effect with its interval, and the mean of every group."""
    effect = evidence.effect
    assert effect is not None
    groups = [value for g in evidence.groups for value in (g.n, g.mean, g.low, g.high, g.median)]
    return [float(v) for v in (effect.value, effect.low, effect.high, *groups) if v is not None]


def evidence_of(case: Case, rows: Rows) -> Evidence:
    return case.family.evaluate(case.hypothesis, rows, draws=1_999)


def test_the_order_of_the_rows_does_not_matter(case, rows):
    shuffled = rows.select(np.random.Generator(np.random.PCG64(3)).permutation(rows.n))
    same_but_for_the_draws(evidence_of(case, rows), evidence_of(case, shuffled))


def test_the_order_of_the_columns_and_columns_that_the_claim_does_not_name_do_not_matter(case, rows):
    names = sorted(case.hypothesis.columns, reverse=True)
    bare = Rows({n: rows.columns[n] for n in names}, {n: rows._arrays[n] for n in names})
    assert evidence_of(case, bare) == evidence_of(case, rows)
    assert case.family.picture(case.hypothesis, bare) == case.family.picture(case.hypothesis, rows)


def test_other_names_of_columns_and_levels_leave_every_figure(case, rows):
    names = {name: f"the {name}" for name in rows.columns}
    labels = {label: f"{label} it is" for column in LEVELS.values() for label in column}
    h, told = relabelled(*renamed(case.hypothesis, rows, names), labels)
    same_but_for_the_draws(evidence_of(case, rows), case.family.evaluate(h, told, draws=1_999))


def test_exchanging_the_two_sides_turns_the_sign_and_leaves_p(case, rows):
    h = swapped(case.hypothesis)
    if h is not None and "swap" not in case.exempt:
        same_but_for_the_draws(evidence_of(case, rows), case.family.evaluate(h, rows, draws=1_999))


def test_another_unit_of_the_outcome_leaves_effect_and_p(case, rows):
    changed = rescaled(case.hypothesis, rows, 1_000.0, 7.0)
    if changed is not None and "units" not in case.exempt:
        one, two = evidence_of(case, rows), case.family.evaluate(*changed, draws=1_999)
        same_but_for_the_draws(one, two)
        if one.in_units is not None and two.in_units is not None:
            by = two.in_units.value / one.in_units.value
            assert by == pytest.approx(1_000, rel=1e-6) or by == pytest.approx(1, rel=1e-6)


def test_a_predictor_seen_in_a_mirror_turns_the_direction_and_leaves_p(case, rows):
    changed = mirrored(case.hypothesis, rows)
    if changed is not None and "mirror" not in case.exempt:
        same_but_for_the_draws(evidence_of(case, rows), case.family.evaluate(*changed, draws=1_999))


def test_rows_without_outcome_or_predictor_are_left_out_and_counted(case, rows):
    if "missing values" in case.exempt:
        return
    names = needed(case.hypothesis)
    holed = with_gaps(rows, names, 0.2, np.random.Generator(np.random.PCG64(6)))
    known = np.ones(rows.n, bool)
    for name in names:
        values = holed._arrays[name]
        known &= values >= 0 if values.dtype.kind == "i" else ~np.isnan(values)
    one, two = evidence_of(case, holed), evidence_of(case, holed.select(known))
    assert one.missing > two.missing
    assert one.n == two.n
    assert one.p_value == pytest.approx(two.p_value, rel=1e-9)
    assert figures(one) == pytest.approx(figures(two), rel=1e-9, abs=1e-12)


def test_copies_of_rows_are_no_more_evidence_where_they_are_known_as_copies(case, rows):
    thrice = np.repeat(np.arange(rows.n), 3)
    copied = rows.select(thrice)
    clustered = Rows(copied.columns, copied._arrays, cluster=thrice.astype(np.int32))
    one, two = evidence_of(case, rows), case.family.evaluate(case.hypothesis, clustered, draws=1_999)
    if two.untestable is None:
        assert two.clusters == rows.n - one.missing
        assert two.p_robust >= 0.99 * one.p_robust
        assert two.standard_error >= 0.99 * one.standard_error
