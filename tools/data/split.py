"""The seal: which rows may be explored and which lie in vaults, written to two files that never meet again.

Knows the unit of independence, a salt that nobody chooses, and shares. Must never know what will be tested.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..value import counted, digest
from .dataset import Dataset
from .fetching import fetch
from .independence import Unit, choose_unit
from .independence_years import in_order_of_years
from .kept import TOGETHER, is_coarse, keep_rows, keep_texts
from .known_kin import Again, Kin
from .known_parts import Sealing, place_known, settled_unit, to_record
from .known_rows import own_columns
from .readers_binary import quoted
from .rows import Rows
from .schema import Column
from .split_files import read_rows, write_parts
from .split_plan import MIN_BLOCKS, ONE_VAULT_UNDER, SHARES, SMALL, TINY, Plan, VaultPlan
from .split_typed import TYPED, write_typed
from .texts import is_corpus

PROJECT = "heldout/split/1"
BLOCKS = 60
MIN_BLOCK_ROWS = 4
_COARSE = (
    "So many rows are equal that the columns cannot tell observations apart; each counts as one of its own, and "
    "equal rows may lie on both sides."
)
_FEW = (
    "They are few, but what a text says can be named only after reading some: so a part is explored, and the list of "
    "all pairs of columns, which smaller tables are tested with, is not."
)
_PERIODS = ("year", "quarter", "month", "week", "day", "hour", "minute")
_DIGITS = 13
_UNIT = f"(('0x' || substr(sha256({{key}}), 1, {_DIGITS}))::BIGINT / {16**_DIGITS}.0)"


class SealedSplit:
    """Exploration rows and vaults of one data set as two database files; a handle, not a value."""

    def __init__(self, plan: Plan, columns: tuple[Column, ...], exploration: Path, sealed: Path) -> None:
        self.plan = plan
        self.columns = {c.name: c for c in columns if is_used(c, plan)}
        self.texts = {c.name: c for c in columns if c.type == "text"}
        self.serial = plan.kind == "time" or plan.block is not None
        self.exploration_file = exploration
        self.sealed_file = sealed
        self.known: Sealing | None = None
        """What is to be recorded of its rows with the seal, so that they are known again."""

    def __repr__(self) -> str:
        return f"<SealedSplit {self.plan.kind} vaults={len(self.plan.vaults)}>"

    def explore(self) -> Rows:
        """The exploration rows."""
        return self.read(self.exploration_file, "rows")

    def read(self, file: Path, table: str) -> Rows:
        """The rows of one table of this split's files."""
        return read_rows(file, table, self.columns, serial=self.serial, texts=list(self.texts))


def is_used(column: Column, plan: Plan) -> bool:
    """Whether a column is analysed: the name of an entity says which rows belong together, nothing else."""
    return column.analysed and not (plan.kind != "time" and plan.block is None and column.name == plan.key)


