"""How a review is worded: its head, its counts, what to do, since when, and what an exit code means.

Knows the review as values. Must never know a format, compute a figure, or say what causes what.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

from ....tools.review.checked import Change, Fault, Unread
from ....tools.review.states import CALIBRATION
from ....tools.value import counted
from ...report.words import clean, headed
from ..result import Checked, Review

OUTCOMES = {
    "clean": "Clean",
    "warnings": "Warnings",
    "errors": "Errors",
    "undecided": "Not decided",
    "skipped": "Skipped",
}
LEVELS = {"error": "Error", "warn": "Warning", "info": "For information", "none": "Not counted"}
STATES = {"holds": "holds", "watch": "on watch", "broken": "broken", "undecidable": "undecided"}
KINDS = {"fault": "fault", "invariant": "rule", "finding": "finding", "distribution": "distribution"}
FAULTS = {
    "unit_change": "the unit changed",
    "renamed_label": "a label is spelled otherwise",
    "type_change": "values are written otherwise",
    "shifted_columns": "cells are shifted",
    "duplicated_load": "rows were loaded twice",
    "truncated": "the delivery was cut short",
    "time_shift": "times are shifted",
    "multiplied_rows": "a join multiplied rows",
    "missing_part": "a part is missing",
    "stuck": "a column stands still",
    "swapped_labels": "labels are swapped",
    "encoding": "letters are damaged",
}
UNREAD = {"missing": "missing", "type": "other type", "extra": "new", "renamed": "renamed"}
News = Literal["new", "other", "same", ""]
UNDECIDED = "What these claims watch was not checked: mend what they read, or retire them in the claims file."
ROWS = "Rows are counted from 1, without a header."
_NAMED = 3


# The head


def headline(review: Review) -> str:
    """What came of it, in one line with the delivery's name: `2 errors and 1 warning in orders.csv`."""
    if review.delivery is None:
        return came(review)
    if review.outcome in ("errors", "warnings"):
        return f"{came(review)} in `{delivery_name(review)}`"
    return f"`{delivery_name(review)}`: {came(review)}"


def came(review: Review) -> str:
    """What came of it, in a few words."""
    if review.outcome == "skipped":
        return "reviewed before, nothing was checked again"
    if review.outcome == "undecided":
        return "nothing could be decided" if review.delivery else "the delivery could not be read"
    if review.outcome == "clean":
        alike = "nothing that counts is broken" if silenced(review) else "as it was learned"
        return f"{alike}, {counted(review.counts.holds, 'claim holds', 'claims hold')}"
    return tally(review)


def tally(review: Review) -> str:
    """`2 errors and 1 warning`."""
    found = [
        counted(n, word)
        for n, word in ((review.counts.errors, "error"), (review.counts.warnings, "warning"))
        if n or (word == "error" and review.outcome == "errors")
    ]
    return " and ".join(found) or "nothing"


def delivery_name(review: Review) -> str:
    """The delivery's name; where it could not be read, what it was to be compared with."""
    name = clean(review.delivery.name) if review.delivery else ""
    return (name or f"a delivery of {clean(review.claims.source)}").replace("`", "'")


def scope(review: Review) -> str:
    """What was compared with what."""
    claims = f"{review.claims.checked:,} of {counted(review.claims.total, 'claim')} decided"
    against = f"Compared with `{clean(review.against).replace('`', chr(39))}`"
    if review.delivery is None:
        return f"{against}: {claims}."
    d = review.delivery
    size = f"{counted(d.rows, 'row')}, {counted(d.columns, 'column')}"
    day = f", reviewed on {clean(d.when)}" if d.when else ""
    return f"{size}{day}. {against}: {claims}."


def standing(review: Review) -> str:
    """Which delivery this is, and whether it only advises; empty where it could not be read."""
    d = review.delivery
    if d is None:
        return ""
    text = f"Delivery {d.number:,} since the claims were learned."
    if d.calibration is not None:
        text += (
            f" It is {d.calibration} of {CALIBRATION} that calibrate: findings and distributions warn at most, "
            "rules and faults count in full."
        )
    if d.supersedes is not None:
        text += f" It replaces delivery {d.supersedes:,} of the same name."
    return text


