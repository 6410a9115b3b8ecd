"""What to check in the data, how the table is built and the notes, as lines that say nothing twice.

Knows the result. Must never know a page or a terminal, nor decide what is worth checking.
"""

import re
from collections.abc import Iterator

from ...tools.data.schema import Note
from ...tools.explore.check import Check
from ...tools.explore.lead import Structure
from . import words
from .result import Result

TITLE = "What to check in the data"
MOST = 5
_STAND_IN = re.compile(
    r"Cells of (?P<name>`[^`]+`) that stand for missing were read so: (?P<cell>'[^']*') \((?P<count>[\d,]+)\)\."
)
_TOLD = {
    "stand_in": "may stand for missing",
    "spelling": "differ only by case",
    "order": "lies before",
    "duplicates": "set aside",
}
"""By kind of check, the words of the note that says the same of the whole table."""


def about_line(result: Result) -> str:
    """On which rows the checks were made."""
    return f"Seen on {words.many(_rows(result), 'explored row')}; nothing was changed."


def _rows(result: Result) -> int:
    """Rows that were looked at: of a table too small to split, all that were tested."""
    opened = words.opened_rows(result) if result.split.kind == "none" else 0
    return opened or words.explored_rows(result)


def short_title(result: Result) -> str:
    """The heading where lines are short: it names the rows, so that no line has to."""
    whole = any(c.kind == "duplicates" for c in result.quality)  # counted over the whole table, as its line says
    return f"{TITLE} ({words.many(_rows(result), 'explored row')}{' where no others are named' if whole else ''})"


def short_lines(result: Result) -> tuple[str, ...]:
    """The checks without the number of explored rows, which the heading gives."""
    rows = f" of the {_rows(result):,} explored rows"
    return tuple(re.sub(r"\b1 rows", "1 row", c.text.replace(rows, " rows")) for c in result.quality)


def notes_left(result: Result) -> tuple[Note, ...]:
    """The notes on the data set that no check repeats; one stand-in for missing in many columns is told once."""
    left = [note for note in result.dataset.notes if not any(_repeats(c, note) for c in result.quality)]
    return tuple(_merged(left))


def _merged(notes: list[Note]) -> Iterator[Note]:
    """The notes, those on the same stand-in for missing in one, at the place of the first."""
    read = {at: found for at, note in enumerate(notes) if (found := _STAND_IN.fullmatch(note.text))}
    groups: dict[str, list[re.Match[str]]] = {}
    for found in read.values():
        groups.setdefault(found["cell"], []).append(found)
    for at, note in enumerate(notes):
        group = groups[read[at]["cell"]] if at in read else []
        if len(group) < 2:
            yield note
        elif group[0] is read[at]:
            where = _and([f"{found['name']} ({found['count']})" for found in group])
            text = f"Cells that stand for missing were read so: {group[0]['cell']} in {where}."
            yield note.model_copy(update={"column": None, "text": text})


def _repeats(check: Check, note: Note) -> bool:
    said = _TOLD.get(check.kind)
    if said is None or said not in note.text:
        return False
    columns = {*check.columns, " - ".join(reversed(check.columns))}
    return note.kind in ("warning", "cleaned") and (note.column is None or note.column in columns)


def structure_lines(result: Result) -> tuple[str, ...]:
    """How the table is built, relations of one kind that hold without exception told together."""
    return tuple(_lines(result.structure))


def _lines(structure: tuple[Structure, ...]) -> Iterator[str]:
    groups = _groups(structure)
    for at, s in enumerate(structure):
        group = groups.get(at)
        if group is None:
            yield s.text
        elif group[0] is s:
            yield _renamed(group) if s.kind == "copy" else _ordered(group)


def _groups(structure: tuple[Structure, ...]) -> dict[int, list[Structure]]:
    """By place, the relations that are told together with the one there: copies, and orders that share an end."""
    out: dict[int, list[Structure]] = {}
    whole = [(at, s) for at, s in enumerate(structure) if not s.exceptions and len(s.columns) == 2]
    for key in (_copied, _above, _below):
        groups: dict[str, list[tuple[int, Structure]]] = {}
        for at, s in whole:
            if at not in out and key(s):
                groups.setdefault(key(s), []).append((at, s))
        for group in groups.values():
            if len(group) > 1:
                out |= {at: [s for _, s in group] for at, _ in group}
    return out


def _copied(s: Structure) -> str:
    return "copy" if s.kind == "copy" and "one to one" in s.text else ""


def _above(s: Structure) -> str:
    return s.columns[1] if s.kind == "order" else ""


def _below(s: Structure) -> str:
    return s.columns[0] if s.kind == "order" else ""


def _renamed(copies: list[Structure]) -> str:
    pairs = [f"`{s.columns[1]}` as `{s.columns[0]}`" for s in copies]
    return f"Some columns say the same in other words, one to one: {_and(pairs)}."


def _ordered(group: list[Structure]) -> str:
    date = "after" in group[0].text
    if len({s.columns[1] for s in group}) == 1:
        lows = _and([f"`{s.columns[0]}`" for s in group])
        return f"{lows} {'are never after' if date else 'never exceed'} `{group[0].columns[1]}`."
    highs = _and([f"`{s.columns[1]}`" for s in group], "or")
    return f"`{group[0].columns[0]}` {'is never after' if date else 'never exceeds'} {highs}."


def _and(texts: list[str], word: str = "and") -> str:
    return f"{', '.join(texts[:-1])} {word} {texts[-1]}"
