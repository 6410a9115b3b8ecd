"""Which lines and branches of `tools/verify` the tests reach, and which are left, line by line.

    pip install coverage
    python benchmarks/branches.py [--only ledger sessions] [--keep FOLDER] [--write]

Each test file runs in a process of its own, so that none profits from what another left in memory; what they reached
is laid together. Only this process counts: what a test does in a process that it starts is not seen. A file whose tests
fail ends the measurement, since a test that fails proves nothing. With `--keep` what was measured stays in a folder,
and files measured there are not run again: for going on after a break, never after a change of code.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from pages import write_section  # noqa: E402

MEASURED = "tools/verify"
ALSO = (
    "ask", "callbook", "closed", "counted", "exports", "fact_words", "inference", "own_words", "reasons", "report",
    "report_badges", "report_terminal", "review", "review_delivery", "seasons_told", "spent", "spoken", "units_told",
)  # fmt: skip
"""Test files that come to the measured code through a whole run and name none of its modules."""
NOTHING_RAN = 5
"""pytest's exit code where every test of a file is left to `-m slow`."""


def asked(only: list[str]) -> list[str]:
    """The names of the test files to run: those asked for, else all that name the measured code, and `ALSO`."""
    if only:
        return only
    naming = [
        path.stem.removeprefix("test_")
        for path in sorted((ROOT / "tests").glob("test_*.py"))
        if MEASURED.replace("/", ".") in path.read_text(encoding="utf-8")
    ]
    return sorted({*naming, *ALSO})


def measure(name: str, folder: Path) -> None:
    """Run one test file and leave what it reached in the folder.

    Raises:
        SystemExit: A test of it fails.
    """
    data = folder / f"reached.{name}"
    if data.is_file():
        return
    began = time.perf_counter()
    part = folder / f"running.{name}"
    command = [sys.executable, "-m", "coverage", "run", "--branch", f"--source={MEASURED}", "-m", "pytest", "-q"]
    done = subprocess.run(
        [*command, "-n0", "-p", "no:cacheprovider", f"tests/test_{name}.py"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "COVERAGE_FILE": str(part)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode not in (0, NOTHING_RAN):
        raise SystemExit(f"tests/test_{name}.py ends with {done.returncode}:\n{done.stdout[-4000:]}")
    part.rename(data)
    print(f"{name}: {time.perf_counter() - began:.0f} s", flush=True)


def together(names: list[str], folder: Path) -> dict:
    """What the named test files reached together, as coverage tells it in JSON."""
    environment = os.environ | {"COVERAGE_FILE": str(folder / "all")}
    parts = [str(folder / f"reached.{name}") for name in names if (folder / f"reached.{name}").is_file()]
    told = folder / "told.json"
    for words in (["combine", "--keep", "-q", *parts], ["json", "-q", "-o", str(told)]):
        subprocess.run([sys.executable, "-m", "coverage", *words], cwd=ROOT, env=environment, check=True)
    return json.loads(told.read_text(encoding="utf-8"))


def left(told: dict) -> list[str]:
    """One line for each file with something left: its lines, then its branches as from -> to (0 is the way out)."""
    said = []
    for path, file in sorted(told["files"].items()):
        lines, ways = file["missing_lines"], file["missing_branches"]
        if lines or ways:
            ways = [f"{start} -> {max(end, 0)}" for start, end in ways]
            said.append(f"- `{path}`: lines {lines or 'none'}; branches {', '.join(ways) or 'none'}")
    return said


def section(told: dict, names: list[str]) -> str:
    """The section of the page."""
    files, sums = told["files"], told["totals"]
    whole = sum(not f["missing_lines"] and not f["missing_branches"] for f in files.values())
    lines, ways = sums["num_statements"], sums["num_branches"]
    rest = left(told)
    return "\n".join(
        [
            f"{len(names)} test files, each in a process of its own, on {len(files)} files of `{MEASURED}`.",
            "",
            "| of | all | reached | share |",
            "| --- | ---: | ---: | ---: |",
            f"| files, to the last branch | {len(files)} | {whole} | {whole / len(files):.1%} |",
            f"| lines | {lines} | {sums['covered_lines']} | {sums['covered_lines'] / lines:.1%} |",
            f"| branches | {ways} | {sums['covered_branches']} | {sums['covered_branches'] / ways:.1%} |",
            "",
            *(["Left, branches as from line -> to line:", "", *rest] if rest else ["Nothing is left."]),
        ]
    )


def main() -> None:
    """Measure, print what is left, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[], help="test files, without test_ and .py")
    parser.add_argument("--keep", type=Path, help="a folder for what was measured, gone on with if it is there")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    names = asked(options.only)
    with tempfile.TemporaryDirectory() as place:
        folder = options.keep or Path(place)
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            measure(name, folder)
        page = section(together(names, folder), names)
    print(page)
    if options.write:
        write_section("branches", page)


if __name__ == "__main__":
    main()
