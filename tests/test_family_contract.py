"""What every family of hypotheses owes its callers, one suite over all of them.

Every file of tests/families that holds a case is one family; a family without a case fails the first test.
"""

import json
import math
import re
from typing import get_args

import numpy as np
import pytest

from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError
from heldout.tools.verify.evidence import Evidence
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.hypothesis import Condition, FamilyName, parse, sign
from tests.families import CASES, Case
from tests.families.changes import needed, relabelled, renamed, turned, with_gaps
from tests.families.tables import LEVELS, NULLS

CAUSAL = re.compile(r"\b(caus\w+|leads? to|drives?|driven|affects?|because|due to|impacts?|makes?)\b", re.I)
CONTRACT = {"groups", "missing values", "units", "mirror", "swap", "in units"}
"""The parts of the contract that a case may be exempt from, for the reason it gives."""
N = 400


def planted(case: Case, n: int = N, seed: int = 1, *, complete: bool = False) -> Rows:
    """Rows where the claim is true, with 3 % of outcome and predictor missing."""
    rng = np.random.Generator(np.random.PCG64(seed))
    rows = case.planted(rng, n, 1.0)
    if complete or "missing values" in case.exempt:
        return rows
    return with_gaps(rows, needed(case.hypothesis), 0.03, rng)


