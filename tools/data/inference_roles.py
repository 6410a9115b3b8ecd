"""What each typed column is for an analyst: a measure, a label, a date, a key, free text, or nothing.

Knows the columns of the table `data` one by one. Must never relate two columns to each other.
"""

import re
from collections.abc import Collection, Sequence

import duckdb

from ..errors import UsageError
from .inference import BLOCK, Plan
from .inference_texts import Facts, is_wide_script, label_note, only_words, text_note
from .readers_binary import quoted
from .schema import Column, ColumnType, Note

Connection = duckdb.DuckDBPyConnection
MAX_LEVELS = 1000
FEW_NUMBERS = 24
"""Distinct whole numbers up to which a column also has levels."""
ALL_DISTINCT = 0.98
WIDE = 10
"""Characters a cell from which a column in a script without spaces between words may be text."""
ID_NAME = re.compile(
    r"^(id|ids|uuid|guid|key|pk|index|rownames?|row_?(id|nr|num|number)?|isbn|ssn|imei|vin|url|uri|email|e-?mail)$"
    r"|(_|\s|-)(id|ids|uuid|guid|key|code|no|nr|num|number|ref)$|^(no|nr|id)[_. ]|[a-z]I[Dd]$|^unnamed: ?\d+$|sys_id",
    re.IGNORECASE,
)
KEY_NAME = re.compile(r"^(id|uuid|guid)$|(_|\s|-)(id|uuid|guid)$|[a-z](Id|ID)$")
CODE_NAME = re.compile(
    r"(^|[_\W])(zip|zip_?code|postal(_?code)?|postcode|phone|telephone|fax|mobile|fips|ean|upc|sku)([_\W]|$)", re.I
)
HASHLIKE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{16,}", re.I)
TIME_NAME = re.compile(
    r"(^|[_\W])(t|time)$|year|month|week|date|day|quarter|hour|season|wave|period|epoch|age", re.IGNORECASE
)
"""Names whose whole numbers are a trend or a measure rather than row numbers."""
MERE_NUMBER = re.compile(r"unnamed(: ?\d+|_\d+)?|rownames?|index|row_?(id|nr|num|number)?|column_1", re.IGNORECASE)
"""Names under which unique whole numbers are the numbers of the rows and nothing else."""
SENTINELS = (-9999, -999, -99, 999, 9999, 99999, 999999)


def describe(
    con: Connection,
    plans: Sequence[Plan],
    surrogates: frozenset[str],
    texts: Collection[str] = (),
    known: Collection[str] = (),
) -> tuple[list[Column], list[Note]]:
    """The columns of the table `data`, typed for analysis, and why any are left out of it.

    Args:
        con: The database.
        plans: How each column was read.
        surrogates: Columns that only number the rows.
        texts: Columns that are text because somebody said so.
        known: Columns whose use is known from before: lengths, which tell text from labels, are not measured, and
            distinct numbers with fractions are estimated.

    Raises:
        UsageError: if one of `texts` is not there, or holds something else than words.
    """
    _check_texts(plans, texts)
    facts = _facts(con, plans, known)
    roles = {p.name: _role(con, p, facts[p.name], p.name in surrogates) for p in plans}
    for plan in plans:
        if plan.name in texts and facts[plan.name].distinct:
            roles[plan.name] = "text", ""
    word = None if texts else only_words(con, plans, {name: kind for name, (kind, _) in roles.items()}, facts)
    if word is not None:
        roles[word] = "text", ""
    columns, notes = [], []
    for plan in plans:
        column, more = _column(con, plan, facts[plan.name], *roles[plan.name])
        columns.append(column)
        notes += more
    return columns, notes


def _check_texts(plans: Sequence[Plan], texts: Collection[str]) -> None:
    kinds = {p.name: p.kind if p.storage != "VARCHAR" else "text" for p in plans}
    for name in texts:
        if name not in kinds:
            known = ", ".join(repr(n) for n in list(kinds)[:12])
            raise UsageError(f"Column {name!r} (`--text`) is not in the data. Columns: {known}.")
        if kinds[name] != "text":
            raise UsageError(f"Column {name!r} (`--text`) holds {kinds[name]}s, no text. Name a column of words.")


def find_surrogates(con: Connection, plans: Sequence[Plan]) -> list[str]:
    """Columns of the table `raw` that only number the rows: unique whole numbers without a gap from 0 or 1.

    Under a name such as `Unnamed: 0` unique whole numbers suffice. Names that speak of time are spared, and so
    are unnamed runs in tables of fewer than 20 rows.
    """
    whole = [p for p in plans if p.storage == "BIGINT" and p.unit is None]
    found = []
    for start in range(0, len(whole), BLOCK):
        block = whole[start : start + BLOCK]
        parts = ", ".join(f"count({p.sql}), min({p.sql}), max({p.sql})" for p in block)
        row = con.execute(f"SELECT count(*), {parts} FROM raw").fetchall()[0]
        for at, plan in enumerate(block):
            filled, low, high = row[1 + 3 * at : 4 + 3 * at]
            if filled == row[0] and _may_number_rows(plan.name, row[0], low, high) and _unique(con, plan, filled):
                found.append(plan.name)
    return found if len(found) < len(plans) else found[1:]