def seal(
    data: Dataset,
    folder: Path,
    *,
    entity: str | None = None,
    time: str | None = None,
    one_shot: bool = False,
    typed: bool = False,
    known: Callable[[Dataset], Kin | Again | None] | None = None,
) -> SealedSplit:
    """Divide a data set once and for all; writes `exploration.duckdb` and `sealed.duckdb` into `folder`.

    The assignment is a function of the data's fingerprint and the unit alone: the first 52 bits of the sha256
    of salt and key, the salt being the sha256 of fingerprint and project. Rows with equal content (or of one
    entity) fall on one side.

    Args:
        data: The opened table.
        folder: An existing folder that only this run uses.
        entity: Column whose values are the units of independence.
        time: Column that orders dependent rows.
        one_shot: One vault with the whole budget, whatever the number of rows.
        typed: Write the rows as they were opened as well, beside each part: for rules on every column.
        known: Says what is known of the rows in the view `kept` from earlier seals, None where nothing is. Not asked
            where equal rows are different observations: of these no row is known again.

    Raises:
        UsageError: if a declared column is not in the data.
        LedgerError: if known rows were sealed by another unit than the one that was declared.
        NoVaultLeft: if none of the known rows was explored.
    """
    unit = in_order_of_years(data, choose_unit(data, entity=entity, time=time))
    salt = digest(f"{data.fingerprint}|{PROJECT}")
    cursor = data.cursor()
    copies = keep_rows(data)
    near = keep_texts(data)
    coarse = unit.kind == "row" and is_coarse(data)
    if coarse:
        unit = unit.model_copy(update={"reason": f"{unit.reason} {_COARSE}"})
    found = None
    if known is not None and own_columns(data):
        found = known(data)
    if found is not None:
        columns = [c.name for c in data.columns]
        unit = settled_unit(unit, found, columns, declared=entity is not None or time is not None)
    block = _place_units(data, unit, salt, coarse)
    units = int(cursor.execute("SELECT count(DISTINCT _unit) FROM placed").fetchall()[0][0])
    common = {
        "key": unit.key, "salt": salt, "units": units, "rows": data.rows - copies - near, "block": block,
        "copies": copies, "near_copies": near, "warning": unit.warning, "joining": data.joining,
    }  # fmt: skip
    if found is None:
        plan = _plan(data, unit, common, one_shot)
    else:
        plan = place_known(data, unit, found, common, one_shot=one_shot)
    used = [c for c in data.columns if is_used(c, plan)]
    _number_clusters(data, unit)
    exploration, sealed = folder / "exploration.duckdb", folder / "sealed.duckdb"
    write_parts(data, exploration, {"rows": 0}, unit, used)
    write_parts(data, sealed, {f"vault_{v.number}": v.number for v in plan.vaults}, unit, used)
    if typed:
        write_typed(data, exploration, {TYPED: 0}, copies=copies > 0)
        write_typed(data, sealed, {f"vault_{v.number}_{TYPED}": v.number for v in plan.vaults}, copies=copies > 0)
    split = SealedSplit(plan, data.columns, exploration, sealed)
    split.known = to_record(data, unit, plan, found) if known is not None else None
    cursor.execute("DROP TABLE placed")
    cursor.execute("DROP TABLE near")
    cursor.execute("DROP VIEW kept")
    return split


def _place_units(data: Dataset, unit: Unit, salt: str, coarse: bool) -> str | None:
    """Make the table `placed` (_row, _unit, _u): each row's unit and the unit's place in [0, 1)."""
    cursor = data.cursor()
    if unit.kind == "time":
        return _place_blocks(data, unit)
    key = TOGETHER
    if unit.kind == "entity":
        key = f"coalesce('e' || trim({quoted(unit.key or '')}::VARCHAR), _content)"
    elif unit.placed_by is not None:
        key = f"coalesce('e' || trim({quoted(unit.placed_by)}::VARCHAR), _content)"
    elif coarse:
        key = "_content || '#' || row_number() OVER (PARTITION BY _content ORDER BY _row)"
    place = _UNIT.format(key=f"'{salt}|' || key")
    cursor.execute(
        f"CREATE OR REPLACE TABLE placed AS SELECT _row, key AS _unit, {place} AS _u "
        f"FROM (SELECT _row, {key} AS key FROM kept LEFT JOIN near USING (_row))"
    )
    return None


