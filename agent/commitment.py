"""Which batch answers a question: the one that stands in the ledger, or a new commitment.

Knows what was asked, the ledger's sessions and the drafts. Must never read a row or compute a statistic.
"""

from collections.abc import Sequence
from typing import Any

from ..tools.data.split import Plan, SealedSplit
from ..tools.value import canonical_json, digest
from ..tools.verify.hypothesis import Hypothesis
from ..tools.verify.ledger import Ledger
from ..tools.verify.policy import Rule
from ..tools.verify.sessions import Receipt, Session, batch_id, commit, receipt_of, sessions
from .asking import Asking
from .draft import Batch
from .report.words import many
from .summary import Explored, Opened, Settings


def committed(
    book: Ledger,
    opened: Opened,
    plan: Plan,
    rule: Rule,
    request: str,
    session: Session | None,
    batch: Batch,
    *,
    fixed: bool = False,
    model: dict[str, Any] | None = None,
) -> tuple[Session, tuple[Hypothesis, ...], Receipt]:
    """The session to verify: the standing one, one with the same batch, or a new commitment.

    A batch that reads columns made from other tables is the same only for the same question: by other links other
    values stand under their names. `fixed`: whether the claims follow from names and types alone. `model`: what is
    to be recorded of a language model's part in them.
    """
    dataset = opened.fingerprint
    known = sessions(book, dataset)
    made = {c.name for c in opened.columns if c.aggregate is not None}
    if session is None and not any(made & set(d.hypothesis.columns) for d in batch.drafts):
        same = batch_id([d.hypothesis for d in batch.drafts], rule)
        session = next((s for s in known if s.batch == same and not s.thread), None)
    if session is not None:
        return session, session.claims(), receipt_of(book, dataset, session)
    claims = [d.hypothesis for d in batch.drafts]
    receipt = commit(
        book, dataset, plan, claims, rule, request=request, drafted=batch.drafted, fixed=fixed, model=model
    )
    session = next(s for s in sessions(book, dataset) if s.number == receipt.session)
    return session, session.claims(), receipt


def standing(
    known: Sequence[Session], request: str, settings: Settings, opened: Opened, closed: bool
) -> Session | None:
    """The session that answers this question already; any list that a small table was tested with has to.

    But only by the rule it was judged with: another level would be told of verdicts that it never gave. Of several
    tables only the list of `explain` by the same links, since others had other values to test.
    """
    own = next((s for s in known if s.request == request), None)
    if own is not None or not closed or settings.asking is None:
        return own
    tested = next((s for s in known if s.opened and s.hypotheses and s.rule == settings.rule), None)
    if tested is None or opened.tables is None:
        return tested
    drafted = request_of(settings._replace(asking=None), opened, closed)
    return tested if tested.request == drafted else None


def frozen_batch(
    asking: Asking, split: SealedSplit, explored: Explored, session: Session | None, request: str
) -> Batch:
    """The user's hypotheses with their constants fixed, or answered by the list that a small table was tested with."""
    closed = split.plan.kind == "none"
    tested = session.claims() if session is not None and session.request != request else None
    rows = None if closed else explored.rows
    return asking.freeze(split.columns, rows, explored.structure, tested, explored.aids)


def request_of(settings: Settings, opened: Opened, closed: bool) -> str:
    """Digest of what was asked; the whole of a small table is one closed family, whatever the focus.

    The columns of joined tables are called by the tables' names, which are no part of the data: under other names it
    is another question about the same rows. So it is by other links, which put other values under the same names. The
    user's marks are no part of it: they change neither claims nor verdicts, only which columns verified claims are
    held against afterwards, and a better list of these must not cost a vault.
    """
    focus = {} if closed else {"outcome": settings.focus.outcome, "about": list(settings.focus.about)}
    asked = {"focus": focus, "drafter": "rule"}
    if settings.modelling is not None and not closed:
        asked |= {"drafter": "model", **settings.modelling.request()}
    if settings.embedder is not None and not closed:
        asked["embeddings"] = settings.embedder.id
    if settings.asking is not None:
        asked = {**settings.asking.request(), "drafter": "user"}
    if opened.tables is not None:
        asked["columns"] = sorted(c.name for c in opened.columns)
        asked["links"] = sorted(x.told() for x in opened.tables.links)
    return digest(canonical_json({**asked, "rule": settings.rule.as_json()}))


def announcement(plan: Plan, vault: int, claims: int, replayed: bool) -> str:
    """What is about to be done with sealed rows, and what it costs."""
    what = many(claims, "hypothesis", "hypotheses")
    if replayed:
        verdicts = many(claims, "verdict")
        return f"This question was answered before: computing its {verdicts} again, which spends nothing"
    if plan.kind == "none":
        where = "all rows" if plan.lineage is None else "the rows that nothing has looked at"
        return f"Testing the one list of {what} that these rows can answer, on {where}"
    left = sum(1 for v in plan.vaults if v.number > vault)
    cost = "the only one" if len(plan.vaults) == 1 else f"{left} left after it"
    return f"Opening vault {vault} ({cost}): verifying {what} on rows that nothing has looked at"
