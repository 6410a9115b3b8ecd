"""Cells in the wrong column: all rows or some moved aside, or two columns exchanged.

Knows what cells of each learned column look like. Must never know why a separator was lost.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..data.readers_binary import quoted
from .faults_case import FEW, Case, Said, distance, first_rows, in_rows, luck, names
from .faults_fits import Cells, Home
from .faults_where import whereabouts

_SAMPLE = 3_000
_GOOD, _BAD = 0.85, 0.6
_FAR = 0.3
_LEAST = 3
_MOST_ROWS = 100_000
_STEPS = (1, -1, 2, -2, 3, -3)


def moved_cells(case: Case) -> Iterator[Said]:
    """Columns that hold what belongs to others, in all rows or in some."""
    homes = {
        name: Home(learned, base)
        for name, learned in case.learned.items()
        if (base := case.base.column(name)) is not None and case.here(name) and learned.type != "empty"
    }
    if len(homes) < 3 or case.rows < FEW:
        return
    said = _whole(case, homes) or _some(case, homes)
    if said is not None:
        yield said


# All rows


def _whole(case: Case, homes: dict[str, Home]) -> Said | None:
    strange = [name for name, home in homes.items() if _strange(case, home)]
    if len(strange) < 2:
        return None
    order = list(homes)
    fits = _Fits(case, homes)
    strange = [name for name in strange if fits.of(name, name) <= _BAD]
    for step in _STEPS:
        held = {}
        for name in strange:
            at = order.index(name) - step
            if 0 <= at < len(order) and fits.of(name, order[at]) >= _GOOD:
                held[name] = order[at]
        # A month after a learned constant year reads as a shift: what has one value or names a period proves nothing.
        proofs = [name for name, other in held.items() if homes[name].tells() and homes[other].tells()]
        if len(proofs) >= 2 and len(held) >= 0.5 * (len(strange) - abs(step)):
            side = "right" if step > 0 else "left"
            far = "one column" if abs(step) == 1 else f"{abs(step)} columns"
            first = min(order.index(name) for name in strange)
            case.taken |= set(order[max(0, first - abs(step)) :])
            return _told_whole(case, strange, held, f"{far} to the {side} of where they belong")
    telling = [name for name in strange if homes[name].tells()]
    for name in telling:
        for other in telling:
            if other > name and min(fits.of(name, other), fits.of(other, name)) >= _GOOD:
                return _told_whole(case, [name, other], {name: other, other: name}, "in each other's place")
    return None


def _strange(case: Case, home: Home) -> bool:
    """Whether a column is so far from what was learned that its cells may be another's."""
    new = case.new.column(home.name)
    if new is None or any(u.column == home.name and u.kind == "type" for u in case.delivery.unread):
        return True
    if new.missing > 0.9 * new.rows:
        return home.gaps < 0.1
    there, before = new.rows - new.missing, home.base.rows - home.base.missing
    if new.kind != home.base.kind:
        return True
    if new.kind == "number":
        return distance(new.counts, home.base.counts) > _FAR + luck(home.base.counts, there, before)
    if new.kind == "label":
        return home.closed and sum(new.levels.get(x, 0) for x in home.levels) < 0.7 * there
    if new.kind == "words" and new.mean is not None and home.base.mean is not None:
        return abs(new.mean - home.base.mean) > 1.0 + 0.5 * (home.base.sd or 0.0)
    return False


