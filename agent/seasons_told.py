"""What a comparison within blocks of time leaves open: that both of its columns may only follow the clock.

Knows findings and what their blocks are. Must never know a row, change an outcome or compute a figure.

Within a day temperature and traffic rise together because both follow the hour. A reader who is told of days that were
held apart believes that time was taken care of, so the finding says which cycle of the calendar was not.
"""

from collections.abc import Iterator, Sequence

from .report.result import Finding

_CYCLES = {"hour_of_day": "hour of the day", "day_of_week": "day of the week", "month_of_year": "month of the year"}
_WITHIN = {
    "day": ("hour_of_day",),
    "week": ("hour_of_day", "day_of_week"),
    "month": ("hour_of_day", "day_of_week"),
    "quarter": ("hour_of_day", "day_of_week", "month_of_year"),
    "year": ("hour_of_day", "day_of_week", "month_of_year"),
}
"""By block of time, the cycles that run inside of it."""


def with_open_seasons(findings: Sequence[Finding], block: str | None) -> tuple[Finding, ...]:
    """The findings, those within blocks with a caveat where a column of theirs was verified to follow a cycle inside.

    Args:
        findings: What became of the batch.
        block: What one block of time is, such as `day`; None where rows are no series.
    """
    followed = {
        (str(f.hypothesis["outcome"]), str(f.hypothesis["cycle"]))
        for f in findings
        if f.family == "seasonality" and f.outcome == "verified"
    }
    cycles = _WITHIN.get(block or "", ())
    return tuple(_told(f, tuple(_caveats(f, cycles, followed))) for f in findings)


def _told(finding: Finding, caveats: tuple[str, ...]) -> Finding:
    within = finding.outcome == "verified" and finding.held_out.test.startswith("within-cluster")
    return finding.model_copy(update={"warnings": (*finding.warnings, *caveats)}) if within and caveats else finding


def _caveats(finding: Finding, cycles: Sequence[str], followed: set[tuple[str, str]]) -> Iterator[str]:
    names = [str(finding.hypothesis.get(key)) for key in ("predictor", "outcome")]
    for cycle in cycles:
        own = [f"`{name}`" for name in names if (name, cycle) in followed]
        if own:
            who = f"{own[0]} follows" if len(own) == 1 else f"{' and '.join(own)} follow"
            yield f"{who} the {_CYCLES[cycle]}, which is not held fixed here."
