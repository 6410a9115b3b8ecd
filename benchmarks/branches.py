"""Which lines and branches of `tools/verify` the tests reach, and which are left, line by line.

    pip install coverage
    python benchmarks/branches.py [--only ledger sessions] [--processes 2] [--write]

Not the whole suite is run but the test files of `FILES`, which ask the measured code directly: what they reach, the
suite reaches. Their tests run in a few processes, and what each reached is laid together; what a test does in a process
that it starts itself is not seen. Where a test fails there is no measurement, since a test that fails proves nothing.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from pages import write_section  # noqa: E402

MEASURED = "tools/verify"
FILES = (
    "lineage", "lineage_changed", "heads_edges", "exposures_edges", "attacks",
    "family_invariance", "means", "shift", "transcript", "interaction", "family_contract", "seasonality",
    "monotone_association", "linear", "prose", "label_errors", "trend", "units", "categorical_association", "rules",
    "toolbox_claims", "ledger", "exposure", "adjust", "adjusted_association", "group_difference", "change_point",
    "review_typed", "family_floors", "sessions", "sessions_edges", "ranking", "text_examples", "strata", "draft_texts",
    "invariant", "transcript_edges", "degenerate", "ask_model", "occurrence_difference", "clusters", "population",
    "quantiles", "rate_ratio", "rate_difference", "shapes", "wording", "verdict", "verdict_edges", "multiplicity",
    "permutation", "claims_refused", "hypothesis", "answer_words", "grounding", "serial", "adjust_models",
    "adjust_edges", "course_edges", "family_edges", "grounding_clauses", "measures_edges", "words_edges",
)  # fmt: skip
"""The test files, the slowest first."""


def measure(names: list[str], data: Path) -> subprocess.Popen[str]:
    """Start the tests of some files; what they reach is left in `data`."""
    command = [sys.executable, "-m", "coverage", "run", "--branch", f"--source={MEASURED}", "-m", "pytest", "-q"]
    return subprocess.Popen(
        [*command, "-n0", "-p", "no:cacheprovider", *(f"tests/test_{name}.py" for name in names)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "COVERAGE_FILE": str(data)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def reached(names: list[str], processes: int, folder: Path) -> dict:
    """What the test files reach together, as coverage tells it in JSON.

    Raises:
        SystemExit: A test fails.
    """
    parts = [folder / f"part{at}" for at in range(min(processes, len(names)))]
    running = [measure(names[at :: len(parts)], part) for at, part in enumerate(parts)]
    for work in running:
        said = work.communicate()[0]
        if work.returncode:
            raise SystemExit(said[-6000:])
    environment = os.environ | {"COVERAGE_FILE": str(folder / "all"), "PYTHONPATH": os.pathsep.join(sys.path)}
    told = folder / "told.json"
    for words in (["combine", "-q", *map(str, parts)], ["json", "-q", "-o", str(told)]):
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
            f"{len(names)} test files on {len(files)} files of `{MEASURED}`.",
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
    parser.add_argument("--only", nargs="+", metavar="NAME", help="test files, without test_ and .py")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    names = options.only or list(FILES)
    with tempfile.TemporaryDirectory() as folder:
        page = section(reached(names, options.processes, Path(folder)), names)
    print(page)
    if options.write:
        write_section("branches", page)


if __name__ == "__main__":
    main()
