"""The report of a run as one value: data set, split, policy, counts, findings, leads and ledger put together.

Knows what every stage returned. Must never compute a statistic, draft a claim or open a vault.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from ..tools.data.rows import Rows
from ..tools.data.schema import Column, Note
from ..tools.data.split import Plan, is_used
from ..tools.data.tables_schema import Tables
from ..tools.explore.check import Check
from ..tools.explore.constructed import constructed_pairs
from ..tools.explore.lead import Lead, Structure
from ..tools.explore.profile import ColumnProfile
from ..tools.explore.quality import repeated_rows
from ..tools.explore.segments import Segmentation
from ..tools.explore.structure import structural_pairs
from ..tools.text.embeddings import Embedder
from ..tools.text.evaluate import NO_AIDS, Aids
from ..tools.text.summary import TextSummary
from ..tools.verify.adjustment import Marks
from ..tools.verify.exposures import exposures
from ..tools.verify.families.rule_sides import words
from ..tools.verify.hypothesis import Condition
from ..tools.verify.ledger import Ledger
from ..tools.verify.policy import Rule
from ..tools.verify.sessions import Session, sessions
from ..tools.verify.texts import same_text_pairs
from ..tools.verify.verify import Judged
from .asking import Asking, asked_of
from .assemble import counts_of, findings_of, strong_leads, unit_of
from .draft import Batch
from .model_settings import Modelling
from .outlook import Focus
from .quoting import without_quotes
from .report.result import (
    Asked,
    ColumnSummary,
    DatasetSummary,
    KnownSummary,
    LedgerSummary,
    Policy,
    Result,
    SplitSummary,
    Tool,
    VaultSummary,
)
from .usage import ModelUsage

_LEADS_SHOWN = 30
ALONE = (
    "The texts were described and nothing was tested: no column beside them says of which kind each is. Put the files "
    "into a folder for each kind, put a year into their names, or give a table with a column beside the text. No vault "
    "was opened, so nothing was spent."
)


class Opened(NamedTuple):
    """What is kept of the data set once its rows are sealed."""

    name: str
    fingerprint: str
    rows: int
    columns: tuple
    notes: tuple[Note, ...]
    duplicates: int
    tables: Tables | None = None


class Explored(NamedTuple):
    """What the exploration rows showed."""

    rows: Rows
    profile: tuple[ColumnProfile, ...] = ()
    leads: tuple[Lead, ...] = ()
    structure: tuple[Structure, ...] = ()
    segments: Segmentation | None = None
    quality: tuple[Check, ...] = ()
    aids: Aids = NO_AIDS
    """Frozen models that properties of the texts need."""
    texts: tuple[TextSummary, ...] = ()


class Settings(NamedTuple):
    """What the user asked for, checked."""

    rule: Rule
    focus: Focus
    explore_only: bool
    threads: int
    asking: Asking | None = None
    """The user's own hypotheses, where they are what is to be verified."""
    marks: Marks = Marks()
    modelling: Modelling | None = None
    """The language model that drafts beside the rules and words the summary."""
    quotes: bool = True
    """Whether the report may hold documents, or pieces of them."""
    embedder: Embedder | None = None
    """What turns documents into vectors, where an endpoint was named for it."""


