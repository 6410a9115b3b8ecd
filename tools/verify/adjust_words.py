"""What the check against other columns says, in a few words and in a sentence.

Knows a claim and its adjustment. Must never know rows, and never says what causes what: a column that changes an
estimate may be a cause or a consequence, and the data cannot tell.
"""

from statistics import median

from ..value import Effect
from .adjust_design import Pair
from .adjust_models import Slope
from .adjustment import Adjustment
from .families.wording import column, decimals, fixed, interval, percent, with_unit
from .hypothesis import Hypothesis

_MOST_NAMED = 3
_SHRUNK = 0.5
"""Part of a claim from which it still holds as it was found; under it the report says how much is left."""
_SHOWN = "the opposite is shown"
UNKNOWN = "whether {} is a cause or a consequence is not in the data"


def units(h: Hypothesis, pair: Pair, unit: str | None, slope: Slope | None) -> Effect | None:
    """A slope in the data's own units: points of a share, else the outcome's unit; by unit of a numeric predictor."""
    if slope is None:
        return None
    scale, unit = (100.0, "points") if pair.share else (1.0, unit or h.outcome)
    name = "difference" if pair.contrast else f"slope per unit of `{h.predictor}`"
    return Effect(
        name=name, value=scale * slope.value, low=scale * slope.low, high=scale * slope.high, level=0.95, unit=unit
    )


def worded(h: Hypothesis, found: Adjustment) -> tuple[str, str]:
    """(a few words, a sentence) on an adjustment that was run."""
    phrase = _phrase(found)
    held = _held(found)
    parts = [f"{_opening(found)} with {held} held fixed"]
    figures = _figures(h, found)
    if figures:
        parts[0] += f": {figures}"
    more = [parts[0] + "."]
    if found.tag != "robust" and found.driver:
        more.append(f"It changes when adjusting for {column(found.driver)}; {UNKNOWN.format(column(found.driver))}.")
    elif found.driver:
        more.append(f"{column(found.driver)} moves it most; {UNKNOWN.format(column(found.driver))}.")
    if found.simpson_flagged and found.simpson:
        share = percent(found.simpson_share or 0.0, 0)
        where = f"where {column(found.simpson)} has a value at which it points the other way"
        within = f" Within its levels taken together {_SHOWN}." if found.simpson_turns else ""
        more.append(f"{share} of the rows lie {where}.{within}")
    return phrase, " ".join(more)


def _phrase(found: Adjustment) -> str:
    by = f" with {column(found.driver)} held fixed" if found.driver else " with the other columns held fixed"
    if found.tag == "robust":
        left = _left(found)
        if left is not None and left < _SHRUNK:
            return f"holds with the other columns held fixed, but shrinks to {percent(left, 0)} of itself"
        return "holds with the other columns held fixed"
    if found.tag == "attenuated":
        return f"shrinks{by} and is no longer shown"
    if found.simpson_turns:
        return f"reverses within levels of {column(found.simpson or '')}"
    if turned(found):
        return f"reverses{by}"
    return f"vanishes{by}"


def turned(found: Adjustment) -> bool:
    """Whether at least two estimates show the opposite of the claim, beyond estimating it."""
    raw = found.estimates[0].value if found.estimates else 0.0
    return sum(e.value * raw < 0 and e.p_value < 0.05 for e in found.estimates[1:]) >= 2


def _left(found: Adjustment) -> float | None:
    """What the median of the adjusted estimates is of the one as found, on the scale that the tag is judged on."""
    if len(found.estimates) < 2 or not found.estimates[0].value:
        return None
    return float(median(e.value for e in found.estimates[1:])) / found.estimates[0].value


def _opening(found: Adjustment) -> str:
    if found.tag == "robust":
        left = _left(found)
        return "Holds, but shrinks," if left is not None and left < _SHRUNK else "Holds"
    if found.tag == "attenuated":
        return "No longer shown"
    return "Reverses" if turned(found) else "Vanishes: the estimate no longer points that way"


def _held(found: Adjustment) -> str:
    names = [column(c) for c in found.controls]
    if not found.estimates:
        return f"any one of {len(names):,} other columns" if len(names) > 1 else names[0]
    if found.driver:
        names = [column(found.driver), *(n for n in names if n != column(found.driver))]
    if len(names) <= _MOST_NAMED:
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{', '.join(names[:2])} and {len(names) - 2:,} more columns"


def _figures(h: Hypothesis, found: Adjustment) -> str:
    """`difference 14.2 points as found, −1.8 points adjusted (95 % interval −7.1 to 3.5)`."""
    before, after = found.before, found.after
    if before is None or after is None or after.low is None or after.high is None:
        return ""
    if not _agree(found, before, after):
        left = _left(found)
        return (
            "" if left is None or found.tag == "reversed" else f"{percent(left, 0)} of the association of ranks is left"
        )
    places = max(decimals(before.value, after.value), decimals(after.high - after.low, digits=2))
    unit = None if before.unit == h.outcome else before.unit
    one, two = (with_unit(fixed(e.value, places), unit) for e in (before, after))
    around = interval(after.low, after.high, places, unit=None if unit == "points" else unit)
    return f"{before.name} {one} as found, {two} adjusted ({around})"


def _agree(found: Adjustment, before: Effect, after: Effect) -> bool:
    """Whether averages tell the same story as the ranks that the tag is judged on; else they would contradict it."""
    if not found.estimates or before.value * found.estimates[0].value <= 0:
        return False
    same, shown = before.value * after.value > 0, (after.low or 0.0) * (after.high or 0.0) > 0
    if found.tag == "robust":
        return same and shown
    return not (same and shown)
