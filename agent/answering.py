"""From what was computed to an answer: the sentences that say what was checked, what was not, and what it cost.

Knows replies of a thread, tables of facts and budgets. Must never compute a figure or read a row.
"""

import re
import shlex
from collections.abc import Mapping, Sequence

from ..tools.data.schema import Column
from ..tools.verify.families import FAMILIES
from ..tools.verify.transcript import MOST
from .answer import Answer
from .answer_fields import ClaimAnswer, Shown
from .asking import STRUCTURAL
from .facts import Table
from .question import Way
from .report.asked import Asked as AskedInReport
from .report.result import Result
from .thread import Remaining, Reply
from .toolbox.words import word

_P_VALUE = re.compile(r"(?i)\bp[- _]?values?\b|\bsignifican")
_STATES = {"verified": True, "refuted": False, "inconclusive": False}


class Words:
    """How answers on one source speak of it.

    Args:
        dataset: Its name.
        source: What was opened; a path stands in commands as it was given.
    """

    def __init__(self, dataset: str, source: object) -> None:
        self.dataset = dataset
        path = isinstance(source, str) or hasattr(source, "__fspath__")
        self.file = shlex.quote(str(source)) if path else "FILE"
        self.close = f"heldout ask {self.file} --reveal"
        """What closes the thread, as it is typed where the questions are."""

    def fact(
        self, question: str, understood: str, supplied: Sequence[str], table: Table, analysed: Mapping[str, Column]
    ) -> Answer:
        """A fact with its table."""
        if table.rows_read == "exploration":
            checked = f"the query ran on {table.total:,} exploration rows; no sealed row was read, and none was spent."
            open_ = "the other rows: figures of the whole table may differ."
        else:
            checked = (
                f"the query ran on all {table.total:,} rows, in a process that held the columns it names and no others."
            )
            open_ = f"whether this holds beyond these rows{self._next(table, analysed)}"
        if _P_VALUE.search(question):
            open_ += " No p-value is given with a fact: a claim is tested instead, on rows that were not shown."
        return Answer(
            question=question, dataset=self.dataset, kind="fact", understood=understood, supplied=tuple(supplied),
            fact=table, cost=_shown(table), checked=checked, not_checked=open_,
        )  # fmt: skip

    def _next(self, table: Table, analysed: Mapping[str, Column]) -> str:
        if table.shown:
            return "; these rows can no longer tell, since they were shown."
        own = [name for name in table.read if name in analysed]
        return f" (`{word(own[0])} ~ {word(own[1])}` would ask it)." if len(own) == 2 else "."

    def claim(self, question: str, reply: Reply, left: Remaining) -> Answer:
        """A claim with what a thread said of it."""
        checked, open_ = _checked(reply, left)
        if _P_VALUE.search(question) and reply.state in ("asked", "recorded"):
            open_ += f" Its p-value is told with all others when the thread is closed: `ask {self.file} --reveal`."
        told = ClaimAnswer(
            claim=reply.claim, hypothesis=reply.hypothesis.as_json(), state=reply.state, verified=reply.verified,
            reason=reply.reason, exploratory=_seen(reply),
        )  # fmt: skip
        return Answer(
            question=question, dataset=self.dataset, kind="claim", understood=reply.claim, supplied=reply.supplied,
            claim=told, cost=self.budget(left), checked=checked, not_checked=open_,
        )  # fmt: skip

    def listed(self, question: str, result: Result) -> Answer:
        """A claim that the one list of a small table answers."""
        asked: AskedInReport = result.asked[0]
        finding = next((f for f in result.findings if f.id == asked.finding), None)
        told = ClaimAnswer(
            claim=asked.understood, hypothesis={} if finding is None else finding.hypothesis,
            state="refused" if finding is None else "answered", verified=_STATES.get(asked.outcome or ""),
            reason=asked.reason, exploratory=None, sentence=None if finding is None else finding.sentence,
        )  # fmt: skip
        return Answer(
            question=question, dataset=self.dataset, kind="claim", understood=asked.understood, supplied=asked.supplied,
            claim=told, cost="It stood on the one list of claims that all rows were tested with: it cost nothing.",
            checked=f"on all {result.dataset.rows:,} rows, with the other claims of the list corrected for "
            f"({asked.outcome}).",
            not_checked="on other rows: a table so small has no sealed ones; and what causes what.",
        )  # fmt: skip

    def ways(self, question: str, ways: Sequence[Way]) -> Answer:
        """A question that can be read in several ways."""
        return Answer(
            question=question, dataset=self.dataset, kind="ways", understood="it can be read in several ways",
            ways=tuple(ways),
        )  # fmt: skip

    def own(self, question: str, sentences: Sequence[str]) -> Answer:
        """A model's own words that the table has no answer."""
        return Answer(
            question=question, dataset=self.dataset, kind="words", understood="nothing that a query or a claim answers",
            words=tuple(sentences), not_checked="what the model says, beyond that the columns it names are there.",
        )  # fmt: skip

    def budget(self, left: Remaining) -> str:
        """What can still be asked, in a sentence."""
        if left.vault is None:
            return "Left: no vault, so no further claim can be tested on these rows."
        stand = f"Left: {left.left} of {MOST} questions on vault {left.vault}"
        if not left.asked:
            return f"{stand}; none was asked yet."
        last = "" if left.vaults_left else "; no vault is left after it, so ask all your claims first"
        return (
            f"{stand}; {left.verified} of {left.asked} verified so far. `{self.close}` shows all their numbers "
            f"together and closes the thread{last}."
        )


def _shown(table: Table) -> str | None:
    if table.rows_read == "exploration":
        return None
    if not table.shown:
        return "It showed no column of a sealed row, so it cost nothing."
    if table.again:
        return "These columns were shown together before, so it cost nothing more."
    names = [f"`{name}`" for name in table.shown]
    if len(names) == 1:
        return f"The ledger holds that {names[0]} was shown from all rows."
    return f"The ledger holds that {', '.join(names[:-1])} and {names[-1]} were shown together from all rows."


def _seen(reply: Reply) -> Shown:
    """What exploration rows show, in the family's sentence."""
    evidence = reply.exploration
    if evidence.untestable is not None:
        return Shown(sentence=None, reason=evidence.untestable, n=evidence.n)
    sentence = FAMILIES[reply.hypothesis.family].sentence(reply.hypothesis, evidence)
    return Shown(sentence=sentence, reason=None, n=evidence.n, effect=evidence.effect)


def _checked(reply: Reply, left: Remaining) -> tuple[str, str]:
    """What was checked of a claim, and what was not."""
    if reply.state == "explored":
        return (
            "exploration rows alone; nothing was spent.",
            "the sealed rows: ask without `--explore-only` (in a chat, type `/verify`).",
        )
    if reply.state == "refused":
        built = reply.reason == STRUCTURAL
        open_ = "whether another table is built in the same way." if built else "whether it holds."
        return "that it can be read and measured; no sealed row was read.", open_
    vault = f" of vault {left.vault}" if left.vault is not None and reply.state == "asked" else ""
    checked = f"on sealed rows{vault}, corrected for every question that may be asked there."
    if reply.verified:
        return checked, "how large it is on sealed rows (told when the thread is closed), and what causes what."
    return (
        checked,
        "that there is no such effect: not verified is not refuted. The numbers come when the thread is closed.",
    )
