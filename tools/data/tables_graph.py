"""How linked tables hang together: the root whose rows are independent, the grain, and what each table is to it.

Knows links, names and numbers of rows. Must never know a cell or SQL, and must refuse what has no single reading:
unconnected tables, several roots, and two ways from one table to another.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import DataError, UsageError
from .tables_open import Member
from .tables_schema import Link

TOO_FEW = 40
"""Rows under which nothing can be tested: a table others point at is then a list to look names up in."""


@dataclass(frozen=True)
class Layout:
    """What is done with each table."""

    root: str
    grain: str
    up: tuple[Link, ...]
    """From the grain to the root, in that order."""
    below: Mapping[str, tuple[Link, ...]]
    """For each table that is summed up: the links from it to the table it is summed up for."""
    shared: Mapping[str, Link]
    """Tables that several units point at: the link by which each is joined."""
    dropped: tuple[Link, ...] = ()
    """Links that follow from others, by a key that is repeated further down."""
    left_out: tuple[str, ...] = ()
    lookups: tuple[str, ...] = ()


def lay_out(
    members: Sequence[Member], links: Sequence[Link], misses: Sequence[str], *, root: str | None, grain: str | None
) -> Layout:
    """The root, the grain and the part of every table.

    The root is the table that the others point at, directly or through others. Tables of fewer than 40 rows are only
    looked up in, unless nothing else is left to be the root.

    Raises:
        DataError: if the tables are unconnected, have several roots, or reach the root in two ways.
        UsageError: if a named table is not there.
    """
    names = [m.name for m in members]
    for option, value in (("--root", root), ("--grain", grain)):
        if value is not None and value not in names:
            raise UsageError(f"No table is called {value!r} (`{option}`). Tables: {', '.join(map(repr, names))}.")
    _check_connected(members, links, misses)
    kept, dropped = _without_shortcuts(links)
    lookups = _lookups(members, kept, root)
    root = root or _only_root(members, kept, lookups)
    paths = _paths(root, kept)
    grain = grain or root
    if grain not in paths:
        raise UsageError(
            f"`--grain {grain}` has no unit of independence: its rows do not belong to rows of `{root}` one by one. "
            f"Tables that do: {', '.join(f'`{n}`' for n in sorted(paths))}."
        )
    up = paths[grain]
    above = [link.parent for link in up]
    below = {n: _until(path, {grain, *above}) for n, path in sorted(paths.items()) if n not in (grain, *above)}
    shared = _shared(kept, set(paths))
    left_out = tuple(n for n in names if n not in paths and n not in shared)
    return Layout(root, grain, up, below, shared, dropped, left_out, tuple(n for n in lookups if n in shared))


def _check_connected(members: Sequence[Member], links: Sequence[Link], misses: Sequence[str]) -> None:
    parts: dict[str, set[str]] = {m.name: {m.name} for m in members}
    for link in links:
        union = parts[link.child] | parts[link.parent]
        for name in union:
            parts[name] = union
    groups = sorted({tuple(sorted(p)) for p in parts.values()})
    if len(groups) == 1:
        return
    source = {m.name: m.source for m in members}
    told = " and ".join("'" + "', '".join(source[n] for n in g) + "'" for g in groups[:4])
    close = f" What came close: {'; '.join(misses[:4])}." if misses else ""
    raise DataError(
        f"Nothing connects {told}. Looked for a column whose values are all different in one table (a key) and, under "
        "a like name, a column of another table of which at least 95 % of the values are among them; or two such "
        f"columns together.{close} Name the link with `--link CHILD.COLUMN=PARENT.COLUMN`, or explain the tables apart."
    )


def _without_shortcuts(links: Sequence[Link]) -> tuple[list[Link], tuple[Link, ...]]:
    """Without links that a longer way makes superfluous: the customer of an item is the one of its order."""
    parents: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        parents[link.child].append(link)

    def reaches(start: str, barred: Link, seen: frozenset[str]) -> bool:
        onward = [link.parent for link in parents[start] if link is not barred and link.parent not in seen]
        return barred.parent in onward or any(reaches(name, barred, seen | {name}) for name in onward)

    dropped = tuple(x for x in links if not x.declared and reaches(x.child, x, frozenset({x.child})))
    return [x for x in links if x not in dropped], dropped


def _lookups(members: Sequence[Member], links: Sequence[Link], root: str | None) -> tuple[str, ...]:
    """Tables that others point at and that have too few rows to be units, tops first."""
    small = {m.name for m in members if m.rows < TOO_FEW and m.name != root}
    found: set[str] = set()
    while True:
        more = {
            n for n in small - found
            if any(x.parent == n and x.child not in found for x in links)
            and all(x.parent in found for x in links if x.child == n)
        }  # fmt: skip
        if not more or len(found | more) == len(members):
            return tuple(sorted(found))
        found |= more


def _only_root(members: Sequence[Member], links: Sequence[Link], lookups: Sequence[str]) -> str:
    """The one table that points at no other, lookups apart."""
    rest = [m for m in members if m.name not in lookups]
    tops = [m for m in rest if not any(x.child == m.name and x.parent not in lookups for x in links)]
    tops = [m for m in tops if len(rest) == 1 or any(x.parent == m.name for x in links)] or tops
    if len(tops) == 1:
        return tops[0].name
    if not tops:
        raise DataError(
            f"The tables point at each other in a ring: {'; '.join(x.told() for x in links)}. Name the one whose rows "
            "are independent of each other with `--root TABLE`."
        )
    top = {m.name for m in tops}
    bridges = sorted({c for c in (x.child for x in links) if len({x.parent for x in links if x.child == c} & top) > 1})
    between = (
        f", joined by {' and '.join(f'`{b}`' for b in bridges)}, whose rows belong to one of each" if bridges else ""
    )
    named = " and ".join(f"`{n}`" for n in sorted(top))
    options = " or ".join(f"`--root {n}`" for n in sorted(top))
    raise DataError(
        f"There is no single table whose rows are independent of each other: {named} stand side by side{between}. "
        f"Rows of one side share rows of the other, so say which side is to be split: {options} (or its key with "
        "`--entity`)."
    )


def _paths(root: str, links: Sequence[Link]) -> dict[str, tuple[Link, ...]]:
    """For each table whose rows belong to one row of the root: its links up to it."""
    paths: dict[str, tuple[Link, ...]] = {root: ()}
    while True:
        fresh: dict[str, list[tuple[Link, ...]]] = defaultdict(list)
        for link in links:
            if link.parent in paths and link.child not in paths:
                fresh[link.child].append((link, *paths[link.parent]))
        if not fresh:
            return paths
        for child, ways in sorted(fresh.items()):
            if len(ways) > 1:
                told = " and ".join("through " + " then ".join(f"`{x.parent}`" for x in way) for way in ways)
                raise DataError(
                    f"`{child}` reaches `{root}` in two ways: {told}. Leave one of these tables out, or name the "
                    f"link to follow, such as `--link {ways[0][0].told().replace(' -> ', '=')}`."
                )
            paths[child] = ways[0]


def _until(path: tuple[Link, ...], goals: set[str]) -> tuple[Link, ...]:
    """The links up to the first of the goals."""
    out = []
    for link in path:
        out.append(link)
        if link.parent in goals:
            break
    return tuple(out)


def _shared(links: Sequence[Link], owned: set[str]) -> dict[str, Link]:
    """Tables outside of the units that a table inside points at, each by its first link."""
    found: dict[str, Link] = {}
    for link in sorted(links, key=lambda x: (x.child, x.parent)):
        if link.child in owned and link.parent not in owned and link.parent not in found:
            found[link.parent] = link
    return found
