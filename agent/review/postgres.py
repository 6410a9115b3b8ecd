"""One table or view of a PostgreSQL database, copied once to a local file that is read like any other delivery.

Knows an address, how to reach it, and one table's columns. Must never let a password into a message, a file or a
result, write to the database, or know what will be checked. A review opens a connection here alone, and only where the
delivery is given as an address.
"""

import os
import re
import ssl
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from ...tools.errors import DataError, UsageError

_SCHEMES = ("postgresql", "postgres")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_KNOWN = ("host", "sslmode", "sslrootcert", "table", "connect_timeout")
_SSL = ("disable", "prefer", "require", "verify-ca", "verify-full")
_NUMBERS = re.compile(r"(smallint|integer|bigint|real|double precision|numeric.*)")
_WHOLE = re.compile(r"(smallint|integer|bigint)")
_LONG = re.compile(r"numeric\((\d+),0\)")
_DATES = re.compile(r"(date|timestamp.* without time zone)")


class Address(NamedTuple):
    """Where a table lies. Its text leaves the password out."""

    host: str
    port: int
    database: str
    user: str
    password: str | None
    table: str
    sslmode: str
    certificate: str | None
    timeout: float

    def __repr__(self) -> str:
        return f"<Address {self.shown}>"

    __str__ = __repr__

    @property
    def shown(self) -> str:
        """Host, database and table, as messages and results name them."""
        return f"{self.host}/{self.database}:{self.table}"


def is_address(source: object) -> bool:
    """Whether a source is the address of a PostgreSQL database, or a variable of the environment that holds one."""
    if not isinstance(source, str):
        return False
    whole = _VARIABLE.fullmatch(source)
    text = os.environ.get(whole[1], "") if whole else source
    return text.split("://")[0] in _SCHEMES and "://" in text


def address_of(source: str, table: str | None = None, environment: Mapping[str, str] | None = None) -> Address:
    """The address that a text gives, its `${VAR}` filled in from the environment.

    Args:
        source: `postgresql://user:${PGPASSWORD}@host:5432/database?table=schema.name`, or `${VAR}` for all of it.
            Without a password `PGPASSWORD` is taken where it is set. `?host=/folder` names the folder of a local
            socket; `?sslmode=` is one of disable, prefer, require, verify-ca, verify-full.
        table: The table or view, where the address names none.
        environment: Where variables are looked up; the process's by default.

    Raises:
        UsageError: if it is no such address, names no table, holds a password as it is, or a variable is not set.
    """
    known = os.environ if environment is None else environment
    whole = _VARIABLE.fullmatch(source)
    # A variable may hold the whole address: what is in it is taken as it stands.
    parts = urlsplit(_filled(source, known) if whole else source)
    fill = (lambda text: text) if whole else (lambda text: _filled(text, known))
    try:
        port = parts.port or 5432
    except ValueError as err:
        raise UsageError("The port of the address is no number. Write postgresql://user@host:5432/database.") from err
    given = parts.password
    if not whole and given and not _VARIABLE.fullmatch(unquote(given)):
        raise UsageError(
            "The address holds a password. Put it into a variable of the environment and write ${NAME} in its place, "
            "such as postgresql://user:${PGPASSWORD}@host/database."
        )
    options = {k: fill(v[-1]) for k, v in parse_qs(parts.query).items()}
    unknown = sorted(set(options) - set(_KNOWN))
    if unknown:
        raise UsageError(f"The address has an unknown option {unknown[0]!r}. Known are {', '.join(_KNOWN)}.")
    named = table or options.get("table")
    database = fill(unquote(parts.path.lstrip("/")))
    if parts.scheme not in _SCHEMES or not database or not named:
        what = "names no table: add `?table=NAME` or `--table NAME`" if database else "names no database"
        raise UsageError(f"The address {what}. Write postgresql://user@host:5432/database?table=schema.name.")
    return Address(
        host=options.get("host") or fill(unquote(parts.hostname or "localhost")), port=port, database=database,
        user=fill(unquote(parts.username or "")) or known.get("PGUSER", "") or known.get("USER", "postgres"),
        password=fill(unquote(given)) if given else known.get("PGPASSWORD"), table=named,
        sslmode=_ssl_mode(options), certificate=options.get("sslrootcert"), timeout=_seconds(options),
    )  # fmt: skip


