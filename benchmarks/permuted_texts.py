"""How often does `explain` verify that a text goes with another column, in corpora in which none does?

    python benchmarks/permuted_texts.py --runs 30            # 30 of each world and corpus, 2 processes
    python benchmarks/permuted_texts.py --runs 30 --write    # the same, and the tables go into docs/evidence.md

Every run is the whole job on a sample of documents of its own with a ledger of its own. Worlds (`text_nulls.py`):
`together` and `apart` permute the other columns, `copies` sends a quarter of the documents again with their permuted
labels. There few claims are drafted, since nothing is there to be drafted. So `stated` and `stated on copies` put to
such documents what the reports on the documents as they are drafted (`real`, which is the power at the same size):
there every run tests many. `planted` has one word that leaks a label, and must find it. `literature` states what was
written about such texts before, on samples that are not permuted; the data refute a claim where all documents lie the
other way.

A verified claim counts if it relates a property of a text to another column; a run that fails counts as a hit. What was
done stands in a file (`--keep`) and is not done again.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from text_literature import CLAIMS, against_the_data
from text_nulls import across, corpus, leaked, null, present, sample

import heldout
from heldout.tools.explore.dependence import upper_share

DRAFTED = ("together", "apart", "copies")
NULLS = (*DRAFTED, "stated", "stated on copies")
_COUNTED = ("drafted", "about", "small", "verified")
Job = tuple[str, str, int, Any]
Told = dict[str, Any]


def one(job: Job) -> Told:
    """What came of one run: how much was drafted, committed and verified, and what of it is about a text."""
    world, name, seed, claims = job
    c = corpus(name)
    told: Told = {"world": world, "corpus": name, "seed": seed, "n": c.n, "error": ""}
    frame = sample(name, seed) if world in ("real", "literature") else null(name, world, seed)
    with tempfile.TemporaryDirectory() as folder:
        options = {"name": name, "ledger": Path(folder) / "ledger.jsonl", "threads": 1}
        try:
            report = heldout.verify(frame, claims, **options) if claims else heldout.explain(frame, **options)
        except Exception as err:
            return told | {"error": f"{type(err).__name__}: {err}"}
    return told | _told(report, world, c.label)


def _told(report: heldout.Explanation, world: str, label: str) -> Told:
    counts, about = report.result.counts, across(report.findings)
    found = [f for f in about if f.outcome == "verified"]
    told: Told = {
        "drafted": counts.drafted, "committed": counts.committed, "about": len(about), "verified": len(found),
        "claims": [f.claim for f in found[:5]],
        "small": sum(f.held_out.p_value is not None and f.held_out.p_value <= 0.05 for f in about),
    }  # fmt: skip
    if world == "real":
        told["hypotheses"] = [f.hypothesis for f in about if _can_be_stated(f.hypothesis)]
    if world == "planted":
        told["leaked"] = leaked(found, label)
    if world == "literature":
        told["outcomes"] = [str(a.outcome or a.state) for a in report.result.asked]
    return told


def _can_be_stated(typed: Told) -> bool:
    """A theme needs the model that was fitted with it."""
    return all(p["property"]["kind"] != "theme" for p in typed["texts"])


def drafted_jobs(names: list[str], runs: int, seed: int) -> Iterator[Job]:
    for at in range(max(of(name, runs) for name in names)):
        for name in names:
            own = of(name, runs)
            if at < own:
                yield from ((world, name, seed + at, None) for world in DRAFTED)
            if 3 * at < own:
                yield from ((world, name, seed + at, None) for world in ("real", "planted"))
            if 3 * at < own and name in CLAIMS:
                yield "literature", name, seed + at, [claim for claim, _ in CLAIMS[name]]


def of(name: str, runs: int) -> int:
    """How many of the runs a corpus takes."""
    return max(round(runs * corpus(name).runs), 1)


def stated_jobs(real: list[Told], names: list[str], runs: int, seed: int) -> Iterator[Job]:
    """What real reports drafted, put to other samples with permuted columns."""
    for name in names:
        drafts = [r["hypotheses"] for r in real if r["corpus"] == name and r.get("hypotheses")]
        for at in range(of(name, runs) if drafts else 0):
            for world in NULLS[len(DRAFTED) :]:
                yield world, name, seed + 10_000 + at, drafts[at % len(drafts)][:50]


def done(jobs: Iterator[Job], keep: Path, processes: int) -> list[Told]:
    """The runs of these jobs, those that `keep` has not added to it."""
    known = {(r["world"], r["corpus"], r["seed"], r["n"]): r for r in _lines(keep)}
    wanted = list(jobs)
    keys = [(w, name, s, corpus(name).n) for w, name, s, _ in wanted]
    new = [job for job, key in zip(wanted, keys, strict=True) if key not in known]
    with ProcessPoolExecutor(processes) as pool, keep.open("a", encoding="utf-8") as file:
        for future in as_completed([pool.submit(one, job) for job in new]):
            told = future.result()
            known[told["world"], told["corpus"], told["seed"], told["n"]] = told
            file.write(json.dumps(told) + "\n")
            file.flush()
    return [known[key] for key in keys]


def _lines(keep: Path) -> list[Told]:
    return [json.loads(line) for line in keep.read_text(encoding="utf-8").splitlines()] if keep.is_file() else []


def hit(run: Told) -> bool:
    return bool(run["error"] or run["verified"])


def nulls_table(runs: list[Told], names: list[str]) -> str:
    """By corpus and world: runs with any verified, its bound, how many claims there were."""
    lines = ["| corpus | documents a run | world | runs | with any verified | upper 95 % bound | drafted a run | "
             "committed on a text a run | of these p <= .05 | verified |", "| --- " * 10 + "|"]  # fmt: skip
    for name in [*names, "all"]:
        for world in [*NULLS, "all"]:
            own = [r for r in runs if name in (r["corpus"], "all") and world in (r["world"], "all")]
            own = [r for r in own if r["world"] in NULLS]
            if own:
                n = "" if name == "all" else f"{own[0]['n']:,}"
                lines.append(f"| {name} | {n} | {world} | {_counted(own)} |")
    return "\n".join(lines)


def _counted(own: list[Told]) -> str:
    hits, k = sum(map(hit, own)), len(own)
    drafted, about, small, found = (sum(r.get(key, 0) for r in own) for key in _COUNTED)
    share, bound = f"{small / about:.3f}" if about else "", upper_share(hits, k)
    return f"{k} | {hits} | {bound:.3f} | {drafted / k:.1f} | {about / k:.1f} | {share} | {found} of {about}"


def power_table(runs: list[Told], names: list[str]) -> str:
    """By corpus: what is found in the documents as they are, and whether the planted word is."""
    lines = ["| corpus | runs as they are | committed on a text a run | of these verified | runs with any verified | "
             "planted word found |", "| --- " * 6 + "|"]  # fmt: skip
    for name in names:
        real = [r for r in runs if r["corpus"] == name and r["world"] == "real" and not r["error"]]
        planted = [r for r in runs if r["corpus"] == name and r["world"] == "planted"]
        about, found = (sum(r[key] for r in real) for key in ("about", "verified"))
        some, leaks = sum(r["verified"] > 0 for r in real), sum(r.get("leaked", False) for r in planted)
        lines.append(
            f"| {name} | {len(real)} | {about / max(len(real), 1):.1f} | {found / max(about, 1):.0%} | "
            f"{some} | {leaks} of {len(planted)} |"
        )
    return "\n".join(lines)


def literature_table(runs: list[Told]) -> tuple[str, int]:
    """What became of each claim of the literature, and how often one that the data refute was verified."""
    lines = ["| corpus | claimed | as stated | all documents | verified | refuted | inconclusive | untestable |",
             "| --- " * 8 + "|"]  # fmt: skip
    wrong = 0
    for name in dict.fromkeys(r["corpus"] for r in runs if r["world"] == "literature"):
        own = [r for r in runs if r["corpus"] == name and r["world"] == "literature" and not r["error"]]
        for at, (claim, said) in enumerate(CLAIMS[name]):
            got = [r["outcomes"][at] for r in own]
            refuted, how = against_the_data(name, claim)
            wrong += got.count("verified") if refuted else 0
            each = " | ".join(str(got.count(o)) for o in ("verified", "refuted", "inconclusive", "untestable"))
            lines.append(f"| {name} | {said} | {claim.replace('|', '/')} | {how} | {each} |")
    return "\n".join(lines), wrong


def measured(names: list[str], runs: int, seed: int, keep: Path, processes: int) -> tuple[str, bool]:
    """The three tables, and whether the promises hold."""
    got = done(drafted_jobs(names, runs, seed), keep, processes)
    got += done(stated_jobs([r for r in got if r["world"] == "real"], names, runs, seed), keep, processes)
    literature, wrong = literature_table(got)
    bad = [r for r in got if r["world"] in NULLS]
    bound, planted = upper_share(sum(map(hit, bad)), len(bad)), [r for r in got if r["world"] == "planted"]
    found = sum(r.get("leaked", False) for r in planted)
    parts = [nulls_table(got, names), power_table(got, names), literature,
             f"Claims of the literature that all documents refute, verified in a sample: {wrong}."]  # fmt: skip
    parts += [f"Verified falsely: {r['corpus']}, {r['world']}, seed {r['seed']}: {'; '.join(r['claims'])}"
              for r in bad if not r["error"] and hit(r)]  # fmt: skip
    parts += sorted({f"Error: {r['corpus']}, {r['world']}: {r['error']}" for r in got if r["error"]})
    return "\n\n".join(parts), (bound <= 0.05 or len(bad) < 60) and not wrong and found == len(planted)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=30, help="of each null world and corpus; with effects a third")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", help="corpora, all that are present by default")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "permuted_texts.jsonl")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/evidence.md")
    options = parser.parse_args()
    names = options.only or present()
    if not names:
        print("No corpora beside the checkout: nothing to measure.")
        return 0
    text, fine = measured(names, options.runs, options.seed, options.keep, options.processes)
    print(text)
    if options.write:
        from pages import write_section

        write_section("permuted texts", text)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