def summarise(
    opened: Opened,
    plan: Plan,
    book: Ledger,
    settings: Settings,
    explored: Explored,
    judged: Judged | None,
    batch: Batch,
    session: int | None,
    timing: dict[str, float],
    model: ModelUsage | None = None,
    drafted_by: Mapping[str, str] | None = None,
) -> Result:
    """The result of the run; everything but `timing` is a function of data, options and ledger."""
    n = len(explored.rows.columns)
    pairs = n * (n - 1) // 2
    leads = strong_leads(_open_leads(explored), pairs)
    sources = {d.hypothesis.content_id(): d.source for d in batch.drafts} | dict(drafted_by or {})
    focus = [settings.focus.outcome] if settings.focus.outcome else list(settings.focus.about)
    findings = (
        ()
        if judged is None
        else findings_of(
            judged.verdicts, explored.rows.columns, sources, focus, unit_of(plan), explored.rows, explored.structure
        )
    )
    return Result(
        tool=Tool(version=_version()),
        dataset=_dataset(opened, plan, explored.profile),
        tables=opened.tables,
        split=_split(plan, book, opened.fingerprint, session, _asked(settings, judged)),
        policy=Policy(
            alpha=settings.rule.alpha,
            control=settings.rule.control,
            method=settings.rule.method,
            smallest_effects=settings.rule.smallest_effects,
            refute_q=settings.rule.refute_q,
        ),
        counts=counts_of(findings, leads, pairs, batch.drafted, batch.deduplicated),
        structure=_told(explored),
        quality=(*repeated_rows(plan), *explored.quality),
        findings=findings,
        profile=tuple(p.as_json() for p in explored.profile),
        leads=tuple(x.as_json() for x in _worth_reading(leads, explored, settings.focus)[:_LEADS_SHOWN]),
        segments=_segments(explored.segments),
        text=explored.texts if settings.quotes else without_quotes(explored.texts),
        focus={"outcome": settings.focus.outcome, "about": list(settings.focus.about)},
        model=model,
        marks={name: list(getattr(settings.marks, name)) for name in ("causes", "consequences", "later")},
        asked=_asked(settings, judged),
        message=_message(
            plan,
            settings,
            judged,
            shown=bool(exposures(book, opened.fingerprint)),
            built=bool(_told(explored)),
            alone=_alone(explored.rows),
        ),
        ledger=LedgerSummary(
            head=book.head(opened.fingerprint), entries=len(book.entries(opened.fingerprint)), session=session
        ),
        timing={k: round(v, 3) for k, v in timing.items()},
    )


def _segments(found: Segmentation | None) -> tuple[dict, ...]:
    """Each segment with its rule in words; how well refits agree stands with each."""
    if found is None:
        return ()
    out = []
    for segment in found.segments:
        rule = words([Condition(column=t.column, op=t.op, value=t.value) for t in segment.terms])
        out.append(segment.as_json() | {"rule": rule, "agreement": found.agreement, "features": list(found.features)})
    return tuple(out)


def _asked(settings: Settings, judged: Judged | None) -> tuple[Asked, ...]:
    if settings.asking is None:
        return ()
    return asked_of(settings.asking.questions, () if judged is None else judged.verdicts)


def _open_leads(explored: Explored) -> list[Lead]:
    """The leads without pairs that go together because of how their columns were made from other tables."""
    made = [c for c in explored.rows.columns.values() if c.aggregate is not None]
    built = constructed_pairs(made, explored.structure)
    return [x for x in explored.leads if frozenset((x.a, x.b)) not in built]


def _worth_reading(leads: Sequence[Lead], explored: Explored, focus: Focus) -> list[Lead]:
    """The leads on what the user asked about, without pairs that only say how the table or one text is built."""
    built = structural_pairs(explored.structure) | same_text_pairs(explored.rows.columns.values())
    return [x for x in leads if frozenset((x.a, x.b)) not in built and focus.admits(x.a, x.b)]


def _told(explored: Explored) -> tuple[Structure, ...]:
    """The structure without what only says how columns were made from other tables."""
    made = {c.name for c in explored.rows.columns.values() if c.aggregate is not None}
    built = constructed_pairs(explored.rows.columns.values())
    return tuple(
        s for s in explored.structure
        if not (set(s.columns) <= made and all(frozenset(pair) in built for pair in combinations(s.columns, 2)))
    )  # fmt: skip


def _alone(rows: Rows) -> bool:
    """Whether there are texts and no column beside them that they could be compared by."""
    return bool(rows.texts) and all(c.computed is not None for c in rows.columns.values())


def _message(
    plan: Plan, settings: Settings, judged: Judged | None, *, shown: bool, built: bool, alone: bool
) -> str | None:
    if judged is not None:
        return None
    if not plan.vaults:
        return plan.reason
    if settings.explore_only:
        return "Exploration only: nothing was committed, no sealed row was read, and nothing below is verified."
    if settings.asking is not None:
        return "None of the hypotheses was committed. No vault was opened, so nothing was spent."
    if alone:
        return ALONE
    set_aside = "Claims on columns that an earlier answer showed from all rows were left out. " if shown else ""
    which = "No pair of columns that is not told under how the table is built" if built else "No pair of columns"
    return (
        f"{which} moved together enough on the exploration rows to be worth a claim. "
        f"{set_aside}No vault was opened, so nothing was spent."
    )


