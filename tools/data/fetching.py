"""The columns of a query as arrays: how every look at an opened table reads it.

Knows a connection. Must never know what a query is for.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .dataset import Dataset


def fetch(data: Dataset, sql: str, parameters: list[Any] | None = None) -> dict[str, NDArray]:
    """The columns of a query over the table `data`, missing numbers as NaN."""
    got = data.cursor().execute(sql, parameters or []).fetchnumpy()
    out = {}
    for name, array in got.items():
        if isinstance(array, np.ma.MaskedArray):
            filled = array.astype(object) if array.dtype.kind in "OUS" else array.astype(np.float64)
            array = np.ma.filled(filled, None if filled.dtype.kind == "O" else np.nan)
        out[name] = np.asarray(array)
    return out
