"""The last answer as a picture in a file: bars of a fact, or what exploration rows show of a claim.

Knows answers and how charts are drawn. Must never read a sealed row: a claim is drawn from exploration rows.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..tools.errors import UsageError
from ..tools.verify.families import FAMILIES
from ..tools.verify.hypothesis import parse
from .answer import Answer
from .facts import Table
from .report.words import clean

if TYPE_CHECKING:
    from .inquiry import Inquiry

_MOST_BARS = 60
_LONGEST = 40


def draw(answer: Answer, asked: "Inquiry", path: Path) -> Path:
    """Write the picture of an answer: SVG, or a page where the file's name ends in `.html`.

    Raises:
        UsageError: if there is nothing to draw, or the file cannot be written.
    """
    from .report.charts import chart, svg

    if path.suffix.lower() not in (".svg", ".html"):
        raise UsageError(f"A chart is written as .svg or .html. Got '{path.name}' instead.")
    if answer.fact is not None:
        spec = _bars(answer.fact, answer.understood)
    elif answer.claim is not None and answer.claim.hypothesis and not asked.small:
        hypothesis = parse(answer.claim.hypothesis)
        spec = chart(FAMILIES[hypothesis.family].picture(hypothesis, asked.exploration_rows()))
    else:
        raise UsageError("There is no picture of this answer.")
    text = svg(spec)
    if path.suffix.lower() == ".html":
        head = '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Chart</title>'
        text = f"{head}<body>{text}</body></html>\n"
    return written(path, text)


def written(path: Path, text: str) -> Path:
    """Write a text file.

    Raises:
        UsageError: if it cannot be.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as err:
        raise UsageError(f"'{path}' cannot be written: {err.strerror or err}.") from err
    return path


def _bars(table: Table, title: str) -> dict[str, Any]:
    """Bars of the first number by the labels before it."""
    at = next((k for k in range(len(table.columns)) if _is_value(table, k)), None)
    if at is None or len(table.cells) < 2:
        raise UsageError("A picture needs a number for each of several groups: ask such as `mean fare by class`.")
    labels = [k for k in range(len(table.columns)) if k < at] or [
        k for k in range(len(table.columns)) if k != at and not _is_value(table, k)
    ]
    rows = [
        {"label": " · ".join(clean(str(row[k]))[:_LONGEST] for k in labels) or str(n), "value": row[at]}
        for n, row in enumerate(table.cells[:_MOST_BARS], 1)
    ]
    of = f"first {_MOST_BARS} of {table.rows:,} groups" if table.rows > _MOST_BARS else f"{table.rows:,} groups"
    whose = "all rows" if table.rows_read == "all" else "exploration rows"
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json", "data": {"values": rows},
        "title": {"text": clean(title).replace("`", "")[:90], "subtitle": f"{of}; {whose}", "anchor": "start"},
        "mark": "bar", "width": 420,
        "encoding": {
            "y": {"field": "label", "type": "nominal", "sort": None, "title": None},
            "x": {"field": "value", "type": "quantitative", "title": clean(table.columns[at])},
        },
    }  # fmt: skip


def _is_value(table: Table, at: int) -> bool:
    """Whether a column of the result is a figure and no group."""
    if table.columns[at] in table.groups or f'"{table.columns[at]}"' in table.groups:
        return False
    kinds = [row[at] for row in table.cells if row[at] is not None]
    return bool(kinds) and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in kinds)
