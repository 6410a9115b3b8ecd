"""Attacks on the jail, wall by wall: the locked database alone, the worker without its guard, and the whole."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest

from heldout.tools.data import jail_process
from heldout.tools.data.jail import Jail, write_rows
from heldout.tools.data.jail_process import Child, JailLimits
from heldout.tools.errors import QueryFailed, QueryRefused
from tests.sql_attacks import ALL, BENIGN, BOMBS, READS
from tests.test_jail import SHORT, table

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="a process cannot be held to its memory on this platform, and the jail refuses"
)
WORKER = Path(jail_process.__file__).with_name("jail_worker.py")
OUTSIDE, SECRET = "CANARY-of-a-file-outside", "CANARY-of-the-environment"


@pytest.fixture(scope="module")
def jail() -> Iterator[Jail]:
    with Jail(table()) as opened:
        yield opened


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with canaries in files of every format, and a secret in the environment."""
    monkeypatch.setenv("PROVIDER_API_KEY", SECRET)
    folder = tmp_path / "outside"
    (folder / "folder").mkdir(parents=True)
    (folder / "canary.csv").write_text(f"a\n{OUTSIDE}\n")
    (folder / "canary.txt").write_text(OUTSIDE)
    (folder / "canary.json").write_text(json.dumps([{"a": OUTSIDE}]))
    (folder / "link.csv").symlink_to(folder / "canary.csv")
    with duckdb.connect(str(folder / "canary.duckdb")) as made:
        made.execute(f"CREATE TABLE t AS SELECT '{OUTSIDE}' AS a")
        made.execute(f"COPY t TO '{folder}/canary.parquet' (FORMAT parquet)")
    return folder


def filled(sql: str, outside: Path) -> str:
    """An attack with its places filled in."""
    return sql.format(o=outside, w=outside, parent=os.getpid())


def there(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(p): (p.lstat().st_mtime_ns, p.lstat().st_size) for p in sorted(folder.rglob("*"))}


# What DuckDB alone, locked as the child locks it, gives away: no guard, no rule of one SELECT, whole error texts

HARNESS = """
import importlib.util, json, os, sys
spec = importlib.util.spec_from_file_location("worker", sys.argv[1])
worker = importlib.util.module_from_spec(spec); spec.loader.exec_module(worker)
limits = json.loads(sys.argv[3])
answers = os.fdopen(worker.own_output(), "w")
assert worker.bound(limits["address_mb"], limits["load_seconds"])
secret_frame = {"a": [1]}
connection = worker.load(sys.argv[2]); worker.lock(connection, limits)
for line in sys.stdin:
    try:
        said = repr(connection.execute(json.loads(line)).fetchmany(1000))[:20000]
    except BaseException as error:
        said = f"{type(error).__name__}: {error}"
    answers.write(json.dumps(said) + "\\n"); answers.flush()
os._exit(0)
"""


class Bare:
    """A locked DuckDB without guard, restarted when an attack ends it."""

    def __init__(self, folder: Path, limits: JailLimits) -> None:
        self.parquet, self.limits = write_rows(table(), folder / "bare.parquet"), limits
        self.cwd = folder / "cwd"
        self.cwd.mkdir()
        self.process: subprocess.Popen[bytes] | None = None
        self.killed: list[str] = []
        self.most_memory = 0.0

    def ask(self, name: str, sql: str, *, again: bool = False) -> str:
        if self.process is None or self.process.poll() is not None:
            self.end()
            command = [sys.executable, "-I", "-B", "-c", HARNESS, str(WORKER), str(self.parquet)]
            self.process = subprocess.Popen(
                [*command, json.dumps(self.limits._asdict())], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, cwd=self.cwd, env={"PATH": os.defpath}, start_new_session=True,
            )  # fmt: skip
        process = self.process
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Timer(self.limits.seconds, lambda: (self.killed.append(name), process.kill()))
        late.start()
        watching = threading.Event()
        watch = threading.Thread(target=self._watch, args=(process.pid, watching))
        watch.start()
        try:
            process.stdin.write(json.dumps(sql).encode() + b"\n")
            process.stdin.flush()
            said = process.stdout.readline().decode()
        except BrokenPipeError:  # its processor seconds ran out between two attacks
            said = ""
        if not said:
            process.wait()
        late.cancel()
        watching.set()
        watch.join()
        if not said and name not in self.killed and not again:
            return self.ask(name, sql, again=True)  # the seconds of the process, not this attack, may have ended it
        return json.loads(said) if said else "ended"

    def _watch(self, pid: int, done: threading.Event) -> None:
        while not done.wait(0.05):
            try:
                status = Path(f"/proc/{pid}/status").read_text()
            except OSError:
                return
            if "VmHWM" in status:
                self.most_memory = max(self.most_memory, int(status.split("VmHWM:")[1].split()[0]) / 1024)

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe is not None:
                    try:
                        pipe.close()
                    except OSError:
                        continue


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Bare]:
    made = Bare(tmp_path, JailLimits(seconds=5.0))
    yield made
    made.end()


