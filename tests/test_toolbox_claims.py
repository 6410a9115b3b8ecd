"""Proposals: read by the one grammar, frozen on exploration rows, refused with reasons; claims shown in its words."""

import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from heldout.agent.asking import Asking
from heldout.agent.claims_file import Stated
from heldout.agent.outlook import Focus
from heldout.agent.toolbox import TOOLS, Bench
from heldout.agent.toolbox.names import chosen
from heldout.agent.toolbox.words import clearness, grammar
from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError
from heldout.tools.verify.hypothesis import parse
from tests.toolbox import ask, bench_of, proposed, table

FRAME = table()


@pytest.fixture
def bench() -> Bench:
    return bench_of(FRAME)


def test_a_claim_is_understood_as_verify_understands_it(bench: Bench) -> None:
    words = [
        "pay higher for plan=gold", "left=yes lower for contract=yes", "pay increases with visits", "pay ~ plan",
        "pay higher where visits > 8 and plan=gold", "mean pay higher for plan=gold than basic among visits < 30",
    ]  # fmt: skip
    answers = proposed(bench, *words)
    asking = Asking([Stated(w) for w in words])
    asking.understand(bench.columns, {})
    asking.freeze(bench.columns, bench.rows, bench.structure)
    ids = [q.hypothesis.content_id() for q in asking.questions]
    assert [a.get("id") for a in answers[:3]] == ids[:3]
    assert [p.hypothesis.content_id() for p in bench.proposals if p.hypothesis] == [
        a["id"] for a in answers if "id" in a
    ]
    assert all(a["understood"] for a in answers)
    assert all(p.why == "it may matter" for p in bench.proposals)


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ("pay higher for plna=gold", "Did you mean 'plan'"),
        ("pay higher for plan=glod", "Did you mean 'gold'"),
        ("pay higher", "Say for which rows"),
        ("wages are nice", "No column is named"),
        ("note higher for plan=gold", "not analysed"),
        ("pay lower for plan=gold", "opposite"),
        ("pay higher for plan=gold among visits > 400", "cannot be tested"),
        ({"family": "group_difference", "outcome": "pay"}, "refused at"),
        ({"family": "mystery", "outcome": "pay", "predictor": "plan"}, "refused at"),
        ({"outcome": "pay", "predictor": "plan"}, "needs its `family`"),
        ("x" * 3_000, None),
    ],
)
def test_a_claim_that_cannot_stand_is_refused_with_the_reason(bench: Bench, claim: Any, reason: str | None) -> None:
    if reason is None:
        assert "error" in ask(bench, "propose", claims=[{"claim": "pay " + claim}])
        return
    [answer] = proposed(bench, claim)
    assert "id" not in answer
    assert reason in answer["refused"]
    [kept] = bench.proposals
    assert kept.hypothesis is None
    assert kept.refused == answer["refused"]


def test_a_claim_of_which_exploration_rows_show_nothing_is_refused_as_that() -> None:
    pairs = np.repeat(np.arange(300) % 41, 2).astype(float)
    own = bench_of(pd.DataFrame({"side": ["left", "right"] * 300, "y": pairs, "z": pairs[::-1] ** 2}))
    [answer] = proposed(own, "y higher for side=left than right")
    assert answer["refused"].startswith("Exploration rows show no such effect")
    assert answer["seen"] == "not seen"


def test_one_bad_claim_does_not_take_the_others_with_it(bench: Bench) -> None:
    answers = proposed(bench, "nonsense", "pay higher for plan=gold", {"family": "trend"})
    assert ["id" in a for a in answers] == [False, True, False]


def test_the_same_claim_in_other_words_counts_once(bench: Bench) -> None:
    answers = proposed(bench, "pay higher for plan=gold than basic", "pay lower for plan=basic than gold")
    answers += proposed(bench, "pay is larger for plan = gold versus basic")
    assert "id" in answers[0]
    assert all("the same as claim 1" in a["refused"] for a in answers[1:])


def test_what_follows_from_how_the_table_is_built_is_refused() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.integers(1, 90, 700).astype(float), rng.integers(1, 90, 700).astype(float)
    own = bench_of(pd.DataFrame({"a": a, "b": b, "both": a + b, "g": rng.choice(["x", "y"], 700)}))
    [answer] = proposed(own, "both increases with a")
    assert "how the table is built" in answer["refused"]


def test_claims_on_what_the_user_did_not_ask_about_are_refused() -> None:
    own = bench_of(FRAME, focus=Focus(outcome="left"))
    answers = proposed(own, "pay higher for plan=gold", "left=yes higher for contract=no")
    assert "asked about left" in answers[0]["refused"]
    assert "id" in answers[1]


