"""The tool `columns`: every column in a line, as far as the privacy mode allows, in about 2,500 tokens for twenty.

Knows the bench. Must never tell an end of a range, a rare label or a figure of fewer than ten rows outside `sample`.
"""

import math

from pydantic import Field

from ...tools.data.schema import Column
from ...tools.explore.lead import Structure
from ...tools.explore.spread import Spread, spread_of
from ..privacy import cleaned
from ..roles import is_code, is_nominal, outcome_reading
from ..twins import spare_columns
from .bench import TABLE, Bench
from .facts import Fact
from .names import column_of, why_left_out
from .spec import MOST_CHARACTERS, Arguments, Result, told, tool
from .words import word

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_LABELS = (8, 4, 0)
"""Labels told of a column in each form, the fullest first; the last form has types alone."""
_MOST_LABELS = 40
_READS_LIKE_ONE = 3.0


class Columns(Arguments):
    """Arguments of `columns`."""

    names: list[str] = Field(default_factory=list, max_length=30)


def columns(bench: Bench, arguments: Columns) -> Result:
    """Profile of the columns: type, missing, quantiles or labels with shares, role. Call it first.

    Use names and labels as they stand here; `id = "long name"` goes by its id. Rare labels are counted, not shown.
    `built` lists columns that follow from each other: claims on them are refused.

    Args:
        names: Columns to show more fully (all their labels); empty for all columns.

    Example:
        {"names": ["plan", "spend"]}
    """
    wanted = [column_of(bench, name, what="names").name for name in arguments.names] or list(bench.columns)
    if bench.privacy == "schema":
        return _answer(bench, [f"{_named(bench, bench.columns[n])} · {_kind(bench.columns[n])}" for n in wanted])
    labels = (_MOST_LABELS, *_LABELS) if arguments.names else _LABELS
    result, kept = {}, len(bench.facts)
    for most in labels:
        bench.forget(kept)
        roles = _roles(bench)
        lines = [_line(bench, bench.columns[n], roles.get(n, ""), most) for n in wanted]
        result = _answer(bench, lines)
        if len(told(result)) < MOST_CHARACTERS and not _is_cut(result):
            break
    return result


TOOL = tool(columns)


def _is_cut(result: Result) -> bool:
    return '"cut":true' in told(result)


def _answer(bench: Bench, lines: list[str]) -> Result:
    out: Result = {}
    if bench.privacy != "schema":
        rows = Fact(bench.rows.n, "exploration rows", unit="rows", n=bench.rows.n)
        out["rows"] = f"{bench.figure(rows)} exploration rows"
    out["columns"] = lines
    left = [f"{word(cleaned(n))}: {why_left_out(bench, n)}" for n in bench.left_out]
    if left:
        out["not_analysed"] = left
    if bench.samples:
        out["documents"] = {cleaned(name): list(own) for name, own in bench.samples.items()}
    built = [_built(bench, s) for s in bench.structure]
    if built and bench.privacy != "schema":
        out["built"] = built
    asked = [n for n in (bench.focus.outcome, *bench.focus.about) if n]
    if asked:
        out["asked"] = {"outcome": bench.focus.outcome and bench.id(bench.focus.outcome),
                        "about": [bench.id(n) for n in bench.focus.about]}  # fmt: skip
    if bench.jail is not None and bench.privacy != "schema":
        out["sql_table"] = TABLE
    return out


def _built(bench: Bench, s: Structure) -> str:
    """One relation by construction, without its values."""
    names = [word(bench.id(c)) for c in s.columns]
    if s.kind == "key":
        return f"{' with '.join(names)}: names each row"
    if s.kind in ("copy", "near_duplicate"):
        return f"{' and '.join(names)}: {'the same' if s.kind == 'copy' else 'nearly the same'}"
    if s.kind == "hierarchy":
        return f"{' within '.join(names)}: each fixes the next"
    if s.kind == "order":
        return f"{' <= '.join(names)}: in this order"
    if s.kind in ("version", "ranks", "exclusive"):
        alike = {"version": "one quantity twice", "ranks": "ranks of one question", "exclusive": "flags of one label"}
        return f"{' and '.join(names)}: {alike[s.kind]}"
    made = {
        "function": "is fixed by", "sum": "is the sum of", "part": "has the parts", "linear": "is a line of",
        "crossed": "names the combinations of",
    }  # fmt: skip
    return f"{names[-1]} {made[s.kind]} {', '.join(names[:-1])}"


def _named(bench: Bench, column: Column) -> str:
    """`age`, or `c7 = "How satisfied are you with …"`."""
    short = bench.id(column.name)
    return word(short) if short == column.name else f'{short} = "{cleaned(column.name)}"'


def _kind(column: Column) -> str:
    unit = f" in {cleaned(column.unit)}" if column.unit else ""
    whole = "whole number" if column.integer else column.type
    made = column.aggregate
    source = f", {made.how} of {cleaned(made.of or 'rows')} in {cleaned(made.table)}" if made is not None else ""
    span = f", time from {' to '.join(cleaned(n) for n in column.derived_from)}" if column.derived_from else ""
    return ("date" if column.type == "datetime" else whole) + unit + source + span


