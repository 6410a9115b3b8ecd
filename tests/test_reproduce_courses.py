"""The program beside a report recomputes shapes and interactions by a road of its own, on rows of every kind."""

import importlib.util
from itertools import product
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from heldout.agent.assemble import findings_of
from heldout.agent.report.reproduce import reproduce_text
from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import Hypothesis, parse
from heldout.tools.verify.policy import Rule
from heldout.tools.verify.verify import judge


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    file = tmp_path_factory.mktemp("program") / "reproduce.py"
    file.write_text(reproduce_text(), "utf-8")
    spec = importlib.util.spec_from_file_location("second_opinion_on_courses", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows_of(seed: int, n: int, each: int | None = None, *, serial: bool = False) -> Rows:
    """Numbers, labels and dates that vary from row to row (`r…`) and between clusters (`e…`), with missing cells."""
    rng = np.random.default_rng(seed)
    unit = np.arange(n) // (each or 1)
    units = int(unit.max()) + 1
    shock, u = rng.normal(size=units)[unit], rng.normal(size=n)
    group, side = rng.choice(list("abc"), n), rng.choice(list("pq"), n)
    x = np.round(rng.normal(size=n), 2)
    e_x, e_side = np.round(rng.normal(size=units), 1)[unit], rng.choice(list("pq"), units)[unit]
    y = 0.5 * shock + u + 0.4 * x**2 + 0.8 * (group == "a") * (side == "p") + 0.3 * x * (side == "p")
    ar = np.zeros(n)
    for at in range(1, n):
        ar[at] = 0.5 * ar[at - 1] + u[at]
    hours = np.sort(rng.integers(0, 400 * 24, n)) if serial else rng.permutation(np.arange(n) * 7)
    data: dict[str, Any] = {
        "r_x": np.where(rng.random(n) < 0.03, np.nan, x), "e_x": e_x, "r_group": group, "r_side": side,
        "e_side": e_side, "y": np.where(rng.random(n) < 0.03, np.nan, np.round(y, 2)), "zeros": np.maximum(y, 0),
        "e_y": shock + np.minimum(e_x, 0.3), "sold": np.where(u + 0.5 * x**2 > 0.4, "yes", "no"), "series": ar,
        "day": np.datetime64("2020-01-01", "us") + hours * np.timedelta64(1, "h"),
        "year": 2000.0 + rng.integers(0, 15, n), "jump": u + (x > 0.5), "ramp": u + 2 * np.clip(x, -0.5, 0.5),
    }  # fmt: skip
    rows = Rows.of(data, cluster=None if each is None else unit.tolist())
    rows.serial = serial
    return rows


def claims() -> list[Hypothesis]:
    out: list[dict[str, Any]] = []
    shapes = (("u", [0.0]), ("inverted_u", [0.1]), ("saturating", [0.2]), ("threshold", [0.5]),
              ("threshold", [-0.5, 0.5]))  # fmt: skip
    for (shape, knots), (y, event), x in product(
        shapes, (("y", None), ("jump", None), ("ramp", None), ("e_y", None), ("sold", "yes")), ("r_x", "e_x")
    ):
        out.append(
            {"family": "shape", "outcome": y, "event": event, "predictor": x, "shape": shape, "knots": knots,
             "rises": y != "ramp"}
        )  # fmt: skip
    moderators: tuple[dict[str, Any], ...] = (
        {"moderator": "r_side", "moderator_levels": {"a": ["p"], "b": ["q"]}},
        {"moderator": "e_side", "moderator_levels": {"a": ["p"]}},
        {"moderator": "e_x", "moderator_cut": 0.1},
        {"moderator": "day", "moderator_cycle": "hour_of_day", "moderator_levels": {"a": ["7", "8", "9", "17"]}},
        {"moderator": "day", "moderator_cycle": "month_of_year", "moderator_levels": {"a": ["1", "2"], "b": ["7"]}},
        {"moderator": "day", "moderator_cycle": "day_of_week", "moderator_levels": {"a": ["5", "6"]}},
    )
    effects: tuple[dict[str, Any], ...] = (
        {"predictor": "r_group", "levels": {"a": ["a"]}}, {"predictor": "r_group", "levels": {"a": ["a"], "b": ["b"]}},
        {"predictor": "r_x"}, {"predictor": "e_x"}, {"predictor": "day"}, {"predictor": "year"},
    )  # fmt: skip
    for m, effect, (y, event) in product(moderators, effects, (("y", None), ("sold", "yes"), ("series", None))):
        if m["moderator"] != effect["predictor"]:
            out.append(
                {"family": "interaction", "outcome": y, "event": event, "direction": "higher"} | effect | m
            )  # fmt: skip
    return [parse(h) for h in out]


SITUATIONS = {
    "rows": rows_of(1, 420),
    "many rows": rows_of(2, 2_600),
    "clusters": rows_of(3, 720, 6),
    "blocks of a series": rows_of(4, 600, 12, serial=True),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_shapes_and_interactions_are_recomputed_alike_on(situation: str, script: ModuleType) -> None:
    rows, hypotheses = SITUATIONS[situation], claims()[list(SITUATIONS).index(situation) :: 4]
    verdicts = judge(
        hypotheses, rows, Rule(), [None] * len(hypotheses), weight=1.0, earlier=0, split="held_out"
    ).verdicts
    findings = [f.as_json() for f in findings_of(verdicts, rows.columns, {})]
    labels = {n: list(c.levels) for n, c in rows.columns.items() if c.type in ("boolean", "category")}
    arrays = {n: rows.codes(n) if n in labels else rows.number(n) for n in rows.columns}
    dates = frozenset(n for n, c in rows.columns.items() if c.type == "datetime")
    table = script.Table(arrays, labels, dates, rows.cluster, rows.serial, {})
    commit = {"rule": Rule().as_json(), "weight": 1.0, "earlier": 0}
    told = [script.compare(f, own) for f, own in zip(findings, script.verdicts(findings, table, commit), strict=True)]
    differ = {str(f["hypothesis"]): d for f, (_, d) in zip(findings, told, strict=True) if d}
    assert differ == {}
    assert sum(f["outcome"] != "untestable" for f in findings) > 10
    assert sum(numbers for numbers, _ in told) > 250
