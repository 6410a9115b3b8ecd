"""Answers from all rows, in words: what one would cost, and what becomes of claims on columns that were shown.

Knows which columns were shown together, vaults and claims. Must never know a row or what was answered.
"""

from collections.abc import Iterable, Sequence

from ..tools.data.split import Plan
from ..tools.errors import UsageError
from ..tools.explore.lead import Structure
from ..tools.explore.structure import structural_pairs
from ..tools.value import digest
from ..tools.verify.exposures import (
    Cost,
    Exposure,
    covering,
    exposures,
    record_exposed,
    rows_of,
    sealed_vaults,
    would_expose,
)
from ..tools.verify.hypothesis import Hypothesis
from ..tools.verify.ledger import Ledger
from ..tools.verify.sessions import Session, next_vault, sessions
from .asking import Asking
from .draft import Batch

WAY_OUT = "Bring new rows; the next time, `--facts exploration` answers from exploration rows and costs nothing."


def placed(
    asking: Asking, batch: Batch, plan: Plan, known: Sequence[Session], shown: Sequence[Exposure]
) -> tuple[Batch, int]:
    """The user's batch without the claims that its vault cannot test any more, and the number of that vault.

    Each claim that is set aside says why in `asking.questions`.

    Raises:
        NoVaultLeft: if no vault is left.
    """
    claims = [d.hypothesis for d in batch.drafts]
    vault = next_vault(plan, known, shown, claims)
    reasons = {h.content_id(): reason for h in claims if (reason := why_not(h, shown, vault)) is not None}
    return (asking.refuse(reasons) if reasons else batch), vault


def why_not(hypothesis: Hypothesis, shown: Sequence[Exposure], vault: int) -> str | None:
    """Why a claim cannot be tested on a vault, and what can be done; None where it can."""
    seen = covering(hypothesis, shown, vault)
    if seen is None:
        return None
    own = [f"`{name}`" for name in seen.shown_of(hypothesis)]
    what = f"{own[0]} of" if len(own) == 1 else f"{', '.join(own[:-1])} and {own[-1]} together from"
    return (
        f"Set aside: an earlier answer showed {what} all rows, sealed ones among them, so these can no longer test the "
        f"claim. {WAY_OUT}"
    )


def widened(columns: Iterable[str], structure: Sequence[Structure]) -> tuple[str, ...]:
    """The columns with those that say nearly the same by how the table is built: showing one shows the other."""
    own = set(columns)
    return tuple(sorted(own | {name for pair in structural_pairs(structure) if pair & own for name in pair}))


def from_all_rows(
    book: Ledger,
    dataset: str,
    plan: Plan,
    structure: Sequence[Structure],
    columns: Iterable[str],
    *,
    question: str | None = None,
) -> Cost:
    """What an answer from all rows costs; written down where `question` is given, which has to come before the answer.

    Args:
        book: The ledger, locked by the caller where `question` is given.
        dataset: Fingerprint of the data set.
        plan: How it is sealed.
        structure: What follows from how the table is built: columns tied to those shown count as shown.
        columns: Every column that the answer reads: what is summed up, what it is grouped and filtered by.
        question: What was asked, in words; only its digest is kept.

    Raises:
        UsageError: if vaults of these data were handed on to another data set.
    """
    known = sessions(book, dataset)
    heir = next((s.handed for s in known if s.handed is not None), None)
    if heir is not None:
        raise UsageError(
            f"The sealed rows of these data belong to data set {heir[:16]}… now, so an answer from all rows would show "
            "rows that it keeps sealed. Ask there, or add `--facts exploration`."
        )
    burnt = (s.vault for s in known if s.burnt)
    sealed, names = sealed_vaults(plan, burnt), widened(columns, structure)
    if question is None:
        return would_expose(exposures(book, dataset), sealed, names)
    return record_exposed(book, dataset, sealed, names, question=digest(question))


def cost_line(cost: Cost, plan: Plan, known: Sequence[Session]) -> str:
    """What an answer from all rows would cost, as one or two sentences."""
    if not sealed_vaults(plan, (s.vault for s in known if s.burnt)):
        return "No row of these data is sealed, so an answer from all rows costs nothing."
    if cost.free:
        return "These columns were shown together before: the answer costs nothing more."
    names = [f"`{name}`" for name in cost.columns]
    what = f"claims on {names[0]} alone" if len(names) == 1 else f"claims that relate two of {', '.join(names)}"
    rows = rows_of(plan, cost.vaults)
    text = f"Answering from all rows shows {rows:,} sealed ones: {what} could then no longer be verified on these data."
    if not plan.exploration_rows:
        return text
    return f"{text} With `--facts exploration` the answer comes from exploration rows and costs nothing."
