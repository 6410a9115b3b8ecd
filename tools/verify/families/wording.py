"""Names, levels, numbers and intervals as the sentences and figures of every family print them.

Knows how a value becomes text. Must never know which test ran, what an effect means, or whether a claim held.
"""

import math
import re
from collections.abc import Sequence

from ...text.naming import any_said, said_of
from ...value import Effect
from ..evidence import Evidence
from ..hypothesis import Condition, Contrast, Hypothesis

_CLOCK = re.compile(r"year|time|season|(^|[^a-z])yr")
_CURRENCIES = ("$", "€", "£", "¥", "₹")
_MOST_LEVELS = 4
_LONG_NAME, _HEAD, _TAIL = 72, 24, 44
"""Characters from which a name is shortened, and how many of its two ends stay at most."""
_KEPT_DIGITS, _MOST_DECIMALS = 12, 4
"""Of a figure that a query returned: the digits that are no accident, and the decimals that are taken as asked for."""
_OPS = {"==": "is", "!=": "is not", "<": "<", "<=": "≤", ">": ">", ">=": "≥"}


def column(name: str) -> str:
    """The name in backticks; of a long one, such as a question of a survey, the first and the last words.

    A property of a text is said in words, with the text's name in backticks: the number of digits in `message`.
    """
    said = said_of(name)
    if said is not None:
        return said.noun
    if len(name) <= _LONG_NAME:
        return f"`{name}`"
    head, tail = name[:_HEAD].rsplit(" ", 1)[0], name[-_TAIL:].split(" ", 1)[-1]
    return f"`{head} … {tail}`"


def decimals(*values: float | None, digits: int = 3) -> int:
    """Decimal places at which the largest of `values` shows `digits` significant digits, from 0 to 12."""
    sizes = [abs(v) for v in values if v is not None and math.isfinite(v)]
    largest = max(sizes, default=0.0)
    if largest == 0:
        return 0
    return min(max(digits - 1 - math.floor(math.log10(largest)), 0), 12)


def decimals_apart(a: float, b: float) -> int:
    """Decimal places that show 3 digits of the larger of two figures and 2 of what lies between them."""
    return max(decimals(a, b), decimals(a - b, digits=2) if a != b else 0)


def fixed(x: float, places: int) -> str:
    """`x` with that many decimal places, thousands separators and a true minus sign, never `−0`.

    Whole figures from a million on are told in millions or billions: 5.36 million, 127.8 million.
    """
    for name, size in (("billion", 1e9), ("million", 1e6)):
        if places == 0 and abs(x) >= size:
            return f"{fixed(x / size, 2 if abs(x) < 10 * size else 1)} {name}"
    text = f"{x:,.{places}f}"
    if text.startswith("-"):
        text = text[1:] if not any(c in "123456789" for c in text) else "−" + text[1:]
    return text


def number(x: float, digits: int = 3) -> str:
    """`x` with `digits` significant digits and thousands separators: 1,234; 48.2; 0.0123; 1.2e-07."""
    size = abs(x)
    if size >= 1e15 or 0 < size < 1e-5:
        return f"{x:.{digits - 1}e}".replace("-", "−", 1) if x < 0 else f"{x:.{digits - 1}e}"
    text = fixed(x, decimals(x, digits=digits))
    return text.rstrip("0").rstrip(".") if "." in text and x == round(x) else text


def returned(x: float, digits: int) -> str:
    """`x` as a query returned it, so that a rounding that was asked for is seen: 42,103.95; 0.0679982; 39.207.

    What has at most four decimals is printed with all of them; anything else with `digits` significant digits, and
    from one on with two decimals at least. Ending zeros are left off.
    """
    size = abs(x)
    if not math.isfinite(x) or size >= 1e15 or 0 < size < 1e-5:
        return number(x, digits)
    plain = f"{x:.{_KEPT_DIGITS}g}"
    places = len(plain.partition(".")[2])
    if "e" in plain or places > _MOST_DECIMALS or sum(c.isdigit() for c in plain) >= _KEPT_DIGITS:
        places = max(decimals(x, digits=digits), 2 if size >= 1 else 0)
    text = f"{x or 0.0:,.{places}f}".replace("-", "−")
    return text.rstrip("0").rstrip(".") if "." in text else text


def signed(text: str) -> str:
    """The printed figure with its sign in front; a figure that prints as zero gets none."""
    return text if text.startswith("−") or not any(c in "123456789" for c in text) else "+" + text


def count(n: int) -> str:
    """A count with thousands separators."""
    return f"{n:,}"


def percent_places(*denominators: int, shares: Sequence[float] = ()) -> int:
    """Decimal places of percentages over these denominators, such that differing shares print apart.

    None under 100 rows, one from there on, two from 10,000 rows where the shares are under 1 %.
    """
    n = min(denominators, default=0)
    places = 0 if n < 100 else 1
    if n >= 10_000 and shares and max(shares) < 0.01:
        places = 2
    while places < 6 and len(set(shares)) > len({f"{100 * s:.{places}f}" for s in shares}):
        places += 1
    return places


def percent(share: float, places: int = 1) -> str:
    """A share between 0 and 1 as a percentage: `42.7 %`."""
    return f"{fixed(100 * share, places)} %"


def interval(low: float, high: float, places: int, *, level: float = 0.95, unit: str | None = None) -> str:
    """`95 % interval 22,300 to 24,900`, both ends with that many decimal places."""
    ends = f"{with_unit(fixed(low, places), unit)} to {with_unit(fixed(high, places), unit)}"
    return f"{number(100 * level)} % interval {ends}"