def test_the_model_sets_no_unit_and_no_field_that_the_grammar_lacks() -> None:
    rng = np.random.default_rng(6)
    store = rng.integers(0, 60, 1_800)
    zone = np.array(["in", "out"])[rng.integers(0, 2, 60)][store]
    level = rng.normal(0, 3, 60)[store]
    own = bench_of(pd.DataFrame({"store": [f"s{k:02d}" for k in store], "zone": zone,
                                 "sales": level + 8 * (zone == "in") + rng.normal(0, 1, 1_800),
                                 "mood": rng.choice(["a", "b"], 1_800)}))  # fmt: skip
    typed = {"family": "group_difference", "outcome": "sales", "predictor": "zone", "direction": "higher",
             "levels": {"a": ["in"], "b": ["out"]}}  # fmt: skip
    forged = {**typed, "unit": {"column": "mood", "tried": 1}}
    [first] = proposed(own, forged)
    [kept] = own.proposals
    assert kept.hypothesis is not None
    assert kept.hypothesis.unit is not None
    assert kept.hypothesis.unit.column == "store"
    assert kept.hypothesis.unit.tried > 1
    assert "units" in first
    plain = bench_of(FRAME)
    bare = {"family": "monotone_association", "outcome": "pay", "predictor": "visits", "direction": "increasing"}
    [answer] = proposed(plain, {**bare, "unit": {"column": "city", "tried": 1}})
    assert "id" in answer
    assert plain.proposals[0].hypothesis is not None
    assert plain.proposals[0].hypothesis.unit is None
    [second] = proposed(own, {**typed, "smallest_effect": 0.0, "alpha": 1.0})
    assert "refused at" in second["refused"]


def test_no_more_than_fifty_claims_are_taken(bench: Bench) -> None:
    words = [f"pay higher where visits > {k}.5" for k in range(3, 12)]
    words += [f"pay increases with visits among c10 > {40 + 0.1 * k:.1f}" for k in range(60)]
    for start in range(0, len(words), 12):
        proposed(bench, *words[start : start + 12])
    assert sum(p.hypothesis is not None for p in bench.proposals) == 50
    assert "50 claims were proposed" in (bench.proposals[-1].refused or "")
    assert ask(bench, "propose", claims=[{"claim": "pay higher for plan=gold"}])["left"] == 0


def test_a_rule_that_nearly_every_row_keeps_is_refused_since_it_would_pay_for_weaker_claims(bench: Bench) -> None:
    filled = "plan is never missing except 20 %"
    for answer in proposed(bench, "pay is between -200 and 900 except 1 %", filled, "visits at least 0 except 30 %"):
        assert "raises the level of all others" in answer["refused"]
        assert "effect" not in answer
    assert not bench.facts
    assert not any(p.hypothesis for p in bench.proposals)


def test_a_claim_that_the_choice_of_rows_or_a_control_makes_true_is_refused() -> None:
    frame = table()
    frame.loc[5:6, "pay"] = 30.0
    frame["total"] = frame["pay"] + frame["visits"]
    bench = bench_of(frame[["plan", "contract", "visits", "pay", "total"]])
    said = [
        "visits decreases with pay among total <= 60", "pay decreases with visits given total",
        "pay decreases with visits among plan=gold and total > 40",
    ]  # fmt: skip
    for answer in proposed(bench, *said):
        assert "`total` is made from what the claim speaks of" in answer["refused"]
    assert "id" in proposed(bench, "pay increases with visits given contract")[0]
    [one_side] = proposed(bench, "pay higher for plan=gold among total > 10")
    assert "id" in one_side, "the total is tied to one side alone"


def test_an_open_question_brings_no_figure_and_no_link_into_the_report(bench: Bench) -> None:
    for text in ("p = 0.001, verified?", "Is ٤٢ right?", "Is ½ of `pay` missing?", "Why ｐ＝０?", "See [f12]?"):
        assert "without digits" in ask(bench, "open_question", question=text)["error"]
    ask(bench, "open_question", question="Is `c9` of http://evil.example meant by c10?")
    assert bench.open_questions == ["Is `c9` of http: //evil.example meant by c10?"]


def test_open_questions_are_kept_once_and_as_visible_text(bench: Bench) -> None:
    assert ask(bench, "open_question", question="Is pay \u202egross?\n") == {"noted": 1}
    assert ask(bench, "open_question", question="Is pay gross?") == {"noted": 1}
    assert bench.open_questions == ["Is pay gross?"]


