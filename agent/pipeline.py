"""The main job, stage by stage: load, seal, explore, draft, commit, verify, reveal, report.

Knows the order of the stages and what passes between them. Must never compute a statistic itself, and must
never hold a sealed row before its batch stands in the ledger.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from ..tools.data.rows import Rows
from ..tools.data.schema import Limits
from ..tools.data.split import Plan, SealedSplit
from ..tools.errors import NoVaultLeft, UsageError
from ..tools.explore.structure import structural_pairs
from ..tools.verify.exposures import Exposure, covering, exposures
from ..tools.verify.hypothesis import Hypothesis
from ..tools.verify.ledger import Ledger
from ..tools.verify.policy import make_rule
from ..tools.verify.sessions import Receipt, Session, next_vault, sessions
from ..tools.verify.verify import Judged, burnt_rows, verify
from .closed import enumerate_closed
from .commitment import announcement, committed, frozen_batch, request_of, standing
from .draft import Batch, Draft, draft_by_rule
from .embedding import embedder_for
from .exposure import placed
from .folders import run_folder
from .looking import look_at, timed
from .marks import make_marks, with_codes
from .model_settings import Modelling, ModelSettings
from .modelling import Proposed, after_verdicts, part_of, propose, recorded, with_answers, worded
from .outlook import Focus
from .privacy import Privacy
from .quoting import Disclosed, disclosed, with_examples
from .report.explanation import Explanation
from .report.reproduce import reproduce_text
from .sealing import How, Progress, how_of, left_out_of, sealed_and_held
from .spent import known_before, known_from, show_command
from .summary import Explored, Opened, Settings, summarise
from .usage import ModelUsage


class Ran(NamedTuple):
    """What a run leaves while its files still stand, for whoever learns more from the rows that are open by then."""

    opened: Opened
    split: SealedSplit
    book: Ledger
    explored: Explored
    judged: Judged | None = None
    receipt: Receipt | None = None
    """None where no vault was opened."""


Keep = Callable[[Ran], None]


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
    text: Sequence[str] | str = (),
    quotes: bool = True,
    model: ModelSettings | str | None = None,
    embeddings: str | None = None,
    privacy: Privacy | None = None,
    ledger: str | Path | None = None,
    limits: Limits | None = None,
    threads: int = 2,
    progress: Progress | None = None,
) -> Explanation:
    """A report on a table whose findings were verified on rows that nothing had looked at.

    Args:
        source: A file (CSV, TSV, JSON lines, Parquet, Excel, SQLite, DuckDB), a folder of text files, a pandas
            DataFrame, an Arrow table, a mapping of columns or a list of documents. Several tables: a list of files or
            frames, or a mapping from names to them.
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
        text: Columns to be read as text, whatever their cells look like, such as a column of names.
        quotes: Whether the report and its files may hold documents or pieces of them; without, terms and figures alone.
        model: A language model that drafts beside the rules and words the summary, such as `openai:gpt-4.1` or a
            `ModelSettings`. It sees exploration rows alone, as its privacy mode allows, and decides nothing.
        embeddings: What places documents where themes are sought: `local`, the model of the extra `embeddings`, or
            `openai:NAME`, an OpenAI-compatible endpoint, which is sent redacted documents. Their words by default.
        privacy: What may be told where no model is named; by default the model's mode, else `profile`.
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
    how, settings = described(
        outcome=outcome, about=about, causes=causes, consequences=consequences, later=later, entity=entity, time=time,
        table=table, tables=tables, root=root, grain=grain, links=links, name=name, alpha=alpha, strict=strict,
        smallest_effects=smallest_effects, one_shot=one_shot, explore_only=explore_only, keep_counts=keep_counts,
        text=text, quotes=quotes, model=model, limits=limits, threads=threads, embeddings=embeddings, privacy=privacy,
    )  # fmt: skip
    return run(source, how, settings, ledger, progress)


