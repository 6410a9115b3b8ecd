"""Several tables, opened as one: linked by their keys, divided by their root, analysed at one grain.

Knows the order of the steps. Must never relate two columns of interest: keys say which rows belong together, and
everything else is for exploration, after the split.
"""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from ..errors import DataError, UsageError
from ..value import canonical_json, digest
from .dataset import DEFAULT_LIMITS, Dataset, connect, open_dataset
from .keys import CONTAINED, Candidate, Found, find_links, may_be_key
from .keys_composite import add_composite_keys
from .readers import unreadable
from .schema import Column, Limits, Note
from .tables_build import Builder, Built
from .tables_graph import TOO_FEW, Layout, lay_out
from .tables_notes import links_notes
from .tables_open import Member, Source, is_several, joint_fingerprint, named_sources, only_source, open_members
from .tables_schema import ALONE, Joining, Link, Tables, TableSummary


def open_source(
    source: object, *, table: str | None = None, joining: Joining = ALONE, name: str | None = None,
    limits: Limits = DEFAULT_LIMITS, folder: Path | None = None, threads: int = 2, keep_counts: bool = False,
    texts: Sequence[str] = (),
) -> Dataset:  # fmt: skip
    """One table or several, as one data set; see `open_dataset` for what a source may be.

    Args:
        source: As for `open_dataset`; several tables are a list of paths or frames, a mapping from names to them, or
            one database of which `joining` names tables.
        table: The table or sheet to read where one is wanted of several.
        joining: Which tables, and how they belong together where that is declared.
        name: What to call the data set.
        limits: Bounds on what is read, for each table and for the joined one.
        folder: Where the working database goes.
        threads: Threads that DuckDB may use.
        keep_counts: Read a single cross-tabulation as it stands instead of one row a counted unit.
        texts: Columns of a single table to be read as text.

    Raises:
        DataError: if a source cannot be read, or the tables cannot be connected or have no single root.
        UsageError: if an option does not fit the source.
    """
    if not is_several(source, joining.tables):
        if joining.declared():
            raise UsageError("`--root`, `--grain` and `--link` are for several tables. Only one was given.")
        return open_dataset(
            only_source(source), table=table, name=name, limits=limits, folder=folder, threads=threads,
            keep_counts=keep_counts, texts=texts,
        )  # fmt: skip
    if texts:
        raise UsageError("`--text` names a column of one table. Several were given.")
    if table is not None:
        raise UsageError("`--table` names one table. Use `--tables` for several of one file.")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="heldout-", dir=folder))
    connection = connect(place, threads)
    try:
        return _opened(connection, place, named_sources(source, joining.tables), joining, name, limits)
    except BaseException as err:
        connection.close()
        shutil.rmtree(place, ignore_errors=True)
        if isinstance(err, duckdb.Error):
            raise DataError(unreadable(name or "The joined table", err)) from err
        raise


def source_fingerprint(source: object, *, joining: Joining = ALONE, table: str | None = None) -> str:
    """The fingerprint of one table (`table` where the file holds several) or of several, which need not be linked.

    Raises:
        DataError: if a source cannot be read.
    """
    if not is_several(source, joining.tables):
        with open_dataset(only_source(source), table=table) as data:
            return data.fingerprint
    place = Path(tempfile.mkdtemp(prefix="heldout-"))
    connection = connect(place, 2)
    try:
        sources = named_sources(source, joining.tables)
        return joint_fingerprint(open_members(sources, connection.cursor(), DEFAULT_LIMITS, place))
    finally:
        connection.close()
        shutil.rmtree(place, ignore_errors=True)


def _opened(
    connection: duckdb.DuckDBPyConnection, place: Path, sources: Sequence[Source], joining: Joining, name: str | None,
    limits: Limits,
) -> Dataset:  # fmt: skip
    cursor = connection.cursor()  # one for all: temporary tables belong to their cursor
    members = open_members(sources, cursor, limits, place)
    declared = [_declared(text, members) for text in joining.links]
    found = find_links(members, cursor, declared)
    if add_composite_keys(members, found.links, cursor):
        found = find_links(members, cursor, declared)
    root = joining.root or _root_of_entity(joining.entity, found.links)
    layout = lay_out(members, found.links, found.misses, root=root, grain=joining.grain)
    kept = [x for x in found.links if x not in layout.dropped]
    built = Builder(members, layout, found, cursor).build()
    if built.rows == 0:
        raise DataError(f"No row of `{layout.grain}` belongs to a row of `{layout.root}`. Check the keys.")
    by_name = {m.name: m for m in members}
    notes = [*_reading(members, layout), *links_notes(kept, by_name, layout, cursor, found.selves), *built.notes]
    cursor.close()
    return Dataset(
        connection, place, name=name or _title(members), columns=built.columns, rows=built.rows, notes=notes,
        fingerprint=joint_fingerprint(members), duplicates=0, surrogates=(),
        tables=_summary(members, layout, found, built), joining=_joining(by_name, layout, kept),
    )  # fmt: skip


