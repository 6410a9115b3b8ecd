"""What is handed out once a vault is burnt: its rows and some of its documents, so that anyone can check the report.

Knows a split's sealed file and the ledger. Must never hand out a row of a vault whose batch was not revealed.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.readers_binary import quoted
from ..data.schema import Column
from ..data.split import SealedSplit
from ..data.split_typed import TYPED, copied_to
from ..errors import SealBroken
from ..text.evaluate import NO_AIDS, Aids, with_properties
from ..text.properties import TextProperty
from ..text.summary import Example
from ..value import canonical_json
from .examples import digests_of, documents_digest, examples_of
from .hypothesis import Hypothesis
from .ledger import Ledger
from .sessions import Receipt, session_of, sessions
from .texts import taken_as_given


def burnt_table(
    split: SealedSplit, ledger: Ledger, receipt: Receipt, claims: Iterable[Hypothesis], aids: Aids = NO_AIDS, *,
    quotes: bool = True,
) -> bytes:  # fmt: skip
    """The rows of a revealed vault as a Parquet file: what the claims read, with labels and texts, and `_cluster`.

    Dates are days since 1970-01-01; `_cluster` is -1 where rows stand for themselves. The file's metadata hold
    `levels`, a JSON object from each column of labels to its levels in order: ties within clusters go by it. A property
    of a text is left to whoever reads the file to compute; one that only a model can tell is written as a column.

    Args:
        split: The sealed data set.
        ledger: The ledger that holds the batch.
        receipt: The batch's receipt.
        claims: Its claims.
        aids: Frozen models that their text properties need.
        quotes: Whether documents may be handed out; without them every property of a text is written as a column.

    Raises:
        SealBroken: if the receipt does not stand in the ledger, or its batch was not revealed.
    """
    import duckdb

    if session_of(ledger, receipt).verified is None:
        raise SealBroken(f"Vault {receipt.vault} is still sealed: its batch was not revealed.")
    file = Path(split.sealed_file).with_name("held_out.parquet")
    target = str(file).replace("'", "''")
    claims = tuple(claims)
    given = taken_as_given(claims, aids, quotes=quotes)
    selected, levels = _selected(split, claims, frozenset(given))
    held: dict[str, NDArray] = {}
    for at, (column, array) in enumerate(_computed(split, receipt.vault, given, aids)):
        held[f"k{at}"] = array
        selected.append(f"{_cell(column, f'k{at}')} AS {quoted(column.name)}")
        levels |= {column.name: column.levels} if column.type == "boolean" else {}
    beside = f" POSITIONAL JOIN (SELECT {', '.join(held)} FROM held)" if held else ""
    metadata = canonical_json(levels).replace("'", "''")
    with duckdb.connect(str(split.sealed_file), read_only=True) as connection:
        connection.register("held", held or {"none": np.zeros(1)})
        connection.execute(
            f"COPY (SELECT {', '.join([*selected, '_cluster'])} FROM vault_{receipt.vault}{beside}) "
            f"TO '{target}' (FORMAT parquet, COMPRESSION zstd, KV_METADATA {{levels: '{metadata}'}})"
        ).fetchall()
    content = file.read_bytes()
    file.unlink()
    return content


def burnt_typed(split: SealedSplit, ledger: Ledger, spent: Receipt | str, target: Path) -> Path:
    """Write the rows of revealed vaults as Parquet with every column typed as it was opened, and `_row`.

    Args:
        split: The data set, sealed with `typed=True`.
        ledger: The ledger that says which vaults are burnt.
        spent: The receipt of one batch, for its vault; or the fingerprint of the data, for every vault of it that was
            revealed.
        target: The file to write.

    Returns:
        `target`.

    Raises:
        SealBroken: if the receipt does not stand in the ledger, its batch was not revealed, or no batch was.
    """
    import duckdb

    if isinstance(spent, Receipt):
        revealed = [spent.vault] if session_of(ledger, spent).verified is not None else []
    else:
        revealed = sorted(s.vault for s in sessions(ledger, spent) if s.burnt and s.verified is not None)
    if not revealed:
        which = f"Vault {spent.vault} is" if isinstance(spent, Receipt) else "All vaults are"
        raise SealBroken(f"{which} still sealed: no batch on it was revealed. Reveal it first.")
    rows = " UNION ALL ".join(f"SELECT * FROM vault_{number}_{TYPED}" for number in revealed)
    with duckdb.connect(str(split.sealed_file), read_only=True) as connection:
        connection.execute(copied_to(target, rows)).fetchall()
    return target


class BurntTexts(NamedTuple):
    """Documents of a burnt vault."""

    examples: dict[str, tuple[Example, ...]]
    """By id of the claim; claims without any are left out."""
    digests: dict[str, str]
    """By column of text one sha256 of all of its documents: that none was altered can be checked by it."""


def burnt_texts(
    split: SealedSplit, ledger: Ledger, receipt: Receipt, claims: Iterable[Hypothesis], aids: Aids = NO_AIDS
) -> BurntTexts:
    """Some documents of a revealed vault beside the claims that speak of them, chosen by the order of their digests.

    Raises:
        SealBroken: as `burnt_table`.
    """
    if session_of(ledger, receipt).verified is None:
        raise SealBroken(f"Vault {receipt.vault} is still sealed: its batch was not revealed.")
    claims = [h for h in claims if h.texts]
    if not claims:
        return BurntTexts({}, {})
    rows = split.read(split.sealed_file, f"vault_{receipt.vault}")
    rows = with_properties(rows, (p for h in claims for p in h.texts), aids)
    read = sorted({name for h in claims for p in h.texts for name in (p.column, p.against) if name is not None})
    digests = {name: digests_of(rows.texts[name]) for name in read}
    examples = {h.content_id(): examples_of(h, rows, digests, aids) for h in claims}
    return BurntTexts(
        {name: own for name, own in examples.items() if own},
        {name: documents_digest(own) for name, own in digests.items()},
    )


def _selected(
    split: SealedSplit, claims: Sequence[Hypothesis], given: frozenset[TextProperty]
) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """What is read of the vault's table, as SQL, and the levels of its labels."""
    wanted = {name for h in claims for name in h.columns}
    read = {name for h in claims for p in h.texts if p not in given for name in (p.column, p.against)}
    levels = {n: c.levels for n, c in split.columns.items() if n in wanted and c.type in ("boolean", "category")}
    selected = [
        f"{_cell(c, f'c{at}')} AS {quoted(n)}" for at, (n, c) in enumerate(split.columns.items()) if n in wanted
    ]
    return [*selected, *(f"t{at} AS {quoted(n)}" for at, n in enumerate(split.texts) if n in read)], levels


def _computed(
    split: SealedSplit, vault: int, given: Sequence[TextProperty], aids: Aids
) -> Iterator[tuple[Column, NDArray]]:
    """The properties as columns of the vault, in the order of its rows."""
    if not given:
        return
    rows = with_properties(split.read(split.sealed_file, f"vault_{vault}"), given, aids)
    for p in given:
        column = rows.columns[p.name]
        yield column, rows.codes(p.name) if column.type == "boolean" else rows.number(p.name)


def _cell(column: Column, at: str) -> str:
    """A column as labels where it holds codes, missing as NULL."""
    if column.type not in ("boolean", "category"):
        return f"CASE WHEN isnan({at}) THEN NULL ELSE {at} END"
    labels = ", ".join("'" + level.replace("'", "''") + "'" for level in column.levels)
    return f"CASE WHEN {at} < 0 THEN NULL ELSE ([{labels}])[{at} + 1] END"
