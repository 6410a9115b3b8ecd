"""Cells that no longer read as they did: numbers spelled otherwise, words among numbers, dates as numbers, lost zeros.

Knows how a column was read when the claims were learned, and the cells as they came. Must never know how they are
distributed, but where commas may be decimal points.
"""

from collections.abc import Iterator

import numpy as np

from ..data.inference_formats import CURRENCY, CURRENCY_CODES, MISSING_IN_NUMBERS, literal
from ..data.readers_binary import quoted
from ..data.schema import Column
from .faults_case import FEW, Case, Said, distance, in_rows, label, luck
from .learned import LearnedColumn

_NUM = r"[-+−(]?\s*\d[\d.,'’ \x{a0}\x{2009}\x{202f}]*\s*\)?"
_SIGN = f"(?:[{CURRENCY}]|{CURRENCY_CODES})"
_FORMS = (
    ("with a decimal comma", r"[-+−]?\d+,\d+"),
    ("with points between thousands", r"[-+−]?\d{1,3}(\.\d{3})+(,\d+)?"),
    ("with commas between thousands", r"[-+−]?\d{1,3}(,\d{3})+(\.\d+)?"),
    ("with blanks or marks between thousands", r"[-+−]?\d{1,3}(['’ \x{a0}\x{2009}\x{202f}]\d{3})+([.,]\d+)?"),
    ("with a currency", rf"[-+−]?\s*{_SIGN}\s*{_NUM}|{_NUM}\s*{_SIGN}"),
    ("with a unit", rf"{_NUM}\s*[A-Za-zµ°%‰][A-Za-z0-9µ°²³/%]{{0,7}}"),
    ("as dates", r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?|\d{1,2}[- ]?[A-Za-z]{3}|[A-Za-z]{3}[- ]?\d{2}"),
    ("in other words", r".*[^\d\s].*"),
)
"""Cells that are no plain number, the first that fits; texts of RE2, from end to end."""
_LEAST = 3
_UNREADABLE = 0.5
"""Share of cells that must not read as they did where the column turned as a whole."""
_ADVICE = "Ask what changed where the file is written; have it spelled as before."


def types(case: Case) -> Iterator[Said]:
    """Columns whose cells no longer read as the learned kind, with the rows and the way they are spelled."""
    for name, learned in case.learned.items():
        own = case.delivery.columns.get(name)
        if own is None or name in case.taken or own.type == "empty" or learned.type in ("empty", "constant"):
            continue
        said = _changed(case, learned, own)
        if said is not None:
            case.taken.add(name)
            yield said


def _changed(case: Case, learned: LearnedColumn, own: Column) -> Said | None:
    was_number = learned.storage in ("DOUBLE", "BIGINT")
    if was_number and own.storage == "VARCHAR":
        return _words(case, learned, own)
    if was_number and own.storage == "TIMESTAMP":
        return _all(case, own, "held numbers and now reads as dates", "dates")
    if learned.storage == "TIMESTAMP" and own.storage in ("DOUBLE", "BIGINT"):
        return _all(case, own, f"held dates and now holds numbers, {_clock(case, own)}", "numbers")
    if learned.storage == "TIMESTAMP" and own.storage == "VARCHAR":
        return _undated(case, own)
    if learned.type in ("identifier", "text"):
        return _zeros(case, own)
    return _commas(case, learned, own) if was_number else None


def signs(case: Case) -> Iterator[Said]:
    """Columns of numbers that carry a sign or unit which they did not, their numbers being as they were."""
    for name, learned in case.learned.items():
        own = case.delivery.columns.get(name)
        if own is None or name in case.taken or learned.storage not in ("DOUBLE", "BIGINT") or not own.unit:
            continue
        if own.unit != learned.unit and own.storage in ("DOUBLE", "BIGINT"):
            had = f"`{learned.unit}`" if learned.unit else "none"
            yield _all(case, own, f"now carries `{own.unit}` in its cells, where it had {had}", own.unit)


def _all(case: Case, own: Column, told: str, sort: str) -> Said:
    rows, first = case.where(f"{quoted(own.name)} IS NOT NULL")
    return Said(
        kind="type_change", columns=(own.name,), rows=rows, first=first, labels=(sort,),
        text=f"`{own.name}` {told}, in {in_rows(rows, case.rows)}.", advice=_ADVICE,
    )  # fmt: skip


# Numbers that are none


def _words(case: Case, learned: LearnedColumn, own: Column) -> Said | None:
    """A column of numbers with cells that are none: how they are spelled, the commonest way first."""
    cell = f"{quoted(own.name)}::VARCHAR"
    zeros = f"regexp_full_match({cell}, '0[0-9]+')"
    bad = f"({_filled(cell)} AND ({_not_a_number(cell)} OR {zeros}))"
    cases = " ".join(f"WHEN regexp_full_match({cell}, {literal(p)}) THEN {k}" for k, (_, p) in enumerate(_FORMS))
    got = case.query(
        f"SELECT CASE WHEN {zeros} THEN -1 {cases} ELSE {len(_FORMS) - 1} END AS form, count(*) AS n, "
        f"arg_min({cell}, _row) FROM data WHERE {bad} GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    rows, first = _counted(case, own.name, bad)
    if rows < _LEAST:
        return None
    told = [f"{_form(int(k))} in {n:,}, such as {label(str(x))}" for k, n, x in got[:2]]
    return Said(
        kind="type_change", columns=(own.name,), rows=rows, first=first,
        labels=tuple(_form(int(k)) for k, _, _ in got[:3]),
        text=f"`{own.name}` held numbers and now holds words: {in_rows(rows, case.rows)} do not read as numbers, "
        f"they are written {'; '.join(told)}.",
        advice=_ADVICE,
    )  # fmt: skip


def _filled(cell: str) -> str:
    """SQL that holds where a cell is there and no word for a missing one."""
    return f"{cell} IS NOT NULL AND lower({cell}) NOT IN ({', '.join(literal(w) for w in sorted(MISSING_IN_NUMBERS))})"


def _counted(case: Case, name: str, bad: str) -> tuple[int, tuple[int, ...]]:
    """Cells that do not read, as opening the delivery counted them where it did."""
    seen = next((u for u in case.delivery.unread if u.column == name and u.kind == "type" and u.rows), None)
    return (seen.rows, seen.first) if seen is not None else case.where(bad)


def _not_a_number(cell: str) -> str:
    return f"coalesce(NOT isfinite(try_cast({cell} AS DOUBLE)), true)"


def _form(k: int) -> str:
    return "with zeros in front" if k < 0 else _FORMS[k][0]


# Dates that are none


def _clock(case: Case, own: Column) -> str:
    low, high = case.query(f"SELECT min({quoted(own.name)}), max({quoted(own.name)}) FROM data")[0]
    for what, a, b in (
        ("written as year, month and day without a sign", 18_000_000, 21_500_000),
        ("seconds since 1970", 3e8, 4e9), ("milliseconds since 1970", 3e11, 4e12), ("days since 1900", 10_000, 80_000),
    ):  # fmt: skip
        if a <= float(low) and float(high) <= b:
            return what
    return "which are no known count of time"


def _undated(case: Case, own: Column) -> Said | None:
    cell = f"{quoted(own.name)}::VARCHAR"
    bad = f"({_filled(cell)} AND try_cast({cell} AS TIMESTAMP) IS NULL)"
    rows, first = _counted(case, own.name, bad)
    if rows < _LEAST:
        return None
    some = case.query(f"SELECT arg_min({cell}, _row) FROM data WHERE {bad}")[0][0]
    return Said(
        kind="type_change", columns=(own.name,), rows=rows, first=first, labels=("words",),
        text=f"`{own.name}` held dates and now holds words: {in_rows(rows, case.rows)} do not read as dates, such as "
        f"{label(str(some))}.",
        advice=_ADVICE,
    )  # fmt: skip


# Zeros that were lost, commas that were taken for others


def _zeros(case: Case, own: Column) -> Said | None:
    """Codes of one length, such as 00501, that lost the zeros in front; of labels it is told as their new names."""
    base, new, cell = case.base.column(own.name), case.new.column(own.name), f"{quoted(own.name)}::VARCHAR"
    if base is None or new is None or base.kind != "words" or not base.low or base.low != base.high:
        return None
    if new.low is None or new.low >= base.low or (new.high or 0) > base.low:
        return None
    rows, first = case.where(f"length({cell}) < {int(base.low)}")
    digits = case.query(f"SELECT coalesce(bool_and(regexp_full_match({cell}, '[1-9][0-9]*|0')), false) FROM data")[0][0]
    if rows < _LEAST or not digits:
        return None
    return Said(
        kind="type_change", columns=(own.name,), rows=rows, first=first, labels=("zeros lost",),
        text=f"`{own.name}` held codes of {int(base.low)} digits and came as numbers: zeros in front are lost in "
        f"{in_rows(rows, case.rows)}.",
        advice="Have the column written as text.",
    )  # fmt: skip


def _commas(case: Case, learned: LearnedColumn, own: Column) -> Said | None:
    """Decimal commas that were read as marks between thousands: 1,234 as 1234."""
    read = any(n.column == own.name and "thousands separators" in n.text for n in case.delivery.notes)
    base = case.base.column(own.name)
    if not read or base is None or len(base.edges) < 3 or case.rows < FEW:
        return None
    x = case.numbers(own.name)
    x = x[np.isfinite(x)]

    def apart(v: np.ndarray) -> float:
        at = np.searchsorted(base.edges, v, side="left")
        return distance(np.bincount(at, minlength=len(base.counts)), base.counts)

    chance = luck(base.counts, len(x), base.rows)
    if apart(x) < 0.2 + chance or apart(x / 1000) > 0.06 + 1.5 * chance:
        return None
    return _all(
        case, own, "came with decimal commas, which were read as marks between thousands", "with a decimal comma"
    )
