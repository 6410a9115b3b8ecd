"""The check of verified claims against the other columns: tags, drivers, controls, and known tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import heldout
from benchmarks.confounders import departments, measure, tagged, worlds
from heldout.tools.data.rows import Rows
from heldout.tools.data.schema import Column
from heldout.tools.verify.adjust import adjust, tag_of
from heldout.tools.verify.adjust_controls import eligible
from heldout.tools.verify.adjust_design import scores
from heldout.tools.verify.adjust_models import Slope
from heldout.tools.verify.adjustment import Marks
from heldout.tools.verify.hypothesis import (
    CategoricalAssociation,
    Contrast,
    GroupDifference,
    MonotoneAssociation,
    Shape,
)
from heldout.tools.verify.policy import Rule
from heldout.tools.verify.verify import judge

RISES = MonotoneAssociation(outcome="y", predictor="x", direction="increasing")


def _linear(seed: int = 1, n: int = 600, own: float = 0.0) -> Rows:
    """`y` and `x` both go with `c`; `own` is what is left between them."""
    rng = np.random.default_rng(seed)
    c = rng.normal(size=n)
    x = 0.8 * c + rng.normal(size=n)
    y = 0.8 * c + own * x + rng.normal(size=n)
    return Rows.of({"y": y, "x": x, "c": c, "noise": rng.normal(size=n), "side": rng.choice(["l", "r"], n)})


def _judged(h, rows: Rows, marks: Marks | None = None):
    verdicts = judge([h], rows, Rule(), [None], weight=1.0, earlier=0, split="held_out").verdicts
    return adjust(verdicts, rows, _linear(99) if "noise" in rows.columns else rows, marks or Marks(), frozenset())[0]


@pytest.mark.parametrize("world", worlds(), ids=lambda w: w.name)
def test_worlds_are_tagged_as_they_should_be(world) -> None:
    rates = measure(world, 12, seed=5)
    assert rates.verified >= 10
    if world.wanted == "robust":
        assert rates.robust >= 0.8
    elif world.wanted == "not robust":
        assert rates.robust <= 0.2
    if world.name.startswith(("rises", "departments")):
        assert rates.reversed == 1.0
        assert rates.drivers == {"c0" if world.name.startswith("rises") else "dept": 1.0}


def test_the_tag_needs_all_three_to_agree_and_two_to_turn() -> None:
    up, faint, down = (Slope(v, 0.1, p, v - 0.2, v + 0.2) for v, p in ((0.5, 0.001), (0.1, 0.3), (-0.1, 0.3)))
    assert tag_of(up, [up, up, up]) == "robust"
    assert tag_of(up, [up, up, faint]) == "attenuated"
    assert tag_of(up, [up, faint, down]) == "attenuated"
    assert tag_of(up, [up, down, down]) == "reversed"


def test_men_are_admitted_more_until_the_department_is_held_fixed() -> None:
    rng = np.random.default_rng(4)
    found = tagged(worlds()[6].hypothesis, departments(rng), departments(rng))
    assert found is not None
    assert (found.tag, found.driver, found.simpson, found.simpson_flagged) == ("reversed", "dept", "dept", True)
    assert found.odds is not None
    assert found.odds.within is not None
    assert found.odds.within < 1 < found.odds.marginal
    assert found.before is not None
    assert found.after is not None
    assert found.before.value > 0 > found.after.value
    assert found.before.unit == "points"
    assert found.phrase == "reverses within levels of `dept`"
    assert "whether `dept` is a cause or a consequence is not in the data" in found.sentence


def test_a_marked_consequence_or_later_column_is_never_held_fixed_and_said_so() -> None:
    assert _judged(RISES, _linear()).adjustment.tag != "robust"
    for marks in (Marks(consequences=("c",)), Marks(later=("c",))):
        found = _judged(RISES, _linear(), marks).adjustment
        assert "c" not in found.controls
        assert found.left_out == ("c",)
        assert found.tag == "robust"


def test_a_marked_cause_is_always_held_fixed_even_a_code() -> None:
    codes = Marks(codes=("noise",))
    assert "noise" not in _judged(RISES, _linear(), codes).adjustment.controls
    found = _judged(RISES, _linear(), Marks(codes=("noise",), causes=("noise",))).adjustment
    assert found.controls[0] == "noise"
    assert found.causes == ("noise",)


def test_what_follows_from_the_table_or_repeats_the_predictor_is_no_control() -> None:
    rows = _linear(own=0.5)
    twin = Rows.of({n: rows.number(n) for n in ("y", "x", "c")} | {"twin": rows.number("x") * 2 + 0.01})
    verdicts = judge([RISES], twin, Rule(), [None], weight=1.0, earlier=0, split="held_out").verdicts
    tied = frozenset({frozenset(("x", "c"))})
    assert adjust(verdicts, twin, twin, Marks(), frozenset())[0].adjustment.controls == ("c",)
    found = adjust(verdicts, twin, twin, Marks(), tied)[0].adjustment
    assert (found.tag, found.reason) == ("not run", "No other column can be held fixed.")


def test_dates_of_an_end_and_durations_come_after_and_are_no_controls() -> None:
    def date(name: str, **more) -> Column:
        return Column(name=name, type="datetime", storage="TIMESTAMP", rows=9, missing=0, distinct=9, **more)

    days = Column(
        name="closed - opened", type="number", storage="DOUBLE", rows=9, missing=0, distinct=9,
        derived_from=("opened", "closed"),
    )  # fmt: skip
    kept, out = eligible(RISES, [date("opened"), date("closed"), days], Marks(), frozenset())
    assert (kept, out) == (["opened"], ["closed", "closed - opened"])
    slow = MonotoneAssociation(outcome="closed - opened", predictor="x", direction="increasing")
    assert eligible(slow, [date("opened"), date("closed"), days], Marks(), frozenset()) == ([], [])


def test_a_refused_or_undecided_claim_is_not_checked_and_a_shape_says_why() -> None:
    rows = _linear()
    flat = MonotoneAssociation(outcome="y", predictor="noise", direction="increasing")
    assert _judged(flat, rows).adjustment.controls == ()
    shape = Shape(outcome="y", predictor="x", shape="u", knots=(0.0,))
    verdict = _judged(RISES, rows).model_copy(update={"hypothesis": shape})
    again = adjust([verdict], rows, rows, Marks(), frozenset())[0].adjustment
    assert again.tag == "not run"
    assert "shape" in (again.reason or "")


def test_one_mean_a_cluster_is_used_and_a_comparison_within_clusters_says_why_not() -> None:
    rng = np.random.default_rng(2)
    unit = np.repeat(np.arange(150), 4)
    c = rng.normal(size=150)
    x, u = (0.9 * c + rng.normal(size=150))[unit], rng.normal(size=150)
    y = (0.9 * c + u)[unit] + rng.normal(size=600)
    rows = Rows.of({"y": y, "x": x, "c": c[unit], "inside": rng.normal(size=600)}, cluster=unit.tolist())
    found = adjust(
        judge([RISES], rows, Rule(), [None], weight=1.0, earlier=0, split="held_out").verdicts,
        rows, rows, Marks(), frozenset(),
    )[0]  # fmt: skip
    assert found.outcome == "verified"
    assert found.adjustment.rows == 150
    assert found.adjustment.tag != "robust"
    varies = rows.replaced({"x": rng.normal(size=600)})
    varies = varies.replaced({"y": varies.number("x") + rng.normal(size=600)})
    within = adjust(
        judge([RISES], varies, Rule(), [None], weight=1.0, earlier=0, split="held_out").verdicts,
        varies, varies, Marks(), frozenset(),
    )[0].adjustment  # fmt: skip
    assert within.tag == "not run"
    assert "constant within a unit" in (within.reason or "")


def test_two_labels_are_held_against_each_other_column_and_the_worst_is_named() -> None:
    rng = np.random.default_rng(8)
    n = 1_500
    z = rng.integers(0, 3, n)
    one = np.where(rng.random(n) < 0.7, z, rng.integers(0, 3, n))
    two = np.where(rng.random(n) < 0.7, z, rng.integers(0, 3, n))
    rows = Rows.of({k: np.array(list("abc"))[v] for k, v in (("one", one), ("two", two), ("z", z))})
    h = CategoricalAssociation(outcome="one", predictor="two", outcome_levels=("a", "b"), predictor_levels=("a", "b"))
    found = _judged(h, rows).adjustment
    assert (found.tag, found.driver) == ("attenuated", "z")
    free = Rows.of({"one": rows.columns["one"].levels and np.array(list("abc"))[one], "two": np.array(list("abc"))[two],
                    "z": rng.choice(["a", "b"], n)})  # fmt: skip
    assert _judged(h, free).adjustment.tag == "robust"


def test_rows_beyond_the_first_four_thousand_change_nothing_and_threads_neither() -> None:
    from threadpoolctl import threadpool_limits

    rows = _linear(3, 6_000, own=0.3)
    one = _judged(RISES, rows).adjustment
    assert one.rows == 4_000
    with threadpool_limits(limits=2):
        assert _judged(RISES, rows).adjustment == one
    changed = {n: rows.number(n).copy() for n in ("y", "x", "c", "noise")}
    changed["c"][4_500:] = 0.0
    assert _judged(RISES, rows.replaced(changed)).adjustment.estimates == one.estimates


def test_claims_on_other_rows_share_nothing_though_outcome_and_first_control_look_alike() -> None:
    rng = np.random.default_rng(7)
    n, odd = 1_200, np.arange(1_200) % 2 == 1
    c1, c2 = np.repeat(rng.normal(size=n // 2), 2), rng.normal(size=n)
    y = np.repeat(rng.normal(size=n // 2) + c1[::2] + c2[::2] + c2[1::2], 2)
    one, two = (np.where(odd == side, 0.6 * y + c2 + rng.normal(size=n), np.nan) for side in (True, False))
    rows = Rows.of({"y": y, "one": one, "two": two, "c1": c1, "c2": c2})
    claims = [MonotoneAssociation(outcome="y", predictor=name, direction="increasing") for name in ("one", "two")]
    marks = Marks(causes=("c1",), later=("one", "two"))

    def checked(*which) -> list:
        found = judge(which, rows, Rule(), [None] * len(which), weight=1.0, earlier=0, split="held_out").verdicts
        return [v.adjustment for v in adjust(found, rows, rows, marks, frozenset())]

    together, apart = checked(*claims), [*checked(claims[0]), *checked(claims[1])]
    assert [a.controls for a in together] == [("c1", "c2")] * 2
    assert [a.estimates for a in together] == [a.estimates for a in apart]


def test_an_effect_too_small_for_the_rows_used_is_not_called_gone() -> None:
    rows = _linear(5, 60_000)
    faint = rows.replaced({"y": rows.number("noise") + 0.03 * rows.number("x")})
    found = _judged(RISES, faint).adjustment
    assert found.tag == "not run"
    assert "too small" in (found.reason or "")


def test_scores_keep_two_values_ties_and_missing_cells() -> None:
    assert scores(np.array([0.0, 1.0, 1.0, np.nan]))[:3].tolist() == pytest.approx([-(2**0.5), 0.5**0.5, 0.5**0.5])
    tied = scores(np.array([1.0, 5.0, 5.0, 900.0]))
    assert tied[1] == tied[2]
    assert tied.mean() == pytest.approx(0)
    assert np.isnan(scores(np.array([np.nan, 1.0]))[0])
    assert scores(np.array([2.0, 2.0])).tolist() == [0.0, 0.0]


def test_a_hostile_table_of_few_odd_columns_is_checked_without_an_error() -> None:
    rng = np.random.default_rng(6)
    n = 300
    g = rng.choice(["a", "b"], n)
    odd = {
        "g": g, "y": (g == "a") + rng.normal(size=n), "same": np.ones(n), "gone": np.full(n, np.nan),
        "nearly": np.r_[np.zeros(n - 1), 1e9], "many": [f"l{i % 97}" for i in range(n)],
        "holes": np.where(rng.random(n) < 0.5, np.nan, rng.normal(size=n)), "huge": rng.normal(size=n) * 1e200,
    }  # fmt: skip
    h = GroupDifference(outcome="y", predictor="g", levels=Contrast(a=("a",), b=("b",)), direction="higher")
    rows = Rows.of(odd)
    found = _judged(h, rows).adjustment
    assert found.tag == "robust"
    assert all(np.isfinite([e.value, e.low, e.high]).all() for e in found.estimates)


def test_bill_depth_falls_with_bill_length_but_rises_within_species(shared: Path) -> None:
    file = shared / "rdatasets" / "palmerpenguins" / "penguins.csv"
    if not file.is_file():
        pytest.skip("the shared tables are not here")
    data = pd.read_csv(file).drop(columns="rownames")
    rows = Rows.of({c: data[c].to_numpy() for c in data})
    falls = MonotoneAssociation(outcome="bill_depth_mm", predictor="bill_length_mm", direction="decreasing")
    found = tagged(falls, rows, rows)
    assert found is not None
    assert (found.tag, found.driver, found.simpson, found.simpson_flagged) == ("reversed", "species", "species", True)
    assert found.simpson_share == 1.0
    assert found.phrase == "reverses within levels of `species`"


def test_women_at_berkeley_are_admitted_less_and_the_department_turns_it(shared: Path, tmp_path: Path) -> None:
    file = shared / "rdatasets" / "datasets" / "UCBAdmissions.csv"
    if not file.is_file():
        pytest.skip("the shared tables are not here")
    report = heldout.explain(file, ledger=tmp_path / "book.jsonl")
    rates = [f for f in report.verified if f.family == "rate_difference"]
    found = [f for f in rates if (f.hypothesis["outcome"], f.hypothesis["predictor"]) == ("Admit", "Gender")]
    assert [(f.adjustment.tag, f.adjustment.driver) for f in found] == [("reversed", "Dept")]
    text = report.to_terminal(width=200)
    assert "Vanishes with Dept held fixed." in text
    assert "Warning: " in report.to_html()
    assert report.result.dataset.rows == 4_526
