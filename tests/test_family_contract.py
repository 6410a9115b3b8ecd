"""What every family of hypotheses owes its callers, one suite over all of them."""

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
from heldout.tools.verify.hypothesis import (
    CategoricalAssociation,
    Condition,
    Contrast,
    FamilyName,
    GroupDifference,
    Hypothesis,
    MonotoneAssociation,
    RateDifference,
    Trend,
    sign,
)

LEVELS = Contrast(a=("u",), b=("v",))
HYPOTHESES: dict[str, Hypothesis] = {
    "group_difference": GroupDifference(outcome="y", predictor="g", levels=LEVELS, direction="higher"),
    "rate_difference": RateDifference(outcome="e", event="yes", predictor="g", levels=LEVELS, direction="higher"),
    "monotone_association": MonotoneAssociation(outcome="y", predictor="x", cuts=(-0.67, 0.67), direction="increasing"),
    "categorical_association": CategoricalAssociation(
        outcome="e", predictor="g", outcome_levels=("yes", "no"), predictor_levels=("u", "v")
    ),
    "trend": Trend(outcome="y", predictor="t", direction="rising"),
}
OPPOSITE = {"higher": "lower", "increasing": "decreasing", "rising": "falling"}
KINDS = {
    "group_difference": "groups",
    "rate_difference": "rates",
    "monotone_association": "curve",
    "categorical_association": "shares",
    "trend": "series",
}
CAUSAL = re.compile(r"\b(caus\w+|leads? to|drives?|driven|affects?|because|due to|impacts?|makes?)\b", re.I)


def planted(n: int = 400, seed: int = 1) -> Rows:
    """Rows where every family's hypothesis is true, with a few values missing."""
    rng = np.random.Generator(np.random.PCG64(seed))
    g = rng.integers(0, 2, n)
    x = rng.normal(size=n)
    days = rng.permutation(n)
    y = rng.normal(size=n) + 1.0 * (g == 0) + 0.5 * x + 2 * days / n
    event = np.where(rng.random(n) < np.where(g == 0, 0.6, 0.25), "yes", "no").astype(object)
    y[rng.random(n) < 0.03] = np.nan
    event[rng.random(n) < 0.03] = None
    return Rows.of(
        {
            "g": np.where(g == 0, "u", "v"),
            "x": x,
            "y": y,
            "e": event,
            "t": np.datetime64("2023-01-01") + days,
            "age": rng.integers(18, 80, n).astype(float),
        }
    )


@pytest.fixture(scope="module")
def rows() -> Rows:
    return planted()


@pytest.fixture(params=sorted(HYPOTHESES))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_every_family_of_the_grammar_is_registered_under_its_own_name():
    assert set(FAMILIES) <= set(get_args(FamilyName))
    assert set(HYPOTHESES) <= set(FAMILIES)
    assert all(family.name == key for key, family in FAMILIES.items())


def test_a_planted_effect_is_found_with_the_whole_evidence(name, rows):
    family, h = FAMILIES[name], HYPOTHESES[name]
    evidence = family.evaluate(h, rows)
    assert evidence.untestable is None
    assert evidence.hypothesis_id == h.content_id()
    assert evidence.split == "held_out"
    assert evidence.p_value == max(evidence.p_permutation, evidence.p_robust) < 0.001
    assert evidence.effect.name == family.effect_name
    assert evidence.effect.low <= evidence.effect.value <= evidence.effect.high
    assert evidence.effect.level == 0.95
    assert evidence.theta > 0
    assert evidence.standard_error > 0
    assert evidence.in_units is not None or name == "categorical_association"
    assert evidence.n + evidence.missing == rows.n
    assert evidence.missing > 0
    assert len(evidence.groups) >= 2


def test_theta_is_the_effect_minus_its_null_in_the_committed_direction(name, rows):
    family, h = FAMILIES[name], HYPOTHESES[name]
    evidence = family.evaluate(h, rows, draws=99)
    assert evidence.theta == pytest.approx((sign(h) or 1) * (evidence.effect.value - family.null), abs=1e-12)
    if h.direction in OPPOSITE:
        turned = h.model_copy(update={"direction": OPPOSITE[h.direction]})
        other = family.evaluate(turned, rows, draws=99)
        assert other.theta == pytest.approx(-evidence.theta)
        assert other.p_value == evidence.p_value