# Claims in the grammar's words


def of(family: str, outcome: str, predictor: str, direction: str | None = "higher", **more: Any) -> dict[str, Any]:
    """A typed claim; one on `plan` compares gold with the rest."""
    levels = {"levels": {"a": ["gold"]}} if predictor == "plan" and direction is not None else {}
    way = {} if direction is None else {"direction": direction}
    return {"family": family, "outcome": outcome, "predictor": predictor, **levels, **way, **more}


WHERE = [{"column": "city", "op": "!=", "value": "Bonn"}, {"column": "visits", "op": ">=", "value": 3.5}]
RULE = [{"column": "visits", "op": ">", "value": 8.0}, {"column": "plan", "op": "==", "value": "gold"}]
CELLS = {"outcome_levels": ["Bonn", "Jena", "Kiel"], "predictor_levels": ["basic", "plus", "gold"]}
CLAIMS = (
    of("group_difference", "pay", "plan"),
    of("group_difference", "pay", "plan", "lower", levels={"a": ["gold", "plus"], "b": ["basic"]}, where=WHERE),
    of("rate_difference", "left", "contract", event="yes", levels={"a": ["no"], "b": ["yes"]}),
    of("mean_difference", "pay", "plan"),
    of("quantile_difference", "pay", "plan", quantile=0.9),
    of("occurrence_difference", "visits", "plan", above=4.0),
    of("rate_ratio", "visits", "plan", exposure="pay"),
    of("monotone_association", "left", "visits", "decreasing", event="yes"),
    of("monotone_association", "pay", "visits", "any"),
    of("trend", "left", "day", "rising", event="no"),
    of("trend", "pay", "day", "falling"),
    of("subgroup", "left", "visits", event="yes", rule=RULE),
    of("categorical_association", "city", "plan", None, **CELLS),
)


@pytest.mark.parametrize("fields", CLAIMS, ids=lambda f: f"{f['family']}-{f['outcome']}")
def test_a_claim_in_words_is_read_back_as_the_same_claim(fields: dict[str, Any]) -> None:
    own = bench_of(FRAME)
    h = parse(fields)
    words = grammar(h, own.ids)
    assert words is not None
    asking = Asking([Stated(words)])
    asking.understand(own.columns, {})
    asking.freeze(own.columns, own.rows, own.structure)
    [question] = asking.questions
    drop = ("cuts",)
    assert {k: v for k, v in question.hypothesis.as_json().items() if k not in drop} == {
        k: v for k, v in h.as_json().items() if k not in drop
    }


def test_what_relate_and_trend_show_can_be_proposed_as_it_stands(bench: Bench) -> None:
    pairs = (("pay", "plan"), ("left", "contract"), ("left", "visits"), ("pay", "c9"), ("c10", "visits"))
    shown = [ask(bench, "relate", outcome=o, other=p)["effects"] for o, p in pairs]
    claims = [e["claim"] for effects in shown for e in effects]
    assert len(claims) >= 6
    answers = proposed(bench, *claims[:12])
    assert all("understood" in a for a in answers), answers
    assert not [a for a in answers if "No column" in json.dumps(a) or "no level" in json.dumps(a)]


def test_conditions_choose_rows_as_the_grammar_reads_them(bench: Bench) -> None:
    found = chosen(bench, "visits >= 8 and plan != gold and day after 2022-01-01")
    mask = (FRAME.visits >= 8) & (FRAME.plan != "gold") & (FRAME.day > "2022-01-01")
    assert found.rows.n == int(mask.sum())
    assert found.words == "visits >= 8 and plan != gold and day > 2022-01-01"
    with pytest.raises(HypothesisError, match="up to three"):
        chosen(bench, "visits >= 8 or plan=gold")


def test_clearness_counts_standard_errors_and_knows_the_direction() -> None:
    rng = np.random.default_rng(1)
    group = np.repeat(["a", "b"], 400)
    y = rng.normal(0, 1, 800) + 0.8 * (group == "a")
    rows = Rows.of({"g": group, "y": y, "z": np.roll(rng.normal(0, 1, 800), 1)})
    from heldout.tools.verify.verify import measure

    def seen(outcome: str, direction: str) -> str:
        h = parse(of("group_difference", outcome, "g", direction, levels={"a": ["a"], "b": ["b"]}))
        return clearness(measure(h, rows, split="exploration"), directed=direction != "any")

    assert seen("y", "higher") == seen("y", "any") == "very clear"
    assert seen("y", "lower") == "the opposite is seen"
    assert seen("z", "higher") in ("not seen", "faint")


