"""Rows inside a rule against the rest: the rule as a label, its floors, its words, and its error rate."""

import numpy as np
import pytest

from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.families.rule_sides import rule_codes, words
from heldout.tools.verify.hypothesis import (
    Condition,
    Contrast,
    GroupDifference,
    RateDifference,
    Segment,
    Subgroup,
    parse,
)

RULE = (Condition(column="k", op="==", value="a"), Condition(column="x", op=">", value=0.0))
NUMBER = Subgroup(outcome="y", predictor="k", rule=RULE, direction="higher")
EVENT = Subgroup(outcome="e", event="yes", predictor="k", rule=RULE, direction="higher")
SEGMENT = Segment(outcome="y", predictor="k", rule=RULE, features=("k", "x", "m"), direction="higher")


def _rows(n: int = 600, seed: int = 1, effect: float = 1.0, cluster: np.ndarray | None = None) -> Rows:
    rng = np.random.default_rng(seed)
    k, x = rng.choice(list("abc"), n).astype(object), rng.normal(size=n)
    inside = (k == "a") & (x > 0)
    y = rng.normal(size=n) + effect * inside
    event = np.where(rng.random(n) < 0.3 + 0.4 * effect * inside, "yes", "no")
    k[:9], x[5:12] = None, np.nan
    data = {"k": k, "x": x, "y": y, "e": event, "both": np.where(inside, "in", "out")}
    return Rows.of(data, cluster=None if cluster is None else cluster.tolist())


def test_a_missing_value_leaves_a_rule_open_unless_another_condition_fails() -> None:
    rows = Rows.of(
        {"k": np.array(["a", "b", None, None, "a"], object), "x": np.array([np.nan, np.nan, 1.0, -1.0, 1.0])}
    )
    assert rule_codes(RULE, rows).tolist() == [-1, 1, -1, 1, 0]


@pytest.mark.parametrize("h", [NUMBER, EVENT, SEGMENT])
def test_a_rule_is_tested_as_a_label_that_says_the_same(h: Subgroup | Segment) -> None:
    rows = _rows()
    codes = rule_codes(RULE, rows)
    label = np.array(["in", "out", None], object)[codes]
    cast = Rows.of({"label": label, "y": rows.number("y"), "e": np.array(["no", "yes"], object)[rows.codes("e") ^ 1]})
    if rows.column("e").levels[0] == "no":
        cast = Rows.of({"label": label, "y": rows.number("y"), "e": np.array(["no", "yes"], object)[rows.codes("e")]})
    fields = {"predictor": "label", "levels": Contrast(a=("in",), b=("out",)), "direction": "higher"}
    plain = (
        GroupDifference(outcome="y", **fields)
        if h.event is None
        else RateDifference(outcome="e", event="yes", **fields)
    )
    one = FAMILIES[h.family].evaluate(h, rows, seed=3)
    other = FAMILIES[plain.family].evaluate(plain, cast, seed=3)
    assert (one.n, one.missing, one.p_value, one.effect) == (other.n, other.missing, other.p_value, other.effect)
    assert one.hypothesis_id == h.content_id()


def test_a_rule_of_few_rows_is_refused() -> None:
    rows = _rows(2_000)
    narrow = NUMBER.model_copy(update={"rule": (RULE[0], Condition(column="x", op=">", value=1.4))})
    evidence = FAMILIES["subgroup"].evaluate(narrow, rows)
    assert evidence.untestable is not None
    assert "at least 5 %" in evidence.untestable
    assert evidence.p_value is None
    few = FAMILIES["subgroup"].evaluate(NUMBER, _rows(150))
    assert few.untestable is not None
    assert "at least 30" in few.untestable


def test_the_sentence_tells_rule_coverage_and_lift() -> None:
    rows = _rows(3_000)
    text = FAMILIES["subgroup"].sentence(EVENT, FAMILIES["subgroup"].evaluate(EVENT, rows))
    assert "where `k` is a and `x` > 0 (15.8 % of rows) against" in text
    assert text.endswith(", 1.9 times the share in all rows.")
    told = FAMILIES["segment"].sentence(SEGMENT, FAMILIES["segment"].evaluate(SEGMENT, rows))
    assert told.startswith("`y` is higher in the segment of rows where `k` is a and `x` > 0 (")
    assert "than in the rest: " in told


def test_a_rule_names_levels_left_out_once() -> None:
    rule = (Condition(column="k", op="!=", value="a"), Condition(column="k", op="!=", value="b"))
    assert words(rule) == "`k` is not a or b"


def test_a_rule_that_differs_within_clusters_is_compared_within_them() -> None:
    rows = _rows(900, cluster=np.repeat(np.arange(90), 10))
    evidence = FAMILIES["subgroup"].evaluate(NUMBER, rows)
    assert evidence.test.startswith("within-cluster")
    assert evidence.clusters is not None
    assert 20 <= evidence.clusters <= 90
    assert evidence.p_value is not None
    assert evidence.p_value < 0.001


def test_a_rule_of_columns_constant_in_clusters_is_compared_between_them() -> None:
    one = _rows(300)
    each = np.repeat(np.arange(300), 6)
    labels = np.array([*one.column("k").levels, None], object)[one.codes("k")]
    noisy = one.number("y")[each] + np.random.default_rng(0).normal(size=1_800)
    rows = Rows.of({"k": labels[each], "x": one.number("x")[each], "y": noisy}, cluster=each.tolist())
    evidence = FAMILIES["subgroup"].evaluate(NUMBER, rows)
    assert evidence.untestable is None
    assert evidence.clusters == evidence.groups[0].n + evidence.groups[1].n < 300


def test_a_rule_that_changes_only_between_blocks_of_a_series_is_refused() -> None:
    rows = _rows(600, cluster=np.repeat(np.arange(60), 10))
    block = np.repeat(np.random.default_rng(2).normal(size=60), 10)
    fixed = Rows.of({"x": block, "y": rows.number("y")}, cluster=np.repeat(np.arange(60), 10).tolist())
    fixed.serial = True
    h = Subgroup(outcome="y", predictor="x", rule=(RULE[1],), direction="higher")
    evidence = FAMILIES["subgroup"].evaluate(h, fixed)
    assert evidence.untestable is not None
    assert "block of time" in evidence.untestable


def test_a_segment_cannot_be_characterised_by_what_it_was_built_from() -> None:
    with pytest.raises(HypothesisError, match="used to build"):
        parse(SEGMENT.model_copy(update={"features": ("k", "y")}).as_json())


@pytest.mark.parametrize("h", [NUMBER, EVENT])
def test_a_rule_that_says_nothing_is_seldom_called_something(h: Subgroup) -> None:
    hits, runs = 0, 400
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        rows = _rows(240, seed, effect=0.0)
        heavy = rows.replaced({"y": np.where(rng.random(240) < 0.6, 0.0, np.exp(2 * rng.normal(size=240)))})
        evidence = FAMILIES["subgroup"].evaluate(h, heavy, draws=199, seed=seed)
        hits += evidence.p_value is not None and evidence.p_value <= 0.05
    assert hits <= runs * 0.05 + 3 * np.sqrt(runs * 0.05 * 0.95)