def _may_number_rows(name: str, rows: int, low: int, high: int) -> bool:
    if MERE_NUMBER.fullmatch(name):
        return rows >= 3
    return rows >= 20 and low in (0, 1) and high - low + 1 == rows and not TIME_NAME.search(name)


def _unique(con: Connection, plan: Plan, filled: int) -> bool:
    return con.execute(f"SELECT count(DISTINCT {plan.sql}) FROM raw").fetchall()[0][0] == filled


def _facts(con: Connection, plans: Sequence[Plan], known: Collection[str]) -> dict[str, Facts]:
    """Exact counts of each column, a few columns a query."""
    out = {}
    rows = con.execute("SELECT count(*) FROM data").fetchall()[0][0]
    # Exact distinct counts hold their values in memory, so long tables take few columns a query.
    step = int(min(40, max(8, 8_000_000 / max(1, rows))))
    for start in range(0, len(plans), step):
        block = plans[start : start + step]
        parts = []
        for p in block:
            c = quoted(p.name)
            if p.storage in ("BIGINT", "DOUBLE"):
                more = f"min({c})::DOUBLE, max({c})::DOUBLE, 0, 0"
            elif p.kind == "text" and p.name not in known:
                more = f"NULL, NULL, avg(length({c})), avg(length({c}) - length(replace({c}, ' ', '')) + 1)"
            else:
                more = "NULL, NULL, 0, 0"
            distinct = (
                f"approx_count_distinct({c})" if p.name in known and p.storage == "DOUBLE" else f"count(DISTINCT {c})"
            )
            parts.append(f"count({c}), {distinct}, {more}")
        row = con.execute(f"SELECT {', '.join(parts)} FROM data").fetchall()[0]
        for at, p in enumerate(block):
            filled, distinct, low, high, length, words = row[6 * at : 6 + 6 * at]
            out[p.name] = Facts(rows, rows - filled, distinct, low, high, length or 0.0, words or 0.0)
    return out


def _column(con: Connection, plan: Plan, facts: Facts, kind: ColumnType, why: str) -> tuple[Column, list[Note]]:
    """One column with its type, its levels, and a note if it is left out."""
    notes = [Note(kind="left_out", column=plan.name, text=f"`{plan.name}` is left out: {why}.")] if why else []
    levels: tuple[str, ...] = ()
    if kind == "boolean":
        levels = plan.levels
    elif kind == "category":
        levels = _labels(con, plan)
        notes += _near_labels(plan.name, levels)
        notes += label_note(plan.name, facts)
    elif kind == "number":
        if plan.storage == "BIGINT" and facts.distinct <= FEW_NUMBERS:
            levels = _ascending(con, plan)
        notes += _sentinel_notes(con, plan, facts)
    elif kind == "text":
        notes.append(text_note(con, plan.name, facts.words))
    column = Column(
        name=plan.name, type=kind, storage=plan.storage, rows=facts.rows, missing=facts.missing,
        distinct=facts.distinct, integer=plan.storage == "BIGINT", levels=levels,
        unit=plan.unit or _header_unit(plan), source_type=plan.source_type,
    )  # fmt: skip
    return column, notes


def _role(con: Connection, plan: Plan, facts: Facts, surrogate: bool) -> tuple[ColumnType, str]:
    """The type of a column, and the reason where it is left out of the analysis."""
    filled = facts.rows - facts.missing
    if facts.distinct == 0:
        return "empty", "all of its cells are missing"
    if surrogate:
        return "identifier", "it only numbers the rows"
    if facts.distinct == 1:
        rest = f"; {facts.missing:,} cells are missing" if facts.missing else ""
        return "constant", f"it holds one value only{rest}"
    if plan.kind == "number":
        return _number_role(plan, facts, filled)
    if plan.kind in ("boolean", "datetime"):
        return plan.kind, ""  # pyright: ignore[reportReturnType]
    return _text_role(con, plan, facts, filled)


