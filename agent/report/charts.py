"""Vega-Lite specifications of pictures, and SVG from specifications, drawn offline.

Knows aggregates (at most 500 records) and how they look. Must never know rows, tests or verdicts, and must never
fetch anything. Records by kind; every key but those marked `*` may be missing or None, and other keys are ignored:

    groups   label*, mean*, n, low, high, median, q25, q75     one number a group, mean with its 95 % interval
    rates    label*, share*, n, low, high                      share between 0 and 1, with its 95 % interval
    curve    x*, mean*, n, low, high, x_low, x_high            outcome by bins of a number; x is the bin's mean
    shares   x*, y*, share*, n                                 share of label y among the n rows with label x
    series   date*, mean*, n, low, high                        date is ISO text, or a number such as a year
    forest   label*, value*, low, high                         one estimate a row; drawn in `charts_forest`

`mean` is a share between 0 and 1 where the picture's y title begins with `share of`.
"""

from collections.abc import Sequence
from typing import Any

from ...tools.verify.evidence import Picture
from ...tools.verify.families.wording import number, percent
from . import words
from .charts_forest import forest

Record = dict[str, Any]

MOST = 500
WIDTH = 300
INK, SOFT, GRID, MAIN, PALE, PAPER = "#27313a", "#5d6873", "#dde3e8", "#17698c", "#b9d3df", "#ffffff"
_DARK = {
    INK: "#e6ebef", SOFT: "#a3afb9", GRID: "#38434d", MAIN: "#6cc0e2", PALE: "#2f5566", PAPER: "#171d22",
}  # fmt: skip
_AXIS = {"labelLimit": 170, "titlePadding": 8, "labelFlush": False, "labelPadding": 6}
_TITLE = 46
_FEW = 12
_LOG_FROM = 10.0
"""Ratio of the last bin to the first from which the axis of a positive number may be logarithmic."""


def chart(picture: Picture) -> dict[str, Any]:
    """The picture as a Vega-Lite specification with its data inline, for any Vega-Lite 6 renderer.

    Args:
        picture: Aggregates; records beyond the first 500 are not drawn.
    """
    drawers = {
        "groups": _groups, "rates": _rates, "curve": _curve, "shares": _shares, "series": _series, "forest": _forest,
    }  # fmt: skip
    draw = drawers[picture.kind]
    records = [dict(r) for r in picture.records[:MOST]]
    return {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "config": _config(), **draw(picture, records)}


def svg(spec: dict[str, Any], *, dark: bool | None = False) -> str:
    """The specification as SVG text, without network access.

    Args:
        spec: What `chart` returned.
        dark: Whether to draw on dark paper; None draws both and lets the reader's colour scheme choose.
    """
    import vl_convert

    text = vl_convert.vegalite_to_svg(spec, vl_version="6.4", allowed_base_urls=[])
    if dark is False:
        return text
    rules = "".join(f'[fill="{a}"]{{fill:{b}}}[stroke="{a}"]{{stroke:{b}}}' for a, b in _DARK.items())
    rules = rules if dark else f"@media (prefers-color-scheme:dark){{{rules}}}"
    at = text.index(">", text.index("<svg")) + 1
    return f"{text[:at]}<style>{rules}</style>{text[at:]}"


def describe(spec: dict[str, Any]) -> str:
    """The sentence that stands for the chart where it cannot be seen."""
    return str(spec.get("description") or "Chart of the finding above.")


# Kinds


def _interval(picture: Picture) -> str:
    """What is drawn around the dots, or what was done to the rows of clusters, whose intervals are not drawn."""
    if any(r.get("low") is not None for r in picture.records):
        return ", with 95 % interval"
    return f", {picture.note}" if picture.note else ""


def _groups(picture: Picture, records: Sequence[Record]) -> dict[str, Any]:
    rows = [r | {"group": _label(r), "figure": number(r["mean"])} for r in records]
    layers = []
    if _all(rows, "q25", "q75"):
        layers.append(_bar("q25", "q75"))
    if _all(rows, "median"):
        layers.append({"mark": {"type": "tick", "color": MAIN, "thickness": 2, "size": 16}, "encoding": _x("median")})
    spread = "; bar: middle half of the rows" if _all(rows, "q25", "q75") else ""
    median = ", line: median" if _all(rows, "median") else ""
    said = ", ".join(f"{words.clean(str(r['label']))} {r['figure']}" for r in rows)
    return _horizontal(
        picture, rows, [*layers, *_dots("mean")],
        title=f"{_short(picture.y_title)}", format=None,
        subtitle=f"Dot: average{_interval(picture)}{spread}{median}",
        description=f"Average of {words.plain(picture.y_title)} by {words.plain(picture.x_title)}: {said}.",
    )  # fmt: skip