def test_the_same_seed_gives_the_same_evidence_and_leaves_numpys_global_state_alone(name, rows):
    family, h = FAMILIES[name], HYPOTHESES[name]
    before = np.random.get_state()[1].tolist()
    first, second = (family.evaluate(h, rows, draws=999, seed=4) for _ in range(2))
    assert first == second
    assert np.random.get_state()[1].tolist() == before


def test_the_order_of_the_rows_does_not_matter(name, rows):
    family, h = FAMILIES[name], HYPOTHESES[name]
    shuffled = rows.select(np.random.Generator(np.random.PCG64(3)).permutation(rows.n))
    one, two = family.evaluate(h, rows, draws=199), family.evaluate(h, shuffled, draws=199)
    assert two.effect.value == pytest.approx(one.effect.value, rel=1e-9)
    assert two.p_robust == pytest.approx(one.p_robust, rel=1e-6)
    assert two.p_permutation == pytest.approx(one.p_permutation, abs=0.02)


def test_no_draws_leave_the_robust_p_alone(name, rows):
    evidence = FAMILIES[name].evaluate(HYPOTHESES[name], rows, draws=0)
    assert evidence.p_permutation is None
    assert evidence.p_value == evidence.p_robust is not None


def test_a_lower_confidence_level_gives_a_narrower_interval(name, rows):
    family, h = FAMILIES[name], HYPOTHESES[name]
    wide, narrow = (family.evaluate(h, rows, draws=0, level=level).effect for level in (0.99, 0.8))
    assert wide.low < narrow.low <= narrow.value <= narrow.high < wide.high
    assert (wide.level, narrow.level) == (0.99, 0.8)


def test_too_few_rows_or_none_are_untestable_with_a_reason_and_no_p(name, rows):
    family, h = FAMILIES[name], HYPOTHESES[name]
    for few in (0, 1, 8):
        evidence = family.evaluate(h, rows.select(np.arange(few)))
        assert evidence.untestable
        assert evidence.p_value is evidence.theta is evidence.effect is None
        assert evidence.n <= few
        assert family.sentence(h, evidence).endswith((".", ". "))


