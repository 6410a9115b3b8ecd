"""Charts of an outcome along a number or over time, and of two groups of rows along either.

Knows aggregates and how they look. Must never know rows, tests or verdicts.
"""

import re
from collections.abc import Sequence
from typing import Any

from ...tools.verify.evidence import Picture
from ...tools.verify.families.trend_words import stamp
from ...tools.verify.families.wording import number, percent
from . import words
from .charts_parts import (
    AXIS,
    MAIN,
    OTHER,
    PALE,
    SOFT,
    Record,
    average_word,
    cut,
    heading,
    interval_note,
    labelled,
    large,
    short,
    total_note,
)

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_FEW = 12
_LOG_FROM = 10.0
"""Ratio of the last bin to the first from which the axis of a positive number may be logarithmic."""


def curve(picture: Picture, records: Sequence[Record]) -> dict[str, Any]:
    """The outcome by bins of a number."""
    rows = sorted(records, key=lambda r: r["x"])
    xs = [r["x"] for r in rows]
    along: dict[str, Any] = {"field": "x", "type": "quantitative", "scale": {"zero": False, "padding": 10}}
    by = "in groups of similar size"
    if len(xs) <= _FEW and all(_single(r) for r in rows):
        along["axis"] = {"values": xs, "format": "d" if _years(xs) else ",d"}
        by = "of the rows with each value"
    elif _bunched(xs):
        along |= {
            "scale": {"type": "log", "nice": False},
            "title": f"{short(picture.x_title, 30)} (logarithmic scale)",
        }
    if xs and "axis" not in along:
        along["axis"] = _numbers(xs)
    return _vertical(
        picture, rows, along, subtitle=f"Dot: {average_word(picture)} {by}{total_note(rows)}{interval_note(picture)}"
    )


def _years(xs: Sequence[float]) -> bool:
    """Whether these are most often years or clock times, which are told without separator."""
    return all(1_000 <= x < 3_000 for x in xs)


def _numbers(xs: Sequence[float]) -> dict[str, Any]:
    """How numbers along the bottom are labelled."""
    return {"format": "d", "tickMinStep": 1} if _years(xs) else large(xs)


def _single(record: Record) -> bool:
    """Whether a bin holds one whole number only."""
    ends = {record["x"], record.get("x_low", record["x"]), record.get("x_high", record["x"])}
    return len(ends) == 1 and float(record["x"]).is_integer()


