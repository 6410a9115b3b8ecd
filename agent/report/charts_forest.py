"""The forest: estimates of one thing with their intervals, one a row, against the line of no effect.

Knows a picture's aggregates. Must never know rows, tests or verdicts. Records: `label`*, `value`*, low, high.
"""

from collections.abc import Sequence
from typing import Any

from ...tools.verify.adjustment import Adjustment
from ...tools.verify.evidence import Picture
from ...tools.verify.families.wording import number
from . import words
from .charts_parts import INK, MAIN, SOFT, Record


def before_and_after(adjustment: Adjustment, outcome: str) -> Picture:
    """The claim as found and by each road with the other columns held fixed, on one scale."""
    records = tuple(
        {"label": e.label, "value": e.value, "low": e.low, "high": e.high} for e in adjustment.estimates
    )  # fmt: skip
    return Picture(
        kind="forest",
        x_title="standard deviations of the outcome per standard deviation of the predictor",
        y_title=outcome,
        records=records,
        note="as found, and with the other columns held fixed by three roads",
    )


def forest(picture: Picture, records: Sequence[Record]) -> dict[str, Any]:
    """The Vega-Lite specification of a forest, without schema and configuration.

    Args:
        picture: Titles and note; the note, if any, says how to read the rows.
        records: One row each, in the order drawn.
    """
    rows = [r | {"row": _cut(str(r["label"])), "figure": number(r["value"], 2), "zero": 0} for r in records]
    axis = {"title": _cut(picture.x_title, 80), "tickCount": 5, "titlePadding": 8, "labelPadding": 6}
    along = {"type": "quantitative", "axis": axis, "scale": {"nice": True, "zero": True}}
    side = {"labelLimit": 190, "labelPadding": 6, "title": None, "ticks": False}
    span = {"x": {"field": "low", **along}, "x2": {"field": "high"}}
    at = {"x": {"field": "value", **along}}
    dot = {"type": "point", "filled": True, "color": MAIN, "size": 75, "opacity": 1}
    text = {"type": "text", "color": INK, "dy": -14, "fontSize": 12, "fontWeight": 600}
    guide = "Dot: estimate, with 95 % interval" + (f"; {picture.note}" if picture.note else "")
    return {
        "title": {"text": f"{_cut(picture.y_title)} with other columns held fixed", "subtitle": guide},
        "description": _said(picture, rows),
        "data": {"values": rows},
        "width": 300,
        "height": {"step": 40},
        "encoding": {"y": {"field": "row", "type": "nominal", "sort": None, "axis": side}},
        "layer": [
            {"mark": {"type": "rule", "color": SOFT, "strokeDash": [4, 3]}, "encoding": _zero(along)},
            {"mark": {"type": "rule", "color": MAIN, "strokeWidth": 2.5}, "encoding": span},
            {"mark": dot, "encoding": at},
            {"mark": text, "encoding": at | {"text": {"field": "figure"}}},
        ],
    }


def _zero(along: dict[str, Any]) -> dict[str, Any]:
    """The line of no effect, drawn once for the whole height."""
    return {"x": {"datum": 0, **along}, "y": None}


def _said(picture: Picture, rows: Sequence[Record]) -> str:
    said = ", ".join(f"{words.clean(str(r['label']))} {r['figure']}" for r in rows)
    return f"{words.plain(picture.y_title)}, {words.plain(picture.x_title)}: {said}."


def _cut(text: str, most: int = 44) -> str:
    text = words.plain(text)
    return text if len(text) <= most else text[: most - 1] + "…"