class _Fits:
    """How well the cells of one column fit another, on some rows spread over the delivery."""

    def __init__(self, case: Case, homes: dict[str, Home]) -> None:
        self._case, self._homes = case, homes
        self._cells: dict[str, Cells] = {}
        self._known: dict[tuple[str, str], float] = {}
        self._every = max(1, case.rows // _SAMPLE)

    def of(self, name: str, other: str) -> float:
        """Fit of the cells of `name` to what was learned of `other`."""
        if name not in self._cells:
            got = self._case.query(
                f"SELECT {quoted(name)}::VARCHAR FROM data WHERE _row % {self._every} = 0 ORDER BY _row"
            )
            self._cells[name] = [x for (x,) in got]
        if (name, other) not in self._known:
            self._known[name, other] = self._homes[other].fit(self._cells[name])
        return self._known[name, other]


def _told_whole(case: Case, strange: Sequence[str], held: dict[str, str], where: str) -> Said:
    some = ", ".join(f"`{name}` holds what belongs to `{other}`" for name, other in list(held.items())[:3])
    case.taken |= set(strange)
    return Said(
        kind="shifted_columns", columns=tuple(held), rows=case.rows, first=tuple(range(1, min(5, case.rows) + 1)),
        text=f"Cells stand {where} in all {case.rows:,} rows: {some}.",
        advice="Look for a missing or extra separator, or for a header that no longer goes with the columns.",
    )  # fmt: skip


# Some rows


class _Row(NamedTuple):
    """A row with cells that cannot belong where they stand."""

    at: int
    cells: tuple[str | None, ...]
    odd: tuple[bool, ...]


def _some(case: Case, homes: dict[str, Home]) -> Said | None:
    rows = _odd_rows(case, homes)
    if len(rows) < _LEAST:
        return None
    every = list(homes.values())
    for step in (1, -1):
        moved = [row for row in rows if _explained(row, every, step)]
        if len(moved) >= _LEAST and len(moved) >= 0.5 * len(rows):
            return _told_some(case, every, moved, step)
    return None


def _odd_rows(case: Case, homes: dict[str, Home]) -> list[_Row]:
    """Rows in which at least two columns hold what they cannot, or nothing where they nearly always do."""
    odd, gaps = [], []
    for name, home in homes.items():
        own, new = case.delivery.columns[name], case.new.column(name)
        odd.append((home.odd_sql(own) if home.tells() else None) or "false")
        full = home.gaps < 0.002 and new is not None and new.missing and new.missing < 0.3 * new.rows
        gaps.append(f"({quoted(name)} IS NULL)" if full else "false")
    if sum(x != "false" for x in odd) < 1:
        return []
    count = " + ".join(f"({a})::INT + {b}::INT" for a, b in zip(odd, gaps, strict=True) if (a, b) != ("false", "false"))
    any_odd = " OR ".join(x for x in odd if x != "false")
    cells = ", ".join(f"{quoted(name)}::VARCHAR" for name in homes)
    got = case.query(
        f"SELECT _row, {cells}, {', '.join(odd)} FROM data WHERE ({any_odd}) AND {count} >= 2 ORDER BY _row "
        f"LIMIT {_MOST_ROWS}"
    )
    width = len(homes)
    return [_Row(int(r[0]), tuple(r[1 : width + 1]), tuple(map(bool, r[width + 1 :]))) for r in got]


def _explained(row: _Row, homes: Sequence[Home], step: int) -> bool:
    """Whether what is odd in a row belongs to the column `step` before, and enough of it says so."""
    own = [k for k, odd in enumerate(row.odd) if odd and 0 <= k - step < len(homes)]
    held = [k for k in own if homes[k - step].takes(row.cells[k])]
    if not held or len(held) < 0.6 * len(own):
        return False
    if len(held) >= 2:
        return True
    after = held[0] + step
    return 0 <= after < len(homes) and row.cells[after] is None and homes[after].gaps < 0.002


def _told_some(case: Case, homes: Sequence[Home], moved: Sequence[_Row], step: int) -> Said:
    sure = np.zeros(case.rows, bool)
    sure[[row.at for row in moved]] = True
    odd = np.array([row.odd for row in moved]).mean(0)
    columns = [h.name for h, share in zip(homes, odd, strict=True) if share > 0.5] or [homes[int(np.argmax(odd))].name]
    case.taken |= {h.name for h, share in zip(homes, odd, strict=True) if share > 0.02}
    empty = np.array([[cell is None for cell in row.cells] for row in moved]).mean(0)
    left = {h.name for h, share in zip(homes, empty, strict=True) if share > 0.5 and h.gaps < 0.1}
    case.taken |= left
    mask, told = whereabouts(case, sure)
    case.explained = mask
    k = [h.name for h in homes].index(columns[0])
    example = f"`{columns[0]}` holds what belongs to `{homes[k - step].name}`"
    side = "right" if step > 0 else "left"
    return Said(
        kind="shifted_columns", columns=(*columns, *sorted(left - set(columns))), rows=int(mask.sum()),
        first=first_rows(mask),
        text=f"Cells stand one column to the {side} of where they belong in {in_rows(int(mask.sum()), case.rows)} "
        f"({told}): "
        f"{names(columns)} hold{'s' * (len(columns) == 1)} what cannot be theirs, {example}.",
        advice="Look for a missing or extra separator in these lines of the source.",
    )  # fmt: skip