def _number_role(plan: Plan, facts: Facts, filled: int) -> tuple[ColumnType, str]:
    """A number, or the identifier that whole numbers can be."""
    if plan.storage != "BIGINT" or plan.unit or TIME_NAME.search(plan.name) or facts.low is None or facts.high is None:
        return "number", ""
    if CODE_NAME.search(plan.name):
        return "identifier", "its numbers are codes, not quantities"
    unique = facts.distinct >= ALL_DISTINCT * filled
    if KEY_NAME.search(plan.name) and facts.distinct > 50:
        return "identifier", f"its name says that it identifies ({facts.distinct:,} values)"
    if unique and ID_NAME.search(plan.name) and filled >= 5:
        return "identifier", f"nearly all of its {filled:,} numbers differ, as keys do"
    if unique and filled >= 20 and facts.high - facts.low + 1 <= 1.05 * filled:
        return "identifier", "its whole numbers run on with hardly a gap, as row numbers do"
    return "number", ""


def _text_role(con: Connection, plan: Plan, facts: Facts, filled: int) -> tuple[ColumnType, str]:
    """A category, text, or the identifier that labels become when there are too many."""
    few = facts.distinct <= min(MAX_LEVELS, max(50, 0.05 * facts.rows))
    share = facts.distinct / filled
    if _reads(facts) and (share >= 0.5 or _reads_long(facts)):
        return "text", ""
    if facts.length >= WIDE and share >= 0.5 and is_wide_script(con, plan.name):
        return "text", ""
    if CODE_NAME.search(plan.name) or (plan.code and not few):
        return "identifier", "its cells are codes, not labels"
    if share >= ALL_DISTINCT and filled >= 5:
        return "identifier", f"nearly all of its {filled:,} cells differ, as keys do"
    if few and (share <= 0.8 or filled < 5):
        return "category", ""
    if _reads(facts):
        return "text", ""
    if _hashlike(con, plan):
        return "identifier", "its cells look like hashes or universal identifiers"
    return "identifier", f"it has too many labels ({facts.distinct:,} in {facts.rows:,} rows)"


def _reads(facts: Facts) -> bool:
    return facts.words >= 4 and facts.length >= 25


def _reads_long(facts: Facts) -> bool:
    """Cells too long for labels, however often they repeat."""
    return facts.words >= 20 and facts.length >= 100


def _hashlike(con: Connection, plan: Plan) -> bool:
    c = quoted(plan.name)
    cells = con.execute(f"SELECT {c} FROM data WHERE {c} IS NOT NULL LIMIT 20").fetchall()
    return bool(cells) and all(HASHLIKE.fullmatch(row[0]) for row in cells)


def _labels(con: Connection, plan: Plan) -> tuple[str, ...]:
    """Labels, the most frequent first, ties by label."""
    c = quoted(plan.name)
    sql = f"SELECT {c}, count(*) FROM data WHERE {c} IS NOT NULL GROUP BY 1"
    counted = con.execute(sql).fetchall()
    return tuple(label for label, _ in sorted(counted, key=lambda row: (-row[1], row[0]))[:MAX_LEVELS])


def _ascending(con: Connection, plan: Plan) -> tuple[str, ...]:
    c = quoted(plan.name)
    rows = con.execute(f"SELECT DISTINCT {c} FROM data WHERE {c} IS NOT NULL ORDER BY 1").fetchall()
    return tuple(str(row[0]) for row in rows)


def _near_labels(name: str, levels: Sequence[str]) -> list[Note]:
    """A warning for labels that differ only by case or spaces."""
    groups: dict[str, list[str]] = {}
    for label in levels:
        groups.setdefault(re.sub(r"\s+", " ", label).casefold(), []).append(label)
    pairs = [g for g in groups.values() if len(g) > 1]
    if not pairs:
        return []
    shown = "; ".join(" and ".join(repr(v) for v in g[:3]) for g in pairs[:3])
    text = f"Labels of `{name}` that differ only by case or spaces were kept apart: {shown}."
    return [Note(kind="warning", column=name, text=text)]


def _sentinel_notes(con: Connection, plan: Plan, facts: Facts) -> list[Note]:
    """A warning where the least or greatest number looks like a code for missing, far from all others."""
    suspects = [v for v in (facts.low, facts.high) if v in SENTINELS]
    notes, c = [], quoted(plan.name)
    for value in suspects:
        sql = f"SELECT count_if({c} = $1), min({c}) FILTER ({c} <> $1), max({c}) FILTER ({c} <> $1) FROM data"
        count, low, high = con.execute(sql, [value]).fetchall()[0]
        gap = low - value if value < 0 else value - high
        if count >= 2 and low is not None and gap > max(1.0, high - low):
            text = f"{count:,} cells of `{plan.name}` are {value:g}, far from all others; it may stand for missing."
            notes.append(Note(kind="warning", column=plan.name, text=text))
    return notes


def _header_unit(plan: Plan) -> str | None:
    """The unit in brackets at the end of a header, such as `weight (kg)`."""
    if plan.kind != "number":
        return None
    found = re.search(r"[(\[]([^()\[\]\d]{1,12})[)\]]$", plan.name)
    return found[1].strip() if found else None
