"""A PostgreSQL table as a delivery: read by a local server's own word, and its password told to nobody."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from heldout.agent.review.postgres import Address, address_of, fetch_table, is_address
from heldout.tools.errors import DataError, UsageError
from heldout.tools.review.delivery import open_delivery

SECRET = "s3cr/t@:%41 word"
HOME = {"PGPASSWORD": SECRET, "WHO": "rea der"}


def test_variables_of_an_address_are_filled_in_as_they_stand() -> None:
    got = address_of("postgresql://${WHO}:${PGPASSWORD}@db.example:6000/sh%20op?table=s.t&sslmode=require", None, HOME)
    assert (got.user, got.password, got.host, got.port) == ("rea der", SECRET, "db.example", 6000)
    assert (got.database, got.table, got.sslmode) == ("sh op", "s.t", "require")


def test_a_variable_may_hold_the_whole_address(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgres://me:a%40b$%7BX%7D@h/d?table=x"
    got = address_of("${DATABASE_URL}", None, {"DATABASE_URL": url})
    assert (got.user, got.password, got.table) == ("me", "a@b${X}", "x")
    monkeypatch.setenv("DATABASE_URL", url)
    assert is_address("${DATABASE_URL}")
    assert is_address("postgresql://h/d")
    assert not is_address("data.csv")
    assert not is_address("${HOME}")


def test_no_text_of_an_address_holds_the_password() -> None:
    got = address_of("postgresql://u:${PGPASSWORD}@h/d", "t", HOME)
    assert SECRET not in f"{got} {got!r} {got.shown}"
    assert got.shown == "h/d:t"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://u:hunter2@h/d?table=t", "holds a password"),
        ("postgresql://u:${NOT_SET}@h/d?table=t", "NOT_SET of the address is not set"),
        ("postgresql://u@h/d", "names no table"),
        ("postgresql://u@h?table=t", "names no database"),
        ("postgresql://u@h:x/d?table=t", "port"),
        ("postgresql://u@h/d?table=t&sslmode=maybe", "sslmode"),
        ("postgresql://u@h/d?table=t&passfile=x", "unknown option 'passfile'"),
        ("postgresql://u@h/d?table=t&connect_timeout=soon", "connect_timeout"),
    ],
)
def test_what_is_no_address_is_refused_and_a_written_password_never_repeated(url: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as err:
        address_of(url, None, HOME)
    assert "hunter2" not in str(err.value)


SQL = """
CREATE SCHEMA "my shop";
CREATE TABLE "my shop".sales (id bigint, price numeric(8,2), weight real, kind text, paid boolean, day date,
    at timestamptz, code varchar(4), long numeric(20,0), "o""dd, name" int[]);
INSERT INTO "my shop".sales SELECT i, i / 4.0, 0.1, CASE WHEN i % 3 = 0 THEN 'a, "b"' || chr(10) || 'c' WHEN i % 3 = 1
    THEN '' END, i % 2 = 0, DATE '2025-03-01' + i / 100, TIMESTAMPTZ '2025-03-01 12:00+02' + i * interval '1 h', '007',
    12345678901234567890, ARRAY[i, 2] FROM generate_series(0, 299) AS i;
