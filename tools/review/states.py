"""The alarm rule: whether a finding holds, is watched, is broken or cannot be told, delivery after delivery.

Knows estimates, their errors and the order in which they came. Must never know rows, claims files or words. Why this
rule, and its simulations: docs/decisions/013-alarms-that-last.md.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from ..verify.multiplicity import benjamini_hochberg
from .checked import State

CALIBRATION = 4
"""Deliveries that show how much a finding differs from one to the next; they advise only."""
SHRINK = 10
"""Degrees of freedom that the variation of all findings together lends to each."""
ALARM_Q = 0.01
"""Benjamini-Hochberg level over the findings of a delivery, for watching and for what lasts."""
AT_ONCE = 1e-4
"""A single delivery whose p-value is below it breaks a finding at once."""
GONE = 0.005
"""Level, shared by the findings of a delivery, at which one whose interval covers nothing is broken at once."""
LASTING = {2: 0.1, 3: 0.2}
"""Deliveries in a row, and the p-value that each must stay below, for their mean to count."""
TOLERATED = 0.25
"""Change of an effect, as a share of it, that is too small to matter where the claim sets nothing else."""
OUTLYING = 3.0
"""Times the second largest deviation from their median that one calibrating estimate counts for at most."""
_POWER = 0.8416
_SEEN = 2.8
"""Standard errors of an effect that is seen with power .80 at the level .05."""


class Point(NamedTuple):
    """One estimate of an effect and its standard error."""

    value: float
    error: float


class Course(NamedTuple):
    """One finding: what was learned and what deliveries showed, the newest last."""

    learned: Point
    null: float
    past: tuple[Point, ...]
    """Earlier deliveries since the baseline, in order."""
    now: Point | None
    """None where this delivery says nothing of it."""
    tolerance: float | None = None
    between: float | None = None
    """Variation between deliveries where the baseline was calibrated before; the learned point is then its centre."""
    deliveries: int = 0
    """Deliveries that such a baseline rests on."""

    @property
    def sign(self) -> float:
        """The direction of the learned effect: 1 or -1."""
        return 1.0 if self.learned.value >= self.null else -1.0

    @property
    def calibrating(self) -> bool:
        """Whether this delivery is one of the first."""
        return self.between is None and len(self.past) < CALIBRATION


class Centre(NamedTuple):
    """What a finding's effect is when all is well."""

    value: float
    error: float
    between: float
    """Standard deviation from one delivery to the next beyond sampling."""
    df: float


class Decision(NamedTuple):
    """The state of one finding and what it rests on."""

    state: State
    centre: Centre
    p_value: float | None = None
    alarm: bool = False
    """Whether this delivery alone differs, among all findings of the delivery."""
    weaker: bool = False
    lasting: int = 0
    """Deliveries in a row that broke it together; 1 where this one did alone; 0 where it is not broken."""
    detectable: float | None = None
    calibrating: bool = False
    small: bool = False
    """Whether the delivery is too small to have seen the effect vanish."""
    unseen: bool = False
    """Whether its 95 % interval covers nothing, so that it cannot be told whether the finding holds."""


def decide_states(courses: Sequence[Course]) -> list[Decision]:
    """The state of every finding in this delivery.

    The first four deliveries calibrate: the centre then is the mean of what was learned and those four, weighted by
    their precision, and the variation between deliveries is estimated from the same five and shrunk towards that of all
    findings. Both are frozen, so that a slow change is not learned as normal. Afterwards a finding is watched where its
    difference counts among all (Benjamini-Hochberg at .01), and broken where it is weaker than it was by more than is
    tolerated and either p < 1e-4, or its interval covers nothing with p < .005 over the number of findings, or the mean
    of the last two or three deliveries counts among all.

    Args:
        courses: The findings of the claims file; those that this delivery says nothing of are undecidable.
    """
    centres = _centres(courses)
    told = [at for at, c in enumerate(courses) if c.now is not None]
    p = np.ones(len(courses))
    for at in told:
        p[at] = _p([courses[at].now], centres[at])
    counts = np.zeros(len(courses), bool)
    counts[told] = benjamini_hochberg(p[told], ALARM_Q)
    lasting = _lasting(courses, centres, told)
    return [
        _decision(course, centre, float(p[at]), bool(counts[at]), lasting[at], len(told))
        for at, (course, centre) in enumerate(zip(courses, centres, strict=True))
    ]


def _centres(courses: Sequence[Course]) -> list[Centre]:
    ready = [c for c in courses if c.between is None and len(c.past) >= CALIBRATION]
    found = dict(zip(map(id, ready), calibrate([[c.learned, *c.past[:CALIBRATION]] for c in ready]), strict=True))
    out = []
    for c in courses:
        if id(c) in found:
            out.append(found[id(c)])
        elif c.between is not None:
            out.append(Centre(c.learned.value, c.learned.error, c.between, max(c.deliveries, 1) + SHRINK))
        else:
            out.append(Centre(c.learned.value, c.learned.error, 0.0, np.inf))
    return out


