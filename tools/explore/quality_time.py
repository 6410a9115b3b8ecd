"""What to check along a date: columns that fall silent, start late, or repeat one value for a stretch of time.

Knows a date and one other column at a time, in the order of the date. Must never know a sealed row.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.rows import CodeArray, Rows
from .check import Check, within
from .spread import day, listed, shown

_LEAST_RUN, _LEAST_DATES = 12, 5
_LONGER = 5
"""How many times longer than any other run of one value, so that seasons and quiet weeks are none."""
_LUCK = 1e-9
_MOST_VALUE = 0.5
"""Share of the other rows that have the value: a column that is mostly zero has long runs of it."""
_DISTINCT = 8
_SAMPLE = 20_000
"""Rows in which a stretch is looked for first."""


class Run(NamedTuple):
    """Rows from `start` to before `end`, in the order of the date, with one value or none."""

    start: int
    end: int
    code: int
    last: bool
    first: bool


def time_checks(rows: Rows, n: int) -> Iterator[Check]:
    """Stretches of a date in which number columns have one value or none, columns that share a stretch together.

    The date is the one with most distinct values. A stretch has at least twelve rows on five dates, is five times
    longer than any other run of the value, and luck would hardly make it.
    """
    date = _date(rows)
    if date is None or (rows.n > 2 * _SAMPLE and not _any(rows.select(np.arange(0, rows.n, rows.n // _SAMPLE)), date)):
        return
    codes, values = rows.ordinal(date)
    order = _by_date(codes)
    at = codes[order]
    together: dict[tuple, list[str]] = defaultdict(list)
    for name, column in rows.columns.items():
        if column.type != "number" or column.derived_from:
            continue
        own, levels = rows.ordinal(name)
        run = _longest(own[order], at) if len(levels) >= _DISTINCT else None
        if run is not None:
            value = "" if run.code < 0 else shown(levels[[run.code]], "number")[0]
            together[run.start, run.end, value, run.first, run.last].append(name)
    for (start, end, value, first, last), names in together.items():
        yield _told(date, values[at[[start, end - 1]]], names, (value, end - start, first, last), n)


def _by_date(codes: CodeArray) -> NDArray:
    order = np.argsort(codes, kind="stable")
    return order[codes[order] >= 0]


def _any(rows: Rows, date: str) -> bool:
    """Whether any column of these rows has such a stretch."""
    codes = rows.ordinal(date)[0]
    order = _by_date(codes)
    names = [n for n, c in rows.columns.items() if c.type == "number" and not c.derived_from]
    return any(_longest(rows.ordinal(name)[0][order], codes[order]) is not None for name in names)


def _date(rows: Rows) -> str | None:
    """The date with most distinct values, if most rows have one of its own or nearly."""
    dates = [n for n, c in rows.columns.items() if c.type == "datetime"]
    best = max(dates, key=lambda n: len(rows.ordinal(n)[1]), default=None)
    return best if best is not None and len(rows.ordinal(best)[1]) >= 30 else None


def _longest(codes: CodeArray, at: NDArray) -> Run | None:
    """The one run of a value, or of none, that is far longer than all others of it."""
    n = len(codes)
    starts = np.flatnonzero(np.append(True, codes[1:] != codes[:-1]))
    sizes = np.diff(np.append(starts, n))
    k = int(np.argmax(sizes))
    start, size, code = int(starts[k]), int(sizes[k]), int(codes[starts[k]])
    own = codes[starts] == code
    own[k] = False
    others = int(sizes[own].max(initial=0))
    rival = max(others, int(np.delete(sizes, k).max(initial=0)) if code >= 0 else others)
    share = max(float((codes == code).sum() - size) / max(n - size, 1), 1 / n)
    if size < _LEAST_RUN or size > 0.7 * n or size < _LONGER * rival or share > _MOST_VALUE:
        return None
    # With several rows a date their order is arbitrary: the stretch must cover whole dates.
    if len(np.unique(at[start : start + size])) < _LEAST_DATES or share ** (size - 1) > _LUCK:
        return None
    return Run(start, start + size, code, start + size == n, start == 0)


def _told(date: str, ends: NDArray, names: list[str], run: tuple[str, int, bool, bool], n: int) -> Check:
    value, size, first, last = run
    low, high = (day(float(v)) for v in ends)
    when = f"up to {high}" if first else f"from {low} on" if last else f"from {low} to {high}"
    several = len(names) > 1
    have = f"{'are' if several else 'is'} {value}" if value else f"{'have' if several else 'has'} no value"
    ends_there = first or last
    return Check(
        kind="cut_off" if ends_there else "stuck", columns=(*names, date), rows=size, of=n,
        examples=(value,) if value else (), severity="wrong" if value else "notable",
        text=f"{listed(names)} {have} {when} (by `{date}`), {within(size, n)}, and hardly elsewhere.",
        advice="Ask whether recording "
        + ("began or stopped there; trends across it mean nothing." if ends_there else "broke down in that time."),
    )  # fmt: skip
