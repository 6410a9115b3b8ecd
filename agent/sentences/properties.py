"""Properties of texts as people write them: `text mentions "late flight", delay*`, `words of text`, `text ends in a`.

Knows the names of the columns of text and the words of the grammar of properties. Must never know a document, a row,
or whether a property is worth a claim.
"""

from collections.abc import Callable, Mapping, Sequence

from ...tools.data.schema import Column
from ...tools.errors import HypothesisError
from ...tools.text.evaluate import blank_column
from ...tools.text.naming import FORMS, property_named, property_of, terms_of
from ...tools.text.properties import Ending, Form, Measure, Mentions, Property, Rate, TextProperty
from .tokens import Cursor

_OTHER_WORDS: Mapping[str, Form] = {
    "length": "words", "word count": "words", "length in words": "words", "length in characters": "characters",
    "letters": "characters", "sentence length": "words per sentence", "word length": "characters per word",
    "numbers": "digits", "readability": "reading grade", "grade": "reading grade", "sentiment": "opinion",
    "exclamations": "exclamation marks", "questions": "question marks", "capitals": "capital letters",
    "words in capitals": "capitalised words", "first-person singular pronouns": "first person singular",
    "first-person plural pronouns": "first person plural", "second-person pronouns": "second person",
    "third-person pronouns": "third person", "urls": "links",
}  # fmt: skip
"""What people also call a measure."""
_MEASURES: dict[str, Form] = {**_OTHER_WORDS, **{form: form for form in FORMS}}
_BEFORE = ("the number of", "number of", "the share of", "the rate of", "the")
_MENTIONS = ("mentions", "mention", "contains", "contain", "says")
_ENDS = ("ends in", "ends with", "end in", "end with")
_LENGTHS = (("longer",), ("shorter",), ("is", "longer"), ("is", "shorter"), ("are", "longer"), ("are", "shorter"))
"""What is said of a text itself means its words; the direction is read afterwards."""
_FOLLOWS = frozenset(
    "more less higher lower longer shorter rarer likelier is are was were differs differ different rises falls "
    "increases decreases grows declines goes ranks peaks peak shifts jumps drops levels associated between among "
    "given holding except than when for if where in of or and over with from since not never always determines per "
    "by at across".split()
)
"""Words that may stand behind a list of terms."""


THEMES = (
    "Themes are found while texts are explored: `heldout explain FILE` names them, tells their documents and tests "
    'claims on them. A stated claim may name a theme\'s words instead, such as: text mentions "late flight", delay*.'
)


def properties_said(texts: Sequence[str]) -> str:
    """What can be said of texts, for errors that name it."""
    text = texts[0] if texts else "text"
    shown = f"`{text}`" if " " in text else text
    return (
        f'Of a text can be said: {shown} mentions "late flight", delay* (any of these; `*` ends a word\'s beginning), '
        f"words of {shown}, rate of delay* in {shown}, {shown} ends in a, e. Measures: {', '.join(FORMS)}."
    )


