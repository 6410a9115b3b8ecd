"""The one rule of verdicts, on evidence whose right verdict is known."""

import math

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from heldout.tools.value import Effect
from heldout.tools.verify.evidence import Evidence, Verdict
from heldout.tools.verify.hypothesis import parse
from heldout.tools.verify.multiplicity import Rejections, benjamini_hochberg
from heldout.tools.verify.policy import Rule, make_rule
from heldout.tools.verify.verdict import Claim, control_errors, decide, locked_p

SE = 0.06 / 3.4
"""Standard error at which the smallest effect of a group difference is 3.4 standard errors."""


def claim(
    theta: float | None, *, se: float | None = SE, direction: str = "higher", low: float | None = None,
    high: float | None = None, n: int = 500, untestable: str | None = None, name: str = "wage",
) -> Claim:  # fmt: skip
    """A group difference as its family would measure it: theta in the committed direction, two-sided normal p."""
    hypothesis = parse(
        {
            "family": "group_difference", "outcome": name, "predictor": "sex", "levels": {"a": ["m"], "b": ["f"]},
            "direction": direction,
        }
    )  # fmt: skip
    p = None if theta is None or not se else float(2 * ndtr(-abs(theta) / se))
    raw = None if theta is None else 0.5 + (-theta if direction == "lower" else theta)
    evidence = Evidence(
        hypothesis_id=hypothesis.content_id(), split="held_out", test="normal", n=n, p_value=p, theta=theta,
        standard_error=se, untestable=untestable,
        effect=None if raw is None else Effect(name="P(A>B)", value=raw, low=low, high=high, level=0.95),
    )  # fmt: skip
    return Claim(hypothesis, evidence, 0.5)


def judged(claims: list[Claim], rule: Rule | None = None, weight: float = 1.0, earlier: int = 0) -> list[Verdict]:
    rule = rule or make_rule()
    rejections = control_errors(claims, rule, weight=weight, earlier=earlier)
    return list(decide(claims, rule, rejections, [None] * len(claims)))


def outcomes(verdicts: list[Verdict]) -> list[str]:
    return [v.outcome for v in verdicts]


@pytest.mark.parametrize(
    ("truth", "verified", "refuted"),
    [(0.0, 0.005, 0.960), (0.03, 0.190, 0.522), (0.06, 0.795, 0.050)],
)
def test_at_3_4_standard_errors_the_verdicts_fall_as_the_theory_says(
    truth: float, verified: float, refuted: float
) -> None:
    """statistics: P(verified) = Phi(D - 2.576), P(refuted) = Phi(D (1 - t) - 1.645); each draw is one quantile."""
    rule = make_rule(alpha=0.01)
    draws = truth + SE * ndtri((np.arange(800) + 0.5) / 800)
    got = [outcomes(judged([claim(theta)], rule))[0] for theta in draws.tolist()]
    assert got.count("verified") / 800 == pytest.approx(verified, abs=0.003)
    assert got.count("refuted") / 800 == pytest.approx(refuted, abs=0.003)
    assert got.count("inconclusive") == 800 - got.count("verified") - got.count("refuted")


def test_refutations_of_a_batch_keep_their_own_false_discovery_rate() -> None:
    """Forty claims whose true effect is exactly the smallest of interest: any refutation is false."""
    rng = np.random.default_rng(11)
    runs = 150
    any_false = 0
    for _ in range(runs):
        batch = [claim(float(t), name=f"c{at}") for at, t in enumerate(0.06 + SE * rng.standard_normal(40))]
        any_false += "refuted" in outcomes(judged(batch))
    assert any_false / runs <= 0.05 + 2.5 * math.sqrt(0.05 * 0.95 / runs)


def test_an_effect_that_points_the_other_way_never_counts() -> None:
    wrong = claim(-0.2)
    assert locked_p(wrong) == 1.0
    verdict = judged([wrong])[0]
    assert verdict.outcome == "refuted"
    assert verdict.reason == "On held-out rows the effect points the other way."
    assert verdict.p_adjusted == 1.0