def fetch_table(
    address: Address,
    target: Path,
    *,
    since: str | None = None,
    time: str | None = None,
    max_bytes: int = 20_000_000_000,
) -> Path:
    """Copy the table's rows to a Parquet file in one read-only transaction; returns `target`.

    The server sends rows as it reads them, and they go to the disk as they come: neither side holds them all. Numbers,
    dates, times and booleans keep their types, times with a zone become UTC, all else becomes text. Rows come in the
    order in which the server gives them.

    Args:
        address: What `address_of` returned.
        target: The file to write; its folder is there.
        since: ISO day; earlier rows are not fetched where `time` is a column of dates.
        time: Column of dates.
        max_bytes: Most that may be fetched.

    Raises:
        DataError: if the database cannot be reached, refuses, or has no such table, or it is too large.
        UsageError: if the extra `postgres` is not installed.
    """
    try:
        import pg8000.exceptions
        import pg8000.native
    except ImportError as err:
        raise UsageError("A PostgreSQL table needs the extra `postgres`: pip install 'heldout[postgres]'.") from err
    rows = target.with_suffix(".csv")
    try:
        connection = pg8000.native.Connection(
            address.user, password=address.password, database=address.database, timeout=address.timeout,
            ssl_context=_ssl(address), application_name="heldout", **_place(address),
        )  # fmt: skip
        try:
            connection.run("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            columns = _columns(connection, address)
            with rows.open("wb") as file:
                query = _query(columns, address.table, since, time)
                connection.run(f"COPY ({query}) TO STDOUT WITH (FORMAT csv)", stream=_Bounded(file, address, max_bytes))
            connection.run("ROLLBACK")
        finally:
            connection.close()
    except (pg8000.exceptions.Error, OSError) as err:
        # Without the cause: what a library says of a failed connection is not ours to vouch for.
        raise DataError(f"'{address.shown}' cannot be read: {_said(err, address)}") from None
    return _as_parquet(rows, target, columns, address)


class _Column(NamedTuple):
    """A column as the server has it, how it is asked for, and the type it is kept as."""

    name: str
    kind: str
    asked: str
    kept: str


class _Bounded:
    """A file that refuses to grow beyond a limit."""

    def __init__(self, file: BinaryIO, address: Address, most: int) -> None:
        self._file, self._address, self._left, self._most = file, address, most, most

    def write(self, chunk: bytes) -> int:
        """Write on, within the limit."""
        self._left -= len(chunk)
        if self._left < 0:
            raise DataError(
                f"'{self._address.shown}' has more than {self._most:,} bytes. Raise `--max-bytes`, or use `--since`."
            )
        return self._file.write(chunk)


def _filled(text: str, known: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] not in known:
            raise UsageError(f"The variable {found[1]} of the address is not set. Set it in the environment.")
        return known[found[1]]

    return _VARIABLE.sub(value, text)


def _ssl_mode(options: Mapping[str, str]) -> str:
    mode = options.get("sslmode", "prefer")
    if mode not in _SSL:
        raise UsageError(f"`sslmode` is one of {', '.join(_SSL)}. Got {mode!r} instead.")
    return mode


def _seconds(options: Mapping[str, str]) -> float:
    given = options.get("connect_timeout", "60")
    if not given.isdigit() or int(given) == 0:
        raise UsageError(f"`connect_timeout` takes seconds. Got {given!r} instead.")
    return float(given)


def _place(address: Address) -> dict[str, Any]:
    if address.host.startswith("/"):
        return {"unix_sock": f"{address.host}/.s.PGSQL.{address.port}"}
    return {"host": address.host, "port": address.port}


def _ssl(address: Address) -> ssl.SSLContext | bool | None:
    """What the library takes: None tries, False does without."""
    if address.host.startswith("/") or address.sslmode == "disable":
        return False
    if address.sslmode == "prefer":
        return None
    context = ssl.create_default_context(cafile=address.certificate)
    if address.sslmode != "verify-full":
        context.check_hostname = False
    if address.sslmode == "require" and address.certificate is None:
        context.verify_mode = ssl.CERT_NONE
    return context


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _named(table: str) -> str:
    """`schema.name` as SQL identifiers."""
    return ".".join(_quoted(part) for part in table.split("."))


def _columns(connection: Any, address: Address) -> list[_Column]:
    """The columns of the table or view, in its order."""
    found = connection.run(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = to_regclass(:name) "
        "AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        name=_named(address.table),
    )
    if not found:
        raise DataError(f"'{address.shown}' cannot be read: there is no such table or view. Check `--table`.")
    return [_asked(str(name), str(kind)) for name, kind in found]


def _asked(name: str, kind: str) -> _Column:
    c = _quoted(name)
    long = _LONG.fullmatch(kind)
    if _WHOLE.fullmatch(kind):
        return _Column(name, kind, c, "BIGINT")
    if _NUMBERS.fullmatch(kind) and not (long and int(long[1]) > 15):  # longer ones are keys: digit by digit
        return _Column(name, kind, f"{c}::text", "DOUBLE")
    if kind == "boolean":
        return _Column(name, kind, c, "BOOLEAN")
    if _DATES.fullmatch(kind) or kind.startswith("timestamp"):
        at = (
            f"{c} AT TIME ZONE 'UTC'"
            if kind.endswith("with time zone") and "without" not in kind
            else f"{c}::timestamp"
        )
        return _Column(
            name, kind, f"CASE WHEN isfinite({c}) THEN to_char({at}, 'YYYY-MM-DD HH24:MI:SS.US') END", "TIMESTAMP"
        )
    return _Column(name, kind, f"{c}::text", "VARCHAR")


def _query(columns: Sequence[_Column], table: str, since: str | None, time: str | None) -> str:
    asked = ", ".join(c.asked for c in columns)
    where = ""
    if since is not None and any(c.name == time and c.kept == "TIMESTAMP" for c in columns):
        where = f" WHERE {_quoted(str(time))} >= DATE '{_day(since)}'"
    return f"SELECT {asked} FROM {_named(table)}{where}"


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as err:
        raise UsageError(f"`--since` takes a day such as 2025-03-01. Got {text!r} instead.") from err


def _said(err: BaseException | None, address: Address) -> str:
    """What the server or the connection said, as one sentence without the password."""
    told, at = str(err), err
    while at is not None:  # a refusal lies behind the failure to say goodbye to a server that hung up already
        if at.args and isinstance(at.args[0], dict):
            told, at = at.args[0].get("M", told), None
        else:
            at = at.__context__
    line = (str(told).strip().splitlines() or ["no reason was given"])[0][:200]
    if address.password:
        line = line.replace(address.password, "…")
    return line if line.endswith((".", "!", "?")) else line + "."


def _as_parquet(rows: Path, target: Path, columns: Sequence[_Column], address: Address) -> Path:
    """The fetched rows with their types."""
    import duckdb

    kinds = ", ".join(f"'c{at}': '{c.kept}'" for at, c in enumerate(columns))
    names = ", ".join(f"c{at} AS {_quoted(c.name)}" for at, c in enumerate(columns))
    source, out = (str(p).replace("'", "''") for p in (rows, target))
    try:
        with duckdb.connect(config={"threads": 2, "memory_limit": "512MB"}) as connection:
            connection.execute(
                f"COPY (SELECT {names} FROM read_csv('{source}', auto_detect = false, header = false, delim = ',', "
                f"quote = '\"', escape = '\"', columns = {{{kinds}}}, max_line_size = 100000000)) "
                f"TO '{out}' (FORMAT parquet)"
            ).fetchall()
    except duckdb.Error as err:
        first = str(err).splitlines()[0][:120]
        raise DataError(f"'{address.shown}' cannot be read: {first}. Name a view without that column.") from err
    finally:
        rows.unlink(missing_ok=True)
    return target
