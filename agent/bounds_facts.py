"""Computed facts as evidence that a sentence can cite: one number with what it is a number of.

Knows a fact's fields and how figures are printed. Must never compute one, know who asked for it, or call it tested.
"""

import re
from typing import Protocol

import numpy as np

from ..tools.verify.families.wording import column, count, decimals, interval, number, returned, with_unit
from ..tools.verify.grounding_parts import Bound, Slot
from .report.words import clean

_LARGE = 1e6
"""Whole figures from here on are told in millions."""


class Fact(Protocol):
    """One number that a tool computed, as the notebook of facts keeps it."""

    @property
    def id(self) -> str:
        """`f1`, `f2`, ..."""
        ...

    @property
    def value(self) -> float | None:
        """The number, None where there is none."""
        ...

    @property
    def unit(self) -> str | None:
        """The data's own unit; `%` for a percentage, `date` for days since 1970-01-01."""
        ...

    @property
    def label(self) -> str:
        """What was computed, in words."""
        ...

    @property
    def n(self) -> int | None:
        """Rows used."""
        ...

    @property
    def filter(self) -> str | None:
        """Which rows, where not all."""
        ...

    @property
    def denominator(self) -> object:
        """Of a percentage, what it is a percentage of: a count of rows, or words."""
        ...

    @property
    def missing(self) -> int | None:
        """Rows left out because a value is missing."""
        ...


def bound_of_fact(fact: Fact) -> Bound:
    """A computed fact as evidence; a percentage is printed with its denominator wherever it is cited whole."""
    label, where = clean(fact.label).rstrip("."), clean(fact.filter or "")
    where = where if not where or re.match(r"(?i)(where|among|within)\b", where) else f"where {where}"
    value = _value(fact)
    whole = f"{value}{_of(fact)}" if fact.unit == "%" and value else value
    kind = "percent" if fact.unit == "%" else "count" if fact.unit == "rows" else "value"
    slots = {
        "": Slot(whole, kind),
        "value": Slot(count(round(fact.value)) if kind == "count" and fact.value is not None else value, kind),
        "n": Slot("" if fact.n is None else count(fact.n), "count"),
        "interval": Slot(_around(fact), "interval"),
        "missing": Slot("" if fact.missing is None else count(fact.missing), "count"),
        "what": Slot(label, "label"),
        "where": Slot(where, "where"),
        "group": Slot(clean(getattr(fact, "group", "")), "group"),
        "sentence": Slot(_fact_sentence(fact, label, where, whole), "sentence"),
    }
    names = [*(column(name) for name in getattr(fact, "columns", ())), *re.findall(r"`[^`]+`", f"{label} {where}")]
    return Bound(
        id=fact.id,
        slots={name: slot for name, slot in slots.items() if slot.text},
        names=tuple(dict.fromkeys(names)),
        qualifiers=(where,) if where else (),
        order=tuple(getattr(fact, "order", ())),
        amount=fact.value,
        levels=tuple(clean(level) for level in getattr(fact, "levels", ())),
    )


def _value(fact: Fact) -> str:
    if fact.value is None:
        return ""
    if fact.unit == "date":
        return str(np.datetime64(int(fact.value), "D"))
    large = abs(fact.value) >= _LARGE and fact.value == round(fact.value)
    text = number(fact.value, 4) if large else returned(fact.value, 4)
    return with_unit(text, clean(fact.unit) if fact.unit else None)


def _of(fact: Fact) -> str:
    """` of 1,024 rows`."""
    of = fact.denominator or fact.n
    if isinstance(of, int | float):
        return f" of {count(int(of))} rows"
    words = clean(str(of or ""))
    if fact.n is None or not words or words[0].isdigit():
        return f" of {words}" if words else ""
    return f" of {words} (n = {count(fact.n)})" if re.match(r"(a|an|the) ", words) else f" of {count(fact.n)} {words}"


def _around(fact: Fact) -> str:
    """`95 % interval 30.1 to 34.3`, where the fact has one; a percentage without its sign."""
    low, high = getattr(fact, "low", None), getattr(fact, "high", None)
    if low is None or high is None or fact.unit == "date":
        return ""
    return interval(low, high, decimals(fact.value, low, high), unit=None if fact.unit == "%" else fact.unit)


def _fact_sentence(fact: Fact, label: str, where: str, whole: str) -> str:
    """`Mean of `fare`: 32.2 (n = 889; 2 missing).`, the template of a fact."""
    about = [f"n = {count(fact.n)}"] if fact.n is not None else []
    about += [where] if where and where not in label else []
    about += [f"{count(fact.missing)} missing"] if fact.missing else []
    told = f" ({'; '.join(about)})" if about else ""
    return f"{label[:1].upper()}{label[1:]}: {whole or 'no value'}{told}."
