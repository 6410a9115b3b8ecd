"""Column names: from a header row, made unique and never empty; whether there is a header at all.

Knows header cells and the shape of the rows under them. Must never know the file or the types.
"""

import re
from collections.abc import Sequence

from .schema import Note

RESERVED = ("_row", "_content", "rowid")
_NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?%?")
_YEAR = re.compile(r"(1[5-9]|20)\d\d")


def looks_numeric(cell: str) -> bool:
    """Whether a cell reads as a number."""
    return _NUMBER.fullmatch(cell) is not None


def header_names(header: Sequence[object], width: int) -> tuple[tuple[str, ...], list[Note]]:
    """Names for `width` columns: blanks become column_3, repeats x_2, in any case of letters."""
    names, notes = [], []
    taken = {name.lower() for name in RESERVED}
    for at in range(width):
        cell = header[at] if at < len(header) else ""
        base = _tidy(cell)
        name = base or f"column_{at + 1}"
        count = 2
        while name.lower() in taken:
            name, count = f"{base or f'column_{at + 1}'}_{count}", count + 1
        taken.add(name.lower())
        names.append(name)
        if not base:
            notes.append(Note(kind="coerced", column=name, text=f"Column {at + 1} has no name; it is called `{name}`."))
        elif name != base:
            text = f"The name `{base}` occurs more than once; column {at + 1} is called `{name}`."
            notes.append(Note(kind="coerced", column=name, text=text))
    return tuple(names), notes


def without_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row is data: its numbers stand over numbers and its labels recur below.

    A row of years (1990, 1991, …) over numbers is a header.
    """
    if len(rows) < 2 or not all(rows[0]):
        return False
    first, below = rows[0], rows[1:]
    numeric = [i for i, cell in enumerate(first) if looks_numeric(cell)]
    if not numeric or all(_YEAR.fullmatch(first[i]) for i in numeric):
        return False
    for i, cell in enumerate(first):
        column = [row[i] for row in below if i < len(row) and row[i]]
        if not column:
            return False
        if i in numeric:
            if sum(looks_numeric(v) for v in column) < 0.9 * len(column):
                return False
        elif cell not in column:
            return False
    return _not_counting(first, numeric)


def _not_counting(first: Sequence[str], numeric: list[int]) -> bool:
    """Whether the numbers are not simply 0, 1, 2, … as names of columns."""
    if len(numeric) < 3:
        return True
    plain = [first[i] for i in numeric]
    return plain not in ([str(i) for i in range(len(plain))], [str(i + 1) for i in range(len(plain))])


def _tidy(cell: object) -> str:
    """A header cell as a name: text, one line, no NUL."""
    if cell is None or cell != cell:
        return ""
    return re.sub(r"\s+", " ", str(cell).replace("\0", "").replace("\ufeff", "")).strip()