INSERT INTO "my shop".sales (id, price, day) VALUES (300, 'NaN', 'infinity');
CREATE VIEW late AS SELECT * FROM "my shop".sales WHERE id >= 200;
CREATE FUNCTION spy() RETURNS int AS $$ BEGIN CREATE TABLE proof (x int); RETURN 1; END $$ LANGUAGE plpgsql;
CREATE VIEW writes AS SELECT spy() AS x;
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    pytest.importorskip("pg8000")
    found = shutil.which("initdb")
    if not found or shutil.which("postgres") is None:
        pytest.skip("no PostgreSQL server is installed")
    folder = Path(tempfile.mkdtemp(prefix="hpg"))
    who: dict = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    if who:
        try:
            shutil.chown(folder, "nobody", "nogroup")
        except (LookupError, PermissionError):
            pytest.skip("no other user to run the server as")
    (folder / "pw").write_text(SECRET)
    (folder / "pw").chmod(0o644)
    quiet: dict = {"capture_output": True, "cwd": folder, "text": True, **who}
    made = subprocess.run(
        [found, "-D", "db", "-U", "reader", "-A", "scram-sha-256", "--pwfile", "pw", "--no-sync", "-E", "UTF8"], **quiet
    )
    if made.returncode:
        pytest.skip(f"no database can be made here: {made.stderr[-200:]}")
    single = ["postgres", "--single", "-D", "db", "-j", "postgres"]
    subprocess.run(single, input=SQL.replace(";\n", ";\n\n"), check=True, **quiet)
    control = [str(shutil.which("pg_ctl")), "-D", "db", "-w", "-l", "log"]
    settings = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    try:
        started = subprocess.run([*control, "-o", settings, "start"], **{**quiet, "capture_output": False})
        if started.returncode:
            pytest.skip("the server does not start here")
        yield folder
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **{**quiet, "capture_output": False})
        shutil.rmtree(folder, ignore_errors=True)


def at(server: Path, table: str, password: str = SECRET) -> Address:
    return address_of(f"postgresql://reader:${{P}}@localhost/postgres?host={server}", table, {"P": password})


def test_a_table_comes_with_its_types_and_every_cell(server: Path, tmp_path: Path) -> None:
    got = pd.read_parquet(fetch_table(at(server, "my shop.sales"), tmp_path / "t.parquet"))
    assert len(got) == 301
    got = got.set_index("id").sort_index()
    assert list(got["price"][:3]) == [0.0, 0.25, 0.5]
    assert set(got["weight"][:300]) == {0.1}
    assert got["kind"][3] == 'a, "b"\nc'
    assert got["kind"][2] is None or got["kind"][2] != got["kind"][2]
    assert set(got["code"][:300]) == {"007"}
    assert got["long"][1] == "12345678901234567890"
    assert got["at"][0] == pd.Timestamp("2025-03-01 10:00")
    assert got["day"][250] == pd.Timestamp("2025-03-03")
    assert pd.isna(got["day"][300])
    assert got['o"dd, name'][5] == "{5,2}"
    assert [p.name for p in tmp_path.iterdir()] == ["t.parquet"], "nothing else is left"
    with open_delivery(tmp_path / "t.parquet", [], name="sales") as delivery:
        assert delivery.rows == 301


def test_a_view_from_a_day_on_is_fetched_alone(server: Path, tmp_path: Path) -> None:
    got = pd.read_parquet(fetch_table(at(server, "late"), tmp_path / "t.parquet", since="2025-03-03", time="day"))
    assert sorted(got["id"]) == list(range(200, 301))
    got = pd.read_parquet(fetch_table(at(server, "late"), tmp_path / "t.parquet", since="2025-03-04", time="day"))
    assert list(got["id"]) == [300]


def test_the_transaction_can_write_nothing(server: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="read-only transaction"):
        fetch_table(at(server, "writes"), tmp_path / "t.parquet")


@pytest.mark.parametrize(
    ("table", "password", "most", "says"),
    [
        ("nowhere", SECRET, 10**9, "no such table or view"),
        ("late; DROP TABLE x", SECRET, 10**9, "no such table or view"),
        ("late", "wrong" + SECRET, 10**9, "password authentication failed"),
        ("late", SECRET, 500, "more than 500 bytes"),
    ],
)
def test_a_refusal_says_what_was_wrong_and_never_the_password(
    table: str, password: str, most: int, says: str, server: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=says) as err:
        fetch_table(at(server, table, password), tmp_path / "t.parquet", max_bytes=most)
    chain = repr(err.value) + repr(err.value.__cause__)
    assert SECRET not in chain
    assert password not in chain