def described(
    *,
    outcome: str | None = None,
    about: Sequence[str] = (),
    causes: Sequence[str] = (),
    consequences: Sequence[str] = (),
    later: Sequence[str] = (),
    explore_only: bool = False,
    quotes: bool = True,
    model: ModelSettings | str | None = None,
    embeddings: str | None = None,
    privacy: Privacy | None = None,
    show: bool = False,
    threads: int = 2,
    alpha: float = 0.05,
    strict: bool = False,
    smallest_effects: Mapping[str, float] | None = None,
    **reading: Any,
) -> tuple[How, Settings]:
    """The options of `explain`, checked: how the source is read, and what is asked of it."""
    asked = ModelSettings(model) if isinstance(model, str) else model
    if asked is not None and explore_only:
        raise UsageError(
            "With `--explore-only` no model is asked: it proposes and words what is tested. Leave one out."
        )
    settings = Settings(
        make_rule(alpha=alpha, strict=strict, smallest_effects=smallest_effects),
        Focus(outcome, tuple(sorted(set(about)))), explore_only, threads,
        marks=make_marks(causes, consequences, later), modelling=None if asked is None else Modelling(asked, show),
        quotes=quotes, embedder=embedder_for(embeddings, asked, privacy),
    )  # fmt: skip
    return how_of(**reading), settings


def run(
    source: object, how: How, settings: Settings, ledger: str | Path | None, progress: Progress | None,
    keep: Keep | None = None,
) -> Explanation:  # fmt: skip
    """The whole job, whoever states the hypotheses; arguments and errors are those of `explain`.

    `keep` is called once the verdicts stand, before the files of the run are removed.
    """
    from threadpoolctl import threadpool_limits

    say, timing = progress or _silent, {}
    # The products of a claim are small: a second thread of the linear algebra costs more waiting than it saves.
    with run_folder() as folder, timed(timing, "total"), threadpool_limits(limits=1, user_api="blas"):
        with ExitStack() as held:
            with timed(timing, "open and seal"):
                opened, split, book = held.enter_context(sealed_and_held(source, how, settings, ledger, folder, say))
            try:
                return _run(opened, split, book, settings, say, timing, keep or _nothing)
            except NoVaultLeft as err:
                command = show_command(source, ledger, book.path, table=how.table, tables=how.joining.tables)
                told = [known_from(book, split.plan, settings)]
                if not told[0] or sessions(book, opened.fingerprint):
                    told.append(known_before(book, opened.fingerprint, settings, command))
                raise NoVaultLeft("\n".join([str(err), *filter(None, told)])) from err


