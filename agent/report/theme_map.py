"""The map of a text's themes as a drawing inside the page: points, colours by class, a legend, and no script.

Knows points and themes. Must never know a document beyond its quote, nor build markup: the template writes it, escaped.
"""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from ...tools.text.summary import Point, TextSummary
from .corpus import label_of, pieces, plain, tones

WIDTH, HEIGHT = 640.0, 400.0
MOST = 800
"""Points that a page draws: each costs its quote, some 300 bytes."""
_EDGE, _LINE, _LETTER = 14.0, 16.0, 7.8


class Dot(NamedTuple):
    """One document on the map."""

    x: str
    y: str
    quote: str


class Group(NamedTuple):
    """The documents of one theme."""

    tone: str
    anchor: str
    """Empty for documents of no theme."""
    label: str
    dots: tuple[Dot, ...]
    x: str
    """Where its label stands."""
    y: str


class Map(NamedTuple):
    """A drawing of documents by what they say."""

    width: int
    height: int
    groups: tuple[Group, ...]
    drawn: int
    described: str


def map_of(text: TextSummary, at: int) -> Map | None:
    """The map of one text; None where it has no points or no themes.

    Args:
        text: The text.
        at: Its place among the texts of the report, as anchors of themes go by it.
    """
    place = tones(text)
    drawn = _few(text.map)
    if not drawn or not place:
        return None
    xs, ys = _scaled([p.x for p in drawn], WIDTH), _scaled([-p.y for p in drawn], HEIGHT)
    by: dict[int | None, list[int]] = {}
    for index, point in enumerate(drawn):
        by.setdefault(place.get(point.theme) if point.theme is not None else None, []).append(index)
    main = sorted((t for t in text.themes.themes if t.parent is None), key=lambda t: place[t.id])
    labels = [label_of(t, 2) for t in main]
    kept = [p for p in range(len(main)) if by.get(p)]
    spots = _apart([(median(xs[i] for i in by[p]), median(ys[i] for i in by[p]), labels[p]) for p in kept])
    groups = [_group(drawn, xs, ys, by[None], "none", "", "in no theme", (0.0, 0.0))] if None in by else []
    groups += [
        _group(drawn, xs, ys, by[p], f"t{p % 12}", f"theme-{at}-{p}", labels[p], spot)
        for p, spot in zip(kept, spots, strict=True)
    ]
    described = f"Map of {len(drawn):,} documents in {len(kept)} themes; those that share words lie close together."
    return Map(int(WIDTH), int(HEIGHT), tuple(groups), len(drawn), described)


def _few(points: Sequence[Point]) -> tuple[Point, ...]:
    """At most `MOST` points, evenly from the order in which they come."""
    if len(points) <= MOST:
        return tuple(points)
    return tuple(points[at * len(points) // MOST] for at in range(MOST))


def _scaled(values: Sequence[float], size: float) -> list[float]:
    low, high = min(values), max(values)
    span = high - low or 1.0
    return [round(_EDGE + (size - 2 * _EDGE) * (v - low) / span, 1) for v in values]


def _group(
    drawn: Sequence[Point], xs: Sequence[float], ys: Sequence[float], own: Sequence[int], tone: str, anchor: str,
    label: str, spot: tuple[float, float],
) -> Group:  # fmt: skip
    dots = tuple(Dot(f"{xs[i]:.1f}", f"{ys[i]:.1f}", plain(pieces(drawn[i].quote))) for i in own)
    return Group(tone, anchor, label, dots, f"{spot[0]:.1f}", f"{spot[1]:.1f}")


def _apart(wanted: Sequence[tuple[float, float, str]]) -> list[tuple[float, float]]:
    """Where labels stand: at the middle of their theme, moved down where an earlier one stands in the way."""
    taken: list[tuple[float, float, float]] = []
    out: dict[int, tuple[float, float]] = {}
    for at in sorted(range(len(wanted)), key=lambda i: (wanted[i][1], wanted[i][0], i)):
        x, y, label = wanted[at]
        half = len(label) * _LETTER / 2
        x = min(max(x, half + 4), WIDTH - half - 4)
        y = min(max(y, _LINE), HEIGHT - 6)
        while any(abs(x - a) < half + b and abs(y - c) < _LINE for a, b, c in taken) and y < HEIGHT - 6:
            y += 2.0
        taken.append((x, half, y))
        out[at] = (x, y)
    return [out[at] for at in range(len(wanted))]
