"""Names of text properties: how each is called in claims, how such a name is read back, and how it is said.

Knows properties and their names. Must never know a document, a figure, or which claim speaks of it. A name is plain
text that a person may type (`words of text`, `text mentions late, delay*`); it is read back by its shape alone.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple, get_args

from .properties import Ending, Form, Measure, Mentions, Property, Rate, TextProperty
from .words import stands_alone

FORMS: tuple[Form, ...] = get_args(Form)
_FORM = "|".join(re.escape(f) for f in sorted(FORMS, key=len, reverse=True))
_OF = re.compile(rf"({_FORM}) of (.+)")
_MENTIONS = re.compile(r"(.+?) mentions (.+)")
_ENDS = re.compile(r"(.+?) ends in (.+)")
_RATE = re.compile(r"rate of (.+) in (.+)")
_WHICH = re.compile(rf"which of (.+?) and (.+?) (?:has more ({_FORM})|mentions (.+)|ends in (.+))")
_THEME = re.compile(r'theme (?:\S+ )?("[^"]*") of (.+)')
_TERM = re.compile(r'\s*(?:"([^"]*)"|([^,]+?))\s*(?:,|$)')
LEVELS = (("yes", "no"), ("first", "second"))

_NOUNS: dict[str, tuple[str, str | None]] = {
    "characters": ("the number of characters in {}", None),
    "words": ("the number of words in {}", None),
    "sentences": ("the number of sentences in {}", None),
    "words per sentence": ("the number of words per sentence in {}", None),
    "characters per word": ("the number of letters per word in {}", None),
    "distinct words": ("the share of different words among the first 50 of {}", "%"),
    "digits": ("the number of digits in {}", None),
    "capital letters": ("the share of capital letters in {}", "%"),
    "capitalised words": ("the share of words in capitals in {}", "%"),
    "question marks": ("the number of question marks in {}", None),
    "exclamation marks": ("the number of exclamation marks in {}", None),
    "links": ("the number of links in {}", None),
    "mentions of users": ("the number of @names in {}", None),
    "hashtags": ("the number of hashtags in {}", None),
    "reading grade": ("the reading grade, in years of school, of {}", None),
    "opinion": ("the excess of words of praise over words of blame, per 100 words, in {}", None),
    "first person singular": ("the rate of I, me and my per 100 words of {}", None),
    "first person plural": ("the rate of we, us and our per 100 words of {}", None),
    "second person": ("the rate of you and your per 100 words of {}", None),
    "third person": ("the rate of he, she and they per 100 words of {}", None),
    "negations": ("the rate of no, not and never per 100 words of {}", None),
}
"""How a measure is said, its unit in the words; only percentages carry one with their figures."""
_ANY = {
    "capitalised words": "words in capitals", "mentions of users": "an @name", "question marks": "a question mark",
    "exclamation marks": "an exclamation mark", "links": "a link", "hashtags": "a hashtag", "digits": "a digit",
    "capital letters": "a capital letter", "first person singular": "I, me or my",
    "first person plural": "we, us or our", "second person": "you or your", "third person": "he, she or they",
    "negations": "no, not or never",
}  # fmt: skip
"""What a text has that has any of it."""
_MORE = {
    "reading grade": "the higher reading grade", "opinion": "more words of praise, less those of blame,",
    "words per sentence": "longer sentences", "characters per word": "longer words",
    "distinct words": "more different words", "mentions of users": "more @names",
    "capital letters": "a larger share of capital letters", "capitalised words": "a larger share of words in capitals",
    "first person singular": "I, me or my more often", "first person plural": "we, us or our more often",
    "second person": "you or your more often", "third person": "he, she or they more often",
    "negations": "no, not or never more often",
}  # fmt: skip


class Said(NamedTuple):
    """A computed column in words."""

    noun: str
    """What it is, as the subject of a sentence."""
    held: tuple[str, str] | None = None
    """Of a boolean: what is said of its two levels, `yes` and `no` or `first` and `second`."""
    short: tuple[str, str] = ("", "")
    """The same after the other level was said: `it does`, `it does not`."""
    levels: tuple[str, str] = ("yes", "no")


def name_of(prop: Property, column: str, against: str | None = None, which: bool = False) -> str:
    """The name of a property of a text; themes, closeness and judges are named by who makes them."""
    if against is None:
        return _single(prop, column)
    if isinstance(prop, (Measure, Rate)) and not which:
        return f"{_single(prop, column)} less {against}"
    if isinstance(prop, Measure):
        return f"which of {column} and {against} has more {prop.of}"
    return f"which of {column} and {against} {_single(prop, '').strip()}"


def _single(prop: Property, column: str) -> str:
    if isinstance(prop, Measure):
        return f"{prop.of} of {column}"
    if isinstance(prop, Mentions):
        return f"{column} mentions {terms_text(prop.terms)}"
    if isinstance(prop, Rate):
        return f"rate of {terms_text(prop.terms)} in {column}"
    if isinstance(prop, Ending):
        return f"{column} ends in {terms_text(prop.of)}"
    raise ValueError(f"A {prop.kind} is not named by its kind alone.")


def terms_text(terms: Sequence[str]) -> str:
    """Terms as they stand in a name: `late, "late flight"`."""
    return ", ".join(f'"{t}"' if " " in t else t for t in map(together, terms))


def terms_of(text: str) -> tuple[str, ...]:
    """The terms that a list of them spells, in lower case, each once."""
    found = (apart(" ".join((quoted or plain).lower().split())) for quoted, plain in _TERM.findall(text))
    return tuple(dict.fromkeys(t for t in found if t))


def apart(term: str) -> str:
    """A term as words are counted: characters of scripts without spaces each a word of its own."""
    spaced = "".join(f" {c} " if stands_alone(c) else c for c in term)
    return " ".join(spaced.split()).replace(" *", "*")


def together(term: str) -> str:
    """A term as people write it: no space between characters of scripts that set none."""
    out = ""
    for word in term.split(" "):
        out += word if out and stands_alone(out[-1]) and word and stands_alone(word[0]) else f" {word}"
    return out[1:]


def property_of(prop: Property, column: str, against: str | None = None, *, which: bool = False) -> TextProperty:
    """The property under the name that `name_of` gives it."""
    return TextProperty(
        name=name_of(prop, column, against, which), column=column, property=prop, against=against, which=which
    )


def property_named(name: str, texts: Collection[str]) -> TextProperty | None:
    """The property that has this name, of one of these columns of text; None where there is none such."""
    for column in texts:
        for prop, against, which in _read(name, column, texts):
            found = property_of(prop, column, against, which=which)
            if found.name == name:
                return found
    return None


def _read(name: str, column: str, texts: Collection[str]) -> Iterator[tuple[Property, str | None, bool]]:
    """What a name may say of one text; `property_named` keeps what it is the name of."""
    for text in texts:
        found = _OF.fullmatch(name.removesuffix(f" less {text}"))
        if found:
            less = text if name.endswith(f" less {text}") else None
            yield Measure(of=found[1]), less, False  # type: ignore[arg-type]
        which = f"which of {column} and {text} "
        if name.startswith(which):
            rest = name.removeprefix(which)
            if rest.removeprefix("has more ") in FORMS:
                yield Measure(of=rest.removeprefix("has more ")), text, True  # type: ignore[arg-type]
            yield from ((prop, text, False) for prop in _of_terms(rest))
    yield from ((prop, None, False) for prop in _of_terms(name.removeprefix(f"{column} ")))
    rate = _RATE.fullmatch(name)
    if rate and terms_of(rate[1]):
        yield Rate(terms=terms_of(rate[1])), None, False


def _of_terms(rest: str) -> Iterator[Property]:
    for verb, kind in (("mentions ", Mentions), ("ends in ", Ending)):
        terms = terms_of(rest.removeprefix(verb)) if rest.startswith(verb) else ()
        if terms:
            yield Mentions(terms=terms) if kind is Mentions else Ending(of=terms)


def unit_of(prop: Property, *, whole: bool = True) -> str | None:
    """The unit in which the numbers of a property are told; `whole`: not a difference of two texts."""
    unit = _NOUNS[prop.of][1] if isinstance(prop, Measure) else None
    return None if unit == "%" and not whole else unit


def said_of(name: str) -> Said | None:
    """How a computed column is said, or None where the name is not one of a property."""
    which = _WHICH.fullmatch(name)
    if which:
        return _said_which(which)
    mentions, ends = _MENTIONS.fullmatch(name), _ENDS.fullmatch(name)
    if mentions or ends:
        found = mentions or ends
        column, terms = found.group(1, 2)  # type: ignore[union-attr]
        verb, bare = ("mentions", "mention") if mentions else ("ends in", "end in")
        yes = f"`{column}` {verb} {choice(terms_of(terms))}"
        no = f"`{column}` does not {bare} {choice(terms_of(terms))}"
        return Said(f"whether {yes}", (yes, no), ("it does", "it does not"))
    theme = _THEME.fullmatch(name)
    if theme:
        held = f"`{theme[2]}` belongs to the theme {theme[1]}", f"`{theme[2]}` does not belong to the theme {theme[1]}"
        return Said(f"whether {held[0]}", held, ("it does", "it does not"))
    measure, rate = _OF.fullmatch(name), _RATE.fullmatch(name)
    if measure:
        return Said(_NOUNS[measure[1]][0].format(_source(measure[2])))
    if rate:
        return Said(f"the rate of {choice(terms_of(rate[1]))} per 100 words of {_source(rate[2])}")
    return None


def any_said(name: str) -> str | None:
    """`` `text` has a digit`` of `digits of text`: what is said where a count is above 0; None for other names."""
    measure = _OF.fullmatch(name)
    if measure is None or measure[1] not in _ANY or " less " in measure[2]:
        return None
    return f"`{measure[2]}` has {_ANY[measure[1]]}"


def _said_which(found: re.Match[str]) -> Said:
    one, two, form, terms, ending = found.groups()
    if form:
        tail = _MORE.get(form, f"more {form}")
        held = tuple(f"`{c}` has {tail} than `{d}`" for c, d in ((one, two), (two, one)))
        noun = f"which of `{one}` and `{two}` has {tail}"
    else:
        does = f"mentions {choice(terms_of(terms))}" if terms else f"ends in {choice(terms_of(ending))}"
        held = tuple(f"`{c}` alone {does}" for c in (one, two))
        noun = f"which of `{one}` and `{two}` alone {does}"
    verb = "has" if form else "does"
    return Said(noun, (held[0], held[1]), (f"`{one}` {verb}", f"`{two}` {verb}"), ("first", "second"))


def _source(text: str) -> str:
    """The column of a number; of a pair the one and, less it, the other."""
    one, less, two = text.partition(" less ")
    return f"`{one}` less that of `{two}`" if less else f"`{text}`"


def choice(terms: Sequence[str]) -> str:
    """Terms as a choice: `late, delay* or "on hold"`."""
    shown = [f'"{t}"' if " " in t else t for t in map(together, terms)]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"
