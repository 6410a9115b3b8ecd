"""What the texts are about, in words: facts of the corpus, its themes as rows, and documents as marked pieces.

Knows the result's text section and its findings. Must never know a page, a terminal, or a whole document.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ...tools.text.naming import together
from ...tools.text.summary import Example, Quote, TextSummary, Theme
from ...tools.verify.families.wording import column as named_column
from ...tools.verify.families.wording import percent
from . import words
from .result import Finding, Result

TITLE = "What the texts are about"
TONES = 12
"""Colours of themes; a thirteenth theme takes the first again."""
EXAMPLES = "Documents that nothing had looked at, the first by digest and not those that fit best."
UNSTABLE = "no stable themes"
_TERMS, _SHORT, _WORDS = 8, 3, 10
_LANGUAGES = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish",
    "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "it": "Italian",
    "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian",
    "zh": "Chinese", "und": "not recognised",
}  # fmt: skip
_COURSES = {"trend": {"rising": "rises", "falling": "falls"}, "change_point": {}, "seasonality": {}}
_COURSE = {"trend": "moves", "change_point": "changes", "seasonality": "has a season"}


class Piece(NamedTuple):
    """A part of a quote."""

    marked: bool
    text: str


class Link(NamedTuple):
    """A verified finding that speaks of a theme."""

    finding: str
    text: str


class ThemeRow(NamedTuple):
    """One theme in words."""

    anchor: str
    tone: str
    part: bool
    """Whether it is a part of the theme above it."""
    label: str
    terms: str
    """Those that the label does not hold."""
    documents: str
    share: str
    width: float
    """The share as a width, from 0 to 100."""
    agreement: str
    trend: Link | None
    found: tuple[Link, ...]
    typical: tuple[tuple[Piece, ...], ...]
    phrases: tuple[str, ...]


class Shown(NamedTuple):
    """One document beside a finding."""

    holds: bool
    pieces: tuple[Piece, ...]
    beside: str


def pieces(quote: Quote) -> tuple[Piece, ...]:
    """A quote cut at its marks, what does not print made visible; empty where the document is withheld."""
    out, at = [], 0
    for start, end in quote.marks:
        out += [Piece(False, quote.text[at:start]), Piece(True, quote.text[start:end])]
        at = end
    out.append(Piece(False, quote.text[at:]))
    return tuple(Piece(p.marked, words.visible(p.text)) for p in out if p.text)


def plain(quote: Sequence[Piece]) -> str:
    """The pieces as one text without marks."""
    return "".join(p.text for p in quote)


def facts_lines(text: TextSummary) -> tuple[str, ...]:
    """The corpus in a paragraph of computed facts; every sentence is left out where it would tell of nothing."""
    return tuple(_facts(text))


def themes_line(text: TextSummary) -> str:
    """How many themes there are and how sure that is, or why there are none."""
    found = text.themes
    main = [t for t in found.themes if t.parent is None]
    if not main and found.reason == UNSTABLE:
        return "No themes: none was found again when a part of the documents was left out."
    if not main:
        reason = found.reason or ""
        return f"No themes: {reason.rstrip('.')}." if reason else ""
    sure = "" if found.agreement is None else f", found again by refits (adjusted Rand index {found.agreement:.2f})"
    rest = f" {percent(found.unassigned, 0)} of documents belong to none." if found.unassigned else ""
    return f"{words.many(len(main), 'theme')}{sure}.{rest}"


def themes_note(text: TextSummary) -> str:
    """How the table of themes is to be read: what shares are of, what a part is, and what agreement says."""
    found = text.themes.themes
    if not found:
        return ""
    parted = any(t.parent is not None for t in found)
    parts = ", of a part (indented) too; a theme holds documents of no part as well" if parted else ""
    rated = any(t.agreement is not None for t in found)
    again = " Agreement: how much of a theme is found again in a part of the documents, from 0 to 1." if rated else ""
    return f"Share: of all {words.many(text.documents - text.missing, 'document')}{parts}.{again}"


def star_line(result: Result) -> str:
    """What a `*` in a claim means, by the first term that has one; empty where none has."""
    ranked = sorted(result.findings, key=lambda f: f.rank)
    terms = (t for f in ranked for p in f.hypothesis.get("texts", ()) for t in p["property"].get("terms", ()))
    starred = next((t for t in terms if t.endswith("*") and " " not in t), None)
    return "" if starred is None else f"{words.clean(starred)} stands for every word that begins with {starred[:-1]}."


def theme_rows(result: Result, at: int) -> tuple[ThemeRow, ...]:
    """The themes of one text, each followed by its parts, the largest first.

    Args:
        result: The result.
        at: Which text of the result.
    """
    text = result.text[at]
    themes = text.themes.themes
    main = sorted((t for t in themes if t.parent is None), key=lambda t: (-t.documents, t.id))
    rows = []
    for place, theme in enumerate(main):
        parts = sorted((t for t in themes if t.parent == theme.id), key=lambda t: (-t.documents, t.id))
        rows.append(_row(result, text, theme, f"theme-{at}-{place}", place))
        rows += [_row(result, text, p, f"theme-{at}-{place}-{n}", place) for n, p in enumerate(parts)]
    return tuple(rows)


def tones(text: TextSummary) -> dict[str, int]:
    """The place of each theme's colour by its id; a part has that of its theme."""
    main = sorted((t for t in text.themes.themes if t.parent is None), key=lambda t: (-t.documents, t.id))
    place = {t.id: at for at, t in enumerate(main)}
    return place | {t.id: place[t.parent] for t in text.themes.themes if t.parent in place}


