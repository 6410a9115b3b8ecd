"""Findings as rows of a table and as CSV, with fixed columns.

Knows a result. Must never round a figure, and must never know a page or a terminal.
"""

import csv
from io import StringIO
from typing import Any

from .result import Finding, Result

COLUMNS = (
    "rank", "id", "outcome", "size", "sentence", "family", "outcome_column", "predictor", "effect", "low", "high",
    "level", "unit_effect", "unit_low", "unit_high", "unit", "n", "p_value", "p_adjusted",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def records(result: Result) -> list[dict[str, Any]]:
    """One record a finding by rank, with the keys of `COLUMNS`; None where there is no figure."""
    return [_record(finding) for finding in sorted(result.findings, key=lambda f: f.rank)]


def to_csv(result: Result) -> str:
    """The findings as CSV; a text that a spreadsheet would run as a formula gets a leading apostrophe."""
    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for record in records(result):
        writer.writerow([defused(record[name]) for name in COLUMNS])
    return file.getvalue()


def defused(cell: object) -> object:
    """The cell, with an apostrophe in front where it is a text that begins like a formula and is no number."""
    if isinstance(cell, str) and cell.startswith(_FORMULA) and not _numeric(cell):
        return "'" + cell
    return cell


def _numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text[:1] not in "\t\r"


def _record(finding: Finding) -> dict[str, Any]:
    held, effect, units = finding.held_out, finding.held_out.effect, finding.held_out.in_units
    return {
        "rank": finding.rank,
        "id": finding.id,
        "outcome": finding.outcome,
        "size": finding.size,
        "sentence": finding.sentence,
        "family": finding.family,
        "outcome_column": finding.hypothesis.get("outcome"),
        "predictor": finding.hypothesis.get("predictor"),
        "effect": effect.value if effect else None,
        "low": effect.low if effect else None,
        "high": effect.high if effect else None,
        "level": effect.level if effect else None,
        "unit_effect": units.value if units else None,
        "unit_low": units.low if units else None,
        "unit_high": units.high if units else None,
        "unit": units.unit if units else None,
        "n": held.n,
        "p_value": held.p_value,
        "p_adjusted": held.p_adjusted,
    }
