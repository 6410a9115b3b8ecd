"""What a reader is told of rows that were sealed before under another name, in one line at the top of every report.

Knows a result. Must never know rows, a ledger, or how a page is laid out.
"""

from .result import Result
from .words import many


def known_line(result: Result) -> str:
    """Which table these rows are known from, and what that means for them; empty for a new table."""
    known = result.split.known
    if known is None:
        return ""
    unit = "row" if result.split.key is None else "unit"
    text = f"{known.units:,} {unit}s are known from `{known.name}`, sealed before: what was seen of them stays seen"
    if known.waiting:
        waits = "waits" if known.waiting == 1 else "wait"
        return f"{text}. {many(known.waiting, f'new {unit}')} {waits} until there are enough for a vault of their own."
    if known.new:
        return f"{text}. What nothing had looked at has an error budget of its own."
    return f"{text}, and their error budget goes on."
