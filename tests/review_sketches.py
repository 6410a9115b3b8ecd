"""Sketches for tests, made from arrays without a database."""

from collections.abc import Mapping, Sequence

import numpy as np

from heldout.tools.review.sketch import ColumnSketch, Sketch

Cells = Sequence[float | str | None] | np.ndarray


def sketch(columns: Mapping[str, Cells], like: Sketch | None = None, name: str = "one") -> Sketch:
    """Numbers in twenty bins of the learned rows, labels by level; None is missing."""
    found = [_column(x, list(cells), like.column(x) if like else None) for x, cells in columns.items()]
    return Sketch(name=name, digest="0" * 64, rows=found[0].rows, columns=tuple(found))


def _column(name: str, cells: list, like: ColumnSketch | None) -> ColumnSketch:
    there = [v for v in cells if v is not None]
    base = {"name": name, "rows": len(cells), "missing": len(cells) - len(there), "distinct": len(set(there))}
    if there and isinstance(there[0], str):
        levels = {v: there.count(v) for v in sorted(set(there))}
        return ColumnSketch(kind="label", levels=dict(sorted(levels.items(), key=lambda kv: -kv[1])), **base)
    x = np.sort(np.asarray(there, np.float64))
    edges = like.edges if like else tuple(np.unique(np.quantile(x, np.arange(1, 20) / 20, method="inverted_cdf")))
    counts = np.diff(np.searchsorted(x, edges, side="right"), prepend=0, append=x.size)
    return ColumnSketch(
        kind="number", low=float(x[0]), high=float(x[-1]), mean=float(x.mean()), sd=float(x.std(ddof=1)),
        edges=tuple(float(e) for e in edges), counts=tuple(int(n) for n in counts), **base,
    )  # fmt: skip
