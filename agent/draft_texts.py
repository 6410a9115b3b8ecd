"""Which claims on texts are worth a person's attention: what is drafted of their properties, and in which words.

Knows columns, claims and exploration rows. Must never know a sealed row, an effect or a verdict. A person asks what
texts of one kind mention more, how they are written, and how that moves in time; quantiles of a measure of form, or
rules on it, are answers to no question.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ..tools.data.rows import Rows
from ..tools.data.schema import Column
from ..tools.explore.lead import Lead
from ..tools.explore.text_merge import stem_of
from ..tools.explore.text_sides import is_split
from ..tools.text.naming import said_of, terms_of
from ..tools.text.properties import Measure, TextProperty
from ..tools.text.words import words_of
from ..tools.verify.hypothesis import (
    GroupDifference,
    Hypothesis,
    MonotoneAssociation,
    OccurrenceDifference,
    RateDifference,
    Trend,
)
from .roles import outcome_reading

_FAMILIES = (GroupDifference, RateDifference, OccurrenceDifference, MonotoneAssociation, Trend)
_INTEREST = {
    "opinion": 0.9, "words": 0.8, "digits": 0.8, "question marks": 0.8, "exclamation marks": 0.8,
    "first person singular": 0.8, "first person plural": 0.8, "second person": 0.8, "third person": 0.7,
    "negations": 0.7, "links": 0.7, "hashtags": 0.7, "mentions of users": 0.5, "capitalised words": 0.7,
    "words per sentence": 0.7, "reading grade": 0.6, "characters": 0.6, "sentences": 0.5, "characters per word": 0.5,
    "distinct words": 0.5, "capital letters": 0.4,
}  # fmt: skip
"""What a measure of form is worth to a reader beside what a text mentions; themes and terms count in full."""
_SPELT = frozenset(("capital letters", "capitalised words", "characters", "characters per word", "mentions of users"))
"""Measures that the spelling of an address moves: tweets to @JetBlue have more capitals than to @united."""
_OUTCOME_LIKE = 2.5
"""Reading from which a number is what a text goes with (a rating), rather than what it is sorted by (a year)."""
_LOOKED_AT = 5_000
_ADDRESSED, _ELSEWHERE = 0.5, 0.1
_SAME_PAIR = 0.25
_KINDS = {("measure", "measure"): 0.55, ("measure", "other"): 0.85, ("other", "other"): 0.8}
"""What is left of a claim's worth after one on the same column, by what both say of a text."""


def of_texts(lead: Lead, columns: Mapping[str, Column]) -> bool:
    """Whether a pair holds a property of a text."""
    return any(columns[name].computed is not None for name in (lead.a, lead.b))


def on_split(lead: Lead, columns: Mapping[str, Column]) -> bool:
    """Whether a pair holds a label that only divides the data into training and test."""
    return any(is_split(columns[name]) for name in (lead.a, lead.b))


def without_texts(rows: Rows) -> Rows:
    """The rows with the table's own columns alone: rules, segments and shapes are looked for among these."""
    own = [name for name, column in rows.columns.items() if column.computed is None]
    return rows if len(own) == len(rows.columns) else rows.keeping(own)


def worth_telling(leads: Iterable[Lead], rows: Rows) -> list[Lead]:
    """Of the pairs those of a property of a text with a column of the table that a person would ask about."""
    addressed: dict[tuple[str, str], bool] = {}
    out = []
    for lead in leads:
        pair = [rows.columns[lead.a], rows.columns[lead.b]]
        made, own = sorted(pair, key=lambda c: c.computed is None)
        if made.computed is None or own.computed is not None or is_split(own):
            continue
        prop = made.computed
        if isinstance(prop.property, Measure) and prop.property.of in _SPELT:
            key = prop.column, own.name
            if key not in addressed:
                addressed[key] = _is_addressed(rows, *key)
            if addressed[key]:
                continue
        out.append(lead)
    return out


