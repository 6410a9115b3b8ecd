"""Names as people write them: columns and levels found exactly, in any case, or not at all with the nearest offered.

Knows the columns of a table with their levels. Must never know a row, and must never guess: a name that fits two
columns is refused with both, one that fits none with those that look like it.
"""

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from ...tools.data.schema import Column
from ...tools.errors import HypothesisError
from ...tools.text.evaluate import blank_column
from ...tools.text.properties import TextProperty
from .properties import THEMES, Properties, properties_said
from .tokens import Cursor

_LONGEST_NAME = 12
_MANY = 12
LABELS = ("boolean", "category")
STOPS = frozenset(
    "higher lower larger smaller longer shorter greater more less likelier rarer differs different for when if "
    "where from in with over than versus vs against or and among given except is are was increases decreases rises "
    "falls grows declines peaks jumps drops levels ranks between at not never determines shifts per above below "
    "around after until steeper flatter on top associated goes by".split()
)
"""Words that end a name that is not quoted."""


_BARE = re.compile(r"-?[A-Za-z_\d](?:[\w.\-/]|:(?=\w))*")


def word(name: str) -> str:
    """A name or a label as the reader reads it: bare where that is one plain word, else in backticks."""
    if _BARE.fullmatch(name) and name.casefold() not in STOPS:
        return name
    return f"`{name}`" if "`" not in name else f'"{name}"'


def folded(text: str) -> str:
    """A name without case, and with blanks, `_`, `-` and `.` alike."""
    return re.sub(r"[\s_\-.]+", " ", text.casefold()).strip()


class Ambiguous(HypothesisError):
    """Words that fit several names: what was said, and what it could be."""

    def __init__(self, text: str, said: str, options: Sequence[str]) -> None:
        super().__init__(text)
        self.said, self.options = said, tuple(options)


class Names:
    """The columns that a sentence may speak of, and what was said about names while reading it."""

    def __init__(
        self, columns: Mapping[str, Column], left_out: Mapping[str, str] | None = None, texts: Sequence[str] = ()
    ) -> None:
        """Wrap the analysed columns; `left_out` says of the others why not, `texts` are those of which more is said."""
        self.columns = dict(columns)
        self.left_out = dict(left_out or {})
        self.notes: list[str] = []
        self.made: dict[str, Column] = {}
        """Properties of texts that were named, as the columns that they will be."""
        self._properties = Properties(texts)

    def column(self, cursor: Cursor) -> Column:
        """The column named next, read.

        Raises:
            HypothesisError: if none is, or it could be several.
        """
        found = self.column_if(cursor)
        if found is not None:
            return found
        said = cursor.until(STOPS)
        if not said:
            raise HypothesisError(f"The sentence ends where a column should be named: {_some(self.columns)}.")
        raise self._unknown(said)

    def column_if(self, cursor: Cursor) -> Column | None:
        """The column named next, read; None (and nothing read) where none is."""
        made = self._properties.read(cursor, lambda at, names: _longest(at, names, "a text", self.notes))
        if made is not None:
            return self._kept(made)
        name = _longest(cursor, self.columns, "a column", self.notes)
        return None if name is None else self.columns[name]

    def _kept(self, made: Column) -> Column:
        """A property of a text from here on under its name, unless the table has it already."""
        self.made[made.name] = made
        return self.columns.setdefault(made.name, made)

    def exactly(self, name: str) -> Column:
        """The column of exactly that name (in a typed claim).

        Raises:
            HypothesisError: if there is none.
        """
        if name not in self.columns:
            made = self._properties.named(name)
            if made is None:
                raise self._unknown(name)
            return self._kept(made)
        return self.columns[name]

    def define(self, properties: Iterable[TextProperty]) -> None:
        """Take in the properties that a typed claim defines.

        Raises:
            HypothesisError: if one is of a text that the table has not.
        """
        for prop in properties:
            for text in (prop.column, prop.against):
                if text is not None and text not in self._properties.texts:
                    raise self._unknown(text)
            self._kept(blank_column(prop))

    def _unknown(self, said: str) -> HypothesisError:
        if self._properties.texts and self._speaks_of_theme(said):
            return HypothesisError(THEMES)
        if self._properties.texts and self._speaks_of_text(said):
            return HypothesisError(f"{said!r} was not understood. {properties_said(self._properties.texts)}")
        reason = next((r for n, r in self.left_out.items() if folded(n) == folded(said)), None)
        if reason:
            return HypothesisError(f"Column {said!r} is not analysed: {reason} Name another: {_some(self.columns)}.")
        known = [*self.columns, *(t for t in self._properties.texts if t not in self.columns)]
        return HypothesisError(f"No column is named {said!r}. {_nearest(said, known, 'Columns')}")

    def _speaks_of_theme(self, said: str) -> bool:
        return " theme " in f" {folded(said)} ".replace('"', " ").replace("themes", "theme")

    def _speaks_of_text(self, said: str) -> bool:
        words = f" {folded(said)} "
        return any(f" {folded(text)} " in words for text in self._properties.texts)

    def level(self, cursor: Cursor, column: Column) -> str:
        """The level of `column` named next, read.

        Raises:
            HypothesisError: if the column has no levels, none is named, or it could be several.
        """
        if not column.levels:
            raise HypothesisError(no_levels(column))
        found = self.level_if(cursor, column)
        if found is not None:
            return found
        said = cursor.until(STOPS)
        if not said:
            raise HypothesisError(f"A level of {column.name!r} is missing: {_some(column.levels)}.")
        raise HypothesisError(f"{said!r} is no level of {column.name!r}. {_nearest(said, column.levels, 'Levels')}")

    def level_if(self, cursor: Cursor, column: Column) -> str | None:
        """The level named next, read; None (and nothing read) where none is."""
        return _longest(cursor, column.levels, f"a level of `{column.name}`", self.notes, same=_same_number)

    def level_exactly(self, column: Column, level: str) -> str:
        """The level as the column spells it (in a typed claim).

        Raises:
            HypothesisError: if it has none such.
        """
        if not column.levels:
            raise HypothesisError(no_levels(column))
        for known in column.levels:
            if known == level or _same_number(level, known):
                return known
        raise HypothesisError(f"{level!r} is no level of {column.name!r}. {_nearest(level, column.levels, 'Levels')}")

    def dates(self) -> list[Column]:
        """The date columns."""
        return [c for c in self.columns.values() if c.type == "datetime"]