def test_the_attacks_do_read_the_canaries_where_nothing_is_locked(outside: Path) -> None:
    got = set()
    for name, sql in READS.items():
        with duckdb.connect() as connection:
            connection.execute("CREATE TABLE data AS SELECT 'a' AS kind, 1.0 AS size, 2 AS n, DATE '2024-01-01' AS day")
            try:
                said = repr(connection.execute(filled(sql, outside)).fetchall())
            except duckdb.Error:
                continue
            if OUTSIDE in said or SECRET in said:
                got.add(name)
    assert len(got) >= 25, sorted(set(READS) - got)


def test_no_attack_reads_or_writes_anything_through_the_locked_database_alone(outside: Path, bare: Bare) -> None:
    before = there(outside)
    for name, sql in ALL.items():
        said = bare.ask(name, filled(sql, outside))
        assert OUTSIDE not in said.replace(sql, ""), name
        assert SECRET not in said, name
        assert "root:" not in said, name
    assert there(outside) == before
    assert not list(bare.cwd.iterdir())
    assert not bare.killed


def test_no_attack_changes_the_rows_or_reads_a_canary_past_the_guard(outside: Path, tmp_path: Path) -> None:
    before = there(outside)
    harmless = 0
    with Child(write_rows(table(), tmp_path / "rows.parquet"), SHORT) as child:
        for name, sql in ALL.items():
            answer = child.ask("run", filled(sql, outside), time.monotonic() + 5)
            assert not any(c in json.dumps(answer) for c in (OUTSIDE, SECRET)), name
            harmless += "rows" in answer
        rows = child.ask("run", "SELECT count(*), sum(n) FROM data", time.monotonic() + 5)["rows"]
    assert rows == [[400, float(np.sum(table().number("n")))]]
    assert there(outside) == before
    assert harmless < 40


def test_no_attack_is_answered_by_the_jail(jail: Jail, outside: Path) -> None:
    for name, sql in ALL.items():
        with pytest.raises(QueryRefused) as refusal:
            jail.query(filled(sql, outside))
        assert OUTSIDE not in str(refusal.value), name
    assert jail.query("SELECT count(*) FROM data").rows == ((400,),)


def test_28_of_30_queries_of_an_analyst_are_answered(jail: Jail) -> None:
    refused = []
    for sql in BENIGN:
        try:
            jail.query(sql)
        except QueryRefused:
            refused.append(sql)
    assert len(BENIGN) == 30
    assert refused == ["PIVOT data ON kind USING avg(size)", "DESCRIBE data"]


# The long rest


@pytest.mark.slow
def test_a_long_query_draws_no_progress_bar_into_its_answer() -> None:
    with Jail(table(), JailLimits(statement_ms=4_000, seconds=8)) as jail:
        with pytest.raises(QueryFailed, match="InterruptException"):
            jail.query(BOMBS["cross_join"])
        assert jail.query("SELECT count(*) FROM data").rows == ((400,),)


@pytest.mark.slow
def test_no_bomb_takes_more_memory_or_time_than_it_may(bare: Bare) -> None:
    for name, sql in BOMBS.items():
        bare.ask(name, sql)
    assert bare.most_memory < 2_048
    assert set(bare.killed) < set(BOMBS)


@pytest.mark.slow
def test_no_bomb_holds_up_the_jail() -> None:
    with Jail(table()) as jail:
        for name, sql in BOMBS.items():
            start = time.monotonic()
            try:
                jail.query(sql)
            except (QueryFailed, QueryRefused):
                pass
            took = time.monotonic() - start
            assert took < jail.limits.seconds + jail.limits.load_seconds, name
            assert jail.query("SELECT count(*) FROM data").rows == ((400,),), name


@pytest.mark.slow
def test_the_probes_of_the_design_neither_leak_nor_write(outside: Path, bare: Bare, shared: Path) -> None:
    probes = shared.parent / "design" / "probes" / "attacks.py"
    if not probes.is_file():
        pytest.skip("the probes of the design are not here")
    found: dict[str, list[tuple[str, str]]] = {}
    exec(compile(probes.read_text(encoding="utf-8"), str(probes), "exec"), found)
    for name in ("secret", "data", "out"):
        (outside / name).mkdir()
    for file in outside.glob("canary.*"):
        (outside / "secret" / file.name).write_bytes(file.read_bytes())
    (outside / "data" / "main.duckdb").write_bytes((outside / "canary.duckdb").read_bytes())
    (outside / "data" / "link.csv").symlink_to(outside / "canary.csv")
    before = there(outside)
    assert len(found["A"]) >= 160
    for name, sql in found["A"]:
        said = bare.ask(name, sql.replace("sandbox/atk", str(outside)))
        assert OUTSIDE not in said, name
        assert SECRET not in said, name
    assert there(outside) == before
    assert not list(bare.cwd.iterdir())
    assert bare.most_memory < 2_048
