"""The jail: what runs in it reaches the rows it was given and nothing else, and it never outlives its limits."""

import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from heldout.tools.data import jail_process
from heldout.tools.data.dataset import open_dataset
from heldout.tools.data.jail import Jail, describe, write_rows
from heldout.tools.data.jail_process import Child, JailLimits, check_platform
from heldout.tools.data.rows import Rows
from heldout.tools.data.split import seal
from heldout.tools.errors import QueryFailed, QueryRefused, UsageError
from tests.sql_attacks import BOMBS

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="a process cannot be held to its memory on this platform, and the jail refuses"
)
SHORT = JailLimits(seconds=1.5, statement_ms=500)
SEALED = "CANARY-of-a-sealed-row"


def table(n: int = 400) -> Rows:
    rng = np.random.default_rng(3)
    day = np.datetime64("2024-01-01", "us") + rng.integers(0, 300, n).astype("timedelta64[D]")
    size = rng.normal(0, 1, n)
    size[::17] = np.nan
    kinds = np.array(["alpha", "beta", "ga'mma", None], object)[rng.integers(0, 4, n)]
    return Rows.of({"kind": kinds, "size": size, "n": rng.integers(0, 9, n).astype(float), "day": day})


@pytest.fixture(scope="module")
def jail() -> Iterator[Jail]:
    with Jail(table()) as opened:
        yield opened


# Sealed rows


def memory(pid: int) -> bytes:
    """Everything that a process holds in writable memory."""
    parts = []
    with open(f"/proc/{pid}/mem", "rb", 0) as file:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights = line.split()[:2]
            if rights.startswith("rw"):
                start, end = (int(x, 16) for x in span.split("-"))
                try:
                    file.seek(start)
                    parts.append(file.read(end - start))
                except (OSError, ValueError):
                    continue
    return b"".join(parts)


