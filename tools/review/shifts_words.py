"""The figure that says most of a shift, its sentence and its picture.

Knows two sketches of one column. Must never know a rule, a verdict beyond the state it words, or a row.
"""

from typing import Any, NamedTuple

import numpy as np

from ..value import counted
from ..verify.evidence import Picture
from ..verify.families.wording import column as named
from ..verify.families.wording import decimals_apart, fixed
from .checked import Shifted, State
from .shifts_counts import Apart, Cells
from .sketch import ColumnSketch

BEFORE, NOW = "learned", "now"
_A_DEVIATION, _QUARTER, _MUCH, _LITTLE = 0.4, 0.25, 10.0, 0.10
"""Means are told where they explain a quarter of the distance, a standard deviation being a distance of about .4; where
they differ by ten percent; and where the distance is small."""
_MOST_CELLS = 8
_KINDS = {"number": "numbers", "label": "labels", "date": "dates", "words": "words"}


class Rule(NamedTuple):
    """What one column was held to."""

    limit: float
    beyond_chance: bool
    columns: int
    """How many columns chance had its try in."""
    calibrated: bool


class Figures(NamedTuple):
    """What is shown of both sides."""

    before: str
    after: str
    short: str
    """The later figure alone, after the earlier one was told in full."""
    effect: float | None = None
    relative: float | None = None

    @property
    def both(self) -> str:
        """`mean 144 learned, 239 now (+65 %)`."""
        return f"{self.before} learned, {self.short} now{change_of(self)}"


def figures(base: ColumnSketch, new: ColumnSketch, found: Cells) -> Figures:
    """Means, or the share that differs most: of a level, of what is missing, of what lies above a bin."""
    shares = found.counts / np.maximum(found.counts.sum(axis=1), 1.0)[:, None]
    gaps = shares[1] - shares[0]
    effect, relative = _mean_change(base, new) if base.kind == "number" else (None, None)
    lost = abs(float(gaps[-1])) >= np.abs(gaps).sum() / 4 > 0  # half of the distance
    if not lost and effect is not None and _means_say(effect, relative, float(np.abs(gaps).sum()) / 2):
        before, after = means(base.mean, new.mean)
        return Figures(f"mean {before}", f"mean {after}", after, effect, relative)
    if lost or len(gaps) <= 2:
        before, after = percents(float(shares[0, -1]), float(shares[1, -1]))
        return Figures(f"{before} missing", f"{after} missing", after, effect, relative)
    said, one, two = _share_that_differs(base, found, shares)
    before, after = percents(one, two)
    effect = two - one if effect is None else effect
    return Figures(f"{before} {said}", f"{after} {said}", after, effect, relative)


def _means_say(effect: float, relative: float | None, distance: float) -> bool:
    """Whether two means say what is different, rather than the shape that they hide."""
    explained = _A_DEVIATION * abs(effect) >= _QUARTER * distance
    return explained or abs(relative or 0.0) >= _MUCH or distance < _LITTLE


def _mean_change(base: ColumnSketch, new: ColumnSketch) -> tuple[float | None, float | None]:
    """In learned standard deviations, and in percent where a number is never negative."""
    if base.mean is None or new.mean is None or not base.sd:
        return None, None
    relative = None
    if base.mean > 0 and (base.low or 0.0) >= 0 and (new.low or 0.0) >= 0:
        relative = 100 * (new.mean / base.mean - 1)
    return (new.mean - base.mean) / base.sd, relative


def _share_that_differs(base: ColumnSketch, found: Cells, shares: np.ndarray) -> tuple[str, float, float]:
    """The cell or the end of the scale whose share changed most, and both shares."""
    if base.kind == "number" and not _by_name(base, found):
        above = 1 - np.cumsum(shares[:, :-1], axis=1) - shares[:, -1:]
        at = int(np.argmax(np.abs(above[1] - above[0])[: len(base.edges)])) if base.edges else 0
        edge = base.edges[at] if base.edges else 0.0
        return f"above {plain(edge)}", float(above[0, at]), float(above[1, at])
    change = np.round(np.abs(shares[1] - shares[0])[:-1], 9)
    at = int(np.lexsort((shares[0, :-1], -change))[0])
    name = found.names[at]
    if base.kind == "date":
        said = f"between {int(name):02d}:00 and {int(name):02d}:59"
    else:
        said = "with another label" if name == "" and at == len(found.names) - 2 else f'"{name}"'
    return said, float(shares[0, at]), float(shares[1, at])


def _by_name(base: ColumnSketch, found: Cells) -> bool:
    return bool(base.levels) and set(base.levels) <= set(found.names)


def means(before: float | None, after: float | None) -> tuple[str, str]:
    """Two figures with as many decimals as tell them apart."""
    a, b = before or 0.0, after or 0.0
    places = decimals_apart(a, b)
    return fixed(a, places), fixed(b, places)


def plain(value: float) -> str:
    """An edge as it is written in a file: `30`, `0.125`."""
    return f"{value:,.6g}".replace("-", "−")


