"""An effect that differs between two sides is found, sized in units, and told by what each side shows."""

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm

from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError
from heldout.tools.verify.evidence import Evidence
from heldout.tools.verify.families.interaction import FAMILY
from heldout.tools.verify.hypothesis import Contrast, Interaction, parse

DAY = np.datetime64("2023-01-01T00")


def table(seed: int = 0, n: int = 600, **more: Any) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    g, k = rng.choice(["u", "v"], n), rng.choice(["p", "q", "r"], n)
    x = rng.normal(size=n) * 3 + 20
    return {"g": g, "k": k, "x": x, "t": DAY + rng.permutation(n) * np.timedelta64(14, "h"),
            "y": rng.normal(size=n), "e": rng.choice(["yes", "no"], n)} | more  # fmt: skip


def claim(**fields: Any) -> Interaction:
    base: dict[str, Any] = {"outcome": "y", "predictor": "g", "moderator": "k", "direction": "higher"}
    if fields.get("predictor", "g") == "g":
        base["levels"] = Contrast(a=("u",), b=("v",))
    if not {"moderator_cut", "moderator_levels"} & set(fields):
        base["moderator_levels"] = Contrast(a=("p",))
    return Interaction(**(base | fields))


def evaluate(h: Interaction, data: dict[str, Any], **options: Any) -> Evidence:
    return FAMILY.evaluate(h, Rows.of(data, cluster=options.pop("cluster", None)), **({"draws": 499} | options))


@pytest.mark.parametrize("slope", [False, True])
def test_difference_error_and_interval_are_those_of_a_least_squares_model_with_hc3(slope: bool) -> None:
    data = table(1)
    own = (data["k"] == "p") * 1.0
    x = data["x"] if slope else (data["g"] == "u") * 1.0
    data["y"] = data["y"] * (1 + own) + 0.4 * x * own
    found = evaluate(claim(predictor="x", levels=None) if slope else claim(), data, draws=0)
    centred = x - x.mean()
    fit = sm.OLS(data["y"], np.column_stack([np.ones(600), centred, own, centred * own])).fit(cov_type="HC3")
    assert found.in_units is not None
    assert found.effect is not None
    assert found.in_units.value == pytest.approx(fit.params[3], rel=1e-8)
    scale = (x.std(ddof=1) if slope else 1.0) / data["y"].std(ddof=1)
    assert found.standard_error == pytest.approx(fit.bse[3] * scale, rel=1e-7)
    assert found.effect.value == pytest.approx(fit.params[3] * scale, rel=1e-8)
    assert found.effect.low < found.effect.value < found.effect.high
    assert found.groups[0].mean == pytest.approx(fit.params[1] + fit.params[3], rel=1e-8)
    assert found.groups[1].mean == pytest.approx(fit.params[1], rel=1e-8)


def test_tooth_growth_by_supplement_and_dose_gives_rs_coefficient() -> None:
    # R's lm(len ~ dose * supp, ToothGrowth): doseVC:suppVC 3.904, as printed in its documentation's example.
    len_ = [4.2, 11.5, 7.3, 5.8, 6.4, 10, 11.2, 11.2, 5.2, 7, 16.5, 16.5, 15.2, 17.3, 22.5, 17.3, 13.6, 14.5, 18.8,
            15.5, 23.6, 18.5, 33.9, 25.5, 26.4, 32.5, 26.7, 21.5, 23.3, 29.5, 15.2, 21.5, 17.6, 9.7, 14.5, 10, 8.2,
            9.4, 16.5, 9.7, 19.7, 23.3, 23.6, 26.4, 20, 25.2, 25.8, 21.2, 14.5, 27.3, 25.5, 26.4, 22.4, 24.5, 24.8,
            30.9, 26.4, 27.3, 29.4, 23]  # fmt: skip
    data = {"len": np.array(len_), "supp": np.repeat(["VC", "OJ"], 30), "dose": np.tile(np.repeat([0.5, 1, 2], 10), 2)}
    h = Interaction(
        outcome="len", predictor="dose", moderator="supp", moderator_levels=Contrast(a=("VC",), b=("OJ",)),
        direction="higher",
    )  # fmt: skip
    found = evaluate(h, data)
    assert found.in_units is not None
    assert found.in_units.value == pytest.approx(3.904286, abs=1e-6)
    assert found.in_units.unit == "len per unit of dose"
    assert 0.005 < (found.p_value or 0) < 0.05