def calibrate(courses: Sequence[Sequence[Point]]) -> list[Centre]:
    """The centre and the variation between deliveries of each finding, from the same number of estimates of each.

    The variation is DerSimonian and Laird's, as a multiple of the sampling variance; multiples are shrunk towards their
    mean over all findings by `SHRINK` degrees of freedom, or as many as the other findings have. One estimate far from
    all others is drawn in first, so that a single broken delivery does not teach that anything is normal.

    Args:
        courses: For each finding its estimates, at least two.

    References: DerSimonian and Laird 1986, doi:10.1016/0197-2456(86)90046-2. Checked against statsmodels'
        `combine_effects`.
    """
    if not courses:
        return []
    s = np.array([[max(p.error, 1e-12) for p in c] for c in courses])
    x = _drawn_in(np.array([[p.value for p in c] for c in courses]), s)
    w = 1 / s**2
    total, df = w.sum(axis=1), x.shape[1] - 1
    q = (w * (x - (w * x).sum(axis=1, keepdims=True) / total[:, None]) ** 2).sum(axis=1)
    typical = df / (total - (w**2).sum(axis=1) / total)
    more = (q - df) / df
    lent = min(SHRINK, (len(courses) - 1) * df)
    pooled = max(0.0, float(more.mean()))
    between = np.maximum(0.0, (df * more + lent * pooled) / (df + lent)) * typical
    w = 1 / (s**2 + between[:, None])
    centre, error = (w * x).sum(axis=1) / w.sum(axis=1), 1 / np.sqrt(w.sum(axis=1))
    return [
        Centre(float(m), float(e), float(b) ** 0.5, df + lent) for m, e, b in zip(centre, error, between, strict=True)
    ]


def _drawn_in(x: NDArray[np.float64], s: NDArray[np.float64]) -> NDArray[np.float64]:
    """The estimates, shape (findings, deliveries), none farther from its finding's median than `OUTLYING` allows."""
    if x.shape[1] < 3:
        return x
    middle = np.median(x, axis=1, keepdims=True)
    second = np.sort(np.abs(x - middle), axis=1)[:, -2]
    most = OUTLYING * np.maximum(second, np.median(s, axis=1) / 2)
    return middle + np.clip(x - middle, -most[:, None], most[:, None])


def _p(points: Sequence[Point | None], centre: Centre) -> float:
    """Two-sided p of the mean difference of these deliveries from the centre, whose own error they share."""
    known = [p for p in points if p is not None]
    count = len(known)
    apart = sum(p.value - centre.value for p in known)
    variance = sum(p.error**2 + centre.between**2 for p in known) + (count * centre.error) ** 2
    z = abs(apart) / variance**0.5 if variance > 0 else (np.inf if apart else 0.0)
    return float(2 * stdtr(centre.df, -z)) if np.isfinite(centre.df) else float(2 * stdtr(1e9, -z))


def _lasting(courses: Sequence[Course], centres: Sequence[Centre], told: Sequence[int]) -> list[int]:
    """Of how many deliveries in a row the mean counts, 0 where none."""
    out = [0] * len(courses)
    for length, each in sorted(LASTING.items(), reverse=True):
        p = np.array([_run(courses[at], centres[at], length, each) for at in told])
        for at, counts in zip(told, benjamini_hochberg(p, ALARM_Q), strict=True):
            out[at] = length if counts else out[at]
    return out


def _run(course: Course, centre: Centre, length: int, each: float) -> float:
    """The p of the last deliveries together, 1 where they are too few or one of them is not weaker."""
    calibrated = CALIBRATION if course.between is None else 0
    points = [*course.past[calibrated:], course.now]
    last = [p for p in points[-length:] if p is not None]
    if course.calibrating or len(last) < length:
        return 1.0
    if any((p.value - centre.value) * course.sign >= 0 or _p([p], centre) >= each for p in last):
        return 1.0
    return _p(last, centre)


def _decision(course: Course, centre: Centre, p: float, counts: bool, lasting: int, findings: int) -> Decision:
    if course.now is None:
        return Decision("undecidable", centre, calibrating=course.calibrating)
    apart = course.now.value - centre.value
    weaker, small = bool(apart * course.sign < 0), _small(course, centre)
    tolerated = TOLERATED * abs(centre.value - course.null) if course.tolerance is None else course.tolerance
    unseen = _covers_nothing(course)
    at_once = p < AT_ONCE or (p < GONE / max(findings, 1) and unseen)
    lasting = 1 if weaker and at_once and not course.calibrating else lasting
    enough = abs(apart) > tolerated
    broken = lasting > 0 and weaker and enough and not small
    watched = (counts and enough) or (lasting > 0 and enough)
    state: State = "broken" if broken else "watch" if watched else "undecidable" if small or unseen else "holds"
    return Decision(
        state, centre, p, counts, weaker, lasting if broken else 0, _detectable(course.now, centre, findings),
        course.calibrating, small, unseen,
    )  # fmt: skip


def _covers_nothing(course: Course) -> bool:
    """Whether the 95 % interval of this delivery holds the null value, or lies beyond it."""
    now = course.now
    return now is not None and (now.value - course.null) * course.sign <= 1.96 * now.error


def _small(course: Course, centre: Centre) -> bool:
    """Whether this delivery alone could not tell the effect from nothing with power .80."""
    return course.now is not None and course.now.error * _SEEN > abs(centre.value - course.null)


def _detectable(now: Point, centre: Centre, findings: int) -> float:
    """The change that this delivery would have shown with power .80, were no other finding to change."""
    spread = (now.error**2 + centre.between**2 + centre.error**2) ** 0.5
    df = centre.df if np.isfinite(centre.df) else 1e9
    return float((-stdtrit(df, ALARM_Q / 2 / max(findings, 1)) + _POWER) * spread)
