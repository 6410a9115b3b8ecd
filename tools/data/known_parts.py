"""Where the units of a table lie whose rows were sealed before, as part of another table: one decision for all of it.

Knows which units were seen, which lie in vaults that nothing opened, and which are new. Must never know what was found
or what will be tested, nor move a unit that was seen back into a vault. See docs/decisions/018.
"""

from collections.abc import Sequence
from math import ceil
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import LedgerError, NoVaultLeft
from .dataset import Dataset
from .fetching import fetch
from .independence import Unit
from .known_kin import CHANGED, Again, Kin, Parts, first_origin
from .known_rows import ASIDE, WAITING, KnownRows, own_columns, remembered_rows
from .known_series import decide_series
from .split_plan import ONE_VAULT_UNDER, SHARES, SMALL, TINY, Lineage, Plan, VaultPlan
from .texts import is_corpus


class Sealing(NamedTuple):
    """What is to be recorded with a seal."""

    record: KnownRows
    shown: tuple[tuple[tuple[str, ...], str, tuple[int, ...]], ...]
    """What was shown of known rows before: columns, digest of the question, and the vaults that hold them now; 0 stands
    for rows that wait."""


class Units(NamedTuple):
    """The units of a table, and what is known of each."""

    u: NDArray[np.float64]
    """Its place in [0, 1) by the salt of this table."""
    seen: NDArray[np.bool_]
    place: NDArray[np.int64]


def settled_unit(unit: Unit, found: Kin | Again, columns: Sequence[str], *, declared: bool) -> Unit:
    """The unit of independence of a table whose rows are known: that by which they were sealed before.

    Args:
        unit: What was declared or detected.
        found: What is known.
        columns: The columns of the table.
        declared: Whether the user said it.

    Raises:
        LedgerError: if another one was declared: rows that were explored would come to lie in a vault.
    """
    if isinstance(found, Again):
        kind, key, reason = found.kind, found.plan.key, found.plan.reason
    else:
        kind, key = found.first.kind, found.first.key
        by = f"`{key}`" if key else "rows"
        reason = f"As in `{found.first.name}`, where most of these rows are known from, {by} are the units."
    if (unit.kind, unit.key) == (kind, key):
        return unit
    if declared or (key is not None and key not in columns):
        known = f"{kind} `{key}`" if key else kind + "s"
        name = "these data" if isinstance(found, Again) else f"`{found.first.name}`"
        raise LedgerError(
            f"Rows of these data were sealed before in {name} by {known}; sealing them otherwise now would hide rows "
            "that have been explored. Leave `--entity` and `--time` as they were then, or bring new rows."
        )
    return unit.model_copy(update={"kind": kind, "key": key, "reason": reason})


def place_known(data: Dataset, unit: Unit, found: Kin | Again, common: dict[str, Any], *, one_shot: bool) -> Plan:
    """Adds the part of each row to `placed` and returns the plan; the recorded one where it was sealed before.

    Args:
        data: The opened table, its units in `placed`.
        unit: Its unit of independence, the same as of the known rows.
        found: What is known of its rows.
        common: The fields that every plan has.
        one_shot: Whether new vaults are to be one.
    """
    if isinstance(found, Again):
        _write_parts(data, found.rows, found.parts)
        return found.plan
    if unit.kind == "time":
        decided, inverse, new = decide_series(data, found, one_shot=one_shot)
        row_parts = decided.parts
    else:
        units, inverse = _units(data, found)
        decided = decide(units, found, data.fingerprint, one_shot=one_shot, corpus=is_corpus(data))
        row_parts, new = decided.parts[inverse], int((~units.seen & (units.place < 0)).sum())
    if decided.kind != "closed" and not (decided.parts == 0).any():
        raise _nothing_seen(found)
    _write_parts(data, found.rows, row_parts)
    return _plan(unit, decided, found, common, row_parts, inverse, new)


