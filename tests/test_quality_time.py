"""Checks along a date: planted stretches of one value or none, and seasons and quiet weeks that are none."""

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.explore.check import Check
from heldout.tools.explore.quality import find_quality

DAYS = np.datetime64("2020-01-01") + np.arange(1500)


def checks(data: dict, order: np.ndarray | None = None) -> list[Check]:
    at = np.random.default_rng(99).permutation(len(DAYS)) if order is None else order
    return list(find_quality(Rows.of({k: np.asarray(v)[at] for k, v in data.items()}), ()))


def sold(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).poisson(30, len(DAYS)).astype(float)


def test_a_column_that_is_zero_from_a_day_on_is_told_with_the_day_and_the_rows() -> None:
    assert checks({"day": DAYS, "sold": sold()}) == []
    cut = sold()
    cut[1380:] = 0
    (found,) = checks({"day": DAYS, "sold": cut})
    assert (found.kind, found.columns, found.rows, found.examples) == ("cut_off", ("sold", "day"), 120, ("0",))
    assert found.text == (
        "`sold` is 0 from 2023-10-12 on (by `day`), in 120 of the 1,500 explored rows, and hardly elsewhere."
    )


def test_columns_without_a_value_before_a_day_are_told_together() -> None:
    one, two = sold(1), sold(2)
    one[:200] = two[:200] = np.nan
    found = [c for c in checks({"day": DAYS, "one": one, "two": two}) if c.kind == "cut_off"]
    assert [(c.columns, c.rows) for c in found] == [(("one", "two", "day"), 200)]
    assert "`one` and `two` have no value up to 2020-07-18" in found[0].text


def test_a_sensor_that_repeats_one_value_is_told() -> None:
    temperature = np.round(np.random.default_rng(3).normal(10, 3, 1500), 1)
    temperature[700:760] = temperature[700]
    (found,) = checks({"day": DAYS, "temperature": temperature})
    assert (found.kind, found.rows) == ("stuck", 60)


def test_seasons_holidays_and_rare_counts_are_no_cut() -> None:
    rng = np.random.default_rng(4)
    season = np.cos(2 * np.pi * np.arange(1500) / 365)
    snow = np.where(season > 0.5, rng.gamma(2, 10, 1500).round(), 0.0)
    rare = np.where(rng.random(1500) < 0.03, rng.integers(1, 30, 1500), 0).astype(float)
    monthly = np.repeat(rng.normal(5, 1, 50), 30)
    steps = np.repeat(rng.normal(100, 9, 10), [300, 200, 100, 250, 50, 150, 100, 150, 100, 100])
    assert checks({"day": DAYS, "snow": snow, "rare": rare, "monthly": monthly, "steps": steps}) == []


def test_without_a_date_and_with_one_of_few_values_nothing_is_told() -> None:
    cut = sold()
    cut[1380:] = 0
    assert checks({"sold": cut}) == []
    assert checks({"year": (DAYS.astype("datetime64[Y]")).astype("datetime64[D]"), "sold": cut}) == []


def test_the_order_of_the_rows_does_not_matter() -> None:
    cut = sold()
    cut[1380:] = 0
    data = {"day": DAYS, "sold": cut}
    assert checks(data) == checks(data, np.arange(1500)[::-1])
