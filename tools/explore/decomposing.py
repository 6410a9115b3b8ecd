"""The largest directions of a sparse table, by random projection: a truncated SVD that loads no library of learning.

Importing scikit-learn for this alone costs as much as reading ten thousand documents. Knows numbers. Must never know a
word, a document, or what is placed.

References: Halko, Martinsson and Tropp 2011, doi:10.1137/090771806 (algorithms 4.4 and 5.1).
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..text.themes import size_of

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_BEYOND = 10
"""Directions that are followed beside those wanted, so that the last ones are not lost."""
_ROUNDS = 3


def largest_directions(table: "csr_array", d: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows placed by the d largest right singular vectors, and the singular values.

    Each vector's entry of the largest size is positive. Checked against `sklearn.decomposition.TruncatedSVD`.

    Args:
        table: Shape (n, m), n at least m, without missing values.
        d: Directions, below m.
        seed: Of the random projection.

    Returns:
        Places of shape (n, d) and singular values of shape (d,), the largest first.
    """
    from scipy import linalg

    solver: Any = linalg  # its hints name every shape that other arguments would return
    rng = np.random.RandomState(seed % 2**32)
    base = rng.normal(size=(size_of(table)[1], d + _BEYOND))
    for _ in range(_ROUNDS):
        base, _ = solver.lu(table @ base, permute_l=True, check_finite=False)
        base, _ = solver.lu(table.T @ base, permute_l=True, check_finite=False)
    base, _ = solver.qr(table @ base, mode="economic", check_finite=False)
    _, sizes, rows = solver.svd(base.T @ table, full_matrices=False, lapack_driver="gesdd")
    rows = rows[:d]
    signs = np.sign(rows[np.arange(d), np.abs(rows).argmax(axis=1)])
    return np.asarray(table @ (rows * signs[:, None]).T), sizes[:d]
