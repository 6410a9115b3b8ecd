"""Parts that did not come: a file that ends early, labels or days whose rows are not there.

Knows learned shares by label and day, the order of the rows, and the signs of a cut file. Must never know whether a
label was given up: it says what is not there and how many rows that would be.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

import numpy as np

from ..data.readers_binary import quoted
from .faults_case import FEW, Case, Said, distance, label, luck, names, number
from .naming import names_period
from .sketch import ColumnSketch

_LEAST = 30
"""Rows that an absent part would have had."""
_RARE = 1e-8
"""Chance that a part is absent by luck, the rows being independent."""
_MOST_GONE = 0.5
"""Share of the learned rows that may be absent: beyond it the delivery is about something else."""
_ENDS = 0.03
_DAYS = 14


# Cut short


def truncated(case: Case) -> Iterator[Said]:
    """A file that ends within a row, or in whose order the end is not there."""
    cut = getattr(case.delivery, "cut", None)
    if cut is not None:
        case.ended = True
        yield _cut(case, cut)
        return
    if case.rows < FEW or case.rows >= 0.97 * case.base.rows:
        return
    for base, new in case.pairs("number", "label", "date"):
        # Days of a month and months of a year come round again: an order by them has no end of the file.
        if new.distinct < 2 or names_period(base):
            continue
        gone = _end_gone(case, base, new)
        if gone is not None:
            case.ended = True
            yield gone
            return


def _cut(case: Case, cut: object) -> Said:
    row = int(getattr(cut, "row", case.rows))
    return Said(
        kind="truncated", columns=(), rows=1, first=(row,),
        text=f"The file ends within row {row:,}: {_reason(cut)}. What came after it is not there.",
        advice="Send the file again, or ask why writing it stopped.",
    )  # fmt: skip


def _reason(cut: object) -> str:
    text = str(getattr(cut, "text", "") or "")
    if text:
        return text.rstrip(".")
    fields, of = getattr(cut, "fields", None), getattr(cut, "of", None)
    return f"it has {fields:,} of {of:,} fields" if fields is not None and of else "the row is not whole"


def _end_gone(case: Case, base: ColumnSketch, new: ColumnSketch) -> Said | None:
    """Whether rows stand in the order of a column whose learned upper end is not reached, the rest being as it was."""
    if base.kind == "label":
        last, share = _last_label(case, base)
    elif base.kind == "date":
        last, share = _last_day(case, base, new)
    else:
        last, share = _last_number(case, base, new)
    if not _ENDS <= share <= 0.97 or not _LEAST <= share / (1 - share) * case.rows:
        return None
    expected = (1 - share) * case.base.rows
    if not 0.8 * expected <= case.rows <= 1.25 * expected:
        return None
    lost = round(share / (1 - share) * case.rows)
    return Said(
        kind="truncated", columns=(base.name,), rows=lost, first=(case.rows,),
        text=f"The file seems cut short after row {case.rows:,}: its rows stand in the order of `{base.name}` and "
        f"end at {last}, beyond which {100 * share:.0f} % of the learned rows lay; about {lost:,} rows are not there.",
        advice="Send the file again, or ask why writing it stopped.",
    )  # fmt: skip


def _last_label(case: Case, base: ColumnSketch) -> tuple[str, float]:
    """Labels in order from the first on, the last ones not there; rows without a label stand last in such an order."""
    cell, counts, end = f"{quoted(base.name)}::VARCHAR", dict(case.counts(base.name)), "\U0010ffff"
    before, missing = dict(base.levels), case.rows - sum(counts.values())
    if base.missing:
        before[end] = base.missing
    if missing:
        counts[end] = missing
    levels = sorted(before)
    there = [x for x in levels if x in counts]
    strange = sum(n for x, n in counts.items() if x not in before)
    if len(levels) < 4 or base.other + strange > 0.02 * base.rows or there != levels[: len(there)] or len(there) < 2:
        return "", 0.0
    turns = case.query(
        f"SELECT count(*) FROM (SELECT x, lag(x) OVER (ORDER BY _row) AS y FROM (SELECT _row, coalesce({cell}, "
        f"'{end}') AS x FROM data)) WHERE x < y"
    )[0][0]
    whole = there[:-1]  # the last one may have come in part
    expected = sum(counts[x] for x in whole) / sum(before[x] for x in whole) * base.rows
    return (label(there[-1]), max(0.0, 1 - case.rows / expected)) if not turns else ("", 0.0)


def _last_number(case: Case, base: ColumnSketch, new: ColumnSketch) -> tuple[str, float]:
    """Numbers in order from the learned lower end, that stop before the learned upper end."""
    if None in (base.low, base.high, new.low, new.high) or new.missing or not base.edges:
        return "", 0.0
    if min(base.distinct, new.distinct) < 20:
        return "", 0.0
    low, high, end = float(base.low or 0), float(base.high or 0), float(new.high or 0)
    if end >= high or abs(float(new.low or 0) - low) > 0.01 * (high - low):
        return "", 0.0
    at = int(np.searchsorted(base.edges, end, side="left"))
    counts = np.asarray(base.counts, float)
    ends = np.concatenate(([low], base.edges, [high]))
    part = (ends[at + 1] - end) / (ends[at + 1] - ends[at]) if ends[at + 1] > ends[at] else 0.0
    share = float((counts[at + 1 :].sum() + part * counts[at]) / counts.sum())
    if share < _ENDS:
        return "", 0.0
    x = case.numbers(base.name)
    return (number(end), share) if (np.diff(x) >= 0).all() else ("", 0.0)


def _last_day(case: Case, base: ColumnSketch, new: ColumnSketch) -> tuple[str, float]:
    """Dates in order from the first learned day on, that stop before the last learned day."""
    if new.missing or len(base.days) < 4 or not new.days or base.low is None or new.low is None:
        return "", 0.0
    if abs(new.low - base.low) > 1 + 0.01 * ((base.high or 0.0) - base.low):
        return "", 0.0
    last = max(new.days)
    share = sum(n for day, n in base.days.items() if day > last) / sum(base.days.values())
    if share < _ENDS:
        return "", 0.0
    x = case.numbers(base.name)
    return (last, share) if (np.diff(x) >= 0).all() else ("", 0.0)


# A part


def missing_parts(case: Case) -> Iterator[Said]:
    """Labels that had a share and have no row, and days without a row between days that have theirs.

    One fault for labels: where a store is gone its town is, too, and what only it had.
    """
    if case.ended:
        return
    found = sorted(_labels_gone(case), key=lambda f: (-f.rows, len(f.labels), f.columns))
    if found:
        like = [f for f in found if f.rows >= 0.8 * found[0].rows]
        main = min(like, key=lambda f: len(f.labels))
        yield _with(main, [f for f in found if f is not main])
    days = [said for base, _ in case.pairs("date") if (said := _days_gone(case, base)) is not None]
    if days:
        main = max(days, key=lambda f: f.rows)
        yield _with(main, [f for f in days if f is not main])


def _with(main: Said, others: Sequence[Said]) -> Said:
    if not others:
        return main
    told = "; ".join(f"{', '.join(label(x) for x in f.labels[:3])} of `{f.columns[0]}`" for f in others[:3])
    columns = tuple(dict.fromkeys(c for f in (main, *others) for c in f.columns))
    return main._replace(columns=columns, text=f"{main.text[:-1]}; gone with it: {told}.")


def _labels_gone(case: Case) -> Iterator[Said]:
    for base, new in case.pairs("label", "number"):
        if len(base.levels) < 2 or not new.levels or case.rows < FEW:
            continue
        before, filled = base.rows - base.missing, new.rows - new.missing
        gone = [x for x, n in base.levels.items() if not new.levels.get(x) and _would(n / before, filled, case.alike)]
        share = sum(base.levels[x] for x in gone) / before
        if not gone or share > _MOST_GONE or _others_moved(base, new, gone) or case.period(base.name):
            continue
        yield _gone(case, base, gone, share)


def _would(share: float, rows: int, alike: float) -> bool:
    """Whether a part of that share could hardly be absent from so many rows, `alike` of which make one unit."""
    return share * rows >= _LEAST and share < 1 and rows / alike * math.log1p(-share) < math.log(_RARE)


def _others_moved(base: ColumnSketch, new: ColumnSketch, gone: Sequence[str]) -> bool:
    """Whether the labels that are left are not as they were among each other."""
    left = [x for x in base.levels if x not in gone]
    a, b = np.array([base.levels[x] for x in left], float), np.array([new.levels.get(x, 0) for x in left], float)
    strange = new.rows - new.missing - b.sum()
    if strange > 0.1 * (new.rows - new.missing) + 0.0 and not base.other:
        return True
    return distance(a, b) > 0.08 + 2 * luck(a, a.sum(), b.sum())


def _gone(case: Case, base: ColumnSketch, gone: Sequence[str], share: float) -> Said:
    lost = round(share / (1 - share) * (case.rows))
    told = ", ".join(label(x) for x in gone[:3]) + (f" and {len(gone) - 3:,} more" if len(gone) > 3 else "")
    return Said(
        kind="missing_part", columns=(base.name,), rows=lost, labels=tuple(gone[:6]),
        text=f"A part is not there: no row has {told} in `{base.name}`, which {100 * share:.2g} % of the learned "
        f"rows had (about {lost:,} rows here); the other labels are as they were.",
        advice="Ask whether a partition was not delivered.",
    )  # fmt: skip


# Days


def _days_gone(case: Case, base: ColumnSketch) -> Said | None:
    """Days without a row, between days that have many, in a column whose learned days had no such gaps."""
    if len(base.days) < _DAYS or any(len(day) != 10 for day in base.days):
        return None
    counts = _by_day(case, base.name)
    if len(counts) < _DAYS:
        return None
    usual = _usual(base.days)
    if usual is None:
        return None
    first, last = min(counts), max(counts)
    span = [first + timedelta(days=k) for k in range((last - first).days + 1)]
    middle = float(np.median(list(counts.values())))
    gone = [d for d in span if d not in counts and d.weekday() in usual]
    if not gone or middle < _LEAST / 3 or len(gone) > 0.5 * len(span):
        return None
    expected = [_around(counts, d, middle) for d in gone]
    if sum(expected) < _LEAST or min(expected) < 10:
        return None
    return _told_days(case, base.name, gone, round(sum(expected)))


def _by_day(case: Case, name: str) -> dict[date, int]:
    cell = quoted(name)
    got = case.query(f"SELECT {cell}::DATE AS d, count(*) FROM data WHERE isfinite({cell}) GROUP BY 1 ORDER BY 1")
    return {d: int(n) for d, n in got}


def _usual(days: Mapping[str, int]) -> set[int] | None:
    """Weekdays that had rows whenever they came up, or None where the learned days have gaps of their own."""
    there = {date.fromisoformat(d) for d in days}
    first, last = min(there), max(there)
    span = [first + timedelta(days=k) for k in range((last - first).days + 1)]
    usual = {w for w in range(7) if sum(d in there for d in span if d.weekday() == w) >= 2}
    whole = {w for w in usual if all(d in there for d in span if d.weekday() == w)}
    return whole if len(whole) >= 4 else None


def _around(counts: Mapping[date, int], day: date, middle: float) -> float:
    """Rows of the same weekday in the weeks around, those that are there; else of a middle day."""
    near = [counts[d] for k in (-14, -7, 7, 14) if (d := day + timedelta(days=k)) in counts]
    return float(np.mean(near)) if near else middle


def _told_days(case: Case, name: str, gone: Sequence[date], lost: int) -> Said:
    told = ", ".join(d.isoformat() for d in gone[:3])
    if len(gone) > 2 and (gone[-1] - gone[0]).days == len(gone) - 1:
        told = f"{gone[0].isoformat()} to {gone[-1].isoformat()}"
    elif len(gone) > 3:
        told += f" and {len(gone) - 3:,} more"
    noun = "A day is" if len(gone) == 1 else f"{len(gone):,} days are"
    return Said(
        kind="missing_part", columns=(name,), rows=lost, labels=tuple(d.isoformat() for d in gone[:6]),
        text=f"{noun} not there: no row of {told} in {names([name])}, between days that have theirs; such days had "
        f"rows when the claims were learned (about {lost:,} rows here).",
        advice="Ask whether a partition was not delivered.",
    )  # fmt: skip