def test_the_direction_lock_holds_for_claims_of_less_as_for_claims_of_more() -> None:
    assert outcomes(judged([claim(0.2, direction="lower")])) == ["verified"]
    assert outcomes(judged([claim(-0.2, direction="lower")])) == ["refuted"]


def test_a_claim_without_direction_counts_either_way() -> None:
    for theta in (0.2, -0.2):
        assert locked_p(claim(theta, direction="any")) < 1e-9
        assert outcomes(judged([claim(theta, direction="any")])) == ["verified"]


def test_a_claim_without_direction_is_refuted_only_when_both_sides_are_ruled_out() -> None:
    tight = 0.06 / 5
    assert outcomes(judged([claim(0.0, se=tight, direction="any")])) == ["refuted"]
    # p of .07 and .058: not verified; the side it leans to is not ruled out, the other side is
    assert outcomes(judged([claim(0.0225, se=tight, direction="any")])) == ["refuted"]
    slack = 0.06 / 2
    assert outcomes(judged([claim(0.05, se=slack, direction="any")])) == ["inconclusive"]
    assert outcomes(judged([claim(-0.05, se=slack, direction="any")])) == ["inconclusive"]


@pytest.mark.parametrize("direction", ["higher", "lower", "any"])
@pytest.mark.parametrize(
    ("low", "value", "high", "size"),
    [(0.07, 0.10, 0.13, "material"), (0.03, 0.10, 0.17, "uncertain"), (0.01, 0.03, 0.05, "negligible")],
)
def test_the_size_of_a_finding_is_where_its_interval_lies(
    direction: str, low: float, value: float, high: float, size: str
) -> None:
    if direction == "lower":
        found = claim(value, se=0.004, direction=direction, low=0.5 - high, high=0.5 - low)
    else:
        found = claim(value, se=0.004, direction=direction, low=0.5 + low, high=0.5 + high)
    verdict = judged([found])[0]
    assert (verdict.outcome, verdict.size) == ("verified", size)


def test_a_finding_without_direction_that_points_down_has_its_size_too() -> None:
    found = claim(-0.10, se=0.004, direction="any", low=0.37, high=0.43)
    assert judged([found])[0].size == "material"


def test_a_finding_without_interval_has_an_uncertain_size() -> None:
    assert judged([claim(0.2)])[0].size == "uncertain"


def test_an_untestable_claim_says_why_and_counts_in_the_size_of_the_batch() -> None:
    close = claim(2.1 * SE)  # p = .036
    assert outcomes(judged([close])) == ["verified"]
    dead = claim(None, se=None, untestable="Only 3 rows of 'm' (at least 10 are needed).", name="tips")
    verdicts = judged([close, dead])
    assert outcomes(verdicts) == ["inconclusive", "untestable"]
    assert verdicts[1].reason == "Only 3 rows of 'm' (at least 10 are needed)."
    assert verdicts[1].p_adjusted is None
    assert verdicts[1].detectable is None
    assert locked_p(dead) == 1.0


def test_what_stays_open_says_which_effect_was_in_reach_and_how_many_rows_it_takes() -> None:
    verdict = judged([claim(0.03, se=0.03, n=400)])[0]
    assert verdict.outcome == "inconclusive"
    reach = ndtri(1 - 0.05 / 2) + ndtri(0.80)
    assert verdict.detectable == pytest.approx(reach * 0.03)
    assert verdict.rows_needed == math.ceil(400 * (reach * 0.03 / 0.06) ** 2)


def test_with_the_rows_it_asks_for_the_smallest_effect_is_found_four_times_in_five() -> None:
    verdict = judged([claim(0.03, se=0.03, n=400)])[0]
    assert verdict.rows_needed is not None
    se = 0.03 * math.sqrt(400 / verdict.rows_needed)
    draws = 0.06 + se * ndtri((np.arange(1_000) + 0.5) / 1_000)
    found = sum(outcomes(judged([claim(theta, se=se)]))[0] == "verified" for theta in draws.tolist())
    assert found / 1_000 == pytest.approx(0.80, abs=0.01)