def test_every_form_that_the_docstring_shows_is_read() -> None:
    """A form that a model is shown and cannot use costs it a call."""
    rng = np.random.default_rng(5)
    n = 1_200
    frame = pd.DataFrame(
        {
            "sex": rng.choice(["male", "female"], n), "wage": rng.normal(20, 3, n), "revenue": rng.normal(9, 1, n),
            "plan": rng.choice(["gold", "basic", "free"], n), "wait": rng.exponential(3, n),
            "desk": rng.choice(["a", "b", "c"], n), "churn": rng.choice(["yes", "no"], n),
            "contract": rng.choice(["two-year", "monthly"], n), "age": rng.normal(45, 9, n),
            "visits": rng.poisson(40, n).astype(float), "region": rng.choice(["north", "south"], n),
            "claims": rng.poisson(60, n).astype(float), "exposure": rng.uniform(1, 2, n),
            "area": rng.choice(["A", "B"], n), "charges": rng.normal(0, 1, n), "delay": rng.normal(5, 1, n),
            "date": pd.Timestamp("2022-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 1_400, n)), unit="D"),
            "sales": rng.normal(3, 1, n), "price": rng.normal(7, 1, n), "size": rng.normal(120, 20, n),
            "income": rng.normal(0, 1, n), "city": rng.choice(["A", "B", "C"], n),
        }
    )  # fmt: skip
    own = bench_of(frame)
    spec = next(t for t in TOOLS if t.name == "propose")
    words = spec.description.split("signs in backticks:")[1].split("To each,")[0]
    forms = re.findall(r'"([^"]+)"', " ".join(words.split()))
    assert len(forms) == 18
    answers = [proposed(own, form)[0] for form in forms]
    assert [a["claim"] for a in answers if "understood" not in a] == []


def amounts(n: int = 900) -> Bench:
    rng = np.random.default_rng(9)
    age = rng.normal(40, 10, n).round(0)
    any_ = rng.random(n) < np.clip((age - 10) / 60, 0.05, 0.95)
    side = np.where(rng.random(n) < 0.5, "left", "right")
    gifts = np.where(any_, rng.poisson(4, n) + 1.0 + (side == "left") * 3, 0.0)
    return bench_of(pd.DataFrame({"age": age, "side": side, "gifts": gifts, "noise": rng.normal(size=n)}))


def test_how_often_there_is_any_and_how_much_there_then_is_are_claimed_apart() -> None:
    own = amounts()
    mixed, rank, often, much = proposed(
        own, "gifts increases with age", "gifts higher for side=left", "gifts > 0 increases with age",
        "gifts higher for side=left among gifts > 0",
    )  # fmt: skip
    for refused in (mixed, rank):
        assert "gifts is often 0" in refused["refused"]
        assert "'gifts > 0 increases with" in refused["refused"]
    assert (often["understood"], "id" in often) == ("The share of rows where `gifts` is above 0 rises with `age`", True)
    assert "id" in much


def test_what_relate_shows_of_an_amount_is_read_as_the_claim_that_was_measured() -> None:
    own = amounts()
    effects = ask(own, "relate", outcome="gifts", other="age")["effects"]
    assert effects[0]["claim"] == "gifts > 0 increases with age"
    [answer] = proposed(own, effects[0]["claim"])
    assert answer["in_units"] == effects[0]["in_units"]


def test_a_refusal_does_not_tell_the_model_what_only_the_person_can_do() -> None:
    rng = np.random.default_rng(8)
    store = rng.integers(0, 60, 1_800)
    zone = np.array(["in", "out"])[rng.integers(0, 2, 60)][store]
    own = bench_of(
        pd.DataFrame({"store": [f"s{k:02d}" for k in store], "zone": zone, "sales": rng.normal(0, 1, 1_800)})
    )
    answers = proposed(own, "sales higher where zone=in", "zone=in higher for store=s01")
    assert all("refused" in a for a in answers)
    assert "--entity" not in json.dumps(answers)


def test_figures_carry_ids_only_where_something_will_cite_them(bench: Bench) -> None:
    cited = ask(bench, "compare_groups", outcome="pay", by="plan")
    bench.citing = False
    plain = ask(bench, "compare_groups", outcome="pay", by="plan")
    assert re.search(r"\[f\d+\]", json.dumps(cited))
    assert json.loads(re.sub(r"\[f\d+\]", "", json.dumps(cited))) == plain
