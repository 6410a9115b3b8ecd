"""What the benchmark of faults says of one, and which rows of its table stay: the faults themselves need mutmut."""

import re
from pathlib import Path

from benchmarks.mutants import MODULES, changed, kept_rows
from benchmarks.pages import PAGE

MODULE = """
def x_share__mutmut_orig(asked):
    if asked:
        return 1 / asked
    return 0.0

def x_share__mutmut_1(asked):
    if asked:
        return 1 * asked
    return 0.0

class Plan:
    def xǁPlanǁsize__mutmut_orig(self):
        return 1

    def xǁPlanǁsize__mutmut_2(self):
        return 2
"""


def test_a_fault_is_told_by_the_lines_that_it_changes() -> None:
    assert changed(MODULE, "heldout.tools.plan.x_share__mutmut_1") == "- return 1 / asked\n+ return 1 * asked"
    assert changed(MODULE, "heldout.tools.plan.xǁPlanǁsize__mutmut_2") == "- return 1\n+ return 2"


def test_rows_of_modules_that_were_not_judged_now_stay_on_the_page() -> None:
    table = "| module |\n| --- |\n| `a.py` | x | 1 |\n| `b.py` | y | 2 |"
    page = f"| `not/this.py` |\n<!-- mutants -->\n{table}\n<!-- /mutants -->\n| `nor/this.py` |"
    assert kept_rows(page) == {"a.py": "| `a.py` | x | 1 |", "b.py": "| `b.py` | y | 2 |"}


def test_the_page_judges_each_module_by_the_tests_that_the_benchmark_names() -> None:
    rows = kept_rows(Path(PAGE).read_text(encoding="utf-8"))
    assert set(rows) == {source for source, _ in MODULES.values()}
    for source, tests in MODULES.values():
        cells = [cell.strip() for cell in rows[source].split("|")[1:-1]]
        assert re.findall(r"test_(\w+)\.py", cells[1]) == tests
        faults, tried, noticed = (int(cell.replace(",", "")) for cell in cells[2:5])
        assert faults >= tried >= noticed
        assert cells[5] == f"{noticed / tried:.0%}"