def label_of(theme: Theme, most: int = _SHORT) -> str:
    """A theme by its name, or by its first terms."""
    return words.clean(theme.name or ", ".join(theme.terms[:most]) or theme.id)


def short_lines(result: Result) -> tuple[str, ...]:
    """What the texts are about in two lines each: their facts, and their themes with shares."""
    out = []
    for at, text in enumerate(result.text):
        out.append(" ".join((*facts_lines(text)[:2], themes_line(text))).strip())
        main = [row for row in theme_rows(result, at) if not row.part]
        out += ["; ".join(f"{row.label} {row.share}" for row in main) + "."] if main else []
    return tuple(out)


def examples_of(finding: Finding) -> tuple[Shown, ...]:
    """The documents beside a finding."""
    return tuple(_shown(e) for e in finding.examples if e.quote.text)


def examples_title(finding: Finding) -> str:
    """`3 documents with it, 2 without`."""
    own = [e for e in finding.examples if e.quote.text]
    held = sum(e.holds for e in own)
    rest = f", {len(own) - held} without" if len(own) > held else ""
    return f"Examples: {words.many(held, 'held-out document')} with `{own[0].property}`{rest}" if own else ""


def _shown(example: Example) -> Shown:
    beside = "" if example.beside is None else f"{named_column(example.beside[0])}: {_bare(example.beside[1])}"
    return Shown(example.holds, pieces(example.quote), beside)


def _bare(text: str) -> str:
    """A text of the data within a sentence whose names stand in backticks: it must not open or close one."""
    return words.clean(text).replace("`", "'")


def _facts(text: TextSummary) -> Iterator[str]:
    lost = f", {words.many(text.missing, 'cell')} without one" if text.missing else ""
    known = text.documents - text.missing
    was = "was" if known == 1 else "were"
    yield f"{words.many(known, 'document')} in `{text.column}` {was} read{lost}."
    if text.words is not None:
        yield _length(known, [round(w) for w in text.words])
    spoken = [(code, share) for code, share in text.languages if share >= 0.005][:3]
    if spoken:
        told = ", ".join(f"{_LANGUAGES.get(code, code)} {percent(share, 0)}" for code, share in spoken)
        yield f"Language: {told}."
    if text.near_duplicates:
        repeat = "repeats" if text.near_duplicates == 1 else "repeat"
        yield f"{words.many(text.near_duplicates, 'document')} nearly {repeat} an earlier one."
    if text.terms:
        yield f"Frequent words: {', '.join(_bare(t) for t in text.terms[:_WORDS])}."
    if text.boilerplate:
        yield f"Many share word for word: {'; '.join(f'“{_bare(together(b))}”' for b in text.boilerplate[:3])}."


def _length(documents: int, quartiles: list[int]) -> str:
    """How long documents are; where half of them are equally long, no range is told."""
    low, middle, high = (words.figure(q) for q in quartiles)
    if documents == 1:
        return f"It has {words.many(quartiles[1], 'word')}."
    if low == high:
        return f"Half of them or more have {words.many(quartiles[1], 'word')}."
    return f"Half of them have {low} to {high} words, the median is {middle}."


def _row(result: Result, text: TextSummary, theme: Theme, anchor: str, place: int) -> ThemeRow:
    found = [f for f in result.findings if f.outcome == "verified" and _speaks_of(f, text, theme)]
    found.sort(key=lambda f: f.rank)
    courses = [f for f in found if f.family in _COURSES]
    return ThemeRow(
        anchor=anchor,
        tone=f"t{place % TONES}",
        part=theme.parent is not None,
        label=label_of(theme),
        terms=", ".join(words.clean(t) for t in theme.terms[0 if theme.name else _SHORT : _TERMS]),
        documents=f"{theme.documents:,}",
        share=percent(theme.share, 0),
        width=round(100 * min(max(theme.share, 0.0), 1.0), 1),
        agreement="–" if theme.agreement is None else f"{theme.agreement:.2f}",
        trend=Link(courses[0].id, _course(courses[0])) if courses else None,
        found=tuple(Link(f.id, words.headed(f.sentence)[0]) for f in found),
        typical=tuple(p for p in map(pieces, theme.typical) if p),
        phrases=tuple(words.clean(p) for p in theme.phrases),
    )


def _speaks_of(finding: Finding, text: TextSummary, theme: Theme) -> bool:
    """Whether a finding's outcome or predictor is membership of the theme."""
    own = (finding.hypothesis.get("outcome"), finding.hypothesis.get("predictor"))
    for p in finding.hypothesis.get("texts", ()):
        wanted = {"kind": "theme", "theme": theme.id, "model": text.themes.model}
        if p["property"] == wanted and p["name"] in own:
            return True
    return False


def _course(finding: Finding) -> str:
    way = _COURSES[finding.family].get(str(finding.hypothesis.get("direction")))
    return way or _COURSE[finding.family]
