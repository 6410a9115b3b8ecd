"""Whether sealed rows may be shown: what a person is asked before a question of fact is paid for, and what they said.

Knows costs and words. Must never know a row, read a terminal, or take silence for a yes.
"""

from collections.abc import Callable, Sequence
from typing import Literal

from ..tools.data.split import Plan
from ..tools.errors import HeldoutError
from ..tools.verify.exposures import Cost, rows_of

Choice = Literal["all", "exploration", "no"]
"""From all rows, from exploration rows instead, or not at all."""
Consent = Callable[[str], Choice]
"""Asks a person, who is told what it costs in one line."""

PROMPT = "Show them? [y/N, or e for an answer from exploration rows] "
_CHOICES: dict[str, Choice] = {"y": "all", "yes": "all", "e": "exploration", "exploration": "exploration"}


class Declined(HeldoutError):
    """A person did not want sealed rows shown; nothing was."""


def choice_of(typed: str) -> Choice:
    """What was typed at the prompt; anything but a yes or an `e` is a no."""
    return _CHOICES.get(typed.strip().lower(), "no")


def price_line(costs: Sequence[Cost], plan: Plan) -> str:
    """What answers from all rows would show and which claims that gives up, in one line.

    Args:
        costs: One for each query of the answer that costs something.
        plan: How the table is sealed.
    """
    shown = list(dict.fromkeys(cost.columns for cost in costs))
    vaults = {number for cost in costs for number in cost.vaults}
    rows = rows_of(plan, vaults)
    what = "; ".join(_together(columns) for columns in shown)
    single = all(len(columns) == 1 for columns in shown)
    claims = "claims on it alone" if single else "claims that relate two columns shown together"
    return f"This shows {what}, {rows:,} sealed rows among them: {claims} can then no longer be verified on these data."


def _together(columns: Sequence[str]) -> str:
    names = [f"`{name}`" for name in columns]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]} together"
