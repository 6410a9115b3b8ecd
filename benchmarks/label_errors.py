"""How often intervals hold the true difference when a model's labels of documents err.

    python benchmarks/label_errors.py [--draws 2000]

Two groups of 100 or 400 documents, a question that is true of known shares, labels that err independently of all
else, 50 documents labelled twice. Printed for each cell: coverage of the interval that carries the labels' errors,
coverage of the one that takes labels as they are, median width, share of tables in which the labels were found unfit.
"""

import argparse
from collections.abc import Iterator

import numpy as np

from tests.labelled import AS_GROUPS, AS_OUTCOME, Drawn, Errors, covers, of_amounts, of_shares

SYMMETRIC = tuple(Errors(e, e) for e in (0.0, 0.05, 0.10, 0.20))
ONE_SIDED = (Errors(0.2, 0.0), Errors(0.0, 0.2), Errors(0.3, 0.1))
SHARES = ((0.5, 0.5), (0.5, 0.3), (0.3, 0.1), (0.8, 0.3), (0.1, 0.05))


class Cell(tuple):
    """Coverage, coverage of labels as they are, median width, share unfit, tables measured."""


def cell(kind: str, n: int, of: tuple[float, float], errors: Errors, draws: int) -> Cell:
    """The figures of one kind of table."""
    seen = []
    for k in range(draws):
        rng = np.random.default_rng([k, n, *(int(1000 * x) for x in (*of, *errors))])
        drawn: Drawn = of_shares(rng, n, of, errors) if kind == "outcome" else of_amounts(rng, n, *of, errors)
        seen.append(covers(AS_OUTCOME if kind == "outcome" else AS_GROUPS, drawn))
    fit = np.array([x for x in seen if x is not None], float).reshape(-1, 3)
    if not len(fit):
        return Cell((np.nan, np.nan, np.nan, 1.0, 0))
    return Cell((*fit[:, :2].mean(axis=0), float(np.median(fit[:, 2])), 1 - len(fit) / draws, len(fit)))


def cells(draws: int) -> Iterator[tuple[str, Cell]]:
    """Every cell with its name."""
    for n in (100, 400):
        for errors in (*SYMMETRIC, *ONE_SIDED):
            for shares in SHARES:
                yield f"outcome n={n} shares={shares} errors={tuple(errors)}", cell("outcome", n, shares, errors, draws)
            for share, apart in ((0.5, 0.5), (0.2, 0.5), (0.3, 0.0)):
                name = f"groups n={n} share={share} apart={apart} errors={tuple(errors)}"
                yield name, cell("groups", n, (share, apart), errors, draws)


def main() -> None:
    """Print every cell, and the worst coverage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=2_000)
    worst: dict[bool, tuple[float, str]] = {}
    for name, (kept, plain, width, unfit, n) in cells(parser.parse_args().draws):
        print(f"{name}: {kept:.3f} (labels as they are {plain:.3f}), width {width:.2f}, unfit {unfit:.2f}", flush=True)
        even = any(f"errors={tuple(e)}" in name for e in SYMMETRIC)
        if n >= 200:
            worst[even] = min(worst.get(even, (1.0, "")), (kept, name))
    for even, (kept, name) in worst.items():
        print(f"worst with {'the same error of yes and no' if even else 'errors of one side'}: {kept:.3f}, {name}")


if __name__ == "__main__":
    main()
