"""Where a thread stands: what the ledger holds of it, the rows it may look at, and the answer to a claim that waits.

Knows the ledger, the sealed split and exploration rows. Must never know how a question was put or a reply is worded.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from ..tools.data.rows import Rows
from ..tools.data.split import SealedSplit
from ..tools.errors import NoVaultLeft, UsageError
from ..tools.explore.structure import find_structure, structural_pairs
from ..tools.value import canonical_json, counted, digest
from ..tools.verify.exposures import Cost, Exposure, exposures
from ..tools.verify.families import FAMILIES
from ..tools.verify.hypothesis import Hypothesis
from ..tools.verify.ledger import Ledger
from ..tools.verify.sessions import CLOSE, Session, inherited, next_vault, sessions
from ..tools.verify.transcript import (
    MOST,
    Thread,
    begin,
    claims_of,
    commit_claim,
    level,
    open_thread,
    thread_receipt,
    threads,
    verified_claims,
)
from ..tools.verify.verify import answer, burnt_rows
from .exposure import from_all_rows
from .same import same_way
from .sealing import Progress
from .summary import Explored, Opened, Settings


class ThreadState:
    """A sealed table with its ledger, read as a thread needs it; every method expects the ledger to be held."""

    def __init__(
        self, opened: Opened, split: SealedSplit, book: Ledger, settings: Settings, say: Progress,
        whole: Path | None = None,
    ) -> None:  # fmt: skip
        self.opened = opened
        self.split = split
        self.book = book
        self.settings = settings
        self.say = say
        self.whole = whole
        """A file of all rows, where facts may be answered; what is read of it is recorded first."""
        self._seen: tuple[tuple[int, ...], Explored] | None = None

    @property
    def dataset(self) -> str:
        """Fingerprint of the data set."""
        return self.opened.fingerprint

    def known(self) -> tuple[Session, ...]:
        """The batches and threads of the data set."""
        return sessions(self.book, self.dataset)

    def shown(self) -> tuple[Exposure, ...]:
        """What answers from all rows showed."""
        return exposures(self.book, self.dataset)

    def standing(self) -> Thread | None:
        """The open thread, if there is one that was asked anything.

        Raises:
            LedgerError: if it is open under other settings.
        """
        found = open_thread(self.book, self.dataset)
        return self._begin() if found is not None and found.questions else None

    def asked(self, hypothesis: Hypothesis) -> Thread:
        """The open thread, begun where there is none, with one more claim committed to it.

        Raises:
            NoVaultLeft: if no vault is left for it, or it has asked all it may.
        """
        self._begin()
        return commit_claim(self.book, self.dataset, hypothesis)

    def settled(self, standing: Thread, seen: Explored) -> Thread:
        """The thread with its last claim answered: now, or before if nothing was cut short."""
        if standing.pending is None:
            return standing
        claims = claims_of(standing)
        self.say(f"Answering question {len(claims)} on vault {standing.vault}")
        receipt = thread_receipt(self.book, self.dataset, standing)
        answer(self.split, self.book, receipt, claims, structural=structural_pairs(seen.structure), aids=seen.aids)
        return next(t for t in threads(self.book, self.dataset) if t.vault == standing.vault)

    def recorded(self, hypothesis: Hypothesis, standing: Thread | None) -> bool | None:
        """The answer that the ledger holds, of this thread or of what was verified before; None where there is none."""
        for question in standing.questions if standing else ():
            if same_way(question.claim(), hypothesis):
                return question.verified
        before = verified_claims(self.book, self.dataset, self.settings.rule)
        return True if any(same_way(h, hypothesis) for h in before) else None

    def verified_on(self, hypothesis: Hypothesis, standing: Thread | None) -> list[str]:
        """The claims on the same columns that were verified, in words; of many the first three."""
        own = [q.claim() for q in standing.questions if q.verified] if standing else []
        before = [*own, *verified_claims(self.book, self.dataset, self.settings.rule)]
        near = [FAMILIES[h.family].claim(h) for h in before if set(h.columns) == set(hypothesis.columns)]
        return list(dict.fromkeys(near))[:3]

    def last(self) -> Thread:
        """The thread of these settings that was revealed last.

        Raises:
            UsageError: if there is none.
        """
        request = self._request()
        own = {t.vault: t for t in threads(self.book, self.dataset) if t.request == request and t.questions}
        for entry in reversed(self.book.entries(self.dataset)):
            if entry.kind == "reveal" and entry.body["number"] in own:
                return own[entry.body["number"]]
        raise UsageError(
            f"No hypothesis was asked in a thread on '{self.opened.name}', so there is nothing to reveal and nothing "
            f"was spent. `{CLOSE}` comes after the questions."
        )

    def vault(self) -> int:
        """The vault that a new thread would take.

        Raises:
            NoVaultLeft: if none is left.
        """
        return next_vault(self.split.plan, self.known(), self.shown())

    def vault_or_none(self) -> int | None:
        """The vault that a new thread would take, or None."""
        try:
            return self.vault()
        except NoVaultLeft:
            return None

    def level(self, vault: int, standing: Thread | None) -> float | None:
        """The p-value that the next claim has to meet; None where none can be asked, or one waits for its verdict."""
        asked, found = (len(standing.questions), standing.found) if standing else (0, 0)
        if asked >= MOST or (standing is not None and standing.pending is not None):
            return None
        weight = next(v.weight for v in self.split.plan.vaults if v.number == vault)
        own = (s.discoveries for s in self.known() if s.opened and s.number != vault)
        earlier = inherited(self.book, self.dataset) + sum(own)
        return level(self.settings.rule, weight, asked=asked, verified=found, earlier=earlier)

    def rows(self, standing: Thread | None) -> Rows:
        """The thread's exploration rows: with those of vaults that were burnt when it was opened, and no later."""
        return self.look(standing).rows

    def look(self, standing: Thread | None) -> Explored:
        """Exploration rows with what follows from how the table is built, kept from question to question."""
        own = next((s for s in self.known() if standing is not None and s.number == standing.vault), None)
        burnt = own.after if own else tuple(s.vault for s in self.known() if s.burnt)
        if self._seen is None or self._seen[0] != burnt:
            parts = burnt_rows(self.split, self.book, self.dataset, session=own)
            rows = Rows.joined([self.split.explore(), *parts])
            self.say(f"Exploring {counted(rows.n, 'row')}")
            self._seen = burnt, Explored(rows, structure=find_structure(rows))
        return self._seen[1]

    def exposing(self, columns: Iterable[str], question: str | None) -> Cost:
        """What showing these columns together from all rows costs; written down where a question is given.

        Raises:
            UsageError: if a name is no column.
        """
        names: Sequence[str] = list(columns)
        unknown = sorted(set(names) - {c.name for c in self.opened.columns})
        if unknown:
            raise UsageError(f"Column {unknown[0]!r} is not in '{self.opened.name}'.")
        # A table too small to be split has no row that may be looked at: only what is named counts as shown.
        structure = () if self.split.plan.kind == "none" else self.look(self.standing()).structure
        return from_all_rows(self.book, self.dataset, self.split.plan, structure, names, question=question)

    def _begin(self) -> Thread:
        return begin(self.book, self.dataset, self.split.plan, self.settings.rule, request=self._request())

    def _request(self) -> str:
        """Digest of the rule, and of how joined tables are read: by other links other values stand under the names."""
        asked: dict = {"drafter": "thread", "rule": self.settings.rule.as_json()}
        if self.opened.tables is not None:
            asked["columns"] = sorted(c.name for c in self.opened.columns)
            asked["links"] = sorted(x.told() for x in self.opened.tables.links)
        return digest(canonical_json(asked))
