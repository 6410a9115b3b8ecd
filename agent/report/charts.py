"""Vega-Lite specifications of pictures, and SVG from specifications, drawn offline.

Knows aggregates (at most 500 records) and how they look. Must never know rows, tests or verdicts, and must never
fetch anything. Records by kind; every key but those marked `*` may be missing or None, and other keys are ignored:

    groups   label*, mean*, n, low, high, median, q25, q75     one number a group, mean with its 95 % interval
    rates    label*, share*, n, low, high                      share between 0 and 1, with its 95 % interval
    curve    x*, mean*, n, low, high, x_low, x_high            outcome by bins of a number; x is the bin's mean
    shares   x*, y*, share*, n                                 share of label y among the n rows with label x
    series   date*, mean*, n, low, high                        date is ISO text, or a number such as a year
    forest   label*, value*, low, high                         one estimate a row; drawn in `charts_forest`
    lines    line*, x*, mean*, n, low, high                    a line a group; x is a number, ISO time or label

`mean` is a share between 0 and 1 where the picture's y title begins with `share of`, a quantile where it begins with
one such as `90th percentile of`. A picture's marks are drawn as dashed rules across a curve, a series or lines.
"""

import re
from collections.abc import Sequence
from typing import Any

from ...tools.verify.evidence import Picture
from ...tools.verify.families.wording import number, percent
from . import words
from .charts_courses import curve, lines, series
from .charts_forest import forest
from .charts_limits import within_limits, without_limits
from .charts_parts import (
    AXIS,
    DARK,
    INK,
    MAIN,
    PALE,
    WIDTH,
    Record,
    config,
    cut,
    heading,
    interval_note,
    labelled,
    large,
    short,
)

MOST = 500
_ROOMY = 8
"""Lines up to which there is room for a figure above each."""


def chart(picture: Picture) -> dict[str, Any]:
    """The picture as a Vega-Lite specification with its data inline, for any Vega-Lite 6 renderer.

    Args:
        picture: Aggregates; records beyond the first 500 are not drawn.
    """
    drawers = {
        "groups": _groups, "rates": _rates, "curve": curve, "shares": _shares, "series": series, "lines": lines,
        "forest": forest,
    }  # fmt: skip
    draw = drawers[picture.kind]
    records = [dict(r) for r in picture.records[:MOST]]
    return {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "config": config(), **draw(picture, records)}


def svg(spec: dict[str, Any], *, dark: bool | None = False) -> str:
    """The specification as SVG text, without network access.

    Args:
        spec: What `chart` returned.
        dark: Whether to draw on dark paper; None draws both and lets the reader's colour scheme choose.
    """
    import vl_convert

    def drawn(what: dict[str, Any]) -> str:
        return vl_convert.vegalite_to_svg(what, vl_version="6.4", allowed_base_urls=[])

    text = drawn(without_limits(spec))
    if not within_limits(text, spec):
        text = drawn(spec)
    if dark is False:
        return text
    rules = "".join(f'[fill="{a}"]{{fill:{b}}}[stroke="{a}"]{{stroke:{b}}}' for a, b in DARK.items())
    rules = rules if dark else f"@media (prefers-color-scheme:dark){{{rules}}}"
    at = text.index(">", text.index("<svg")) + 1
    return f"{text[:at]}<style>{rules}</style>{text[at:]}"


def describe(spec: dict[str, Any]) -> str:
    """The sentence that stands for the chart where it cannot be seen."""
    return str(spec.get("description") or "Chart of the finding above.")


# Kinds


def _groups(picture: Picture, records: Sequence[Record]) -> dict[str, Any]:
    rows = [r | {"group": labelled(r), "figure": number(r["mean"]), "edge": _edge(r)} for r in records]
    layers = []
    if _all(rows, "q25", "q75"):
        layers.append(_bar("q25", "q75"))
    if _all(rows, "median"):
        layers.append({"mark": {"type": "tick", "color": MAIN, "thickness": 2, "size": 16}, "encoding": _x("median")})
    spread = "; bar: middle half of the rows" if _all(rows, "q25", "q75") else ""
    median = ", line: median" if _all(rows, "median") else ""
    said = ", ".join(f"{words.clean(str(r['label']))} {r['figure']}" for r in rows)
    quantile = re.match(r"(\d\S* percentile) of ", picture.y_title)
    dot, of = (quantile[1], "") if quantile else ("average", "Average of ")
    return _horizontal(
        picture, rows, [*layers, *_dots("mean", crowded=len(rows) > _ROOMY)],
        title=f"{short(picture.y_title)}", format=None,
        subtitle=f"Dot: {dot}{interval_note(picture)}{spread}{median}",
        description=f"{of}{words.plain(picture.y_title)} by {words.plain(picture.x_title)}: {said}.",
    )  # fmt: skip


