"""Mutation testing of what the promise hangs on: small faults put into the code, and whether the tests notice.

    pip install mutmut==3.8.1
    python benchmarks/mutants.py [--only multiplicity ledger] [--ending 147] [--write]

mutmut (BSD-3) changes one operator, number, text, argument or branch at a time. Each module is judged by the tests
named beside it alone, so a fault that only a far test would notice counts as unnoticed. The code is laid out in a
folder of its own as the wheel has it, since mutmut names functions by their files. Constants of modules, bodies of
properties and pydantic fields are not mutated: they are no plain functions. `--ending` tries only faults whose number
in their function ends in one of these digits: three digits are about a third.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from pages import write_section  # noqa: E402

MODULES = {
    "multiplicity": ("tools/verify/multiplicity.py", ["multiplicity"]),
    "policy": ("tools/verify/policy.py", ["verdict", "verdict_edges"]),
    "verdict": ("tools/verify/verdict.py", ["verdict", "verdict_edges"]),
    "ledger": ("tools/verify/ledger.py", ["ledger"]),
    "sessions": ("tools/verify/sessions.py", ["sessions", "sessions_edges", "transcript"]),
    "transcript": ("tools/verify/transcript.py", ["transcript", "transcript_edges"]),
    "split": ("tools/data/split.py", ["split"]),
}
"""Each module with the test files that are to notice its faults."""
NOTICED = (1, 3, 24, -24, 36, 152, 255, -11, -9)
"""Exit codes of a mutant that a test, a crash or the clock stopped."""


def laid_out(folder: Path, source: str, tests: list[str]) -> None:
    """The package as in the wheel, with the settings for one module."""
    package = folder / "heldout"
    shutil.copytree(ROOT / "heldout", package)
    for part in ("agent", "tools", "prompts"):
        shutil.copytree(ROOT / part, package / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("tests", "benchmarks", "examples"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    files = [f"tests/test_{name}.py" for name in tests if (ROOT / f"tests/test_{name}.py").is_file()]
    (folder / "pyproject.toml").write_text(
        "[tool.pytest.ini_options]\n"
        'pythonpath = ["."]\naddopts = "-q -p no:cacheprovider -p no:xdist -m \'not slow\'"\n'
        'markers = ["slow: long"]\n\n'
        "[tool.mutmut]\n"
        f'source_paths = ["heldout"]\nonly_mutate = ["heldout/{source}"]\n'
        f"pytest_add_cli_args_test_selection = {json.dumps(files)}\n"
        'also_copy = ["benchmarks", "examples"]\nuse_git_change_detection = false\ntrack_dependencies = false\n'
        'process_isolation = "forkserver"\n',
        encoding="utf-8",
    )


def judged(name: str, folder: Path, ending: str) -> tuple[int, int, list[str]]:
    """How many faults there are, how many were tried, and the names of those that nothing noticed."""
    source, tests = MODULES[name]
    laid_out(folder, source, tests)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", "1"]
    if ending:
        command.append(f"*__mutmut_*[{ending}]")
    log = folder / "mutmut.log"
    with open(log, "wb") as out:
        done = subprocess.run(command, cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT)
    meta = folder / "mutants" / "heldout" / f"{source}.meta"
    codes = json.loads(meta.read_text())["exit_code_by_key"] if meta.is_file() else {}
    tried = {key: code for key, code in codes.items() if code is not None}
    if not tried or (len(tried) < len(codes) and not ending):
        raise SystemExit(f"mutmut ended with {done.returncode}:\n{log.read_text(errors='replace')[-2000:]}")
    return len(codes), len(tried), sorted(key for key, code in tried.items() if code not in NOTICED)


def changed(folder: Path, key: str) -> str:
    """The fault as a difference of lines."""
    command = [sys.executable, "-m", "mutmut", "show", key]
    got = subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout
    return "\n".join(line for line in got.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---"))


def main() -> None:
    """Judge the modules asked for, print what survived, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=MODULES, default=list(MODULES))
    parser.add_argument("--ending", default="", help="digits: only faults whose number ends in one of them")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    lines = ["| module | judged by | faults | tried | noticed | score |", "| --- | --- | ---: | ---: | ---: | ---: |"]
    for name in options.only:
        with tempfile.TemporaryDirectory() as place:
            count, tried, left = judged(name, Path(place), options.ending)
            source, tests = MODULES[name]
            by = ", ".join(f"`test_{t}.py`" for t in tests)
            score = 1 - len(left) / tried
            lines.append(f"| `{source}` | {by} | {count} | {tried} | {tried - len(left)} | {score:.0%} |")
            print(lines[-1], flush=True)
            for key in left:
                print(key, changed(Path(place), key), sep="\n", flush=True)
    if options.write:
        write_section("mutants", "\n".join(lines))


if __name__ == "__main__":
    main()
