"""The child that runs model-written SQL: started as `python -I` by this file's path, one request a line, one answer.

Knows one Parquet file, a DuckDB table `data` in memory and a few limits, and imports the standard library and
DuckDB alone. Must never know a sealed row, a key, the parent's environment or anything of the package, and must
never send the text of an error of DuckDB, which may quote cells.

What it does to itself before the first query: bounds memory, processor time and files; cuts off the network where
the system allows it; loads the rows; locks DuckDB; gives up the right to open any further file or socket.
"""

import ctypes
import datetime
import decimal
import json
import math
import mmap
import os
import re
import resource
import sys
import time
from typing import Any

import duckdb

SETTINGS = (
    "enable_progress_bar=false",
    "temp_directory=''",
    "autoload_known_extensions=false",
    "autoinstall_known_extensions=false",
    "allow_community_extensions=false",
    "allow_persistent_secrets=false",
    "python_enable_replacements=false",
    "memory_limit='{memory_mb}MB'",
    "threads=1",
    "max_execution_time={statement_ms}",
    "enable_external_access=false",
    "disabled_filesystems='LocalFileSystem'",
    "lock_configuration=true",
)
"""In this order: later ones forbid earlier ones. They hold for the one connection; a cursor would not inherit
`max_execution_time` and `python_enable_replacements`, so none is made."""
_EVERY_TYPE = (
    "SELECT 1.5::DECIMAL(9, 2), DATE '2020-01-01', TIMESTAMP '2020-01-01', TIME '10:00', INTERVAL 1 DAY, "
    "'a'::BLOB, '0'::BIT, 1::HUGEINT, [1], {'a': 1}, MAP {'a': 1}, '00000000-0000-0000-0000-000000000000'::UUID"
)
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_OPEN_FILES = 4
"""Input, output, errors and the descriptor for answers; there is no number left for another."""
_NAME = re.compile(r'"((?:[^"]|"")+)"')
_SPEAKS_OF_NAMES = ("BinderException", "CatalogException")


def bound(address_mb: int, load_seconds: int) -> bool:
    """Bound memory, files, core dumps and processor time for good; says whether the memory limit really holds."""
    size = address_mb << 20
    for what, most in (
        (resource.RLIMIT_AS, size),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (load_seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    try:
        mmap.mmap(-1, size).close()
    except (OSError, MemoryError, ValueError):
        return True
    return False


def own_output() -> int:
    """A descriptor for answers alone: DuckDB draws a progress bar on the standard output, which goes nowhere now."""
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return answers


def cut_network() -> bool:
    """Leave the network namespace, where the system lets an ordinary process do so."""
    try:
        return ctypes.CDLL(None).unshare(_NEW_USER | _NEW_NETWORK) == 0
    except (AttributeError, OSError):
        return False


def load(parquet: str) -> duckdb.DuckDBPyConnection:
    """The rows of the file as the table `data`, in the file's order."""
    connection = duckdb.connect()
    connection.execute("SET threads=1")
    connection.execute("CREATE TABLE data AS SELECT * FROM read_parquet($1)", [parquet]).fetchall()
    return connection


def lock(connection: duckdb.DuckDBPyConnection, limits: dict[str, Any]) -> None:
    """Close DuckDB, then the process: after this no file, no socket and no setting can be reached."""
    for setting in SETTINGS:
        connection.execute("SET " + setting.format(**limits))
    connection.execute(_EVERY_TYPE).fetchall()  # what Python imports for a type, it imports while it still can
    seconds = math.ceil(time.process_time()) + limits["cpu_seconds"]
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))


