"""Drafting by rule: few, varied, in focus, never on what follows from how the table is built."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from heldout.agent.choice import MOST
from heldout.agent.draft import Batch, draft_by_rule
from heldout.agent.outlook import Focus
from heldout.tools.data.dataset import open_dataset
from heldout.tools.data.rows import Rows
from heldout.tools.data.split import SealedSplit, seal
from heldout.tools.explore.lead import Lead, Structure
from heldout.tools.explore.scan import scan_pairs
from heldout.tools.verify.hypothesis import Condition, Contrast, GroupDifference, Hypothesis
from heldout.tools.verify.policy import make_rule

TRUE = [{"plan", "spend"}, {"contract", "churned"}, {"visits", "spend"}]


def drafted(
    rows: Rows, leads: Sequence[Lead] | None = None, *, focus: Focus | None = None,
    structure: Sequence[Structure] = (), held_out_units: int = 600, proposed: Sequence[Hypothesis] = (),
) -> Batch:  # fmt: skip
    found = scan_pairs(rows) if leads is None else leads
    wish = focus or Focus()
    return draft_by_rule(
        rows, found, structure, make_rule(), wish, held_out_units=held_out_units, weight=1.0, proposed=proposed
    )


def pairs(batch: Batch) -> list[frozenset[str]]:
    return [frozenset((d.hypothesis.outcome, d.hypothesis.predictor)) for d in batch.drafts]


@pytest.fixture(scope="module")
def explored(planted: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    with open_dataset(planted, name="planted") as data:
        split: SealedSplit = seal(data, tmp_path_factory.mktemp("split"))
    return split.explore()


@pytest.fixture(scope="module")
def busy() -> Rows:
    """Forty columns that all lean on three hidden ones, so that there is far more to say than fits a batch."""
    rng = np.random.default_rng(4)
    n = 1_500
    hidden = rng.normal(0, 1, (3, n))
    data: dict[str, np.ndarray] = {}
    for at in range(24):
        data[f"number_{at:02}"] = hidden[at % 3] + rng.normal(0, 1, n)
    for at in range(8):
        data[f"stars_{at}"] = np.clip(np.round(3 + hidden[at % 3] + rng.normal(0, 0.7, n)), 1, 5)
    for at in range(8):
        cut = hidden[at % 3] + rng.normal(0, 0.8, n)
        data[f"kind_{at}"] = np.array(["low", "mid", "high"], object)[np.digitize(cut, [-0.5, 0.5])]
    return Rows.of(data)


def test_the_planted_truths_are_drafted(explored: Rows) -> None:
    found = pairs(drafted(explored))
    assert all(frozenset(truth) in found for truth in TRUE)


def test_directions_are_those_of_the_planted_truths(explored: Rows) -> None:
    batch = drafted(explored)
    told = {
        (d.hypothesis.family, frozenset((d.hypothesis.outcome, d.hypothesis.predictor))): d.hypothesis
        for d in reversed(batch.drafts)
    }
    gold = told["group_difference", frozenset(("plan", "spend"))]
    assert (gold.outcome, gold.levels.a, gold.direction) == ("spend", ("gold",), "higher")
    assert told["monotone_association", frozenset(("visits", "spend"))].direction == "increasing"
    churn = told["rate_difference", frozenset(("contract", "churned"))]
    assert (churn.outcome, churn.event) == ("churned", "yes")
    assert (churn.levels.a, churn.direction) in {(("no",), "higher"), (("yes",), "lower")}


def test_few_claims_are_made_of_columns_that_depend_on_nothing(explored: Rows) -> None:
    idle = [p for p in pairs(drafted(explored)) if p & {"noise", "luck", "shade"}]
    assert len(idle) <= 4


def test_a_batch_has_at_most_fifty_claims_and_says_how_many_it_was_chosen_from(busy: Rows) -> None:
    batch = drafted(busy)
    assert len(batch.drafts) == MOST == 50
    assert batch.drafted > 100
    assert batch.deduplicated == batch.drafted - 50
    assert len({d.hypothesis.content_id() for d in batch.drafts}) == 50


def test_no_pair_of_columns_is_told_more_than_twice(busy: Rows, explored: Rows) -> None:
    for rows in (busy, explored, busy.select(np.arange(700))):
        count = Counter(pairs(drafted(rows)))
        assert max(count.values()) <= 2
    few = Rows.of({name: busy.number(name) for name in ("stars_0", "stars_3", "number_00")})
    assert max(Counter(pairs(drafted(few))).values()) <= 2


def test_a_batch_is_varied_in_outcomes_and_predictors(busy: Rows) -> None:
    batch = drafted(busy)
    assert len(Counter(d.hypothesis.outcome for d in batch.drafts)) >= 10
    assert len(Counter(d.hypothesis.predictor for d in batch.drafts)) >= 10
    assert max(Counter(d.hypothesis.outcome for d in batch.drafts).values()) <= 15


def test_a_strong_pair_does_not_end_the_batch_for_the_weaker_ones(busy: Rows) -> None:
    """A pair that is told already, however useful, gives way to the next pair instead of stopping the choice."""
    rng = np.random.default_rng(5)
    n = busy.n
    strong = np.clip(np.round(rng.normal(5, 2, n)), 0, 10)
    data = {"strong": strong, "price": strong * 9 + rng.normal(0, 1, n)}
    for at in range(4):
        member = rng.random(n) < 0.5
        data[f"member_{at}"] = member
        data[f"score_{at}"] = 0.28 * member + rng.normal(0, 1, n)
    found = set(pairs(drafted(Rows.of(data))))
    assert frozenset(("strong", "price")) in found
    assert all(frozenset((f"member_{at}", f"score_{at}")) in found for at in range(4))


def test_nothing_is_drafted_on_pairs_that_follow_from_how_the_table_is_built(explored: Rows) -> None:
    total = Structure(kind="sum", columns=("visits", "luck", "spend"), text="`spend` is the sum of its parts.")
    batch = drafted(explored, structure=[total])
    assert frozenset(("visits", "spend")) not in pairs(batch)
    assert frozenset(("plan", "spend")) in pairs(batch)


def test_with_an_outcome_in_focus_every_claim_has_it_as_outcome(busy: Rows) -> None:
    for name in ("number_00", "stars_1"):
        batch = drafted(busy, focus=Focus(outcome=name))
        assert batch.drafts
        assert {d.hypothesis.outcome for d in batch.drafts} == {name}


def test_a_label_in_focus_takes_part_in_every_claim(busy: Rows) -> None:
    batch = drafted(busy, focus=Focus(outcome="kind_1"))
    assert batch.drafts
    assert all("kind_1" in p for p in pairs(batch))


def test_with_columns_in_focus_one_of_them_takes_part_in_every_claim(busy: Rows) -> None:
    about = ("number_03", "kind_2")
    batch = drafted(busy, focus=Focus(about=about))
    assert batch.drafts
    assert all(set(d.hypothesis.columns) & set(about) for d in batch.drafts)


@pytest.mark.parametrize(
    ("focus", "pair", "wanted"),
    [
        (Focus(), ("a", "b"), True),
        (Focus(outcome="a"), ("b", "a"), True),
        (Focus(outcome="a"), ("b", "c"), False),
        (Focus(about=("c",)), ("b", "c"), True),
        (Focus(about=("c",)), ("a", "b"), False),
        (Focus(outcome="a", about=("c",)), ("a", "b"), False),
        (Focus(outcome="a", about=("c",)), ("a", "c"), True),
    ],
)
def test_a_pair_is_in_focus_when_both_wishes_are_met(focus: Focus, pair: tuple[str, str], wanted: bool) -> None:
    assert focus.admits(*pair) is wanted


def test_the_same_rows_give_the_same_batch_to_the_last_digit(busy: Rows) -> None:
    assert drafted(busy) == drafted(busy)


def test_fewer_held_out_rows_leave_fewer_claims_worth_making(explored: Rows) -> None:
    assert len(drafted(explored, held_out_units=25).drafts) < len(drafted(explored, held_out_units=2_000).drafts)


def test_no_leads_no_drafts(explored: Rows) -> None:
    assert drafted(explored, []) == Batch((), 0, 0)


def test_drafts_come_with_the_most_useful_first_and_say_that_a_rule_made_them(explored: Rows) -> None:
    batch = drafted(explored)
    assert batch.drafts[0].score == max(d.score for d in batch.drafts)
    assert {d.source for d in batch.drafts} == {"rule"}


def test_what_an_order_implies_does_not_live_on_under_another_label_of_the_same_rows() -> None:
    rng = np.random.default_rng(31)
    net = rng.choice(["Fibre", "DSL", "No"], 3_000)
    backup = np.where(net == "No", "No internet service", rng.choice(["Yes", "No"], 3_000))
    bill = np.select([net == "Fibre", net == "DSL"], [3.0, 1.5], 0.0) + rng.normal(size=3_000)
    rows = Rows.of({"backup": backup, "net": net, "bill": bill})
    batch = draft_by_rule(rows, scan_pairs(rows), (), make_rule(), Focus("bill"), held_out_units=3_000, weight=1.0)
    drafted = [d.hypothesis for d in batch.drafts]
    assert any(h.family == "ranking" and h.predictor == "net" for h in drafted)
    assert not [h for h in drafted if getattr(h, "levels", None) and h.levels.a == ("No internet service",)]


def test_what_a_model_picks_is_kept_marked_as_its_own_or_as_both_and_displaces_what_rules_saw(busy: Rows) -> None:
    ruled = drafted(busy)
    both = ruled.drafts[-1].hypothesis
    own = GroupDifference(
        outcome="number_00", predictor="kind_0", levels=Contrast(a=("high",), b=("low",)), direction="higher",
        where=(Condition(column="kind_3", op="==", value="mid"),),
    )  # fmt: skip
    batch = drafted(busy, proposed=(both, own))
    assert {d.hypothesis.content_id(): d.source for d in batch.drafts if d.source != "rule"} == {
        both.content_id(): "both",
        own.content_id(): "model",
    }
    assert len(ruled.drafts) == MOST
    assert sum(d.source == "rule" for d in batch.drafts) == 12
    assert [d.source for d in batch.drafts[:2]] != ["rule", "rule"]


def test_a_pick_said_the_other_way_round_is_the_rule_s_own_claim(busy: Rows) -> None:
    rising = next(d.hypothesis for d in drafted(busy).drafts if d.hypothesis.family == "monotone_association")
    turned = rising.model_copy(update={"outcome": rising.predictor, "predictor": rising.outcome})
    batch = drafted(busy, proposed=(turned,))
    pair = {rising.outcome, rising.predictor}
    found = [d for d in batch.drafts if {d.hypothesis.outcome, d.hypothesis.predictor} == pair]
    assert [(d.hypothesis.outcome, d.source) for d in found] == [(turned.outcome, "both")]


def test_as_many_claims_of_rules_stay_as_were_picked(busy: Rows) -> None:
    picked = [d.hypothesis for d in drafted(busy).drafts[:20]]
    batch = drafted(busy, proposed=picked)
    assert sum(d.source == "both" for d in batch.drafts) == 20
    assert sum(d.source == "rule" for d in batch.drafts) == 20