def _rates(picture: Picture, records: Sequence[Record]) -> dict[str, Any]:
    rows = [r | {"group": _label(r), "figure": percent(r["share"]), "zero": 0} for r in records]
    said = ", ".join(f"{words.clean(str(r['label']))} {r['figure']}" for r in rows)
    title = words.plain(picture.y_title)
    return _horizontal(
        picture, rows, [_bar("zero", "share"), *_dots("share")],
        title=_short(picture.y_title), format="%", subtitle=f"Bar: share of rows{_interval(picture)}",
        description=f"{title[:1].upper()}{title[1:]} by {words.plain(picture.x_title)}: {said}.",
    )  # fmt: skip


def _curve(picture: Picture, records: Sequence[Record]) -> dict[str, Any]:
    rows = sorted(records, key=lambda r: r["x"])
    xs = [r["x"] for r in rows]
    along: dict[str, Any] = {"field": "x", "type": "quantitative", "scale": {"zero": False, "padding": 10}}
    by = "in groups of similar size"
    if len(xs) <= _FEW and all(_single(r) for r in rows):
        years = all(1_000 <= x < 3_000 for x in xs)  # most often years: told without separator
        along["axis"], by = {"values": xs, "format": "d" if years else ",d"}, "of the rows with each value"
    elif _bunched(xs):
        along |= {
            "scale": {"type": "log", "nice": False},
            "title": f"{_short(picture.x_title, 30)} (logarithmic scale)",
        }
    return _vertical(picture, rows, along, subtitle=f"Dot: {_average(picture)} {by}{_total(rows)}{_interval(picture)}")


def _single(record: Record) -> bool:
    """Whether a bin holds one whole number only."""
    ends = {record["x"], record.get("x_low", record["x"]), record.get("x_high", record["x"])}
    return len(ends) == 1 and float(record["x"]).is_integer()


