"""The search for rules: what is planted is found, what single conditions say already is not told again."""

import numpy as np
import pytest

from heldout.agent.choice import choose
from heldout.agent.draft import Draft
from heldout.agent.outlook import Focus, Outlook
from heldout.agent.propose_rankings import clear_order, clear_top, propose_rankings, without_parts
from heldout.agent.propose_rules import propose_rules
from heldout.tools.data.rows import Rows
from heldout.tools.explore.scan import scan_pairs
from heldout.tools.explore.selectors import mask_of, plain_between, selectors
from heldout.tools.explore.subgroups import RuleLead, Target, find_rules, scores
from heldout.tools.verify.hypothesis import Contrast, GroupDifference, Ranking, Subgroup
from heldout.tools.verify.verify import measure

NAMES = [*(f"x{i}" for i in range(5)), *(f"k{i}" for i in range(4))]


def _table(n: int = 3_000, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    numbers = {f"x{i}": rng.normal(size=n) for i in range(5)}
    return numbers | {f"k{i}": rng.choice(list("abcd"), n) for i in range(4)}


def _found(data: dict[str, np.ndarray], *targets: Target, barred: frozenset = frozenset()) -> list[RuleLead]:
    return find_rules(Rows.of(data), targets, NAMES, barred)


def _told(rule: RuleLead) -> list[tuple[str, str]]:
    return sorted((t.column, t.op) for t in rule.terms)


def test_a_planted_rule_of_two_conditions_is_found_for_numbers_and_events() -> None:
    data, rng = _table(), np.random.default_rng(1)
    inside = (data["x0"] > 0.3) & (data["k1"] == "b")
    data["y"] = rng.normal(size=3_000) + 1.0 * inside
    data["e"] = np.where(rng.random(3_000) < 0.2 + 0.5 * inside, "yes", "no")
    found = _found(data, Target("y"), Target("e", "yes"))
    assert {r.outcome: _told(r) for r in found} == {
        "y": [("k1", "=="), ("x0", ">")], "e": [("k1", "=="), ("x0", ">")]
    }  # fmt: skip
    assert all(r.higher and 0.06 < r.coverage < 0.15 and r.gain > 1.3 for r in found)


def test_a_planted_rule_of_three_conditions_is_found() -> None:
    data, rng = _table(8_000), np.random.default_rng(2)
    inside = (data["x2"] > 0) & (data["k3"] != "a") & (data["x4"] < 0.2)
    data["y"] = rng.normal(size=8_000) - 1.2 * inside
    [best, *_] = _found(data, Target("y"))
    assert _told(best) == [("k3", "!="), ("x2", ">"), ("x4", "<=")]
    assert not best.higher


def test_two_effects_that_only_add_up_make_no_rule() -> None:
    data, rng = _table(8_000), np.random.default_rng(3)
    data["y"] = rng.normal(size=8_000) + 0.6 * (data["x0"] > 0) + 0.6 * (data["x1"] > 0)
    assert _found(data, Target("y")) == []


def test_noise_suggests_hardly_any_rule() -> None:
    found = 0
    for seed in range(20):
        data, rng = _table(1_500, seed), np.random.default_rng(100 + seed)
        data |= {"y": rng.standard_t(2, 1_500), "e": np.where(rng.random(1_500) < 0.1, "yes", "no")}
        found += len(_found(data, Target("y"), Target("e", "yes")))
    assert found <= 4


def test_a_rule_that_settles_an_event_is_told_though_few_rows_part_it_from_a_single_condition() -> None:
    rng = np.random.default_rng(4)
    grade, papers = rng.choice(list("AABCD"), 300), rng.integers(0, 5, 300)
    papers = np.where((grade == "A") & (rng.random(300) < 0.75), np.maximum(papers, 1), papers)
    assert 3 <= ((grade == "A") & (papers == 0)).sum() < 10
    admitted = np.where((grade == "A") & (papers >= 1), "admitted", "rejected")
    rows = Rows.of({"grade": grade, "papers": papers, "admission": admitted})
    [rule, *_] = find_rules(rows, [Target("admission", "admitted")], ["grade", "papers"], frozenset())
    told = sorted((t.column, t.op, t.value) for t in rule.terms)
    assert told == [("grade", "==", "A"), ("papers", ">=", 1.0)]
    assert rule.higher


def test_a_column_that_follows_from_the_outcome_takes_no_part() -> None:
    data, rng = _table(), np.random.default_rng(5)
    data["y"] = rng.normal(size=3_000) + 2.0 * ((data["x0"] > 0.3) & (data["k1"] == "b"))
    assert _found(data, Target("y"), barred=frozenset({frozenset(("y", "k1"))})) == []


def test_effect_and_coverage_are_those_of_the_rows_that_meet_the_conditions() -> None:
    data, rng = _table(), np.random.default_rng(6)
    data["e"] = np.where(rng.random(3_000) < 0.2 + 0.5 * ((data["x0"] > 0) & (data["k1"] != "b")), "yes", "no")
    rows = Rows.of(data)
    [rule, *_] = find_rules(rows, [Target("e", "yes")], NAMES, frozenset())
    held = np.ones(rows.n, bool)
    for t in rule.terms:
        value = rows.number(t.column) if t.column[0] == "x" else None
        if value is None:
            label = rows.level_mask(t.column, [str(t.value)])
            held &= label if t.op == "==" else ~label
        else:
            held &= value > float(t.value) if t.op == ">" else value <= float(t.value)
    y = scores(rows, Target("e", "yes"))
    assert rule.coverage == pytest.approx(held.mean(), abs=1e-12)
    assert rule.effect == pytest.approx(y[held].mean() - y[~held].mean(), abs=1e-5)


@pytest.mark.parametrize("event", [None, "yes"])
def test_rows_that_miss_the_outcome_count_neither_inside_nor_outside(event: str | None) -> None:
    data, rng = _table(), np.random.default_rng(9)
    inside = (data["x0"] > 0.3) & (data["k1"] == "b")
    lost = rng.random(3_000) < np.where(inside, 0.5, 0.1)
    label = np.where(rng.random(3_000) < 0.2 + 0.5 * inside, "yes", "no").astype(object)
    label[lost] = None
    data["y"] = np.where(lost, np.nan, rng.normal(size=3_000) + inside) if event is None else label
    rule, rows, held = _found(data, Target("y", event))[0], Rows.of(data), np.ones(3_000, bool)
    assert _told(rule) == [("k1", "=="), ("x0", ">")]
    for term in rule.terms:
        held &= rows.level_mask("k1", ["b"]) if term.column == "k1" else data["x0"] > float(term.value)
    y = scores(rows, Target("y", event))
    assert rule.effect == pytest.approx(y[held & ~lost].mean() - y[~held & ~lost].mean(), abs=1e-5)


def test_every_condition_is_a_union_of_bins_that_selects_the_rows_it_says() -> None:
    rng = np.random.default_rng(7)
    x = np.where(rng.random(900) < 0.1, np.nan, np.exp(rng.normal(size=900)))
    rows = Rows.of({"x": x, "n": rng.integers(0, 4, 900), "k": rng.choice(list("abc"), 900)})
    found = selectors(rows, ["x", "n", "k"])
    assert {t.column for t in found.terms} == {"x", "n", "k"}
    for at, term in enumerate(found.terms):
        if term.column == "k":
            expected = rows.level_mask("k", [str(term.value)]) ^ (term.op == "!=")
        else:
            value = rows.number(term.column)
            expected = {">": value > term.value, "<=": value <= term.value, ">=": value >= term.value}[term.op]
        assert (mask_of([at], found) == expected).all(), term


@pytest.mark.parametrize(("low", "high", "cut"), [(0.2, 0.9, 0.6), (1234.0, 1987.0, 2000.0), (-1.0, 1.0, 0.0)])
def test_a_cut_between_two_values_is_a_plain_figure(low: float, high: float, cut: float) -> None:
    told = plain_between(low, high)
    assert low <= told < high
    assert len(f"{told:g}") <= len(f"{cut:g}") + 1


def _outlook(rows: Rows, outcome: str | None = None) -> Outlook:
    order = {name: at for at, name in enumerate(rows.columns)}
    return Outlook(rows, scan_pairs(rows), frozenset(), frozenset(), Focus(outcome), order)


def test_proposed_rules_hold_on_the_rows_they_were_seen_on_in_the_committed_direction() -> None:
    data, rng = _table(), np.random.default_rng(8)
    data["target"] = rng.normal(size=3_000) - 1.0 * ((data["x0"] > 0.3) & (data["k1"] == "b"))
    rows = Rows.of(data)
    [claim] = [h for h in propose_rules(_outlook(rows, "target"))]
    assert isinstance(claim, Subgroup)
    assert claim.direction == "lower"
    assert (measure(claim, rows, split="exploration").theta or 0) > 0.1


def test_an_order_is_proposed_only_where_every_step_is_clear() -> None:
    rng = np.random.default_rng(9)
    k = rng.integers(0, 4, 2_000)
    label = np.array(list("dbca"))[k]
    clear = Rows.of({"k": label, "y": rng.normal(size=2_000) - 0.8 * k})
    tied = Rows.of({"k": label, "y": rng.normal(size=2_000) - 0.8 * np.minimum(k, 2)})
    [claim] = list(propose_rankings(_outlook(clear)))
    assert isinstance(claim, Ranking)
    assert claim.order == ("d", "b", "c", "a")
    assert list(propose_rankings(_outlook(tied))) == []
    assert clear_order(_outlook(tied), tied.column("y"), tied.column("k")) == ()


def _shops(lift: list[float], seed: int, n: int = 4_000) -> Rows:
    """Sales of shops named a, b, c …, each lifted by its own amount."""
    rng = np.random.default_rng(seed)
    shop = rng.integers(0, len(lift), n)
    names = np.array([chr(97 + k) for k in range(len(lift))])
    return Rows.of({"shop": names[shop], "sales": rng.normal(size=n) + np.array(lift)[shop]})


@pytest.mark.parametrize(("lift", "first"), [([1, 0, 0.9, 0, 0, 0, 0, 0, 0], "ac"), ([1, 0, 1.1, 0, 0.9, 0, 0], "ace")])
def test_the_two_or_three_highest_levels_are_claimed_where_they_stand_apart(lift: list[float], first: str) -> None:
    [claim] = list(propose_rankings(_outlook(_shops(lift, 10))))
    assert isinstance(claim, Ranking)
    assert claim.top == len(first)
    assert set(claim.order[: claim.top]) == set(first)
    assert (measure(claim, _shops(lift, 11), split="exploration").theta or 0) > 0.1


@pytest.mark.parametrize("lift", [[0.0] * 9, [1.0, *[0.0] * 8], list(np.linspace(0, 0.6, 10))], ids=str)
def test_no_few_are_claimed_where_none_or_one_alone_or_no_gap_stands_out(lift: list[float]) -> None:
    assert list(propose_rankings(_outlook(_shops(lift, 12)))) == []


def test_no_few_are_claimed_among_levels_too_rare_to_compare() -> None:
    rows = _shops([1, 1, *[0.0] * 40], 13, 2_500)
    outlook = _outlook(rows)
    assert clear_top(outlook, rows.column("sales"), rows.column("shop")) == ((), None)


class _Told:
    def __init__(self, hypothesis: Ranking | GroupDifference) -> None:
        self.hypothesis = hypothesis


def test_an_order_stands_for_the_comparisons_of_its_levels() -> None:
    one = GroupDifference(outcome="y", predictor="k", levels=Contrast(a=("a",)), direction="higher")
    other = one.model_copy(update={"outcome": "z"})
    order = Ranking(outcome="y", predictor="k", order=("a", "b"))
    assert [d.hypothesis for d in without_parts([_Told(one), _Told(order), _Told(other)])] == [order, other]


def test_the_highest_few_leave_the_comparisons_of_single_levels_as_they_are() -> None:
    one = GroupDifference(outcome="y", predictor="k", levels=Contrast(a=("a",)), direction="higher")
    few = Ranking(outcome="y", predictor="k", order=("a", "b", "c", "d", "e"), top=2)
    assert [d.hypothesis for d in without_parts([_Told(one), _Told(few)])] == [one, few]


def test_the_highest_few_and_a_comparison_of_nearly_the_same_rows_are_one_draft() -> None:
    rows = _shops([1, 0, 0.9, 0, 0, 0, 0, 0, 0], 14)
    few = Ranking(outcome="sales", predictor="shop", order=tuple("cabdefghi"), top=2)
    same = GroupDifference(outcome="sales", predictor="shop", levels=Contrast(a=("a", "c")), direction="higher")
    low = GroupDifference(outcome="sales", predictor="shop", levels=Contrast(a=("h",)), direction="lower")
    chosen = choose([Draft(few, 0.9), Draft(same, 0.8), Draft(low, 0.7)], rows)
    assert [d.hypothesis for d in chosen] == [few, low]
