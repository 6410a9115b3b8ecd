"""Names as a model writes them: columns by name or short id, conditions in the grammar's words, labels it was shown.

Knows the bench's columns and which labels may be told. Must never say a label that may not: what cannot be read is read
again by the shown labels alone, and that error is told.
"""

import re
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np

from ...tools.data.rows import BoolArray, Rows
from ...tools.data.schema import Column
from ...tools.errors import HypothesisError
from ...tools.verify.hypothesis import Condition
from ...tools.verify.population import condition_mask
from ..privacy import HIDDEN_LEVEL, cleaned, redacted
from ..sentences.clauses import conditions
from ..sentences.names import Names, folded
from ..sentences.tokens import Cursor
from .bench import Bench
from .words import condition_words

T = TypeVar("T")
_NOT_TOLD = "A label in it could not be matched. Use labels that `columns` shows, as they stand there."


class ModelNames(Names):
    """The columns that a model may speak of, by name and by short id."""

    def __init__(self, bench: Bench, *, public: bool) -> None:
        """Wrap the bench's columns; `public`: with nothing in them but what may be told."""
        own = {n: _public(c, bench) if public else c for n, c in bench.columns.items()}
        columns = {name: own[name] for name in own if name not in bench.ids}
        columns |= {short: own[name] for name, short in bench.ids.items()}
        if not public:
            columns |= {name: own[name] for name in bench.ids}
        reasons = bench.left_out if not public else {n: why_left_out(bench, n) for n in bench.left_out}
        super().__init__(columns, reasons)

    def level(self, cursor: Cursor, column: Column) -> str:
        """The label named next, read as it was shown: a long one by its first 64 characters."""
        own = _by_shown(column)
        if own is None:
            return super().level(cursor, column)
        return own[super().level(cursor, column.model_copy(update={"levels": tuple(own)}))]

    def level_exactly(self, column: Column, level: str) -> str:
        """The label as the column spells it, of one that was shown (in a typed claim)."""
        own = _by_shown(column)
        if own is None or level in column.levels:
            return super().level_exactly(column, level)
        return own[super().level_exactly(column.model_copy(update={"levels": tuple(own)}), level)]

    def dates(self) -> list[Column]:
        """The date columns, each once."""
        return list({c.name: c for c in self.columns.values() if c.type == "datetime"}.values())


def _by_shown(column: Column) -> dict[str, str] | None:
    """Labels by how they are shown, where that differs and still tells them apart; else None."""
    own = {cleaned(level): level for level in column.levels}
    return own if len(own) == len(column.levels) and any(a != b for a, b in own.items()) else None


def _public(column: Column, bench: Bench) -> Column:
    """The column as it may be told: shown labels alone, the others as one that says so; counts of exploration rows."""
    shown = [level for level, _ in bench.levels(column)]
    hidden = HIDDEN_LEVEL if set(column.levels) - set(shown) else None
    levels = [x if x in shown else HIDDEN_LEVEL for x in column.levels] if column.type == "boolean" else shown
    if hidden and column.type != "boolean":
        levels = [*levels, hidden]
    if len(levels) == 1 and hidden:
        levels = [HIDDEN_LEVEL, HIDDEN_LEVEL + " "]
    seen = next((p.distinct for p in bench.profile if p.name == column.name), 0)
    return column.model_copy(update={"levels": tuple(levels), "distinct": seen, "missing": 0, "rows": 0})


def why_left_out(bench: Bench, name: str) -> str:
    """Why a column is not analysed, without figures and without what its cells hold."""
    reason = bench.left_out[name].replace(f"`{name}` ", "").replace("is left out: ", "").rstrip(".")
    if bench.privacy == "sample":
        return redacted(reason)
    return cleaned(re.sub(r"\d[\d,.]* ?", "", re.split(r"[:;`'\"(]", reason)[0]))


def read_by(bench: Bench, read: Callable[[Names], T]) -> T:
    """What the words say, read by the columns as they are.

    Raises:
        HypothesisError: if they cannot be read; the message holds nothing but what may be told.
    """
    try:
        return read(ModelNames(bench, public=False))
    except HypothesisError:
        pass
    try:
        read(ModelNames(bench, public=True))
    except HypothesisError as err:
        text = str(err).replace(f"'{HIDDEN_LEVEL} '", f"'{HIDDEN_LEVEL}'")
        if bench.privacy == "schema":
            text = text.replace(" with 0 values", "")
        raise HypothesisError(text) from None
    raise HypothesisError(_NOT_TOLD)


def column_of(bench: Bench, said: str, *, what: str = "column") -> Column:
    """The column that a model names.

    Raises:
        HypothesisError: if there is none; the message names the nearest.
    """
    plain = said.strip().strip("`")
    names = ModelNames(bench, public=False)
    if plain in names.columns:
        return names.columns[plain]
    same = {c.name: c for n, c in names.columns.items() if folded(n) == folded(plain)}
    if len(same) == 1:
        return next(iter(same.values()))
    try:
        return ModelNames(bench, public=True).exactly(cleaned(plain))
    except HypothesisError as err:
        raise HypothesisError(f"`{what}`: {err}") from None


def level_of(bench: Bench, column: Column, said: str) -> str:
    """The label of a column that a model names.

    Raises:
        HypothesisError: if there is none that may be told; the message names the nearest.
    """
    shown = [level for level, _ in bench.levels(column)]
    same = [level for level in shown if level == said] or [x for x in shown if folded(x) == folded(said)]
    same = same or [level for level in shown if cleaned(level) == said]
    if len(same) == 1:
        return same[0]
    return ModelNames(bench, public=True).level_exactly(_public(column, bench), cleaned(said))


class Chosen(NamedTuple):
    """The rows that a call is about."""

    rows: Rows
    words: str
    """The conditions in the grammar's words; empty for all rows."""
    terms: tuple[Condition, ...]


def chosen(bench: Bench, where: str | None) -> Chosen:
    """The rows where conditions such as `age >= 18 and sex=male` hold.

    Raises:
        HypothesisError: if they cannot be read, or hold for fewer rows than may be told of.
    """
    if where is None or not where.strip():
        return Chosen(bench.rows, "", ())
    fields = read_by(bench, lambda names: _conditions(where, names))
    terms = tuple(Condition(**f) for f in fields)
    mask: BoolArray = np.ones(bench.rows.n, bool)
    for term in terms:
        mask &= condition_mask(term, bench.rows)
    if not bench.enough(mask):
        raise HypothesisError(f"`where` holds for fewer than {bench.least} rows, of which nothing is told.")
    words = " and ".join(condition_words(t, bench.ids) for t in terms)
    return Chosen(bench.rows.select(mask), words, terms)


def _conditions(where: str, names: Names) -> list[dict]:
    cursor = Cursor(where)
    cursor.accept("where", "among")
    found = conditions(cursor, names)
    if not cursor.done:
        raise HypothesisError(
            f"After `{condition_hint(found)}` the rest was not understood: {cursor.rest[:40]!r}. Join up to three "
            "conditions by `and`."
        )
    return found


def condition_hint(found: list[dict]) -> str:
    """The conditions that were read, for an error."""
    return " and ".join(f"{f['column']} {f['op']} {f['value']}" for f in found)
