"""The tables that every full report ends with: counts, columns and exploratory leads, as text.

Knows the result. Must never know a page, and must never call a lead a finding.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from ...tools.verify.families.wording import decimals_apart, fixed, percent
from . import words
from .result import ColumnSummary, Result

_MEASURES = {"spearman": "Spearman's rho", "epsilon_squared": "epsilon squared", "cramers_v": "Cramér's V"}


class ColumnRow(NamedTuple):
    """One column of the data set in words."""

    name: str
    type: str
    missing: str
    distinct: str
    summary: str
    """Quartiles of a number or date, most frequent levels of a label."""
    bars: tuple[float, ...]
    """Heights of the histogram between 0 and 1; empty where there is none."""
    role: str
    warnings: tuple[str, ...]


class LeadRow(NamedTuple):
    """One pair of columns that moved together on exploration rows."""

    a: str
    b: str
    strength: str
    n: str


class SegmentRow(NamedTuple):
    """One segment of rows in words."""

    share: str
    rule: str
    typical: str


def segments_table(result: Result) -> tuple[SegmentRow, ...]:
    """The segments of the exploration rows: how many rows, which, and what is typical of them.

    Of two that share all rows between them only the larger is told: the other one says the same, turned round.
    """
    segments = result.segments
    if len(segments) == 2 and sum(s["share"] for s in segments) > 0.999:
        segments = (max(segments, key=lambda s: s["share"]),)
    return tuple(SegmentRow(percent(s["share"]), str(s["rule"]), "; ".join(_told(s))) for s in segments)


def _told(segment: Mapping[str, Any]) -> list[str]:
    """What is typical of a segment beside its conditions, or in them where nothing else is."""
    ruled = {t["column"] for t in segment["terms"]}
    beside = [t for t in segment["typical"] if t["column"] not in ruled]
    return [_typical(t) for t in beside or segment["typical"]]


def _typical(t: Mapping[str, Any]) -> str:
    name = f"`{t['column']}`"
    if t["level"] is not None:
        return f"{name} is {t['level']} in {percent(t['inside'], 0)} against {percent(t['elsewhere'], 0)}"
    places = decimals_apart(t["inside"], t["elsewhere"])
    return f"{name} {fixed(t['inside'], places)} on average against {fixed(t['elsewhere'], places)}"


def counts_table(result: Result) -> tuple[tuple[str, str], ...]:
    """The denominator: what was scanned, drafted, committed, and what became of it."""
    counts = result.counts
    return (
        ("Pairs of columns scanned", f"{counts.pairs:,}"),
        ("Pairs that moved together on exploration rows", f"{counts.leads:,}"),
        ("Hypotheses drafted", f"{counts.drafted:,}"),
        ("Dropped because another says the same", f"{counts.deduplicated:,}"),
        ("Committed before any was tested", f"{counts.committed:,}"),
        *((name.capitalize(), f"{getattr(counts, name):,}") for name in words.OUTCOMES),
    )


def columns_table(result: Result) -> tuple[ColumnRow, ...]:
    """Every column with its profile on exploration rows, in the order of the table."""
    seen = {str(p.get("name")): p for p in result.profile}
    return tuple(_column(c, seen.get(c.name, {})) for c in result.dataset.columns)


def leads_table(result: Result) -> tuple[LeadRow, ...]:
    """The strongest leads; they were seen by searching and are not verified."""
    return tuple(
        LeadRow(
            str(lead.get("a")),
            str(lead.get("b")),
            f"{_MEASURES.get(str(lead.get('measure')), str(lead.get('measure')))} {float(lead.get('strength', 0)):.2f}",
            f"{int(lead.get('n', 0)):,}",
        )
        for lead in result.leads
    )


def _column(column: ColumnSummary, profile: Mapping[str, Any]) -> ColumnRow:
    kind = f"{column.type}, {column.unit}" if column.unit else column.type
    bars = [float(c) for c in profile.get("histogram") or ()]
    tallest = max(bars, default=0.0)
    return ColumnRow(
        name=column.name,
        type=kind,
        missing=f"{column.missing:,}",
        distinct=f"{column.distinct:,}",
        summary=_summary(profile),
        bars=tuple(b / tallest for b in bars) if tallest else (),
        role=column.role,
        warnings=tuple(str(w) for w in profile.get("warnings") or ()),
    )


def _summary(profile: Mapping[str, Any]) -> str:
    if profile.get("median") is not None:
        as_text = _day if profile.get("type") == "datetime" else words.figure
        low, middle, high = (as_text(profile.get(k)) for k in ("minimum", "median", "maximum"))
        return f"{low} to {high}, median {middle}"
    n = profile.get("n") or 0
    top: list[tuple[str, int]] = list(profile.get("top") or [])[:3]
    return ", ".join(f"{level} {100 * rows / n:.0f} %" for level, rows in top) if n else ""


def _day(days: float | None) -> str:
    """A day since 1970-01-01 as an ISO date; a dash outside of the calendar."""
    if days is None or not -719_162 <= days <= 2_932_896:
        return "–"
    return (date(1970, 1, 1) + timedelta(days=int(days // 1))).isoformat()
