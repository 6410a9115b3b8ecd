"""Which columns move together: every pair of a table's columns, exactly and on all rows given.

Knows pairs, measures and their order. Must never know a sealed row, nor turn a lead into a claim: what it says is
for choosing what to test, on other rows.
"""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations

import numpy as np
from scipy.special import chdtrc, stdtr

from ..data.rows import Rows
from ..errors import UsageError
from .lead import Lead, size
from .scan_moments import (
    LabelField,
    Moments,
    NumberField,
    kruskal,
    kruskal_pair,
    mask_index,
    moments,
    number_field,
    pearson_matrix,
    spearman_matrix,
)
from .scan_tables import TableResult, binned, label_field, read_tables

Tables = dict[tuple[int, int], TableResult]


def scan_pairs(rows: Rows, *, threads: int = 2, skip: frozenset[frozenset[str]] = frozenset()) -> tuple[Lead, ...]:
    """Every pair of columns with how strongly it moves together, the most certain first.

    Two numbers (dates count as numbers): Spearman's and Pearson's correlation. A label and a number:
    Kruskal and Wallis's H with its epsilon squared. Two labels: chi squared with bias-corrected Cramér's V.
    Each with mutual information on 16 quantile bins and an asymptotic p-value. A pair uses the rows in which both
    columns have a value. The result is the same, bit by bit, for any number of threads.

    Args:
        rows: Exploration rows.
        threads: Threads to use; nested threads of the linear algebra library are switched off meanwhile.
        skip: Pairs of names to leave out.

    Returns:
        Leads by p-value, then by strength (an epsilon squared counts by its root), then by name.

    Raises:
        UsageError: if `threads` is not positive.
    """
    from threadpoolctl import threadpool_limits

    if threads < 1:
        raise UsageError(f"The `threads` parameter of `scan_pairs` must be at least 1. Got {threads!r}.")
    label_names = [c.name for c in rows.columns.values() if c.type in ("category", "boolean")]
    number_names = [c.name for c in rows.columns.values() if c.type in ("number", "datetime")]
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        numbers = list(pool.map(lambda name: number_field(rows, name), number_names))
        labels = list(pool.map(lambda name: label_field(rows, name), label_names))
        small = labels + list(pool.map(binned, numbers))
        wanted = [(i, j) for i, j in _all_pairs(len(small)) if _pair(small, i, j) not in skip]
        tables = read_tables(small, wanted, pool)
        del small
        sums = moments(numbers, [f for f in labels if f.complete], rows.n, pool)
        leads = [
            *_two_labels(labels, tables),
            *_label_number(labels, numbers, tables, sums, pool),
            *_two_numbers(labels, numbers, tables, sums, pool),
        ]
    return tuple(sorted(leads, key=_order))


def _all_pairs(count: int) -> Iterator[tuple[int, int]]:
    return combinations(range(count), 2)


def _pair(fields: list[LabelField], i: int, j: int) -> frozenset[str]:
    return frozenset((fields[i].name, fields[j].name))


def _order(lead: Lead) -> tuple[float, float, str, str]:
    return lead.p_value, -size(lead), lead.a, lead.b


def _two_labels(labels: list[LabelField], tables: Tables) -> Iterator[Lead]:
    for (i, j), table in tables.items():
        if j < len(labels):
            yield Lead(
                a=labels[i].name, b=labels[j].name, kind="category-category", measure="cramers_v",
                strength=table.v, n=table.n, p_value=table.p_value, mutual_information=table.information,
            )  # fmt: skip


def _label_number(
    labels: list[LabelField], numbers: list[NumberField], tables: Tables, sums: Moments, pool: ThreadPoolExecutor
) -> Iterator[Lead]:
    base, mask = len(labels), mask_index(numbers)
    wanted = [(i, j - base) for i, j in tables if i < base <= j]
    # Where the label is complete, ranks among the number's own rows are ranks among the shared rows.
    place = {i: k for k, i in enumerate(i for i, f in enumerate(labels) if f.complete)}

    def one(pair: tuple[int, int]) -> tuple[float, int, int]:
        i, j = pair
        if i not in place:
            return kruskal_pair(labels[i], numbers[j])
        group = sums.groups[place[i]]
        return kruskal(group[:, j], group[:, len(numbers) + mask[j]], numbers[j].rank_ss)

    for (i, j), (h, groups, n) in zip(wanted, pool.map(one, wanted), strict=True):
        yield Lead(
            a=labels[i].name, b=numbers[j].name, kind="category-number", measure="epsilon_squared",
            strength=min(h / (n - 1), 1.0) if n > 1 else 0.0, n=n,
            p_value=float(chdtrc(groups - 1, h)) if groups > 1 else 1.0,
            mutual_information=tables[i, base + j].information,
        )  # fmt: skip


def _two_numbers(
    labels: list[LabelField], numbers: list[NumberField], tables: Tables, sums: Moments, pool: ThreadPoolExecutor
) -> Iterator[Lead]:
    base = len(labels)
    rho, r = spearman_matrix(numbers, sums, pool), pearson_matrix(numbers, sums)
    for (i, j), table in tables.items():
        if i < base:
            continue
        strength, straight = float(rho[i - base, j - base]), float(r[i - base, j - base])
        yield Lead(
            a=numbers[i - base].name, b=numbers[j - base].name, kind="number-number", measure="spearman",
            strength=strength if math.isfinite(strength) else 0.0, n=table.n,
            p_value=spearman_p(strength, table.n), pearson=straight if math.isfinite(straight) else None,
            mutual_information=table.information,
        )  # fmt: skip


def spearman_p(rho: float, n: int) -> float:
    """Two-sided p of a rank correlation by Student's t with n - 2 degrees of freedom; 1 where undefined."""
    if not math.isfinite(rho) or n < 3:
        return 1.0
    if abs(rho) >= 1:
        return 0.0
    t = rho * np.sqrt((n - 2) / ((1 - rho) * (1 + rho)))
    return float(min(1.0, 2 * stdtr(n - 2, -abs(t))))
