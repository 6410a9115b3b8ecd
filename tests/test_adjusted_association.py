"""The association with declared columns held fixed: known answers, calibration, and what it says."""

import numpy as np
import pytest
import statsmodels.api as sm

from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError
from heldout.tools.verify.adjust_models import least_squares, partialled_out, robustness_value
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.families.adjusted_features import features
from heldout.tools.verify.hypothesis import AdjustedAssociation, Condition, Contrast

FAMILY = FAMILIES["adjusted_association"]
RISES = AdjustedAssociation(outcome="y", predictor="x", controls=("z",), direction="increasing")
BETWEEN = AdjustedAssociation(
    outcome="e", event="yes", predictor="g", levels=Contrast(a=("u",), b=("v",)), controls=("z", "k"),
    direction="higher",
)  # fmt: skip
LONGLEY = {
    "GNPDEFL": (15.0618722713733, 84.9149257747669), "GNP": (-0.358191792925910e-1, 0.334910077722432e-1),
    "UNEMP": (-2.02022980381683, 0.488399681651699), "ARMED": (-1.03322686717359, 0.214274163161675),
    "POP": (-0.511041056535807e-1, 0.226073200069370), "YEAR": (1829.15146461355, 455.478499142212),
}  # fmt: skip
"""NIST Statistical Reference Datasets, Longley: certified coefficients (and their classical standard errors)."""