def percents(before: float, after: float) -> tuple[str, str]:
    """Two shares as percentages, with a decimal where they lie close."""
    if before == after and round(100 * before, 9).is_integer():
        return f"{fixed(100 * before, 0)} %", f"{fixed(100 * after, 0)} %"
    places = 0 if round(100 * before) != round(100 * after) and abs(before - after) >= 0.02 else 1
    if before != after and f"{100 * before:.{places}f}" == f"{100 * after:.{places}f}":
        places = 2
    return f"{fixed(100 * before, places)} %", f"{fixed(100 * after, places)} %"


def change_of(told: Figures) -> str:
    """` (+65 %)`, or nothing where a percentage has no sense."""
    if told.relative is None or abs(told.relative) < 0.5 or not told.before.startswith("mean"):
        return ""
    if told.relative > 900:
        return f" ({fixed(1 + told.relative / 100, 0)} times)"
    return f" ({'+' if told.relative > 0 else ''}{fixed(told.relative, 0)} %)"


def sentence(name: str, state: State, told: Figures, apart: Apart, rule: Rule) -> str:
    """Both figures, whether chance gives them, the distance, what is allowed, and what these rows could have shown."""
    may = f"{fixed(100 * rule.limit, 0)} % may" + (", by what the first deliveries showed" if rule.calibrated else "")
    moved = f"{fixed(100 * apart.distance, 0)} % of the rows would have to move for both to be alike, {may}"
    if state in ("watch", "broken"):
        return f"{named(name)} has shifted: {told.both}. Beyond chance, {moved}."
    if state == "undecidable":
        return f"{named(name)}: {told.both}. So few rows could not show even a large shift."
    if rule.beyond_chance:
        return f"{named(name)} moved within what is tolerated: {told.both}. Beyond chance, {moved}."
    among = f" among {counted(rule.columns, 'column')}" if rule.columns > 1 else ""
    seen = f"A shift of {fixed(100 * apart.detectable, 0)} % of the rows would have been seen, {may}."
    return f"{named(name)} differs no more than by chance{among}: {told.both}. {seen}"


def absent(base: ColumnSketch, new: ColumnSketch | None, rows: int) -> Shifted:
    """A column that cannot be compared, and why."""
    if new is None:
        why = f"There is no column {named(base.name)}."
    elif not rows or not base.rows:
        why = f"{named(base.name)} has no rows to compare."
    elif new.kind != base.kind:
        why = f"{named(base.name)} held {_KINDS[base.kind]} and now holds {_KINDS[new.kind]}."
    else:
        why = f"{named(base.name)} was counted by other bins, {counted(len(base.edges), 'edge')} then."
    return Shifted(column=base.name, state="undecidable", text=why)


def picture_of(base: ColumnSketch, new: ColumnSketch, found: Cells, told: Figures) -> Picture:
    """Shares by level, or how many rows lie at or below each edge, learned and now."""
    if told.before.endswith(" missing"):
        there = found.counts[:, :-1].sum(axis=1, keepdims=True)
        return _shares(base, Cells(("there", "missing"), np.hstack([there, found.counts[:, -1:]]), ordered=True))
    if base.kind == "number" and not _by_name(base, found) and base.edges:
        return _cumulative(base, new)
    if base.kind == "date":
        return _hourly(base, found)
    return _shares(base, found)


def _cumulative(base: ColumnSketch, new: ColumnSketch) -> Picture:
    records: list[dict[str, Any]] = []
    for line, c in ((BEFORE, base), (NOW, new)):
        there = max(c.rows - c.missing, 1)
        upto = np.cumsum(c.counts[: len(base.edges)]) / there
        records += [
            {"line": line, "x": e, "mean": round(float(v), 6), "n": 0} for e, v in zip(base.edges, upto, strict=True)
        ]
    return Picture(
        kind="lines", x_title=base.name, y_title="share of rows up to this value", records=tuple(records),
        note="Lines further right hold larger values.",
    )  # fmt: skip


def _hourly(base: ColumnSketch, found: Cells) -> Picture:
    sizes = np.maximum(found.counts[:, :-1].sum(axis=1), 1.0)
    records = [
        {"line": line, "x": int(name), "mean": round(float(found.counts[side, at] / sizes[side]), 6), "n": 0}
        for side, line in enumerate((BEFORE, NOW))
        for at, name in enumerate(found.names[:-1])
    ]
    return Picture(kind="lines", x_title=f"hour of {base.name}", y_title="share of rows", records=tuple(records))


def _shares(base: ColumnSketch, found: Cells) -> Picture:
    """The cells that changed most, in their order, and the rest in one."""
    n = found.counts.sum(axis=1)
    shares = found.counts / np.maximum(n, 1.0)[:, None]
    change = np.abs(shares[1] - shares[0])
    kept = sorted(np.lexsort((-shares[0], -change))[:_MOST_CELLS].tolist())
    names = [found.names[at] or "other labels" for at in kept if shares[:, at].sum() > 0]
    kept = [at for at in kept if shares[:, at].sum() > 0]
    rest = 1 - shares[:, kept].sum(axis=1)
    records = []
    for side, line in enumerate((BEFORE, NOW)):
        row = [(name, float(shares[side, at])) for name, at in zip(names, kept, strict=True)]
        row += [("all others", float(rest[side]))] if rest.max() > 0.0005 else []
        records += [{"x": line, "y": y, "share": round(abs(v), 6), "n": int(n[side])} for y, v in row]
    return Picture(kind="shares", x_title="delivery", y_title=base.name, records=tuple(records))
