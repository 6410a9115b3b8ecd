"""The report as one offline page: no script, nothing fetched, every value of the data escaped by the template.

Knows the result, the page's template and its style. Must never know files, nor build markup from data.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from . import checks, corpus, modelled, words
from .asked import answers
from .charts import describe, svg
from .details import details
from .joined import joined_line, made_lines, tables_lines
from .known import known_line
from .methods import limits, methods
from .page import address, content_policy, environment, trusted
from .result import Finding, Result
from .tables import columns_table, counts_table, leads_table, segments_table
from .theme_map import map_of

if TYPE_CHECKING:
    from jinja2 import Template

CHARTS = 30
"""Charts a page holds: each costs some .03 seconds and 15 kB."""


class _Drawn(NamedTuple):
    """The page's charts by finding, as addresses that hold the whole image."""

    pictures: dict[str, str]
    forests: dict[str, str]
    """Before and after adjustment, of the first screen's findings."""


def _drawn(result: Result) -> _Drawn:
    """The charts of a page, which are most of its cost."""
    ranked = sorted(result.findings, key=lambda f: f.rank)
    first = [f for f in ranked if f.headline]
    return _Drawn(_pictures(first + [f for f in ranked if not f.headline]), _forests(first))


def to_html(result: Result, *, saved: Sequence[str] = ()) -> str:
    """The whole report as one HTML document.

    Args:
        result: The result to show.
        saved: Names of the files that are saved beside the page.
    """
    style = _resource("page.css")
    ranked = sorted(result.findings, key=lambda f: f.rank)
    pictures, forests = _drawn(result)
    by = {o: [_view(f, pictures, forests) for f in ranked if f.outcome == o and not f.headline] for o in words.OUTCOMES}
    return _template().render(
        result=result,
        words=words,
        modelled=modelled,
        checks=checks,
        corpus=corpus,
        texts=[_text(result, at) for at in range(len(result.text))],
        style=trusted(style),
        policy=content_policy(style),
        saved=saved,
        asked=answers(result),
        headlines=[_view(f, pictures, forests) for f in ranked if f.headline],
        by=by,
        counts=counts_table(result),
        columns=columns_table(result),
        leads=leads_table(result),
        segments=segments_table(result),
        methods=methods(result),
        limits=limits(result),
        joined=joined_line(result),
        known=known_line(result),
        tables=tables_lines(result),
        made=made_lines(result),
    )


def to_frame(page: str) -> str:
    """The page inside a frame that runs nothing and shares no style, for a notebook."""
    from markupsafe import escape

    return (
        '<iframe title="heldout report" sandbox width="100%" height="800" '
        f'srcdoc="{escape(page)}" frameborder="0"></iframe>'
    )


def _text(result: Result, at: int) -> dict[str, Any]:
    """What the template shows of one text."""
    text, rows = result.text[at], corpus.theme_rows(result, at)
    return {
        "column": text.column,
        "documents": text.documents - text.missing,
        "facts": corpus.facts_lines(text),
        "themes": corpus.themes_line(text),
        "note": corpus.themes_note(text),
        "rows": rows,
        "moves": any(row.trend for row in rows),
        "map": map_of(text, at),
    }


def _view(finding: Finding, pictures: dict[str, str], forests: dict[str, str]) -> dict[str, Any]:
    """What the template shows of one finding."""
    head, figures = words.headed(finding.sentence)
    return {
        "finding": finding,
        "head": head,
        "figures": figures,
        "badge": words.badge(finding),
        "tone": words.tone(finding),
        "explored": words.explored_line(finding),
        "adjusted": words.adjusted_line(finding),
        "turned": finding.adjustment.tag == "reversed",
        "forest": forests.get(finding.id),
        "forest_alt": describe(finding.adjustment.chart) if finding.adjustment.chart else "",
        "undecided": words.undecided_line(finding) if finding.outcome == "inconclusive" else "",
        "picture": pictures.get(finding.id),
        "alt": describe(finding.chart) if finding.chart else "",
        "details": details(finding),
        "examples": corpus.examples_of(finding),
        "examples_title": corpus.examples_title(finding),
    }


def _pictures(findings: Sequence[Finding]) -> dict[str, str]:
    """The charts of the first verified findings, as addresses that hold the whole image."""
    drawn = [f for f in findings if f.chart and f.outcome == "verified"][:CHARTS]
    return {f.id: address(svg(f.chart or {}, dark=None)) for f in drawn}


def _forests(findings: Sequence[Finding]) -> dict[str, str]:
    """The charts of the first screen's findings before and after adjustment."""
    drawn = [(f.id, f.adjustment.chart) for f in findings if f.adjustment.chart]
    return {name: address(svg(spec, dark=None)) for name, spec in drawn}


@cache
def _template() -> "Template":
    made = environment()
    made.filters["caveats"] = words.caveats
    return made.from_string(_resource("page.html.j2"))


@cache
def _resource(name: str) -> str:
    return (files(__package__ or __name__) / name).read_text("utf-8")