def _place_blocks(data: Dataset, unit: Unit) -> str:
    """Blocks of time: calendar periods where a date has enough of them, else runs of equally many rows."""
    cursor = data.cursor()
    column = next((c for c in data.columns if c.name == unit.key), None)
    order = f"{quoted(unit.key)} NULLS FIRST, _row" if unit.key else "_row"
    name, block = "", None
    if column is not None and column.type == "datetime":
        for least in (BLOCKS, MIN_BLOCKS):
            name, block = (name, block) if block else _calendar(data, column.name, least)
    if block is None:
        size = max(MIN_BLOCK_ROWS, -(-data.rows // BLOCKS))
        name = f"{size:,} rows"
        block = f"(row_number() OVER (ORDER BY {order}) - 1) // {size}"
    cursor.execute(
        "CREATE OR REPLACE TABLE placed AS SELECT _row, _unit, _unit / (1.0 + max(_unit) OVER ()) AS _u "
        f"FROM (SELECT _row, {block} AS _unit FROM kept)"
    )
    return name


def _calendar(data: Dataset, name: str, least: int) -> tuple[str, str | None]:
    """The longest calendar period that cuts the rows into at least `least` blocks of several rows each."""
    for period in _PERIODS:
        truncated = f"date_trunc('{period}', {quoted(name)})"
        count = int(fetch(data, f"SELECT count(DISTINCT {truncated}) AS n FROM kept")["n"][0])
        if count >= least:
            if data.rows < MIN_BLOCK_ROWS * count:
                break
            return period, f"dense_rank() OVER (ORDER BY {truncated} NULLS FIRST) - 1"
    return "", None


def _plan(data: Dataset, unit: Unit, common: dict[str, Any], one_shot: bool) -> Plan:
    """Shares and vaults by the number of units; adds each row's part to `placed`."""
    small = TINY if unit.kind != "time" and is_corpus(data) else SMALL
    least = MIN_BLOCKS if unit.kind == "time" else small
    units, rows = common["units"], common["rows"]
    if units < least or rows < small:
        return _small_plan(data, unit, common)
    share = 0.5 if unit.kind == "time" or units >= ONE_VAULT_UNDER else 0.4
    held = units * (1 - share)
    weights = (1.0,) if one_shot or held < ONE_VAULT_UNDER else SHARES
    bounds, low = [], share
    for w in weights:
        bounds.append((low, low + w * (1 - share)))
        low = bounds[-1][1]
    reason = unit.reason if units >= SMALL or unit.kind == "time" else f"{unit.reason} {_FEW}"
    counts = _divide(data, bounds, gap=1.0 / units if unit.kind == "time" else 0.0)
    vaults = tuple(
        VaultPlan(number=n, rows=counts.get(n, (0, 0))[0], units=counts.get(n, (0, 0))[1], weight=w)
        for n, w in enumerate(weights, 1)
    )
    return Plan(
        kind=unit.kind, reason=reason, exploration_rows=counts[0][0], exploration_share=share,
        vaults=vaults, gap_rows=counts.get(-1, (0, 0))[0], **common,
    )  # fmt: skip


def _divide(data: Dataset, bounds: list[tuple[float, float]], gap: float) -> dict[int, tuple[int, int]]:
    """Add `_part` to `placed` (0 exploration, -1 gap, else the vault) and count its rows and units."""
    cursor = data.cursor()
    start = bounds[0][0]
    cases = [f"WHEN _u < {start!r} THEN 0"]
    if gap:
        cases.append(f"WHEN _u < {start + gap!r} THEN -1")
    cases += [f"WHEN _u < {high!r} THEN {n}" for n, (_, high) in enumerate(bounds[:-1], 1)]
    case = f"CASE {' '.join(cases)} ELSE {len(bounds)} END"
    cursor.execute(f"CREATE OR REPLACE TABLE placed AS SELECT *, {case} AS _part FROM placed")
    got = cursor.execute("SELECT _part, count(*), count(DISTINCT _unit) FROM placed GROUP BY 1").fetchall()
    return {int(part): (int(rows), int(units)) for part, rows, units in got}


def _small_plan(data: Dataset, unit: Unit, common: dict[str, Any]) -> Plan:
    """No split: one vault with all rows for the closed family, or none at all where nothing can be tested."""
    units, rows = common["units"], common["rows"]
    tiny = rows < TINY or units < (MIN_BLOCKS // 2 if unit.kind == "time" else TINY)
    data.cursor().execute(f"CREATE OR REPLACE TABLE placed AS SELECT *, {0 if tiny else 1} AS _part FROM placed")
    what, need = counted(units, "row"), f"{TINY} are"
    if unit.kind == "entity":
        what = f"{counted(units, 'value')} of `{unit.key}` in {counted(rows, 'row')}"
    elif unit.kind == "time":
        what = f"{counted(units, 'block')} of time in {counted(rows, 'row')}"
        need = f"{MIN_BLOCKS // 2} blocks and {TINY} rows are"
    if tiny:
        reason = f"{what}: too few to test anything (at least {need} needed); described, not judged."
        return Plan(kind="none", reason=reason, exploration_rows=rows, exploration_share=1.0, **common)
    reason = (
        f"{what}: too few to split. Every pair of columns was listed by name and type before any value was "
        "compared, and the whole list is tested on all rows."
    )
    vault = VaultPlan(number=1, rows=rows, units=units, weight=1.0)
    return Plan(kind="none", reason=reason, exploration_rows=0, exploration_share=0.0, vaults=(vault,), **common)


def _number_clusters(data: Dataset, unit: Unit) -> None:
    """Add `_cluster` to `placed`: the unit's number in the whole table, so that no two parts number theirs alike."""
    if unit.kind == "row":
        data.cursor().execute("ALTER TABLE placed ADD COLUMN _cluster INTEGER DEFAULT -1")
        return
    cluster = "dense_rank() OVER (ORDER BY _u, _unit::VARCHAR) - 1"
    data.cursor().execute(f"CREATE OR REPLACE TABLE placed AS SELECT *, ({cluster})::INTEGER AS _cluster FROM placed")