def decide(units: Units, kin: Kin, own: str, *, one_shot: bool = False, corpus: bool = False) -> Parts:
    """Where each unit lies.

    Seen units are explored. Where enough is new, all that nothing has seen is divided anew, as in a new table; else
    vaults that nothing has opened stay as they were, and new units wait.

    Args:
        units: The units and what is known of them.
        kin: What is known of the table.
        own: The fingerprint of this table, the origin of vaults that begin here.
        one_shot: Whether new vaults are to be one.
        corpus: Whether the units are documents, of which fewer are divided than of rows.
    """
    first = first_origin(np.where(units.seen, -1, units.place), kin)
    held = [p for p in kin.places if p.origin == first]
    latest = max([kin.first.generation, *(p.generation for p in kin.places)])
    numbers = np.array([p.number if p.origin == first else -1 for p in kin.places] + [-1], np.int64)
    mine = np.where(units.seen, -1, numbers[units.place])
    fresh, unseen = int((~units.seen & (mine < 0)).sum()), int((~units.seen).sum())
    closed = held[0].closed if held else kin.closed
    small = len(units.u) < SMALL or (closed and unseen < SMALL)
    least = TINY if small else SMALL
    renewed = fresh >= least and kin.vanished <= CHANGED * fresh
    untested = closed and bool(held) and unseen >= least
    if (renewed or untested) and small and not corpus:
        return Parts(np.where(units.seen, 0, 1), {1: 1.0}, "closed", True, own, latest + 1, least)
    if renewed or untested:
        parts, weights = _divided(units, one_shot)
        return Parts(parts, weights, "divided", True, own, latest + 1, least)
    parts = np.where(units.seen, 0, -1 if closed else mine)
    weights = {p.number: p.weight for p in held if (parts == p.number).any()}
    generation = held[0].generation if held else kin.first.generation
    needed = max(least, ceil(kin.vanished / CHANGED))
    return Parts(parts, weights, "divided" if weights else "none", False, first, generation, needed)


def to_record(data: Dataset, unit: Unit, plan: Plan, found: Kin | Again | None) -> Sealing | None:
    """What is to be recorded of a table whose rows lie in `placed`; None where they cannot be known again."""
    if not own_columns(data) or isinstance(found, Again):
        return None
    origin, generation = data.fingerprint, 1
    if plan.lineage is not None:
        origin, generation = plan.lineage.origin, plan.lineage.generation
    views = found.views if found is not None else ()
    record = remembered_rows(
        data,
        views,
        beside=ASIDE if unit.kind == "time" and found is None else WAITING,
        **{"dataset": data.fingerprint, "name": data.name, "ledger": "", "kind": unit.kind, "key": unit.key},
        **{"origin": origin, "generation": generation},
    )
    if found is None or not found.shown:
        return Sealing(record, ())
    parts = fetch(data, "SELECT _part FROM placed ORDER BY _row")["_part"].astype(np.int64)
    touched = [(x.columns, x.question, np.unique(np.maximum(parts[x.rows & (parts != 0)], 0))) for x in found.shown]
    return Sealing(record, tuple((c, q, tuple(v.tolist())) for c, q, v in touched if len(v)))


def _divided(units: Units, one_shot: bool) -> tuple[NDArray[np.int64], dict[int, float]]:
    """Everything unseen in new vaults; some of it explored where too little was seen to draft from."""
    n, explored = len(units.u), units.seen.copy()
    if explored.sum() < SMALL:
        share = 0.5 if n >= ONE_VAULT_UNDER else 0.4
        need = (share * n - explored.sum()) / max(n - explored.sum(), 1)
        low = max(float(need), 0.0)
    else:
        low = 0.0
    explored |= units.u < low
    held = int((~explored).sum())
    shares = (1.0,) if one_shot or held < ONE_VAULT_UNDER else SHARES
    bounds = np.cumsum([low, *(s * (1 - low) for s in shares)])[1:-1]
    numbers = 1 + np.searchsorted(bounds, units.u, side="right")
    parts = np.where(explored, 0, numbers)
    return parts, {at: w for at, w in enumerate(shares, 1) if (parts == at).any()}