def _joining(members: Mapping[str, Member], layout: Layout, links: Sequence[Link]) -> str:
    """Digest of what decides which rows are analysed and to which unit each belongs; tables count by their content."""
    way = [[members[x.child].fingerprint, x.column, members[x.parent].fingerprint, x.key] for x in layout.up]
    keys = sorted(x.key for x in links if x.parent == layout.root)
    return digest(canonical_json([members[layout.grain].fingerprint, way, keys[:1]]))


def _declared(text: str, members: Sequence[Member]) -> Candidate:
    """`orders.customer=customers.id` as a link; the columns must be there and of a key's type."""
    child, equals, parent = text.partition("=")
    if not equals:
        raise UsageError(f"A link is CHILD.COLUMN=PARENT.COLUMN, such as orders.customer=customers.id. Got {text!r}.")
    ends = [_end(part.strip(), members) for part in (child, parent)]
    return Candidate(ends[0][0], ends[0][1], ends[1][0], ends[1][1], 3, CONTAINED, declared=True)


def _end(text: str, members: Sequence[Member]) -> tuple[Member, Column]:
    for member in members:
        if text.startswith(member.name + "."):
            column = member.column(text[len(member.name) + 1 :])
            if column is not None and may_be_key(column):
                return member, column
            what = "holds no keys" if column is not None else "is not there"
            raise UsageError(f"Column {text!r} of `--link` {what}. Keys are whole numbers or short texts.")
    raise UsageError(f"No table is called as in {text!r} (`--link`). Tables: {', '.join(m.name for m in members)}.")


def _root_of_entity(entity: str | None, links: Sequence[Link]) -> str | None:
    """The one table that is pointed at by a column of the entity's name, or whose key has it."""
    if entity is None:
        return None
    parents = {x.parent for x in links if entity in (x.column, x.key)}
    tops = {p for p in parents if not any(x.child == p and x.parent in parents for x in links)}
    return tops.pop() if len(tops) == 1 else None


def _title(members: Sequence[Member]) -> str:
    sources = [m.source for m in members]
    return ", ".join(sources[:-1]) + f" and {sources[-1]}"


def _reading(members: Sequence[Member], layout: Layout) -> list[Note]:
    """What reading each table left to say, with its name; of summed tables also what looked odd about their values."""
    notes = []
    for m in members:
        notes += [_of(m, n) for n in m.notes]
        if m.name != layout.grain:
            texts = {c.name for c in m.columns if c.type == "text"}  # not summed up, so not read
            notes += [_of(m, n) for n in m.roles if n.kind != "left_out" and n.column not in texts]
    return notes


def _of(m: Member, note: Note) -> Note:
    text = note.text if f"'{m.source}'" in note.text else f"'{m.source}': {note.text}"
    return note.model_copy(update={"text": text, "column": None})


def _summary(members: Sequence[Member], layout: Layout, found: Found, built: Built) -> Tables:
    summaries = tuple(_table(m, layout, built) for m in members)
    links = tuple(x for x in found.links if x not in layout.dropped)
    root_key = layout.up[-1].key if layout.up else built.key
    return Tables(
        grain=layout.grain, root=layout.root, key=built.key, root_key=root_key, tables=summaries, links=links,
        made=tuple(built.made),
    )  # fmt: skip


def _table(m: Member, layout: Layout, built: Built) -> TableSummary:
    above = [x.parent for x in layout.up]
    joined = len(built.joined.get(m.name, ()))
    count = f"{joined} column{'' if joined == 1 else 's'}"
    if m.name == layout.grain:
        role, note = "grain", "Its rows are analysed" + (", and independent of each other." if not above else ".")
    elif m.name in above:
        units = "; its rows are independent of each other" if m.name == layout.root else ""
        role, note = "above", f"{count} joined to each of its rows in `{layout.grain}`{units}."
    elif m.name in layout.below:
        goal = layout.below[m.name][-1].parent
        role = "below" if goal == layout.grain else "beside"
        note = f"Summed up for each row of `{goal}`."
        if m.name in built.joined:
            role = "joined"
            note = f"{count} joined: it has at most one row for each of `{goal}`."
    elif m.name in layout.shared:
        role, note = "shared", _shared_note(m, layout, joined)
    else:
        role, note = "left out", "Its rows belong to no one unit."
    return TableSummary.model_validate(
        {"name": m.name, "rows": m.rows, "columns": len(m.columns), "role": role, "note": note}
    )


def _shared_note(m: Member, layout: Layout, joined: int) -> str:
    few = "Its rows are shared by several units"
    if m.name in layout.lookups:
        few = f"Of fewer than {TOO_FEW} rows, so it is only looked up in"
    if layout.shared[m.name].child in layout.below:
        return f"{few}: summed up with `{layout.shared[m.name].child}`."
    return f"{few}: its labels are joined ({joined}); its numbers, which rest on its few rows, are not."
