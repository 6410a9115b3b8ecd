"""Killed, out of room, on another clock, beside another: small; the hundreds are `python benchmarks/crashes.py`.

Every run is a process of its own, and a kill is SIGKILL.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.skipif(
    not (hasattr(os, "fork") and Path("/proc/self/fd").is_dir()), reason="forks, and asks /proc what is written"
)
JOB = """
import json, sys, tempfile
from pathlib import Path
from benchmarks import crashes, loads
from benchmarks.crashing import Kill, Place, run, steps_of, warm

warm()
folder = Path(sys.argv[1])
explain, learn, review = crashes.jobs(folder)
out = {}
for job, wanted in (
    (explain, ("write LEDGER", "write report.json")),
    (learn, ("write claims.history.jsonl",)),
    (review, ("write claims.history.jsonl", "replaced review.html")),
):
    whole, expected, _, _ = crashes.undisturbed(job, folder)
    steps = steps_of(Place(folder / f"{job.name}-whole"))
    for name in wanted:
        at = max(n for n, s in enumerate(steps, 1) if s.replace(".report", "report") == name)
        place = Place(folder / f"{job.name}-{at}")
        job.prepare(place)
        before = crashes.answers(place)
        ended = run(job.command(place), place, Kill(step=at, torn=0.5 if name.startswith("write ") else None))
        wrong = list(crashes.left_by_kill(place, whole, before))
        wrong += crashes.left_by_rerun(place, job, run(job.command(place), place), whole, expected)
        out[f"{job.name} at {name}"] = [ended, wrong]
whole = crashes.answers(Place(folder / "explain-whole"))
place = Place(folder / "clock")
at = max(n for n, s in enumerate(steps_of(Place(folder / "explain-whole")), 1) if s == "written LEDGER")
run(explain.command(place), place, Kill(step=at), before=lambda: loads.set_clock(2041))
code = run(explain.command(place), place, before=lambda: loads.set_clock(1999))
years = [line[line.index('"time":"') + 8:][:4] for line in next(place.home.glob("ledgers/*.jsonl")).open()]
out["clock"] = [code, crashes.answers(place) == whole, years]
place = Place(folder / "room")
small = run(explain.command(place), place, before=lambda: loads.limit_files(60_000))
left, said = crashes.answers(place), place.said.read_text()
out["room"] = [small, left, said, run(explain.command(place), place), crashes.answers(place) == whole]
big = crashes.table(folder / "big.csv", rows=2_400)
place = Place(folder / "two").ready()
codes = loads.side_by_side([place] * 2, [["explain", big, "--outcome", c, "-q"] for c in ("spend", "churned")])
[ledger] = place.home.glob("ledgers/*.jsonl")
entries = crashes.Ledger(ledger).entries()
out["two"] = [codes, [[e.kind, e.body.get("vault")] for e in entries], steps_of(place).count("vault read UNRECORDED")]
print(json.dumps(out))
"""


@pytest.fixture(scope="module")
def came(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What came of all of it; one process imports the package, the others are forked from it."""
    folder = tmp_path_factory.mktemp("crashes")
    done = subprocess.run([sys.executable, "-c", JOB, str(folder)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_a_run_killed_at_any_write_leaves_whole_files_and_ends_the_same_when_run_again(came):
    killed = {name: what for name, what in came.items() if " at " in name}
    assert len(killed) == 5
    assert {name: what for name, what in killed.items() if what != [-9, []]} == {}


def test_a_run_killed_in_2041_goes_on_in_1999_to_the_same_report(came):
    code, same, years = came["clock"]
    assert (code, same) == (0, True)
    assert years[0] == "2041"
    assert set(years) <= {"2041", "1999"}


def test_a_disk_that_fills_up_is_told_with_the_way_out_and_leaves_no_part_of_a_report(came):
    code, left, said, again, same = came["room"]
    assert (code, left) == (2, {})
    assert "cannot be written" in said
    assert "Something went wrong" not in said
    assert (again, same) == (0, True)


def test_two_processes_at_once_open_two_vaults_and_neither_twice(came):
    codes, entries, unrecorded = came["two"]
    assert (codes, unrecorded) == ([0, 0], 0)
    assert [e[0] for e in entries] == ["seal", *["commit", "open", "reveal"] * 2], "one after the other"
    assert [vault for kind, vault in entries if kind == "open"] == [1, 2]
