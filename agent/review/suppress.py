"""Silencing a claim until a day: it is still computed and shown in grey, and counts for nothing.

Knows claims files. Must never know a delivery, nor read a clock: today is handed in.
"""

import difflib
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from ...tools.errors import UsageError
from ...tools.review.learned import LearnedClaims, Suppression
from ...tools.value import counted
from .claims_edit import ClaimsText
from .claims_faults import is_day

_MOST = 300
"""Characters of a reason or an owner."""


def suppress(path: Path, wanted: Sequence[str], *, reason: str, owner: str, expires: str, today: str) -> str:
    """Write a suppression into the entries of claims, in place, and say what it does.

    Args:
        path: A claims file.
        wanted: Ids of claims.
        reason: Why, for those who meet it later.
        owner: Who will have looked at it by then.
        expires: Last day on which it holds, such as 2026-12-31; from the day after it the claim counts again.
        today: The day it is.

    Raises:
        UsageError: if an id is not there, a text is empty, the day is none or is past, or the file cannot be changed.
    """
    text = ClaimsText(path)
    for one in wanted:
        claim_named(text.claims, one)
    given = Suppression(reason=_said(reason, "reason"), owner=_said(owner, "owner"), expires=_day(expires, today))
    for one in dict.fromkeys(wanted):
        text.change(one, suppressed=given)
    text.save()
    days = (date.fromisoformat(expires) - date.fromisoformat(today)).days
    which = ", ".join(f"`{one}`" for one in dict.fromkeys(wanted))
    how_long = f"until {expires} ({counted(days, 'day')})" if days else "today only"
    return f"{which}: suppressed {how_long}. Still computed and shown in grey, from the day after it counts again."


def claim_named(claims: LearnedClaims, wanted: str) -> None:
    """Nothing where a claim has this id.

    Raises:
        UsageError: where none has; it names the nearest, and for a fault the claims on its columns.
    """
    if claims.claim(wanted) is not None:
        return
    ids = [c.id for c in claims.claims]
    close = difflib.get_close_matches(wanted, ids, 1, 0.5)
    way = f"Did you mean `{close[0]}`?" if close else f"There are {', '.join(ids[:5]) or 'none'}."
    if wanted.startswith("fault-"):
        own = [c.id for c in claims.claims if c.distribution is not None and wanted.endswith(f"-{c.distribution.name}")]
        way = f"The faults of a column are silenced with its distribution: {own[0] if own else 'its id in the file'}."
    raise UsageError(f"No claim has the id {wanted[:60]!r}. {way}")


def _said(text: str, what: str) -> str:
    short = " ".join(text.split())
    if not short or len(short) > _MOST:
        size = "empty" if not short else f"{len(short)} characters long"
        raise UsageError(f"`--{what}` is {size}. Say it in 1 to {_MOST} characters.")
    return short


def _day(expires: str, today: str) -> str:
    if not is_day(expires):
        raise UsageError(f"`--expires` is {expires[:40]!r}. Write a day such as 2026-12-31.")
    if expires < today:
        raise UsageError(
            f"`--expires` is {expires}, which is past: today is {today}. Name a day that is still to come."
        )
    return expires
