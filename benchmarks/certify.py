"""How often is anything verified where nothing is related, whoever drafts? The certificate of the promise.

    python benchmarks/certify.py --write                        # 2,000 runs of each drafter on tables, and the rest
    python benchmarks/certify.py --only series --runs 0.2       # a fifth of the series alone

Worlds: `certified_worlds.py`. Drafters: `drafters.py` (the rules, chance, somebody who wants anything verified). Each
run is a table of its own with a ledger of its own, all of whose vaults are opened, but for `rule`, which is the whole
job once. A run that fails counts as a hit. The generator is certified on the way: of rows that are independent no more
pairs of columns may look related than chance explains. Runs that are done stand in a file (`--keep`) and are not done
again. Ends with 1 where the upper 95 % bound of a suite and drafter is over .05, or a generator is not certified.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent))

from certified_worlds import World, worlds
from drafters import WAYS, drafted
from pages import write_section

from heldout.tools.explore.dependence import dependent_share, is_certified, upper_share

RUNS = {"permuted": 170, "texts": 125, "panels": 125, "series": 125, "copies": 125}
"""Runs of each world and drafter: of twelve tables 2,040 of each drafter."""
FIRST = 50_000
Told = dict[str, Any]
Job = tuple[str, str, str, int]


def one(job: Job) -> Told:
    """One run, in a process of its own."""
    suite, name, way, seed = job
    world = next(w for w in worlds() if (w.suite, w.name) == (suite, name))
    told: Told = {"suite": suite, "world": name, "way": way, "seed": seed, "error": ""}
    frame = world.make(seed)
    if way == WAYS[0] and world.independent is not None:
        told["related"] = dependent_share(world.independent(frame))
    with tempfile.TemporaryDirectory() as folder:
        try:
            got = drafted(frame, way, seed, Path(folder), world.counts, world.how)
        except Exception as err:  # a run that fails is a hit, and is told
            return told | {"error": f"{type(err).__name__}: {err}"[:300], "verified": ["failed"], "p": [0, 0, 0, 0]}
    p = got.p_values
    told |= {"verified": list(got.verified), "committed": got.committed, "batches": got.batches}
    return told | {"p": [len(p), sum(x <= 0.05 for x in p), sum(x <= 0.01 for x in p), sum(x <= 0.001 for x in p)]}


def jobs(part: float, only: list[str], ways: list[str]) -> Iterator[Job]:
    """All runs, a few of each world and drafter first."""
    chosen = [w for w in worlds() if not only or w.suite in only]
    for at in range(round(max(RUNS.values()) * part)):
        for w in chosen:
            if at < round(RUNS[w.suite] * part):
                yield from ((w.suite, w.name, way, FIRST + at) for way in ways)


def done(wanted: list[Job], keep: Path, processes: int) -> list[Told]:
    """Results of the wanted runs; what stands in the file is not done again."""
    known: dict[Job, Told] = {}
    if keep.is_file():
        for line in keep.read_text(encoding="utf-8").splitlines():
            r = json.loads(line)
            known[r["suite"], r["world"], r["way"], r["seed"]] = r
    left = [job for job in wanted if job not in known]
    with ProcessPoolExecutor(processes) as pool, keep.open("a", encoding="utf-8") as file:
        running = {pool.submit(one, job): job for job in left}
        for got in as_completed(running):
            known[running[got]] = got.result()
            file.write(json.dumps(got.result()) + "\n")
            file.flush()
    return [known[job] for job in wanted]


def line(name: str, way: str, own: list[Told]) -> str:
    """One row of the table."""
    hits, k = sum(bool(r["verified"]) for r in own), len(own)
    tested, small, _, smaller = (sum(r["p"][at] for r in own) for at in range(4))
    shares = f"{small / tested:.3f} | {smaller / tested:.4f}" if tested else " | "
    return f"| {name} | {way} | {k} | {hits} | {upper_share(hits, k):.3f} | {tested / k:.1f} | {shares} |"


def page(runs: list[Told], chosen: list[World]) -> tuple[str, bool]:
    """The tables, and whether the promise was kept in each suite by each drafter."""
    head = "| world | drafter | runs | any verified | upper 95 % bound | claims tested a run | p <= .05 | p <= .001 |"
    lines, fine = [head, "| --- " * 8 + "|"], True
    for suite in dict.fromkeys(w.suite for w in chosen):
        for way in WAYS:
            own = [r for r in runs if (r["suite"], r["way"]) == (suite, way)]
            if own:
                lines.append(line(f"**{suite}**, all", way, own))
                fine &= len(own) < 60 or upper_share(sum(bool(r["verified"]) for r in own), len(own)) <= 0.05
    for w in chosen:
        for way in WAYS:
            own = [r for r in runs if (r["suite"], r["world"], r["way"]) == (w.suite, w.name, way)]
            lines += [line(w.name, way, own)] if own else []
    certificate, certain = certified(runs, chosen)
    errors = sorted({f"Error: {r['world']}, {r['way']}: {r['error']}" for r in runs if r["error"]})
    return "\n".join([*lines, "", certificate, *(f"\n{e}" for e in errors)]), fine and certain and not errors


def falsely(runs: list[Told]) -> Iterator[str]:
    """The first false claim of each run that has one, to try it again by its seed."""
    for r in runs:
        if r["verified"] and not r["error"]:
            yield f"Verified falsely: {r['world']}, {r['way']}, seed {r['seed']}: {r['verified'][0]}"


def certified(runs: list[Told], chosen: list[World]) -> tuple[str, bool]:
    """What the generators' certificates say."""
    told, fine = [], True
    for w in chosen:
        pairs = [r["related"] for r in runs if (r["suite"], r["world"]) == (w.suite, w.name) and "related" in r]
        hits, tried = (sum(p[at] for p in pairs) for at in range(2))
        if tried:
            certain = is_certified(hits, tried)
            fine &= certain
            told.append(f"{w.name} {hits / tried:.3f} of {tried:,}{'' if certain else ' (NOT CERTIFIED)'}")
    return f"Pairs of columns that look related at .05 in the generated rows: {'; '.join(told)}.", fine


def main() -> int:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=float, default=1.0, help="part of the whole number of runs, such as 0.1")
    parser.add_argument("--only", nargs="*", default=[], choices=list(RUNS))
    parser.add_argument("--drafters", nargs="*", default=list(WAYS), choices=WAYS)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "certify.jsonl")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/evidence.md")
    options = parser.parse_args()
    wanted = list(jobs(options.runs, options.only, options.drafters))
    chosen = [w for w in worlds() if not options.only or w.suite in options.only]
    runs = done(wanted, options.keep, options.processes)
    text, fine = page(runs, chosen)
    print("\n\n".join([text, *falsely(runs)]))
    if options.write:
        write_section("certified", text)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
