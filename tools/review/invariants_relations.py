"""Rules between columns that the learned rows keep: one fixes another, an order, a sum.

Knows codes of the learned rows and the structure that was found in them. Must never know another row.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..data.readers_binary import quoted
from ..explore.lead import Structure
from ..explore.structure_functions import SAMPLE, SEED, Coded, Fixed, fixed_pairs
from ..explore.structure_numbers import decimals_slack
from .invariants_facts import Connection, Facts
from .invariants_tolerance import ProposedRule, room
from .learned import Determines, NotAfter, SumOf

_MAPPED = 24
"""Labels up to which a mapping is written out."""
_MOST = 12
"""Mappings of one table."""
_LEAST = 20


def mapping_rules(
    con: Connection, table: str, facts: Mapping[str, Facts], coded: Sequence[Coded]
) -> Iterator[ProposedRule]:
    """Columns that another fixes, none that follows from two others; between copies one way where it is written out.

    Args:
        con: The database.
        table: Its table.
        facts: What is known of each column.
        coded: The columns with repeated values, as codes.
    """
    if len(coded) < 2 or len(coded[0].codes) < _LEAST:
        return
    at = np.random.default_rng(SEED).permutation(len(coded[0].codes))[:SAMPLE]
    with np.errstate(all="ignore"):
        fixed = fixed_pairs(coded, at, frozenset())
    fixed = {k: v for k, v in fixed.items() if facts[k[0]].column.storage != "DOUBLE"}
    for pair in _direct(fixed, list(facts))[:_MOST]:
        yield _determined(con, table, facts, fixed[pair])


def _direct(fixed: Mapping[tuple[str, str], Fixed], order: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs without those that follow from two others; copies stand for each other, the first in order for all."""
    place = {name: at for at, name in enumerate(order)}
    first: dict[str, str] = {}
    for a, b in sorted(fixed, key=lambda p: (place[p[0]], place[p[1]])):
        if (b, a) in fixed and place[a] < place[b] and b not in first:
            first[b] = first.get(a, a)
    own = {(a, b) for a, b in fixed if a not in first and b not in first}
    middle = {b for _, b in own}
    direct = [(a, b) for a, b in own if not any((a, c) in own and (c, b) in own for c in middle - {a, b})]
    copies = [(a, b) for b, a in first.items() if (a, b) in fixed]
    return sorted([*direct, *copies], key=lambda p: (place[p[0]], place[p[1]]))


def _determined(con: Connection, table: str, facts: Mapping[str, Facts], it: Fixed) -> ProposedRule:
    by, target = facts[it.a], facts[it.b]
    mapping = _mapping(con, table, by, target) if _short(by) and _short(target) else {}
    # Without a mapping the first row of each value can break nothing.
    tried = it.n if mapping else it.n - by.distinct
    tolerance = room(it.exceptions, max(tried, 1))
    rule = Determines(column=it.b, by=it.a, mapping=mapping)
    return ProposedRule(rule=rule, tolerance=tolerance, severity="warn" if it.exceptions else "error")


def _short(facts: Facts) -> bool:
    whole = facts.column.type in ("category", "boolean") or facts.column.integer
    return whole and facts.distinct <= _MAPPED


def _mapping(con: Connection, table: str, by: Facts, target: Facts) -> dict[str, str]:
    """Each value with its most frequent partner."""
    from .invariants_sql import label_sql

    a, b = label_sql(by.column), label_sql(target.column)
    got = con.execute(
        f"SELECT a, arg_max(b, struct_pack(k := k, b := b)) FROM (SELECT {a} AS a, {b} AS b, count(*) AS k "
        f"FROM {table} WHERE {a} IS NOT NULL AND {b} IS NOT NULL GROUP BY ALL) GROUP BY a ORDER BY a"
    ).fetchall()
    return {str(x): str(y) for x, y in got}


def order_rules(
    con: Connection, table: str, facts: Mapping[str, Facts], structure: Sequence[Structure]
) -> Iterator[ProposedRule]:
    """Columns that are in order in nearly every row: dates, lowest and highest, a part and its whole."""
    for s in structure:
        if s.kind not in ("order", "part") or not all(name in facts for name in s.columns):
            continue
        for start, end in pairwise(s.columns):
            a, b = quoted(start), quoted(end)
            broken, rows = con.execute(
                f"SELECT count(*) FILTER ({a} > {b}), count(*) FROM {table} WHERE {a} IS NOT NULL AND {b} IS NOT NULL"
            ).fetchall()[0]
            dates = facts[start].column.type == "datetime"
            tolerance = 0.0 if dates and not broken else room(int(broken), int(rows))
            severity = "warn" if broken or not dates else "error"
            yield ProposedRule(rule=NotAfter(start=start, end=end), tolerance=tolerance, severity=severity)


def sum_rules(
    con: Connection, table: str, facts: Mapping[str, Facts], structure: Sequence[Structure]
) -> Iterator[ProposedRule]:
    """Totals that are the sum of their parts, to within rounding."""
    for s in structure:
        if s.kind != "sum" or not all(name in facts for name in s.columns):
            continue
        values = _numbers(con, table, s.columns)
        if values.shape[1] < _LEAST:
            continue
        total = values[-1]
        within = 1e-9 * float(np.abs(total).max()) + decimals_slack(total) * len(s.columns)
        within = float(f"{within * 1.001:.2g}")
        broken = int((np.abs(values[:-1].sum(0) - total) > within).sum())
        rule = SumOf(total=s.columns[-1], parts=s.columns[:-1], within=within)
        tolerance = room(broken, len(total)) if broken else 0.0
        yield ProposedRule(rule=rule, tolerance=tolerance, severity="warn" if broken else "error")


def _numbers(con: Connection, table: str, names: Sequence[str]) -> NDArray[np.float64]:
    """Rows with all of these values, shape (columns, rows)."""
    cells = ", ".join(f"{quoted(n)}::DOUBLE AS c{at}" for at, n in enumerate(names))
    known = " AND ".join(f"{quoted(n)} IS NOT NULL" for n in names)
    got = con.execute(f"SELECT {cells} FROM {table} WHERE {known}").fetchnumpy()
    return np.stack([np.asarray(got[f"c{at}"], np.float64) for at in range(len(names))])
