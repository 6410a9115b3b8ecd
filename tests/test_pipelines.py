"""The action, the hook and the examples of pipelines: the exact command, and what its exit code becomes.

A stand-in of `heldout` keeps what it was called with and exits as it is told; what it was called with is read by the
real command line. Airflow and Dagster are stood in for where they are not installed.
"""

import importlib.util
import json
import os
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PIPELINES = ROOT / "examples" / "pipelines"
_STANDIN = """#!{python}
import json, os, sys
from pathlib import Path
with open(os.environ["CALLS"], "a", encoding="utf-8") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
out = sys.argv[sys.argv.index("--out") + 1] if "--out" in sys.argv else None
code = int(os.environ.get("CODE", "0"))
review = {{"outcome": {{0: "clean", 1: "errors", 3: "undecided"}}.get(code, ""), "message": "What came of it.",
          "counts": {{"errors": int(code == 1), "warnings": 0, "holds": 7}}}}
review["outcome"] = os.environ.get("OUTCOME", review["outcome"])
if out and code in (0, 1, 3):
    Path(out).mkdir(parents=True, exist_ok=True)
    Path(out, "review.json").write_text(json.dumps(review), encoding="utf-8")
if "--json" in sys.argv:
    print(json.dumps(review))
print("said on standard error", file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture
def standin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[list[str]]]:
    """`heldout` on the path; called, it gives back what it was called with so far."""
    folder = tmp_path / "heldout" / "bin"
    folder.mkdir(parents=True)
    (folder / "heldout").write_text(_STANDIN.format(python=sys.executable), encoding="utf-8")
    (folder / "heldout").chmod(0o755)
    (folder / "python").symlink_to(sys.executable)
    calls = tmp_path / "calls.jsonl"
    for name, value in {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "CALLS": str(calls), "HELDOUT": str(folder / "heldout"),
        "RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(tmp_path / "output"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return lambda: (
        [json.loads(line) for line in calls.read_text(encoding="utf-8").splitlines()] if calls.exists() else []
    )


def _read(arguments: list[str]) -> dict[str, Any]:
    """What the command line makes of these arguments; it fails where an option or value is none."""
    from heldout.agent.review.cli_review import review

    assert arguments[0] == "review"
    return review.make_context("review", arguments[1:]).params


# The action

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = {step.get("id") or step["name"]: step for step in ACTION["runs"]["steps"]}


def _act(**given: str) -> tuple[int, dict[str, str]]:
    """Run the script of the review step as GitHub does, and its outputs."""
    names = {key: value[3:-2].strip() for key, value in STEPS["review"]["env"].items()}
    inputs = {f"inputs.{name}": str(spec.get("default", "")) for name, spec in ACTION["inputs"].items()}
    inputs |= {f"inputs.{name.replace('_', '-')}": value for name, value in given.items()}
    environment = {key: inputs.get(name, "https://example.org/run") for key, name in names.items()}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", STEPS["review"]["run"]],
        env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    lines = Path(os.environ["GITHUB_OUTPUT"]).read_text(encoding="utf-8").splitlines()
    return done.returncode, dict(line.split("=", 1) for line in lines[-2:])


@pytest.mark.parametrize(("code", "outcome"), [(0, "clean"), (1, "errors"), (2, ""), (3, "undecided"), (4, "")])
def test_the_action_ends_as_the_review_does(
    code: int, outcome: str, standin: Callable[[], list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODE", str(code))
    Path("heldout-review").mkdir()
    Path("heldout-review", "review.json").write_text('{"outcome": "of a run before"}', encoding="utf-8")
    assert _act(delivery="new.csv") == (code, {"exit-code": str(code), "outcome": outcome})
    [call] = standin()
    options = ["--claims", "claims.yml", "--fail-on", "error", "--out", "heldout-review", "--github", "--quiet"]
    assert call == ["review", *options, "--", "new.csv"]
    assert _read(call)["delivery"] == ("new.csv",)


def test_every_input_of_the_action_reaches_the_command_as_it_is(standin: Callable[[], list[list[str]]]) -> None:
    hostile = "a b; $(touch broken) `touch broken` --github ${SECRET} ' \" *"
    _act(
        delivery=f"{hostile}\n\n--out", claims="c d.yml", history="h", baseline=hostile, name=hostile, table="t",
        since="2026-01-01", fail_on="warn", out="o o", webhook="${SLACK_URL}",
    )  # fmt: skip
    [call] = standin()
    got = _read(call)
    assert got["delivery"] == (hostile, "--out")
    assert (got["name"], got["baseline"], got["webhook"]) == (hostile, hostile, "${SLACK_URL}")
    assert (str(got["claims"]), str(got["out"]), got["table"], got["since"]) == ("c d.yml", "o o", "t", "2026-01-01")
    assert (got["fail_on"], got["github"], str(got["history"])) == ("warn", True, "h")
    assert not Path("broken").exists()


def test_no_script_of_the_action_holds_an_expression_and_every_input_is_used() -> None:
    for step in STEPS.values():
        assert "${{" not in step.get("run", "")
        assert ("run" in step) == ("shell" in step)
    whole = json.dumps(ACTION["runs"])
    assert [name for name in ACTION["inputs"] if f"inputs.{name} " not in whole] == []
    assert all("default" in spec or spec.get("required") for spec in ACTION["inputs"].values())
    assert "outputs.outcome != ''" in STEPS["Upload SARIF"]["if"]


def test_the_workflow_gives_the_action_inputs_that_it_has() -> None:
    workflow = yaml.safe_load((PIPELINES / "github_workflow.yml").read_text(encoding="utf-8"))
    [used] = [s for s in workflow["jobs"]["review"]["steps"] if "heldout@" in s.get("uses", "")]
    assert set(used["with"]) <= set(ACTION["inputs"])
    assert {name for name, spec in ACTION["inputs"].items() if spec.get("required")} <= set(used["with"])
    wanted = {"--edit-last", "--create-if-none", "--body-file", "heldout-review/review.md"}
    assert wanted <= set(workflow["jobs"]["review"]["steps"][-1]["run"].split())


def test_the_workflow_brings_the_history_back_and_keeps_it_whatever_came_of_the_review() -> None:
    workflow = yaml.safe_load((PIPELINES / "github_workflow.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["review"]["steps"]
    used = [s.get("uses", "").split("@")[0] for s in steps]
    before, review, after = (
        used.index(name) for name in ("actions/cache/restore", "your-org/heldout", "actions/cache/save")
    )
    assert before < review < after
    assert steps[before]["with"]["path"] == steps[after]["with"]["path"] == "claims.history.jsonl"
    key, prefix = (steps[before]["with"][name] for name in ("key", "restore-keys"))
    assert key.startswith(prefix)
    assert "github.run_id" in key.removeprefix(prefix), "a cache is never written twice under one key"
    assert "github.run_attempt" in key.removeprefix(prefix)
    assert steps[after]["with"]["key"] == "${{ steps.history.outputs.cache-primary-key }}"
    assert "always()" in steps[after]["if"]
    assert "history" not in steps[review]["with"], "it lies beside the claims"


def test_the_hook_names_its_files_last_and_writes_nothing() -> None:
    [hook] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    entry = hook["entry"].split()
    got = _read([*entry[1:], "--claims", "claims.yml", "data/a.csv", "data/b.csv"])
    assert entry[0] == "heldout"
    assert got["delivery"] == ("data/a.csv", "data/b.csv")
    assert got["no_record"]
    assert hook["require_serial"], "files that are reviewed at once would be deliveries of their own"
    assert hook["files"] == "^$"


# The shell


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4])
def test_cron_says_something_only_where_somebody_must_look(
    code: int, standin: Callable[[], list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODE", str(code))
    done = subprocess.run(["sh", str(PIPELINES / "cron.sh"), "2026-03-01"], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert (done.stdout + done.stderr == "") == (code == 0)
    if code:
        assert "said on standard error" in done.stdout
    [call] = standin()
    got = _read(call)
    assert got["delivery"] == ("deliveries/2026-03-01.parquet",)
    assert (got["name"], got["when"], got["webhook"]) == ("orders 2026-03-01", "2026-03-01", None)


def test_cron_hands_the_address_of_the_message_on_by_its_name(
    standin: Callable[[], list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_URL", "https://hooks.example.org/secret")
    subprocess.run(["sh", str(PIPELINES / "cron.sh"), "2026-03-01"], check=True)
    [call] = standin()
    assert _read(call)["webhook"] == "${SLACK_URL}"
    assert "secret" not in json.dumps(call)


# dbt


def _dbt(models: dict[str, str]) -> None:
    Path("target").mkdir()
    results = [{"unique_id": f"model.shop.{name}", "status": status} for name, status in models.items()]
    results.append({"unique_id": "test.shop.orders", "status": "success"})
    nodes = {f"model.shop.{n}": {"name": n, "alias": f"{n}_v2", "schema": "marts"} for n in models}
    Path("target", "run_results.json").write_text(json.dumps({"results": results}), encoding="utf-8")
    Path("target", "manifest.json").write_text(json.dumps({"nodes": nodes}), encoding="utf-8")
    Path("claims").mkdir()
    for name in ("orders", "broken"):
        Path("claims", f"{name}.yml").touch()


def _post_run() -> int:
    done = subprocess.run([sys.executable, str(PIPELINES / "dbt_post_run.py")], capture_output=True, check=False)
    return done.returncode


@pytest.mark.parametrize("code", [0, 1, 3])
def test_after_dbt_what_was_built_and_has_claims_is_reviewed(
    code: int, standin: Callable[[], list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _dbt({"orders": "success", "broken": "error", "unclaimed": "success"})
    monkeypatch.setenv("CODE", str(code))
    monkeypatch.setenv("WAREHOUSE", "postgresql://${DBT_USER}:${DBT_PASSWORD}@db/analytics")
    assert _post_run() == code
    [call] = standin()
    got = _read(call)
    assert got["delivery"] == ("postgresql://${DBT_USER}:${DBT_PASSWORD}@db/analytics",)
    assert (got["table"], str(got["claims"])) == ("marts.orders_v2", str(Path("claims", "orders.yml")))


def test_after_dbt_an_empty_run_is_no_success(standin: Callable[[], list[list[str]]]) -> None:
    _dbt({"unclaimed": "success", "orders": "skipped"})
    assert _post_run() == 3
    assert standin() == []


def test_after_dbt_what_is_not_there_is_wrong_use_and_not_broken_data(
    standin: Callable[[], list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _post_run() == 2
    _dbt({"orders": "success"})
    monkeypatch.setenv("HELDOUT", "not-installed")
    assert _post_run() == 2
    assert standin() == []


# Airflow and Dagster


def _module(name: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(f"pipeline_{name}", PIPELINES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Task:
    """What `@task` makes of a function here: called, it stands in a DAG; `function` runs it."""

    def __init__(self, function: Callable, **options: Any) -> None:
        self.function, self.options, self.after = function, options, []

    def __call__(self) -> "_Task":
        return self

    def __rshift__(self, other: "_Task") -> "_Task":
        self.after.append(other)
        return other


def _standin_airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("airflow") is not None:
        return
    sdk, errors = types.ModuleType("airflow.sdk"), types.ModuleType("airflow.sdk.exceptions")

    def task(function: Callable | None = None, **options: Any) -> Any:
        return _Task(function, **options) if function else lambda f: _Task(f, **options)

    sdk.task, sdk.dag = task, lambda **_: lambda function: function  # type: ignore[attr-defined]
    errors.AirflowException = type("AirflowException", (Exception,), {})  # type: ignore[attr-defined]
    errors.AirflowFailException = type("AirflowFailException", (Exception,), {})  # type: ignore[attr-defined]
    for name, module in {
        "airflow": types.ModuleType("airflow"),
        "airflow.sdk": sdk,
        "airflow.sdk.exceptions": errors,
    }.items():
        monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.parametrize(
    ("code", "error"),
    [(0, None), *((code, "AirflowFailException") for code in (1, 2)), *((code, "AirflowException") for code in (3, 4))],
)  # fmt: skip
def test_airflow_tries_again_only_where_that_may_help(
    code: int, error: str | None, standin: Callable[[], list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODE", str(code))
    monkeypatch.setenv("ORDERS", "orders")
    _standin_airflow(monkeypatch)
    module = _module("airflow_dag")
    if error is None:
        assert module.review_orders.function("2026-03-01") == "orders/reports/2026-03-01/review.html"
    else:
        with pytest.raises(Exception) as caught:  # noqa: PT011
            module.review_orders.function("2026-03-01")
        assert type(caught.value).__name__ == error
    [call] = standin()
    got = _read(call)
    assert got["delivery"] == ("orders/date=2026-03-01",)
    assert (got["name"], got["when"], got["fail_on"]) == ("orders 2026-03-01", "2026-03-01", "error")


def _standin_dagster(monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("dagster") is not None:
        return
    dagster = types.ModuleType("dagster")

    class Failure(Exception):
        def __init__(self, description: str, allow_retries: bool) -> None:
            super().__init__(description)
            self.allow_retries = allow_retries

    dagster.Failure = Failure  # type: ignore[attr-defined]
    dagster.asset = lambda function: function  # type: ignore[attr-defined]
    dagster.asset_check = lambda **_: lambda function: function  # type: ignore[attr-defined]
    dagster.AssetCheckResult = lambda **fields: types.SimpleNamespace(**fields)  # type: ignore[attr-defined]
    dagster.AssetCheckSeverity = types.SimpleNamespace(ERROR="ERROR", WARN="WARN")  # type: ignore[attr-defined]
    dagster.MetadataValue = types.SimpleNamespace(path=str)  # type: ignore[attr-defined]
    dagster.Definitions = lambda **fields: types.SimpleNamespace(**fields)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "dagster", dagster)


@pytest.mark.parametrize(
    ("code", "outcome", "passed", "severity"),
    [(0, "clean", True, ""), (0, "skipped", True, ""), (0, "warnings", False, "WARN"), (1, "errors", False, "ERROR")],
)  # fmt: skip
def test_a_dagster_check_passes_warns_or_blocks(
    code: int, outcome: str, passed: bool, severity: str, standin: Callable[[], list[list[str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for name, value in {"CODE": str(code), "OUTCOME": outcome, "ORDERS": "orders"}.items():
        monkeypatch.setenv(name, value)
    _standin_dagster(monkeypatch)
    got = _module("dagster_asset").orders_are_as_learned()
    assert got.passed == passed
    assert not severity or getattr(got.severity, "name", got.severity) == severity
    assert got.description == "What came of it."
    assert _read(standin()[0])["as_json"]


@pytest.mark.parametrize(("code", "again"), [(2, False), (3, True), (4, False)])
def test_a_dagster_check_that_could_not_run_says_nothing_of_the_data(
    code: int, again: bool, standin: Callable[[], list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODE", str(code))
    monkeypatch.setenv("ORDERS", "orders")
    _standin_dagster(monkeypatch)
    with pytest.raises(Exception, match="said on standard error") as caught:
        _module("dagster_asset").orders_are_as_learned()
    assert caught.value.allow_retries is again
