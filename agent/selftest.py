"""The self test: the user's own table, shuffled many times, through the same settings; what would have been certified?

Knows how the table is laid out for the runs and how their results are told. Must never touch the user's ledger.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..tools.data.dataset import Dataset, open_dataset
from ..tools.data.independence import Unit, choose_unit
from ..tools.data.readers_binary import quoted
from ..tools.data.schema import Limits
from ..tools.data.shuffle import stretch_of
from ..tools.errors import DataError, UsageError
from ..tools.explore.dependence import is_certified, upper_share
from ..tools.value import Value
from ..tools.verify.policy import make_rule
from .folders import run_folder
from .report.words import many
from .sealing import Progress
from .shuffled_runs import JOB, TABLE, Job, Run, in_processes, one_run, read_table

_SHOWN = 5
_ORDER = "place in the file"


def selftest(
    source: object,
    *,
    runs: int = 100,
    seed: int = 1,
    processes: int = 2,
    outcome: str | None = None,
    about: Sequence[str] = (),
    entity: str | None = None,
    time: str | None = None,
    table: str | None = None,
    name: str | None = None,
    alpha: float = 0.05,
    strict: bool = False,
    smallest_effects: Mapping[str, float] | None = None,
    one_shot: bool = False,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> "SelfTest":
    """How often anything is verified in shuffled copies of a table, in which nothing is related to anything.

    Each copy goes through the whole of `explain` with the same settings and a ledger that is thrown away; the ledger
    of the table itself is neither read nor written. Rows that belong together are shuffled together; see `null` of the
    result for how.

    Args:
        source: As for `explain`.
        runs: Shuffled copies.
        seed: Seed of the shuffles; the result is a function of table, settings and seed.
        processes: Copies tried at once, each in a process of its own.
        outcome: As for `explain`.
        about: As for `explain`.
        entity: As for `explain`.
        time: As for `explain`.
        table: As for `explain`.
        name: As for `explain`.
        alpha: As for `explain`.
        strict: As for `explain`.
        smallest_effects: As for `explain`.
        one_shot: As for `explain`.
        limits: As for `explain`.
        progress: Called with one line at the start, with how long it will take, and after each run.

    Returns:
        The counts, with a text, JSON and a page fragment.

    Raises:
        DataError: if the source cannot be read.
        UsageError: if an option cannot be used.
    """
    if runs < 1 or processes < 1:
        raise UsageError(f"`runs` and `processes` must be 1 or more. Got {runs!r} and {processes!r} instead.")
    make_rule(alpha=alpha, strict=strict, smallest_effects=smallest_effects)
    options = {
        "outcome": outcome, "about": list(about), "alpha": alpha, "strict": strict, "one_shot": one_shot,
        "smallest_effects": dict(smallest_effects or {}),
    }  # fmt: skip
    say = progress or (lambda _: None)
    with run_folder() as folder:
        say("Reading the data")
        with open_dataset(source, table=table, name=name, limits=limits or Limits(), folder=folder / "opened") as data:
            _check_columns(data, [*([outcome] if outcome else []), *about])
            unit, rows = choose_unit(data, entity=entity, time=time), data.rows
            job, columns = _laid_out(data, folder, unit, options, seed)
        done = _done(job, folder, runs, processes, say)
    return _told(job, unit, rows, columns, done, alpha)


def _check_columns(data: Dataset, wanted: Sequence[str]) -> None:
    known = [c.name for c in data.columns if c.analysed]
    unknown = next((name for name in wanted if name not in known), None)
    if unknown is not None:
        raise UsageError(f"Column {unknown!r} is not in '{data.name}'. Columns: {', '.join(map(repr, known[:20]))}.")


def _laid_out(data: Dataset, folder: Path, unit: Unit, options: dict[str, Any], seed: int) -> tuple[Job, int]:
    """Lay the analysed columns, typed and in the order of time, into the folder for the runs."""
    used = [c.name for c in data.columns if c.analysed and not c.derived_from]
    if len(used) < 2:
        raise DataError(
            f"'{data.name}' has fewer than two columns that can be analysed: nothing can be related in it. "
            "`heldout explain` says why each column is left out."
        )
    key = [unit.key] if unit.key and unit.key not in used else []
    select = ", ".join(quoted(name) for name in [*key, *used])
    clock = unit.key if unit.kind == "time" else None
    if unit.kind == "time" and clock is None:
        clock = _ORDER  # the order of the file, as a column that the runs can be told of
        select += f", _row AS {quoted(_ORDER)}"
    order = f"{quoted(unit.key)}, _row" if unit.kind == "time" and unit.key else "_row"
    place = str(folder / TABLE).replace("'", "''")
    data.cursor().execute(f"COPY (SELECT {select} FROM data ORDER BY {order}) TO '{place}' (FORMAT parquet)")
    job = Job(
        name=data.name, seed=seed * 1_000_003, entity=unit.key if unit.kind == "entity" else None, time=clock,
        stretch=stretch_of(data.rows) if unit.kind == "time" else None, options=options,
    )  # fmt: skip
    (folder / JOB).write_text(job.canonical(), encoding="utf-8")
    return job, len(used)


def _done(job: Job, folder: Path, runs: int, processes: int, say: Progress) -> list[Run]:
    """Every run: the first here, to know how long one takes, the others in processes."""
    say(f"Trying the first of {runs} shuffled copies")
    done = [one_run(job, read_table(folder), 0, folder)]
    left = runs - 1
    if not left:
        return done
    seconds = done[0].seconds * left / min(processes, left)
    say(f"One copy took {done[0].seconds:.1f} s: {left} more on {min(processes, left)} processes take {_span(seconds)}")

    def heard(run: Run) -> None:
        done.append(run)
        found = sum(bool(r.verified or r.error) for r in done)
        say(f"{len(done)} of {runs} shuffled copies, {found} with anything verified")

    in_processes(folder, range(1, runs), processes, heard)
    return sorted(done, key=lambda r: r.run)


def _span(seconds: float) -> str:
    return f"about {seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"


class SelfTest(Value):
    """How many shuffled copies of a table had anything verified."""

    name: str
    rows: int
    columns: int
    runs: int
    with_any: int
    """Copies in which anything was verified; a copy that failed counts as one."""
    upper: float
    """The exact one-sided 95 % upper bound of their share."""
    found: int
    """False findings of all copies together."""
    committed: int
    """Hypotheses of all copies together."""
    alpha: float
    null: str
    """How the copies were shuffled."""
    related: int
    """Pairs of columns of the copies that look related at .05."""
    pairs: int
    certified: bool
    """Whether the shuffle left no more related pairs than chance explains."""
    examples: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether the runs agree with the promise: the lower bound of the share does not exceed alpha."""
        lower = 1 - upper_share(self.runs - self.with_any, self.runs)
        return lower <= self.alpha

    def to_json(self) -> str:
        """The counts as JSON with sorted keys."""
        return json.dumps({**self.as_json(), "kept": self.kept}, sort_keys=True, indent=2, ensure_ascii=False)

    def to_text(self) -> str:
        """The counts as a few lines of plain text."""
        return "\n".join(self.lines())

    def lines(self) -> tuple[str, ...]:
        """The statements of the self test, one a line."""
        what = "1 run" if self.with_any == 1 else f"{self.with_any} runs"
        copies = "1 shuffled copy" if self.runs == 1 else f"{self.runs} shuffled copies"
        lines = [
            f"{self.name}: {many(self.rows, 'row')}, {many(self.columns, 'column')}.",
            f"In {copies} {what} had any verified finding (upper 95 % bound {100 * self.upper:.1f} %; the promise is "
            f"at most {100 * self.alpha:g} %).",
            f"{many(self.committed, 'hypothesis was', 'hypotheses were')} tested in them, {self.found:,} verified.",
            self.null,
            self._check(),
        ]
        if not self.committed:
            lines.insert(3, "Nothing in them looked worth a hypothesis, so the tests themselves were hardly tried.")
        if self.kept and self.upper > self.alpha:
            lines.insert(2, "So few copies bound it no closer: raise `--runs`.")
        if not self.kept:
            lines.append("That is more than the promise allows: do not rely on these settings for this table.")
        lines += [f"Found in a shuffled copy: {text.replace('`', '')}" for text in self.examples]
        return (*lines, *(f"Failed: {text}" for text in self.errors))

    def _check(self) -> str:
        if not self.pairs:
            return "Too few rows to check by pairs of columns that the shuffle left nothing related."
        text = f"{self.related:,} of {self.pairs:,} pairs of shuffled columns look related at the 5 % level"
        if self.certified:
            return f"{text}: no more than chance, so nothing was left to be found."
        return f"{text}: more than chance, so the copies may still hold relations and prove nothing."

    def __repr__(self) -> str:
        return f"<SelfTest {self.name}: {self.with_any} of {self.runs} shuffled copies with any verified finding>"

    def __str__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        from html import escape

        return "".join(f"<p>{escape(line)}</p>" for line in self.lines())


