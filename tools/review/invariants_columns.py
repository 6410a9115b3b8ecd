"""Rules on one column that the learned rows suggest: never or seldom missing, bounds, allowed labels.

Knows counts, ends and quantiles of one column at a time, and reads names for what cannot be negative or goes in a
circle. Must never know a row that is not among the learned ones.
"""

import math
import re
from collections.abc import Iterator

from .invariants_facts import Connection, Facts, Spread, levels_of, spread_of
from .invariants_tolerance import WILD, ProposedRule, room
from .learned import InRange, NotMissing, OneOf

_MOSTLY_MISSING = 0.5
"""Share of missing cells from which a column's gaps are left to its distribution."""
_LEAST = 100
"""Values from which bounds and lists are learned."""
_MOST_LABELS, _MOST_NUMBERS = 40, 12
_WELL_KNOWN = 5
"""Rows that a label must have for the list to look closed."""
_UNSEEN = 0.001
"""Estimated share of rows with labels that were never seen (Good 1953: labels seen once over rows)."""
_WALL = 0.01
"""Share of values at or close to zero that makes zero a wall and not the end of a tail."""
_TOPS = 3
_TELLS_TAIL = 1_000
"""Values from which they show how fast they thin out."""
_WIDE = 50.0
"""Highest over lowest from which a number spans orders of magnitude, as amounts do."""
_TINY, _EPSILON = 1e-280, 1e-12
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_PERIOD = {
    "date", "day", "dow", "hour", "hr", "minute", "month", "period", "quarter", "season", "second", "semester", "time",
    "timestamp", "week", "weekday", "year", "yr", "mnth", "wave", "epoch", "decade",
}  # fmt: skip
_CIRCLES = {
    "month": (1, 12), "mnth": (1, 12), "hour": (0, 23), "hr": (0, 23), "minute": (0, 59), "second": (0, 60),
    "weekday": (0, 7), "dow": (0, 7), "quarter": (1, 4), "season": (1, 4), "day": (1, 31), "week": (0, 53),
    "lat": (-90, 90), "latitude": (-90, 90), "lon": (-180, 180), "lng": (-180, 180), "longitude": (-180, 180),
}  # fmt: skip
_AMOUNTS = {
    "age", "amount", "amt", "area", "charge", "charges", "cost", "count", "dist", "distance", "duration", "fare",
    "fee", "freq", "height", "hours", "length", "mass", "minutes", "miles", "num", "number", "people", "persons",
    "population", "price", "qty", "quantity", "salary", "seats", "size", "speed", "tip", "tolls", "visits", "volume",
    "votes", "weight", "width", "years",
}  # fmt: skip
_SHARES = {"fraction", "humidity", "pct", "percent", "percentage", "prob", "probability", "proportion", "share"}


def words_of(name: str) -> list[str]:
    """The words of a column's name in lower case."""
    return [w.lower() for w in _WORD.findall(name)]


def names_period(name: str) -> bool:
    """Whether a name says that its values name a time, so that the next delivery has others."""
    words = words_of(name)
    return bool(words) and (words[-1] in _PERIOD or words[0] in {"year", "date", "month", "week"})


def column_rules(con: Connection, table: str, facts: Facts) -> Iterator[ProposedRule]:
    """What one column's learned values suggest."""
    column = facts.column
    if column.type == "empty" or not facts.present or column.derived_from:
        return
    yield from _filled(facts)
    if facts.present < _LEAST or column.type in ("constant", "text", "identifier"):
        return
    if column.type == "datetime":
        yield from _since(con, table, facts)
        return
    if column.type in ("category", "boolean") or (column.integer and facts.distinct <= _MOST_NUMBERS):
        closed = None if names_period(column.name) else _allowed(con, table, facts)
        if closed is not None:
            yield closed
            return
    if column.type == "number":
        spread = spread_of(con, table, column)
        if spread is not None and facts.distinct > 2:
            yield from _ranges(facts, spread)


def _filled(facts: Facts) -> Iterator[ProposedRule]:
    if facts.missing <= _MOSTLY_MISSING * facts.rows:
        rule = NotMissing(column=facts.column.name)
        severity = "warn" if facts.missing else "error"
        yield ProposedRule(rule=rule, tolerance=room(facts.missing, facts.rows), severity=severity)