def _bunched(xs: Sequence[float]) -> bool:
    """Whether positive positions crowd at the low end, so that a logarithmic axis shows them apart."""
    if len(xs) < 4 or xs[0] <= 0 or xs[-1] / xs[0] < _LOG_FROM:
        return False
    return xs[len(xs) // 2] - xs[0] < (xs[-1] - xs[0]) / 5


def series(picture: Picture, records: Sequence[Record]) -> dict[str, Any]:
    """The outcome by period."""
    if all(isinstance(r["date"], str) for r in records):
        rows = sorted((r | {"x": _utc(r["date"])} for r in records), key=lambda r: r["x"])
        along: dict[str, Any] = {"type": "temporal", "scale": {"type": "utc", "padding": 12}}
    else:
        rows = sorted((r | {"x": r["date"]} for r in records), key=lambda r: r["x"])
        years = _years([r["x"] for r in rows])
        along = {"type": "quantitative", "scale": {"zero": False, "padding": 12}}
        along["axis"] = {"tickMinStep": 1} | ({"format": "d"} if years else {})
    return _vertical(
        picture, rows, {"field": "x"} | along,
        subtitle=f"Dot: {average_word(picture)} by period{total_note(rows)}{interval_note(picture)}",
    )  # fmt: skip


def _utc(time: str) -> str:
    """An ISO time with its zone, without which it would be drawn in that of the machine."""
    return time + "Z" if "T" in time and not time.endswith("Z") else time


def _vertical(picture: Picture, rows: Sequence[Record], x: dict[str, Any], *, subtitle: str) -> dict[str, Any]:
    """The outcome up the side, a number or time along the bottom."""
    share = picture.y_title.startswith("share of")
    form = {"format": "%"} if share else {}
    up = {"type": "quantitative", "scale": {"zero": False}, "title": None}
    up["axis"] = {**AXIS, "tickCount": 5, **(form or large(r["mean"] for r in rows))}
    along = {"title": short(picture.x_title)} | x
    along["axis"] = {**AXIS, "tickCount": 6, "grid": False, **x.get("axis", {})}
    layers: list[dict[str, Any]] = [
        {"mark": {"type": "line", "color": PALE, "strokeWidth": 2}, "encoding": {"y": {"field": "mean", **up}}}
    ]
    if any(r.get("low") is not None and r.get("high") is not None for r in rows):
        span = {"y": {"field": "low", **up}, "y2": {"field": "high"}}
        layers.append({"mark": {"type": "rule", "color": MAIN, "strokeWidth": 1.5}, "encoding": span})
    dot = {"type": "point", "filled": True, "color": MAIN, "opacity": 1, "size": 55 if len(rows) <= 40 else 14}
    layers.append({"mark": dot, "encoding": {"y": {"field": "mean", **up}}})
    layers += _marks(picture, along["type"])
    return {
        "title": heading(picture, subtitle), "description": _course(picture, rows, share),
        "data": {"values": list(rows)},
        "width": 350, "height": 200, "encoding": {"x": along}, "layer": layers,
    }  # fmt: skip


def lines(picture: Picture, records: Sequence[Record]) -> dict[str, Any]:
    """The outcome along a number, over time or by label, one line a group of rows; lines differ in dash and dot too."""
    names = list(dict.fromkeys(str(r["line"]) for r in records))
    total = {name: sum(r.get("n") or 0 for r in records if str(r["line"]) == name) for name in names}
    told = {name: labelled({"label": name, "n": total[name] or None}, 40) for name in names}
    rows = [r | {"line": told[str(r["line"])], "x": _place_of(r["x"])} for r in records]
    along = _lines_axis(picture, [r["x"] for r in rows])
    share = picture.y_title.startswith("share of")
    up: dict[str, Any] = {"type": "quantitative", "scale": {"zero": False}, "title": None}
    up["axis"] = {**AXIS, "tickCount": 5, **({"format": "%"} if share else large(r["mean"] for r in rows))}
    by = {"field": "line", "type": "nominal", "sort": None, "title": None}
    legend = {"orient": "top", "direction": "vertical", "offset": 6}
    domain = list(told.values())
    colour = {"color": by | {"scale": {"domain": domain, "range": [MAIN, OTHER]}, "legend": legend}}
    dash = {"strokeDash": by | {"scale": {"domain": domain, "range": [[1, 0], [5, 3]]}, "legend": None}}
    shape = {"shape": by | {"scale": {"domain": domain, "range": ["circle", "diamond"]}, "legend": legend}}
    mean = {"y": {"field": "mean", **up}}
    layers: list[dict[str, Any]] = [{"mark": {"type": "line", "strokeWidth": 2}, "encoding": mean | colour | dash}]
    if any(r.get("low") is not None and r.get("high") is not None for r in rows):
        span = {"y": {"field": "low", **up}, "y2": {"field": "high"}}
        layers.append({"mark": {"type": "rule", "strokeWidth": 1.5, "opacity": 0.8}, "encoding": span | colour})
    dot = {"type": "point", "filled": True, "opacity": 1, "size": 65}
    layers.append({"mark": dot, "encoding": mean | colour | shape})
    return {
        "title": heading(picture, f"Dot: {average_word(picture)}{interval_note(picture)}"),
        "description": _told_lines(picture, rows, share),
        "data": {"values": rows},
        "width": 350, "height": 200, "encoding": {"x": along}, "layer": [*layers, *_marks(picture, along["type"])],
    }  # fmt: skip


def _place_of(x: Any) -> Any:
    if isinstance(x, str):
        return _utc(x) if _TIME.fullmatch(x) else cut(words.plain(x))
    return x


def _lines_axis(picture: Picture, xs: Sequence[Any]) -> dict[str, Any]:
    along: dict[str, Any] = {"field": "x", "title": short(picture.x_title)}
    axis: dict[str, Any] = {**AXIS, "tickCount": 6, "grid": False}
    if any(isinstance(x, str) and not _TIME.fullmatch(x.removesuffix("Z")) for x in xs):
        return along | {"type": "nominal", "sort": None, "axis": axis | {"labelAngle": 0}, "scale": {"padding": 0.6}}
    if xs and isinstance(xs[0], str):
        return along | {"type": "temporal", "scale": {"type": "utc", "padding": 12}, "axis": axis}
    return along | {"type": "quantitative", "scale": {"zero": False, "padding": 10}, "axis": axis | _numbers(xs)}


def _told_lines(picture: Picture, rows: Sequence[Record], share: bool) -> str:
    """What every line shows, from its first record to its last."""
    of = "S" + words.plain(picture.y_title)[1:] if share else f"Average of {words.plain(picture.y_title)}"
    told = []
    for name in dict.fromkeys(r["line"] for r in rows):
        own = [r for r in rows if r["line"] == name]
        first, last = (percent(r["mean"]) if share else number(r["mean"]) for r in (own[0], own[-1]))
        start, end = (_where(r["x"]) for r in (own[0], own[-1]))
        told.append(f"{name}: {first} at {start}, {last} at {end}")
    return f"{of} by {words.plain(picture.x_title)}" + (f"; {'; '.join(told)}." if told else ".")


def _where(x: Any) -> str:
    return x if isinstance(x, str) and not _TIME.fullmatch(x.removesuffix("Z")) else _place(x)


def _marks(picture: Picture, kind: str) -> list[dict[str, Any]]:
    """Dashed rules at the places that the claim names, with their figure above."""
    if not picture.marks or kind == "nominal":
        return []
    dated = kind == "temporal"
    values = [
        {"at": _utc(stamp(m)) if dated else m, "said": stamp(m)[:10] if dated else _place(m)} for m in picture.marks
    ]
    at = {"x": {"field": "at"}}
    said = {"text": {"field": "said"}, "y": {"value": -5}}
    return [
        {
            "data": {"values": values}, "encoding": at,
            "mark": {"type": "rule", "color": SOFT, "strokeDash": [4, 4], "strokeWidth": 1.5},
        },
        {"data": {"values": values}, "encoding": at | said, "mark": {"type": "text", "color": SOFT, "fontSize": 11}},
    ]  # fmt: skip


def _course(picture: Picture, rows: Sequence[Record], share: bool) -> str:
    """What a curve or a series shows, from its first record to its last."""
    of = "S" + words.plain(picture.y_title)[1:] if share else f"Average of {words.plain(picture.y_title)}"
    text = f"{of} by {words.plain(picture.x_title)}"
    if rows:
        first, last = (percent(r["mean"]) if share else number(r["mean"]) for r in (rows[0], rows[-1]))
        start, end = (_place(r["x"]) for r in (rows[0], rows[-1]))
        text += f": {first} at {start}, {last} at {end}"
    return text + "."


def _place(x: float | str) -> str:
    """A position for a sentence: the day of a time, a number without separators where it may be a year."""
    if isinstance(x, str):
        return x[:10]
    return f"{x:g}" if 1000 <= x <= 3000 else words.figure(x)