def _line(bench: Bench, column: Column, role: str, most: int) -> str:
    parts = [_named(bench, column), _kind(column), *([role] if role else []), *_missing(bench, column)]
    if not most:
        return " · ".join(parts)
    if column.levels:
        parts.append(_labels(bench, column, most))
    if column.type in ("number", "datetime"):
        parts += _quantiles(bench, column, most)
    return " · ".join(p for p in parts if p)


def _missing(bench: Bench, column: Column) -> list[str]:
    """The share of missing values; one of fewer than ten rows is told as few."""
    n = bench.rows.n
    lost = next((p.missing for p in bench.profile if p.name == column.name), 0)
    if not lost or not n:
        return []
    if lost < bench.least:
        return [f"missing in under {bench.least} rows"]
    name = word(bench.id(column.name))
    share = Fact(100 * lost / n, f"share of rows in which {name} is missing", "%", n=n, denominator="exploration rows",
                 columns=(column.name,))  # fmt: skip
    return [f"missing {bench.figure(share)}"]


def _labels(bench: Bench, column: Column, most: int) -> str:
    """The labels with their shares, in the order of the numbers where they are numbers."""
    shown = bench.levels(column)
    seen = next((p for p in bench.profile if p.name == column.name), None)
    n = seen.n if seen is not None else sum(count for _, count in shown)
    first = list(shown[:most])
    if column.type == "number":
        first.sort(key=lambda pair: float(pair[0]))
    name = word(bench.id(column.name))
    told = []
    for level, count in first:
        label = word(cleaned(level))
        fact = Fact(100 * count / max(n, 1), f"share of {name}={label}", "%", n=n, missing=bench.rows.n - n,
                    denominator=f"rows with a value of {name}", columns=(column.name,))  # fmt: skip
        told.append(f"{label} {bench.figure(fact)}")
    more, rare = len(shown) - len(first), (seen.distinct if seen is not None else len(column.levels)) - len(shown)
    told += [f"{more} more labels"] if more else []
    told += [f"{rare} rare labels not shown"] if rare > 0 else []
    return ", ".join(told)


def _quantiles(bench: Bench, column: Column, most: int) -> list[str]:
    """Quantiles with ten rows beyond them at least, and the mean; a number of few values has its mean alone."""
    spread = spread_of(bench.rows, column.name)
    if spread.n < 2 * bench.least:
        return []
    name, is_date = word(bench.id(column.name)), column.type == "datetime"
    common = {"n": spread.n, "missing": bench.rows.n - spread.n, "columns": (column.name,), "unit": column.unit}
    out = []
    if not column.levels:
        wanted = _QUANTILES if most >= _LABELS[0] else (0.05, 0.5, 0.95)
        kept = [q for q in wanted if min(q, 1 - q) * spread.n >= bench.least]
        told = [_quantile(bench, spread, q, name, is_date, common) for q in kept]
        out.append(f"{'/'.join(f'{100 * q:g}' for q in kept)} %: {' '.join(told)}")
        count = Fact(len(spread.values), f"distinct values of {name}", "values", n=spread.n, columns=(column.name,))
        out.append(f"{bench.figure(count)} values")
    if not is_date and not is_nominal(column):
        mean = next((p.mean for p in bench.profile if p.name == column.name), None)
        if mean is not None:
            out.append(f"mean {bench.figure(Fact(mean, f'mean of {name}', **common))}")
        zeros = int(spread.counts[spread.values == 0].sum())
        if not column.levels and bench.least <= zeros and zeros >= spread.n / 10:
            share = Fact(100 * zeros / spread.n, f"share of {name} = 0", **{**common, "unit": "%"})
            out.append(f"zero in {bench.figure(share)}")
    return out


def _quantile(bench: Bench, spread: Spread, q: float, name: str, is_date: bool, common: dict) -> str:
    value, unit = spread.quantile(q), {"unit": "date"} if is_date else {}
    label = f"{100 * q:g} % quantile of {name}"
    return bench.figure(Fact(math.floor(value) if is_date else value, label, **{**common, **unit}))


def _roles(bench: Bench) -> dict[str, str]:
    """What a column seems to be there for, where that is worth saying."""
    order = {name: at for at, name in enumerate(bench.rows.columns)}
    asked = {bench.focus.outcome, *bench.focus.about}
    roles = {name: "says the same as another column" for name in spare_columns(bench.structure, bench.rows, asked)}
    roles |= {c.name: "labels written as numbers" for c in bench.columns.values() if is_nominal(c)}
    roles |= {c.name: "a code" for c in bench.columns.values() if is_code(c)}
    last = max(len(order) - 1, 1)
    reads = {n: outcome_reading(c, order[n] / last) for n, c in bench.columns.items() if n not in roles}
    best = sorted(reads, key=lambda n: (-reads[n], order[n]))[:3]
    roles |= {n: "reads like an outcome" for n in best if reads[n] >= _READS_LIKE_ONE}
    return roles | {n: "asked about" for n in asked if n}