def _dataset(opened: Opened, plan: Plan, profile: Sequence[ColumnProfile]) -> DatasetSummary:
    seen = {p.name: p for p in profile}
    reasons = {n.column: n.text for n in opened.notes if n.kind == "left_out" and n.column}
    columns = []
    for c in opened.columns:
        role = _role(c, plan, reasons)
        own = seen.get(c.name)
        columns.append(
            ColumnSummary(
                name=c.name, type=c.type, unit=c.unit, role=role,
                missing=own.missing if own else c.missing, distinct=own.distinct if own else c.distinct,
            )
        )  # fmt: skip
    notes = [n for n in opened.notes if not (n.kind == "left_out" and n.column and n.column == plan.key)]
    if plan.copies or plan.near_copies:
        notes = [n for n in notes if "repeat an earlier row" not in n.text and "repeats an earlier row" not in n.text]
    if plan.warning:
        notes.append(Note(kind="warning", text=plan.warning))
    if plan.copies:
        notes.append(Note(kind="cleaned", text=_set_aside(plan.copies)))
    if plan.near_copies:
        notes.append(Note(kind="cleaned", text=_once(plan.near_copies)))
    return DatasetSummary(
        name=opened.name, fingerprint=opened.fingerprint, rows=opened.rows, columns=tuple(columns),
        duplicates=opened.duplicates, notes=tuple(notes),
    )  # fmt: skip


def _role(column: Column, plan: Plan, reasons: Mapping[str, str]) -> str:
    if is_used(column, plan):
        return "analysed"
    return "read as text" if column.type == "text" else reasons.get(column.name, "the unit of independence")


def _split(plan: Plan, book: Ledger, dataset: str, session: int | None, asked: tuple[Asked, ...]) -> SplitSummary:
    known = sessions(book, dataset)
    spent = {s.vault: _state(s) for s in known if s.opened}
    own = next((s for s in known if s.number == session), None)
    explored = own.after if own else [s.vault for s in known if s.burnt]
    vaults = []
    for v in plan.vaults:
        state = "opened" if v.number == session else spent.get(v.number, "sealed")
        fields = {"number": v.number, "rows": v.rows, "weight": v.weight, "state": state}
        fields["explored"] = v.number in explored
        vaults.append(VaultSummary.model_validate(fields))
    return SplitSummary(
        kind=plan.kind, key=plan.key, exploration_rows=plan.exploration_rows,
        held_out_rows=sum(v.rows for v in plan.vaults), vaults=tuple(vaults), units=plan.units,
        reason=_reason(plan, asked), known=_known(plan),
    )  # fmt: skip


def _state(session: Session) -> str:
    """What became of a vault that is spent."""
    if session.burnt:
        return "burnt"
    return "questioned" if session.handed is None else "handed"


def _known(plan: Plan) -> KnownSummary | None:
    """What was known of the rows from an earlier data set."""
    if plan.lineage is None:
        return None
    fields = {"dataset", "name", "generation", "new", "waiting"}
    return KnownSummary(units=plan.lineage.known, **plan.lineage.model_dump(include=fields))


def _reason(plan: Plan, asked: tuple[Asked, ...]) -> str:
    """The plan's reason; a small table that the user's own list was tested on was not listed pair by pair."""
    head, mark, _ = plan.reason.partition(" Every pair of columns was listed")
    if mark and any(a.state == "tested" for a in asked):
        return f"{head} The list that was stated is tested on all rows."
    return plan.reason


def _version() -> str:
    from heldout.version import __version__

    return __version__


def _set_aside(copies: int) -> str:
    if copies == 1:
        return "1 row repeats an earlier row exactly and was set aside, so that no row counts twice."
    return f"{copies:,} rows repeat an earlier row exactly and were set aside, so that no row counts twice."


def _once(copies: int) -> str:
    are, rest = ("row repeats", "it was") if copies == 1 else ("rows repeat", "they were")
    return f"{copies:,} {are} the text of another but for a few words; {rest} left out, so that each text counts once."