def gate(review: Review) -> str:
    """The exit code and what it says to a pipeline."""
    option = f"--fail-on {review.fail_on}"
    means = {
        0: "nothing was to be checked" if review.outcome == "skipped" else f"nothing that `{option}` stops",
        1: f"something that `{option}` stops",
        2: "the command or its configuration is off",
        3: "nothing could be decided, which is no pass",
        4: "an internal error",
    }
    return f"Exit code {review.exit_code}: {means.get(review.exit_code, 'unknown')}."


def counts_line(review: Review) -> str:
    """`Of 39 claims: 35 hold, 2 on watch, 1 broken, 1 suppressed`: each claim once, a silenced one as that alone."""
    told = {claim for f in review.faults if f.suppressed is not None for claim in f.claims}
    states = [c.state for c in review.checks if c.state == "holds" or not (quiet(c) or c.id in told)]
    parts = [(states.count("holds"), "hold"), (states.count("watch"), "on watch"), (states.count("broken"), "broken")]
    parts += [(states.count("undecidable"), "undecided"), (len(review.checks) - len(states), "suppressed")]
    parts += [(review.counts.retired, "retired")]
    named = [f"{n:,} {word}" for n, word in parts if n or word == "hold"]
    loud = sum(f.suppressed is None for f in review.faults)
    faults = [f"; {counted(loud, 'fault')}"] if loud else []
    faults += [f"; {counted(len(review.faults) - loud, 'fault')} suppressed"] if loud < len(review.faults) else []
    return f"Of {counted(review.claims.total, 'claim')}: {', '.join(named)}{''.join(faults)}."


def quiet(claim: Checked) -> bool:
    """Whether somebody said that it should not count, and the day until which they said so has not passed."""
    return claim.suppressed is not None and not claim.expired


def message(review: Review) -> str:
    """The review's message; where nothing counts, with what is only silenced and broken all the same."""
    silent = silenced(review) if review.outcome == "clean" else ""
    return f"{review.message} Not counted, since suppressed: {silent}." if silent else review.message


def silenced(review: Review) -> str:
    """`1 fault and 2 claims that do not hold`: what would count, had nobody suppressed it; else nothing."""
    claims = sum(c.state in ("watch", "broken") and quiet(c) for c in review.checks)
    faults = sum(f.suppressed is not None for f in review.faults)
    parts = [counted(faults, "fault")] if faults else []
    parts += [counted(claims, "claim that does not hold", "claims that do not hold")] if claims else []
    return " and ".join(parts)


# One thing that does not hold


def fault_title(fault: Fault) -> str:
    """`Fault in `weight`: the unit changed`."""
    named = [f"`{clean(c).replace('`', chr(39))}`" for c in fault.columns[:_NAMED]]
    more = len(fault.columns) - _NAMED
    where = f" in {', '.join(named)}" if named else ""
    return f"Fault{where}{f' and {more:,} more columns' if more > 0 else ''}: {FAULTS[fault.kind]}"


def claim_title(claim: Checked) -> str:
    """`Broken: `price` is never negative`: never the claim alone, which would sound as if it held."""
    return f"{STATES[claim.state].capitalize()}: {says(claim)}"


def says(claim: Checked) -> str:
    """The claim as its file says it, without its full stop; of a finding without the figures of the learned data."""
    text = headed(claim.says.strip())[0] if claim.kind == "finding" else claim.says.strip()
    return text.removesuffix(".") or claim.id


