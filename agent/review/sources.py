"""What `learn` and `review` are given, as something that lies on this machine: databases fetched, folders gathered.

Knows sources and a folder to put copies into. Must never know a claim, nor keep an address beyond its reading.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ...tools.data.schema import Limits
from ...tools.review.delivery import open_delivery
from ...tools.review.delivery_sources import holds_tables
from .postgres import address_of, fetch_table, is_address


class Brought(NamedTuple):
    """A source that can be opened, the table to read of it, and what it is called."""

    source: object
    table: str | None
    name: str | None


def to_review(
    source: object, folder: Path, *, table: str | None = None, name: str | None = None, since: str | None = None,
    time: str | None = None, limits: Limits | None = None, environment: Mapping[str, str] | None = None,
) -> Brought:  # fmt: skip
    """A PostgreSQL table fetched into `folder`; anything else as it is.

    Args:
        source: As for `open_delivery`, or the address of a database.
        folder: Where the copy goes; the caller removes it.
        table: The table, where the source holds several.
        name: What the delivery is called; of an address the table's name by default.
        since: ISO day: earlier rows are not fetched.
        time: Column of dates that `since` is read against.
        limits: Bounds on what is read.
        environment: Where variables of an address are looked up; the process's by default.

    Raises:
        UsageError: if the address is wrong, or a variable of it is not set.
        DataError: if the database cannot be read.
    """
    if not is_address(source):
        return Brought(source, table, name)
    address = address_of(str(source), table, environment)
    folder.mkdir(parents=True, exist_ok=True)
    copy = fetch_table(
        address, folder / "fetched.parquet", since=since, time=time, max_bytes=(limits or Limits()).max_bytes
    )
    return Brought(copy, None, name or address.table)


def to_learn(
    source: object, folder: Path, *, table: str | None = None, name: str | None = None, limits: Limits | None = None
) -> Brought:
    """As for a review; a folder or partition of tables is gathered into one file besides, since it is one data set.

    Raises:
        UsageError: as for `to_review`.
        DataError: as for `to_review`, or if a file of the folder cannot be read.
    """
    brought = to_review(source, folder, table=table, name=name, limits=limits)
    if not isinstance(source, str | Path) or not holds_tables(Path(source)):
        return brought
    with open_delivery(source, (), name=name, limits=limits, folder=folder) as delivery:
        return Brought(delivery.save(folder / "gathered.parquet"), None, delivery.name)
