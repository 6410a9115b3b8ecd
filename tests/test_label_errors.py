"""Errors of a model's labels in a claim's interval: the factors, the coverage, and what stays as it was.

The whole simulation is `python benchmarks/label_errors.py`.
"""

from collections.abc import Sequence

import numpy as np
import pytest

from heldout.tools.data.rows import Rows
from heldout.tools.text.evaluate import Aids
from heldout.tools.text.properties import Judged
from heldout.tools.text.repeats import Repeats, kappa
from heldout.tools.value import Effect
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.hypothesis import Hypothesis, parse
from heldout.tools.verify.labels import LEAST_FACTOR, beyond, carried, repeats_of, shrinkage, unlabelled, widened
from heldout.tools.verify.policy import make_rule
from heldout.tools.verify.verify import judge
from tests.labelled import (
    AS_GROUPS,
    AS_OUTCOME,
    Errors,
    Told,
    covers,
    labelled,
    of_amounts,
    of_shares,
    repeated,
)

MANY = 10_000_000


def test_kappa_is_cohens() -> None:
    from sklearn.metrics import cohen_kappa_score

    rng = np.random.default_rng(1)
    first, second = rng.random(60) < 0.4, rng.random(60) < 0.5
    assert kappa(repeated(first, second)) == pytest.approx(cohen_kappa_score(first, second), abs=1e-12)
    assert kappa(Repeats(50)) is None
    assert kappa(Repeats()) is None


@pytest.mark.parametrize("error", [0.0, 0.05, 0.1, 0.2])
@pytest.mark.parametrize("share", [0.5, 0.2])
def test_the_factors_are_those_of_independent_errors(error: float, share: float) -> None:
    """With endless repeats nothing is uncertain: the factors are 1 - 2e, and PPV + NPV - 1 of groups of labels."""
    differ = round(2 * error * (1 - error) * MANY)
    repeats = Repeats(both_yes=MANY - differ, first_yes=differ)
    assert shrinkage(repeats) == pytest.approx(1 - 2 * error, abs=1e-3)
    told = share * (1 - error) + (1 - share) * error
    right_yes, right_no = share * (1 - error) / told, (1 - share) * (1 - error) / (1 - told)
    assert shrinkage(repeats, told) == pytest.approx(right_yes + right_no - 1, abs=2e-3)


def test_a_claim_that_labels_err_beyond_what_can_be_carried_is_no_ground_for_a_test() -> None:
    elsewhere = parse(AS_GROUPS.as_json() | {"where": [{"column": "rude", "op": "==", "value": "yes"}]})
    reason = unlabelled(elsewhere, {"rude": Repeats(40, 0, 0, 40)})
    assert reason == beyond(elsewhere)
    assert str(reason).startswith("`rude` is answered by a model, whose errors can be carried into")


def test_documents_are_labelled_again_by_the_model_that_the_question_names_and_by_no_other() -> None:
    class Twice(Told):
        def repeated(self, prop: Judged, texts: Sequence[str]) -> Repeats:
            return Repeats(
                both_yes=sum(t.startswith("y") for t in texts), both_no=sum(t.startswith("n") for t in texts)
            )

    rows = Rows.of({"group": np.array(["a", "b", "a"])}, texts={"text": ["yes", None, "no"]})
    assert repeats_of([AS_OUTCOME, AS_GROUPS], rows, Aids({"m": Twice()})) == {"rude": Repeats(1, 0, 0, 1)}
    assert repeats_of([AS_OUTCOME], rows, Aids({"other": Twice()})) == {}
    assert repeats_of([AS_OUTCOME], rows, Aids({"m": Told()})) == {}, "a model that cannot be asked again"


def test_an_effect_without_an_interval_is_not_given_one() -> None:
    bare = Effect(name="risk difference", value=0.2)
    assert widened(bare, 0.0, 0.5) == bare


def test_few_repeats_are_trusted_less_than_many() -> None:
    some, more = Repeats(40, 3, 2, 5), Repeats(400, 30, 20, 50)
    assert shrinkage(some) < shrinkage(more) < 1
    assert shrinkage(Repeats(25, 0, 0, 25)) < 1, "no disagreement among fifty is not none at all"


