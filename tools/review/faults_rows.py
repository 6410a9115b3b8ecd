"""Rows that came twice: a load that ran twice, as a whole or for a block, and a join that multiplied rows.

Knows digests of rows and the columns that name a row. Must never know how columns are distributed. Tables have copies
of their own: what counts is a block that repeats in its order, or more copies than the learned rows had.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.readers_binary import quoted
from .faults_case import FEW, Case, Said, in_rows, names
from .sketch import Sketch

_LEAST = 10
"""Rows that a repeated block has at least."""
_VARIED = 5
"""Different rows in a block, so that a run of one row is none."""
_SURE = 14.0
"""Log odds, beyond those of as many places as there are rows, that a block repeats by luck."""
_OFFSETS = 8
_MORE_COPIES = 0.2
"""Share of copies beyond the learned one, which is itself only known to some hundredths."""
_KEYS = 0.005


class Block(NamedTuple):
    """Rows `start` to before `end`, from 0, that repeat those `offset` rows before."""

    start: int
    end: int
    offset: int


def repeated(case: Case) -> Iterator[Said]:
    """At most one of: a duplicated load, a join that multiplied rows."""
    if case.rows < FEW:
        return
    digests = case.fetch(_short_digest("_content"))
    blocks = find_blocks(digests)
    if blocks:
        yield _blocks(case, blocks)
        return
    said = _multiplied(case) or _widened(case, digests) or _scattered(case, digests)
    if said is not None:
        yield said


def _short_digest(digest: str) -> str:
    """SQL for the first 60 bits of a digest as a whole number, which is sorted faster than its text."""
    return f"('0x' || substr({digest}, 1, 15))::BIGINT"


# Blocks


def find_blocks(digests: NDArray) -> list[Block]:
    """Blocks of rows that repeat earlier rows in their order, in the order of the source.

    Args:
        digests: One whole number a row, equal for equal rows, shape (n,).
    """
    lags, alike = _lags(digests)
    if len(lags) < _LEAST:
        return []
    need = max(_LEAST, math.ceil((math.log(len(digests)) + _SURE) / max(-math.log(min(alike, 0.99)), 0.02)))
    found: list[Block] = []
    for offset in _common(lags):
        for block in _runs(digests, offset, need):
            if not any(block.start < b.end and b.start < block.end for b in found):
                found.append(block)
    return sorted(found)


def _lags(digests: NDArray) -> tuple[NDArray, float]:
    """How far before each copy the row stands that it repeats, and the chance that two rows are equal."""
    order = np.argsort(digests, kind="stable")
    same = digests[order][1:] == digests[order][:-1]
    starts = np.flatnonzero(np.append(True, ~same))
    sizes = np.diff(np.append(starts, len(digests))).astype(float)
    return (order[1:] - order[:-1])[same], float((sizes * (sizes - 1)).sum()) / max(len(digests), 2) ** 2


def _common(lags: NDArray) -> list[int]:
    """The commonest distances, largest share first; the smaller one first where they are level."""
    values, counts = np.unique(lags, return_counts=True)
    order = np.lexsort((values, -counts))[:_OFFSETS]
    return [int(v) for v, n in zip(values[order], counts[order], strict=True) if n >= _LEAST]


def _runs(digests: NDArray, offset: int, need: int) -> Iterator[Block]:
    equal = np.concatenate(([False], digests[offset:] == digests[:-offset], [False]))
    edges = np.flatnonzero(equal[1:] != equal[:-1])
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if end - start >= need and len(np.unique(digests[offset + start : offset + end])) >= _VARIED:
            yield Block(int(offset + start), int(offset + end), offset)


def _blocks(case: Case, blocks: Sequence[Block]) -> Said:
    count = sum(b.end - b.start for b in blocks)
    told = "; ".join(
        f"rows {b.start + 1:,} to {b.end:,} repeat rows {b.start - b.offset + 1:,} to {b.end - b.offset:,}"
        for b in blocks[:3]
    )
    more = f"; and {len(blocks) - 3:,} more blocks" if len(blocks) > 3 else ""
    return Said(
        kind="duplicated_load", columns=(), rows=count,
        first=tuple(row for b in blocks for row in range(b.start + 1, min(b.end, b.start + 5) + 1)),
        text=f"A load came twice: {in_rows(count, case.rows)} repeat earlier ones cell by cell in the same order "
        f"({told}{more}).",
        advice="Ask whether a load ran twice; keep one copy.",
    )  # fmt: skip


# Copies in no order


def learned_copies(base: Sketch) -> float:
    """Share of the learned rows that repeat another, by their smallest digests: exact up to 255 rows, then ± .06."""
    if not base.smallest or not base.rows:
        return 0.0
    distinct = float(len(base.smallest))
    if len(base.smallest) >= 256:
        distinct = 255 / (int(base.smallest[255], 16) / 2.0**64)
    return max(0.0, 1 - distinct / base.rows)


def _scattered(case: Case, digests: NDArray) -> Said | None:
    """Copies all over the file, where the learned rows had few or could have none."""
    values, at, counts = np.unique(digests, return_index=True, return_counts=True)
    count = len(digests) - len(values)
    keyed = bool(case.keys())
    usual = 0.0 if keyed else learned_copies(case.base)
    least = _KEYS if keyed else usual + _MORE_COPIES
    if count < _LEAST or count < least * case.rows or usual > 0.5:
        return None
    first = np.ones(len(digests), bool)
    first[at] = False
    twice = int(np.bincount(counts).argmax()) if len(counts) else 1
    often = f"most rows stand {twice:,} times; " if twice > 1 else ""
    had = "none was when the claims were learned" if usual < 0.005 else f"{100 * usual:.0f} % were learned"
    return Said(
        kind="duplicated_load", columns=(), rows=count, first=tuple(int(x) + 1 for x in np.flatnonzero(first)[:5]),
        text=f"{in_rows(count, case.rows).capitalize()} are copies of earlier rows: {often}{had}.",
        advice="Ask whether a load ran twice; keep one copy.",
    )  # fmt: skip


# A join


def _multiplied(case: Case) -> Said | None:
    """The key with the fewest columns that repeats in rows that differ."""
    grown = 7 * (case.rows / max(case.base.rows, 1)) ** 2
    for key in sorted(case.keys(), key=len):
        cells = ", ".join(quoted(c) for c in key)
        filled = " AND ".join(f"{quoted(c)} IS NOT NULL" for c in key)
        rows, contents, keys = case.query(
            f"SELECT sum(n), sum(d), count(*) FROM (SELECT count(*) AS n, count(DISTINCT _content) AS d "
            f"FROM data WHERE {filled} GROUP BY {cells})"
        )[0]
        if not rows or rows - keys < max(_LEAST + grown, _KEYS * rows):
            continue
        adjacent = _adjacent(case, cells)
        if contents - keys < 0.5 * (rows - keys) and not adjacent:
            continue
        return _joined(case, key, int(rows), int(keys))
    return None


def _adjacent(case: Case, cells: str) -> bool:
    """Whether the rows of one key stand together and the keys have different numbers of them, as after a join."""
    got = case.query(
        f"SELECT n, count(*), sum((last - first = n - 1)::INT) FROM (SELECT count(*) AS n, min(_row) AS first, "
        f"max(_row) AS last FROM data GROUP BY {cells}) GROUP BY 1"
    )
    several = [(n, keys, near) for n, keys, near in got if n > 1]
    whole = sum(keys for _, keys, _ in several)
    return bool(whole) and sum(near for _, _, near in several) >= 0.9 * whole


def _joined(case: Case, key: tuple[str, ...], rows: int, keys: int) -> Said:
    cells = ", ".join(quoted(c) for c in key)
    others = [c.name for c in case.delivery.columns.values() if c.name not in key and not c.derived_from]
    vary = _varying(case, cells, others)
    got = case.query(
        f"SELECT _row FROM (SELECT _row, row_number() OVER (PARTITION BY {cells} ORDER BY _row) AS k FROM data) "
        "WHERE k > 1 ORDER BY _row LIMIT 5"
    )
    within = (
        f"within a key {names(vary)} differ{'s' if len(vary) == 1 else ''}" if vary else "within a key all is alike"
    )
    return Said(
        kind="multiplied_rows", columns=(*key, *vary[:8]), rows=rows - keys, factor=round(rows / keys, 6),
        first=tuple(int(x) + 1 for (x,) in got),
        text=f"Rows were multiplied: {names(key)} named one row each and now stand{'s' if len(key) == 1 else ''} in "
        f"{rows / keys:.3g} rows each on average ({rows:,} rows of {keys:,} keys, {rows - keys:,} too many); {within}.",
        advice="Look for a join whose other side has several rows a key.",
    )  # fmt: skip


def _varying(case: Case, cells: str, others: Sequence[str]) -> list[str]:
    """Columns that differ within a key, the one that differs most often first."""
    if not others:
        return []
    sums = ", ".join(f"sum(v{k})" for k in range(len(others)))
    each = ", ".join(
        f"(min({quoted(c)}) <> max({quoted(c)}) OR count({quoted(c)}) NOT IN (0, count(*)))::INT AS v{k}"
        for k, c in enumerate(others)
    )
    got = case.query(f"SELECT {sums} FROM (SELECT {each} FROM data GROUP BY {cells} HAVING count(*) > 1)")[0]
    counted = Counter({c: int(n or 0) for c, n in zip(others, got, strict=True)})
    return [c for c, n in counted.most_common() if n]


def _widened(case: Case, digests: NDArray) -> Said | None:
    """Rows that are copies but for columns that were not there: what was joined came several times."""
    extra = [u.column for u in case.delivery.unread if u.kind == "extra"]
    own = [c for c in case.learned if case.here(c)]
    if not extra or len(own) < 3:
        return None
    cells = ", ".join(f"coalesce({quoted(c)}::VARCHAR, '\\N')" for c in own)
    plain = case.fetch(_short_digest(f"md5(concat_ws(chr(31), {cells}))"))
    keys, rows = len(np.unique(plain)), len(plain)
    few = learned_copies(case.base)
    if rows - keys < _LEAST or rows - keys < (few + _MORE_COPIES) * rows or few > 0.5:
        return None
    if len(np.unique(digests)) - keys < 0.5 * (rows - keys):
        return None
    order = np.argsort(plain, kind="stable")
    later = np.zeros(rows, bool)
    later[order[1:][plain[order][1:] == plain[order][:-1]]] = True
    return Said(
        kind="multiplied_rows", columns=tuple(extra[:8]), rows=rows - keys, factor=round(rows / keys, 6),
        first=tuple(int(x) + 1 for x in np.flatnonzero(later)[:5]),
        text=f"Rows were multiplied: what was learned is the same in {rows / keys:.3g} rows each on average "
        f"({rows:,} rows of {keys:,} that differ, {rows - keys:,} too many), which only the new {names(extra)} tell "
        "apart.",
        advice="Look for a join whose other side has several rows a key.",
    )  # fmt: skip
