"""Where the rows of a series lie that was sealed before and has grown since.

Knows the order of rows, blocks of time and what is known of each row. Must never move a row that was seen, or one
before it, into a vault.
"""

import numpy as np
from numpy.typing import NDArray

from .dataset import Dataset
from .fetching import fetch
from .known_kin import CHANGED, NEW_BLOCKS, Kin, Parts, first_origin
from .readers_binary import quoted
from .split_plan import ONE_VAULT_UNDER, SHARES


def decide_series(data: Dataset, kin: Kin, *, one_shot: bool = False) -> tuple[Parts, NDArray[np.int64], int]:
    """Where each row of a series lies, whose blocks stand in `placed`.

    All rows up to the last one that was seen are explored. Where enough blocks come after every known row, all that
    comes after what was seen is divided anew, one block apart; else vaults that nothing has opened stay as they were.

    Args:
        data: The opened table.
        kin: What is known of it.
        one_shot: Whether new vaults are to be one.

    Returns:
        The parts by row, -1 also for rows between the sides; the block of each row; how many blocks are new.
    """
    block, at = _blocks(data, kin)
    last = int(at[kin.seen].max()) if kin.seen.any() else -1
    known = kin.seen | (kin.place >= 0)
    border, end = int(block[kin.seen].max(initial=-1)), int(block[known].max(initial=-1))
    later = np.unique(block[block > end])
    new = len(np.setdiff1d(block, block[known]))
    first = first_origin(np.where(at > last, kin.place, -1), kin)
    held = [p for p in kin.places if p.origin == first]
    if len(later) >= NEW_BLOCKS and kin.vanished <= CHANGED * int((block > end).sum()):
        blocks = np.unique(block[block > border + 1])
        shares = (1.0,) if one_shot or len(blocks) < ONE_VAULT_UNDER else SHARES
        share = np.searchsorted(blocks, block) / max(len(blocks), 1)
        numbers = 1 + np.searchsorted(np.cumsum(shares)[:-1], share, side="right")
        parts = np.where(at <= last, 0, np.where(block > border + 1, numbers, -1))
        weights = {n: w for n, w in enumerate(shares, 1) if (parts == n).any()}
        generation = 1 + max([kin.first.generation, *(p.generation for p in kin.places)])
        return Parts(parts, weights, "divided", True, data.fingerprint, generation, NEW_BLOCKS), block, new
    numbers = np.array([p.number if p.origin == first and not p.closed else -1 for p in kin.places] + [-1], np.int64)
    parts = np.where(at <= last, 0, numbers[kin.place])
    weights = {p.number: p.weight for p in held if (parts == p.number).any()}
    generation = held[0].generation if held else kin.first.generation
    kind = "divided" if weights else "none"
    return Parts(parts, weights, kind, False, first, generation, NEW_BLOCKS), block, new


def _blocks(data: Dataset, kin: Kin) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The block of each kept row, and its place in the order of time."""
    order = f"{quoted(kin.first.key)}, _row" if kin.first.key else "_row"
    got = fetch(
        data,
        f"SELECT _unit, row_number() OVER (ORDER BY _unit, {order}) AS at FROM placed JOIN data USING (_row) "
        "ORDER BY _row",
    )
    return got["_unit"].astype(np.int64), got["at"].astype(np.int64)
