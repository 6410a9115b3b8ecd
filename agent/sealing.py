"""How a source is read and sealed: the steps before anything is looked at, and where a data set's ledger lies.

Knows a source, what was declared of it, and a folder. Must never look at a row, nor know what will be asked.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from ..tools.data.dataset import Dataset
from ..tools.data.schema import Limits
from ..tools.data.split import SealedSplit, seal
from ..tools.data.tables import open_source
from ..tools.data.tables_schema import Joining
from ..tools.data.whole import write_whole
from ..tools.value import counted
from .folders import user_folder
from .marks import check_named
from .summary import Opened, Settings

Progress = Callable[[str], None]


def joining_of(
    tables: Sequence[str], root: str | None, grain: str | None, links: Sequence[str], entity: str | None
) -> Joining:
    """What was declared about several tables."""
    return Joining(tables=tuple(tables), root=root, grain=grain, links=tuple(links), entity=entity)


class How(NamedTuple):
    """How a source is read and sealed."""

    table: str | None = None
    name: str | None = None
    limits: Limits = Limits()
    entity: str | None = None
    time: str | None = None
    one_shot: bool = False
    joining: Joining = Joining()
    keep_counts: bool = False
    texts: tuple[str, ...] = ()
    typed: bool = False
    """Whether rows are sealed as they were opened as well: every column, for rules that are learned of them."""


def how_of(
    *,
    table: str | None = None,
    name: str | None = None,
    limits: Limits | None = None,
    entity: str | None = None,
    time: str | None = None,
    one_shot: bool = False,
    tables: Sequence[str] = (),
    root: str | None = None,
    grain: str | None = None,
    links: Sequence[str] = (),
    keep_counts: bool = False,
    text: Sequence[str] | str = (),
) -> How:
    """The options on reading and sealing as one value."""
    joining = joining_of(tables, root, grain, links, entity)
    return How(table, name, limits or Limits(), entity, time, one_shot, joining, keep_counts, texts_of(text))


def texts_of(text: Sequence[str] | str) -> tuple[str, ...]:
    """The columns that were declared as text: one name or several."""
    return (text,) if isinstance(text, str) else tuple(text)


def sealed(
    source: object, how: How, settings: Settings, folder: Path, say: Progress, whole: Path | None = None
) -> tuple[Opened, SealedSplit]:
    """The table read, checked against what was asked, and sealed into `folder`; nothing is recorded yet.

    `whole` is a file for all of its rows, from which facts are answered.
    """
    say("Reading the data")
    with open_source(
        source, table=how.table, joining=how.joining, name=how.name, limits=how.limits, folder=folder / "opened",
        threads=settings.threads, keep_counts=how.keep_counts, texts=how.texts,
    ) as data:  # fmt: skip
        opened = _remember(data)
        check_named(settings.focus, settings.marks, opened)
        size = f"{counted(opened.rows, 'row')}, {counted(len(opened.columns), 'column')}"
        say(f"Sealing rows of {opened.name}: {size}")
        split = seal(data, folder, entity=how.entity, time=how.time, one_shot=how.one_shot, typed=how.typed)
        if whole is not None:
            write_whole(data, whole)
    if settings.asking is not None:
        settings.asking.understand(split.columns, left_out_of(opened, split), list(split.texts))
    return opened, split


def left_out_of(opened: Opened, split: SealedSplit) -> dict[str, str]:
    """Why each column that no claim may name is not analysed."""
    reasons = {n.column: n.text for n in opened.notes if n.kind == "left_out" and n.column}
    reasons |= {split.plan.key: "it names the unit of independence."} if split.plan.key else {}
    texts = "it is text: name what is computed from it, such as `words of {}`."
    of = {c.name: texts.format(c.name) if c.type == "text" else f"it is {c.type}." for c in opened.columns}
    return {c.name: reasons.get(c.name, of[c.name]) for c in opened.columns if c.name not in split.columns}


def default_ledger(fingerprint: str) -> Path:
    """The ledger of one data set in the user's data folder (`HELDOUT_HOME` names another folder)."""
    return user_folder("ledgers") / f"{fingerprint[:16]}.jsonl"


def _remember(data: Dataset) -> Opened:
    return Opened(
        data.name, data.fingerprint, data.rows, tuple(data.columns), tuple(data.notes), data.duplicates, data.tables
    )
