"""The seal: which rows may be explored and which lie in vaults, written to two files that never meet again.

Knows the unit of independence, a salt that nobody chooses, and shares. Must never know what will be tested.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from ..value import Value, counted, digest
from .dataset import Dataset
from .fetching import fetch
from .independence import Unit, choose_unit
from .independence_years import in_order_of_years
from .inference_texts import LONGEST
from .kept import TOGETHER, is_coarse, keep_rows, keep_texts
from .readers_binary import quoted
from .rows import Rows
from .schema import Column
from .split_typed import TYPED, write_typed
from .texts import is_corpus

PROJECT = "heldout/split/1"
SMALL = 200
"""Under this many units nothing is split: a closed family is tested on all rows. Of a corpus fewer are split."""
TINY = 40
"""Under this many units nothing is tested; a corpus of so many documents is split."""
ONE_VAULT_UNDER = 1_000
"""With fewer held-out units than this there is one vault."""
MIN_BLOCKS = 40
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


class VaultPlan(Value):
    """One portion of the sealed rows and its share of the error budget."""

    number: int
    rows: int
    units: int
    weight: float


class Plan(Value):
    """How one data set is divided; the ledger keeps it, so that it cannot be divided twice."""

    kind: Literal["row", "entity", "time", "none"]
    key: str | None
    salt: str
    reason: str
    units: int
    rows: int
    exploration_rows: int
    exploration_share: float
    vaults: tuple[VaultPlan, ...] = ()
    block: str | None = None
    """For time: what one block is, such as `week` or `130 rows`."""
    copies: int = 0
    """Rows that repeat an earlier row and were set aside, so that no row counts twice."""
    gap_rows: int = 0
    """For time: rows between exploration and vault that belong to neither."""
    near_copies: int = 0
    """Rows whose text nearly repeats an earlier row's and that were set aside for the same reason."""
    warning: str | None = None
    joining: str | None = None
    """For several tables: digest of the grain and its way to the root. Two grains may have as many rows and units."""

    def as_json(self) -> dict[str, Any]:
        """As of every value, but without `joining` where there is only one table, nor a count of no near-copies."""
        whole = super().as_json()
        absent = [name for name, none in (("joining", None), ("near_copies", 0)) if whole[name] == none]
        return {k: v for k, v in whole.items() if k not in absent}


class SealedSplit:
    """Exploration rows and vaults of one data set as two database files; a handle, not a value."""

    def __init__(self, plan: Plan, columns: tuple[Column, ...], exploration: Path, sealed: Path) -> None:
        self.plan = plan
        self.columns = {c.name: c for c in columns if is_used(c, plan)}
        self.texts = {c.name: c for c in columns if c.type == "text"}
        self.serial = plan.kind == "time" or plan.block is not None
        self.exploration_file = exploration
        self.sealed_file = sealed

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

    Raises:
        UsageError: if a declared column is not in the data.
    """
    unit = in_order_of_years(data, choose_unit(data, entity=entity, time=time))
    salt = digest(f"{data.fingerprint}|{PROJECT}")
    cursor = data.cursor()
    copies = keep_rows(data)
    near = keep_texts(data)
    coarse = unit.kind == "row" and is_coarse(data)
    if coarse:
        unit = unit.model_copy(update={"reason": f"{unit.reason} {_COARSE}"})
    block = _place_units(data, unit, salt, coarse)
    units = int(cursor.execute("SELECT count(DISTINCT _unit) FROM placed").fetchall()[0][0])
    plan = _plan(data, unit, salt, units, block, one_shot, copies, near)
    used = [c for c in data.columns if is_used(c, plan)]
    _number_clusters(data, unit)
    exploration, sealed = folder / "exploration.duckdb", folder / "sealed.duckdb"
    _write(data, exploration, {"rows": 0}, unit, used)
    _write(data, sealed, {f"vault_{v.number}": v.number for v in plan.vaults}, unit, used)
    if typed:
        write_typed(data, exploration, {TYPED: 0}, copies=copies > 0)
        write_typed(data, sealed, {f"vault_{v.number}_{TYPED}": v.number for v in plan.vaults}, copies=copies > 0)
    cursor.execute("DROP TABLE placed")
    cursor.execute("DROP TABLE near")
    cursor.execute("DROP VIEW kept")
    return SealedSplit(plan, data.columns, exploration, sealed)


def read_rows(
    file: Path, table: str, columns: dict[str, Column], *, serial: bool = False, texts: Sequence[str] = ()
) -> Rows:
    """The rows of one table of a split's file, in the order in which they were written."""
    import duckdb
    import numpy as np

    with duckdb.connect(str(file), read_only=True) as connection:
        got = connection.cursor().execute(f"SELECT * FROM {table}").fetchnumpy()
    arrays = {}
    for at, (name, column) in enumerate(columns.items()):
        raw = got[f"c{at}"]
        kind = np.int32 if column.type in ("boolean", "category") else np.float64
        arrays[name] = np.ascontiguousarray(raw, dtype=kind)
    cluster = np.ascontiguousarray(got["_cluster"], dtype=np.int32)
    documents = {name: _texts(got[f"t{at}"]) for at, name in enumerate(texts)}
    known = None if len(cluster) and cluster[0] < 0 else cluster
    return Rows(columns, arrays, cluster=known, serial=serial, texts=documents)


