"""A model's answer that there is no answer: sentences that name columns and what the table lacks, and claim no more.

Knows a text that nobody vouches for, the question, and the names of the table. Must never know a row or a figure. Words
come from a closed list or name columns; words of the person's own stand only where the sentence says that they are
lacking, so that nothing can be asserted with them.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .privacy import visible
from .toolbox.bench import Bench
from .toolbox.spoken import fault

MOST = 2
"""Sentences that are printed."""
_LONGEST = 300
_MOST_CHARACTERS = 2_000
_COLUMN = "\x00"
_END = re.compile(r"(?<=[.!?])\s+|\n+")
_CLAUSE = re.compile(r"[,;:()–—]|\b(?:but|and|while|whereas|so|yet|then|though|although)\b")
_SIGNS = re.compile(r"[^\W\d_]|[\x00 .,;:()'\"`?!_–—-]")
_CLOSED = frozenset(
    "a about again also an and another any are as ask at available be but by called can cannot close closest column "
    "columns come comes could data did directly do does else exactly for from has have here hold holds how i in "
    "instead is it its itself kind like may mean means meant might name named names near nearby nearest need needed "
    "needs neither no none nor not nothing of on one's only or other perhaps please question sorry such table than "
    "that the their them there these they this those to unfortunately what whether which who whose with would you "
    "your".split()
)
"""Words that claim nothing of the rows."""
_LACKING = frozenset(
    "answer answered asked contain contains column columns computed data exist exists give given gives hold holds "
    "include includes included measured record recorded records say says tell tells told stated".split()
)
"""More of them, which stand where something is said to be lacking."""
_NO_COLUMN = re.compile(
    r"\bno(?: \S+){0,4} columns?\b|\bnone of (?:the|these|its) columns\b|\bnot (?:a|one of the|among the) columns?\b|"
    r"\bcolumns? (?:(?:for|with|on|of|about) .*)?(?:would be|is|are) needed\b|\bneeds? a column\b"
)
_NOT_HELD = re.compile(
    r"\b(?:table|data|columns?) (?:do|does|did) not (?:hold|have|contain|record|include|say|tell|give)\b|"
    r"\bcannot be (?:answered|computed|told|given)\b|\b(?:cannot|can not) answer\b|\bno answer\b|"
    r"\bnot (?:in|part of) (?:the|this|these) (?:table|data)\b"
)
"""What says that a thing is lacking; of labels only the first may: whether rows hold one is a figure."""


class Said(NamedTuple):
    """What of a text may be printed."""

    sentences: tuple[str, ...]
    dropped: int


def own_words(text: str, bench: Bench, columns: Sequence[str], row_words: Sequence[str] = ()) -> Said:
    """The sentences by which a model says that the table has no answer; none where that is not what it says.

    Args:
        text: What it wrote.
        bench: With the question, the labels, and the short ids of columns.
        columns: Every column of the table.
        row_words: What its rows may be called.

    Returns:
        At most two sentences, names in backticks. The first of a text must say what is lacking.
    """
    names = {**{short: name for name, short in bench.ids.items()}, **{name: name for name in columns}}
    given = [s for part in _END.split(text[:_MOST_CHARACTERS]) if (s := visible(part))]
    kept: list[str] = []
    for sentence in given:
        told = _named(sentence, names)
        if len(kept) < MOST and _holds(told, bench, row_words, lacking=not kept):
            kept.append(_told(told))
        elif not kept:
            return Said((), len(given))
    return Said(tuple(kept), len(given) - len(kept))


def _named(sentence: str, names: dict[str, str]) -> list[str]:
    """The sentence cut where it names a column: text and names in turn, the longest name first."""
    known = sorted(names, key=lambda n: (-len(n), n))
    bare = [n for n in known if n.lower() not in _CLOSED | _LACKING]
    each = [rf"[`'\"]{re.escape(n)}[`'\"]" for n in known] + [rf"(?<!\w){re.escape(n)}(?!\w)" for n in bare]
    parts = re.split(f"({'|'.join(each)})", sentence) if each else [sentence]
    return [names.get(p, names.get(p[1:-1], p)) if at % 2 else p for at, p in enumerate(parts)]


def _told(parts: Sequence[str]) -> str:
    text = "".join(f"`{p}`" if at % 2 else p for at, p in enumerate(parts)).strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _holds(parts: Sequence[str], bench: Bench, row_words: Sequence[str], *, lacking: bool) -> bool:
    """Whether a sentence claims nothing but what is lacking and which columns come near."""
    text = "".join(_COLUMN if at % 2 else p for at, p in enumerate(parts))
    if len(text) > _LONGEST or not all(_SIGNS.fullmatch(c) for c in text) or fault(bench, text.replace(_COLUMN, " ")):
        return False
    if lacking and not (_NO_COLUMN.search(text.lower()) or _NOT_HELD.search(text.lower())):
        return False
    asked = set(_words(bench.question))
    labels = {w for column in bench.columns.values() for label, _ in bench.levels(column) for w in _words(label)}
    return all(_fits(clause.strip(), asked, labels, set(row_words)) for clause in _CLAUSE.split(text.lower()))


def _fits(clause: str, asked: set[str], labels: set[str], rows: set[str]) -> bool:
    """Whether a clause keeps to closed words, or says of the person's words that they are lacking."""
    others = [w for w in _words(clause) if w not in _CLOSED]
    if not others:
        return True
    no_column = _NO_COLUMN.search(clause) is not None
    if not (no_column or _NOT_HELD.search(clause)):
        return False
    more = [w for w in others if w not in _LACKING and w not in rows]
    return all(w in asked for w in more) and (no_column or not labels & set(more))


def _words(text: str) -> Iterator[str]:
    yield from re.findall(r"[^\W\d_]+", text.lower())
