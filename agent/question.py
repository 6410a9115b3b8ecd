"""What a question in plain words is: a fact, a claim, or one that can be read in two ways.

Knows the columns of a table and the grammar. Must never know a row, and never guesses between two readings.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from ..tools.data.schema import Column
from ..tools.errors import HypothesisError
from ..tools.value import Value
from .sentences.examples import fact_examples, kinds_of
from .sentences.facts import Fact, asks_for_fact, read_fact
from .sentences.names import LABELS, Ambiguous, Names, word
from .sentences.reader import read
from .sentences.tokens import Cursor

_FREE = re.compile(
    r"(?i)^\s*(and|or|but|what|how|only|same|now|also|why|who|which|when|where|do|does|did|is|are|was|were|can|could|"
    r"should|will|tell)\b"
)
"""How questions open that only a language model can read, follow-ups among them."""
_ASKS = re.compile(r"(?i)^(is|are|was|were) (the )?")
_CLAIMS = re.compile(r"(?i)~|\b(higher|lower|more|less|increases|decreases|rises|falls|differs|than|peaks|ranks)\b")
_STATES = re.compile(r"(?i)~|\b(higher|lower|increases|decreases|rises|falls|differs|peaks|ranks)\b")
_BETWEEN = ("by", "per", "and", "vs", "versus", "with", "against", "across", "for each")
_OPENINGS = ("compare", "show", "plot", "is", "does", "how does", "relation of", "relationship of", "difference in")


class Way(Value):
    """One way to read an ambiguous question."""

    reading: str
    """What it would mean."""
    question: str
    """The question that says so, to be asked instead."""


class Asked(NamedTuple):
    """What a question is."""

    kind: Literal["fact", "claim", "ways"]
    text: str
    fact: Fact | None = None
    ways: tuple[Way, ...] = ()


def understand(
    text: str,
    columns: Mapping[str, Column],
    analysed: Mapping[str, Column],
    left_out: Mapping[str, str],
    texts: Sequence[str] = (),
) -> Asked:
    """What a question asks, read by the grammar alone.

    Args:
        text: The question.
        columns: Every column of the table: a question of fact may name any.
        analysed: Those that a claim may name.
        left_out: Why the others are not analysed.
        texts: Columns of text, of whose properties a claim may speak.

    Raises:
        HypothesisError: if it cannot be read; the message names the nearest columns and the forms that are read.
    """
    said = text.strip().rstrip("?").strip()
    if not said:
        raise HypothesisError(
            f"The question is empty. Ask such as {fact_examples(columns)}, or state a claim such as {_claims(columns)}."
        )
    try:
        return _read(said, columns, analysed, left_out, texts)
    except Ambiguous as err:
        return Asked("ways", said, ways=tuple(_instead(said, err, option) for option in err.options[:4]))


def _read(
    said: str,
    columns: Mapping[str, Column],
    analysed: Mapping[str, Column],
    left_out: Mapping[str, str],
    texts: Sequence[str],
) -> Asked:
    try:
        return _claim(said, analysed, left_out, texts)
    except Ambiguous:
        raise
    except HypothesisError as err:
        wrong = err
    if asks_for_fact(said):
        try:
            return Asked("fact", said, fact=read_fact(said, dict(columns), dict(left_out)))
        except Ambiguous:
            raise
        except HypothesisError as err:
            raise (wrong if _CLAIMS.search(said) else err) from None
    ways = _two_names(said, analysed)
    if ways:
        return Asked("ways", said, ways=ways)
    if _STATES.search(said) and not _FREE.match(said):  # a claim gone wrong: forms of a fact would not mend it
        raise wrong
    if _FREE.match(said):
        raise HypothesisError(
            "A question in free words, or a follow-up (in `heldout chat`), needs a language model "
            f"(`--model openai:NAME`). Without one write the whole question such as {fact_examples(columns)}, or a "
            f"claim such as {_claims(columns)}."
        )
    raise HypothesisError(f"{wrong} A question of fact is written such as {fact_examples(columns)}.") from wrong


def _claims(columns: Mapping[str, Column]) -> str:
    """Claims that this table could be asked, in the grammar's words."""
    numbers, labels = kinds_of(columns)
    if not numbers or not labels:
        return "`a ~ b` or `a higher for b=c`"
    a, b, level = word(numbers[0].name), word(labels[0].name), word(labels[0].levels[0])
    return f'"{a} ~ {b}" or "{a} higher for {b}={level}"'


def _claim(said: str, analysed: Mapping[str, Column], left_out: Mapping[str, str], texts: Sequence[str] = ()) -> Asked:
    """The claim that a sentence states, or asks for: `is fare higher for sex=male`.

    Raises:
        HypothesisError: of the sentence as it stands.
    """
    try:
        read(said, Names(analysed, left_out, texts))
        return Asked("claim", said)
    except HypothesisError as err:
        asked = _ASKS.sub("", said)
        if asked == said or isinstance(err, Ambiguous):
            raise
        try:
            read(asked, Names(analysed, left_out, texts))
        except HypothesisError:
            raise err from None
        return Asked("claim", asked)


def _instead(said: str, err: Ambiguous, option: str) -> Way:
    return Way(reading=f"`{err.said}` is `{option}`", question=said.replace(err.said, word(option), 1))


def _two_names(said: str, columns: Mapping[str, Column]) -> tuple[Way, ...]:
    """Of two columns and no verb: how they look here, and whether they go together beyond these rows."""
    try:
        cursor, names = Cursor(said), Names(columns)
        cursor.accept(*_OPENINGS)
        first = names.column_if(cursor)
        joined = first is not None and (cursor.accept(*_BETWEEN) or cursor.comma())
        second = names.column_if(cursor) if joined else None
    except HypothesisError:
        return ()
    if first is None or second is None or not cursor.done or first.name == second.name:
        return ()
    fact = _fact_of(first, second)
    claim = f"{word(first.name)} ~ {word(second.name)}"
    return (
        *((Way(reading="a fact: what these rows say", question=fact),) if fact else ()),
        Way(reading="a claim: whether they go together beyond these rows", question=claim),
    )


def _fact_of(first: Column, second: Column) -> str | None:
    a, b = word(first.name), word(second.name)
    if first.type == "number" and second.type == "number" and not second.levels:
        return f"correlation of {a} and {b}"
    if first.type == "number":
        return f"mean {a} by {b}"
    if first.type in LABELS and first.levels:
        return f"share of {a}={word(first.levels[-1])} by {b}"
    return None


def nearest_claim(read_columns: Sequence[str], analysed: Mapping[str, Column]) -> str | None:
    """The claim that a fact on two columns suggests, in the grammar's words."""
    own = [name for name in read_columns if name in analysed]
    return f"{word(own[0])} ~ {word(own[1])}" if len(own) == 2 else None