def test_in_a_batch_the_reach_is_stated_at_the_level_one_more_claim_would_meet() -> None:
    batch = [claim(0.2, name="a"), claim(0.02, se=0.03, name="b"), claim(0.01, se=0.03, name="c")]
    verdicts = judged(batch, weight=0.6, earlier=2)
    level = 0.05 * 0.6 * (2 + 2) / 3
    assert outcomes(verdicts) == ["verified", "inconclusive", "inconclusive"]
    assert verdicts[1].threshold == pytest.approx(level)
    assert verdicts[1].detectable == pytest.approx((ndtri(1 - level / 2) + ndtri(0.80)) * 0.03)
    assert verdicts[0].threshold == pytest.approx(0.05 * 0.6 * (2 + 1) / 3)


def test_a_found_claim_has_no_reach_and_a_claim_without_standard_error_neither() -> None:
    assert judged([claim(0.2)])[0].detectable is None
    verdict = judged([claim(0.0, se=None)])[0]
    assert (verdict.outcome, verdict.detectable, verdict.rows_needed) == ("inconclusive", None, None)


def test_a_verified_claim_never_enters_the_refutations() -> None:
    """A real but tiny effect would be refuted by its size; it is verified and called negligible instead."""
    verdict = judged([claim(0.02, se=0.002, low=0.516, high=0.524)])[0]
    assert (verdict.outcome, verdict.size) == ("verified", "negligible")


def test_refutations_are_the_step_up_over_all_tested_claims_with_verified_ones_as_one() -> None:
    thetas = [0.2, 0.2, 0.0, 0.018, 0.028, -0.01]
    batch = [claim(t, name=f"c{at}") for at, t in enumerate(thetas)]
    p_below = np.array([1.0, 1.0, *(ndtr((t - 0.06) / SE) for t in thetas[2:])])
    wanted = ["refuted" if hit else "inconclusive" for hit in benjamini_hochberg(p_below, 0.05)[2:]]
    assert wanted == ["refuted", "refuted", "inconclusive", "refuted"]
    assert outcomes(judged(batch)) == ["verified", "verified", *wanted]


def test_the_users_smallest_effect_moves_the_verdict() -> None:
    batch = [claim(0.01, se=0.02)]
    assert outcomes(judged(batch)) == ["refuted"]
    assert outcomes(judged(batch, make_rule(smallest_effects={"group_difference": 0.03}))) == ["inconclusive"]


def test_strict_control_is_holm_over_the_batch() -> None:
    batch = [claim(z * SE, name=f"c{at}") for at, z in enumerate((2.0, 2.05, 2.1))]  # p .046, .040, .036
    assert outcomes(judged(batch)) == ["verified"] * 3
    assert "verified" not in outcomes(judged(batch, make_rule(strict=True)))


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (
            claim(0.1, se=0.004, low=0.57, high=0.63),
            "Held up on rows that nothing had looked at; larger than the smallest effect of interest.",
        ),
        (
            claim(0.1, se=0.004, low=0.51, high=0.69),
            "Held up on rows that nothing had looked at; may be under the smallest effect of interest.",
        ),
        (
            claim(0.03, se=0.004, low=0.51, high=0.55),
            "Real but negligible: held up, and is under the smallest effect of interest.",
        ),
        (
            claim(0.0),
            "On held-out rows the effect is shown to be under the smallest effect of interest "
            "(P(A>B) 0.06 away from .5).",
        ),
        (
            claim(-0.01, se=0.05),
            "On held-out rows the effect does not point the way it did, but a real effect is not ruled out.",
        ),
        (claim(0.03, se=0.03), "The held-out rows neither show the effect nor rule it out."),
    ],
)
def test_every_verdict_says_why(found: Claim, reason: str) -> None:
    assert judged([found])[0].reason == reason


def test_the_evidence_of_both_sides_is_kept_beside_the_verdict() -> None:
    held, explored = claim(0.2), claim(0.3).evidence
    rejections = Rejections(rejected=(True,), adjusted=(0.001,), level=0.05, next_level=0.05)
    verdict = decide([held], make_rule(), rejections, [explored])[0]
    assert verdict.evidence == held.evidence
    assert verdict.exploration == explored
    assert verdict.hypothesis_id == held.hypothesis.content_id()