def test_an_interval_only_widens_and_only_away_from_nothing() -> None:
    effect = Effect(name="risk difference", value=0.2, low=0.1, high=0.3, level=0.95)
    wide = widened(effect, 0.0, 0.5)
    assert (wide.value, wide.low, wide.high) == (0.2, 0.1, 0.6)
    across = widened(effect.model_copy(update={"low": -0.1}), 0.0, 0.5)
    assert (across.low, across.high) == (-0.2, 0.6)
    assert widened(effect, 0.0, 0.2).high == 1.0
    above = widened(Effect(name="P(A>B)", value=0.4, low=0.3, high=0.45, level=0.95), 0.5, 0.5)
    assert above.low == pytest.approx(0.1)
    assert above.high == 0.45


@pytest.mark.parametrize("error", [0.0, 0.05, 0.1, 0.2])
@pytest.mark.parametrize("kind", ["outcome", "groups"])
def test_intervals_hold_the_true_difference_although_labels_err(kind: str, error: float) -> None:
    errors, seen = Errors(error, error), []
    for seed in range(300):
        rng = np.random.default_rng([seed, int(100 * error)])
        if kind == "outcome":
            seen.append(covers(AS_OUTCOME, of_shares(rng, 200, (0.5, 0.3), errors)))
        else:
            seen.append(covers(AS_GROUPS, of_amounts(rng, 200, 0.5, 0.5, errors)))
    fit = np.array([x[:2] for x in seen if x is not None])
    kept, plain = fit.mean(axis=0)
    assert kept >= 0.94
    if error == 0.2:
        assert plain < 0.8, "labels as they are would not do"


def test_labels_that_see_the_document_alone_leave_the_p_value_as_it_is() -> None:
    """Nothing is there: a fifth of the labels wrong rejects as rarely as none."""
    hits, tested = 0, 0
    for seed in range(600):
        drawn = of_shares(np.random.default_rng([7, seed]), 150, (0.4, 0.4), Errors(0.2, 0.2))
        evidence = FAMILIES["rate_difference"].evaluate(AS_OUTCOME, drawn.rows)
        hits += evidence.p_value <= 0.05
        tested += 1
    assert hits / tested <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / tested)


def test_a_difference_that_labels_shrank_under_the_smallest_effect_is_not_refuted() -> None:
    """Six points of truth are three and a half of labels, shown to be under five: as they are they would refute it."""
    rule = make_rule(alpha=1e-9, smallest_effects={"rate_difference": 0.05})
    outcomes: dict[Repeats, list[str]] = {Repeats(220, 160, 160, 460): [], Repeats(500, 0, 0, 500): []}
    for seed in range(20):
        drawn = of_shares(np.random.default_rng([4, seed]), 6_000, (0.31, 0.25), Errors(0.2, 0.2))
        for repeats, told in outcomes.items():
            own = {"rude": repeats}
            judged = judge([AS_OUTCOME], drawn.rows, rule, [None], weight=1.0, earlier=0, split="held_out", labels=own)
            told.append(judged.verdicts[0].outcome)
    carried_in, as_they_are = outcomes.values()
    assert carried_in.count("refuted") == 0
    assert as_they_are.count("refuted") >= 10


def test_labels_that_agree_hardly_more_than_chance_are_no_ground_for_a_test() -> None:
    rng = np.random.default_rng(5)
    drawn = of_shares(rng, 200, (0.9, 0.1), Errors(0.0, 0.0))
    coin = repeated(rng.random(50) < 0.5, rng.random(50) < 0.5)
    [verdict] = judge(
        [AS_OUTCOME], drawn.rows, make_rule(), [None], weight=1.0, earlier=0, split="held_out", labels={"rude": coin}
    ).verdicts
    assert verdict.outcome == "untestable"
    assert verdict.evidence.p_value is None
    assert "Labelled twice" in verdict.reason
    assert verdict.evidence.labels[0].repeated == 50
    assert shrinkage(coin) < LEAST_FACTOR


def test_a_failing_model_and_too_few_repeats_leave_a_claim_untestable_with_the_reason() -> None:
    assert "too busy" in str(unlabelled(AS_OUTCOME, {"rude": Repeats(failure="The provider was too busy.")}))
    assert "19 documents" in str(unlabelled(AS_OUTCOME, {"rude": Repeats(10, 0, 0, 9)}))
    assert unlabelled(AS_OUTCOME, {"rude": Repeats(10, 0, 0, 10)}) is None
    assert unlabelled(AS_OUTCOME, {}) is not None, "labels that were never repeated carry no error"


