"""What docs/promises.md says: its commands exist, its figures stand in the evidence, its formulas are the code's."""

import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from benchmarks import interval_coverage
from heldout.tools.verify import staged, verify
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.multiplicity import session_lond
from heldout.tools.verify.policy import make_rule
from heldout.tools.verify.transcript import MOST, share

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
PROSE = " ".join(PAGE.split())
EVIDENCE = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")


def _table(text: str, name: str) -> list[list[str]]:
    block = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.DOTALL)
    assert block is not None, f"no table {name}"
    lines = [line for line in block[1].splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


PROMISES = _table(PAGE, "promises")
COMMANDS = [command for row in PROMISES for command in re.findall(r"`([^`]+)`", row[3])]


def test_every_promise_has_a_command_and_a_way_of_testing() -> None:
    assert len(re.findall(r"\*\*P\d+\*\*", " ".join(row[0] for row in PROMISES))) >= 13
    assert all(row[2] and row[3] for row in PROMISES)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_promises_names_files_and_options_that_exist(command: str) -> None:
    words = command.split()
    files = [word for word in words if word.endswith(".py")]
    assert files
    source = "".join((ROOT / file).read_text(encoding="utf-8") for file in files)
    options = [word for word in words if word.startswith("--")]
    assert all(f'"{option}"' in source for option in options)


@pytest.mark.parametrize("figure", [row[4] for row in PROMISES if row[4]])
def test_a_figure_of_the_promises_stands_in_the_evidence(figure: str) -> None:
    section = re.fullmatch(r'section "(.+)"', figure)
    if section:
        assert f"\n## {section[1]}\n" in EVIDENCE
    else:
        assert figure in " ".join(EVIDENCE.split())


@pytest.mark.parametrize("row", _table(PAGE, "levels"), ids=" ".join)
def test_the_levels_on_the_page_are_those_of_the_function(row: list[str]) -> None:
    k, earlier, verified = int(row[0]), int(row[2]), int(row[3])
    p = np.where(np.arange(k) < verified, 1e-9, 1.0)
    ours = session_lond(p, weight=float(row[1]), q=make_rule().alpha, earlier=earlier)
    assert sum(ours.rejected) == verified
    assert ours.level == pytest.approx(float(row[4]), rel=1e-12)


@pytest.mark.parametrize("row", _table(PAGE, "histories"), ids=" ".join)
def test_the_shares_of_histories_on_the_page_are_those_of_the_function(row: list[str]) -> None:
    assert f"{share(int(row[0]), int(row[1])):.4f}" == row[2]


def test_the_bound_without_positive_dependence_is_the_harmonic_number() -> None:
    bound = make_rule().alpha * float(sum(Fraction(1, r) for r in range(1, MOST + 1)))
    assert f"with k = {MOST} claims and one vault {bound:.3f} in place of {make_rule().alpha:g}" in PROSE


def test_the_bound_without_positive_dependence_is_met_by_the_law_made_to_meet_it() -> None:
    """With probability q / j just j of k uniform p-values lie between (j - 1) q / k and j q / k: j are rejected."""
    k, q = MOST, 0.05
    for j in (1, 2, 7, k):
        p = np.where(np.arange(k) < j, (j - 0.5) * q / k, 0.5)
        assert sum(session_lond(p, weight=1.0, q=q, earlier=0).rejected) == j


def test_in_no_world_of_the_evidence_but_the_made_one_is_the_false_share_over_the_level() -> None:
    rows = _table(EVIDENCE, "dependence")
    worst = [row for row in rows if row[0].startswith("worst case")]
    assert len(worst) == 1
    for row in rows:
        assert (float(row[3]) <= make_rule().alpha) == (row not in worst)


def test_the_page_has_the_stages_of_the_draws() -> None:
    first, second = staged.STAGES
    assert f"after {first}, {second:,} or {verify.DRAWS:,} draws, once {staged.ENOUGH_HITS} were as" in PROSE


def test_the_coverage_on_the_page_is_the_least_and_the_most_of_the_calibration() -> None:
    cells = [float(row[5]) for row in _table(EVIDENCE, "calibration")]
    assert f"between {min(cells):.3f} and {max(cells):.3f}" in PROSE


def test_the_coverage_of_verified_findings_on_the_page_is_that_of_the_evidence() -> None:
    rows = {row[0]: row for row in _table(EVIDENCE, "intervals")}
    cells = [float(rows[name][4]) for name in FAMILIES]
    assert min(cells) >= interval_coverage.TARGET
    assert all(int(rows[name][1].replace(",", "")) >= 600 for name in FAMILIES)
    assert f"of verified findings between {min(cells):.3f} and {max(cells):.3f}" in PROSE
    assert f"{rows['all'][1]} intervals of verified findings, {float(rows['all'][4]):.3f}" in EVIDENCE


def test_ten_sessions_with_numbers_keep_the_level_on_fresh_vaults_and_on_no_others() -> None:
    rows = _table(EVIDENCE, "sessions")
    ours = [row for row in rows if row[2].startswith("ours")]
    assert len(ours) == 4 * 3 * 4
    assert all(float(row[4]) <= make_rule().alpha for row in ours)
    for who, at_least in (("forking paths", 0.2), ("regresses the noise", 0.9)):
        others = [row for row in rows if row[:2] == [who, "nothing"] and row not in ours]
        assert len(others) >= 5
        assert all(float(row[3]) > at_least for row in others)


def test_on_rows_the_products_plan_keeps_the_level_over_all_analysts() -> None:
    rows = [row for row in _table(EVIDENCE, "sessions-rows") if row[0] == "all four"]
    plan = [row for row in rows if row[2].startswith("ours, three vaults")]
    assert len(plan) == 3 * 2
    assert all(float(row[4]) <= make_rule().alpha and row[8] == "45" for row in plan)


def test_the_figures_of_the_sessions_on_the_page_are_the_largest_of_the_evidence() -> None:
    rows = _table(EVIDENCE, "sessions")
    share, bound = (max(float(row[at]) for row in rows if row[2].startswith("ours")) for at in (3, 4))
    strict = max(float(row[5]) for row in rows if row[2].endswith("strict"))
    figures = {row[4] for row in PROMISES}
    assert f"false share at most {share:.3f}, promised .05, bound {bound:.3f}" in figures
    assert f"strict: any false in at most {strict:.3f}" in figures


def test_the_worst_cell_on_the_page_is_that_of_the_contract() -> None:
    cells = [row[3].split(": ")[-1] for row in _table(EVIDENCE, "contract")]
    worst = max(cells, key=lambda cell: float(cell.split()[0]))
    assert f"cell measured is {worst}" in PROSE


def test_every_module_of_the_mutants_is_there_with_the_tests_that_judge_it() -> None:
    from benchmarks.mutants import MODULES

    for source, tests in MODULES.values():
        assert (ROOT / source).is_file()
        assert all((ROOT / "tests" / f"test_{name}.py").is_file() for name in tests)


def test_the_one_command_that_makes_the_page_runs_suites_with_options_that_exist() -> None:
    from benchmarks.evidence import SUITES, chosen

    for file, *options in SUITES.values():
        source = (ROOT / "benchmarks" / file).read_text(encoding="utf-8")
        assert all(f'"{option}"' in source for option in options if option.startswith("--"))
        assert ('"--write"' in source) == ("--write" in options)
    assert chosen([], "gold")[0] == "gold"
    assert chosen(["gold", "attacks"], None) == ["attacks", "gold"]


def test_the_suites_that_the_promises_cite_are_run_by_the_one_command() -> None:
    from benchmarks.evidence import SUITES

    run = {file for file, *_ in SUITES.values()}
    cited = {word.removeprefix("benchmarks/") for c in COMMANDS for word in c.split() if word.startswith("benchmarks/")}
    assert cited - run <= {"invariant_halves.py", "mutated_files.py"}
