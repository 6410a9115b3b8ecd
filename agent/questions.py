"""Asking about a table: one question, or one after another.

Knows options and which reader takes the questions: the grammar, or a language model that is imported only then. Must
never know a row, or compute anything.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..tools.data.schema import Limits
from ..tools.errors import UsageError
from ..tools.verify.policy import make_rule
from .answer import Answer
from .consent import Consent
from .facts import WHERES, Where
from .inquiry import Inquiry, Manner
from .marks import make_marks
from .outlook import Focus
from .sealing import How, Progress, joining_of, texts_of
from .summary import Settings
from .thread import opened_state

if TYPE_CHECKING:
    from .model import ModelSettings


@contextmanager
def inquiry(
    source: object,
    *,
    facts: str = "all",
    explore_only: bool = False,
    model: "ModelSettings | None" = None,
    show_prompts: bool = False,
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
    name: str | None = None,
    alpha: float = 0.05,
    strict: bool = False,
    smallest_effects: Mapping[str, float] | None = None,
    one_shot: bool = False,
    ledger: str | Path | None = None,
    limits: Limits | None = None,
    threads: int = 2,
    progress: Progress | None = None,
    warn: Progress | None = None,
    consent: Consent | None = None,
) -> Iterator[Inquiry]:
    """Open a table for questions; nothing is spent before one is asked.

    `facts="all"` answers questions of fact from all rows and records what that shows, `"exploration"` from exploration
    rows, which shows nothing. `explore_only` answers from exploration rows alone, without verdicts. `model` reads the
    questions, else the grammar does; with `show_prompts` the first request to it is shown and not sent. `warn` is
    called with one line that says what an answer from all rows costs, before it is given. `consent` is asked instead
    where that would show sealed rows for the first time: all rows, exploration rows, or no (`Declined`). The other
    arguments and the errors are those of `verify`.
    """
    if facts not in WHERES:
        raise UsageError(f"`facts` is one of {', '.join(WHERES)}. Got {facts!r} instead.")
    where: Where = "all" if facts == "all" and not explore_only else "exploration"
    rule = make_rule(alpha=alpha, strict=strict, smallest_effects=smallest_effects)
    settings = Settings(rule, Focus(), False, threads, marks=make_marks(causes, consequences, later))
    joining = joining_of(tables, root, grain, links, entity)
    how = How(table, name, limits or Limits(), entity, time, one_shot, joining, keep_counts, texts_of(text))
    manner = Manner(where, explore_only, model, show_prompts, consent)
    say = progress or _silent
    with opened_state(source, how, settings, ledger, say, whole=manner.facts == "all") as state:
        reader = None
        if model is not None:
            from .ask_model import answered as reader
        yield Inquiry(state, source, how, ledger, manner, warn or _silent, reader)


def ask(source: object, question: str, **options: Any) -> Answer:
    """The answer to one question on a table: a fact from an executed query, a claim with its verdict.

    A question of fact ("mean fare by class") is answered from all rows; the ledger records which columns that showed
    together, and claims on them are not tested on those rows any more (`facts="exploration"` shows nothing). A claim
    ("charges ~ smoker") is committed and tested on sealed rows in a thread: the answer says verified or not, and
    `heldout ask FILE --reveal` shows the numbers of all of them together.

    Args:
        source: A file, a data frame or several tables, as for `explain`.
        question: A question of fact or a claim in the grammar's words; with `model` in any words.
        options: Those of `verify`, and `facts`, `explore_only`, `model`.

    Returns:
        The answer; where the question can be read in several ways, these (`kind` is `ways`).

    Raises:
        HypothesisError: if it cannot be read, or names what the data do not have; nothing is spent.
        DataError, UsageError, NoVaultLeft, LedgerError: as `verify`.
    """
    with inquiry(source, **options) as asked:
        return asked.ask(question)


def _silent(_: str) -> None:
    return None