def _is_addressed(rows: Rows, text: str, label: str) -> bool:
    """Whether an @name tells the level of a label, as that of an airline in tweets to it."""
    column = rows.columns[label]
    if column.type not in ("boolean", "category"):
        return False
    codes, held = rows.codes(label)[:_LOOKED_AT], _handles(rows.texts[text][:_LOOKED_AT])
    names = {h for own in held for h in own}
    told = 0
    for level in range(min(len(column.levels), 12)):
        inside = np.flatnonzero(codes == level).tolist()
        outside = np.flatnonzero((codes >= 0) & (codes != level)).tolist()
        told += any(_share(h, held, inside) >= _ADDRESSED and _share(h, held, outside) <= _ELSEWHERE for h in names)
    return told >= max(1, min(len(column.levels), 12) // 2)


def _handles(texts: Iterable[str | None]) -> list[frozenset[str]]:
    own = [frozenset(w for w in words_of(t) if w.startswith("@")) if t and "@" in t else frozenset() for t in texts]
    count: dict[str, int] = {}
    for handles in own:
        for h in handles:
            count[h] = count.get(h, 0) + 1
    frequent = {h for h, n in count.items() if n >= 0.02 * max(len(own), 1)}
    return [handles & frequent for handles in own]


def _share(handle: str, held: Sequence[frozenset[str]], at: Sequence[int]) -> float:
    return sum(handle in held[k] for k in at) / max(len(at), 1)


def read_with_text(a: Column, b: Column, order: Mapping[str, int]) -> tuple[Column, Column]:
    """(outcome, predictor) of a property of a text and a column of the table.

    Texts of one kind mention something more often; of two texts the one with more of it wins; a rating is what a text
    goes with.
    """
    made, own = (a, b) if a.computed is not None else (b, a)
    if made.computed is not None and made.computed.against is not None:
        return own, made
    reading = outcome_reading(own, order[own.name] / max(len(order) - 1, 1))
    if own.type == "number" and made.type == "boolean" and reading > _OUTCOME_LIKE:
        return own, made
    return made, own


def fits(h: Hypothesis) -> bool:
    """Whether a claim on a property of a text answers a question that a person asks.

    That texts of one of many kinds mention something less often is mostly another way to say that others mention it;
    that texts labelled `Late Flight` mention flights says nothing.
    """
    if not isinstance(h, _FAMILIES) or h.where or (isinstance(h, OccurrenceDifference) and " of " not in h.outcome):
        return False
    mentioned = said_of(h.outcome)
    if not isinstance(h, RateDifference) or mentioned is None:
        return not (isinstance(h, OccurrenceDifference) and h.outcome.startswith("rate of "))
    return (h.direction == "higher" or bool(h.levels.b)) and not _restates(h)


def _restates(h: RateDifference) -> bool:
    """Whether a word that is mentioned is in the name of the level that mentions it."""
    _, verb, terms = h.outcome.partition(" mentions ")
    own = {stem_of(w) for level in h.levels.a for w in words_of(level)}
    return bool(verb) and any(stem_of(t.rstrip("*")) in own for t in terms_of(terms) if " " not in t)


def pattern(h: Hypothesis) -> tuple[str, ...] | None:
    """What a claim says of a level, without the level's name: `white shirt` when `label` is white is `… shirt`.

    Of a measure of form it is the measure, for that one kind has more of it says that another has less. None where a
    claim is neither such a mention nor on a measure.
    """
    if isinstance(h, GroupDifference) and h.texts and isinstance(h.texts[0].property, Measure):
        return ("measure", h.outcome, h.predictor)
    _, verb, terms = h.outcome.partition(" mentions ")
    if not (verb and h.texts and isinstance(h, RateDifference)):
        return None
    own = {stem_of(w) for level in h.levels.a for w in words_of(level)}
    spelt = [" ".join("…" if stem_of(w) in own else w for w in t.split(" ")) for t in terms_of(terms)]
    return ("mention", h.texts[0].column, h.predictor, *spelt) if any("…" in t for t in spelt) else None


def partners(h: Hypothesis) -> tuple[str, ...]:
    """Outcome and predictor of a claim on texts without the properties; both where there is nothing else."""
    made = {p.name for p in h.texts}
    return tuple(name for name in (h.outcome, h.predictor) if name not in made) or (h.outcome,)


def interest(h: Hypothesis) -> float:
    """What a claim is worth to a reader by the measures that it speaks of, at most 1; 1 where it speaks of none."""
    return min((_INTEREST[p.property.of] for p in h.texts if isinstance(p.property, Measure)), default=1.0)


def variety(h: Hypothesis, shown: Hypothesis) -> float:
    """What is left of a claim on texts after another one: five measures of form in a row tell one story."""
    if (h.outcome, h.predictor) == (shown.outcome, shown.predictor):
        return _SAME_PAIR
    if set(partners(h)) != set(partners(shown)):
        return 0.95
    kinds = sorted(_kind(p) for claim in (h, shown) for p in claim.texts[:1])
    left = _KINDS.get((kinds[0], kinds[1]), 1.0)
    return left * (1.0 if _sides(h) != _sides(shown) else 0.9)


def _kind(p: TextProperty) -> str:
    return "measure" if isinstance(p.property, Measure) else "other"


def _sides(h: Hypothesis) -> tuple[str, ...]:
    """Which level is told to have more, or which way it moves."""
    levels = getattr(h, "levels", None)
    return (h.direction,) if levels is None else (*levels.a, h.direction)
