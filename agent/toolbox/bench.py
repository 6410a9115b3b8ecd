"""The bench: everything a tool may read of a table, and what tools leave on it.

Knows exploration rows, what was found on them, the user's focus and the privacy mode. Must never know a sealed row, a
verdict, a smallest effect of interest, an error level or a language model. What is told outside `sample` is told of ten
rows (or units) at least.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from ...tools.data.rows import BoolArray, Rows
from ...tools.data.schema import Column
from ...tools.explore.check import Check
from ...tools.explore.constructed import constructed_pairs, follow_from_others
from ...tools.explore.lead import Lead, Structure
from ...tools.explore.nesting import Nests
from ...tools.explore.profile import ColumnProfile
from ...tools.explore.segments import Segmentation
from ...tools.explore.structure import structural_pairs
from ...tools.verify.families.wording import column as shortened
from ...tools.verify.hypothesis import Hypothesis
from ...tools.verify.texts import same_text_pairs
from ..outlook import Focus
from ..privacy import LEAST, Privacy, cleaned
from ..propose_amounts import often_zero
from ..summary import Explored
from .documents import rows_for, samples_of
from .facts import Fact, rounded, shown

TABLE = "data"
"""Name of the table of exploration rows in SQL."""
_LONG_NAME = 32
_RARE = "(a rare label)"
_SHORT = 3
_FEW_LABELS = 40


class Answer(Protocol):
    """What a query gave."""

    @property
    def columns(self) -> Sequence[str]:
        """Names of the result's columns."""
        ...

    @property
    def rows(self) -> Sequence[Sequence[object]]:
        """Rows of plain values."""
        ...

    @property
    def truncated(self) -> bool:
        """Whether rows were left off."""
        ...


class Jail(Protocol):
    """A process that holds exploration rows alone and answers SQL about them."""

    def query(self, sql: str) -> Answer:
        """The rows that a statement gives.

        Raises:
            HeldoutError: if it was refused or failed; without a cell's value.
        """
        ...


class Proposal(NamedTuple):
    """One claim that was proposed, and what became of it."""

    claim: str
    why: str
    hypothesis: Hypothesis | None
    """None where it was refused."""
    refused: str | None