def effect_interval(effect: Effect, places: int, *, unit: str | None = None) -> str:
    """The interval of an effect as `interval` prints it; empty text where the effect has none."""
    if effect.low is None or effect.high is None:
        return ""
    return interval(effect.low, effect.high, places, level=effect.level or 0.95, unit=unit)


def with_unit(text: str, unit: str | None) -> str:
    """The printed figure with its unit: `$1,234`, `48.2 %`, `12 kg`."""
    if not unit:
        return text
    if unit in _CURRENCIES:
        return f"−{unit}{text[1:]}" if text.startswith("−") else f"{unit}{text}"
    return f"{text} {unit}"


def one_of(levels: Sequence[str]) -> str:
    """Levels as a choice: `yes`; `a or b`; `a, b or c`; long lists name the first and count the rest."""
    shown = [f'"{level}"' if _needs_quotes(level) else level for level in levels]
    if len(shown) > _MOST_LEVELS:
        more = len(shown) - _MOST_LEVELS + 1
        return f"{', '.join(shown[: _MOST_LEVELS - 1])} or one of {more} other levels"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def _needs_quotes(level: str) -> bool:
    """Whether a level would be lost in a sentence: blank, or a sentence of its own."""
    return not level.strip() or (" " in level and level.rstrip()[-1] in ".!?;:")


def is_level(name: str, levels: Sequence[str]) -> str:
    """`smoker` is yes, with the name in backticks; of a text `review` mentions late or delayed."""
    held = _held(name, levels)
    return f"{column(name)} is {one_of(levels)}" if held is None else held[0]


def it_is(name: str, levels: Sequence[str]) -> str:
    """`it is no`, after the column was named with its other levels; `it does not` of a text."""
    held = _held(name, levels)
    return f"it is {one_of(levels)}" if held is None else held[1]


def _held(name: str, levels: Sequence[str]) -> tuple[str, str] | None:
    """What is said of one level of a property of a text, in full and after the other; None of any other column."""
    said = said_of(name) if len(levels) == 1 else None
    if said is None or said.held is None or levels[0] not in said.levels:
        return _above(name, levels)
    at = said.levels.index(levels[0])
    return said.held[at], said.short[at]


def _above(name: str, levels: Sequence[str]) -> tuple[str, str] | None:
    """`text` has a digit, where a count of a text is above 0."""
    some = any_said(name) if tuple(levels) == ("above 0",) else None
    return None if some is None else (some, "it does")


def group_label(name: str, contrast: Contrast, side: int) -> str:
    """The label of side `a` (0) or `b` (1) of a contrast; an open `b` reads `is not`."""
    if side == 0:
        return is_level(name, contrast.a)
    return is_level(name, contrast.b) if contrast.b else not_level(name, contrast.a)


def not_level(name: str, levels: Sequence[str]) -> str:
    """`smoker` is not yes; `review` does not mention late."""
    said = said_of(name) if len(levels) == 1 else None
    if said is not None and said.held is not None and levels[0] in said.levels:
        return said.held[1 - said.levels.index(levels[0])]
    return f"{column(name)} is not {one_of(levels)}"


def versus(name: str, contrast: Contrast) -> tuple[str, str]:
    """The two sides as parts of a sentence: `when smoker is yes` with `when it is no`, or `otherwise`."""
    other = f"when {it_is(name, contrast.b)}" if contrast.b else "otherwise"
    return f"when {is_level(name, contrast.a)}", other


def short_labels(contrast: Contrast) -> tuple[str, str]:
    """The two sides as labels of a chart's axis."""
    other = one_of(contrast.b) if contrast.b else f"not {one_of(contrast.a)}"
    return one_of(contrast.a), other


def condition(term: Condition) -> str:
    """One condition of a population filter: `age` ≥ 18."""
    if term.op in ("==", "!=") and isinstance(term.value, str) and said_of(term.column) is not None:
        return (is_level if term.op == "==" else not_level)(term.column, (term.value,))
    value = term.value if isinstance(term.value, str) else number(term.value)
    if isinstance(term.value, float) and _CLOCK.search(term.column.lower()) and term.value == round(term.value):
        value = f"{term.value:.0f}"  # a year or a clock time such as 1555: no separator
    return f"{column(term.column)} {_OPS[term.op]} {value}"


def among(hypothesis: Hypothesis) -> str:
    """`among rows where …, ` in front of a claim with a population filter; empty text without one."""
    if not hypothesis.where:
        return ""
    return f"among rows where {' and '.join(condition(term) for term in hypothesis.where)}, "


def sentence_case(text: str) -> str:
    """The text with its first letter large; a leading backtick is left as it stands."""
    return text[:1].upper() + text[1:]


def shown(evidence: Evidence, null: float = 0.0) -> int:
    """+1 or -1 where the test shows the effect's direction at the level of its interval, else 0.

    The p-value decides, not the interval: they are computed on different scales and may part by a hair.
    """
    effect = evidence.effect
    if effect is None or evidence.p_value is None or effect.value == null:
        return 0
    if evidence.p_value > 1 - (effect.level or 0.95) + 1e-12:
        return 0
    return 1 if effect.value > null else -1


def untested(claim: str, reason: str) -> str:
    """The sentence of a claim that no test was run for; the reason is a sentence of its own."""
    return f"{sentence_case(claim)}: not tested. {reason}"


def sizes(evidence: Evidence) -> str:
    """`n = 275 and 1,063`, in rows or clusters, whichever the figures of two groups are means of."""
    a, b = (group.n for group in evidence.groups)
    text = f"n = {count(a)} and {count(b)}"
    if evidence.clusters is None:
        return text
    return f"{text} clusters" if a + b == evidence.clusters else f"{text} in {count(evidence.clusters)} clusters"