class Properties:
    """Reads properties of the texts of one table."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Wrap the names of the columns of text."""
        self.texts = tuple(texts)

    def read(self, cursor: Cursor, name: Callable[[Cursor, Sequence[str]], str | None]) -> Column | None:
        """The property named next as the column that it will be; None, and nothing read, where none is.

        Args:
            cursor: The sentence.
            name: Reads the longest of several names that comes next.

        Raises:
            HypothesisError: if it begins like one and cannot be read on.
        """
        if not self.texts or cursor.done:
            return None
        start = cursor.at
        for form in (self._whole, self._which, self._rate, self._measure, self._of_text):
            found = form(cursor, name)
            if found is not None:
                return blank_column(found)
            cursor.at = start
        return None

    def named(self, said: str) -> Column | None:
        """The property of exactly that name, as the column that it will be."""
        found = property_named(said, self.texts)
        return None if found is None else blank_column(found)

    def _whole(self, cursor: Cursor, _: Callable) -> TextProperty | None:
        """A name that stands in backticks."""
        token = cursor.peek()
        if token is None or token.kind != "quoted":
            return None
        found = property_named(token.text, self.texts)
        cursor.at += found is not None
        return found

    def _of_text(self, cursor: Cursor, name: Callable) -> TextProperty | None:
        text = name(cursor, self.texts)
        if text is None:
            return None
        said = self._said_of(cursor)
        return None if said is None else property_of(said, text)

    def _said_of(self, cursor: Cursor) -> Property | None:
        if any(cursor.sees(*said) for said in _LENGTHS):
            return Measure(of="words")
        if cursor.accept(*_MENTIONS):
            return Mentions(terms=_terms(cursor))
        return Ending(of=_terms(cursor)) if cursor.accept(*_ENDS) else None

    def _measure(self, cursor: Cursor, name: Callable) -> TextProperty | None:
        cursor.accept(*_BEFORE)
        said = cursor.accept(*sorted(_MEASURES, key=lambda m: (-len(m.split()), m)))
        if said is None or not cursor.accept("of", "in"):
            return None
        text = name(cursor, self.texts)
        if text is None:
            return None
        against = name(cursor, self.texts) if cursor.accept("less") else None
        return property_of(Measure(of=_MEASURES[said]), text, against)

    def _rate(self, cursor: Cursor, name: Callable) -> TextProperty | None:
        if not cursor.accept("the rate of", "rate of"):
            return None
        terms = _terms(cursor)
        text = name(cursor, self.texts) if cursor.accept("in", "of") else None
        return None if text is None else property_of(Rate(terms=terms), text)

    def _which(self, cursor: Cursor, name: Callable) -> TextProperty | None:
        """`which of headline_1 and headline_2 has more words`, or `mentions …`."""
        if not cursor.accept("which of"):
            return None
        one = name(cursor, self.texts)
        two = name(cursor, self.texts) if one is not None and cursor.accept("and") else None
        if one is None or two is None or one == two:
            raise HypothesisError(f"After 'which of' two columns of text are expected, such as {self._two()}.")
        if cursor.accept("has more", "has the more", "has the higher", "has the longer"):
            said = cursor.accept(*sorted(_MEASURES, key=lambda m: (-len(m.split()), m)))
            if said is not None:
                return property_of(Measure(of=_MEASURES[said]), one, two, which=True)
        prop = self._said_of(cursor)
        if prop is None:
            raise HypothesisError(f"After two texts 'has more words', or 'mentions …' is expected: {self._two()}.")
        return property_of(prop, one, two)

    def _two(self) -> str:
        one, two = (*self.texts, "a", "b")[:2]
        return f"'which of {one} and {two} has more words'"


def _terms(cursor: Cursor) -> tuple[str, ...]:
    """`late, "late flight" or delay*`: terms, read.

    Raises:
        HypothesisError: if none comes next, or one is no word.
    """
    found: list[str] = []
    while True:
        token = cursor.peek()
        if token is None or token.kind not in ("word", "quoted"):
            raise HypothesisError('A word is expected here, or a phrase in quotes: mentions "late flight", delay*.')
        found.append(_term(token.text))
        cursor.at += 1
        start = cursor.at
        comma = cursor.comma()
        again = cursor.accept("or") or comma
        after = cursor.peek()
        closes = after is None or (after.kind == "word" and after.text.casefold() in _FOLLOWS)
        if again and not closes:
            continue
        cursor.at = start
        if not again and not closes and after is not None and after.kind == "word":
            phrase = f'"{token.text} {after.text}"'
            raise HypothesisError(f"Is {phrase} one phrase? Put it in quotes, or a comma between two words.")
        return tuple(dict.fromkeys(found))


def _term(said: str) -> str:
    """A term in lower case, as words are read.

    Raises:
        HypothesisError: if it holds no letter or digit, or a `*` elsewhere than at the end of a word.
    """
    terms = terms_of(f'"{said}"') if '"' not in said else ()
    if not terms or not any(c.isalnum() for c in terms[0]):
        raise HypothesisError(f"{said!r} is no word. Write words, phrases in quotes, or beginnings such as delay*.")
    if any("*" in w.rstrip("*") or w == "*" or w.endswith("**") for w in terms[0].split(" ")):
        raise HypothesisError(f"{said!r}: a `*` may only end a word, and then stands for all that begin so: delay*.")
    return terms[0].replace("’", "'")
