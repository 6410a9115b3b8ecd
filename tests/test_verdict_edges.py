"""The rule of verdicts at its edges: ties, missing parts of the evidence, claims without a smallest effect."""

import pytest
from scipy.special import ndtri
from test_verdict import SE, claim, judged, outcomes

from heldout.tools.errors import UsageError
from heldout.tools.verify.claims_relations import Invariant
from heldout.tools.verify.hypothesis import parse
from heldout.tools.verify.multiplicity import Rejections
from heldout.tools.verify.policy import SMALLEST_EFFECTS, make_rule
from heldout.tools.verify.verdict import Claim, decide

SMALL = "On held-out rows the effect is shown to be under the smallest effect of interest"


def altered(found: Claim, **evidence: object) -> Claim:
    return found._replace(evidence=found.evidence.model_copy(update=evidence))


def rule_of_data(p: float, theta: float) -> Claim:
    """A claim whose null is its tolerance and which has no smallest effect."""
    h = Invariant(outcome="y", predictor="y", rule="not_missing", tolerance=0.01)
    return Claim(h, altered(claim(theta), p_value=p).evidence, 0.01)


def test_a_verified_claim_makes_no_room_for_the_refutation_of_another() -> None:
    """Its effect is tiny and sure: counted with its own p, it would let the second claim be refuted at .05."""
    sure, doubtful = claim(0.02, se=0.002, name="a"), claim(0.06 + SE * ndtri(0.04), name="b")
    assert outcomes(judged([sure, doubtful])) == ["verified", "inconclusive"]
    assert outcomes(judged([doubtful])) == ["refuted"]


def test_a_p_that_is_the_level_itself_is_verified() -> None:
    at = altered(claim(0.1), p_value=0.05)
    assert outcomes(judged([at])) == ["verified"]
    assert outcomes(judged([at], make_rule(strict=True))) == ["verified"]


def test_an_effect_of_exactly_nothing_does_not_point_the_committed_way() -> None:
    verdict = judged([claim(0.0, se=0.05)])[0]
    assert verdict.reason == (
        "On held-out rows the effect does not point the way it did, but a real effect is not ruled out."
    )


def test_a_claim_without_standard_error_is_neither_refuted_nor_given_a_reach() -> None:
    verdict = judged([altered(claim(0.001), standard_error=None)])[0]
    assert (verdict.outcome, verdict.detectable, verdict.rows_needed) == ("inconclusive", None, None)
    assert judged([altered(claim(0.001), theta=None)])[0].outcome == "inconclusive"


def test_a_rule_of_the_data_has_no_reach_and_is_kept_or_broken() -> None:
    kept, open_, broken = rule_of_data(1e-6, 0.009), rule_of_data(0.5, SE), rule_of_data(0.9, -5 * SE)
    verdicts = judged([kept, open_, broken])
    assert outcomes(verdicts) == ["verified", "inconclusive", "refuted"]
    assert verdicts[0].reason.startswith("Held up on rows that nothing had looked at: broken by a smaller share")
    assert verdicts[2].reason == "On held-out rows it is broken by a larger share than is tolerated."
    assert [v.detectable for v in verdicts] == [None, None, None]


def test_an_effect_that_clearly_points_the_other_way_is_told_so_and_a_faint_one_not() -> None:
    assert judged([claim(-0.1, se=0.02)])[0].reason == "On held-out rows the effect points the other way."
    faint = judged([claim(-0.01)])[0]
    assert (faint.outcome, faint.reason) == ("refuted", f"{SMALL} (P(A>B) 0.06 away from .5).")
    at = altered(claim(-0.05), p_value=0.05)
    assert judged([at])[0].reason.startswith(SMALL)
    without = claim(0.002, se=0.0009, direction="any")
    assert judged([altered(without, p_value=0.06)])[0].reason.startswith(SMALL)
    nothing = altered(claim(0.0), p_value=0.01)
    assert judged([nothing])[0].reason.startswith(SMALL)
    sure = altered(claim(0.01, se=0.002), p_value=0.04)
    both = judged([sure, altered(claim(0.0), p_value=0.9)])
    assert both[0].outcome == "refuted"
    assert both[0].reason.startswith(SMALL)


def test_a_refutation_names_the_scale_only_where_one_is_known() -> None:
    assert judged([altered(claim(0.0), effect=None)])[0].reason == f"{SMALL} (0.06)."
    h = parse({"family": "monotone_association", "outcome": "y", "predictor": "x", "direction": "increasing"})
    flat = claim(0.0, se=0.02)
    effect = flat.evidence.effect
    assert effect is not None
    named = altered(flat, effect=effect.model_copy(update={"name": "Spearman's rho"}))
    assert judged([named._replace(hypothesis=h)])[0].reason == f"{SMALL} (Spearman's rho 0.1)."


def test_a_finding_of_which_an_end_or_the_effect_is_not_known_has_an_uncertain_size() -> None:
    for found in (
        claim(0.2, se=0.004, low=0.69),
        claim(0.2, se=0.004, high=0.71),
        altered(claim(0.2, se=0.004), effect=None),
    ):
        verdict = judged([found])[0]
        assert (verdict.outcome, verdict.size) == ("verified", "uncertain")


@pytest.mark.parametrize("level", [0.0, 1.0, 1.5])
def test_at_a_level_that_is_none_no_reach_is_stated(level: float) -> None:
    rejections = Rejections(rejected=(False,), adjusted=(1.0,), level=level, next_level=level)
    verdict = decide([claim(0.03, se=0.03)], make_rule(), rejections, [None])[0]
    assert (verdict.outcome, verdict.detectable, verdict.rows_needed) == ("inconclusive", None, None)


@pytest.mark.parametrize("alpha", [0.0, 0.5, -0.1, 1.0])
def test_an_error_level_that_is_none_is_refused_with_its_value(alpha: float) -> None:
    with pytest.raises(UsageError, match=rf"^`alpha` must be between 0 and 0\.5\. Got {alpha!r} instead\.$"):
        make_rule(alpha=alpha)


@pytest.mark.parametrize("value", [0.0, 1.0, -0.2, 2.0])
def test_a_smallest_effect_off_its_scale_is_refused_with_its_value(value: float) -> None:
    with pytest.raises(UsageError, match=rf"^The smallest effect of 'trend' must be .* Got {value!r} instead\.$"):
        make_rule(smallest_effects={"trend": value})


def test_a_smallest_effect_of_no_family_is_refused_with_the_families() -> None:
    with pytest.raises(UsageError, match=r"^`smallest_effects` names 'tend', which is no family\.") as caught:
        make_rule(smallest_effects={"tend": 0.1})
    assert str(caught.value).endswith(f"Families: {', '.join(SMALLEST_EFFECTS)}.")


def test_a_rule_keeps_the_settings_it_was_made_with_and_the_defaults_of_the_rest() -> None:
    rule = make_rule(alpha=0.01, strict=True, smallest_effects={"trend": 0.3})
    assert (rule.alpha, rule.control, rule.method) == (0.01, "fwer", "Holm")
    assert rule.smallest_effects == {**SMALLEST_EFFECTS, "trend": 0.3}
    plain = make_rule()
    assert (plain.alpha, plain.control, plain.method) == (0.05, "fdr", "session-LOND")
    assert plain.smallest_effects == SMALLEST_EFFECTS
    assert plain.smallest(rule_of_data(0.5, 0.0).hypothesis) == 0.0
