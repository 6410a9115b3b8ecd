"""The digest of a row of a delivery, and of all of them: equal content, equal digits, whatever the order and the file.

Knows the types of columns and SQL text. Must never know a column's meaning, nor the order of rows or columns.

Numbers enter as whole multiples of 1e-9 (below 1e-3 of 1e-18), so that no text of a number has to be made: that, and
not the hashing, is what takes time over a million rows. Each column's multiples count times an odd number that its name
gives; the sum and the row's labels are hashed together.
"""

import hashlib
from collections.abc import Sequence

import duckdb

from ..data.inference import Plan, boolean_levels
from ..data.readers_binary import quoted
from ..value import canonical_json, digest

_AT_ONCE = 60
"""Columns in one sum: each adds less than 2^116, and a HUGEINT holds 2^127."""
_CHUNKS = (1, 16)
_MISSING = 1 << 100


def row_digest(plans: Sequence[Plan]) -> str:
    """SQL for a row's md5 as 32 hexadecimal digits, over typed columns of the names of `plans`.

    Args:
        plans: How each column was read; columns that only number the rows are left out by the caller.
    """
    ordered = sorted(plans, key=lambda p: p.name)
    terms = [_term(plan) for plan in ordered]
    sums = [" + ".join(terms[at : at + _AT_ONCE]) for at in range(0, len(terms), _AT_ONCE)]
    texts = [_text(plan) for plan in ordered if plan.storage == "VARCHAR"]
    cells = ", ".join([*(f"({s})::VARCHAR" for s in sums), *texts]) or "''"
    return f"md5(concat_ws('\x1f', {cells}))"


def content_digest(con: duckdb.DuckDBPyConnection, names: Sequence[str]) -> str:
    """The sha256 of the sorted column names, the number of rows and exact sums over the digests of `data`."""
    sums = ", ".join(f"sum(('0x' || substr(_content, {at}, 15))::BIGINT)" for at in _CHUNKS)
    row = con.execute(f"SELECT count(*), {sums} FROM data").fetchall()[0]
    return digest(canonical_json([sorted(names), *(str(value or 0) for value in row)]))


def _factor(name: str, what: str) -> int:
    """An odd number of 32 bits that the name gives."""
    return int(hashlib.sha256(f"{what}|{name}".encode("utf-8", "surrogatepass")).hexdigest()[:8], 16) | 1


def _term(plan: Plan) -> str:
    """SQL for what a cell adds to its row's sum, missing ones included."""
    c, factor, other = quoted(plan.name), _factor(plan.name, "a"), _factor(plan.name, "b")
    if plan.kind == "boolean" and plan.levels:
        return "0"
    if plan.storage == "VARCHAR":  # the texts stand one after another: how long each is says where it ends
        return f"coalesce(strlen({c})::HUGEINT * {factor}, {_MISSING + other})"
    if plan.storage == "TIMESTAMP":
        return f"coalesce(epoch_us({c})::HUGEINT * {factor}, {_MISSING + other})"
    x = f"{c}::DOUBLE"
    whole = f"(floor({x})::BIGINT::HUGEINT * 1000000000 + (({x} - floor({x})) * 1e9)::BIGINT) * {factor}"
    if plan.storage == "BIGINT":
        whole = f"({c}::HUGEINT * 1000000000) * {factor}"
        return f"CASE WHEN {c} IS NULL THEN {_MISSING + other} ELSE {whole} END"
    # The CASE is by rows: only cells that are tiny or huge take the slower ways.
    return (
        f"CASE WHEN {c} IS NULL THEN {_MISSING + other} WHEN {c} = 0 OR abs({c}) BETWEEN 1e-3 AND 1e15 THEN {whole} "
        f"WHEN abs({c}) BETWEEN 1e-9 AND 1e-3 THEN ({x} * 1e18)::BIGINT::HUGEINT * {other} "
        f"ELSE md5_number_lower(format('{{:.9e}}', {x}))::HUGEINT * {other} END"
    )


def _text(plan: Plan) -> str:
    """SQL for the text of a label; a boolean as the number or the lower-case word that any source would give it."""
    c = quoted(plan.name)
    if plan.kind == "boolean" and plan.levels:
        if plan.levels[1] in ("1", "1.0"):
            return f"coalesce(CASE {c} WHEN '{plan.levels[1]}' THEN '1' WHEN '{plan.levels[0]}' THEN '0' END, '\\N')"
        if boolean_levels(plan.levels) and plan.levels[1].lower() == "true":
            return f"coalesce(lower({c}), '\\N')"
        return f"coalesce({c}, '\\N')"
    return f"coalesce({c}, '')"