@pytest.fixture(params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture
def rows(case: Case) -> Rows:
    return planted(case)


def test_every_family_is_registered_under_its_own_name_and_has_a_case():
    assert set(FAMILIES) <= set(get_args(FamilyName))
    assert all(family.name == key for key, family in FAMILIES.items())
    assert {name: case.hypothesis.family for name, case in CASES.items()} == {name: name for name in FAMILIES}


def test_a_case_says_what_it_is_not_for_by_the_names_of_null_tables(case):
    assert set(case.not_for) <= set(NULLS)
    assert set(case.exempt) <= CONTRACT
    for reason in [*case.not_for.values(), *case.exempt.values()]:
        assert len(reason) > 10
        assert not reason.endswith(".")


def test_a_hypothesis_survives_json(case):
    h = case.hypothesis
    assert parse(h.as_json()) == parse(json.loads(h.canonical())) == h
    assert parse(json.loads(h.canonical())).content_id() == h.content_id()


def test_a_planted_effect_is_found_with_the_whole_evidence(case, rows):
    family, h = case.family, case.hypothesis
    evidence = family.evaluate(h, rows)
    assert evidence.untestable is None
    assert evidence.hypothesis_id == h.content_id()
    assert evidence.split == "held_out"
    assert evidence.p_value == max(evidence.p_permutation, evidence.p_robust) < 0.001
    assert evidence.effect.name in (family.effect_name, FAMILIES[h.scale].effect_name)
    assert evidence.effect.low <= evidence.effect.value <= evidence.effect.high
    assert evidence.effect.level == 0.95
    assert evidence.theta > 0
    assert evidence.standard_error > 0
    assert evidence.in_units is not None or h.family == "categorical_association" or "in units" in case.exempt
    assert 0 < evidence.n <= rows.n - evidence.missing
    assert evidence.missing > 0 or "missing values" in case.exempt
    assert len(evidence.groups) >= 2 or "groups" in case.exempt


def test_theta_is_the_effect_minus_its_null_in_the_committed_direction(case, rows):
    family, h = case.family, case.hypothesis
    evidence = family.evaluate(h, rows, draws=99)
    assert evidence.theta == pytest.approx((sign(h) or 1) * (evidence.effect.value - h.null), abs=1e-12)
    other_way = turned(h)
    if other_way is not None:
        other = family.evaluate(other_way, rows, draws=99)
        assert other.theta == pytest.approx(-evidence.theta)
        assert other.p_value == evidence.p_value


def test_the_same_seed_gives_the_same_evidence_and_leaves_numpys_global_state_alone(case, rows):
    before = np.random.get_state()[1].tolist()
    first, second = (case.family.evaluate(case.hypothesis, rows, draws=999, seed=4) for _ in range(2))
    assert first == second
    assert np.random.get_state()[1].tolist() == before


def test_evaluating_leaves_the_rows_as_they_were(case, rows):
    before = {name: rows._arrays[name].copy() for name in rows.columns}
    case.family.evaluate(case.hypothesis, rows, draws=99)
    case.family.picture(case.hypothesis, rows)
    for name, values in before.items():
        np.testing.assert_array_equal(rows._arrays[name], values)


def test_no_draws_leave_the_robust_p_alone(case, rows):
    evidence = case.family.evaluate(case.hypothesis, rows, draws=0)
    assert evidence.p_permutation is None
    assert evidence.p_value == evidence.p_robust is not None


def test_a_lower_confidence_level_gives_a_narrower_interval(case, rows):
    wide, narrow = (case.family.evaluate(case.hypothesis, rows, draws=0, level=level).effect for level in (0.99, 0.8))
    assert wide.low <= narrow.low <= narrow.value <= narrow.high <= wide.high
    assert wide.high - wide.low > narrow.high - narrow.low
    assert (wide.level, narrow.level) == (0.99, 0.8)


def test_too_few_rows_or_none_are_untestable_with_a_reason_and_no_p(case, rows):
    family, h = case.family, case.hypothesis
    for few in (0, 1, 2, 3, 8):
        evidence = family.evaluate(h, rows.select(np.arange(few)))
        assert evidence.untestable
        assert evidence.p_value is evidence.theta is evidence.effect is None
        assert evidence.n <= few
        assert family.sentence(h, evidence).endswith((".", ". "))


def test_an_outcome_that_never_varies_or_is_never_there_is_untestable(case):
    family, h = case.family, case.hypothesis
    if h.predictor == h.outcome:  # a rule of one column may well be kept by a constant
        return
    rows = planted(case, complete=True)
    old = rows._arrays[h.outcome]
    constant = rows.replaced({h.outcome: np.zeros_like(old)})
    if h.family == "categorical_association":
        h = h.model_copy(update={"outcome_levels": rows.columns[h.outcome].levels[:1]})
    assert family.evaluate(h, constant).untestable
    gone = np.full_like(old, -1 if old.dtype.kind == "i" else np.nan)
    evidence = family.evaluate(case.hypothesis, rows.replaced({h.outcome: gone}))
    assert evidence.untestable
    assert evidence.missing > 0
    assert evidence.n == 0


def test_a_predictor_that_never_varies_is_untestable(case):
    h = case.hypothesis
    if h.predictor != h.outcome and not hasattr(h, "rule"):  # the other conditions of a rule may still divide
        rows = planted(case, complete=True)
        constant = rows.replaced({h.predictor: np.full_like(rows._arrays[h.predictor], rows._arrays[h.predictor][0])})
        evidence = case.family.evaluate(h, constant)
        assert evidence.untestable
        assert evidence.p_value is None


def test_the_population_filter_leaves_the_rows_it_says(case, rows):
    family, h = case.family, case.hypothesis
    filtered = h.model_copy(update={"where": (Condition(column="age", op=">=", value=30),)})
    inside = rows.select(rows.number("age") >= 30)
    one, two = family.evaluate(filtered, rows, draws=99), family.evaluate(h, inside, draws=99)
    assert (one.n, one.effect, one.p_value) == (two.n, two.effect, two.p_value)
    assert "where `age` ≥ 30" in family.claim(filtered)
    assert "where `age` ≥ 30" in family.sentence(filtered, one)


def test_a_claim_is_one_sentence_without_full_stop_or_cause_and_with_no_figure_but_its_constants(case):
    h, claim = case.hypothesis, case.family.claim(case.hypothesis)
    assert f"`{h.outcome}`" in claim
    assert f"`{h.predictor}`" in claim
    assert not claim.endswith(".")
    assert not CAUSAL.search(claim)
    told = re.sub(r"(?<=\d),(?=\d{3})", "", claim)
    frozen = _numbers({k: v for k, v in h.as_json().items() if k != "cuts"})
    for figure in re.findall(r"\d+(?:\.\d+)?", told):
        close = [f for f in frozen if math.isclose(float(figure), f, rel_tol=0.02) or _other_way_to_say(f, figure)]
        assert close, f"{figure} in {claim!r} is no constant of the claim"


def _numbers(value: object) -> list[float]:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return [float(f) for f in re.findall(r"\d+(?:\.\d+)?", value)] if isinstance(value, str) else []
    if isinstance(value, int | float):
        return [abs(float(value))]
    inner = value.values() if isinstance(value, dict) else list(value)  # type: ignore[call-overload]
    return [number for one in inner for number in _numbers(one)]


def _other_way_to_say(constant: float, figure: str) -> bool:
    """Whether the figure is the constant as a percentage, an hour of the clock (09:00), a year or day of a date."""
    if math.isclose(float(figure), 100 * constant, rel_tol=0.02) or float(figure) in (constant + 1, 0):
        return True
    date = np.datetime64("1970-01-01") + int(min(constant, 1e6))
    return figure.lstrip("0") in {part.lstrip("0") for part in str(date).split("-")}


def test_a_sentence_states_figures_and_interval_and_no_cause(case, rows):
    family, h = case.family, case.hypothesis
    text = family.sentence(h, family.evaluate(h, rows, draws=199))
    assert text.endswith(".")
    assert "95 % interval" in text
    assert f"`{h.outcome}`" in text
    assert not CAUSAL.search(text)
    assert "nan" not in text.lower()
    assert "none" not in text.lower()


def test_a_picture_is_small_and_plain_json_of_its_documented_kind(case, rows):
    picture = case.family.picture(case.hypothesis, rows)
    assert picture.kind == case.picture
    assert 2 <= len(picture.records) <= 500
    text = json.dumps(picture.as_json(), allow_nan=False)
    assert json.loads(text)["records"]
    numbers = [v for r in picture.records for v in r.values() if isinstance(v, float)]
    assert all(math.isfinite(v) for v in [*numbers, *picture.marks])


def test_a_picture_of_no_rows_is_empty_and_not_an_error(case, rows):
    assert case.family.picture(case.hypothesis, rows.select(np.arange(0))).records == ()


def test_evidence_survives_json(case, rows):
    evidence = case.family.evaluate(case.hypothesis, rows, draws=99)
    assert Evidence.model_validate(json.loads(evidence.canonical())) == evidence


def test_another_familys_hypothesis_and_unknown_columns_are_refused(case, rows):
    other = CASES["trend" if case.family.name != "trend" else "group_difference"].hypothesis
    with pytest.raises(HypothesisError):
        case.family.evaluate(other, rows)
    with pytest.raises(HypothesisError, match="nowhere"):
        case.family.evaluate(case.hypothesis.model_copy(update={"outcome": "nowhere"}), rows)


def test_clusters_are_counted_in_the_evidence(case, rows):
    cluster = np.arange(rows.n, dtype=np.int32) // 2
    clustered = Rows(rows.columns, {c: rows._arrays[c] for c in rows.columns}, cluster=cluster)
    evidence = case.family.evaluate(case.hypothesis, clustered, draws=199)
    assert evidence.untestable is not None or 10 <= evidence.clusters <= rows.n // 2


def test_a_hostile_name_or_level_passes_through_words_and_pictures(case, rows):
    names = {name: f"{name}`; <b>\n" for name in rows.columns}
    labels = {label: f"<script> {label} \u202e" for column in LEVELS.values() for label in column}
    h, hostile = relabelled(*renamed(case.hypothesis, rows, names), labels)
    evidence = case.family.evaluate(h, hostile, draws=99)
    assert evidence.untestable is None
    assert h.outcome in case.family.claim(h)
    assert h.outcome in case.family.sentence(h, evidence)
    assert case.family.picture(h, hostile).records
