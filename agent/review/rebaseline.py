"""New baselines from the deliveries of the history: what each claim was measured against, and what it would be.

Knows claims files and histories. Must never know a row, nor decide: what is proposed is written only where a person
confirmed it, claim by claim. A review never does this by itself, or a slow break would be learned as normal.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

from ...tools.errors import UsageError
from ...tools.review.history import Estimate, History, Reviewed
from ...tools.review.invariants_words import says
from ...tools.review.learned import Baseline, LearnedClaim, LearnedClaims, RowCount
from ...tools.review.pooled import distance, pooled_effects, pooled_sketch
from ...tools.review.sketch import ColumnSketch
from ...tools.value import counted
from ...tools.verify.hypothesis import FamilyName, Hypothesis, sign
from .baselines import baseline_id, history_of
from .claims_edit import ClaimsText
from .claims_yaml import rounded
from .suppress import claim_named

LAST = 4
"""Deliveries that a new baseline rests on unless it is said: as many as calibrate."""
_WIDTH = 1.96


class Proposal(NamedTuple):
    """One claim, its baseline beside what the deliveries give."""

    claim: LearnedClaim
    old: str
    new: str
    note: str = ""
    values: dict[str, Any] = {}  # noqa: RUF012
    """What would be written; empty where there is nothing to write."""


class Rebaseline:
    """A claims file with its history, and what could be accepted of it.

    Args:
        path: The claims file.
        history: Its history; None: beside it.
        wanted: Ids to look at; none: all that can be rebaselined.
        last: How many of the latest deliveries count.

    Raises:
        UsageError: if an id is not there, or no delivery was reviewed yet.
        LedgerError: if the history is damaged.
    """

    def __init__(self, path: Path, history: Path | None, wanted: Sequence[str] = (), last: int = LAST) -> None:
        self.text = ClaimsText(path)
        for one in wanted:
            claim_named(self.text.claims, one)
        place = history or history_of(path)
        self.deliveries = deliveries_of(self.text.claims, History(place))[-last:]
        if not self.deliveries:
            raise UsageError(
                f"'{place}' holds no delivery that was reviewed against these claims. Run `heldout review` on new "
                "deliveries first, or name their history with `--history`."
            )
        self.proposals = proposals(self.text.claims, self.deliveries, wanted)

    @property
    def title(self) -> str:
        """Which deliveries the new figures rest on."""
        names = [d.name for d in self.deliveries]
        shown = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
        few = f" Fewer than {LAST} tell little of how deliveries differ." if len(names) < LAST else ""
        return f"From the last {counted(len(names), 'delivery', 'deliveries')} ({shown}).{few}"

    def accept(self, proposal: Proposal) -> None:
        """Have one proposal written with the next `save`."""
        self.text.change(proposal.claim.id, **proposal.values)

    def save(self) -> None:
        """Write what was accepted."""
        self.text.save()


def deliveries_of(claims: LearnedClaims, history: History) -> tuple[Reviewed, ...]:
    """The deliveries that were reviewed against these claims, oldest first, the learned data left out."""
    return tuple(entry for entry in history.of(baseline_id(claims)) if entry.number > 0)


def proposals(claims: LearnedClaims, deliveries: Sequence[Reviewed], wanted: Sequence[str] = ()) -> list[Proposal]:
    """Old against new for each claim that has a baseline: findings, distributions, row counts."""
    measured: dict[str, list[Estimate]] = {c.id: [] for c in claims.claims if c.kind == "finding"}
    for delivery in deliveries:
        for name, estimate in delivery.estimates.items():
            measured.setdefault(name, []).append(estimate)
    effects = pooled_effects(measured)
    out = []
    for claim in claims.claims:
        if claim.id not in wanted if wanted else claim.state == "retired":
            continue
        if claim.finding is not None and claim.baseline is not None:
            out.append(_finding(claim, claim.finding, claim.baseline, effects.get(claim.id)))
        elif claim.distribution is not None:
            out.append(_distribution(claim, claim.distribution, deliveries))
        elif isinstance(claim.invariant, RowCount):
            out.append(_row_count(claim, claim.invariant, [d.rows for d in deliveries]))
        elif wanted:
            out.append(Proposal(claim, claim.says, "", f"A rule has no baseline. Edit line {claim.line} of the file."))
    return out


# One kind each


def _finding(claim: LearnedClaim, finding: Hypothesis, base: Baseline, new: Baseline | None) -> Proposal:
    from ...tools.verify.families import FAMILIES  # with them comes all of statistics

    name = FAMILIES[cast(FamilyName, finding.scale)].effect_name  # of an event it is a difference of shares
    old = _effect_words(name, base)
    if new is None:
        return Proposal(claim, old, "", "It was measured in fewer than two of these deliveries.")
    way, size = sign(finding), new.effect - finding.null
    towards = way * size if way else abs(size)
    if towards - _WIDTH * new.standard_error <= 0:
        note = "These deliveries no longer show what it says, so there is nothing to measure against: retire it."
        return Proposal(claim, old, _effect_words(name, new), note, {"state": "retired"})
    note = ""
    if new.between is not None and new.between > abs(size) / 2:
        note = (
            "These deliveries differ among themselves by more than half of the effect: look at them before you accept."
        )
    return _unless_same(claim, old, _effect_words(name, new), note, {"baseline": new})


def _distribution(claim: LearnedClaim, old: ColumnSketch, deliveries: Sequence[Reviewed]) -> Proposal:
    found = [d.sketch.column(old.name) for d in deliveries]
    parts = [part for part in found if part is not None]
    new = pooled_sketch(old, parts) if len(parts) == len(deliveries) else None
    if new is None:
        text = f"Not every one of these deliveries has `{old.name}` as it was learned."
        return Proposal(claim, _sketch_words(old), "", text)
    apart = distance(old, new)
    note = "" if apart is None else f"Distance {apart:.2f}."
    return _unless_same(claim, _sketch_words(old), _sketch_words(new, old), note, {"distribution": new})


def _row_count(claim: LearnedClaim, old: RowCount, rows: Sequence[int]) -> Proposal:
    ordered = sorted(rows)
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    new = RowCount(low=math.floor(middle / 2), high=math.ceil(middle * 2))
    note = f"These deliveries have {ordered[0]:,} to {ordered[-1]:,} rows."
    if not new.low <= ordered[0] <= ordered[-1] <= new.high:
        note += " Some of them lie outside: look at them before you accept."
    before, after = (f"{rule.low:,} to {rule.high:,} rows" for rule in (old, new))
    tolerance = claim.tolerance or 0.0
    reworded = {"says": says(new, tolerance)} if claim.says == says(old, tolerance) else {}  # a person's words stay
    return _unless_same(claim, before, after, note, {"invariant": new, **reworded})


def _unless_same(claim: LearnedClaim, old: str, new: str, note: str, values: dict[str, Any]) -> Proposal:
    changed = rounded(claim.model_copy(update=values))
    if changed.as_json() == rounded(claim).as_json():
        return Proposal(claim, old, new, "Nothing changes.")
    return Proposal(claim, old, new, note, values)


# Words


def _effect_words(name: str, baseline: Baseline) -> str:
    apart = "" if baseline.between is None else f", varies by {_number(baseline.between)} from one to the next"
    since = f"{counted(baseline.deliveries, 'delivery', 'deliveries')}, " if baseline.deliveries else ""
    rows = counted(baseline.rows, "row")
    return f"{name} {_number(baseline.effect)} ± {_number(baseline.standard_error)} ({since}{rows}){apart}"


def _sketch_words(sketch: ColumnSketch, like: ColumnSketch | None = None) -> str:
    """The figure that says most: the mean of a number, the share of the most frequent level (that of `like`)."""
    words = []
    if sketch.mean is not None:
        words.append(f"mean {_number(sketch.mean)}")
    elif (like or sketch).levels:
        level = next(iter((like or sketch).levels))
        words.append(f"{sketch.levels.get(level, 0) / max(sketch.rows, 1):.1%} {level[:30]!r}")
    words.append(f"{sketch.missing / max(sketch.rows, 1):.1%} missing")
    return ", ".join([*words, counted(sketch.rows, "row")])


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.3g}"