def test_an_event_counts_on_the_additive_scale_in_points() -> None:
    rng = np.random.default_rng(3)
    data = table(3, 4_000)
    share = 0.3 + 0.3 * ((data["g"] == "u") & (data["k"] == "p"))
    data["e"] = np.where(rng.random(4_000) < share, "yes", "no")
    found = evaluate(claim(outcome="e", event="yes"), data)
    assert found.in_units is not None
    assert found.in_units.unit == "points"
    assert found.in_units.value == pytest.approx(30, abs=6)
    assert "points apart" in FAMILY.sentence(claim(outcome="e", event="yes"), found)


def test_a_slope_over_time_is_told_per_period_and_rises_on_one_side_only() -> None:
    data = table(4)
    own = data["k"] == "p"
    data["y"] = data["y"] + own * (data["t"] - DAY).astype(float) / 24 / 30.4375
    h = claim(predictor="t", levels=None)
    found = evaluate(h, data)
    assert found.in_units is not None
    assert found.in_units.unit == "y per month"
    assert found.in_units.value == pytest.approx(1.0, abs=0.15)
    text = FAMILY.sentence(h, found)
    assert text.startswith("`y` rises with `t` when `k` is p, but is not shown to rise or fall otherwise: +")
    assert "per month (95 % interval" in text


def test_rows_of_one_time_count_once_and_dependent_neighbours_by_stretches() -> None:
    rng = np.random.default_rng(5)
    shock = rng.normal(size=60)
    day = np.repeat(np.arange(60), 10)
    data = table(5, t=DAY + day * np.timedelta64(24, "h"), y=shock[day] + rng.normal(size=600))
    h = claim(predictor="t", levels=None)
    assert evaluate(h, data).test.startswith("one mean per distinct time")
    ar = np.zeros(600)
    for at in range(1, 600):
        ar[at] = 0.5 * ar[at - 1] + rng.normal()
    series = table(6, t=DAY + np.arange(600) * np.timedelta64(1, "h"), y=ar)
    found = evaluate(h, series)
    assert found.test.startswith("sign flips")
    assert any("lag-1" in w for w in found.warnings)
    walk = table(7, t=DAY + np.arange(600) * np.timedelta64(1, "h"), y=np.cumsum(ar))
    assert "too few" in (evaluate(h, walk).untestable or "") or "stretches long enough" in (
        evaluate(h, walk).untestable or ""
    )


@pytest.mark.parametrize("predictor", ["x", "t"])
def test_slopes_over_dependent_rows_hold_their_level(predictor: str) -> None:
    p = []
    for seed in range(250):
        rng = np.random.default_rng([8, seed])
        ar = np.zeros(300)
        for at in range(1, 300):
            ar[at] = 0.5 * ar[at - 1] + rng.normal()
        data = table(seed, 300, t=DAY + np.arange(300) * np.timedelta64(1, "h"), y=ar)
        found = evaluate(claim(predictor=predictor, levels=None), data, draws=99, seed=seed)
        p.append(1.0 if found.p_value is None else found.p_value)
    assert np.mean(np.array(p) <= 0.05) <= 0.1  # .05 and 3.6 standard errors of 250