def test_only_claims_into_whose_interval_the_errors_can_be_carried_are_admitted() -> None:
    texts = AS_OUTCOME.as_json()["texts"]
    assert beyond(AS_OUTCOME) is None
    assert beyond(AS_GROUPS) is None
    trend = parse({"family": "trend", "outcome": "rude", "predictor": "day", "direction": "rising", "texts": texts})
    assert beyond(trend) is not None
    where = [{"column": "rude", "op": "==", "value": "yes"}]
    assert beyond(parse({**AS_OUTCOME.as_json(), "outcome": "late", "where": where})) is not None
    assert beyond(parse({**AS_OUTCOME.as_json(), "outcome": "late", "controls": ["rude"]})) is not None
    assert beyond(parse({**AS_OUTCOME.as_json(), "outcome": "late", "texts": []})) is None


def test_the_evidence_tells_how_far_the_labels_agree() -> None:
    drawn = of_shares(np.random.default_rng(2), 200, (0.6, 0.3), Errors(0.05, 0.05))
    plain = FAMILIES["rate_difference"].evaluate(AS_OUTCOME, drawn.rows, draws=0)
    found = carried(AS_OUTCOME, plain, {"rude": drawn.repeats})
    assert found.p_value == plain.p_value
    assert found.effect.value == plain.effect.value
    [labels] = found.labels
    assert labels.same == 50 - drawn.repeats.differ
    assert f"{labels.same} of 50 documents got the same answer (kappa {labels.kappa:.2f})" in found.warnings[-1]
    assert carried(AS_OUTCOME.model_copy(update={"texts": ()}), plain, {}) == plain


def test_with_labels_that_have_nothing_to_do_with_documents_little_is_verified() -> None:
    verified = 0
    for seed in range(200):
        rng = np.random.default_rng([9, seed])
        drawn = of_shares(rng, 150, (0.5, 0.5), Errors(0.5, 0.5))
        same = labelled(rng, np.arange(50) % 2 == 0, Errors(0.0, 0.0))  # the worst case: it repeats its whims
        [verdict] = judge(
            [AS_OUTCOME], drawn.rows, make_rule(), [None], weight=1.0, earlier=0, split="held_out",
            labels={"rude": repeated(same, same)},
        ).verdicts  # fmt: skip
        verified += verdict.outcome == "verified"
    assert verified <= 10 + 3 * np.sqrt(200 * 0.05 * 0.95)


def test_the_page_on_methods_has_the_numbers_of_the_code() -> None:
    from pathlib import Path

    from heldout.agent import judging
    from heldout.agent.model_settings import ModelSettings
    from heldout.tools.text.properties import Judged
    from heldout.tools.text.repeats import REPEATED
    from heldout.tools.verify import labels

    text = (Path(__file__).resolve().parents[1] / "docs" / "methods.md").read_text(encoding="utf-8")
    section = " ".join(text.split("## Questions that a model answers")[1].split("\n## ")[0].split())
    most = ModelSettings("x:y").max_judged
    assert most == Judged.model_fields["most"].default
    for said in (
        f"cut at {judging.LONGEST:,} characters, up to {judging.A_CALL} in a call", f"At most {most} documents",
        f"{REPEATED} opened documents are labelled a second time", f"the {100 * labels.LEVEL:.0f} % interval of d",
        f"under {labels.LEAST_FACTOR}, or fewer than {labels.LEAST_REPEATS} documents",
    ):  # fmt: skip
        assert said in section


@pytest.mark.parametrize("h", [AS_OUTCOME, AS_GROUPS], ids=["outcome", "groups"])
def test_the_second_opinion_widens_alike(h: Hypothesis) -> None:
    from heldout.agent.report.reproduction import labels as second

    rng = np.random.default_rng(11)
    drawn = of_shares(rng, 200, (0.6, 0.3), Errors(0.1, 0.1)) if h is AS_OUTCOME else None
    drawn = drawn or of_amounts(rng, 200, 0.4, 0.6, Errors(0.03, 0.03))
    plain = FAMILIES[h.family].evaluate(h, drawn.rows, draws=0)
    first = carried(h, plain, {"rude": drawn.repeats})
    told = [x.as_json() for x in first.labels]
    found = {
        "n_per_group": list(plain.n_per_group.values()), "null": h.null, "error": plain.standard_error,
        "effect": plain.effect.as_json(), "in_units": plain.in_units.as_json(),
    }  # fmt: skip
    factor = second.shrunk(h.as_json(), found, told)
    assert factor is not None
    again = second.carried(h.as_json(), found, factor)
    for name in ("effect", "in_units"):
        own = getattr(first, name)
        assert (again[name]["low"], again[name]["high"]) == pytest.approx((own.low, own.high), rel=1e-12)
    assert again["error"] == pytest.approx(first.standard_error, rel=1e-12)
    assert second.shrunk(h.as_json(), found, []) is None