def _units(data: Dataset, kin: Kin) -> tuple[Units, NDArray[np.int64]]:
    """The units of the rows in `placed`, and for each kept row in order the index of its unit."""
    got = fetch(data, "SELECT _unit::VARCHAR AS unit, _u FROM placed ORDER BY _row")
    _, first, inverse = np.unique(got["unit"].astype(str), return_index=True, return_inverse=True)
    inverse = inverse.reshape(-1)
    seen, place = np.zeros(len(first), bool), np.full(len(first), -1, np.int64)
    np.logical_or.at(seen, inverse, kin.seen)
    np.maximum.at(place, inverse, kin.place)
    return Units(got["_u"][first].astype(np.float64), seen, place), inverse


def _write_parts(data: Dataset, rows: NDArray[np.int64], parts: NDArray[np.int64]) -> None:
    import pandas as pd

    cursor = data.cursor()
    cursor.register("decided", pd.DataFrame({"_row": rows, "_part": parts.astype(np.int32)}))
    cursor.execute("CREATE OR REPLACE TABLE placed AS SELECT placed.*, _part FROM placed JOIN decided USING (_row)")
    cursor.unregister("decided")


def _plan(
    unit: Unit,
    decided: Parts,
    kin: Kin,
    common: dict[str, Any],
    parts: NDArray[np.int64],
    units: NDArray[np.int64],
    new: int,
) -> Plan:
    """The plan of a table of known rows, of each the part and the unit."""
    rows = np.bincount(parts + 1, minlength=2)
    count = np.bincount(np.unique(np.column_stack([units, parts + 1]), axis=0)[:, 1], minlength=2)
    vaults = tuple(
        VaultPlan(number=n, rows=int(rows[n + 1]), units=int(count[n + 1]), weight=w)
        for n, w in decided.weights.items()
    )
    lineage = Lineage(
        dataset=kin.first.dataset, name=kin.first.name, origin=decided.origin, generation=decided.generation,
        known=common["units"] - new, new=new, waiting=0 if decided.anew else int(count[0]), needed=decided.needed,
        earlier=0 if decided.anew else kin.earlier.get(decided.origin, 0),
    )  # fmt: skip
    return Plan(
        kind="none" if decided.kind == "closed" else unit.kind,
        reason=f"{unit.reason} {_told(lineage, decided)}",
        exploration_rows=int(rows[1]),
        exploration_share=float(count[1]) / max(common["units"], 1),
        vaults=vaults,
        lineage=lineage,
        gap_rows=int(rows[0]) if decided.anew else 0,
        **common,
    )


def _told(lineage: Lineage, decided: Parts) -> str:
    """What became of known and new units, in a few sentences for the report."""
    are = "unit is" if lineage.known == 1 else "units are"
    text = f"{lineage.known:,} {are} known from `{lineage.name}`, sealed before; what was seen of them stays seen."
    if decided.kind == "closed":
        return f"{text} Every pair of columns was listed by name and type, and the list is tested on the others alone."
    if decided.anew:
        text += " What nothing has looked at was divided into vaults with an error budget of their own."
    elif decided.weights:
        text += " Vaults that nothing has opened stay sealed, and their error budget goes on."
    if lineage.waiting:
        wait = "new unit waits" if lineage.waiting == 1 else "new units wait"
        text += f" {lineage.waiting:,} {wait}: from {lineage.needed:,} on they make vaults of their own"
        text += f"{lineage.why_so_many}."
    return text


def _nothing_seen(kin: Kin) -> NoVaultLeft:
    return NoVaultLeft(
        f"These rows are known from `{kin.first.name}`, and none of them was explored there: they lie in its vaults, "
        "or wait. Ask of the whole table."
    )