def test_an_outcome_that_never_varies_or_is_never_there_is_untestable(name, rows):
    family, h = FAMILIES[name], HYPOTHESES[name]
    n = rows.n
    shared = {"g": np.tile(["u", "v"], n // 2), "x": np.arange(n) / 7, "t": np.datetime64("2023-01-01") + np.arange(n)}
    constant = Rows.of(shared | {"y": np.ones(n), "e": np.repeat(["yes"], n)})
    if name == "categorical_association":
        h = h.model_copy(update={"outcome_levels": ("yes",)})
    assert family.evaluate(h, constant).untestable
    labels = np.array(["yes", "no"] + [None] * (n - 2), object)
    gone = Rows.of(shared | {"y": np.full(n, np.nan), "e": labels})
    evidence = family.evaluate(HYPOTHESES[name], gone)
    assert evidence.untestable
    assert evidence.missing >= n - 2


def test_the_population_filter_leaves_the_rows_it_says(name, rows):
    family, h = FAMILIES[name], HYPOTHESES[name]
    filtered = h.model_copy(update={"where": (Condition(column="age", op=">=", value=30),)})
    inside = rows.select(rows.number("age") >= 30)
    one, two = family.evaluate(filtered, rows, draws=99), family.evaluate(h, inside, draws=99)
    assert (one.n, one.effect, one.p_value) == (two.n, two.effect, two.p_value)
    assert "where `age` ≥ 30" in family.claim(filtered)
    assert "where `age` ≥ 30" in family.sentence(filtered, one)


def test_a_claim_is_one_sentence_without_figures_full_stop_or_cause(name):
    claim = FAMILIES[name].claim(HYPOTHESES[name])
    h = HYPOTHESES[name]
    assert f"`{h.outcome}`" in claim
    assert f"`{h.predictor}`" in claim
    assert not claim.endswith(".")
    assert not re.search(r"\d", claim)
    assert not CAUSAL.search(claim)


def test_a_sentence_states_figures_and_interval_and_no_cause(name, rows):
    family, h = FAMILIES[name], HYPOTHESES[name]
    text = family.sentence(h, family.evaluate(h, rows, draws=199))
    assert text.endswith(".")
    assert "95 % interval" in text
    assert f"`{h.outcome}`" in text
    assert not CAUSAL.search(text)
    assert "nan" not in text.lower()
    assert "none" not in text.lower()


def test_a_picture_is_small_and_plain_json_of_its_documented_kind(name, rows):
    picture = FAMILIES[name].picture(HYPOTHESES[name], rows)
    assert picture.kind == KINDS[name]
    assert 2 <= len(picture.records) <= 500
    text = json.dumps(picture.as_json(), allow_nan=False)
    assert json.loads(text)["records"]
    numbers = [v for r in picture.records for v in r.values() if isinstance(v, float)]
    assert all(math.isfinite(v) for v in numbers)


def test_a_picture_of_no_rows_is_empty_and_not_an_error(name, rows):
    assert FAMILIES[name].picture(HYPOTHESES[name], rows.select(np.arange(0))).records == ()


def test_evidence_survives_json(name, rows):
    evidence = FAMILIES[name].evaluate(HYPOTHESES[name], rows, draws=99)
    assert Evidence.model_validate(json.loads(evidence.canonical())) == evidence


def test_another_familys_hypothesis_and_unknown_columns_are_refused(name, rows):
    family = FAMILIES[name]
    other = HYPOTHESES["trend" if name != "trend" else "group_difference"]
    with pytest.raises(HypothesisError):
        family.evaluate(other, rows)
    with pytest.raises(HypothesisError, match="nowhere"):
        family.evaluate(HYPOTHESES[name].model_copy(update={"outcome": "nowhere"}), rows)


def test_clusters_are_counted_in_the_evidence(name, rows):
    cluster = np.arange(rows.n, dtype=np.int32) // 2
    clustered = Rows(rows.columns, {c: rows._arrays[c] for c in rows.columns}, cluster=cluster)
    evidence = FAMILIES[name].evaluate(HYPOTHESES[name], clustered, draws=199)
    assert evidence.untestable is not None or 10 <= evidence.clusters <= rows.n // 2


def test_a_hostile_name_or_level_passes_through_words_and_pictures(name, rows):
    odd, label = "y`; <b>\n", "<script> \u202e"
    rename = {"y": odd, "e": "e`e", "g": "g g"}
    n = rows.n
    side = np.where(rows.codes("g") == 0, label, "v")
    data = {odd: rows.number("y"), "e`e": np.where(rows.codes("e") == 0, label, "no"), "g g": side}
    data |= {"x": rows.number("x"), "t": np.datetime64("2023-01-01") + np.arange(n)}
    swap = {
        k: (label if v == "u" or v == "yes" else v) for k, v in HYPOTHESES[name].model_dump().items() if k == "event"
    }
    update: dict = {"outcome": rename[HYPOTHESES[name].outcome]} | {k: v for k, v in swap.items() if v}
    update["predictor"] = rename.get(HYPOTHESES[name].predictor, HYPOTHESES[name].predictor)
    if name in ("group_difference", "rate_difference"):
        update["levels"] = Contrast(a=(label,), b=("v",))
    if name == "categorical_association":
        update |= {"outcome_levels": (label, "no"), "predictor_levels": (label, "v")}
    h = HYPOTHESES[name].model_copy(update=update)
    family, hostile = FAMILIES[name], Rows.of(data)
    evidence = family.evaluate(h, hostile, draws=99)
    assert update["outcome"] in family.claim(h)
    assert update["outcome"] in family.sentence(h, evidence)
    assert family.picture(h, hostile).records