class Bench:
    """What tools read, on the exploration side of the seal alone."""

    def __init__(
        self,
        rows: Rows,
        *,
        profile: Sequence[ColumnProfile] = (),
        leads: Sequence[Lead] = (),
        structure: Sequence[Structure] = (),
        segments: Segmentation | None = None,
        quality: Sequence[Check] = (),
        focus: Focus | None = None,
        privacy: Privacy = "profile",
        jail: Jail | None = None,
        left_out: Mapping[str, str] | None = None,
    ) -> None:
        """Lay out what was explored.

        Args:
            rows: Exploration rows; no document of theirs is kept, nor a property whose name would tell rare words.
            profile: Each column in figures.
            leads: The scan's pairs, strongest first.
            structure: What follows from how the table is built.
            segments: Stable groups of rows, where there are any.
            quality: What a person would have to check in the data.
            focus: What the user asked about.
            privacy: What may be told.
            jail: Where SQL runs; None where there is none.
            left_out: Why columns that no claim may name are not analysed.
        """
        self.samples = samples_of(rows, privacy)
        """Documents by column of text, redacted; none outside of `sample`."""
        rows = rows_for(rows, privacy)
        self.rows, self.profile = rows, tuple(p for p in profile if p.name in rows.columns)
        self.leads = tuple(x for x in leads if x.a in rows.columns and x.b in rows.columns)
        self.structure, self.segments, self.quality = tuple(structure), segments, tuple(quality)
        self.focus, self.privacy, self.jail = focus or Focus(), privacy, jail
        self.columns: dict[str, Column] = {c.name: c for c in rows.columns.values() if c.analysed}
        self.left_out = dict(left_out or {})
        self.proposals: list[Proposal] = []
        self.open_questions: list[str] = []
        self.facts: dict[str, Fact] = {}
        self.question = ""
        """What a person asked, where one did: its own figures may be said again."""
        self.citing = True
        """Whether figures are shown with their ids: where nothing will cite them, ids only cost."""
        self._known: dict[Fact, str] = {}
        self._levels: dict[str, tuple[tuple[str, int], ...]] = {}
        self.ids = _short_ids(self.columns)

    @classmethod
    def of(
        cls,
        explored: Explored,
        *,
        focus: Focus | None = None,
        privacy: Privacy = "profile",
        jail: Jail | None = None,
        left_out: Mapping[str, str] | None = None,
    ) -> "Bench":
        """The bench of what a run explored."""
        return cls(
            explored.rows, profile=explored.profile, leads=explored.leads, structure=explored.structure,
            segments=explored.segments, quality=explored.quality, focus=focus, privacy=privacy, jail=jail,
            left_out=left_out,
        )  # fmt: skip

    # Facts

    def note(self, fact: Fact) -> str:
        """Keep a number that is told to a model; its id, the same for the same fact."""
        ends = {k: None if v is None else rounded(v) for k, v in (("low", fact.low), ("high", fact.high))}
        plain = fact._replace(value=rounded(fact.value), id="", **ends)
        if plain not in self._known:
            self._known[plain] = f"f{len(self.facts) + 1}"
            self.facts[self._known[plain]] = plain._replace(id=self._known[plain])
        return self._known[plain]

    def forget(self, kept: int) -> None:
        """Drop the facts after the first `kept`: of a result that was not told in the end."""
        for number in range(kept + 1, len(self.facts) + 1):
            self._known.pop(self.facts.pop(f"f{number}")._replace(id=""))

    def figure(self, fact: Fact) -> str:
        """A number as a result shows it, kept as a fact: `0.713 (0.684 to 0.742)[f3]`."""
        return shown(self.facts[self.note(fact)], cited=self.citing)

    # What may be told

    @cached_property
    def barred(self) -> frozenset[frozenset[str]]:
        """Pairs that follow from how the table is built, from how columns were made of other tables, or of one text."""
        columns = list(self.rows.columns.values())
        built = structural_pairs(self.structure) | constructed_pairs(columns, self.structure)
        return built | follow_from_others(columns, self.leads) | same_text_pairs(columns)

    @cached_property
    def often_zero(self) -> frozenset[str]:
        """The numbers that are often zero: how often there is any and how much there then is are two claims."""
        return often_zero(self.rows)

    @cached_property
    def nests(self) -> Nests:
        """The possible units of independence of single claims."""
        return Nests(self.rows)

    @cached_property
    def same_rows(self) -> dict[tuple[str, str], tuple[str, str]]:
        """(column, label) that marks the very rows of a label of an earlier column, with that one."""
        owner: dict[bytes, tuple[str, str]] = {}
        same: dict[tuple[str, str], tuple[str, str]] = {}
        for column in self.columns.values():
            if column.type not in ("category", "boolean") or not 2 <= len(column.levels) <= _FEW_LABELS:
                continue
            codes = self.rows.codes(column.name)
            for level, _ in self.levels(column):
                mark = np.packbits(codes == column.levels.index(level)).tobytes()
                first = owner.setdefault(mark, (column.name, level))
                if first[0] != column.name:
                    same[column.name, level] = first
        return same

    @property
    def least(self) -> int:
        """Rows that an aggregate needs."""
        return 2 if self.privacy == "sample" else LEAST

    def enough(self, mask: BoolArray, rows: Rows | None = None) -> bool:
        """Whether rows are enough to tell an aggregate of them, and so are the units that they belong to.

        Args:
            mask: The rows in question, shape (n,).
            rows: The rows that the mask is of; all of the bench by default.
        """
        rows = self.rows if rows is None else rows
        if int(mask.sum()) < self.least:
            return False
        # Blocks of time are no persons: only entities are counted.
        return rows.cluster is None or rows.serial or len(np.unique(rows.cluster[mask])) >= self.least

    def levels(self, column: Column) -> tuple[tuple[str, int], ...]:
        """The labels that may be told with their exploration rows, the most frequent first; in `schema` none."""
        if self.privacy in ("none", "schema") or not column.levels:
            return ()
        if column.name not in self._levels:
            codes = self.rows.codes(column.name)
            counts = np.bincount(codes[codes >= 0], minlength=len(column.levels))
            order = [int(at) for at in np.argsort(-counts, kind="stable") if counts[at] >= self.least]
            kept = [(column.levels[at], int(counts[at])) for at in order if self.enough(codes == at)]
            self._levels[column.name] = tuple(kept)
        return self._levels[column.name]

    # Names

    def sql_rows(self) -> Rows:
        """The rows for a jail, their columns called as they are called here: SQL goes by the short ids as well."""
        columns = {self.id(n): c.model_copy(update={"name": self.id(n)}) for n, c in self.columns.items()}
        labels = ("boolean", "category")
        arrays = {
            self.id(n): self.rows.codes(n) if c.type in labels else self.rows.number(n) for n, c in self.columns.items()
        }
        return Rows(columns, arrays)

    def id(self, name: str) -> str:
        """A column as it is called here: by its name, or by a short id where that is long or not plain."""
        return self.ids.get(name, name if name in self.columns else cleaned(name))

    def masked(self, text: str, said: str = "") -> str:
        """A text without what may not be told: hidden labels, unless `said` holds them, and names that have an id."""
        for name, short in self.ids.items():
            text = text.replace(shortened(name), f"`{short}`").replace(name, short)
        for column in self.columns.values():
            if column.type == "number":
                continue
            told = {level for level, _ in self.levels(column)}
            for level in column.levels:
                if level in text and (level not in told or cleaned(level) != level):
                    text = _without(text, level, said, cleaned(level) if level in told else _RARE)
        return text


def _without(text: str, level: str, said: str, instead: str) -> str:
    """The text with a label replaced where it stands as a word of its own; a short one only where it is quoted."""
    if level in said and instead == _RARE:
        return text
    around = ("(?<!\\w)", "(?!\\w)") if len(level) >= _SHORT else ("(?<=[`'\"])", "(?=[`'\"])")
    return re.sub(f"{around[0]}{re.escape(level)}{around[1]}", lambda _: instead, text)


def _short_ids(columns: Mapping[str, Column]) -> dict[str, str]:
    """A short id for each column whose name is long or holds what does not print: its place in the table."""
    taken = {n.casefold() for n in columns}
    # A table whose names are c1, c2 … gets another stem, so that an id never is the name of another column.
    stem = "c" if not any(f"c{at}" in taken for at in range(1, len(columns) + 1)) else "the_column_"
    places = {name: at for at, name in enumerate(columns, 1)}
    unplain = [n for n in columns if len(n) > _LONG_NAME or cleaned(n) != n or "`" in n]
    return {name: f"{stem}{places[name]}" for name in sorted(unplain, key=lambda n: (-len(n), n))}
