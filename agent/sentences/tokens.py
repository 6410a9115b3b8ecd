"""A sentence as tokens: words, quoted names, operators and commas, with a cursor that reads them in order.

Knows characters and positions. Must never know a column, a level or a family.
"""

import re
from typing import NamedTuple

from ...tools.errors import HypothesisError

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<quoted>`[^`]*`|"[^"]*"|'[^']*'(?![\w]))
    | (?P<operator><=|>=|!=|<>|==|=|<|>|~|≤|≥|≠|≈|:(?=\s))
    | (?P<comma>[,;])
    | (?P<word>(?:(?!:\s)[^\s,;=<>!~≤≥≠≈])+|!)
    )""",
    re.VERBOSE,
)
LONGEST = 2_000
"""Characters of the longest sentence that is read."""


class Token(NamedTuple):
    """One piece of a sentence."""

    text: str
    """What it says, without its quotes."""
    kind: str
    """`word`, `quoted`, `operator` or `comma`."""
    start: int
    end: int


class Cursor:
    """Reads the tokens of one sentence from left to right."""

    def __init__(self, text: str) -> None:
        """Cut a sentence into tokens.

        Raises:
            HypothesisError: if it is empty, too long, or a quote is left open.
        """
        self.text = text
        self.tokens = _tokens(text)
        self.at = 0

    @property
    def done(self) -> bool:
        """Whether everything was read."""
        return self.at >= len(self.tokens)

    @property
    def rest(self) -> str:
        """What was not read yet, as it was written."""
        return "" if self.done else self.text[self.tokens[self.at].start :].strip()

    def peek(self, ahead: int = 0) -> Token | None:
        """The token `ahead` of the next one, or None past the end."""
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else None

    def sees(self, *words: str) -> bool:
        """Whether these bare words come next, in any case."""
        found = [self.peek(k) for k in range(len(words))]
        return all(
            token is not None and token.kind == "word" and token.text.casefold() == word
            for token, word in zip(found, words, strict=True)
        )

    def accept(self, *phrases: str) -> str | None:
        """The first of the phrases that comes next, read; None where none does."""
        for phrase in phrases:
            words = phrase.split()
            if self.sees(*words):
                self.at += len(words)
                return phrase
        return None

    def operator(self, *wanted: str) -> str | None:
        """The operator that comes next, read, if it is one of these."""
        token = self.peek()
        if token is None or token.kind != "operator" or token.text not in wanted:
            return None
        self.at += 1
        return token.text

    def comma(self) -> bool:
        """Whether a comma came next; it is read."""
        token = self.peek()
        if token is None or token.kind != "comma":
            return False
        self.at += 1
        return True

    def raw(self, count: int) -> str:
        """The next `count` tokens as they were written; a single quoted one without its quotes."""
        if count == 1:
            return self.tokens[self.at].text
        return self.text[self.tokens[self.at].start : self.tokens[self.at + count - 1].end]

    def until(self, stops: frozenset[str]) -> str:
        """What comes next up to an operator, a comma or one of the stop words, as written; nothing is read."""
        count = 0
        while (token := self.peek(count)) is not None:
            ends = token.kind in ("operator", "comma") or (token.kind == "word" and token.text.casefold() in stops)
            if ends and count:
                break
            count += 1
            if ends:
                break
        return self.raw(count) if count else ""


def _tokens(text: str) -> list[Token]:
    if len(text) > LONGEST:
        raise HypothesisError(f"A hypothesis of {len(text):,} characters is too long: at most {LONGEST:,} are read.")
    out, at, end = [], 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            at += 1
            continue
        kind = str(found.lastgroup)
        said = found.group(kind)
        start = found.start(kind)
        if kind == "word" and said[0] in '`"' and len(said) >= 1:
            raise HypothesisError(f"The quote {said[0]} in {text!r} is not closed: put one behind the name.")
        out.append(Token(said[1:-1] if kind == "quoted" else said, kind, start, found.end(kind)))
        at = found.end()
    if not out:
        raise HypothesisError('An empty hypothesis says nothing. Write one such as "wage higher for sex=male".')
    return _without_full_stop(out)


def _without_full_stop(tokens: list[Token]) -> list[Token]:
    """The tokens without the full stop that may end a sentence."""
    last = tokens[-1]
    if last.kind == "word" and last.text.endswith(".") and not last.text.endswith(".."):
        if len(last.text) == 1:
            return tokens[:-1] or tokens
        return [*tokens[:-1], Token(last.text[:-1], "word", last.start, last.end - 1)]
    return tokens