def about(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Names and types of the columns, the number of rows, and the functions that this DuckDB has."""
    columns = connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'data' ORDER BY column_index"
    ).fetchall()
    functions = connection.execute(
        "SELECT DISTINCT function_name, function_type, stability FROM duckdb_functions() ORDER BY ALL"
    ).fetchall()
    [(rows,)] = connection.execute("SELECT count(*) FROM data").fetchall()
    return {"columns": columns, "rows": rows, "functions": functions}


def parse(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    """The syntax tree of a query as DuckDB's own JSON, as text: it is judged by the parent."""
    [(tree,)] = connection.execute("SELECT json_serialize_sql($1)", [sql]).fetchall()
    return {"tree": tree}


def run(connection: duckdb.DuckDBPyConnection, sql: str, limits: dict[str, Any]) -> dict[str, Any]:
    """Rows and names of one SELECT, within the limits on rows, bytes and the length of a cell."""
    statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        return {"failed": "NotOneSelect", "names": []}
    connection.execute("BEGIN TRANSACTION READ ONLY")
    try:
        connection.execute(statements[0])
        names = [d[0] for d in connection.description or ()]
        if len(json.dumps(names)) > limits["bytes"]:
            return {"failed": "TooManyColumns", "names": []}
        got = connection.fetchmany(limits["rows"] + 1)
    finally:
        connection.execute("ROLLBACK")
    return {"columns": names, **_capped(got, limits)}


def _capped(got: list[tuple], limits: dict[str, Any]) -> dict[str, Any]:
    """As many whole rows as the limits leave room for, and whether anything was cut."""
    rows, size = [], 0
    cut = [len(got) > limits["rows"]]
    for row in got[: limits["rows"]]:
        cells = [plain(v, limits["cell"], cut) for v in row]
        size += len(json.dumps(cells, ensure_ascii=False).encode("utf-8", "replace")) + 1
        if size > limits["bytes"]:
            cut.append(True)
            break
        rows.append(cells)
    return {"rows": rows, "truncated": any(cut)}


def plain(value: Any, most: int, cut: list[bool]) -> Any:
    """A cell as JSON can hold it: NULL and what is not finite as None, dates as ISO text, long text shortened."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float | decimal.Decimal):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dict):
        cut.append(len(value) > most)
        return {str(plain(k, most, cut)): plain(v, most, cut) for k, v in list(value.items())[:most]}
    if isinstance(value, list | tuple):
        cut.append(len(value) > most)
        return [plain(v, most, cut) for v in value[:most]]
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, bytes):
        value = value[:most].hex()
    text = value if isinstance(value, str) else str(value)
    cut.append(len(text) > most)
    return text[:most]


def failure(error: BaseException, names: set[str], sql: str) -> dict[str, Any]:
    """The class of an error and the names it speaks of: of columns, or written in the query. Never its text."""
    kind, text = type(error).__name__, str(error)
    spoken = list(dict.fromkeys(n.replace('""', '"') for n in _NAME.findall(text)))
    known = [n for n in spoken if n in names] + [n for n in names if f"source column {n}\n" in text + "\n"]
    unknown: list[str] = []
    if kind in _SPEAKS_OF_NAMES:  # raised before any row is read
        unknown = [n for n in spoken if n not in names and n in sql][:1]
    return {"failed": kind, "names": unknown or known[:5], "near": known[:5] if unknown else []}


def _answer(output: int, message: dict[str, Any]) -> None:
    """One line on the pipe, written whole."""
    line = (json.dumps(message, ensure_ascii=True, allow_nan=False) + "\n").encode()
    while line:
        line = line[os.write(output, line) :]


def _serve(connection: duckdb.DuckDBPyConnection, output: int, names: set[str], limits: dict[str, Any]) -> None:
    """Answer requests until the parent closes the pipe."""
    start = time.process_time()
    for line in sys.stdin.buffer:
        request = json.loads(line)
        sql = request["sql"]
        try:
            work = parse(connection, sql) if request["do"] == "parse" else run(connection, sql, limits)
        except (duckdb.Error, MemoryError, RecursionError, ImportError, ValueError, RuntimeError, OverflowError) as e:
            work = failure(e, names, sql)
        _answer(output, {**work, "cpu": time.process_time() - start})


def main() -> None:
    """Read the first line (`parquet` and `limits`), lock everything, say what there is, then serve."""
    output = own_output()
    start = json.loads(sys.stdin.buffer.readline())
    limits = start["limits"]
    bounded = bound(limits["address_mb"], limits["load_seconds"])
    apart = cut_network()
    try:
        connection = load(start["parquet"])
        there = about(connection)
        lock(connection, limits)
    except (duckdb.Error, MemoryError) as error:
        _answer(output, {"unready": type(error).__name__})
        return
    _answer(output, {**there, "bounded": bounded, "network_cut": apart})
    _serve(connection, output, {name for name, _ in there["columns"]}, limits)


if __name__ == "__main__":
    main()
    os._exit(0)
