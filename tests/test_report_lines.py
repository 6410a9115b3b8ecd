"""Two lines of one outcome are told apart without colour too, and the places that a claim names are marked."""

from typing import Any

import pytest

from heldout.agent.report.charts import chart, describe, svg
from heldout.tools.verify.evidence import Picture

PLACES: dict[str, tuple[Any, Any]] = {
    "labels": ("no", "yes"), "numbers": (1.5, 20.0), "times": ("2023-01-01T00:00:00", "2023-06-01T00:00:00"),
}  # fmt: skip


def lines(kind: str, **more: Any) -> Picture:
    records = tuple(
        {"line": f"region: {name}", "x": x, "mean": 1.0 + at, "low": 0.5 + at, "high": 1.5 + at, "n": 40}
        for name in ("north", "south")
        for at, x in enumerate(PLACES[kind])
    )
    return Picture(kind="lines", x_title="place", y_title="score", records=records, **more)


@pytest.mark.parametrize("kind", PLACES)
def test_lines_are_a_valid_specification_with_a_legend(kind: str) -> None:
    import altair

    spec = chart(lines(kind))
    altair.Chart.from_dict(spec, validate=True)
    drawn = svg(spec, dark=None)
    assert "region: north (n = 80)" in drawn
    assert "stroke-dasharray" in drawn
    assert describe(spec).startswith("Average of score by place; region: north (n = 80): 1 at ")


def test_lines_of_nothing_are_drawn_as_an_empty_chart() -> None:
    assert svg(chart(Picture(kind="lines", x_title="x", y_title="y", records=()))).startswith("<svg")


def test_marks_are_drawn_as_dashed_rules_with_their_place() -> None:
    curve = tuple({"x": float(i), "mean": float(i % 3), "n": 9} for i in range(9))
    drawn = svg(chart(Picture(kind="curve", x_title="x", y_title="y", records=curve, marks=(4.5,))))
    assert ">4.5<" in drawn
    assert "stroke-dasharray" in drawn
    series = tuple({"date": f"20{i}-01-01T00:00:00", "mean": 1.0 * i, "n": 9} for i in range(10, 20))
    dated = svg(chart(Picture(kind="series", x_title="day", y_title="y", records=series, marks=(16_436.0,))))
    assert "2015-01-01" in dated
    assert "stroke-dasharray" not in svg(chart(Picture(kind="curve", x_title="x", y_title="y", records=curve)))
