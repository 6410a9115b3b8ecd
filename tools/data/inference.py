"""From raw cells to typed columns: which expression reads each column, decided over all of its rows.

Knows one column at a time. Must never relate two columns, nor decide what a column is used for.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import duckdb

from .inference_formats import (
    MISSING_IN_NUMBERS,
    MISSING_SPELLINGS,
    PLAIN_NUMBER,
    Format,
    date_formats,
    literal,
    number_format,
)
from .readers import Raw
from .schema import Note, Storage

Connection = duckdb.DuckDBPyConnection
Kind = Literal["number", "boolean", "datetime", "text"]
BAD_SHARE = 0.01
"""Cells that may fail a type before the column stays text."""
BLOCK = 60
"""Columns profiled in one query."""
BLANKS = "' ', chr(9), chr(10), chr(13), chr(160)"
BOOLEAN_WORDS = (
    ("no", "yes"), ("n", "y"), ("false", "true"), ("f", "t"), ("off", "on"), ("0", "1"), ("0.0", "1.0"),
    ("absent", "present"),
)  # fmt: skip
NUMERIC_TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT",
                 "UHUGEINT", "DOUBLE", "FLOAT", "DECIMAL")  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """How one column of `raw` becomes a column of `data`."""

    name: str
    place: str
    source_type: str
    kind: Kind
    sql: str
    storage: Storage
    levels: tuple[str, ...] = ()
    unit: str | None = None
    code: bool = False
    """Whether the cells are digits that are not quantities, such as 00501."""
    notes: tuple[Note, ...] = ()


@dataclass
class _Cells:
    """What one pass counted in a text column."""

    filled: int
    numeric: int
    clean: int
    """Cells that are finite numbers without the underscores that DuckDB would accept."""
    zeros: int
    sample: list[str] = field(default_factory=list)


def plan_columns(con: Connection, raw: Raw, *, words: Collection[str] = ()) -> list[Plan]:
    """A plan for each column of the table `raw`, whole-number and boolean storage decided.

    Columns of text named in `words` are labels whatever their cells look like.
    """
    texts = [f"c{i}" for i, t in enumerate(raw.types) if t == "VARCHAR"]
    labels = [f"c{i}" for i, name in enumerate(raw.names) if name in words and raw.types[i] == "VARCHAR"]
    texts = [c for c in texts if c not in set(labels)]
    _trim(con, raw, texts, labels)
    cells = _count_cells(con, texts)
    plans = []
    for i, (name, kind) in enumerate(zip(raw.names, raw.types, strict=True)):
        place = f"c{i}"
        if kind == "VARCHAR" and place not in cells:
            plans.append(_as_words(con, Plan(name, place, "text", "text", place, "VARCHAR")))
        elif kind == "VARCHAR":
            plans.append(_plan_text(con, name, place, cells[place], raw.decimal_comma))
        else:
            plans.append(_plan_native(name, place, kind))
    return _with_number_storage(con, plans)


def _trim(con: Connection, raw: Raw, texts: Sequence[str], labels: Sequence[str]) -> None:
    """Rewrites `raw` with blank ends cut off and empty cells NULL, where a pass over the texts finds any.

    The pass first, because trimming every cell of a clean table costs more than reading it. Of labels, which repeat,
    each is looked at once.
    """
    untidy: set[str] = set()
    for start in range(0, len(texts), BLOCK):
        block = texts[start : start + BLOCK]
        tests = ", ".join(_untidy(c) for c in block)
        row = con.execute(f"SELECT {tests} FROM raw").fetchall()[0]
        untidy.update(c for c, found in zip(block, row, strict=True) if found)
    for c in labels:
        if con.execute(f"SELECT {_untidy(c)} FROM (SELECT DISTINCT {c} FROM raw)").fetchall()[0][0]:
            untidy.add(c)
    if not untidy:
        return
    cells = ", ".join(
        f"nullif(trim(c{i}, concat({BLANKS})), '') AS c{i}" if f"c{i}" in untidy else f"c{i}"
        for i in range(len(raw.types))
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE raw AS SELECT {cells} FROM raw").fetchall()


def _untidy(c: str) -> str:
    """SQL for whether any cell is empty or has a blank end."""
    return f"bool_or({c} = '' OR left({c}, 1) IN ({BLANKS}) OR right({c}, 1) IN ({BLANKS}))"


def _count_cells(con: Connection, places: Sequence[str]) -> dict[str, _Cells]:
    """Filled, numeric and zero-led cells of each text column, in few passes."""
    out = {}
    for start in range(0, len(places), BLOCK):
        block = places[start : start + BLOCK]
        counts = ", ".join(
            f"count({c}), count(try_cast({c} AS DOUBLE)), "
            f"count_if(isfinite(try_cast({c} AS DOUBLE)) AND NOT contains({c}, '_')), "
            f"count_if({c} >= '00' AND {c} < '0:' AND regexp_full_match({c}, '[0-9]+'))"
            for c in block
        )
        row = con.execute(f"SELECT {counts} FROM raw").fetchall()[0]
        for at, c in enumerate(block):
            out[c] = _Cells(*row[4 * at : 4 * at + 4])
    return out


def _plan_native(name: str, place: str, kind: str) -> Plan:
    """The plan of a column that the source typed already."""
    base = kind.partition("(")[0]
    if kind.endswith("]"):
        base = "LIST"
    if base == "FLOAT":
        # Through text, so that 0.1 in single precision equals the 0.1 of a CSV copy.
        return Plan(name, place, kind, "number", f"try_cast({place}::VARCHAR AS DOUBLE)", "DOUBLE")
    if base in NUMERIC_TYPES:
        return Plan(name, place, kind, "number", f"try_cast({place} AS DOUBLE)", "DOUBLE")
    if base == "BOOLEAN":
        return Plan(name, place, kind, "boolean", f"{place}::VARCHAR", "VARCHAR", ("false", "true"))
    if base == "DATE" or base.startswith("TIMESTAMP"):
        cast = f"try_cast({place} AS TIMESTAMP)"
        return Plan(name, place, kind, "datetime", f"CASE WHEN isfinite({place}) THEN {cast} END", "TIMESTAMP")
    return Plan(name, place, kind, "text", f"nullif(trim({place}::VARCHAR), '')", "VARCHAR")


def _plan_text(con: Connection, name: str, place: str, cells: _Cells, decimal_comma: bool) -> Plan:
    """The plan of a text column: number, date, boolean or text, by what nearly all of its cells are."""
    plan = Plan(name, place, "text", "text", place, "VARCHAR")
    if cells.filled == 0:
        return plan
    if cells.zeros > max(0.001 * cells.filled, 0) and cells.zeros > 0.02 * cells.numeric:
        return replace(_as_words(con, plan), code=True)
    if cells.clean == cells.filled and not decimal_comma:
        return replace(plan, kind="number", sql=f"try_cast({place} AS DOUBLE)", storage="DOUBLE")
    if cells.numeric >= 0.5 * cells.filled and not decimal_comma:
        found = _fitted(con, plan, PLAIN_NUMBER, "number", cells)
        if found:
            return found
    cells.sample = _sample(con, place, cells.filled)
    found = _as_number(con, plan, cells, decimal_comma) or _as_date(con, plan, cells)
    if found:
        return found
    plan = _as_words(con, plan)
    if cells.numeric >= 0.5 * cells.filled:
        share = 100 * cells.numeric / cells.filled
        text = f"`{name}` stays text: only {share:.1f} % of its cells are numbers."
        plan = replace(plan, notes=(*plan.notes, Note(kind="warning", column=name, text=text)))
    return plan


def _sample(con: Connection, place: str, filled: int) -> list[str]:
    """Up to 400 cells spread over the rows, words for missing left out."""
    sql = f"""SELECT {place} FROM raw WHERE {place} IS NOT NULL
        AND rowid % (SELECT greatest(1, count(*) // 4000) FROM raw) = 0 LIMIT 4000"""
    cells = [row[0] for row in con.execute(sql).fetchall()]
    cells = [c for c in cells if c.lower() not in MISSING_IN_NUMBERS]
    return cells[:: max(1, len(cells) // 400)][:400]


def _as_number(con: Connection, plan: Plan, cells: _Cells, decimal_comma: bool) -> Plan | None:
    """The column as numbers, plain or decorated, if nearly all cells are."""
    if decimal_comma and any("," in c for c in cells.sample):
        form = number_format(cells.sample, decimal_comma=True)
        if form and (found := _fitted(con, plan, form, "number", cells)):
            return found
    if cells.numeric >= 0.5 * cells.filled and (found := _fitted(con, plan, PLAIN_NUMBER, "number", cells)):
        return found
    form = number_format(cells.sample, decimal_comma=False)
    return _fitted(con, plan, form, "number", cells) if form else None


def _as_date(con: Connection, plan: Plan, cells: _Cells) -> Plan | None:
    """The column as dates, if nearly all cells are in one spelling; both orders of day and month are tried."""
    forms = date_formats(cells.sample)
    fits = [found for form in forms if (found := _fitted(con, plan, form, "datetime", cells))]
    if not fits:
        return None
    if len(fits) == 1:
        return fits[0]
    counts = con.execute(f"SELECT count({fits[0].sql}), count({fits[1].sql}) FROM raw").fetchall()[0]
    best = fits[0] if counts[0] >= counts[1] else fits[1]
    if counts[0] != counts[1]:
        return best
    text = (
        f"Day and month of `{plan.name}` cannot be told apart from its cells; it was read as {forms[0].label}, "
        f"not {forms[1].label}."
    )
    return replace(best, notes=(*best.notes, Note(kind="warning", column=plan.name, text=text)))


def _fitted(
    con: Connection, plan: Plan, form: Format, kind: Literal["number", "datetime"], cells: _Cells
) -> Plan | None:
    """The plan under a format, if at most 1 % of its cells fail; those and words for missing become missing."""
    sql = form.read(plan.place)
    finite = f"({sql}) IS NOT NULL AND isfinite({sql})"
    failed = con.execute(
        f"""SELECT {plan.place}, count(*), bool_or(({sql}) IS NOT NULL) FROM raw
        WHERE {plan.place} IS NOT NULL AND NOT ({finite}) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 2000"""
    ).fetchall()
    words = [(c, n) for c, n, _ in failed if c.lower() in MISSING_IN_NUMBERS]
    infinite = sum(n for c, n, read in failed if read and c.lower() not in MISSING_IN_NUMBERS)
    bad = [(c, n) for c, n, read in failed if not read and c.lower() not in MISSING_IN_NUMBERS]
    wrong, good = sum(n for _, n in bad), cells.filled - sum(n for _, n, _ in failed)
    if good == 0 or wrong > BAD_SHARE * (good + wrong) or len(failed) >= 2000:
        return None
    storage: Storage = "DOUBLE" if kind == "number" else "TIMESTAMP"
    clean = form is PLAIN_NUMBER and not failed
    sql = f"try_cast({plan.place} AS DOUBLE)" if clean else f"CASE WHEN isfinite({sql}) THEN {sql} END"
    notes = _fit_notes(plan.name, form, kind, words, bad, infinite)
    return replace(plan, kind=kind, sql=sql, storage=storage, unit=form.unit, notes=plan.notes + notes)


def _fit_notes(
    name: str, form: Format, kind: str, words: list[tuple[str, int]], bad: list[tuple[str, int]], infinite: int
) -> tuple[Note, ...]:
    """What the cells of a column were taken for."""
    notes = []
    if not form.plain:
        what = form.label if kind == "number" else f"dates written as {form.label}"
        notes.append(Note(kind="coerced", column=name, text=f"`{name}` was read as {what}."))
    if words:
        notes.append(_words_note(name, words))
    if bad:
        wrong = sum(n for _, n in bad)
        shown = ", ".join(repr(c[:40]) for c, _ in bad[:3])
        are, what = ("cell is", "became") if wrong == 1 else ("cells are", "became")
        noun = "a number" if kind == "number" else "a date"
        text = f"{wrong:,} {are} not {noun} in `{name}` and {what} missing: {shown}."
        notes.append(Note(kind="coerced", column=name, text=text))
    if infinite:
        notes.append(infinite_note(name, infinite))
    return tuple(notes)


def infinite_note(name: str, count: int) -> Note:
    """The note that counts infinite cells."""
    are = "infinite cell" if count == 1 else "infinite cells"
    return Note(kind="coerced", column=name, text=f"{count:,} {are} of `{name}` became missing.")


def _words_note(name: str, words: list[tuple[str, int]]) -> Note:
    shown = ", ".join(f"{w!r} ({n:,})" for w, n in words[:5])
    return Note(kind="coerced", column=name, text=f"Cells of `{name}` that stand for missing were read so: {shown}.")


def _as_words(con: Connection, plan: Plan) -> Plan:
    """The column as labels, words for missing removed; two labels such as yes and no make a boolean."""
    c = plan.place
    listed = ", ".join(literal(w) for w in MISSING_SPELLINGS)
    words = con.execute(
        f"SELECT {c}, count(*) FROM raw WHERE {c} IN ({listed}) GROUP BY 1 ORDER BY 2 DESC, 1"
    ).fetchall()
    if [w for w, _ in words] == ["NA"] and _two_letter_codes(con, c):
        text = f"`NA` was kept as a label of `{plan.name}`, since all of its labels are two capital letters."
        return replace(plan, notes=(*plan.notes, Note(kind="warning", column=plan.name, text=text)))
    if words:
        spelled = ", ".join(literal(w) for w, _ in words)
        sql = f"CASE WHEN {c} IN ({spelled}) THEN NULL ELSE {c} END"
        plan = replace(plan, sql=sql, notes=(*plan.notes, _words_note(plan.name, words)))
    sql = f"SELECT DISTINCT {plan.sql} AS v FROM raw WHERE v IS NOT NULL LIMIT 3"
    levels = boolean_levels([row[0] for row in con.execute(sql).fetchall()])
    return replace(plan, kind="boolean", levels=levels) if levels else plan


def _two_letter_codes(con: Connection, place: str) -> bool:
    """Whether all of three or more labels are two capital letters, so that NA may be Namibia or North America."""
    sql = f"SELECT count(DISTINCT {place}), bool_and(regexp_full_match({place}, '[A-Z][A-Z]')) FROM raw"
    labels, codes = con.execute(sql).fetchall()[0]
    return labels >= 4 and bool(codes)


def boolean_levels(labels: Sequence[str]) -> tuple[str, str] | None:
    """Two labels as (false, true) where they are such a pair, in the file's spelling."""
    if len(labels) != 2:
        return None
    by_word = {label.lower(): label for label in labels}
    for false, true in BOOLEAN_WORDS:
        if false in by_word and true in by_word:
            return by_word[false], by_word[true]
    return None


def _with_number_storage(con: Connection, plans: list[Plan]) -> list[Plan]:
    """Whole numbers become BIGINT, 0 and 1 boolean, and infinite native cells missing."""
    out = list(plans)
    numbers = [i for i, p in enumerate(plans) if p.kind == "number"]
    for start in range(0, len(numbers), BLOCK):
        block = numbers[start : start + BLOCK]
        parts = []
        for i in block:
            x = plans[i].sql
            parts.append(
                f"count_if(isfinite({x}) AND {x} <> floor({x})), count_if(isinf({x})), "
                f"min({x}) FILTER (WHERE isfinite({x})), max({x}) FILTER (WHERE isfinite({x}))"
            )
        row = con.execute(f"SELECT {', '.join(parts)} FROM raw").fetchall()[0]
        for at, i in enumerate(block):
            out[i] = _stored_number(con, plans[i], *row[4 * at : 4 * at + 4])
    return out


def _stored_number(
    con: Connection, plan: Plan, fractions: int, infinite: int, low: float | None, high: float | None
) -> Plan:
    if infinite:
        sql = f"CASE WHEN isfinite({plan.sql}) THEN {plan.sql} END"
        plan = replace(plan, sql=sql, notes=(*plan.notes, infinite_note(plan.name, infinite)))
    elif plan.source_type in ("DOUBLE", "FLOAT"):
        plan = replace(plan, sql=f"CASE WHEN isnan({plan.sql}) THEN NULL ELSE {plan.sql} END")
    if low is None or high is None or fractions:
        return plan
    if max(abs(low), abs(high)) >= 2**53:
        return _beyond_doubles(con, plan)
    if low == 0 and high == 1 and plan.unit is None:
        return _zero_one(con, plan)
    return replace(plan, sql=f"try_cast({plan.sql} AS BIGINT)", storage="BIGINT")


def _beyond_doubles(con: Connection, plan: Plan) -> Plan:
    """Whole numbers too long for a double are keys: they stay text, digit by digit, unless spelled as 1e17."""
    if plan.source_type in ("DOUBLE", "FLOAT") or plan.unit or plan.notes:
        return plan
    c = f"{plan.place}::VARCHAR"
    digits = con.execute(f"SELECT bool_and(regexp_full_match({c}, '[-+]?[0-9]+')) FROM raw").fetchall()[0][0]
    return replace(plan, kind="text", sql=c, storage="VARCHAR", code=True) if digits else plan


def _zero_one(con: Connection, plan: Plan) -> Plan:
    """A column of 0 and 1 as a boolean, in the file's spelling where that is one spelling each."""
    spelled = ("0", "1")
    if plan.source_type == "text":
        sql = f"SELECT DISTINCT {plan.place} FROM raw WHERE ({plan.sql}) IS NOT NULL LIMIT 3"
        spelled = boolean_levels([row[0] for row in con.execute(sql).fetchall()]) or spelled
    sql = f"CASE ({plan.sql}) WHEN 0 THEN {literal(spelled[0])} WHEN 1 THEN {literal(spelled[1])} END"
    return replace(plan, kind="boolean", sql=sql, storage="VARCHAR", levels=spelled)
