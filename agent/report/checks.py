"""What to check in the data, how the table is built and the notes, as lines that say nothing twice.

Knows the result. Must never know a page or a terminal, nor decide what is worth checking.
"""

from collections.abc import Iterator

from ...tools.data.schema import Note
from ...tools.explore.check import Check
from ...tools.explore.lead import Structure
from . import words
from .result import Result

TITLE = "What to check in the data"
MOST = 5
_TOLD = {
    "stand_in": "may stand for missing",
    "spelling": "differ only by case",
    "order": "lies before",
    "duplicates": "set aside",
}
"""By kind of check, the words of the note that says the same of the whole table."""


def about_line(result: Result) -> str:
    """On which rows the checks were made."""
    rows = "all rows" if result.split.kind == "none" else f"the {words.explored_rows(result):,} explored rows"
    return f"Seen on {rows}; nothing was changed."


def notes_left(result: Result) -> tuple[Note, ...]:
    """The notes on the data set that no check repeats."""
    return tuple(note for note in result.dataset.notes if not any(_repeats(c, note) for c in result.quality))


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
    renamed = [s for s in structure if s.kind == "copy" and not s.exceptions and "one to one" in s.text]
    ordered: dict[str, list[Structure]] = {}
    for s in structure:
        if s.kind == "order" and len(s.columns) == 2 and not s.exceptions:
            ordered.setdefault(s.columns[1], []).append(s)
    for s in structure:
        if len(renamed) > 1 and s in renamed:
            if s is renamed[0]:
                yield _renamed(renamed)
        elif len(group := ordered.get(s.columns[-1], [])) > 1 and s in group:
            if s is group[0]:
                yield _ordered(group)
        else:
            yield s.text


def _renamed(copies: list[Structure]) -> str:
    pairs = [f"`{s.columns[1]}` as `{s.columns[0]}`" for s in copies]
    return f"Some columns say the same in other words, one to one: {_and(pairs)}."


def _ordered(group: list[Structure]) -> str:
    lows = _and([f"`{s.columns[0]}`" for s in group])
    return f"{lows} {'are never after' if 'after' in group[0].text else 'never exceed'} `{group[0].columns[1]}`."


def _and(texts: list[str]) -> str:
    return f"{', '.join(texts[:-1])} and {texts[-1]}"