def no_levels(column: Column) -> str:
    """Why a column cannot be compared by levels, and what to write instead."""
    if column.type == "datetime":
        return (
            f"{column.name!r} is a date and has no levels. Write `rises over {column.name}`, or `higher from "
            f"2024-05-31 on`."
        )
    return (
        f"{column.name!r} is a number with {column.distinct:,} values and has no levels. Write `where "
        f"{column.name} >= …`, or `increases with {column.name}`."
    )


def _longest(
    cursor: Cursor,
    known: Iterable[str],
    what: str,
    notes: list[str],
    same: Callable[[str, str], bool] | None = None,
) -> str | None:
    """The known name that the most of the next tokens spell, read; exactly before in any case."""
    names = list(known)
    exact, loose = set(names), _by_fold(names)
    left = len(cursor.tokens) - cursor.at
    quoted = (token := cursor.peek()) is not None and token.kind == "quoted"
    for count in range(1 if quoted else min(left, _LONGEST_NAME), 0, -1):
        said = cursor.raw(count)
        found = [said] if said in exact else loose.get(folded(said), [])
        if not found and same is not None and count == 1:
            found = [name for name in names if same(said, name)]
        if len(found) > 1:
            several = " or ".join(f"`{name}`" for name in found[:_MANY])
            text = f"{said!r} can be read as {what} {several}: write the one you mean as it stands."
            raise Ambiguous(text, said, found[:_MANY])
        if found:
            cursor.at += count
            if found[0] != said:
                notes.append(f"{said!r} was read as {what.split(' ', 1)[1]}: `{found[0]}`")
            return found[0]
    return None


def _by_fold(names: Sequence[str]) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for name in names:
        if folded(name):
            out.setdefault(folded(name), []).append(name)
    return out


def _same_number(said: str, level: str) -> bool:
    """Whether both are numbers and equal: `8.0` and `8`."""
    try:
        return float(said) == float(level)
    except ValueError:
        return False


def _nearest(said: str, known: Iterable[str], what: str) -> str:
    """The names that look like it, else the first ones."""
    names = list(known)
    by = {folded(n): n for n in reversed(names)}
    close = difflib.get_close_matches(folded(said)[:200], list(by), 3, 0.6)
    if close:
        return f"Did you mean {' or '.join(repr(by[c]) for c in close)}?"
    return f"{what}: {_some(names)}."


def _some(names: Iterable[str]) -> str:
    shown = [repr(n) for n in names]
    more = f" and {len(shown) - _MANY:,} more" if len(shown) > _MANY else ""
    return ", ".join(shown[:_MANY]) + more


def number_of(text: str) -> float | None:
    """The finite number that a text is, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def days_of(text: str) -> float | None:
    """Days since 1970-01-01 of a date such as 2024-05-31 or 2024-05 or 2024, or None."""
    if not re.fullmatch(r"\d{4}(-\d{2}(-\d{2}([T ]\d{2}(:\d{2}(:\d{2})?)?)?)?)?", text):
        return None
    try:
        return float(np.datetime64(text, "us").astype(np.int64)) / 86_400e6
    except ValueError:
        return None