def _allowed(con: Connection, table: str, facts: Facts) -> ProposedRule | None:
    """The list of labels, where it looks closed: hardly a label is rare, so that hardly one is unseen."""
    most = _MOST_NUMBERS if facts.column.type == "number" else _MOST_LABELS
    if not 2 <= facts.distinct <= most:
        return None
    levels = levels_of(con, table, facts.column)
    once = sum(n == 1 for n in levels.values())
    rare = sum(n < _WELL_KNOWN for n in levels.values())
    if once > _UNSEEN * facts.present or rare > len(levels) / 10:
        return None
    # A label more is news rather than damage, unless there are only two: a renamed one is a fault of its own.
    severity = "error" if len(levels) == 2 else "warn"
    rule = OneOf(column=facts.column.name, allowed=tuple(sorted(levels, key=_in_order)))
    return ProposedRule(rule=rule, tolerance=room(once, facts.present), severity=severity)


def _in_order(level: str) -> tuple[float, str]:
    try:
        return float(level), level
    except ValueError:
        return math.inf, level


def _since(con: Connection, table: str, facts: Facts) -> Iterator[ProposedRule]:
    """Dates do not lie long before the first: defaults such as 1900-01-01 would. Later ones are what is expected."""
    spread = spread_of(con, table, facts.column)
    if spread is None:
        return
    low = math.floor(spread.low - max(365.0, spread.high - spread.low))
    rule = InRange(column=facts.column.name, low=float(low))
    yield ProposedRule(rule=rule, tolerance=room(0, facts.present), severity="warn")


def _ranges(facts: Facts, spread: Spread) -> Iterator[ProposedRule]:
    """Natural bounds without tolerance; else the ends seen, with more room than a next sample takes up."""
    name = facts.column.name
    low, high, natural = _natural(facts, spread)
    if natural:
        yield ProposedRule(rule=InRange(column=name, low=low, high=high), tolerance=0.0, severity="error")
    if names_period(name) or (low is not None and high is not None):
        return
    wide_low, wide_high = _widened(spread, facts.present, low == 0)
    if not math.isfinite(wide_low) or not math.isfinite(wide_high):
        return  # values near the ends of floating point have no room
    rule = InRange(column=name, low=None if low is not None else wide_low, high=wide_high)
    light = facts.present >= _TELLS_TAIL and spread.light_above and (low is not None or spread.light_below)
    tolerance = min(WILD, room(0, facts.present)) if light else room(0, facts.present)
    yield ProposedRule(rule=rule, tolerance=tolerance, severity="warn")


def _natural(facts: Facts, spread: Spread) -> tuple[float | None, float | None, bool]:
    """Bounds that the number has by what it is, and whether there are any."""
    words = words_of(facts.column.name)
    circle = next((_CIRCLES[w] for w in reversed(words) if w in _CIRCLES), None)
    whole = facts.column.integer or (circle is not None and circle[0] < 0)
    if circle is not None and whole and circle[0] <= spread.low and spread.high <= circle[1]:
        return float(circle[0]), float(circle[1]), True
    if spread.low < 0:
        return None, None, False
    top = _top(facts, spread, set(words))
    if top is None and not _is_amount(facts, spread, set(words)):
        return None, None, False
    return 0.0, top, True


def _top(facts: Facts, spread: Spread, words: set[str]) -> float | None:
    """1 or 100 where the number is a share: it says so, or its values run up against that bound."""
    said = bool(words & _SHARES) or facts.column.unit == "%"
    for top in (1.0, 100.0):
        if top == 1.0 and facts.column.integer:
            continue
        if spread.high <= top and ((spread.high == top and spread.tops >= _TOPS) or (said and spread.high > top / 100)):
            return top
    return None


def _is_amount(facts: Facts, spread: Spread, words: set[str]) -> bool:
    """Whether the number cannot be negative: values stand at zero as at a wall, or it says so, or it is an amount."""
    if spread.near_zero >= max(3.0, _WALL * facts.present):
        return True
    return bool(words & _AMOUNTS) or (spread.low > 0 and spread.high >= _WIDE * spread.low)


def _widened(spread: Spread, n: int, from_zero: bool) -> tuple[float, float]:
    """The ends seen, further out by what a next sample may reach, in round figures."""
    _, q1, middle, q3, _ = spread.quantiles
    more = 0.5 if n >= 1_000 else 1.0
    box = q3 - q1
    up, down = max(more * (spread.high - middle), box), max(more * (middle - spread.low), box)
    up, down = up or abs(spread.high) or 1.0, down or abs(spread.low) or 1.0
    low = _round_down(spread.low - down, down)
    if spread.low >= 0 and low < 0 and not from_zero:
        low = _round_down(-down, down)
    return low, -_round_down(-(spread.high + up), up)


def _round_down(x: float, room_: float) -> float:
    """The next lower multiple of a power of ten that is small beside the room."""
    if not math.isfinite(x) or not _TINY < room_ < math.inf or abs(x) * _EPSILON > room_:
        return x
    places = -math.floor(math.log10(room_ / 2))
    return round(math.floor(x * 10.0**places + 1e-9) / 10.0**places, max(places, 0)) + 0.0