def test_the_phase_of_a_date_may_be_the_moderator() -> None:
    data = table(9, 4_000)
    hour = data["t"].astype("datetime64[h]").astype(int) % 24
    data["y"] = data["y"] + (data["g"] == "u") * (1.0 * np.isin(hour, (8, 18)) - 1.0 * np.isin(hour, (12, 13)))
    levels = Contrast(a=("8", "18"), b=("12", "13"))
    h = claim(moderator="t", moderator_cycle="hour_of_day", moderator_levels=levels)
    found = evaluate(h, data)
    assert found.in_units is not None
    assert found.in_units.value == pytest.approx(2.0, abs=0.6)
    assert FAMILY.sentence(h, found).startswith(
        "`y` is higher where `g` is u than where it is v when the hour of `t` is 8 or 18, but is lower when it is 12 "
        "or 13: "
    )
    week = claim(moderator="t", moderator_cycle="day_of_week", moderator_levels=Contrast(a=("0", "6")))
    assert "when the day of the week of `t` is Monday or Sunday than otherwise" in FAMILY.claim(week)


def test_phases_that_no_calendar_has_are_refused() -> None:
    fields = {"family": "interaction", "outcome": "y", "predictor": "g", "levels": {"a": ["u"]}, "moderator": "t",
              "moderator_cycle": "hour_of_day", "moderator_levels": {"a": ["24"]}, "direction": "any"}  # fmt: skip
    with pytest.raises(HypothesisError, match="hour of day"):
        parse(fields)


def test_within_clusters_effects_are_compared_within_them() -> None:
    rng = np.random.default_rng(10)
    cluster = np.repeat(np.arange(80), 10)
    data = table(10, 800)
    data["y"] = 5 * rng.normal(size=80)[cluster] + data["y"] + 0.8 * (data["g"] == "u") * (data["k"] == "p")
    found = evaluate(claim(), data, cluster=cluster)
    assert found.test.startswith("within-cluster")
    assert found.clusters == 80
    assert (found.p_value or 1) < 0.01
    constant = data | {"g": np.repeat(rng.choice(["u", "v"], 80), 10), "k": np.repeat(rng.choice(["p", "q"], 80), 10)}
    assert evaluate(claim(), constant, cluster=cluster).test.endswith("on one mean per cluster")
    few = evaluate(claim(), data, cluster=cluster // 8)
    assert "at least 20" in (few.untestable or "")


def test_a_moderator_that_changes_from_block_to_block_of_a_series_is_refused() -> None:
    cluster = np.repeat(np.arange(40), 15)
    rows = Rows.of(table(11, k=np.repeat(np.tile(["p", "q"], 20), 15)), cluster=cluster.tolist())
    rows.serial = True
    assert "changes only from one block" in (FAMILY.evaluate(claim(), rows).untestable or "")


def test_each_sides_own_interval_decides_what_is_said_of_it() -> None:
    data = table(12, 2_000)
    own, u = data["k"] == "p", data["g"] == "u"
    both = data | {"y": data["y"] + u * (1.0 + own)}
    assert ", and by more when `k` is p than otherwise: " in FAMILY.sentence(claim(), evaluate(claim(), both))
    turned = evaluate(claim(direction="lower"), both)
    assert "is higher, not lower, when `k` is p than otherwise" in FAMILY.sentence(claim(direction="lower"), turned)
    none = FAMILY.sentence(claim(), evaluate(claim(), data))
    assert "is not shown to differ between rows when `k` is p and the other rows" in none
    other = data | {"y": data["y"] + u * ~own}
    text = FAMILY.sentence(claim(direction="lower"), evaluate(claim(direction="lower"), other))
    assert text.startswith(
        "`y` is higher where `g` is u than where it is v when `k` is not p, but is not shown to differ when `k` is p"
    )


def test_a_million_rows_are_compared_by_both_tests() -> None:
    rng = np.random.default_rng(13)
    n = 1_000_000
    data = {"g": rng.integers(0, 2, n).astype(bool), "k": rng.integers(0, 2, n).astype(bool), "y": rng.normal(size=n)}
    h = Interaction(
        outcome="y", predictor="g", levels=Contrast(a=("true",)), moderator="k", moderator_levels=Contrast(a=("true",)),
        direction="any",
    )  # fmt: skip
    found = FAMILY.evaluate(h, Rows.of(data))
    assert found.p_permutation == pytest.approx(found.p_robust, abs=0.15)
