"""What was shown of sealed rows without a verdict: answers that were computed from all rows, and what they cost.

Knows which columns were shown together, of which vaults, and which claims that touches. Must never know a row, what was
answered, or how it was worded.

Who has seen how two columns go together in a vault cannot have a claim on them tested there: it would be chosen with
the rows that test it (decision 010). The claim is set aside instead; one that was committed before is not.
"""

from collections.abc import Iterable, Sequence

from ..data.split_plan import Plan
from ..value import Value
from .hypothesis import Hypothesis
from .ledger import Ledger

WAIT = 0
"""Stands among the vaults of an exposure for rows that wait for a vault: what was shown of them will count there."""


class Exposure(Value):
    """One answer from all rows: the columns it showed together, and the vaults whose rows were among them."""

    columns: tuple[str, ...]
    vaults: tuple[int, ...]
    question: str
    """Digest of what was asked; the words stay out of the ledger."""

    def touches(self, hypothesis: Hypothesis) -> bool:
        """Whether a claim relates two of these columns, or speaks of one of them alone."""
        return len(self.shown_of(hypothesis)) >= min(2, len(hypothesis.columns))

    def shown_of(self, hypothesis: Hypothesis) -> tuple[str, ...]:
        """The claim's columns that these show: a property of a text is shown where the text is."""
        made = {p.name: {p.column, p.against} for p in hypothesis.texts}
        own = set(self.columns)
        return tuple(name for name in hypothesis.columns if own & ({name} | made.get(name, set())))


class Cost(Value):
    """What an answer from all rows would cost, said before it is given."""

    columns: tuple[str, ...]
    vaults: tuple[int, ...]
    """Sealed vaults on which claims that relate two of the columns could no longer be tested."""
    known: bool
    """Whether an earlier answer cost all of that already."""

    @property
    def free(self) -> bool:
        """Whether nothing more would be lost."""
        return self.known or not self.vaults


def exposures(ledger: Ledger, dataset: str) -> tuple[Exposure, ...]:
    """Everything that was shown of a data set's sealed rows, in order."""
    return tuple(Exposure.model_validate(e.body) for e in ledger.entries(dataset) if e.kind == "exposed")


def would_expose(shown: Sequence[Exposure], sealed: Iterable[int], columns: Iterable[str]) -> Cost:
    """What showing these columns together from all rows would cost.

    Args:
        shown: What was shown before.
        sealed: Vaults whose rows are sealed now, those of an open thread among them.
        columns: Every column that the answer reads: what is summed up, what it is grouped and filtered by.
    """
    names, vaults = tuple(sorted(set(columns))), tuple(sorted(set(sealed)))
    known = all(any(set(names) <= set(x.columns) and v in x.vaults for x in shown) for v in vaults)
    return Cost(columns=names, vaults=vaults, known=known and bool(vaults))


def record_exposed(
    ledger: Ledger, dataset: str, sealed: Iterable[int], columns: Iterable[str], *, question: str
) -> Cost:
    """Write down that columns are shown together from all rows, before they are; once for what is known already.

    Args:
        ledger: The ledger, locked by the caller.
        dataset: Fingerprint of the data set.
        sealed: Vaults whose rows are sealed now.
        columns: Every column that the answer reads.
        question: Digest of what was asked.
    """
    cost = would_expose(exposures(ledger, dataset), sealed, columns)
    if not cost.free and cost.columns:
        body = Exposure(columns=cost.columns, vaults=cost.vaults, question=question)
        ledger.append("exposed", dataset, body.as_json())
    return cost


def covering(hypothesis: Hypothesis, shown: Sequence[Exposure], vault: int) -> Exposure | None:
    """The first showing that keeps a claim from being tested on a vault, or None."""
    return next((x for x in shown if vault in x.vaults and x.touches(hypothesis)), None)


def freshest(free: Sequence[int], shown: Sequence[Exposure], claims: Sequence[Hypothesis] | None) -> int:
    """Of several vaults that no batch has opened the one on which most of the claims can be tested, lowest first.

    Args:
        free: Numbers of the vaults, ascending and at least one.
        shown: What was shown of sealed rows.
        claims: The claims to be tested; None where they are not known yet: then the vault of which least was shown.
    """
    if claims is None:
        return min(free, key=lambda v: (sum(v in x.vaults for x in shown), v))
    return min(free, key=lambda v: (sum(covering(h, shown, v) is not None for h in claims), v))


def sealed_vaults(plan: Plan, burnt: Iterable[int]) -> tuple[int, ...]:
    """The vaults whose rows nothing has shown: all but those that are burnt, and `WAIT` for rows that wait for one."""
    gone = set(burnt)
    own = tuple(v.number for v in plan.vaults if v.number not in gone)
    return (WAIT, *own) if plan.lineage is not None and plan.lineage.waiting else own


def rows_of(plan: Plan, vaults: Iterable[int]) -> int:
    """How many rows lie in these vaults; those that wait for one are what no part has."""
    numbers = set(vaults)
    waiting = plan.rows - plan.exploration_rows - sum(v.rows for v in plan.vaults) if WAIT in numbers else 0
    return waiting + sum(v.rows for v in plan.vaults if v.number in numbers)