_NULLS = {
    "row": (
        "Every column was shuffled over the rows on its own: all values are kept, all relations are gone. So is any "
        "likeness of rows that belong together: if there is one, name it with `--entity` or `--time`."
    ),
    "entity": (
        "Column by column, each `{key}` was given the values of another one in a new order: rows of one `{key}` stay "
        "alike, relations between columns are gone."
    ),
    "time": (
        "Column by column, stretches of {stretch} neighbouring rows were dealt out anew and each was turned by a "
        "random amount: neighbours stay alike, relations between columns and courses over time are gone."
    ),
}


def _told(job: Job, unit: Unit, rows: int, columns: int, done: Sequence[Run], alpha: float) -> SelfTest:
    hits = sum(bool(r.verified or r.error) for r in done)
    related, pairs = sum(r.related for r in done), sum(r.pairs for r in done)
    return SelfTest(
        name=job.name,
        rows=rows,
        columns=columns,
        runs=len(done),
        with_any=hits,
        upper=upper_share(hits, len(done)),
        found=sum(len(r.verified) for r in done),
        committed=sum(r.committed for r in done),
        alpha=alpha,
        null=_NULLS[unit.kind].format(key=unit.key, stretch=job.stretch).replace("`", ""),
        related=related,
        pairs=pairs,
        certified=is_certified(related, pairs),
        examples=tuple(text for r in done for text in r.verified)[:_SHOWN],
        errors=tuple(sorted({r.error for r in done if r.error})),
    )
