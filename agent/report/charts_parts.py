"""What every chart is made of: colours, axes, headings, labels, and how each looks on dark paper.

Knows texts and figures to be shown. Must never know which kind of chart they stand in.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from ...tools.verify.evidence import Picture
from . import words

Record = dict[str, Any]

WIDTH = 300
INK, SOFT, GRID, MAIN, PALE, PAPER = "#27313a", "#5d6873", "#dde3e8", "#17698c", "#b9d3df", "#ffffff"
OTHER = "#a8561c"
"""The second of two lines; told from the first also where colours are not."""
DARK = {
    INK: "#e6ebef", SOFT: "#a3afb9", GRID: "#38434d", MAIN: "#6cc0e2", PALE: "#2f5566", PAPER: "#171d22",
    OTHER: "#e8a36b",
}  # fmt: skip
AXIS = {"labelLimit": 170, "titlePadding": 8, "labelFlush": False, "labelPadding": 6}
_TITLE = 46


def interval_note(picture: Picture) -> str:
    """What is drawn around the dots, or what was done to the rows of clusters, whose intervals are not drawn."""
    if any(r.get("low") is not None for r in picture.records):
        return ", with 95 % interval"
    return f", {picture.note}" if picture.note else ""


def average_word(picture: Picture) -> str:
    """What a dot is: a share or an average."""
    return "share" if picture.y_title.startswith("share of") else "average"


def total_note(rows: Sequence[Record]) -> str:
    """` (n = 1,234)`, or nothing where no counts are known."""
    n = sum(r.get("n") or 0 for r in rows)
    return f" (n = {n:,})" if n else ""


def large(values: Iterable[float]) -> dict[str, str]:
    """How an axis of large figures is labelled, in the words of the sentences: 150 million."""
    most = max((abs(v) for v in values), default=0.0)
    if most < 1e6:
        return {}
    name, size = ("billion", 1e9) if most >= 1e9 else ("million", 1e6)
    return {"labelExpr": f"datum.value === 0 ? '0' : format(datum.value / {size:.0f}, ',~r') + ' {name}'"}


def labelled(record: Record, most: int = 30) -> str:
    """The label of a group with its number of rows."""
    text = cut(words.plain(str(record["label"])), most)
    return f"{text} (n = {record['n']:,})" if record.get("n") is not None else text


def short(text: str, most: int = _TITLE) -> str:
    """A name for a title, cut where it is long."""
    return cut(words.plain(text), most)


def cut(text: str, most: int = 30) -> str:
    """The text on one line, cut where it is long."""
    text = words.clean(text)
    return text if len(text) <= most else text[: most - 1] + "…"


def heading(picture: Picture, guide: str) -> dict[str, Any]:
    """What stands against what, and how to read it: above the chart, since upright titles are hard to read."""
    text = f"{short(picture.y_title)} by {short(picture.x_title, 30)}"
    return {"text": "S" + text[1:] if text.startswith("share of") else text, "subtitle": guide}


def config() -> dict[str, Any]:
    """How every chart looks."""
    axis = {
        "labelColor": INK, "titleColor": SOFT, "titleFontWeight": "normal", "labelFontSize": 12, "titleFontSize": 12,
        "domainColor": SOFT, "tickColor": SOFT, "gridColor": GRID,
    }  # fmt: skip
    return {
        "font": "Helvetica, Arial, sans-serif", "background": PAPER, "view": {"stroke": None},
        "axis": axis, "axisY": {"ticks": False},
        "legend": {"labelColor": INK, "labelFontSize": 12, "labelLimit": 230, "symbolSize": 70, "rowPadding": 4},
        "padding": 4,
        "title": {
            "anchor": "start", "frame": "bounds", "offset": 12, "color": INK, "fontSize": 12, "fontWeight": 600,
            "subtitleColor": SOFT, "subtitleFontSize": 11, "subtitlePadding": 4, "limit": 470,
        },
    }  # fmt: skip