def _rows(n: int = 400, seed: int = 1, own: float = 0.5, cluster: int | None = None) -> Rows:
    """`y` and `x` both go with `z`; `own` is what is left between them."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    x = 0.6 * z + rng.normal(size=n)
    y = 0.6 * z + own * x + rng.normal(size=n)
    g = rng.random(n) < 1 / (1 + np.exp(-z))
    e = rng.random(n) < 1 / (1 + np.exp(-z - 2 * own * g))
    data = {
        "y": y, "x": x, "z": z, "g": np.where(g, "u", "v"), "k": rng.choice(["a", "b", "c"], n),
        "e": np.where(e, "yes", "no"),
    }  # fmt: skip
    return Rows.of(data, cluster=None if cluster is None else (np.arange(n) // cluster).tolist())


def test_longley_gives_the_coefficients_that_nist_certifies() -> None:
    data = sm.datasets.longley.load_pandas().data
    y = data["TOTEMP"].to_numpy(float)
    model = sm.OLS(y, sm.add_constant(data[list(LONGLEY)])).fit(cov_type="HC3", use_t=True)
    for name, (value, _) in LONGLEY.items():
        others = data[[c for c in LONGLEY if c != name]].to_numpy(float)
        found = least_squares(y, data[name].to_numpy(float), others)
        assert found is not None
        assert found.slope.value == pytest.approx(value, rel=1e-9)
        assert found.slope.error == pytest.approx(model.bse[name], rel=1e-6)
        assert found.slope.p == pytest.approx(model.pvalues[name], rel=1e-6)
        assert found.df == model.df_resid


@pytest.mark.parametrize("h", [RISES, BETWEEN], ids=["number", "groups"])
def test_the_figures_are_those_of_statsmodels_with_hc3(h) -> None:
    rows = _rows()
    found = FAMILY.evaluate(h, rows, draws=0)
    y = rows.number("y") if h is RISES else (rows.codes("e") == rows.column("e").levels.index("yes")).astype(float)
    x = rows.number("x") if h is RISES else (rows.codes("g") == rows.column("g").levels.index("u")).astype(float)
    model = sm.OLS(y, sm.add_constant(np.column_stack([x, features(rows, h.controls)]))).fit()
    robust = model.get_robustcov_results("HC3", use_t=True)
    scale = 1.0 if h is RISES else 100.0
    assert found.in_units.value == pytest.approx(scale * robust.params[1])
    assert (found.in_units.low, found.in_units.high) == pytest.approx(tuple(scale * robust.conf_int()[1]))
    assert found.p_robust == pytest.approx(robust.pvalues[1])
    assert found.df == robust.df_resid
    classical = model.tvalues[1]
    assert found.effect.value == pytest.approx(classical / np.sqrt(classical**2 + model.df_resid))


def test_the_robustness_value_is_that_of_the_reference() -> None:
    # Cinelli and Hazlett 2020, table 1 (Darfur): t = 4.18 on 783 degrees of freedom gives 13.9 %
    t, df = 4.18, 783
    assert robustness_value(t / np.sqrt(t**2 + df)) == pytest.approx(0.139, abs=5e-4)
    assert robustness_value(0.0) == 0.0
    assert robustness_value(1.0) == 1.0


def test_residuals_on_residuals_are_least_squares_again() -> None:
    rows = _rows()
    fit = least_squares(rows.number("y"), rows.number("x"), rows.number("z")[:, None])
    assert fit is not None
    again = partialled_out(fit.y_left, fit.x_left)
    assert again is not None
    assert again.value == pytest.approx(fit.slope.value)


@pytest.mark.parametrize(
    ("n", "kind"), [(40, "normal"), (120, "heavy"), (400, "uneven"), (400, "bent"), (300, "event"), (240, "inside")]
)
def test_it_rejects_as_seldom_as_it_should_where_nothing_is_left(n: int, kind: str) -> None:
    reps, hits, far = 700, 0, 0
    for rep in range(reps):
        rng = np.random.default_rng([rep, n])
        z, shock = rng.normal(size=n), rng.normal(size=n)
        x, y = 0.6 * z + rng.normal(size=n), 0.6 * z + shock
        if kind == "heavy":
            x, y = np.exp(x), np.exp(0.6 * z) + np.exp(shock)
        elif kind == "uneven":
            y = 0.6 * z + shock * (0.3 + np.abs(x))
        elif kind == "bent":
            x, y = np.minimum(z, 0) + 0.7 * rng.normal(size=n), np.minimum(z, 0) + shock
        label = np.where(z + 1.5 * shock > 0.5, "yes", "no")
        unit = np.arange(n) // 6
        if kind == "inside":
            y = y + rng.normal(size=n)[unit]
        cluster = unit.tolist() if kind == "inside" else None
        rows = Rows.of({"x": x, "y": y, "z": z, "e": label}, cluster=cluster)
        h = RISES if kind != "event" else RISES.model_copy(update={"outcome": "e", "event": "yes"})
        p = FAMILY.evaluate(h, rows, draws=99, seed=rep).p_value
        hits, far = hits + (p <= 0.05), far + (p <= 0.01)
    # The larger of two p-values; 700 tables, so .05 may show as .074.
    assert hits / reps <= 0.074
    assert far / reps <= 0.025


def test_what_goes_through_the_control_alone_is_not_found() -> None:
    rows = _rows(own=0.0)
    found = FAMILY.evaluate(RISES, rows)
    assert found.p_value > 0.05
    assert "is not shown to rise or fall with `x` with `z` held fixed" in FAMILY.sentence(RISES, found)


def test_a_comparison_within_clusters_and_one_between_them_count_clusters() -> None:
    rows = _rows(600, cluster=6)
    inside = FAMILY.evaluate(RISES, rows)
    assert inside.test.startswith("within-cluster")
    assert inside.clusters == 100
    mean = rows.number("x").reshape(-1, 6).mean(axis=1)
    between = FAMILY.evaluate(RISES, rows.replaced({"x": np.repeat(mean, 6)}))
    assert between.clusters == 100
    assert "on one mean per cluster" in between.test


def test_the_words_of_groups_and_a_turned_claim() -> None:
    rows = _rows(own=1.0)
    found = FAMILY.evaluate(BETWEEN, rows)
    text = FAMILY.sentence(BETWEEN, found)
    assert text.startswith(
        "The share of rows where `e` is yes is higher when `g` is u than when it is v with `z` and `k` held fixed: "
        "a difference of +"
    )
    assert "points (95 % interval" in text
    turned = BETWEEN.model_copy(update={"direction": "lower"})
    assert " is higher, not lower, when `g` is u " in FAMILY.sentence(turned, found)
    undecided = BETWEEN.model_copy(update={"direction": "any"})
    assert FAMILY.claim(undecided).startswith("The share of rows where `e` is yes differs between rows where `g` is u")


def test_the_picture_shows_the_slope_before_and_after() -> None:
    picture = FAMILY.picture(RISES, _rows())
    before, after = picture.records
    assert (before["label"], after["label"]) == ("as found", "with z held fixed")
    assert before["value"] > after["value"] > 0


def test_a_predictor_that_the_controls_determine_and_odd_columns_are_untestable() -> None:
    rows = _rows()
    copied = Rows.of({n: rows.number(n) for n in ("y", "x")} | {"z": 2 * rows.number("x") + 1})
    assert "leave nothing of `x`" in FAMILY.evaluate(RISES, copied).untestable
    assert "name one of its levels" in FAMILY.evaluate(RISES.model_copy(update={"outcome": "k"}), rows).untestable
    assert "two sets of its levels" in FAMILY.evaluate(RISES.model_copy(update={"predictor": "k"}), rows).untestable
    none = RISES.model_copy(update={"where": (Condition(column="x", op=">", value=99),)})
    assert "Only 0 rows" in FAMILY.evaluate(none, rows).untestable
    with pytest.raises(HypothesisError, match="nowhere"):
        FAMILY.evaluate(RISES.model_copy(update={"controls": ("nowhere",)}), rows)


def test_rows_without_a_control_are_left_out_and_counted() -> None:
    rows = _rows()
    z = rows.number("z").copy()
    z[:30] = np.nan
    found = FAMILY.evaluate(RISES, rows.replaced({"z": z}), draws=0)
    assert (found.n, found.missing) == (370, 30)
