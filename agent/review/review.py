"""`heldout review`: one delivery held to what was learned, stage by stage.

Knows the order of the stages and what passes between them. Must never compute a statistic, decide a state or ask the
clock, and asks no model and no network: a PostgreSQL table alone is fetched, by a module of its own, where it is named.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple, get_args

from ...tools.data.readers_binary import quoted
from ...tools.data.schema import Limits
from ...tools.errors import DataError, UsageError
from ...tools.review.checked import Change, Fault, Shifted, Unread
from ...tools.review.delivery import Delivery, open_delivery
from ...tools.review.faults import find_faults
from ...tools.review.findings import hold_findings, measure_findings, rows_for, with_pictures
from ...tools.review.history import Estimate, History, Reviewed
from ...tools.review.invariants import RowsBefore, check_rules
from ...tools.review.learned import LearnedClaim, LearnedClaims, SumOf, day_of
from ...tools.review.pooled import with_accepted
from ...tools.review.shifts import find_shifts
from ...tools.review.sketch import Sketch
from ...tools.review.sketching import sketch_of
from ...tools.review.states import CALIBRATION, Point
from ...tools.review.story import tell
from ...tools.value import counted
from ..folders import run_folder
from ..sealing import Progress
from .assembling import Asked, Found, assembled, columns_of, undecided
from .baselines import baseline_id, history_of
from .claims_yaml import read_file
from .result import FailOn
from .reviewed import DeliveryReview
from .sources import to_review
from .standing import Standing, standing_of

FAIL_ON = get_args(FailOn)


def review(
    source: object, claims: str | Path = "claims.yml", *, baseline: object | None = None,
    history: str | Path | None = None, since: str | None = None, table: str | None = None, name: str | None = None,
    when: str | None = None, fail_on: FailOn = "error", record: bool = True, limits: Limits | None = None,
    threads: int = 2, progress: Progress | None = None,
) -> DeliveryReview:  # fmt: skip
    """Hold a delivery to learned claims.

    Args:
        source: A file, several, a folder or partition, a database's table; see `open_delivery`.
        claims: The claims file.
        baseline: An earlier delivery to compare distributions with, instead of the learned data.
        history: The file of sketches of earlier deliveries; beside the claims file by default.
        since: Only rows whose date, in the claims file's `time` column, is not before this day.
        table: Table or sheet, where the source holds several.
        name: What the delivery is called. A delivery of the name of an earlier one takes its place in the history.
        when: ISO day of the review: suppressions expire and freshness is told by it.
        fail_on: What makes the exit code 1: `error`, `warn` or `never`.
        record: Whether to add the delivery to the history.
        limits: Bounds on what is read.
        threads: Threads for reading; the result does not depend on it.
        progress: Called with one line at the start of each stage.

    Returns:
        The review with its renderings. What cannot be read is a review too: undecided, with exit code 3.

    Raises:
        UsageError: if an option or the claims file is wrong.
        LedgerError: if the history is damaged or held by another review.
    """
    if fail_on not in FAIL_ON:
        raise UsageError(f"`fail_on` must be one of {', '.join(FAIL_ON)}. Got {fail_on!r} instead.")
    _check_day(when)
    say = progress or _silent
    file = read_file(Path(claims))
    asked = Asked(str(claims), file, fail_on, when)
    book = History(Path(history) if history is not None else history_of(Path(claims)))
    opening = _Opening(file.claims, limits, threads, since)
    with run_folder() as folder:
        try:
            say("Reading the delivery")
            with opening.open(source, folder / "delivery", table, name) as delivery:
                if not delivery.rows:
                    raise DataError(f"'{delivery.name}' has no rows. Ask for the delivery again.")
                with book.locked() if record else nullcontext():
                    return _reviewed(delivery, asked, book, opening, baseline, folder, name, record, say)
        except DataError as err:
            return DeliveryReview(undecided(asked, str(err), str(name or source)))


class _Opening(NamedTuple):
    claims: LearnedClaims
    limits: Limits | None
    threads: int
    since: str | None = None

    def open(self, source: object, folder: Path, table: str | None, name: str | None) -> Delivery:
        """The source as the learned data were read."""
        known = self.claims
        here = to_review(
            source, folder, table=table, name=name, since=self.since, time=known.time, limits=self.limits
        )  # fmt: skip
        return open_delivery(
            here.source, known.columns, independence=known.independence, table=here.table, name=here.name,
            limits=self.limits, folder=folder, threads=self.threads, since=self.since, time=known.time, key=known.key,
        )  # fmt: skip


def _reviewed(
    delivery: Delivery, asked: Asked, book: History, opening: _Opening, baseline: object | None, folder: Path,
    name: str | None, record: bool, say: Progress,
) -> DeliveryReview:  # fmt: skip
    """Everything after the delivery was opened, with the history held."""
    claims = asked.file.claims
    standing = standing_of(book, baseline_id(claims), delivery, name)
    say(f"Sketching {counted(delivery.rows, 'row')}")
    base, calibration = _base(claims, standing, opening, baseline, folder)
    new = sketch_of(
        delivery.cursor(), "data", delivery.columns, like=base, name=delivery.name, digest=delivery.digest
    )  # fmt: skip
    say("Checking claims")
    found = _found(delivery, claims, standing, (base, calibration), new, asked.when)
    result = assembled(asked, delivery, standing, base.name, found)
    if record and standing.again is None:
        book.append(_entry(delivery, standing, asked, new, found, result.states()))
    return DeliveryReview(result.review, known=_alarmed(standing), again=standing.again is not None)


def _alarmed(standing: Standing) -> list[str]:
    """What the delivery before raised an alarm for, claims and faults."""
    last = standing.past[-1].states if standing.past else {}
    return [key for key, state in last.items() if state in ("watch", "broken")]


def _base(
    claims: LearnedClaims, standing: Standing, opening: _Opening, baseline: object | None, folder: Path
) -> tuple[Sketch, tuple[Sketch, ...]]:
    """The sketch to compare with, of `--baseline` or as learned and accepted since; and what calibrates."""
    past = [e.sketch for e in standing.past]
    if baseline is not None:
        with opening._replace(since=None).open(baseline, folder / "baseline", None, None) as old:
            base = sketch_of(old.cursor(), "data", old.columns, like=None, name=old.name, digest=old.digest)
        return base, tuple(past[:CALIBRATION])
    columns = tuple(c.distribution for c in claims.claims if c.distribution is not None)
    held = Sketch(name=claims.source, digest=claims.fingerprint, rows=claims.rows, columns=columns)
    return with_accepted(standing.learned.sketch if standing.learned is not None else held, columns, past)


def _found(
    delivery: Delivery, claims: LearnedClaims, standing: Standing, against: tuple[Sketch, tuple[Sketch, ...]],
    new: Sketch, when: str | None,
) -> Found:  # fmt: skip
    """What every check says of the delivery."""
    base, calibration = against
    active = [c for c in claims.claims if c.state == "active"]
    rows = rows_for(active, delivery)
    measured = measure_findings(active, delivery, rows)
    past = {c.id: _points(c, standing.past) for c in active}
    held = with_pictures(hold_findings(active, measured, past), active, rows)
    del rows  # the largest arrays of a review
    rules = [c for c in active if c.invariant is not None]
    counted_ = check_rules(
        [(c.invariant, c.tolerance or 0.0) for c in rules if c.invariant is not None], delivery.cursor(), "data",
        delivery.columns, delivery.rows, before=_before(standing), when=when, unread=delivery.unread,
        learned=len(delivery.learned),
    )  # fmt: skip
    violations = {c.id: v for c, v in zip(rules, counted_, strict=True)}
    watched = {c.distribution.name: c for c in active if c.distribution is not None}
    units = _units(delivery, claims)
    tolerances = {name: c.tolerance for name, c in watched.items() if c.tolerance is not None}
    shifts = find_shifts(base, new, past=calibration, units=units, tolerances=tolerances)
    shifted: dict[str, Shifted] = {watched[s.column].id: s for s in shifts if s.column in watched}
    faults: Sequence[Fault] = find_faults(delivery, base, new, claims)
    unread: Sequence[Unread] = delivery.unread
    story: Sequence[Change] = tell(
        base, new, shifts, past=[(e.name, e.sketch) for e in standing.past], sums=_sums(active), units=units,
        claims=_by_column(active), tolerances=tolerances,
    )  # fmt: skip
    estimates = {k: Estimate(value=m.point.value, standard_error=m.point.error, n=m.evidence.n)
                 for k, m in measured.items() if m.point is not None and m.evidence is not None}  # fmt: skip
    return Found(violations, held, shifted, tuple(faults), tuple(unread), tuple(story), estimates)


def _units(delivery: Delivery, claims: LearnedClaims) -> tuple[float, float] | None:
    """Independent rows of the learned data and of the delivery, where entities have several rows each."""
    own = claims.independence
    if own.kind != "entity" or own.units is None or own.key is None or not delivery.reads(own.key):
        return None
    here = delivery.cursor().execute(f"SELECT count(DISTINCT {quoted(own.key)}) FROM data").fetchall()[0][0]
    return float(own.units), float(here)


def _sums(claims: Sequence[LearnedClaim]) -> list[tuple[str, tuple[str, ...]]]:
    """Totals with their parts, as the rules say."""
    return [(c.invariant.total, c.invariant.parts) for c in claims if isinstance(c.invariant, SumOf)]


def _by_column(claims: Sequence[LearnedClaim]) -> dict[str, list[str]]:
    """Ids of findings and distributions by the column that they speak of first."""
    out: dict[str, list[str]] = {}
    for c in claims:
        if c.kind != "invariant":
            out.setdefault(columns_of(c)[0], []).append(c.id)
    return out


def _points(claim: LearnedClaim, past: Sequence[Reviewed]) -> list[Point]:
    known = [e.estimates[claim.id] for e in past if claim.id in e.estimates]
    return [Point(e.value, e.standard_error) for e in known]


def _before(standing: Standing) -> RowsBefore:
    """Rows and newest dates of what came before."""
    last = standing.past[-1] if standing.past else standing.learned
    rows = sorted(e.rows for e in standing.past)
    newest = {c.name: c.high for c in last.sketch.columns if c.kind == "date" and c.high is not None} if last else {}
    return RowsBefore(rows=rows[len(rows) // 2] if len(rows) >= CALIBRATION else None, newest=newest)


def _entry(delivery: Delivery, standing: Standing, asked: Asked, new: Sketch, found: Found, states: dict) -> Reviewed:
    alarms = tuple(sorted(k for k, h in found.held.items() if h.alarm))
    return Reviewed(
        number=standing.number, name=delivery.name, digest=delivery.digest, rows=delivery.rows, when=asked.when,
        baseline=baseline_id(asked.file.claims), supersedes=standing.supersedes, sketch=new,
        estimates=found.estimates, states=states, alarms=alarms,
    )  # fmt: skip


def _check_day(when: str | None) -> None:
    try:
        day_of(when or "1970-01-01")
    except ValueError as err:
        raise UsageError(f"`when` must be a day such as 2026-03-31. Got {when!r} instead.") from err


def _silent(_: str) -> None:
    return None