def test_a_sealed_row_is_nowhere_in_the_process_that_runs_the_query(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"kind": rng.choice(["a", "b"], 1_200), "x": rng.normal(0, 1, 1_200)})
    with open_dataset(frame, name="t") as data:
        split = seal(data, tmp_path)
    rows = split.explore()
    sealed = split.read(split.sealed_file, "vault_1").number("x")
    kind = rows.columns["kind"]
    known = rows.columns | {"kind": kind.model_copy(update={"levels": (*kind.levels, SEALED)})}
    with Jail(Rows(known, {"kind": rows.codes("kind"), "x": rows.number("x")})) as jail:
        answered = set()
        for start in range(0, rows.n, 200):
            answered |= {x for (x,) in jail.query(f"SELECT x FROM data OFFSET {start}").rows}
        assert answered == set(rows.number("x").tolist())
        assert not answered & set(sealed.tolist())
        child = jail._child
        assert child is not None
        try:
            held = memory(child.pid)
        except PermissionError:
            pytest.skip("the memory of a child may not be read here")
    aligned = np.frombuffer(held[: len(held) // 8 * 8], np.float64)
    assert np.isin(rows.number("x"), aligned).mean() > 0.9
    assert not np.isin(sealed, aligned).any()
    assert not any(x.tobytes() in held for x in sealed[:5])
    assert SEALED.encode() not in held


# Limits, death and traces


@pytest.mark.parametrize(
    "name", ["cross_join", "long_list", "many_lambdas", "many_distinct", "doubling_text", "long_row"]
)
def test_a_query_that_asks_for_too_much_ends_and_the_next_one_is_answered(name: str) -> None:
    with Jail(table(), SHORT) as jail:
        with pytest.raises((QueryFailed, QueryRefused)):
            jail.query(BOMBS[name])
        assert jail.query("SELECT count(*) FROM data").rows == ((400,),)


def test_a_child_that_does_not_stop_is_killed_and_leaves_no_zombie(tmp_path: Path) -> None:
    with Child(write_rows(table(), tmp_path / "rows.parquet"), SHORT) as child:
        with pytest.raises(jail_process.Late) as late:
            child.ask("run", "SELECT sleep_ms(20000)", time.monotonic() + 0.3)
        assert late.value.timed_out
        assert not child.alive
        assert not Path(f"/proc/{child.pid}").exists()
        with pytest.raises(jail_process.Late):
            child.ask("run", "SELECT 1", time.monotonic() + 1)


def test_a_jail_whose_child_was_killed_starts_another(jail: Jail) -> None:
    child = jail._child
    assert child is not None
    os.kill(child.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while child.alive and time.monotonic() < deadline:
        time.sleep(0.01)
    assert jail.query("SELECT count(*) FROM data").rows == ((400,),)
    assert jail._child is not child


def test_an_interrupted_question_does_not_answer_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with Jail(table()) as jail:
        jail.query("SELECT 1")
        line = Child._line

        def interrupted(*_: object) -> bytes:
            raise KeyboardInterrupt

        monkeypatch.setattr(Child, "_line", interrupted)
        with pytest.raises(KeyboardInterrupt):
            jail.query("SELECT 2")
        monkeypatch.setattr(Child, "_line", line)
        assert jail.query("SELECT 3").rows == ((3,),)


def test_a_child_that_used_its_processor_time_is_replaced_before_it_is_killed_for_it() -> None:
    with Jail(table(), JailLimits(cpu_seconds=2, seconds=1.95, statement_ms=1_000)) as jail:
        first = jail._child
        with pytest.raises(QueryFailed, match="InterruptException"):
            jail.query("SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range = 7")
        assert jail.query("SELECT count(*) FROM data").rows == ((400,),)
        assert jail._child is not first


def test_the_child_has_no_environment_no_folder_and_no_right_to_open_anything(jail: Jail) -> None:
    jail.query("SELECT 1")
    child = jail._child
    assert child is not None
    proc = Path(f"/proc/{child.pid}")
    try:
        limits = proc.joinpath("limits").read_text()
        folder = proc.joinpath("cwd").resolve()
        environment = proc.joinpath("environ").read_bytes()
        files = sorted(p.name for p in proc.joinpath("fd").iterdir())
        network = os.readlink(proc / "ns" / "net")
    except PermissionError:
        pytest.skip("the child may not be looked into here")
    held = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()}
    assert held["Max address space"] == [str(2048 << 20)] * 2
    assert held["Max file size"] == held["Max core file size"] == ["0", "0"]
    assert held["Max open files"] == ["4", "4"]
    assert int(held["Max cpu time"][1]) <= 20
    assert os.getsid(child.pid) == child.pid
    assert environment.rstrip(b"\0").split(b"\0")[0].startswith(b"PATH=")
    assert environment.count(b"=") == 1
    assert not list(folder.iterdir())
    assert files == ["0", "1", "2", "3"]
    assert jail.network_cut == (network != os.readlink("/proc/self/ns/net"))


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Jail(table(), SHORT) as jail:
        jail.query("SELECT 1")
        assert list(tmp_path.iterdir())
        child = jail._child
        assert child is not None
    jail.close()
    assert not list(tmp_path.iterdir())
    assert not Path(f"/proc/{child.pid}").exists()
    with pytest.raises(UsageError, match="closed"):
        jail.query("SELECT 1")
    forgotten = Jail(table(), SHORT)
    pid = forgotten._child.pid if forgotten._child else 0
    del forgotten
    assert not list(tmp_path.iterdir())
    assert not Path(f"/proc/{pid}").exists()


def runs(status: Path) -> bool:
    """Whether a process is there and no zombie that nobody reaped."""
    try:
        return ") Z" not in status.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_child_ends_when_its_parent_was_killed(tmp_path: Path) -> None:
    file = write_rows(table(), tmp_path / "rows.parquet")
    code = (
        "import sys, time; from pathlib import Path; from heldout.tools.data.jail import Jail\n"
        "jail = Jail(Path(sys.argv[1])); print(jail._child.pid, flush=True); time.sleep(60)"
    )
    root = str(Path(__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", code, str(file)], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        status = Path(f"/proc/{int(parent.stdout.readline())}/stat")
        parent.kill()
    deadline = time.monotonic() + 20
    while runs(status) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not runs(status)


@pytest.mark.parametrize("platform", ["win32", "darwin", "cygwin", "emscripten"])
def test_where_memory_cannot_be_bounded_the_jail_refuses_and_says_why(platform: str) -> None:
    with pytest.raises(UsageError, match=f"not run on {platform}: .*RLIMIT_AS"):
        check_platform(platform)


def test_a_system_that_does_not_hold_the_memory_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = Child._exchange
    monkeypatch.setattr(Child, "_exchange", lambda *a: {**exchange(*a), "bounded": False})
    with pytest.raises(UsageError, match="does not hold a process to its memory limit"):
        Jail(table())


def test_rows_that_do_not_fit_are_refused() -> None:
    wide = Rows.of({f"x{i}": np.random.default_rng(i).normal(0, 1, 200_000) for i in range(12)})
    with pytest.raises(UsageError, match="do not fit into the 8 MB"):
        Jail(wide, JailLimits(memory_mb=8))


# What is answered


def test_cells_come_back_as_they_went_in() -> None:
    stamp = np.array(["2020-01-01T10:00:01.000123", "NaT", "1969-07-20"], "datetime64[us]")
    rows = Rows.of(
        {"Net Price": [1.5, math.nan, -2.0], "it's": ["x", None, "y\"'z"], "when": stamp, "yes": [True, False, True],
         "whole": [1.0, 2.0, math.nan], "sélect": [0.1, 0.2, 0.3]}
    )  # fmt: skip
    with Jail(rows) as jail:
        assert jail.columns == (
            ("Net Price", "DOUBLE"), ("it's", "VARCHAR"), ("when", "TIMESTAMP"), ("yes", "VARCHAR"),
            ("whole", "BIGINT"), ("sélect", "DOUBLE"),
        )  # fmt: skip
        got = jail.query("FROM data")
    assert got.columns == tuple(name for name, _ in jail.columns)
    assert got.rows == (
        (1.5, "x", "2020-01-01T10:00:01.000123", "true", 1, 0.1),
        (None, None, None, "false", 2, 0.2),
        (-2.0, "y\"'z", "1969-07-20T00:00:00", "true", None, 0.3),
    )
    assert not got.truncated


def test_every_type_of_cell_can_be_answered(jail: Jail) -> None:
    got = jail.query(
        "SELECT 1.50::DECIMAL(20, 3), 10::HUGEINT, TIME '10:00', DATE '2020-01-01', INTERVAL 3 DAY, 'ab'::BLOB, "
        "[1, NULL], {'a': {'b': 1}}, MAP {'k': 'v'}, true, 'nan'::DOUBLE, NULL, '1'::BIT, "
        "'00000000-0000-0000-0000-000000000001'::UUID"
    )
    assert got.rows == (
        (1.5, 10, "10:00:00", "2020-01-01", "3 days, 0:00:00", "6162", [1, None], {"a": {"b": 1}}, {"k": "v"}, True,
         None, None, "1", "00000000-0000-0000-0000-000000000001"),
    )  # fmt: skip


def test_a_result_is_cut_at_its_rows_its_bytes_and_its_cells(jail: Jail) -> None:
    rows = jail.query("SELECT n FROM data")
    assert (len(rows.rows), rows.truncated) == (200, True)
    assert not jail.query("SELECT n FROM data LIMIT 200").truncated
    many = jail.query("SELECT string_agg(kind, '' ORDER BY n) FROM data, range(20) GROUP BY range ORDER BY range")
    assert all(len(cell) == 1_000 for (cell,) in many.rows)
    assert many.truncated
    big = jail.query(f"SELECT range, {', '.join([repr('x' * 90)] * 10)} FROM range(150)")
    assert big.truncated
    assert len(json.dumps(big.rows)) <= 64_000 + 2 * len(big.rows) + 2
    assert len(big.rows) > 50


def test_names_of_columns_are_counted_too(jail: Jail) -> None:
    with pytest.raises(QueryFailed, match="TooManyColumns"):
        jail.query("SELECT " + ", ".join(["*"] * 3_000) + " FROM data")


def test_an_error_names_its_class_and_columns_and_never_a_cell() -> None:
    secret = "SECRET-cell"
    rows = Rows.of({"card": [secret] * 30, "n": np.arange(30.0)})
    with Jail(rows) as jail:
        for sql in (
            "SELECT card::INT FROM data", "SELECT card::DATE FROM data", "SELECT strptime(card, '%Y') FROM data",
            "SELECT json_extract(card, '$.a') FROM data", "SELECT card::UUID FROM data",
            "SELECT card::ENUM('a') FROM data",
            "SELECT regexp_matches('a', '(' || card) FROM data", "SELECT from_hex(card) FROM data",
            "SELECT card::INT[] FROM data", "SELECT (SELECT card || n FROM data)::INT", "SELECT unhex(card) FROM data",
            "SELECT map_from_entries([(card, 1), (card, 2)]) FROM data",
            "SELECT date_trunc(card, TIMESTAMP '2020-01-01') FROM data",
        ):  # fmt: skip
            with pytest.raises(QueryFailed) as failure:
                jail.query(sql)
            assert secret not in str(failure.value), sql
            assert str(failure.value).startswith("The query failed ("), sql
        with pytest.raises(QueryFailed, match=r"failed \(ConversionException\) at 'card'\. Use try_cast\."):
            jail.query("SELECT card::INT FROM data")
        with pytest.raises(QueryFailed, match=r"failed \(BinderException\) at 'cart'\. Near it: 'card'\."):
            jail.query("SELECT cart FROM data")


def test_two_runs_answer_alike() -> None:
    sql = "SELECT kind, avg(size), stddev(size), corr(size, n) FROM data GROUP BY kind ORDER BY kind"
    answers = []
    for _ in range(2):
        with Jail(table(20_000)) as jail:
            answers += [jail.query(sql).rows, jail.query(sql).rows]
    assert all(a == answers[0] for a in answers)


def test_a_parquet_file_can_be_asked_as_it_is(tmp_path: Path) -> None:
    file = write_rows(table(), tmp_path / "it's mine.parquet")
    with Jail(file) as jail:
        assert jail.query("SELECT count(*), count(size), max(day) FROM data").rows[0][0] == 400
    assert file.exists()


def test_rows_without_a_column_or_with_names_alike_are_refused_and_no_rows_are_none() -> None:
    with pytest.raises(UsageError, match="no column"):
        Jail(Rows.of({}))
    with pytest.raises(UsageError, match="case of letters"):
        Jail(Rows.of({"a": [1.0], "A": [2.0]}))
    with Jail(Rows.of({"a": np.empty(0), "k": np.empty(0, object)})) as jail:
        assert jail.query("SELECT count(*) FROM data").rows == ((0,),)


def test_what_a_writer_of_queries_is_told_is_true(jail: Jail) -> None:
    told = describe(jail.limits)
    assert (told["rows"], told["bytes"], told["seconds"]) == (200, 64_000, 5.0)
    assert jail.query("SELECT list_transform([n], lambda x: x + 1) FROM data LIMIT 1").rows[0][0]
    for sql in ("SELECT list_transform([n], x -> x + 1) FROM data", "SHOW TABLES", "FROM data USING SAMPLE 3"):
        with pytest.raises(QueryRefused):
            jail.query(sql)
    for name in told["hints"][-1].removeprefix("not available: ").split(", "):
        with pytest.raises(QueryRefused, match=name):
            jail.query(f"SELECT {name}('a', 1, 'a')")
    assert jail.query("SELECT * FROM data USING SAMPLE 10 PERCENT (bernoulli, 42)").rows


def test_the_limits_in_the_documentation_are_those_of_the_code() -> None:
    text = (Path(__file__).parents[1] / "docs" / "methods.md").read_text(encoding="utf-8")
    section = " ".join(text.split("## Model-written SQL")[1].split("\n## ")[0].split())
    limits = JailLimits()
    for said in (
        f"{limits.address_mb:,} MB of address space", f"{limits.cpu_seconds} processor seconds",
        f"allowed {limits.memory_mb} MB, the rows among them, and {limits.statement_ms // 1000} s",
        f"After {limits.seconds:g} s the child is killed", f"at most {limits.rows} rows and {limits.bytes:,} bytes",
    ):  # fmt: skip
        assert said in section, said
