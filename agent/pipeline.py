"""The main job, stage by stage: load, seal, explore, draft, commit, verify, reveal, report.

Knows the order of the stages and what passes between them. Must never compute a statistic itself, and must
never hold a sealed row before its batch stands in the ledger.
"""

import time as clock
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ..tools.data.dataset import Dataset
from ..tools.data.rows import Rows
from ..tools.data.schema import Limits
from ..tools.data.split import Plan, SealedSplit, seal
from ..tools.data.tables import open_source
from ..tools.data.tables_schema import Joining
from ..tools.data.whole import write_whole
from ..tools.errors import NoVaultLeft, UsageError
from ..tools.explore.profile import profile_rows
from ..tools.explore.quality import find_quality
from ..tools.explore.scan import scan_pairs
from ..tools.explore.structure import find_structure, structural_pairs
from ..tools.verify.disclosure import burnt_table
from ..tools.verify.exposures import Exposure, covering, exposures
from ..tools.verify.ledger import Ledger
from ..tools.verify.policy import make_rule
from ..tools.verify.sessions import Session, next_vault, record_seal, sessions
from ..tools.verify.verify import Judged, burnt_rows, verify
from .closed import enumerate_closed
from .commitment import announcement, committed, frozen_batch, request_of, standing
from .draft import Batch, Draft, draft_by_rule
from .exposure import placed
from .folders import run_folder
from .marks import check_named, make_marks, with_codes
from .outlook import Focus
from .propose_segments import segments_of
from .report.explanation import Explanation
from .report.reproduce import reproduce_text
from .spent import known_before, show_command
from .summary import Explored, Opened, Settings, summarise

Progress = Callable[[str], None]


def explain(
    source: object,
    *,
    outcome: str | None = None,
    about: Sequence[str] = (),
    causes: Sequence[str] = (),
    consequences: Sequence[str] = (),
    later: Sequence[str] = (),
    entity: str | None = None,
    time: str | None = None,
    table: str | None = None,
    tables: Sequence[str] = (),
    root: str | None = None,
    grain: str | None = None,
    links: Sequence[str] = (),
    name: str | None = None,
    alpha: float = 0.05,
    strict: bool = False,
    smallest_effects: Mapping[str, float] | None = None,
    one_shot: bool = False,
    explore_only: bool = False,
    keep_counts: bool = False,
    ledger: str | Path | None = None,
    limits: Limits | None = None,
    threads: int = 2,
    progress: Progress | None = None,
) -> Explanation:
    """A report on a table whose findings were verified on rows that nothing had looked at.

    Args:
        source: A file (CSV, TSV, JSON lines, Parquet, Excel, SQLite, DuckDB), a pandas DataFrame, an Arrow table
            or a mapping of columns. Several tables: a list of these or a mapping from names to them.
        outcome: The column to explain; every claim then has it as outcome.
        about: Columns of which at least one takes part in every claim.
        causes: Columns that come before what is looked at: always held fixed when verified claims are checked
            against the other columns.
        consequences: Columns that follow from what is looked at: never held fixed.
        later: Columns that were not known yet: never held fixed. These three change no claim and no verdict.
        entity: Column whose values are the units of independence (a customer, a patient).
        time: Column that orders rows which depend on their neighbours.
        table: Table or sheet, where the source holds several.
        tables: Tables of one database that are to be explained together.
        root: Of several tables the one whose rows are independent of each other; found out by default.
        grain: Of several tables the one whose rows are analysed; the root by default.
        links: Foreign keys between several tables, as `child.column=parent.column`; found out by default.
        name: Name of the data set in the report.
        alpha: Error level: share of false findings among the verified ones, or chance of any (`strict`).
        strict: Control the chance of any false finding (Holm) instead of their share (session-LOND).
        smallest_effects: Smallest effects of interest by family, on each family's scale.
        one_shot: Spend the whole budget on this batch: one vault.
        explore_only: Look at the exploration rows without verdicts; spends nothing.
        keep_counts: Read a cross-tabulation as it stands instead of one row a counted unit.
        ledger: File that records what was spent; by default one a data set in the user's data folder.
        limits: Bounds on what is read.
        threads: Threads for reading and scanning; the report does not depend on it.
        progress: Called with one line at the start of each stage.

    Returns:
        The explanation: `.findings`, `.table()`, `.to_html()`, `.to_markdown()`, `.to_json()`, `.save(folder)`.

    Raises:
        DataError: if the source cannot be read.
        UsageError: if an option names what the data do not have.
        NoVaultLeft: if every sealed portion of these data is spent.
        LedgerError: if the ledger stands in the way.
    """
    rule = make_rule(alpha=alpha, strict=strict, smallest_effects=smallest_effects)
    marks = make_marks(causes, consequences, later)
    settings = Settings(rule, Focus(outcome, tuple(sorted(set(about)))), explore_only, threads, marks=marks)
    joining = joining_of(tables, root, grain, links, entity)
    how = How(table, name, limits or Limits(), entity, time, one_shot, joining, keep_counts)
    return run(source, how, settings, ledger, progress)


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


