"""What is handed out once a vault is burnt: its rows, so that anyone can recompute the report's numbers.

Knows a split's sealed file and the ledger. Must never hand out a row of a vault whose batch was not revealed.
"""

from collections.abc import Iterable
from pathlib import Path

from ..data.readers_binary import quoted
from ..data.split import SealedSplit
from ..errors import SealBroken
from ..value import canonical_json
from .hypothesis import Hypothesis
from .ledger import Ledger
from .sessions import Receipt, session_of


def burnt_table(split: SealedSplit, ledger: Ledger, receipt: Receipt, claims: Iterable[Hypothesis]) -> bytes:
    """The rows of a revealed vault as a Parquet file: what the claims read, with labels and texts, and `_cluster`.

    Dates are days since 1970-01-01; `_cluster` is -1 where rows stand for themselves. The file's metadata hold
    `levels`, a JSON object from each column of labels to its levels in order: ties within clusters go by it.

    Raises:
        SealBroken: if the receipt does not stand in the ledger, or its batch was not revealed.
    """
    import duckdb

    if session_of(ledger, receipt).verified is None:
        raise SealBroken(f"Vault {receipt.vault} is still sealed: its batch was not revealed.")
    file = Path(split.sealed_file).with_name("held_out.parquet")
    target = str(file).replace("'", "''")
    claims = tuple(claims)
    wanted = {name for h in claims for name in h.columns}
    levels = {n: c.levels for n, c in split.columns.items() if n in wanted and c.type in ("boolean", "category")}
    metadata = canonical_json(levels).replace("'", "''")
    selected = [f"{_labelled(split, at)} AS {quoted(n)}" for at, n in enumerate(split.columns) if n in wanted]
    wanted = {name for h in claims for p in h.texts for name in (p.column, p.against)}
    selected += [f"t{at} AS {quoted(n)}" for at, n in enumerate(split.texts) if n in wanted]
    with duckdb.connect(str(split.sealed_file), read_only=True) as connection:
        connection.cursor().execute(
            f"COPY (SELECT {', '.join([*selected, '_cluster'])} FROM vault_{receipt.vault}) "
            f"TO '{target}' (FORMAT parquet, COMPRESSION zstd, KV_METADATA {{levels: '{metadata}'}})"
        ).fetchall()
    content = file.read_bytes()
    file.unlink()
    return content


def _labelled(split: SealedSplit, at: int) -> str:
    """The column as labels where it holds codes, missing as NULL."""
    column = list(split.columns.values())[at]
    if column.type not in ("boolean", "category"):
        return f"CASE WHEN isnan(c{at}) THEN NULL ELSE c{at} END"
    labels = ", ".join("'" + level.replace("'", "''") + "'" for level in column.levels)
    return f"CASE WHEN c{at} < 0 THEN NULL ELSE ([{labels}])[c{at} + 1] END"
