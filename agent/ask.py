"""Verify the analyst's own hypotheses: the same job as `explain`, with the claims stated instead of drafted.

Knows the order of the stages by way of the pipeline, and what a question would cost. Must never compute a statistic
or read a sealed row.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from ..tools.data.rows import Rows
from ..tools.data.schema import Limits
from ..tools.data.split import Plan
from ..tools.errors import NoVaultLeft
from ..tools.value import Value
from ..tools.verify.exposures import exposures
from ..tools.verify.policy import make_rule
from ..tools.verify.sessions import Session, next_vault, sessions
from ..tools.verify.transcript import verified_claims
from ..tools.verify.verify import burnt_rows
from .asking import Asking, asked_of
from .claims_file import stated
from .commitment import frozen_batch, request_of, standing
from .exposure import placed
from .folders import run_folder
from .looking import look_at
from .marks import make_marks
from .outlook import Focus
from .pipeline import run
from .report.explanation import Explanation
from .report.result import Asked
from .report.words import many, plain
from .same import same_way
from .sealing import How, Progress, joining_of, sealed_unheld, texts_of
from .spent import show_command
from .summary import Explored, Settings


def verify(
    source: object,
    hypotheses: object,
    *,
    entity: str | None = None,
    time: str | None = None,
    table: str | None = None,
    tables: Sequence[str] = (),
    root: str | None = None,
    grain: str | None = None,
    links: Sequence[str] = (),
    causes: Sequence[str] = (),
    consequences: Sequence[str] = (),
    later: Sequence[str] = (),
    keep_counts: bool = False,
    text: Sequence[str] | str = (),
    quotes: bool = True,
    name: str | None = None,
    alpha: float = 0.05,
    strict: bool = False,
    smallest_effects: Mapping[str, float] | None = None,
    one_shot: bool = False,
    ledger: str | Path | None = None,
    limits: Limits | None = None,
    threads: int = 2,
    progress: Progress | None = None,
) -> Explanation:
    """A report on your own hypotheses, committed to the ledger and then tested on rows that nothing has looked at.

    They share one batch, its error budget and the next vault. The same hypotheses again, in any order, give the same
    report and spend nothing. The promise holds for hypotheses that were made without looking at these rows: what was
    read off them elsewhere is not undone by the seal.

    Args:
        source: A file (CSV, TSV, JSON lines, Parquet, Excel, SQLite, DuckDB), a pandas DataFrame, an Arrow table
            or a mapping of columns. Several tables: a list of these or a mapping from names to them.
        hypotheses: Sentences in the grammar's words, dicts (the JSON of the grammar) or its values, or the path of a
            YAML file of these; one of them or several, at most fifty.
        entity: Column whose values are the units of independence (a customer, a patient).
        time: Column that orders rows which depend on their neighbours.
        table: Table or sheet, where the source holds several.
        tables: Tables of one database that are to be taken together.
        root: Of several tables the one whose rows are independent of each other; found out by default.
        grain: Of several tables the one whose rows are analysed; the root by default.
        links: Foreign keys between several tables, as `child.column=parent.column`; found out by default.
        causes: Columns always held fixed when verified claims are checked against the other columns.
        consequences: Columns never held fixed, as they follow from what is looked at.
        later: Columns never held fixed, as they were not known yet.
        keep_counts: Read a cross-tabulation as it stands instead of one row a counted unit.
        text: Columns to be read as text, whatever their cells look like.
        quotes: Whether the report and its files may hold documents or pieces of them; without, terms and figures alone.
        name: Name of the data set in the report.
        alpha: Error level: share of false findings among the verified ones, or chance of any (`strict`).
        strict: Control the chance of any false finding (Holm) instead of their share (session-LOND).
        smallest_effects: Smallest effects of interest by family, on each family's scale.
        one_shot: Spend the whole budget on this batch: one vault.
        ledger: File that records what was spent; by default one a data set in the user's data folder.
        limits: Bounds on what is read.
        threads: Threads for reading and scanning; the report does not depend on it.
        progress: Called with one line at the start of each stage.

    Returns:
        The explanation; `.result.asked` has each hypothesis as it was understood, with its answer.

    Raises:
        HypothesisError: if a hypothesis cannot be read, or names what the data do not have; nothing is spent.
        DataError: if the source cannot be read.
        UsageError: if an option names what the data do not have.
        NoVaultLeft: if every sealed portion of these data is spent.
        LedgerError: if the ledger stands in the way.
    """
    rule = make_rule(alpha=alpha, strict=strict, smallest_effects=smallest_effects)
    marks = make_marks(causes, consequences, later)
    settings = Settings(rule, Focus(), False, threads, Asking(stated(hypotheses)), marks, quotes=quotes)
    joining = joining_of(tables, root, grain, links, entity)
    how = How(table, name, limits or Limits(), entity, time, one_shot, joining, keep_counts, texts_of(text))
    return run(source, how, settings, ledger, progress)


class Preview(Value):
    """What was understood, and what the answer would cost; nothing was committed, opened or recorded."""

    asked: tuple[Asked, ...]
    cost: str
    """One or two sentences on the vault that would be opened and what is left."""
    vault: int | None
    """The vault that would be opened; None where none would."""
    left: int
    """Vaults that would be left after it."""

    def to_text(self) -> str:
        """One block a hypothesis and the cost, as plain text."""
        lines = []
        for at, one in enumerate(self.asked, 1):
            lines.append(f"{at}. {plain(one.text)}" + (f" ({plain(one.name)})" if one.name else ""))
            lines.append(f"   understood: {plain(one.understood)}")
            if one.supplied:
                lines.append(f"   with: {plain('; '.join(one.supplied))}")
            if one.reason:
                lines.append(f"   {plain(one.reason)}")
        return "\n".join([*lines, "", self.cost + " Nothing was spent."])


def preview(
    source: object,
    hypotheses: object,
    how: How,
    *,
    rule: Mapping[str, Any],
    ledger: str | Path | None = None,
    threads: int = 2,
    progress: Progress | None = None,
) -> Preview:
    """How hypotheses are understood and what `verify` would spend on them; writes nothing anywhere.

    Raises:
        As `verify`; where every vault is spent that is said in `cost` instead.
    """
    settings = Settings(make_rule(**rule), Focus(), False, threads, Asking(stated(hypotheses)))
    say = progress or (lambda _: None)
    with run_folder() as folder:
        opened, split, book = sealed_unheld(source, how, settings, ledger, folder, say)
        plan = split.plan
        closed, known = plan.kind == "none", sessions(book, opened.fingerprint)
        request = request_of(settings, opened, closed)
        session = standing(known, request, settings, opened, closed)
        number = session.vault if session else _next(plan, known)
        explored = Explored(Rows({}, {}))
        if not closed:
            burnt = burnt_rows(split, book, opened.fingerprint, session=session)
            explored = look_at(Rows.joined([split.explore(), *burnt]), settings, say, {})
        asking = settings.asking or Asking(())
        batch = frozen_batch(asking, split, explored, session, request)
        if session is None and number is not None:
            batch, number = placed(asking, batch, plan, known, exposures(book, opened.fingerprint))
    asked = asked_of(asking.questions, ())
    command = show_command(source, ledger, book.path, table=how.table, tables=how.joining.tables)
    priced = _priced(asked, plan, known, session, number, len(batch.drafts), command)
    before = verified_claims(book, opened.fingerprint, settings.rule) if priced.vault is not None else ()
    again = [plain(q.understood) for q in asking.questions if any(same_way(h, q.hypothesis) for h in before)]
    if not again:
        return priced
    return priced.model_copy(update={"cost": f"{priced.cost} Verified before already: {'; '.join(again)}."})


def _next(plan: Plan, known: Sequence[Session]) -> int | None:
    try:
        return next_vault(plan, known)
    except NoVaultLeft:
        return None


def _priced(
    asked: tuple[Asked, ...],
    plan: Plan,
    known: Sequence[Session],
    session: Session | None,
    number: int | None,
    claims: int,
    command: str,
) -> Preview:
    spent = {s.vault for s in known if s.opened}
    left = sum(1 for v in plan.vaults if v.number not in spent and v.number != number)
    kind: Literal["free", "none", "one"] = "one"
    if not plan.vaults:
        kind, cost = "none", plan.reason
    elif session is not None and session.opened:
        kind, cost = "free", "Would spend nothing: the ledger holds the answer already."
    elif not claims:
        kind, cost = "free", "Would spend nothing: there is nothing to commit."
    elif number is None:
        which = f"{len(spent)} of {len(plan.vaults)}"
        kind, cost = "none", f"Cannot be asked: every vault of these data is spent ({which}), so it needs new rows."
        cost += f" What was found before: `{command}`."
    else:
        cost = _price(plan, number, left, claims)
    if kind != "one":
        left = len(plan.vaults) - len(spent)
    return Preview(asked=asked, cost=cost, vault=number if kind == "one" else None, left=left)


def _price(plan: Plan, number: int, left: int, claims: int) -> str:
    vault = next(v for v in plan.vaults if v.number == number)
    what = many(claims, "hypothesis", "hypotheses")
    if plan.kind == "none":
        return (
            f"Would test {what} on all {vault.rows:,} rows, which are too few to split. A table so small has one list "
            "of hypotheses: after yours, `explain` cannot test its closed family on these rows."
        )
    return (
        f"Would open vault {number} of {len(plan.vaults)} ({vault.rows:,} rows, {100 * vault.weight:.0f} % of the "
        f"error budget) for {what}; {left} left after it."
    )