def todo(claim: Checked) -> str:
    """What to do about a claim that does not hold."""
    who = f" with {clean(claim.owner)}" if claim.owner else ""
    if claim.expired:
        return f"Its suppression has run out: settle it{who}, or suppress it again with a reason."
    if claim.state == "undecidable":
        return UNDECIDED
    if claim.held is not None and claim.held.calibrating:
        return ""  # that the delivery calibrates stands above all claims
    if claim.kind == "distribution":
        return f"Settle{who} whether this column is meant to look so."
    if claim.state == "watch":
        return "Nothing yet: it is broken if the next delivery says the same."
    if claim.kind == "invariant":
        return f"Mend it at the source{who}, and deliver again."
    return f"Trust no figure that rests on this before it is settled{who}."


def news(claim: Checked, review: Review) -> News:
    """Whether what a claim says is new in this delivery, another state than before, the same, or not known."""
    own = review.delivery
    if claim.state == "holds" or own is None:
        return ""
    if claim.since is None or claim.since == own.name:
        return "new" if claim.changed or own.number == 1 else ""
    return "other" if claim.changed else "same"


def undecided_lines(claims: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Undecided claims, given by id and reason, as one line a reason: often many for one column that is gone."""
    by: dict[str, list[str]] = {}
    for name, text in claims:
        by.setdefault(text, []).append(name)
    for text, ids in by.items():
        more = f" and {len(ids) - _NAMED:,} more" if len(ids) > _NAMED else ""
        yield f"{counted(len(ids), 'claim')} undecided: {text} ({', '.join(ids[:_NAMED])}{more})"


def accept_line(text: str) -> str:
    """What leads to accepting, on one line."""
    return " ".join(accepting(text)).strip()


def undecided_text(title: str, text: str) -> str:
    """An undecided claim on one line, without saying again that it is undecided."""
    return f"{title.removeprefix(STATES['undecidable'].capitalize() + ': ')}: {text}"


def course(claim: Checked, review: Review) -> str:
    """`new in this delivery`, `since orders-0217.csv`, or nothing."""
    found = news(claim, review)
    if found == "new":
        return "new in this delivery" if claim.changed else "in the first delivery"
    if not found or claim.since is None:
        return ""
    return f"since {clean(claim.since)}" + (", another state in this delivery" if found == "other" else "")


def accepting(text: str) -> tuple[str, str]:
    """What leads to accepting as a sentence, and the command after it, which is empty where it is an edit.

    A command that holds a backtick cannot be told from a name and stays part of the sentence.
    """
    text = clean(text)
    if not text:
        return "", ""
    said = text if text.startswith("If ") else f"If it is right: {text}"
    label, colon, command = said.partition(": ")
    if colon and command.startswith("heldout ") and "`" not in command:
        return f"{label}:", command
    return said, ""


def first_rows(first: Sequence[int], rows: int) -> str:
    """`Rows 17, 204, 311 and 9 more.`; empty without a row to show."""
    if not first:
        return ""
    named = [f"{r:,}" for r in first]
    if rows > len(first):
        named.append(f"{rows - len(first):,} more")
    listed = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
    return f"{'Row' if rows == 1 else 'Rows'} {listed}."


def place(review: Review, line: int) -> str:
    """Where a claim stands: `claims.yml:34`, or the file alone where no line is known."""
    path = clean(review.claims.path).replace("`", "'") or "the claims"
    return f"{path}:{line}" if line > 0 else path


def suppression(reason: str, owner: str, expires: str) -> str:
    """`supplier is told (dana, until 2025-04-01)`."""
    return f"{clean(reason)} ({clean(owner)}, until {clean(expires)})"


# Story and columns


def change_text(change: Change) -> str:
    """A line of the story with since when it is so, where that is known and not said by itself."""
    told = change.since is None or change.since in change.text
    since = "" if told else f" Since `{clean(change.since or '').replace('`', chr(39))}`."
    return f"{change.text.strip()}{since}"


def unread_text(unread: Unread, *, rows: bool = True) -> str:
    """A column that does not read as it was learned, with the first rows that show it."""
    shown = first_rows(unread.first, unread.rows) if rows else ""
    return f"{unread.text.strip()} {shown}".strip()
