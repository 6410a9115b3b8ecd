"""Two random halves of one table are the same data: how often does a review of one against the other raise an alarm?

    python benchmarks/review_halves.py --halves 200

Every run is the whole job: one half is learned, the other reviewed, with all of faults, invariants, findings, shifts
and story. The review is counted as a first delivery, and again as if calibration were over and had shown no variation,
which is the strictest there is. Prints a Markdown table and writes it between the markers `<!-- review-halves -->` of
docs/evidence.md.
"""

import argparse
import os
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.pages import write_section  # noqa: E402
from heldout.agent.review.claims_yaml import read_claims, write_claims  # noqa: E402
from heldout.agent.review.learn import learn  # noqa: E402
from heldout.agent.review.review import review  # noqa: E402
from heldout.tools.explore.dependence import upper_share  # noqa: E402

DATA = ROOT.parent / "shared" / "data"
TABLES = (
    "seaborn/taxis.csv", "drift/flights_autumn.csv", "rdatasets/modeldata/wa_churn.csv", "insightbench/csvs/flag-1.csv",
)  # fmt: skip


def one(job: tuple[str, int]) -> tuple[str, list[str], list[str], int, list[str]]:
    """What a review of one half against the other says: alarms at first, alarms when calibrated, claims, story."""
    name, seed = job
    rng = np.random.default_rng(seed)
    frame = pd.read_csv(DATA / name)
    order = rng.permutation(len(frame))[:10_000]
    half = len(order) // 2
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HELDOUT_HOME"] = folder
        place = Path(folder)
        frame.iloc[np.sort(order[:half])].to_csv(place / "old.csv", index=False)
        frame.iloc[np.sort(order[half:])].to_csv(place / "new.csv", index=False)
        path = place / "claims.yml"
        learn(place / "old.csv", path)
        first = review(place / "new.csv", path, when="2026-01-01", record=False).result
        claims = read_claims(path)
        settled = [
            c
            if c.baseline is None
            else c.model_copy(update={"baseline": c.baseline.model_copy(update={"between": 0.0, "deliveries": 4})})
            for c in claims.claims
        ]
        path.write_text(write_claims(claims.model_copy(update={"claims": tuple(settled)})), encoding="utf-8")
        later = review(place / "new.csv", path, when="2026-01-01", record=False).result
    told = [[f"{f.fault.kind} {f.fault.text}" for f in r.faults] + [f"{c.level} {c.kind} {c.says} {c.text}"
            for c in r.checks if c.level in ("error", "warn")] for r in (first, later)]  # fmt: skip
    story = [c.text for c in first.changes]
    return name, told[0], told[1], first.claims.checked, story


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--halves", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    jobs = [(TABLES[k % len(TABLES)], args.seed + k) for k in range(args.halves)]
    count: dict[str, Counter] = {name: Counter() for name in TABLES}
    with ProcessPoolExecutor(args.processes) as pool:
        for name, first, later, checked, story in pool.map(one, jobs):
            own = count[name]
            own["halves"] += 1
            own["claims"] += checked
            for told, prefix in ((first, "first"), (later, "later")):
                own[f"{prefix} error"] += any(not t.startswith("warn") for t in told)
                own[f"{prefix} warn"] += any(t.startswith("warn") for t in told)
            own["story"] += bool(story)
            for line in [*later, *(f"story {s}" for s in story)]:
                print(f"  {name}: {line[:300]}", flush=True)
    keys = ("first error", "first warn", "later error", "later warn", "story")
    head = (
        "table", "halves", "claims a review", "any error, first delivery", "any warning",
        "any error, calibrated to no variation", "any warning", "any story",
    )  # fmt: skip
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    for name, own in count.items():
        if own["halves"]:
            lines.append(
                f"| {name} | {own['halves']} | {own['claims'] / own['halves']:.0f} | "
                + " | ".join(str(own[k]) for k in keys)
                + " |"
            )
    total = sum(count.values(), Counter())
    n = total["halves"]
    lines.append(f"| all | {n} | {total['claims'] / n:.0f} | " + " | ".join(
        f"{total[k]} (at most {upper_share(total[k], n):.3f})" for k in keys) + " |")  # fmt: skip
    text = (
        "## Random halves\n\n"
        + f"`python benchmarks/review_halves.py --halves {args.halves} --seed {args.seed}`\n\n"
        + "\n".join(lines)
    )
    print(text)
    write_section("review-halves", text)


if __name__ == "__main__":
    main()