def run(
    source: object, how: How, settings: Settings, ledger: str | Path | None, progress: Progress | None
) -> Explanation:
    """The whole job, whoever states the hypotheses; arguments and errors are those of `explain`."""
    from threadpoolctl import threadpool_limits

    say, timing = progress or _silent, {}
    # The products of a claim are small: a second thread of the linear algebra costs more waiting than it saves.
    with run_folder() as folder, _timed(timing, "total"), threadpool_limits(limits=1, user_api="blas"):
        with _timed(timing, "open and seal"):
            opened, split = sealed(source, how, settings, folder, say)
        book = Ledger(Path(ledger) if ledger is not None else default_ledger(opened.fingerprint))
        with book.locked():
            try:
                return _run(opened, split, book, settings, say, timing)
            except NoVaultLeft as err:
                command = show_command(source, ledger, book.path, table=how.table, tables=how.joining.tables)
                told = known_before(book, opened.fingerprint, settings, command)
                raise NoVaultLeft(f"{err}\n{told}") from err


def sealed(
    source: object, how: How, settings: Settings, folder: Path, say: Progress, whole: Path | None = None
) -> tuple[Opened, SealedSplit]:
    """The table read, checked against what was asked, and sealed into `folder`; nothing is recorded yet.

    `whole` is a file for all of its rows, from which facts are answered.
    """
    say("Reading the data")
    with open_source(
        source, table=how.table, joining=how.joining, name=how.name, limits=how.limits, folder=folder / "opened",
        threads=settings.threads, keep_counts=how.keep_counts,
    ) as data:  # fmt: skip
        opened = _remember(data)
        check_named(settings.focus, settings.marks, opened)
        say(f"Sealing rows of {opened.name}: {opened.rows:,} rows, {len(opened.columns)} columns")
        split = seal(data, folder, entity=how.entity, time=how.time, one_shot=how.one_shot)
        if whole is not None:
            write_whole(data, whole)
    if settings.asking is not None:
        settings.asking.understand(split.columns, left_out_of(opened, split))
    return opened, split


def left_out_of(opened: Opened, split: SealedSplit) -> dict[str, str]:
    """Why each column that no claim may name is not analysed."""
    reasons = {n.column: n.text for n in opened.notes if n.kind == "left_out" and n.column}
    reasons |= {split.plan.key: "it names the unit of independence."} if split.plan.key else {}
    return {c.name: reasons.get(c.name, f"it is {c.type}.") for c in opened.columns if c.name not in split.columns}


def default_ledger(fingerprint: str) -> Path:
    """The ledger of one data set in the user's data folder (`HELDOUT_HOME` names another folder)."""
    import os

    home = os.environ.get("HELDOUT_HOME")
    if home:
        return Path(home) / "ledgers" / f"{fingerprint[:16]}.jsonl"
    from platformdirs import user_data_path

    return user_data_path("heldout", appauthor=False) / "ledgers" / f"{fingerprint[:16]}.jsonl"


def _run(
    opened: Opened, split: SealedSplit, book: Ledger, settings: Settings, say: Progress, timing: dict[str, float]
) -> Explanation:
    """Everything after the seal, with the ledger held."""
    plan = record_seal(book, opened.fingerprint, split.plan)
    split.plan = plan
    if not plan.vaults or settings.explore_only:
        explored = look_at(_open_rows(split, book, opened.fingerprint), settings, say, timing)
        return _report(opened, plan, book, settings, explored, None, Batch((), 0, 0), None, timing)
    closed = plan.kind == "none"
    request, known = request_of(settings, opened, closed), sessions(book, opened.fingerprint)
    session, shown = standing(known, request, settings, opened, closed), exposures(book, opened.fingerprint)
    number = session.vault if session else next_vault(plan, known, shown)
    explored = _explored(split, book, opened, settings, session, say, timing)
    batch = Batch((), 0, 0)
    if settings.asking is not None:
        batch = frozen_batch(settings.asking, split, explored, session, request)
        if session is None:
            batch, _ = placed(settings.asking, batch, plan, known, shown)
    elif session is None:
        with _timed(timing, "draft"):
            say("Drafting hypotheses")
            batch = _draft(split, explored, settings, number, closed, shown)
    if session is None and not batch.drafts:
        return _report(opened, plan, book, settings, explored, None, batch, None, timing)
    session, claims, receipt = committed(
        book, opened, plan, settings.rule, request, session, batch, fixed=closed and settings.asking is None
    )
    if session.opened and session.vault != number:  # another question came to a batch that was tested: see as it saw
        explored = _explored(split, book, opened, settings, session, say, timing)
    with _timed(timing, "verify"):
        replayed = session.opened
        say(announcement(plan, receipt.vault, len(claims), replayed))
        marks = with_codes(settings.marks, split.columns.values(), settings.focus)
        judged = verify(
            split, book, receipt, claims, None if closed else explored.rows,
            marks=marks, structural=structural_pairs(explored.structure),
        )  # fmt: skip
    batch = batch._replace(drafted=session.drafted, deduplicated=session.drafted - len(claims))
    if closed:
        explored = look_at(burnt_rows(split, book, opened.fingerprint, before=number + 1)[0], settings, say, timing)
    names = {name for h in claims for name in h.columns}
    burnt = burnt_table(split, book, receipt, names)
    return _report(
        opened, plan, book, settings, explored, judged, batch, receipt.session, timing, replayed=replayed, burnt=burnt
    )