def _bunched(xs: Sequence[float]) -> bool:
    """Whether positive positions crowd at the low end, so that a logarithmic axis shows them apart."""
    if len(xs) < 4 or xs[0] <= 0 or xs[-1] / xs[0] < _LOG_FROM:
        return False
    return xs[len(xs) // 2] - xs[0] < (xs[-1] - xs[0]) / 5


def _series(picture: Picture, records: Sequence[Record]) -> dict[str, Any]:
    if all(isinstance(r["date"], str) for r in records):
        rows = sorted((r | {"x": _utc(r["date"])} for r in records), key=lambda r: r["x"])
        along: dict[str, Any] = {"type": "temporal", "scale": {"type": "utc", "padding": 12}}
    else:
        rows = sorted((r | {"x": r["date"]} for r in records), key=lambda r: r["x"])
        years = all(1000 <= r["x"] <= 3000 for r in rows)
        along = {"type": "quantitative", "scale": {"zero": False, "padding": 12}}
        along["axis"] = {"tickMinStep": 1} | ({"format": "d"} if years else {})
    return _vertical(
        picture, rows, {"field": "x"} | along,
        subtitle=f"Dot: {_average(picture)} by period{_total(rows)}{_interval(picture)}",
    )  # fmt: skip


def _utc(time: str) -> str:
    """An ISO time with its zone, without which it would be drawn in that of the machine."""
    return time + "Z" if "T" in time and not time.endswith("Z") else time


def _shares(picture: Picture, records: Sequence[Record]) -> dict[str, Any]:
    total = {r["x"]: r.get("n") for r in records}
    rows = [
        {"row": _label({"label": r["x"], "n": total[r["x"]]}), "column": _cut(str(r["y"])), "share": r["share"],
         "figure": percent(r["share"], 0)}
        for r in records
    ]  # fmt: skip
    across, down = list(dict.fromkeys(r["column"] for r in rows)), list(dict.fromkeys(r["row"] for r in rows))
    bare = _AXIS | {"title": None, "domain": False, "ticks": False}
    narrow = bare | {"labelLimit": 96, "labelAngle": 0 if len(across) <= 4 else -35, "orient": "top"}
    shade = {
        "field": "share", "type": "quantitative", "legend": None, "scale": {"domain": [0, 1], "range": [0.05, 0.6]},
    }  # fmt: skip
    return {
        "title": _heading(picture, "Share of each line's rows; stronger colour is more"),
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


def _forest(picture: Picture, records: Sequence[Record]) -> dict[str, Any]:
    return forest(picture, records, {"ink": INK, "soft": SOFT, "main": MAIN})


# Parts


def _horizontal(
    picture: Picture, rows: Sequence[Record], layers: list[dict[str, Any]], *,
    title: str, format: str | None, subtitle: str, description: str,
) -> dict[str, Any]:  # fmt: skip
    """One line a group, the figure along the bottom."""
    axis = {**_AXIS, "title": title, "tickCount": 5, **({"format": format} if format else {})}
    for layer in layers:
        layer["encoding"]["x"] |= {"axis": axis, "scale": {"zero": format is not None, "nice": True}}
    side = {"field": "group", "type": "nominal", "sort": None, "title": None, "axis": _AXIS}
    return {
        "title": _heading(picture, subtitle), "description": description, "data": {"values": list(rows)},
        "width": WIDTH,
        "height": {"step": 52 if len(rows) <= 8 else 28}, "encoding": {"y": side}, "layer": layers,
    }  # fmt: skip


def _vertical(picture: Picture, rows: Sequence[Record], x: dict[str, Any], *, subtitle: str) -> dict[str, Any]:
    """The outcome up the side, a number or time along the bottom."""
    share = picture.y_title.startswith("share of")
    form = {"format": "%"} if share else {}
    up = {"type": "quantitative", "scale": {"zero": False}, "title": None}
    up["axis"] = {**_AXIS, "tickCount": 5, **form}
    along = {"title": _short(picture.x_title)} | x
    along["axis"] = {**_AXIS, "tickCount": 6, "grid": False, **x.get("axis", {})}
    layers: list[dict[str, Any]] = [
        {"mark": {"type": "line", "color": PALE, "strokeWidth": 2}, "encoding": {"y": {"field": "mean", **up}}}
    ]
    if any(r.get("low") is not None and r.get("high") is not None for r in rows):
        span = {"y": {"field": "low", **up}, "y2": {"field": "high"}}
        layers.append({"mark": {"type": "rule", "color": MAIN, "strokeWidth": 1.5}, "encoding": span})
    dot = {"type": "point", "filled": True, "color": MAIN, "opacity": 1, "size": 55 if len(rows) <= 40 else 14}
    layers.append({"mark": dot, "encoding": {"y": {"field": "mean", **up}}})
    return {
        "title": _heading(picture, subtitle), "description": _course(picture, rows, share),
        "data": {"values": list(rows)},
        "width": 350, "height": 200, "encoding": {"x": along}, "layer": layers,
    }  # fmt: skip


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


def _dots(field: str) -> list[dict[str, Any]]:
    """The interval as a line, the figure as a dot with its value above."""
    span = _x("low") | {"x2": {"field": "high"}}
    return [
        {"mark": {"type": "rule", "color": MAIN, "strokeWidth": 2.5}, "encoding": span},
        {"mark": {"type": "point", "filled": True, "color": MAIN, "size": 75, "opacity": 1}, "encoding": _x(field)},
        {
            "mark": {"type": "text", "color": INK, "dy": -16, "fontSize": 12, "fontWeight": 600},
            "encoding": _x(field) | {"text": {"field": "figure"}},
        },
    ]


def _bar(low: str, high: str) -> dict[str, Any]:
    return {
        "mark": {"type": "bar", "color": PALE, "height": 16, "cornerRadius": 2},
        "encoding": _x(low) | {"x2": {"field": high}},
    }


def _x(field: str) -> dict[str, Any]:
    return {"x": {"field": field, "type": "quantitative"}}


def _all(rows: Sequence[Record], *keys: str) -> bool:
    return bool(rows) and all(r.get(k) is not None for r in rows for k in keys)


def _average(picture: Picture) -> str:
    return "share" if picture.y_title.startswith("share of") else "average"


def _total(rows: Sequence[Record]) -> str:
    n = sum(r.get("n") or 0 for r in rows)
    return f" (n = {n:,})" if n else ""


def _label(record: Record) -> str:
    text = _cut(words.plain(str(record["label"])))
    return f"{text} (n = {record['n']:,})" if record.get("n") is not None else text


def _short(text: str, most: int = _TITLE) -> str:
    return _cut(words.plain(text), most)


def _cut(text: str, most: int = 30) -> str:
    text = words.clean(text)
    return text if len(text) <= most else text[: most - 1] + "…"


def _heading(picture: Picture, guide: str) -> dict[str, Any]:
    """What stands against what, and how to read it: above the chart, since upright titles are hard to read."""
    text = f"{_short(picture.y_title)} by {_short(picture.x_title, 30)}"
    return {"text": "S" + text[1:] if text.startswith("share of") else text, "subtitle": guide}


def _config() -> dict[str, Any]:
    axis = {
        "labelColor": INK, "titleColor": SOFT, "titleFontWeight": "normal", "labelFontSize": 12, "titleFontSize": 12,
        "domainColor": SOFT, "tickColor": SOFT, "gridColor": GRID,
    }  # fmt: skip
    return {
        "font": "Helvetica, Arial, sans-serif", "background": PAPER, "view": {"stroke": None},
        "axis": axis, "axisY": {"ticks": False},
        "padding": 4,
        "title": {
            "anchor": "start", "frame": "bounds", "offset": 12, "color": INK, "fontSize": 12, "fontWeight": 600,
            "subtitleColor": SOFT, "subtitleFontSize": 11, "subtitlePadding": 4, "limit": 470,
        },
    }  # fmt: skip
