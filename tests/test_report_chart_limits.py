"""Charts are drawn without limits on texts only where that makes the very drawing that the limits give."""

from typing import Any

import pytest
import vl_convert

from heldout.agent.report.charts import chart, svg
from heldout.agent.report.charts_limits import width, within_limits, without_limits
from heldout.tools.verify.evidence import Picture
from tests import sample_result as made

LONG = ("W" * 24, "\u4e2d" * 14, "iiii")


def limited(spec: dict[str, Any]) -> str:
    return vl_convert.vegalite_to_svg(spec, vl_version="6.4", allowed_base_urls=[])


def groups(labels: tuple[str, ...], title: str = "mass") -> dict[str, Any]:
    records = tuple({"label": label, "mean": 1.5 * at, "n": 1_234_567} for at, label in enumerate(labels))
    return chart(Picture(kind="groups", x_title="species", y_title=title, records=records))


def shares(across: str, down: str) -> dict[str, Any]:
    records = tuple({"x": x, "y": y, "share": 0.5, "n": 10} for x in (down, "b") for y in (across, "d"))
    return chart(Picture(kind="shares", x_title="island", y_title="species", records=records))


def lines(labels: tuple[str, ...]) -> dict[str, Any]:
    records = tuple({"line": label, "x": 1.0 * x, "mean": 2.0 * x, "n": 10_000} for label in labels for x in range(4))
    return chart(Picture(kind="lines", x_title="age", y_title="mass", records=records))


@pytest.mark.parametrize("picture", made.PICTURES, ids=lambda p: p.kind)
def test_charts_whose_texts_fit_are_drawn_once_and_alike(picture: Picture) -> None:
    spec = chart(picture)
    free = limited(without_limits(spec))
    assert within_limits(free, spec)
    assert svg(spec) == free == limited(spec)


@pytest.mark.parametrize(
    "spec",
    [
        groups(LONG),
        groups(("a", "b"), "W" * 44),
        lines(("W" * 39, "b")),
        lines(("plan is basic", "plan is premium")),
        shares("m" * 12, "a"),
        shares("a", "m" * 12),
    ],
    ids=["labels", "title", "legend", "fits", "across", "down"],
)
def test_a_drawing_is_always_the_one_that_its_limits_give(spec: dict[str, Any]) -> None:
    assert svg(spec) == limited(spec)


def test_a_text_that_its_limit_would_cut_is_told_from_one_that_fits() -> None:
    for spec in (groups(LONG), groups(("a", "b"), "W" * 44), lines(("W" * 39, "b"))):
        free = limited(without_limits(spec))
        assert free != limited(spec)
        assert not within_limits(free, spec)


def test_each_axis_has_its_own_limit() -> None:
    across, down = shares("m" * 12, "a"), shares("a", "m" * 6)
    assert not within_limits(limited(without_limits(across)), across)
    assert within_limits(limited(without_limits(down)), down)


def test_the_limits_are_lifted_in_a_copy_that_keeps_all_else() -> None:
    spec = groups(("a", "b"))
    before = repr(spec)
    lifted = without_limits(spec)
    assert repr(spec) == before
    assert lifted["data"] == spec["data"]
    assert lifted["config"]["title"] == spec["config"]["title"] | {"limit": 0}
    assert "'labelLimit': 170" in before
    assert "'labelLimit': 170" not in repr(lifted)


def test_no_letter_is_measured_wider_than_its_bound() -> None:
    for letter in map(chr, range(33, 127)):
        spec = {
            "width": 1, "height": 1, "padding": 0, "autosize": "pad",
            "marks": [{"type": "text", "encode": {"enter": {
                "text": {"value": letter * 50}, "font": {"value": "Helvetica, Arial, sans-serif"},
                "fontSize": {"value": 100},
            }}}],
        }  # fmt: skip
        drawn = vl_convert.vega_to_svg(spec, allowed_base_urls=[])
        measured = float(drawn.split('width="')[1].split('"')[0])
        assert measured <= 100 * width(letter * 50) * 1.01 + 2, letter