def _explored(
    split: SealedSplit, book: Ledger, opened: Opened, settings: Settings, session: Session | None, say: Progress,
    timing: dict[str, float],
) -> Explored:  # fmt: skip
    """What is seen before a vault is opened, or was when `session` stands; nothing of a table too small to be split."""
    if split.plan.kind == "none":
        return Explored(Rows({}, {}))
    rows = Rows.joined([split.explore(), *burnt_rows(split, book, opened.fingerprint, session=session)])
    return look_at(rows, settings, say, timing)


def look_at(rows: Rows, settings: Settings, say: Progress, timing: dict[str, float]) -> Explored:
    """What exploration rows show: structure, profile and leads."""
    with _timed(timing, "explore"):
        say(f"Exploring {rows.n:,} rows")
        structure = find_structure(rows)
        profile = profile_rows(rows)
        quality = find_quality(rows, structure)
        leads = scan_pairs(rows, threads=settings.threads)
        return Explored(rows, profile, leads, structure, segments_of(rows, structure, settings.focus), quality)


def _draft(
    split: SealedSplit, explored: Explored, settings: Settings, number: int, closed: bool, shown: Sequence[Exposure]
) -> Batch:
    if closed:
        claims = enumerate_closed(list(split.columns.values()))
        return Batch(tuple(Draft(h, 0.0) for h in claims), len(claims), 0)
    vault = next(v for v in split.plan.vaults if v.number == number)
    return draft_by_rule(
        explored.rows,
        explored.leads,
        explored.structure,
        settings.rule,
        settings.focus,
        held_out_units=vault.rows if split.plan.kind == "row" else vault.units,
        weight=vault.weight,
        segments=explored.segments,
        set_aside=lambda h: covering(h, shown, number) is not None,
    )


def _report(
    opened: Opened,
    plan: Plan,
    book: Ledger,
    settings: Settings,
    explored: Explored,
    judged: Judged | None,
    batch: Batch,
    session: int | None,
    timing: dict[str, float],
    *,
    replayed: bool = False,
    burnt: bytes = b"",
) -> Explanation:
    """The result of the run with its renderers; `burnt`: the rows that were opened, laid beside the report."""
    result = summarise(opened, plan, book, settings, explored, judged, batch, session, timing)
    return Explanation(
        result,
        replayed=replayed,
        ledger_text=book.text(opened.fingerprint),
        reproduce_text=reproduce_text() if burnt else "",
        attachments={"held_out.parquet": burnt} if burnt else None,
    )


def _remember(data: Dataset) -> Opened:
    return Opened(
        data.name, data.fingerprint, data.rows, tuple(data.columns), tuple(data.notes), data.duplicates, data.tables
    )


def _open_rows(split: SealedSplit, book: Ledger, dataset: str) -> Rows:
    """Every row that may be looked at: the exploration rows and those of burnt vaults.

    Raises:
        UsageError: for a small table whose one closed family was not tested yet: all of its rows are sealed.
    """
    parts = [split.explore()] if split.plan.exploration_rows else []
    parts += burnt_rows(split, book, dataset)
    if parts:
        return Rows.joined(parts)
    raise UsageError(
        f"With {split.plan.rows:,} rows nothing is split, so there are no exploration rows to look at alone. "
        "Run without `--explore-only`: the closed family is tested once and costs nothing to see again."
    )


@contextmanager
def _timed(timing: dict[str, float], stage: str) -> Iterator[None]:
    start = clock.perf_counter()
    try:
        yield
    finally:
        timing[stage] = timing.get(stage, 0.0) + clock.perf_counter() - start


def _silent(_: str) -> None:
    return None