def _texts(got: Any) -> Any:
    """A column of text as an array of `str`, None where missing."""
    import numpy as np

    out = np.array(got, dtype=object)
    missing = np.ma.getmaskarray(got) if isinstance(got, np.ma.MaskedArray) else np.array([v is None for v in out])
    out[missing.astype(bool)] = None
    return out


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
    order = f"{quoted(unit.key)}, _row" if unit.key else "_row"
    name, block = "", None
    if column is not None and column.type == "datetime":
        for least in (BLOCKS, MIN_BLOCKS):
            name, block = (name, block) if block else _calendar(data, column.name, least)
    if block is None:
        size = max(MIN_BLOCK_ROWS, -(-data.rows // BLOCKS))
        name = f"{size:,} rows"
        block = f"(row_number() OVER (ORDER BY {order} NULLS FIRST) - 1) // {size}"
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


def _plan(
    data: Dataset, unit: Unit, salt: str, units: int, block: str | None, one_shot: bool, copies: int, near: int
) -> Plan:
    """Shares and vaults by the number of units; adds each row's part to `placed`."""
    small = TINY if unit.kind != "time" and is_corpus(data) else SMALL
    least = MIN_BLOCKS if unit.kind == "time" else small
    rows = data.rows - copies - near
    common = {
        "key": unit.key, "salt": salt, "units": units, "rows": rows, "block": block, "copies": copies,
        "near_copies": near, "warning": unit.warning, "joining": data.joining,
    }  # fmt: skip
    if units < least or rows < small:
        return _small_plan(data, unit, common)
    share = 0.5 if unit.kind == "time" or units >= ONE_VAULT_UNDER else 0.4
    held = units * (1 - share)
    weights = (1.0,) if one_shot or held < ONE_VAULT_UNDER else (0.6, 0.2, 0.2)
    bounds, low = [], share
    for w in weights:
        bounds.append((low, low + w * (1 - share)))
        low = bounds[-1][1]
    reason = unit.reason if units >= SMALL else f"{unit.reason} {_FEW}"
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


def _write(data: Dataset, file: Path, tables: dict[str, int], unit: Unit, used: list[Column]) -> None:
    """Write the parts of `placed` as tables of numbers and codes, in an order that the file's order cannot change."""
    cursor = data.cursor()
    file.unlink(missing_ok=True)
    escaped = str(file).replace("'", "''")
    cursor.execute(f"ATTACH '{escaped}' AS part")
    try:
        selected = _select(data, used)
        texts = [c for c in data.columns if c.type == "text"]
        selected = ", ".join([selected, *(f"left({quoted(c.name)}, {LONGEST}) AS t{at}" for at, c in enumerate(texts))])
        order = "_row" if unit.kind == "time" and unit.key is None else "_content, _row"
        if unit.kind == "time" and unit.key is not None:
            order = f"{quoted(unit.key)}, _content, _row"
        for table, part in tables.items():
            cursor.execute(
                f"CREATE TABLE part.{table} AS SELECT {selected}, _cluster "
                f"FROM data JOIN placed USING (_row) WHERE _part = {part} ORDER BY {order}"
            )
    finally:
        cursor.execute("DETACH part")


def _select(data: Dataset, used: list[Column]) -> str:
    """Numbers as they are, dates as days since 1970, labels as indexes into the column's levels."""
    cursor = data.cursor()
    out = []
    for at, c in enumerate(used):
        name = quoted(c.name)
        if c.type in ("boolean", "category"):
            literals = ", ".join("'" + level.replace("'", "''") + "'" for level in c.levels)
            cursor.execute(f"CREATE OR REPLACE TYPE levels_{at} AS ENUM ({literals})")
            code = f"coalesce(enum_code(try_cast({name} AS levels_{at})), -1)::INTEGER"
            out.append(f"{code} AS c{at}")
        elif c.type == "datetime":
            out.append(f"coalesce(epoch_us({name}) / 86400000000.0, 'nan'::DOUBLE) AS c{at}")
        else:
            out.append(f"coalesce({name}::DOUBLE, 'nan'::DOUBLE) AS c{at}")
    return ", ".join(out) if out else "0 AS c0"
