"""What to check in labels and gaps: one label in several spellings, labels that read like "none", missing values.

Knows the levels of a column, and which cells are missing. Must never know free text or identifiers, nor a sealed row.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..data.rows import Rows
from ..data.schema import Column
from .check import Check, within
from .spread import listed

_NO_VALUE = {"?", "??", "-", "--", ".", "n/a", "#n/a", "nan", "null", "missing", "unknown", "not available"}
_MISSING = 0.2
_SAME_GAPS = 0.95
_MOST_LEVELS = 300
"""Levels compared with each other; a column with more is text in effect."""
_LONG_WORD = 6
_LONG_NAME = 40
"""Letters of a name from which on the figures stand before it, lest a short line lose them."""
_RARER = 20
"""How many times rarer a typing error is than the label it stands for."""


def label_checks(rows: Rows, column: Column, n: int) -> Iterator[Check]:
    """One label in several spellings, and labels that read like a missing value, of `n` exploration rows."""
    codes = rows.codes(column.name)
    counts = np.bincount(codes[codes >= 0], minlength=len(column.levels))
    levels = {column.levels[k]: int(counts[k]) for k in np.argsort(-counts, kind="stable") if counts[k]}
    groups = spellings(levels)
    if groups:
        yield _spelling(column, levels, groups, n)
    for level, count in levels.items():
        if level.strip().casefold() in _NO_VALUE:
            yield Check(
                kind="stand_in", columns=(column.name,), rows=count, of=int(counts.sum()), examples=(level,),
                text=f"`{column.name}` is `{level}` {within(count, n)}, which reads like a missing value.",
                advice="Leave these cells empty, unless the label means something of its own.", severity="notable",
            )  # fmt: skip


def _spelling(column: Column, levels: dict[str, int], groups: Sequence[Sequence[str]], n: int) -> Check:
    own = [level for group in groups for level in group[1:]]
    told = "; ".join(listed(group) for group in groups[:2])
    more = f"; and {len(groups) - 2:,} more sets" if len(groups) > 2 else ""
    count = sum(levels[level] for level in own)
    return Check(
        kind="spelling", columns=(column.name,), rows=count, of=sum(levels.values()), examples=tuple(own[:3]),
        text=f"`{column.name}` may spell one label in several ways {within(count, n)}: {told}{more}.",
        advice="Decide on one spelling; until then each counts as a group of its own.", severity="doubtful",
    )  # fmt: skip


def spellings(levels: dict[str, int]) -> list[list[str]]:
    """Sets of labels that are one label in several spellings, the most frequent first.

    Labels alike but for case, spaces and punctuation; initials of another label of several words; and a rare label
    one letter away from a frequent one, where no digit differs.

    Args:
        levels: Each label with its rows, the most frequent first.
    """
    if len(levels) > _MOST_LEVELS:
        return []
    root = {level: level for level in levels}

    def find(level: str) -> str:
        while root[level] != level:
            level = root[level]
        return level

    place = {level: k for k, level in enumerate(levels)}
    for a, b in _alike(levels):
        first, second = sorted((find(a), find(b)), key=place.__getitem__)
        root[second] = first
    groups: dict[str, list[str]] = defaultdict(list)
    for level in levels:
        groups[find(level)].append(level)
    return [group for group in groups.values() if len(group) > 1]


def _alike(levels: dict[str, int]) -> Iterator[tuple[str, str]]:
    """Pairs of labels that may be one."""
    by_plain: dict[tuple, str] = {}
    by_letters: dict[str, str] = {}
    by_ends: dict[tuple[str, str], list[str]] = defaultdict(list)
    for level in levels:
        plain = _plain(level)
        if not plain:
            continue
        # Signs and the places of digits mean something: < 50 and > 50, A and A+, 1-2 and 12.
        key = (plain, _signs(level), tuple(re.findall(r"\d+", level)))
        yield by_plain.setdefault(key, level), level
        by_letters.setdefault(plain, level)
        if len(plain) >= _LONG_WORD and not any(c.isdigit() for c in plain):
            by_ends[plain[0], plain[-1]].append(level)
    for level in levels:
        short = by_letters.get(_initials(level))
        if short is not None:
            yield short, level
    for group in by_ends.values():
        yield from (pair for pair in combinations(group, 2) if _typing_error(*pair, levels))


def _plain(level: str) -> str:
    return "".join(c for c in level.casefold() if c.isalnum())


def _signs(level: str) -> str:
    return "".join(c for c in level if not c.isalnum() and not c.isspace() and c not in "._-'\",/()&")


def _initials(level: str) -> str:
    """The initials of a label of two words and more, `ny` for New York; empty text for other labels."""
    words = [w for w in level.replace("-", " ").split() if w[:1].isalpha()]
    return "".join(w[0] for w in words).casefold() if len(words) >= 2 else ""


def _typing_error(a: str, b: str, levels: dict[str, int]) -> bool:
    """Whether one is far rarer and one letter away from the other, whose first and last letter it shares.

    Alike ends leave out labels with something in front or behind, such as legal and illegal, cat and cats.
    """
    rare, often = sorted((levels[a], levels[b]))
    return often >= _RARER * rare and _one_edit(_plain(a), _plain(b))


def _one_edit(one: str, two: str) -> bool:
    """Whether one letter replaced, added or left out, or two neighbours swapped, makes one the other."""
    start = 0
    while start < min(len(one), len(two)) and one[start] == two[start]:
        start += 1
    a, b = one[start:], two[start:]
    swapped = len(a) == len(b) and a[:2] == b[:2][::-1] and a[2:] == b[2:]
    return swapped or a[1:] == b[1:] or a[1:] == b or a == b[1:]


# Gaps


def missing_checks(rows: Rows, n: int) -> Iterator[Check]:
    """Columns without a value in more than a fifth of the rows; those that lack it in the same rows told together."""
    gaps = {name: _gap(rows, name) for name, column in rows.columns.items() if not column.derived_from}
    many = {name: gap for name, gap in gaps.items() if rows.n and gap.sum() > _MISSING * rows.n}
    groups: list[list[str]] = []
    for name, gap in many.items():
        home = next((g for g in groups if _same(many[g[0]], gap)), None)
        if home is None:
            groups.append([name])
        else:
            home.append(name)
    for group in groups:
        yield _missing(group, [int(many[name].sum()) for name in group], n)


def _gap(rows: Rows, name: str) -> NDArray[np.bool_]:
    numeric = rows.columns[name].type in ("number", "datetime")
    return np.isnan(rows.number(name)) if numeric else rows.codes(name) < 0


def _same(a: NDArray, b: NDArray) -> bool:
    return int((a & b).sum()) >= _SAME_GAPS * int((a | b).sum())


def _missing(group: Sequence[str], counts: Sequence[int], n: int) -> Check:
    most, share = max(counts), _shares(counts, n)
    if len(group) == 1 and len(group[0]) <= _LONG_NAME:
        text = f"`{group[0]}` has no value {within(most, n)} ({share})."
    elif len(group) == 1:
        text = f"No value {within(most, n)} ({share}): `{group[0]}`."
    else:
        nearly = "nearly " if len(set(counts)) > 1 else ""
        many = f"{len(group):,} columns" if len(group) > 2 else "Two columns"
        text = (
            f"{many} have no value in {nearly}the same {most:,} of the {n:,} explored rows ({share}): {listed(group)}."
        )
    return Check(
        kind="missing", columns=tuple(group), rows=most, of=n, text=text, severity="notable",
        advice="Ask why they are missing: rows with a value may not stand for the rest.",
    )  # fmt: skip


def _shares(counts: Sequence[int], n: int) -> str:
    low, high = (f"{100 * c / n:.0f}" for c in (min(counts), max(counts)))
    return f"{high} %" if low == high else f"{low} to {high} %"