def _rates(picture: Picture, records: Sequence[Record]) -> dict[str, Any]:
    rows = [r | {"group": labelled(r), "figure": percent(r["share"]), "zero": 0, "edge": _edge(r)} for r in records]
    said = ", ".join(f"{words.clean(str(r['label']))} {r['figure']}" for r in rows)
    title = words.plain(picture.y_title)
    return _horizontal(
        picture, rows, [_bar("zero", "share"), *_dots("share", crowded=len(rows) > _ROOMY)],
        title=short(picture.y_title), format="%", subtitle=f"Bar: share of rows{interval_note(picture)}",
        description=f"{title[:1].upper()}{title[1:]} by {words.plain(picture.x_title)}: {said}.",
    )  # fmt: skip


def _shares(picture: Picture, records: Sequence[Record]) -> dict[str, Any]:
    total = {r["x"]: r.get("n") for r in records}
    rows = [
        {"row": labelled({"label": r["x"], "n": total[r["x"]]}), "column": cut(str(r["y"])), "share": r["share"],
         "figure": percent(r["share"], 0)}
        for r in records
    ]  # fmt: skip
    across, down = list(dict.fromkeys(r["column"] for r in rows)), list(dict.fromkeys(r["row"] for r in rows))
    bare = AXIS | {"title": None, "domain": False, "ticks": False}
    narrow = bare | {"labelLimit": 96, "labelAngle": 0 if len(across) <= 4 else -35, "orient": "top"}
    shade = {
        "field": "share", "type": "quantitative", "legend": None, "scale": {"domain": [0, 1], "range": [0.05, 0.6]},
    }  # fmt: skip
    return {
        "title": heading(picture, "Share of each line's rows; stronger colour is more"),
        "description": _cells(picture, rows),
        "data": {"values": rows},
        "width": min(max(64 * len(across), WIDTH), 460),
        "height": {"step": 30 if len(down) <= 12 else 20},
        "encoding": {
            "x": {"field": "column", "type": "nominal", "sort": None, "axis": narrow},
            "y": {"field": "row", "type": "nominal", "sort": None, "axis": bare},
        },
        "layer": [
            {"mark": {"type": "rect", "color": MAIN}, "encoding": {"opacity": shade}},
            {"mark": {"type": "text", "color": INK, "fontSize": 12}, "encoding": {"text": {"field": "figure"}}},
        ],
    }


def _cells(picture: Picture, rows: Sequence[Record]) -> str:
    text = f"Shares of {words.plain(picture.y_title)} within {words.plain(picture.x_title)}"
    if rows:
        top = max(rows, key=lambda r: r["share"])
        text += f", {len(rows)} cells; the largest is {top['figure']} for {top['column']} in {top['row']}"
    return text + "."


# Parts


def _horizontal(
    picture: Picture, rows: Sequence[Record], layers: list[dict[str, Any]], *,
    title: str, format: str | None, subtitle: str, description: str,
) -> dict[str, Any]:  # fmt: skip
    """One line a group, the figure along the bottom."""
    figures = large(r["mean"] for r in rows) if format is None else {"format": format}
    axis = {**AXIS, "title": title, "tickCount": 5, **figures}
    for layer in layers:
        layer["encoding"]["x"] |= {"axis": axis, "scale": {"zero": format is not None, "nice": True}}
    side = {"field": "group", "type": "nominal", "sort": None, "title": None, "axis": AXIS}
    return {
        "title": heading(picture, subtitle), "description": description, "data": {"values": list(rows)},
        "width": WIDTH,
        "height": {"step": 52 if len(rows) <= _ROOMY else 24}, "encoding": {"y": side}, "layer": layers,
    }  # fmt: skip


def _dots(field: str, *, crowded: bool = False) -> list[dict[str, Any]]:
    """The interval as a line, the figure as a dot with its value above, or right of all where lines lie close."""
    span = _x("low") | {"x2": {"field": "high"}}
    place = {"dx": 7, "align": "left", "fontSize": 11} if crowded else {"dy": -16, "fontSize": 12}
    return [
        {"mark": {"type": "rule", "color": MAIN, "strokeWidth": 2.5}, "encoding": span},
        {"mark": {"type": "point", "filled": True, "color": MAIN, "size": 75, "opacity": 1}, "encoding": _x(field)},
        {
            "mark": {"type": "text", "color": INK, "fontWeight": 600, **place},
            "encoding": _x("edge" if crowded else field) | {"text": {"field": "figure"}},
        },
    ]


def _edge(record: Record) -> float:
    """Where a line's drawing ends on the right."""
    known = (record.get(key) for key in ("mean", "share", "median", "q75", "high"))
    return max(value for value in known if value is not None)


def _bar(low: str, high: str) -> dict[str, Any]:
    return {
        "mark": {"type": "bar", "color": PALE, "height": 16, "cornerRadius": 2},
        "encoding": _x(low) | {"x2": {"field": high}},
    }


def _x(field: str) -> dict[str, Any]:
    return {"x": {"field": field, "type": "quantitative"}}


def _all(rows: Sequence[Record], *keys: str) -> bool:
    return bool(rows) and all(r.get(k) is not None for r in rows for k in keys)