def _run(
    opened: Opened, split: SealedSplit, book: Ledger, settings: Settings, say: Progress, timing: dict[str, float],
    keep: Keep,
) -> Explanation:  # fmt: skip
    """Everything after the seal, with the ledger held."""
    plan = split.plan
    if settings.explore_only or not (plan.vaults or plan.lineage):
        explored = look_at(_open_rows(split, book, opened.fingerprint), settings, say, timing)
        keep(Ran(opened, split, book, explored))
        return _report(opened, plan, book, settings, explored, None, Batch((), 0, 0), None, timing)
    closed = plan.kind == "none"
    request, known = request_of(settings, opened, closed), sessions(book, opened.fingerprint)
    session, shown = standing(known, request, settings, opened, closed), exposures(book, opened.fingerprint)
    number = session.vault if session else next_vault(plan, known, shown)
    explored = _explored(split, book, opened, settings, session, say, timing)
    batch, put = Batch((), 0, 0), Proposed()
    if settings.asking is not None:
        batch = frozen_batch(settings.asking, split, explored, session, request)
        if session is None:
            batch, _ = placed(settings.asking, batch, plan, known, shown)
    elif session is None:
        with timed(timing, "draft"):
            say("Drafting hypotheses")
            put = _proposed(split, opened, explored, settings, closed, request, say)
            batch = _draft(split, put.explored or explored, settings, number, closed, shown, put.hypotheses)
    if session is None and not batch.drafts:
        keep(Ran(opened, split, book, explored))
        return _report(opened, plan, book, settings, explored, None, batch, None, timing, usage=put.usage)
    session, claims, receipt = committed(
        book, opened, plan, settings.rule, request, session, batch,
        fixed=closed and settings.asking is None, model=recorded(batch, put.usage),
    )  # fmt: skip
    if session.opened and session.vault != number:  # another question came to a batch that was tested: see as it saw
        explored = _explored(split, book, opened, settings, session, say, timing)
    explored, judge = with_answers(settings.modelling, explored, claims, request, say)
    with timed(timing, "verify"):
        replayed = session.opened
        say(announcement(plan, receipt.vault, len(claims), replayed))
        marks = with_codes(settings.marks, split.columns.values(), settings.focus)
        judged = verify(
            split, book, receipt, claims, None if closed else explored.rows,
            marks=marks, structural=structural_pairs(explored.structure), aids=explored.aids,
        )  # fmt: skip
    batch = batch._replace(drafted=session.drafted, deduplicated=session.drafted - len(claims))
    if closed:
        explored = look_at(burnt_rows(split, book, opened.fingerprint, before=number + 1)[0], settings, say, timing)
    burnt = disclosed(split, book, receipt, claims, explored.aids, quotes=settings.quotes)
    usage, drafted_by = part_of(session)
    opened_rows = None if closed else burnt_rows(split, book, opened.fingerprint, before=receipt.vault + 1)[-1]
    usage, texts = after_verdicts(settings, explored, opened_rows, usage, judge, request, say)
    explored = explored._replace(texts=texts)
    keep(Ran(opened, split, book, explored, judged, receipt))
    return _report(
        opened, plan, book, settings, explored, judged, batch, receipt.session, timing, replayed=replayed, burnt=burnt,
        usage=usage, drafted_by=drafted_by, request=request, say=say,
    )  # fmt: skip


def _explored(
    split: SealedSplit, book: Ledger, opened: Opened, settings: Settings, session: Session | None, say: Progress,
    timing: dict[str, float],
) -> Explored:  # fmt: skip
    """What is seen before a vault is opened, or was when `session` stands; nothing of a table too small to be split."""
    if split.plan.kind == "none":
        return Explored(Rows({}, {}))
    rows = Rows.joined([split.explore(), *burnt_rows(split, book, opened.fingerprint, session=session)])
    return look_at(rows, settings, say, timing)


def _proposed(
    split: SealedSplit,
    opened: Opened,
    explored: Explored,
    settings: Settings,
    closed: bool,
    request: str,
    say: Progress,
) -> Proposed:
    """What a language model puts forward; nothing where none was asked, or a closed family leaves nothing to draft."""
    if settings.modelling is None or closed:
        if settings.modelling is not None:
            say(f"Too few rows to be divided: {settings.modelling.settings.name} is not asked")
        return Proposed()
    return propose(settings.modelling, explored, settings.focus, left_out_of(opened, split), request, say)


def _draft(
    split: SealedSplit, explored: Explored, settings: Settings, number: int, closed: bool, shown: Sequence[Exposure],
    proposed: Sequence[Hypothesis] = (),
) -> Batch:  # fmt: skip
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
        proposed=proposed,
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
    burnt: Disclosed | None = None,
    usage: ModelUsage | None = None,
    drafted_by: Mapping[str, str] | None = None,
    request: str = "",
    say: Progress | None = None,
) -> Explanation:
    """The result of the run with its renderers; `burnt`: the rows that were opened, laid beside the report."""
    result = summarise(
        opened, plan, book, settings, explored, judged, batch, session, timing, usage, drafted_by
    )  # fmt: skip
    if burnt is not None:
        result = with_examples(result, burnt.texts)
    if settings.modelling is not None and request:
        result = worded(settings.modelling, result, request, say or _silent, explored.rows)
    return Explanation(
        result,
        replayed=replayed,
        ledger_text=book.text(opened.fingerprint),
        reproduce_text=reproduce_text() if burnt else "",
        attachments=burnt.files if burnt else None,
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


def _silent(_: str) -> None:
    return None


def _nothing(_: Ran) -> None:
    return None
