"""The largest directions of a sparse table, by random projection: a truncated SVD that loads no library of learning.

Importing scikit-learn for this alone costs as much as reading ten thousand documents. Knows numbers. Must never know a
word, a document, or what is placed.

References: Halko, Martinsson and Tropp 2011, doi:10.1137/090771806 (algorithms 4.4 and 5.1).
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

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

    # Their declared results are unions of every way to call them.
    lu, qr, svd = (getattr(linalg, name) for name in ("lu", "qr", "svd"))

    rng = np.random.RandomState(seed % 2**32)
    base: Any = rng.normal(size=(table.shape[1], d + _BEYOND))
    for _ in range(_ROUNDS):
        base, _ = lu(table @ base, permute_l=True, check_finite=False)
        base, _ = lu(table.T @ base, permute_l=True, check_finite=False)
    base = qr(table @ base, mode="economic", check_finite=False)[0]
    left: Any = base.T @ table
    _, sizes, rows = svd(left, full_matrices=False, lapack_driver="gesdd")
    rows = rows[:d]
    signs = np.sign(rows[np.arange(d), np.abs(rows).argmax(axis=1)])
    return np.asarray(table @ (rows * signs[:, None]).T), sizes[:d]
