"""Mutation testing of what the promise hangs on: small faults put into the code, and whether the tests notice.

    pip install mutmut==3.8.1
    python benchmarks/mutants.py [--only multiplicity ledger] [--sample 60] [--write]

mutmut (BSD-3) changes one operator, number, text, argument or branch at a time. Each module is judged by the tests
named beside it alone, so a fault that only a far test would notice counts as unnoticed. The code is laid out in a
folder of its own as the wheel has it, and `mutants_judge.py` tries each fault in a fork of one process that has
collected the tests: a fault costs about a tenth of a second, most of it the tests that reach it. Constants of modules,
bodies of properties and pydantic fields are not mutated: they are no plain functions. `--sample` tries so many faults
of each module, drawn with a seed that is the same each time.
"""

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
from difflib import ndiff
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from pages import PAGE, write_section  # noqa: E402

MODULES = {
    "multiplicity": ("tools/verify/multiplicity.py", ["multiplicity"]),
    "policy": ("tools/verify/policy.py", ["verdict", "verdict_edges"]),
    "verdict": ("tools/verify/verdict.py", ["verdict", "verdict_edges"]),
    "ledger": ("tools/verify/ledger.py", ["ledger"]),
    "sessions": ("tools/verify/sessions.py", ["sessions_edges", "sessions"]),
    "transcript": ("tools/verify/transcript.py", ["transcript_edges", "transcript"]),
    "split": ("tools/data/split.py", ["split_edges", "split_cells"]),
    "door": ("tools/verify/verify.py", ["door_judged", "door_edges"]),
    "exposures": ("tools/verify/exposures.py", ["exposures_edges"]),
    "hypothesis": ("tools/verify/hypothesis.py", ["hypothesis"]),
    "value": ("tools/value.py", ["value", "hypothesis"]),
    "permutation": ("tools/verify/permutation.py", ["draws_edges", "permutation"]),
    "staged": ("tools/verify/staged.py", ["draws_edges"]),
    "heads": ("tools/verify/heads.py", ["heads_edges"]),
    "closed": ("agent/closed.py", ["closed_edges", "closed"]),
}
"""Each module with the test files that are to notice its faults."""
UNNOTICED = ("survived", "untested")
SEED = 20_261_126


class Judged(NamedTuple):
    """What became of the faults of one module."""

    faults: int
    """Faults that there are."""
    tried: int
    left: list[tuple[str, str]]
    """Those that nothing noticed, each with the lines that it changes."""


def laid_out(folder: Path, source: str, tests: list[str]) -> list[str]:
    """The package as in the wheel, the tests beside it; returns the test files."""
    package = folder / "heldout"
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "heldout", package, ignore=unwanted)
    for part in ("agent", "tools", "prompts"):
        shutil.copytree(ROOT / part, package / part, ignore=unwanted)
    for part in ("tests", "benchmarks", "examples"):
        shutil.copytree(ROOT / part, folder / part, ignore=unwanted)
    (folder / "pyproject.toml").write_text(
        "[tool.pytest.ini_options]\n"
        'pythonpath = ["."]\naddopts = "-q -p no:cacheprovider -m \'not slow\'"\n'
        'markers = ["slow: long"]\n\n'
        f'[tool.mutmut]\nsource_paths = ["heldout"]\nonly_mutate = ["heldout/{source}"]\n',
        encoding="utf-8",
    )
    return [f"tests/test_{name}.py" for name in tests]


def judged(name: str, folder: Path, sample: int | None) -> Judged:
    """How many faults there are and were tried, and which of them nothing noticed."""
    source, tests = MODULES[name]
    files = laid_out(folder, source, tests)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    judge = [sys.executable, str(ROOT / "benchmarks" / "mutants_judge.py"), f"heldout/{source}", "result.json"]
    drawn = [] if sample is None else ["--sample", str(sample), "--seed", str(SEED)]
    with open(folder / "log", "wb") as out:
        done = subprocess.run([*judge, *files, *drawn], cwd=folder, env=environment, stdout=out, stderr=out)
    if done.returncode or not (folder / "result.json").is_file():
        raise SystemExit(f"{name} was not judged:\n{(folder / 'log').read_text(errors='replace')[-2000:]}")
    told = json.loads((folder / "result.json").read_text())
    left = sorted(key for key, what in told["results"].items() if what in UNNOTICED)
    text = (folder / "heldout" / source).read_text(encoding="utf-8")
    return Judged(told["count"], len(told["results"]), [(key, changed(text, key)) for key in left])


def changed(text: str, key: str) -> str:
    """The lines that a fault changes, from the module that holds every fault."""
    short = key.rpartition(".")[2]
    one, other = (_lines(text, name) for name in (f"{short.partition('__mutmut_')[0]}__mutmut_orig", short))
    return "\n".join(line for line in ndiff(one[1:], other[1:]) if line[:1] in "+-")


def _lines(text: str, function: str) -> list[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == function:
            return [line.strip() for line in text.splitlines()[node.lineno - 1 : node.end_lineno]]
    return []


def kept_rows(page: str) -> dict[str, str]:
    """The rows of the table that stands on the page, by module: those that were not judged now stay."""
    section = page.partition("<!-- mutants -->")[2].partition("<!-- /mutants -->")[0]
    return {line.split("`")[1]: line for line in section.splitlines() if line.startswith("| `")}


def main() -> None:
    """Judge the modules asked for, print what survived, and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=MODULES, default=list(MODULES))
    parser.add_argument("--sample", type=int, help="so many faults of each module, drawn with a seed")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    rows = kept_rows(PAGE.read_text(encoding="utf-8"))
    for name in options.only:
        source, tests = MODULES[name]
        with tempfile.TemporaryDirectory() as place:
            seen = judged(name, Path(place), options.sample)
        noticed = seen.tried - len(seen.left)
        by = ", ".join(f"`test_{t}.py`" for t in tests)
        rows[source] = f"| `{source}` | {by} | {seen.faults} | {seen.tried} | {noticed} | {noticed / seen.tried:.0%} |"
        print(rows[source], *(f"{key}\n{lines}" for key, lines in seen.left), sep="\n", flush=True)
    if options.write:
        head = "| module | judged by | faults | tried | noticed | score |\n| --- | --- | ---: | ---: | ---: | ---: |"
        order = [rows[source] for source, _ in MODULES.values() if source in rows]
        write_section("mutants", "\n".join([head, *order]))


if __name__ == "__main__":
    main()
