"""The form that every cell of a column has: a known kind such as an e-mail address, or a mask of letters and digits.

Knows the cells of one column of words at a time. Must never tell a cell: the example is made up.
"""

import re
from typing import NamedTuple

from ..data.readers_binary import quoted
from ..data.schema import Column
from .invariants_facts import Connection, Facts
from .invariants_tolerance import ProposedRule, room
from .learned import Format

_LEAST = 100
_LONGEST, _MOST_MASKS = 40, 200
"""Characters up to which a mask is written out."""
_KNOWN = (
    ("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "0123abcd-45ef-6789-ab01-23456789abcd"),
    ("[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}", "0123ABCD-45EF-6789-AB01-23456789ABCD"),
    (r"[0-9]{1,3}(\.[0-9]{1,3}){3}", "192.0.2.1"),
    (r"[^@\s]+@[^@\s]+\.[^@\s.]+", "name@example.org"),
    (r"https?://\S+", "https://example.org/page"),
    ("[0-9a-f]{32}", "0123456789abcdef0123456789abcdef"),
    ("[0-9a-f]{40}", "0123456789abcdef0123456789abcdef01234567"),
    ("[0-9a-f]{64}", "0123456789abcdef" * 4),
)
_SPECIAL = set("\\.+*?()|[]{}^$")
_CLASSES = {"9": "[0-9]", "A": "[A-Z]", "a": "[a-z]"}
_DRAWN = {"9": "1234567890", "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "a": "abcdefghijklmnopqrstuvwxyz"}


class Run(NamedTuple):
    """So many characters of one class, or one other character."""

    kind: str
    """`9` digits, `A` capitals, `a` small letters, else the character itself."""
    least: int
    most: int


def format_rule(con: Connection, table: str, facts: Facts) -> ProposedRule | None:
    """The form of all cells of a column of words, where it says more than "letters"; None where there is none."""
    if facts.column.storage != "VARCHAR" or facts.present < _LEAST or facts.distinct < _LEAST / 5:
        return None
    found = _known(con, table, facts.column) or _masked(con, table, facts.column)
    if found is None:
        return None
    rule = Format(column=facts.column.name, pattern=found[0], example=found[1])
    return ProposedRule(rule=rule, tolerance=room(0, facts.present), severity="error")


def has_one_form(con: Connection, table: str, column: Column) -> bool:
    """Whether every cell has one form with a digit in it, as codes and keys have."""
    found = _known(con, table, column) or _masked(con, table, column)
    return found is not None and any(c.isdigit() for c in found[1])


def _known(con: Connection, table: str, column: Column) -> tuple[str, str] | None:
    c = quoted(column.name)
    parts = ", ".join(f"bool_and(regexp_full_match({c}, ?))" for _ in _KNOWN)
    got = con.execute(f"SELECT {parts} FROM {table} WHERE {c} IS NOT NULL", [p for p, _ in _KNOWN]).fetchall()[0]
    return next((known for known, all_of in zip(_KNOWN, got, strict=True) if all_of), None)


def _masked(con: Connection, table: str, column: Column) -> tuple[str, str] | None:
    """The mask that all cells share, runs of one class being of the lengths that were seen."""
    start = _start(con, table, column)
    found = _masks(con, table, column, start)
    if start[-1:].isalpha() and any(m[:1] in ("A", "a") for m, _ in found):  # amid a word: no sign of a form
        start = re.sub("[^\\W\\d_]+$", "", start)
        found = _masks(con, table, column, start)
    runs = _one_shape(found)
    return _written(start, runs) if runs and _tells(start, runs) else None


def _start(con: Connection, table: str, column: Column) -> str:
    """The characters before the first digit that all cells begin with."""
    c = quoted(column.name)
    low, high = con.execute(f"SELECT min({c}), max({c}) FROM {table}").fetchall()[0]
    same = next((at for at, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))
    return re.split("[0-9]", low[:same], maxsplit=1)[0]


def _masks(con: Connection, table: str, column: Column, start: str) -> list[tuple[str, bool]]:
    """The different masks of what follows `start`, and whether any number in it begins with a zero; at most 200."""
    c = f"substr({quoted(column.name)}, {len(start) + 1})"
    mask = f"regexp_replace({c}, '[0-9]', '9', 'g')"
    mask = f"regexp_replace(regexp_replace({mask}, '[A-Z]', 'A', 'g'), '[a-z]', 'a', 'g')"
    return con.execute(
        f"SELECT {mask} AS m, bool_or(regexp_matches({c}, '(^|[^0-9])0')) FROM {table} WHERE {c} IS NOT NULL "
        f"GROUP BY 1 ORDER BY 1 LIMIT {_MOST_MASKS}"
    ).fetchall()


def _one_shape(found: list[tuple[str, bool]]) -> list[Run]:
    """The runs that all masks share, none where they differ in more than lengths."""
    runs = [_runs(m) for m, _ in found]
    if len(found) >= _MOST_MASKS or not runs or any(len(m) > _LONGEST for m, _ in found):
        return []
    shape = [r.kind for r in runs[0]]
    if any([r.kind for r in own] != shape for own in runs):
        return []
    padded = any(zero for _, zero in found)
    return [_merged([own[at] for own in runs], padded) for at in range(len(shape))]


def _runs(mask: str) -> list[Run]:
    out: list[Run] = []
    for c in mask:
        if out and out[-1].kind == c and c in _CLASSES:
            out[-1] = Run(c, out[-1].least + 1, out[-1].most + 1)
        else:
            out.append(Run(c, 1, 1))
    return out


def _merged(runs: list[Run], padded: bool) -> Run:
    """One run for all cells; numbers that are not filled up with zeros may grow by a digit."""
    kind, least, most = runs[0].kind, min(r.least for r in runs), max(r.most for r in runs)
    if least < most or (kind == "9" and not padded):
        return Run(kind, 1 if least < most else least, most + 1) if kind in _CLASSES else runs[0]
    return Run(kind, least, most)


def _tells(start: str, runs: list[Run]) -> bool:
    """Whether a mask says more than that cells are words: digits beside something else, or short codes of capitals."""
    kinds = {r.kind for r in runs}
    if "9" in kinds:
        return len(start) + len(runs) > 1 or runs[0].least == runs[0].most
    fixed = all(r.least == r.most for r in runs)
    return fixed and "a" not in kinds


def _written(start: str, runs: list[Run]) -> tuple[str, str]:
    """The pattern and a made-up cell of that form."""
    pattern, example = "".join(f"\\{c}" if c in _SPECIAL else c for c in start), start
    for r in runs:
        if r.kind in _CLASSES:
            fixed = "" if r.most == 1 else f"{{{r.least}}}"
            times = fixed if r.least == r.most else f"{{{r.least},{r.most}}}"
            pattern += _CLASSES[r.kind] + times
            example += (_DRAWN[r.kind] * 5)[: r.least if r.least == r.most else max(r.least, r.most - 1)]
        else:
            pattern += f"\\{r.kind}" if r.kind in _SPECIAL else r.kind
            example += r.kind
    return pattern, example
