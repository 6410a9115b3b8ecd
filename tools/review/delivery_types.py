"""The columns of a delivery, read as the learned ones were: what reads so, what does not, and which cells are why.

Knows the table `raw`, one column at a time, and the learned columns. Must never know a claim, nor relate two columns.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import duckdb

from ..data.inference import Plan, plan_columns
from ..data.inference_formats import MISSING_IN_NUMBERS, MISSING_SPELLINGS, literal
from ..data.readers import Raw
from ..data.schema import Note
from ..value import counted
from .checked import Unread
from .learned import LearnedColumn

WORDS = {"DOUBLE": "number", "BIGINT": "number", "TIMESTAMP": "date", "VARCHAR": "words"}
"""What kind of values a storage holds, for sentences."""
FEW = 0.01
"""Share of cells that may not read as learned before the column counts as another kind; as for a file by itself."""
FEW_CELLS = 2
"""So many may always, where they are at most a tenth: in a small delivery one slip is no other kind."""
_DATES = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d", "%d-%m-%Y", "%d %b %Y", "%Y%m%d")
_WRITTEN_WHOLE = re.compile(r"-?(0|[1-9]\d{0,14})\.0+")
_SHOWN = 60


class Typed(NamedTuple):
    """How the columns are read, and what could not be."""

    plans: list[Plan]
    unread: tuple[Unread, ...]
    """Kind `type` alone."""
    notes: tuple[Note, ...]


class _Misread(NamedTuple):
    """Cells of a column that do not read as the learned kind."""

    filled: int
    wrong: int


def expected_types(learned: Sequence[LearnedColumn]) -> dict[str, str]:
    """Types as which a reader of text may take the learned columns, where every cell fits."""
    return {c.name: "DOUBLE" if c.storage == "BIGINT" else c.storage for c in learned if c.storage != "VARCHAR"}


def plan_as_learned(con: duckdb.DuckDBPyConnection, raw: Raw, learned: Mapping[str, LearnedColumn]) -> Typed:
    """A plan for each column of `raw`: a learned one as it was read then, where nearly all of its cells allow it.

    A number stays a number where this delivery holds 0 and 1 alone, or is empty; labels stay labels where they look
    like numbers. Up to 1 % of the cells (or two, if they are at most a tenth) may not read: they become missing.
    """
    words = [c.name for c in learned.values() if c.storage == "VARCHAR"]
    plans, unread, notes = [], [], []
    for plan in plan_columns(con, raw, words=words):
        own = learned.get(plan.name)
        if own is None:
            plans.append(plan)
        elif own.storage == "VARCHAR":
            plans.append(_as_labels(con, plan, own))
        else:
            found, odd, note = _as_values(con, plan, own)
            plans.append(found)
            unread += [odd] if odd else []
            notes += [note] if note else []
    return Typed(plans, tuple(unread), tuple(notes))


def _as_labels(con: duckdb.DuckDBPyConnection, plan: Plan, own: LearnedColumn) -> Plan:
    """A learned column of words, from text or from what the source typed."""
    if plan.source_type == "text":
        if own.type not in ("category", "boolean"):
            return plan
        listed = ", ".join(literal(w) for w in MISSING_SPELLINGS)
        found = con.execute(f"SELECT DISTINCT {plan.place} FROM raw WHERE {plan.place} IN ({listed})").fetchall()
        # A word for missing that was a label when the claims were learned, such as NA for Namibia, is one still.
        gone = ", ".join(literal(w) for (w,) in sorted(found) if w not in own.levels)
        return replace(
            plan, sql=f"CASE WHEN {plan.place} IN ({gone}) THEN NULL ELSE {plan.place} END" if gone else plan.place
        )
    if plan.storage in ("DOUBLE", "BIGINT"):
        x = f"({plan.sql})"
        # `1` and `1.0` are one number, which a file of another kind spells differently; `01` is another label.
        spelled = "".join(
            f" WHEN {x} = {level} THEN {literal(level)}" for level in own.levels if _WRITTEN_WHOLE.fullmatch(level)
        )
        whole = f" WHEN {x} = floor({x}) AND abs({x}) < 1e15 THEN {x}::BIGINT::VARCHAR"
        sql = f"CASE{spelled}{whole} ELSE {x}::VARCHAR END"
        return replace(plan, kind="text", sql=sql, storage="VARCHAR", levels=(), unit=None)
    if plan.storage == "TIMESTAMP":
        day = f"strftime({plan.sql}, '%Y-%m-%d')"
        sql = f"CASE WHEN ({plan.sql}) = date_trunc('day', {plan.sql}) THEN {day} ELSE ({plan.sql})::VARCHAR END"
        return replace(plan, kind="text", sql=sql, storage="VARCHAR")
    return plan


def _as_values(
    con: duckdb.DuckDBPyConnection, plan: Plan, own: LearnedColumn
) -> tuple[Plan, Unread | None, Note | None]:
    """A learned column of numbers or dates."""
    want, kind = WORDS[own.storage], "number" if own.storage != "TIMESTAMP" else "datetime"
    if WORDS[plan.storage] == want:
        return plan, None, None
    sql = _read(plan, want)
    good = f"({sql}) IS NOT NULL AND isfinite({sql})"
    listed = ", ".join(literal(w) for w in sorted(MISSING_IN_NUMBERS))
    filled = f"{plan.place} IS NOT NULL AND lower({plan.place}::VARCHAR) NOT IN ({listed})"
    seen = _Misread(
        *con.execute(f"SELECT count_if({filled}), count_if({filled} AND NOT ({good})) FROM raw").fetchall()[0]
    )
    as_learned = replace(
        plan, kind=kind, sql=f"CASE WHEN {good} THEN {sql} END", levels=(), code=False, notes=(),
        storage="TIMESTAMP" if want == "date" else "DOUBLE",
    )  # fmt: skip
    if seen.wrong == 0:
        return as_learned, None, None
    wrong = f"{filled} AND NOT ({good})"
    if seen.wrong <= max(FEW * seen.filled, min(FEW_CELLS, seen.filled / 10)):
        return as_learned, None, _slips(con, plan, want, wrong, seen.wrong)
    return plan, _unread(con, plan, want, wrong, seen), None


def _read(plan: Plan, want: str) -> str:
    """SQL that reads a cell of `raw` as a number or a date, NULL where it does not."""
    c = plan.place
    if want == "number":
        if plan.storage == "TIMESTAMP" or plan.source_type == "BOOLEAN":
            return "NULL::DOUBLE"
        if plan.source_type != "text":
            return f"try_cast({c} AS DOUBLE)"
        return f"CASE WHEN contains({c}, '_') THEN NULL ELSE try_cast({c} AS DOUBLE) END"
    if plan.source_type != "text":
        return "NULL::TIMESTAMP"
    spellings = ", ".join(literal(f) for f in _DATES)
    return f"coalesce(try_cast({c} AS TIMESTAMP), try_strptime({c}, [{spellings}]))"


def _unread(con: duckdb.DuckDBPyConnection, plan: Plan, want: str, wrong: str, seen: _Misread) -> Unread:
    first, examples = _where(con, plan, wrong)
    found = WORDS[plan.storage] if seen.wrong == seen.filled else "words"
    of = f"{seen.wrong:,} of {counted(seen.filled, 'cell')} do not read as {want}s"
    if seen.wrong == seen.filled:
        of = f"none of {counted(seen.filled, 'cell')} reads as a {want}"
    text = f"`{plan.name}` held {want}s: {of}, the first in row {first[0]:,}."
    return Unread(
        column=plan.name, kind="type", learned=want, found=found, rows=seen.wrong, first=first, examples=examples,
        text=text,
    )  # fmt: skip


def _where(con: duckdb.DuckDBPyConnection, plan: Plan, wrong: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The first rows, from 1, and the commonest cells that do not read."""
    rows = con.execute(f"SELECT rowid + 1 FROM raw WHERE {wrong} ORDER BY rowid LIMIT 5").fetchall()
    cells = con.execute(
        f"SELECT left({plan.place}::VARCHAR, {_SHOWN}) AS cell FROM raw WHERE {wrong} GROUP BY 1 "
        "ORDER BY count(*) DESC, 1 LIMIT 3"
    ).fetchall()
    return tuple(r for (r,) in rows), tuple(c for (c,) in cells)


def _slips(con: duckdb.DuckDBPyConnection, plan: Plan, want: str, wrong: str, count: int) -> Note:
    first, examples = _where(con, plan, wrong)
    shown = ", ".join(repr(e) for e in examples)
    are = "1 cell is no" if count == 1 else f"{count:,} cells are no"
    text = f"{are} {want}{'' if count == 1 else 's'} in `{plan.name}` and became missing: {shown} (row {first[0]:,})."
    return Note(kind="coerced", column=plan.name, text=text)
